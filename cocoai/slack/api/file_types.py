"""What a file is, told by its bytes: what a name or Slack says of it may be wrong. Pure; it knows nobody's formats.

Text comes in what people in Japan save it in. UTF-8 gives itself away; EUC-JP and Shift_JIS do not, and many another
encoding's bytes are valid in them: so what they turn into has to look like Japanese.
"""

from __future__ import annotations

import codecs
import re
from itertools import islice

SAMPLE = 500
"""Characters that are looked at to tell a language."""

_SIGNATURES = (
    ("image/png", re.compile(rb"\x89PNG\r\n\x1a\n")),
    ("image/jpeg", re.compile(rb"\xff\xd8\xff")),
    ("image/gif", re.compile(rb"GIF8[79]a")),
    ("image/webp", re.compile(rb"RIFF....WEBP", re.DOTALL)),
    ("application/pdf", re.compile(rb"\s*%PDF-")),
)
_PAGE = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?><!--.*?-->\s*)*+<(?:!doctype\s+html|html)\b", re.IGNORECASE | re.DOTALL)

_CONTROLS = re.compile("[\x00-\x07\x0e-\x1a\x1c-\x1f\x7f-\x9f]")
"""All but those that a text file or a terminal's log has."""

_WIDE = re.compile("[^\x00-\x7f\uff61-\uff9f]")
"""Neither ASCII nor half-width katakana, which other alphabets' bytes turn into: neither tells anything."""

_PAIR = re.compile(f"{_WIDE.pattern}{{2}}")
"""Curly quotes of the West turn into wide characters too, but into lonely ones."""

_KANA = re.compile("[ぁ-ヿ]")


def media_type_of(data: bytes) -> str:
    """Of an image or a PDF as OpenAI takes them; empty for all else."""
    head = data[:1024]
    return next((media_type for media_type, signature in _SIGNATURES if signature.match(head)), "")


def is_page(data: bytes) -> bool:
    """Is it HTML?"""
    return _PAGE.match(data[:1024]) is not None


def text_of(data: bytes, *, is_cut: bool = False) -> str | None:
    """The text, or None if it is none. `is_cut`: the last character may be half."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return _text(data, "utf-16", is_cut=is_cut)
    text = _text(data, "utf-8", is_cut=is_cut)
    return text.removeprefix("\ufeff") if text is not None else _japanese(data, is_cut=is_cut)


def _japanese(data: bytes, *, is_cut: bool) -> str | None:
    text = _text(data, "euc_jp", is_cut=is_cut)
    # Chinese and Korean are valid in it, even as common characters, but they have no kana.
    if text is not None and _KANA.search(text) and _looks_japanese(text):
        return text
    text = _text(data, "cp932", is_cut=is_cut)
    return text if text is not None and _looks_japanese(text) else None


def _text(data: bytes, encoding: str, *, is_cut: bool) -> str | None:
    try:
        text = codecs.getincrementaldecoder(encoding)().decode(data, not is_cut)
    except UnicodeDecodeError:
        return None
    controls = sum(1 for _ in _CONTROLS.finditer(text))
    return text if "\0" not in text and controls * 100 <= len(text) else None


def _looks_japanese(text: str) -> bool:
    """Are nearly all characters such as Japanese is written in: signs, kana, and the kanji of JIS level 1?"""
    if not _PAIR.search(text):
        return False
    wide = [found[0].encode("cp932", "ignore") for found in islice(_WIDE.finditer(text), SAMPLE)]
    common = sum(1 for written in wide if b"\x81" <= written[:1] <= b"\x98")
    return len(wide) * 9 <= common * 10
