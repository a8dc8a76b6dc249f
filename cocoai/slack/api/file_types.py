"""Recognizes a file's type by its bytes, since its name and Slack's description may be wrong. Pure.

Text is read in the encodings that people in Japan use. UTF-8 is recognized by its form. EUC-JP and Shift_JIS are not,
since the bytes of many other encodings are valid in them: so the decoded text must look like Japanese.
It must not know Slack, nor what a model takes beyond the types below.
"""

from __future__ import annotations

import codecs
import re
from itertools import islice

SAMPLE = 500
"""Characters that are examined to recognize Japanese."""

_SIGNATURES = (
    ("image/png", re.compile(rb"\x89PNG\r\n\x1a\n")),
    ("image/jpeg", re.compile(rb"\xff\xd8\xff")),
    ("image/gif", re.compile(rb"GIF8[79]a")),
    ("image/webp", re.compile(rb"RIFF....WEBP", re.DOTALL)),
    ("application/pdf", re.compile(rb"\s*%PDF-")),
)
_PAGE = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?><!--.*?-->\s*)*+<(?:!doctype\s+html|html)\b", re.IGNORECASE | re.DOTALL)

_CONTROLS = re.compile("[\x00-\x07\x0e-\x1a\x1c-\x1f\x7f-\x9f]")
"""Control characters, without those that a text file or a terminal's log has."""

_WIDE = re.compile("[^\x00-\x7f\uff61-\uff9f]")
"""Characters that tell something: not ASCII, nor half-width katakana, which other alphabets' bytes turn into."""

_PAIR = re.compile(f"{_WIDE.pattern}{{2}}")
"""Two of them in a row. Western curly quotes turn into wide characters too, but into single ones."""

_KANA = re.compile("[ぁ-ヿ]")


def media_type_of(data: bytes) -> str:
    """Return the media type, such as `image/png`, of an image or a PDF that OpenAI takes; "" for anything else."""
    head = data[:1024]
    return next((media_type for media_type, signature in _SIGNATURES if signature.match(head)), "")


def is_page(data: bytes) -> bool:
    """Check whether the data begins as an HTML page does: `<!doctype html` or `<html`, perhaps behind comments."""
    return _PAGE.match(data[:1024]) is not None


def text_of(data: bytes, *, is_cut: bool = False) -> str | None:
    """Decode a text in UTF-8, UTF-16 with a byte order mark, EUC-JP or Shift_JIS; return None if it is none of these.

    `is_cut`: the data is the beginning of a file, so the last character may be incomplete.
    """
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return _text(data, "utf-16", is_cut=is_cut)
    text = _text(data, "utf-8", is_cut=is_cut)
    return text.removeprefix("\ufeff") if text is not None else _japanese(data, is_cut=is_cut)


def _japanese(data: bytes, *, is_cut: bool) -> str | None:
    """Decode Japanese in EUC-JP or Shift_JIS; return None if it is valid in neither, or does not look like Japanese."""
    text = _text(data, "euc_jp", is_cut=is_cut)
    # Chinese and Korean are valid in EUC-JP, even as common characters, but they have no kana.
    if text is not None and _KANA.search(text) and _looks_japanese(text):
        return text
    text = _text(data, "cp932", is_cut=is_cut)
    return text if text is not None and _looks_japanese(text) else None


def _text(data: bytes, encoding: str, *, is_cut: bool) -> str | None:
    """Decode the data in `encoding`; return None if it is invalid, has a NUL, or over one control character in 100."""
    try:
        text = codecs.getincrementaldecoder(encoding)().decode(data, not is_cut)
    except UnicodeDecodeError:
        return None
    controls = sum(1 for _ in _CONTROLS.finditer(text))
    return text if "\0" not in text and controls * 100 <= len(text) else None


def _looks_japanese(text: str) -> bool:
    """Check whether nine in ten characters are common in Japanese: signs, kana, and the kanji of JIS level 1.

    The first 500 that are neither ASCII nor half-width katakana are examined. False if no two of these stand in a row.
    """
    if not _PAIR.search(text):
        return False
    wide = [found[0].encode("cp932", "ignore") for found in islice(_WIDE.finditer(text), SAMPLE)]
    # In Shift_JIS the first byte tells the level: from 0x99 on it is level 2.
    common = sum(1 for encoded in wide if b"\x81" <= encoded[:1] <= b"\x98")
    return len(wide) * 9 <= common * 10
