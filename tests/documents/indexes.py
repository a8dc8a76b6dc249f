"""Fill indexes, and look into them."""

from __future__ import annotations

import sqlite3
from contextlib import closing

from cocoai.documents.access import ReaderRules
from cocoai.documents.document import FOLDER, Document, DocumentSection
from cocoai.documents.index import DocumentIndex
from cocoai.documents.search import PassageSearch


def document(name: str, version: str = "1", title: str = "") -> Document:
    """Return a document of the folder."""
    return Document(FOLDER, name, title, version)


def put(path: str, name: str, text: str, *, heading: str = "", title: str = "", version: str = "1") -> None:
    """Put a document of one section."""
    with DocumentIndex(path) as index:
        index.put(document(name, version, title), [DocumentSection(heading, text)])


def known(path: str) -> dict[str, str]:
    """Return the version of each document of the folder, by its name, as a writer sees it."""
    with DocumentIndex(path) as index:
        return index.known(FOLDER)


def names_found(path: str, words: str, limit: int = 100) -> list[str]:
    """Return the names of the documents that contain these words, the best first."""
    search = PassageSearch(path, ReaderRules())
    found = search.list_exact(words, channel="C1", is_shared=False, sources=(FOLDER,), limit=limit)
    return list(dict.fromkeys(each.passage.document.name for each in found))


def integrity(path: str) -> list[str]:
    """Return what SQLite and FTS5 find wrong with an index's file, and with its counts."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        wrong = [row[0] for row in connection.execute("PRAGMA integrity_check") if row[0] != "ok"]
        try:
            connection.execute("INSERT INTO word (word) VALUES ('integrity-check')")
        except sqlite3.DatabaseError as error:
            wrong.append(str(error))
        counts = connection.execute(
            "SELECT (SELECT count(*) FROM passage), (SELECT coalesce(sum(passages), 0) FROM document), "
            "(SELECT CAST(value AS INTEGER) FROM meta WHERE name = 'passages'), (SELECT count(*) FROM word_docsize)"
        ).fetchone()
    return wrong if len(set(counts)) == 1 else [*wrong, f"counts {counts}"]
