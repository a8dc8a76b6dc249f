"""Decodes text files in the encodings that people in Japan use, also if some bytes of them are damaged. Pure.

UTF-8 and ISO-2022-JP are recognized by their form. The bytes of most other encodings are valid in several: of these,
the one whose text looks most like what people write is taken, if it looks so at all. Binary data is no text.
Sources: RFC 1468 (ISO-2022-JP), JIS X 0208, encoding.spec.whatwg.org; how text looks was tried on files, not read.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from cocoai.decoding.plausible_text import japanese_faults, western_faults

SAMPLE = 8 * 1024
"""Bytes that are examined to choose between encodings, from the first one that is not ASCII on."""

MOST_FAULTS = 0.15
"""The greatest part of a text's characters outside ASCII that may look wrong in its encoding."""

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_CONTROLS = re.compile("[\x00-\x07\x0e-\x1a\x1c-\x1f\x7f-\x9f]")
"""Control characters, without those that a text file or a terminal's log has."""

_NOT_ASCII = re.compile(rb"[\x80-\xff]")
_SHIFTS = re.compile(rb"(\x1b(?:\$[@B]|\$\(D|\([BJI]))")
"""The escape sequences of ISO-2022-JP, JIS X 0212 and half-width katakana included."""

_DOUBLE = re.compile(rb"((?:[\x21-\x7e]{2})+)|(.)", re.DOTALL)
_EUC_PIECES = re.compile(
    rb"([\x00-\x7f]+)|((?:[\xa1-\xfe]{2})+)|((?:\x8e[\xa1-\xdf])+)|((?:\x8f[\xa1-\xfe]{2})+)|.", re.DOTALL
)
_REPLACED = "\ufffd"
_UNUSED_BYTES = dict.fromkeys(range(0xF8F0, 0xF8F4), _REPLACED)
"""What Python's cp932 makes of the bytes that Shift_JIS does not have."""


@dataclass(frozen=True)
class DecodedText:
    """A file's text, without a byte order mark, and its `encoding`.

    `is_damaged`: U+FFFD stands in it for bytes that are invalid in the encoding.
    """

    text: str
    encoding: str
    is_damaged: bool = False


def decode(data: bytes, *, is_cut: bool = False) -> DecodedText | None:
    """Decode a text file; return None if it is binary, or text in an encoding that is not read here.

    `is_cut`: the data is the beginning of a file, so half a character at its end is no damage, and left out.
    """
    encoding = encoding_of(data, is_cut=is_cut)
    return decode_as(encoding, data, is_cut=is_cut) if encoding else None


def decode_as(encoding: str, data: bytes, *, is_cut: bool = False) -> DecodedText | None:
    """Decode data in an `encoding` that encoding_of() has returned; return None if the text is none (has a NUL).

    `is_cut` as in decode().
    """
    decoded = _DECODERS[encoding](data)
    text = decoded.removeprefix("\ufeff")
    if is_cut:  # half a character at the end
        text = text.rstrip(_REPLACED)
    if not _is_text(text) or text.count(_REPLACED) * 4 > len(text) > 0:
        return None
    was_there = data.count(_REPLACED.encode()) if encoding == "utf-8" else 0
    return DecodedText(text, encoding, is_damaged=text.count(_REPLACED) > was_there)


def encoding_of(data: bytes, *, is_cut: bool = False) -> str:
    """Return the name of the encoding of a text, such as `cp932`; "" if the data is binary, or in no known one.

    `is_cut` as in decode().
    """
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return encoding
    found = _NOT_ASCII.search(data)
    if b"\0" in data[:SAMPLE]:
        return _utf_16_of(data[: SAMPLE - SAMPLE % 2])
    if _SHIFTS.search(data) and re.search(rb"\x1b\$(?:[@B]|\(D)|\x1b\(I", data):
        return "iso2022_jp"
    return _by_looks(data, found.start(), is_cut=is_cut) if found else "utf-8"


def looks_like_text(data: bytes) -> bool:
    """Check whether the data may be text in some encoding: it has no NUL, and few control characters."""
    sample = data[:SAMPLE]
    return b"\0" not in sample and _is_text(sample.decode("ascii", "replace"))


