"""PassageSearch: find the passages that answer a question, among those that may be shown where it was asked."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from cocoai.documents import database
from cocoai.documents.access import ReaderRules
from cocoai.documents.document import Passage
from cocoai.documents.passage_rows import PASSAGE_BY_ID, as_passage
from cocoai.documents.terms import MOST_CHARACTERS, AskedText, asked_text, match
from cocoai.documents.words import exact_query, indexed_words

ENOUGH = 0.3
"""The share of a question's words, by their rarity, that a passage has which very likely answers it: see is_weak()."""

ENOUGH_OF_A_WORD = 0.8
"""The same of one of the model's search words, or of what was said before: they are chosen, or long."""

MOST_CONTEXT = 300
"""Characters of what was said before that are looked at, the last ones."""

_RANKED = "SELECT rowid, bm25(word, 1, 3, 1) AS score FROM word WHERE word MATCH ? ORDER BY score LIMIT ? OFFSET ?"
"""A word of a heading counts as three of a text or a title."""

AT_FIRST = 50
"""Passages that are sorted at first, which takes less than to sort all: the best of them may mostly be shown."""


@dataclass(frozen=True)
class SearchQuery:
    """What is searched for: a question, what was said in its thread before, and a model's search words."""

    question: str
    context: str = ""
    words: tuple[str, ...] = ()


@dataclass(frozen=True)
class FoundPassage:
    """A passage that was found.

    `score` compares those of one search, the highest first. `is_strong` says that it has much of what was asked for.
    """

    passage: Passage
    score: float
    is_strong: bool


def is_weak(found: Sequence[FoundPassage]) -> bool:
    """Check whether a search has found little: other words, such as a model's, may find more."""
    return not any(each.is_strong for each in found)


class PassageSearch:
    """Searches of the index at `path`, by the rules that hold now."""

    def __init__(self, path: str, rules: ReaderRules) -> None:
        self._path = path
        self._rules = rules

    def find(
        self, query: SearchQuery, *, channel: str, is_shared: bool, sources: Collection[str], limit: int = 5
    ) -> list[FoundPassage]:
        """Return the best passages of these sources that may be shown in a channel, the best first.

        What was said before is used only if the rest finds little. Raise `IndexUnavailable`; never for the texts.
        """
        may_be_shown = self._filter(channel, sources, is_shared=is_shared)
        with database.reading(self._path) as connection:
            question = asked_text(connection, query.question, has_synonyms=True)
            texts = [(question, ENOUGH)]
            texts += [(asked_text(connection, words), ENOUGH_OF_A_WORD) for words in query.words]
            found = list(islice(filter(may_be_shown, _ranked(connection, texts)), limit))
            if query.context and is_weak(found):
                texts.append((asked_text(connection, query.context[-MOST_CONTEXT:]), ENOUGH_OF_A_WORD))
                found = list(islice(filter(may_be_shown, _ranked(connection, texts)), limit))
        return found

    def list_exact(
        self, text: str, *, channel: str, is_shared: bool, sources: Collection[str], limit: int = 5
    ) -> list[FoundPassage]:
        """Return passages that contain every word of a text, where there are any; else what find() returns.

        Raise `IndexUnavailable`; never for the text.
        """
        may_be_shown = self._filter(channel, sources, is_shared=is_shared)
        with database.reading(self._path) as connection:
            rows = _rows(connection, exact_query(text[:MOST_CHARACTERS]))
            exact = (FoundPassage(passage, score, is_strong=True) for passage, score in rows)
            found = list(islice(filter(may_be_shown, exact), limit))
        return found or self.find(SearchQuery(text), channel=channel, is_shared=is_shared, sources=sources, limit=limit)

    def _filter(self, channel: str, sources: Collection[str], *, is_shared: bool) -> Callable[[FoundPassage], bool]:
        """Return a function that checks whether a passage is of these sources and may be shown in a channel."""

        def may_be_shown(found: FoundPassage) -> bool:
            document = found.passage.document
            return document.source in sources and self._rules.may_be_shown(document, channel, is_shared=is_shared)

        return may_be_shown


def _ranked(connection: sqlite3.Connection, texts: Sequence[tuple[AskedText, float]]) -> Iterator[FoundPassage]:
    """Yield the passages that have a term of the texts, the best first; each text with the share that is much of it."""
    for passage, score in _rows(connection, match([text for text, _ in texts])):
        words = indexed_words(f"{passage.document.title}\n{passage.heading}\n{passage.text}").split()
        yield FoundPassage(passage, score, any(text.share_in(words) >= enough for text, enough in texts))


def _rows(connection: sqlite3.Connection, query: str) -> Iterator[tuple[Passage, float]]:
    """Yield the passages that match a query of FTS5's, with their scores, the best first."""
    for number, score in _scores(connection, query) if query else ():
        row = connection.execute(PASSAGE_BY_ID, (number,)).fetchone()
        if row is None:
            raise sqlite3.DatabaseError("there are words of a passage that is not there")
        yield as_passage(row), -score


def _scores(connection: sqlite3.Connection, query: str) -> Iterator[tuple[int, float]]:
    rows = connection.execute(_RANKED, (query, AT_FIRST, 0)).fetchall()
    yield from rows
    if len(rows) == AT_FIRST:
        # As a generator: `yield from` would close the cursor itself when the connection is closed already.
        yield from (row for row in connection.execute(_RANKED, (query, -1, AT_FIRST)))
