"""The index of all documents: what is put into it, and taken out of it.

One process at a time writes, which holds `var/locks/index.lock`. A crash at any moment leaves whole transactions.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from typing import Self

from cocoai.documents import database
from cocoai.documents.document import Document, DocumentSection, Passage
from cocoai.documents.passage_rows import DOCUMENT_COLUMNS
from cocoai.documents.passages import passages_of
from cocoai.documents.words import clean, indexed_words

MERGED_PAGES = 256
"""Pages of FTS5's, of 4 KiB, that are written in one transaction of optimize()."""

_INSERT_DOCUMENT = (
    f"INSERT INTO document ({DOCUMENT_COLUMNS}, problem, passages, first, indexed_at) "  # noqa: S608 (names of ours)
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)


class DocumentIndex:
    """The index, open for writing: a context manager. An index that is old or broken is made anew when it is opened.

    What is done inside batch() is committed at its end, else each call by itself. Every method raises
    `IndexUnavailable`; if the index is found broken, it is deleted, and the next who opens it begins anew.
    """

    def __init__(self, path: str) -> None:
        self._path = path

    def __enter__(self) -> Self:
        self._connection = database.opened(self._path)
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def known(self, source: str) -> dict[str, str]:
        """Return the version of each document of a source, by its name; also of those that could not be read."""
        with self._errors():
            rows = self._connection.execute("SELECT name, version FROM document WHERE source = ?", (source,))
            return dict(rows.fetchall())

    @contextmanager
    def batch(self) -> Iterator[None]:
        """Do all inside in one transaction, as a context manager. One for each document takes twice the CPU time.

        What was done before an error is kept, unless that came while the index was written.
        """
        with self._errors():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
            finally:
                if self._connection.in_transaction:
                    self._connection.execute("COMMIT")

    def put(self, document: Document, sections: Iterable[DocumentSection]) -> int:
        """Put a document in the place of its earlier version, and return how many passages it has.

        An error of `sections` changes nothing: they are read to their end first.
        """
        passages = list(passages_of(document, sections))
        self._replace(document, passages, "")
        return len(passages)

    def note_problem(self, document: Document, problem: str) -> None:
        """Put a document without passages, and the code of why it has none."""
        self._replace(document, (), problem)

    def remove(self, source: str, names: Iterable[str]) -> None:
        """Take these documents out. Their words can still be read in the file until optimize()."""
        with self._transaction():
            for name in names:
                self._take_out(source, clean(name))

    def optimize(self) -> None:
        """Write the words anew in one piece, in short transactions: what was taken out is gone for good."""
        with self._errors():
            pages = -MERGED_PAGES  # negative: begin to merge all there is
            while True:
                before = self._connection.total_changes
                self._connection.execute("INSERT INTO word (word, rank) VALUES ('merge', ?)", (pages,))
                pages = MERGED_PAGES
                if self._connection.total_changes - before < 2:
                    break
        self.set_meta("remains", "")

    @property
    def has_remains(self) -> bool:
        """Check whether words of what was taken out, or replaced, may still be in the file: optimize() removes them."""
        return bool(self.meta("remains"))

    def meta(self, name: str) -> str:
        """Return what set_meta() has kept under a name; "" for nothing."""
        with self._errors():
            row = self._connection.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
            return str(row[0]) if row else ""

    def set_meta(self, name: str, value: str) -> None:
        """Keep a text under a name, as long as the index lives."""
        with self._transaction():
            self._connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, value))

    def _replace(self, document: Document, passages: Collection[Passage], problem: str) -> None:
        columns = _columns(document)
        with self._transaction():
            self._take_out(*columns[:2])
            (first,) = self._connection.execute("SELECT coalesce(max(id), 0) + 1 FROM passage").fetchone()
            row = (*columns, problem, len(passages), first, time.time())
            key = self._connection.execute(_INSERT_DOCUMENT, row).lastrowid
            for number, passage in enumerate(passages, first):
                values = (number, key, passage.heading, passage.text, passage.place)
                self._connection.execute("INSERT INTO passage VALUES (?, ?, ?, ?, ?)", values)
                words = _words_of(columns[2], passage.heading, passage.text)
                self._connection.execute(
                    "INSERT INTO word (rowid, text, heading, title) VALUES (?, ?, ?, ?)", (number, *words)
                )
            self._count(len(passages))

    def _take_out(self, source: str, name: str) -> None:
        """Delete a document, if it is there, its passages and exactly the words that were indexed of them."""
        row = self._connection.execute(
            "SELECT id, title, first, passages FROM document WHERE source = ? AND name = ?", (source, name)
        ).fetchone()
        if row is None:
            return
        key, title, first, count = row
        span = (first, first + count - 1)
        old = self._connection.execute(
            "SELECT id, heading, text FROM passage WHERE id BETWEEN ? AND ?", span
        ).fetchall()
        for number, heading, text in old:
            # Words that were not indexed would spoil the table (facts: each ranked search that meets it then fails).
            words = _words_of(title, heading, text)
            self._connection.execute(
                "INSERT INTO word (word, rowid, text, heading, title) VALUES ('delete', ?, ?, ?, ?)", (number, *words)
            )
        self._connection.execute("DELETE FROM passage WHERE id BETWEEN ? AND ?", span)
        self._connection.execute("DELETE FROM document WHERE id = ?", (key,))
        if count:
            self._count(-count)
            self._connection.execute("UPDATE meta SET value = '1' WHERE name = 'remains'")

    def _count(self, passages: int) -> None:
        self._connection.execute("UPDATE meta SET value = value + ? WHERE name = 'passages'", (passages,))

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """Do all inside or nothing, as a context manager; in a batch, a failure undoes the batch."""
        with self._errors():
            is_batch = self._connection.in_transaction
            if not is_batch:
                self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                # After an error of the disk SQLite has rolled back by itself.
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise
            if not is_batch:
                self._connection.execute("COMMIT")

    @contextmanager
    def _errors(self) -> Iterator[None]:
        """Raise `IndexUnavailable` in place of SQLite's errors, as a context manager; delete what is broken."""
        try:
            yield
        except sqlite3.Error as error:
            unavailable = database.as_unavailable(error)
            # A ProgrammingError says nothing of the file: it was closed here when it was found broken.
            if unavailable.code == "broken" and not isinstance(error, sqlite3.ProgrammingError):
                database.log.warning("the index of the documents is thrown away: %s", error)
                self._connection.close()
                database.throw_away(self._path)
            raise unavailable from error


def _words_of(title: str, heading: str, text: str) -> tuple[str, str, str]:
    """Return what is indexed of a passage, by column."""
    return indexed_words(text), indexed_words(heading), indexed_words(title)


def _columns(document: Document) -> tuple[str, ...]:
    values = (document.source, document.name, document.title, document.version, document.link, document.channel)
    return tuple(map(clean, values))
