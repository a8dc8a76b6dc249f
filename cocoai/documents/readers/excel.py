"""Reads Excel (.xlsx) with openpyxl: the values of each sheet's rows, with the names of their header."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, time
from typing import Any, BinaryIO

import openpyxl

from cocoai.documents.document import DocumentSection
from cocoai.documents.readers.office import check_package
from cocoai.documents.readers.rows import row_texts


def read_excel(file: BinaryIO) -> Iterator[DocumentSection]:
    """Yield a section for each sheet that is shown and has values. Raise as check_package().

    A formula's value is what the program that saved the file has written for it; there may be none.
    """
    check_package(file)
    book = openpyxl.load_workbook(file, read_only=True, data_only=True, keep_links=False)
    for sheet in book.worksheets:
        if sheet.sheet_state != "visible":
            continue
        # What a file says of its sheet's size may be wrong, and openpyxl would believe it.
        sheet.reset_dimensions()
        rows = ([_cell_text(value) for value in row] for row in sheet.iter_rows(values_only=True))
        if text := "\n\n".join(row_texts(rows)):
            yield DocumentSection("", text, sheet.title)


def _cell_text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return str(value.date() if value.time() == time() else value)
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value)
