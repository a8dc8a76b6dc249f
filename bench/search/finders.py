"""Searches that are compared: ours, and the simplest ones that SQLite has."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Protocol

from bench.search.corpus import Sections
from cocoai.documents.access import ReaderRules
from cocoai.documents.document import FOLDER, Document, Passage
from cocoai.documents.index import DocumentIndex
from cocoai.documents.passages import passages_of
from cocoai.documents.search import PassageSearch, SearchQuery
from cocoai.documents.words import comparable_text, indexed_words

Place = tuple[str, str]
"""A document's name, and a heading in it."""

BATCH = 100
"""Documents of one transaction."""


class Finder(Protocol):
    """A search engine with passages in it."""

    def find(self, question: str, words: Sequence[str]) -> list[Passage]:
        """Return the best passages for a question, and for a model's search words where there are any."""


class Ours:
    """The product's index and search."""

    def __init__(self, path: Path, documents: Iterable[tuple[Document, Sections]]) -> None:
        with DocumentIndex(str(path)) as index:
            every = list(documents)
            for start in range(0, len(every), BATCH):
                with index.batch():
                    for document, sections in every[start : start + BATCH]:
                        index.put(document, sections)
            index.optimize()
        self._search = PassageSearch(str(path), ReaderRules())

    def find(self, question: str, words: Sequence[str]) -> list[Passage]:
        """Return the best passages."""
        query = SearchQuery(question, words=tuple(words))
        found = self._search.find(query, channel="C1", is_shared=False, sources=(FOLDER,), limit=3)
        return [each.passage for each in found]


class Plain:
    """FTS5 as it is: every term of the question, joined by OR, ranked by bm25()."""

    def __init__(self, path: Path, documents: Iterable[tuple[Document, Sections]], *, pairs: bool) -> None:
        self._pairs = pairs
        self._path = path
        self._passages = [each for document, sections in documents for each in passages_of(document, sections)]
        with closing(sqlite3.connect(path)) as connection:
            tokenizer = "ascii" if pairs else "trigram"
            connection.execute(f"CREATE VIRTUAL TABLE word USING fts5(words, tokenize='{tokenizer}')")
            rows = ((number, self._indexed(each)) for number, each in enumerate(self._passages))
            connection.executemany("INSERT INTO word (rowid, words) VALUES (?, ?)", rows)
            connection.execute("INSERT INTO word (word) VALUES ('optimize')")
            connection.commit()

    def _indexed(self, passage: Passage) -> str:
        text = f"{passage.document.title}\n{passage.heading}\n{passage.text}"
        return indexed_words(text) if self._pairs else comparable_text(text)

    def find(self, question: str, words: Sequence[str]) -> list[Passage]:
        """Return the best passages."""
        text = comparable_text(" ".join((question, *words)))
        if self._pairs:
            terms = [each for each in indexed_words(text).split() if each.isascii() or len(each) > 1]
        else:
            terms = [run[at : at + 3] for run in re.findall(r"\w+", text) for at in range(len(run) - 2)]
        match = " OR ".join(f'"{term}"' for term in dict.fromkeys(terms))
        if not match:
            return []
        with closing(sqlite3.connect(self._path)) as connection:
            sql = "SELECT rowid FROM word WHERE word MATCH ? ORDER BY rank LIMIT 3"
            return [self._passages[number] for (number,) in connection.execute(sql, (match,))]
