"""PassageSearch: find the passages that answer a question, among those that may be shown where it was asked."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from cocoai.documents import database
from cocoai.documents.access import ReaderRules
from cocoai.documents.document import Passage
from cocoai.documents.index import PASSAGE_BY_ID, as_passage
from cocoai.documents.spelling import near_words
from cocoai.documents.synonyms import synonyms_of
from cocoai.documents.words import PREFIX, comparable_text, exact_query, phrase, question_terms

MOST_ROWS = 8000
"""Passages that the terms of a search are in together: its rarest are taken. A frequent one costs much, and tells
little."""

COMMON = 0.2
"""The share of all passages above which a term tells nothing."""

_RANKED = "SELECT rowid, bm25(word, 1, 3, 1) AS score FROM word WHERE word MATCH ? ORDER BY score"
"""A word of a heading counts as three of a text or a title."""

MOST_CHARACTERS = 2000
"""Characters of a question, and of its context, that are looked at."""


@dataclass(frozen=True)
class SearchQuery:
    """What is searched for: a question, what was said in its thread before, and a model's search words."""

    question: str
    context: str = ""
    words: tuple[str, ...] = ()


@dataclass(frozen=True)
class FoundPassage:
    """A passage that was found. `score` compares those of one search, the highest first; `is_strong` says that it has
    most of what was asked for."""

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

        Raise `IndexUnavailable`; never for the query's text.
        """
        may_be_shown = self._filter(channel, sources, is_shared=is_shared)
        with database.reading(self._path) as connection:
            match = _match(connection, query)
            return list(islice(filter(may_be_shown, _ranked(connection, match)), limit))

    def list_exact(
        self, text: str, *, channel: str, is_shared: bool, sources: Collection[str], limit: int = 5
    ) -> list[FoundPassage]:
        """Return passages that contain every word of a text, where there are any; else what find() returns.

        Raise `IndexUnavailable`; never for the text.
        """
        match = exact_query(text[:MOST_CHARACTERS])
        may_be_shown = self._filter(channel, sources, is_shared=is_shared)
        with database.reading(self._path) as connection:
            found = list(islice(filter(may_be_shown, _ranked(connection, match)), limit))
        return found or self.find(SearchQuery(text), channel=channel, is_shared=is_shared, sources=sources, limit=limit)

    def _filter(self, channel: str, sources: Collection[str], *, is_shared: bool) -> Callable[[FoundPassage], bool]:
        """Return a function that checks whether a passage is of these sources and may be shown in a channel."""

        def may_be_shown(found: FoundPassage) -> bool:
            document = found.passage.document
            return document.source in sources and self._rules.may_be_shown(document, channel, is_shared=is_shared)

        return may_be_shown


def _ranked(connection: sqlite3.Connection, match: str) -> Iterator[FoundPassage]:
    """Yield the passages that match, the best first."""
    if not match:
        return
    rows = connection.execute(_RANKED, (match,))
    for number, rank in rows:
        passage = as_passage(connection.execute(PASSAGE_BY_ID, (number,)).fetchone())
        yield FoundPassage(passage, -rank, is_strong=True)


def _match(connection: sqlite3.Connection, query: SearchQuery) -> str:
    """Return FTS5's query for any of the rarest terms; "" if there is none in the index."""
    (passages,) = connection.execute("SELECT CAST(value AS INTEGER) FROM meta WHERE name = 'passages'").fetchone()
    counted = {
        _quoted(term): (count, count)
        for text in (query.question, *query.words)
        for term, count in _counted_terms(connection, text[:MOST_CHARACTERS])
        if 0 < count <= max(COMMON * passages, 1)
    }
    for word in synonyms_of(comparable_text(query.question[:MOST_CHARACTERS])):
        expression = phrase(word)
        counts = [_count(connection, term) for term in _unquoted(expression)]
        if min(counts, default=0):
            counted[expression] = (min(counts), sum(counts))
    chosen = list[str]()
    rows = 0
    for expression, (_, cost) in sorted(counted.items(), key=lambda each: each[1]):
        rows += cost
        if chosen and rows > MOST_ROWS:
            break
        chosen.append(expression)
    return " OR ".join(chosen)


def _counted_terms(connection: sqlite3.Connection, text: str) -> Iterator[tuple[str, int]]:
    """Yield the terms of a text, with how many passages have each; of an unknown word those that may be meant."""
    for term in question_terms(text):
        count = _count(connection, term)
        yield term, count
        if not count:
            for near in near_words(connection, term):
                yield near, _count(connection, near)


def _count(connection: sqlite3.Connection, term: str) -> int:
    """Return how many passages have a term; the sum of all words with a prefix."""
    word = term.removesuffix(PREFIX)
    last = word + "\U0010ffff" if term != word else word
    sql = "SELECT coalesce(sum(doc), 0) FROM vocabulary WHERE term BETWEEN ? AND ?"
    return int(connection.execute(sql, (word, last)).fetchone()[0])


def _quoted(term: str) -> str:
    """Return a term as FTS5 reads it."""
    return f'"{term.removesuffix(PREFIX)}"{PREFIX}' if term.endswith(PREFIX) else f'"{term}"'


def _unquoted(expression: str) -> list[str]:
    """Return the terms of a phrase."""
    terms = expression.removesuffix(PREFIX).strip('"').split()
    return [*terms[:-1], terms[-1] + PREFIX] if expression.endswith(PREFIX) else terms