def _by_looks(data: bytes, first: int, *, is_cut: bool) -> str:
    """Choose the encoding of data whose first byte outside ASCII is at `first`; return "" if none fits."""
    sample = data[max(0, first - 16) : first + SAMPLE]
    is_end = first + SAMPLE >= len(data) and not is_cut
    if _is_utf_8(sample, is_end=is_end):
        return "utf-8"
    faults = {encoding: _faults(encoding, sample, is_end=is_end) for encoding in ("euc_jp", "cp932", "cp1252")}
    best = min(faults, key=faults.__getitem__)
    if faults[best] <= MOST_FAULTS:
        return best
    # ASCII with a bad byte or two says nothing about its encoding.
    high = len(_NOT_ASCII.findall(sample))
    return "utf-8" if high <= max(1, len(sample) // 200) else ""


def _is_utf_8(sample: bytes, *, is_end: bool) -> bool:
    """Check whether a sample is UTF-8, perhaps with damage: at least two valid characters for each invalid place.

    The end of the sample may be half a character; at the file's end that counts only if it cannot be one of Latin-1.
    """
    text = sample.decode("utf-8", "replace")
    broken = text.count(_REPLACED) - sample.count(_REPLACED.encode())
    valid = sum(1 for character in text if character > "\x7f") - text.count(_REPLACED)
    if not broken or valid >= 2 * broken:
        return True
    # Cut in its only character: of three bytes or four, two are there.
    is_cut = broken == 1 and text.endswith(_REPLACED) and re.search(rb"[\xe0-\xf4][\x80-\xbf]{1,2}\Z", sample)
    return bool(is_cut) or (broken == 1 and not is_end and text.endswith(_REPLACED))


def _faults(encoding: str, sample: bytes, *, is_end: bool) -> float:
    """Return the part of a sample's characters outside ASCII that look wrong in this encoding, 0.0 to 1.0."""
    text = _DECODERS[encoding](sample)
    if not is_end:
        text = text.rstrip(_REPLACED)
    if not _is_text(text):
        return 1.0
    return western_faults(text) if encoding == "cp1252" else japanese_faults(text, needs_words=encoding == "euc_jp")


def _utf_16_of(sample: bytes) -> str:
    """Return `utf-16-le` or `utf-16-be` if a sample of even length without a byte order mark is text in it, else ""."""
    faults = {}
    for encoding in ("utf-16-le", "utf-16-be"):
        text = _DECODERS[encoding](sample).rstrip(_REPLACED)
        outside = sum(1 for character in text if character > "\x7f")
        is_text = _is_text(text) and outside < len(text)  # a line break at least
        faults[encoding] = japanese_faults(text, needs_words=False) * outside / len(text) if is_text else 1.0
    best = min(faults, key=faults.__getitem__)
    return best if faults[best] <= MOST_FAULTS / 2 else ""


def _is_text(text: str) -> bool:
    controls = sum(1 for _ in _CONTROLS.finditer(text))
    return "\0" not in text and controls * 100 <= len(text)


# decoders: each takes any bytes, and writes U+FFFD for what is invalid


def _codec(encoding: str) -> Callable[[bytes], str]:
    def decoded(data: bytes) -> str:
        return data.decode(encoding, "replace")

    return decoded


def _cp932(data: bytes) -> str:
    return data.decode("cp932", "replace").translate(_UNUSED_BYTES)


def _euc_jp(data: bytes) -> str:
    """Decode EUC-JP, with the characters of vendors that Python's own codec refuses, such as ① and 髙."""
    return "".join(_euc_texts(data))


def _euc_texts(data: bytes) -> Iterator[str]:
    for piece in _EUC_PIECES.finditer(data):
        ascii_only, double, kana, supplement = piece.groups()
        if ascii_only:
            yield ascii_only.decode("ascii")
        elif double:
            yield _jis_x_0208(double)
        elif kana:
            yield _cp932(kana[1::2])
        else:
            yield supplement.decode("euc_jp", "replace") if supplement else _REPLACED


def _iso2022_jp(data: bytes) -> str:
    """Decode ISO-2022-JP; what stands outside its escape sequences may be UTF-8."""
    texts, state = [], b"\x1b(B"
    for piece in _SHIFTS.split(data):
        if _SHIFTS.fullmatch(piece):
            state = piece
        elif state in (b"\x1b(B", b"\x1b(J"):
            texts.append(piece.decode("utf-8", "replace"))
        elif state == b"\x1b(I":
            texts.append(
                bytes(byte | 0x80 if 0x21 <= byte <= 0x5F else byte for byte in piece).decode("cp932", "replace")
            )
        else:
            texts += _double_texts(piece, is_supplement=state == b"\x1b$(D")
    return "".join(texts)


def _double_texts(piece: bytes, *, is_supplement: bool) -> Iterator[str]:
    """Yield the texts of a piece of two-byte characters, JIS X 0212's or JIS X 0208's; line breaks stay as they are."""
    for found in _DOUBLE.finditer(piece):
        pairs, single = found.groups()
        if single:
            yield single.decode("ascii", "replace") if single < b"\x21" else _REPLACED
        elif is_supplement:
            high = bytes(byte | 0x80 for byte in pairs)
            yield "".join((b"\x8f" + high[at : at + 2]).decode("euc_jp", "replace") for at in range(0, len(high), 2))
        else:
            yield _jis_x_0208(pairs)


def _jis_x_0208(pairs: bytes) -> str:
    """Decode characters of two bytes each, with the vendors' rows, by the rule that makes Shift_JIS of them."""
    shifted = bytearray()
    for row, cell in zip(pairs[::2], pairs[1::2], strict=True):
        row, cell = row & 0x7F, cell & 0x7F
        lead = ((row - 0x21) >> 1) + 0x81
        shifted.append(lead if lead <= 0x9F else lead + 0x40)
        shifted.append(cell + 0x7E if row % 2 == 0 else cell + 0x1F + (cell >= 0x60))
    return _cp932(bytes(shifted))


_DECODERS: dict[str, Callable[[bytes], str]] = {
    "utf-8": _codec("utf-8"),
    "utf-16-le": _codec("utf-16-le"),
    "utf-16-be": _codec("utf-16-be"),
    "cp932": _cp932,
    "cp1252": _codec("cp1252"),
    "euc_jp": _euc_jp,
    "iso2022_jp": _iso2022_jp,
}
