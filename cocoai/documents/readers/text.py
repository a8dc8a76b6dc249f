"""Reads plain text and CSV, in whatever encoding people in Japan write."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from typing import BinaryIO

from cocoai.decoding.text_files import decode
from cocoai.documents.document import DocumentSection
from cocoai.documents.readers.rows import row_texts
from cocoai.documents.source import Unreadable

LARGEST_TEXT = 8 << 20
"""Bytes of a text file that are read. More cannot be the text of a document (apart.py): UTF-8 has four a character."""


def read_text(file: BinaryIO) -> Iterator[DocumentSection]:
    """Yield a plain text as one section. Raise `Unreadable`: `too_large`, `empty`, `no_text`."""
    yield DocumentSection("", text_of(file))


def read_csv(file: BinaryIO) -> Iterator[DocumentSection]:
    """Yield a table as one section: a paragraph for each row, with the names of its header (row_texts()).

    The delimiter is that of `,`, `;` and the tab which the first line has most often. Raise as read_text().
    """
    text = text_of(file)
    first = text.lstrip().partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    csv.field_size_limit(LARGEST_TEXT)  # a quote that is never closed makes one field of all that follows
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        yield DocumentSection("", "\n\n".join(row_texts(rows)))
    except csv.Error:
        raise Unreadable("broken") from None


def text_of(file: BinaryIO) -> str:
    """Return a file's text, its line ends as `\\n`. Raise `Unreadable`: `too_large`, `empty`, `no_text` (binary)."""
    return text_from(bytes_of(file))


def bytes_of(file: BinaryIO) -> bytes:
    """Return the bytes of a text file. Raise `Unreadable` if they are too many, or none."""
    data = file.read(LARGEST_TEXT + 1)
    if len(data) > LARGEST_TEXT:
        raise Unreadable("too_large")
    if not data.strip():
        raise Unreadable("empty")
    return data


def text_from(data: bytes) -> str:
    """Return the text of bytes, its line ends as `\\n`. Raise `Unreadable` with `no_text` if they are none."""
    decoded = decode(data)
    if decoded is None:
        raise Unreadable("no_text")
    return re.sub("\r\n?", "\n", decoded.text)
