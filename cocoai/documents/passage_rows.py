"""Rows of the index as passages: all that a job needs of it, beside the search itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cocoai.documents.document import Document, Passage

DOCUMENT_COLUMNS = "source, name, title, version, link, channel"
"""The columns of a document, in the order of `Document`."""

PASSAGE_BY_ID = (
    f"SELECT {DOCUMENT_COLUMNS}, passage.id - first, heading, text, place "  # noqa: S608 (names of ours)
    "FROM passage JOIN document ON document.id = document WHERE passage.id = ?"
)
"""The row of which as_passage() makes a passage."""


def as_passage(row: Sequence[Any]) -> Passage:
    """Return the passage of a row: the columns of its document, its number, heading, text and place."""
    return Passage(Document(*row[:6]), *row[6:])
