"""Reads PDF with pypdf: the text of each page. A page of which there is only a picture has none."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from typing import Any, BinaryIO

import pypdf
from pypdf.errors import DependencyError, FileNotDecryptedError, WrongPasswordError
from pypdf.generic import DictionaryObject, NameObject

from cocoai.documents.document import DocumentSection
from cocoai.documents.source import Unreadable

FULL_LINE = 0.7
"""A line of at least this part of the page's longest goes on in the next one, unless it ends a sentence."""

_SHIFT_JIS = re.compile(r"/\w+-RKSJ-([HV])")
_UNKNOWN = frozenset(["/EUC-H", "/EUC-V", "/H", "/V"])
"""EUC-JP and JIS X 0208, as TeX and Unix have written them: pypdf cannot be told."""

_SENTENCE_END = re.compile(r"[。．.！!？?：:；;」』）)]\s*$")
_WIDE = re.compile("[^\x00-\u1fff]")


def read_pdf(file: BinaryIO) -> Iterator[DocumentSection]:
    """Yield a section for each page that has a text. Raise `Unreadable`: `encrypted`, `no_text`, `empty`."""
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # it tells of each flaw that it passes over
    try:
        reader = pypdf.PdfReader(file)
        # Most protected files may be read by all: their password for readers is empty.
        if reader.is_encrypted and not reader.decrypt(""):
            raise Unreadable("encrypted")
        has_text = False
        for number, page in enumerate(reader.pages, 1):
            if _has_readable_fonts(page) and (text := joined_lines(page.extract_text())):
                has_text = True
                yield DocumentSection("", text, f"p. {number}")
        if not has_text:
            raise Unreadable("no_text" if len(reader.pages) else "empty")
    except (DependencyError, FileNotDecryptedError, WrongPasswordError):
        raise Unreadable("encrypted") from None  # AES needs a library that is not required


def _has_readable_fonts(page: pypdf.PageObject) -> bool:
    """Let pypdf read Shift_JIS in all its forms; return False if another font's text would be read as nonsense.

    pypdf knows one of the encodings that PDF has for Shift_JIS, and takes codes of those that it does not know for
    UTF-16 (ISO 32000-2, table 116). A font with its own table, as most have today, needs none of that.
    """
    fonts: Any = page.get("/Resources", DictionaryObject()).get_object().get("/Font", DictionaryObject()).get_object()
    for font in (each.get_object() for each in fonts.values()):
        encoding = font.get("/Encoding")
        if "/ToUnicode" in font or not isinstance(encoding, NameObject):
            continue
        if encoding in _UNKNOWN:
            return False
        if found := _SHIFT_JIS.fullmatch(encoding):
            font[NameObject("/Encoding")] = NameObject(f"/90ms-RKSJ-{found[1]}")
    return True


def joined_lines(text: str) -> str:
    """Return a page's text with the lines of a paragraph in one: a word may stand across two lines."""
    lines = [line.strip() for line in text.replace("\0", "").split("\n")]
    longest = max(map(_width, lines))
    joined = ""
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        joined += line
        if following and _width(line) >= FULL_LINE * longest and not _SENTENCE_END.search(line):
            joined += "" if _WIDE.match(line[-1]) and _WIDE.match(following) else " "
        else:
            joined += "\n"
    return joined.strip("\n")


def _width(line: str) -> int:
    return len(line) + len(_WIDE.findall(line))
