"""The index of all documents as it is read, but for searching. Jobs read it too, which never write it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from cocoai.documents import database
from cocoai.documents.document import Document, Passage
from cocoai.documents.passage_rows import DOCUMENT_COLUMNS, as_passage

_DOCUMENTS = f"SELECT {DOCUMENT_COLUMNS}, passages, problem, indexed_at FROM document ORDER BY source, name"  # noqa: S608 (ours)

_PASSAGES_OF = (
    f"SELECT {DOCUMENT_COLUMNS}, passage.id - first, heading, text, place "  # noqa: S608 (names of ours)
    "FROM document JOIN passage ON passage.id BETWEEN first AND first + passages - 1 "
    "WHERE source = ? AND name = ? ORDER BY passage.id"
)


@dataclass(frozen=True)
class IndexedDocument:
    """A document of the index: how many passages it has, or the code of why it has none, and when it was read."""

    document: Document
    passages: int
    problem: str
    indexed_at: float


@dataclass(frozen=True)
class IndexFigures:
    """What the index holds: `problems` counts documents by code, `bytes` is the file's size, `newest` the epoch seconds
    at which a document was read last, 0 for never."""

    documents: int
    passages: int
    problems: Mapping[str, int]
    bytes: int
    newest: float
    version: str


class IndexReader:
    """The index, for whoever only reads. Each call opens and closes it; each raises `IndexUnavailable`.

    If it `marks_broken` what is broken, the next who writes begins anew; else it writes nothing at all.
    """

    def __init__(self, path: str, *, marks_broken: bool = True) -> None:
        self._path = path
        self._reading = partial(database.reading, path, marks_broken=marks_broken)

    def documents(self) -> list[IndexedDocument]:
        """Return all documents, by source and name."""
        with self._reading() as connection:
            rows = connection.execute(_DOCUMENTS).fetchall()
        return [IndexedDocument(Document(*row[:6]), *row[6:]) for row in rows]

    def passages(self, source: str, name: str) -> list[Passage]:
        """Return the passages of a document, in their order; none if it is not there."""
        with self._reading() as connection:
            rows = connection.execute(_PASSAGES_OF, (source, name)).fetchall()
        return [as_passage(row) for row in rows]

    def meta(self, name: str) -> str:
        """Return what is kept under a name, as DocumentIndex.meta() does; "" for nothing."""
        with self._reading() as connection:
            row = connection.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return str(row[0]) if row else ""

    def figures(self) -> IndexFigures:
        """Return what the index holds."""
        with self._reading() as connection:
            rows = connection.execute(
                "SELECT problem, count(*), sum(passages), max(indexed_at) FROM document GROUP BY problem"
            ).fetchall()
            size = os.stat(self._path).st_size
        return IndexFigures(
            documents=sum(row[1] for row in rows),
            passages=sum(row[2] for row in rows),
            problems={row[0]: row[1] for row in rows if row[0]},
            bytes=size,
            newest=max((row[3] for row in rows), default=0.0),
            version=database.VERSION,
        )
