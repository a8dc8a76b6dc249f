"""Formats: reads a document with the reader of its format, which its name's ending tells."""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import BinaryIO

from cocoai.documents.document import DocumentSection
from cocoai.documents.source import Unreadable

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class DocumentFormat:
    """One format: the function that reads it, its module beside this one, and the library it needs, "" for none."""

    module: str
    function: str
    library: str = ""

    def is_readable(self) -> bool:
        """Check whether the library is installed, without loading it."""
        return not self.library or _is_installed(self.library)

    def load(self) -> Callable[[BinaryIO], Iterator[DocumentSection]]:
        """Load the reader and its library. Raise `Unreadable` with `needs_extra` if that is not installed."""
        try:
            reader: Callable[[BinaryIO], Iterator[DocumentSection]]
            reader = getattr(import_module(f"{__package__}.{self.module}"), self.function)
        except ImportError:
            raise Unreadable("needs_extra") from None
        return reader


@cache
def _is_installed(library: str) -> bool:
    return find_spec(library) is not None


_MARKDOWN = DocumentFormat("markdown", "read_markdown")
_TEXT = DocumentFormat("text", "read_text")
_CSV = DocumentFormat("text", "read_csv")
_HTML = DocumentFormat("html", "read_html")
_PDF = DocumentFormat("pdf", "read_pdf", "pypdf")
_WORD = DocumentFormat("word", "read_word", "docx")
_EXCEL = DocumentFormat("excel", "read_excel", "openpyxl")
_POWERPOINT = DocumentFormat("powerpoint", "read_powerpoint", "pptx")

FORMATS = {
    ".md": _MARKDOWN,
    ".markdown": _MARKDOWN,
    ".txt": _TEXT,
    ".text": _TEXT,
    ".csv": _CSV,
    ".tsv": _CSV,
    ".html": _HTML,
    ".htm": _HTML,
    ".xhtml": _HTML,
    ".pdf": _PDF,
    ".docx": _WORD,
    ".docm": _WORD,
    ".xlsx": _EXCEL,
    ".xlsm": _EXCEL,
    ".pptx": _POWERPOINT,
    ".pptm": _POWERPOINT,
}
"""The format of each ending of a name."""


def format_of(name: str) -> DocumentFormat | None:
    """Return the format of a file of this name; None if it is not read."""
    return FORMATS.get(os.path.splitext(name)[1].lower())


def read_document(file: BinaryIO, name: str) -> Iterator[DocumentSection]:
    """Yield the sections of a document that `file` holds from its beginning, by the ending of its `name`.

    Raise `Unreadable`: `too_large`, `encrypted`, `broken`, `empty`, `no_text`, `needs_extra`. It has no bounds: of what
    people have made, read_apart() reads it.
    """
    form = format_of(name)
    if form is None:
        raise Unreadable("no_text")
    read = form.load()
    has_text = False
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # libraries warn of each feature that they do not know
            for section in read(file):
                has_text = has_text or bool(section.text.strip())
                yield section
    except (Unreadable, MemoryError, OSError):
        raise
    except Exception as error:
        # The libraries raise whatever their code stumbles over in a file that breaks its format.
        log.debug("document outcome=broken", exc_info=error)
        raise Unreadable("broken") from None
    if not has_text:
        raise Unreadable("empty")
