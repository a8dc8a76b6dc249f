"""Choose the terms of a search by how rare they are in the index, and say how much of what was asked a passage has."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from cocoai.documents.spelling import may_be_mistyped, near_words
from cocoai.documents.synonyms import synonyms_of
from cocoai.documents.words import PREFIX, comparable_text, phrase, question_terms

MOST_ROWS = 4000
"""Passages that the terms of a search are in, added up: its rarest are taken. A frequent one costs much and tells
little."""

COMMON = 0.2
"""The share of all passages above which a term tells nothing beside rarer ones."""

FEW = 200
"""Passages that cost nothing to rank: a term in no more than these is none too common, in a small index too."""

MOST_CHARACTERS = 2000
"""Characters of a text that are looked at."""

MOST_TERMS = 120
"""Terms of a text that are looked up, each of which takes some 0.05 ms."""

MOST_MISTYPED = 4
"""Unknown words of a text of which the near ones are sought, which takes up to some ms for each."""


@dataclass(frozen=True)
class AskedText:
    """A text whose terms are searched for.

    `counts` says how many passages have each term, `expressions` by what FTS5 finds them, with the least and the sum of
    the counts of its terms. `passages` is how many there are in all.
    """

    counts: Mapping[str, int]
    expressions: Mapping[str, tuple[int, int]]
    passages: int

    def share_in(self, words: Iterable[str]) -> float:
        """Return which share of the text's words is among `words`, from 0.0 to 1.0: each counts by its rarity."""
        there = frozenset(words)
        weights = {term: self._rarity(count) for term, count in self.counts.items() if not term.endswith(PREFIX)}
        found = sum(weight for term, weight in weights.items() if term in there)
        return found / sum(weights.values()) if weights else 0.0

    def _rarity(self, count: int) -> float:
        """Return the weight of a term, almost 0 for one in all passages (Robertson and Zaragoza 2009)."""
        return math.log(1 + (max(self.passages - count, 0) + 0.5) / (count + 0.5))


def asked_text(connection: sqlite3.Connection, text: str, *, has_synonyms: bool = False) -> AskedText:
    """Look the terms of a text up in the index, those for the same things too if it `has_synonyms`."""
    row = connection.execute("SELECT CAST(value AS INTEGER) FROM meta WHERE name = 'passages'").fetchone()
    if row is None:
        raise sqlite3.DatabaseError("it is not known how many passages there are")
    text = text[:MOST_CHARACTERS]
    counts = {term: _count(connection, term) for term in question_terms(text)[:MOST_TERMS]}
    unknown = [term for term, count in counts.items() if not count and may_be_mistyped(term)]
    near = {
        other: _count(connection, other) for term in unknown[:MOST_MISTYPED] for other in near_words(connection, term)
    }
    expressions = {_expression(term): (count, count) for term, count in {**counts, **near}.items() if count}
    if has_synonyms:
        expressions.update(_synonyms(connection, text))
    return AskedText(counts, expressions, row[0])


def match(texts: Sequence[AskedText]) -> str:
    """Return FTS5's query for any of the rarest terms of all texts; "" if none of them is in the index."""
    chosen, rows = list[str](), 0
    common = max(COMMON * texts[0].passages, FEW)
    expressions = {key: counts for text in texts for key, counts in text.expressions.items()}
    for expression, (count, cost) in sorted(expressions.items(), key=lambda each: each[1]):
        rows += cost
        if chosen and (rows > MOST_ROWS or count > common):
            break
        chosen.append(expression)
    return " OR ".join(chosen)


def _synonyms(connection: sqlite3.Connection, text: str) -> Iterator[tuple[str, tuple[int, int]]]:
    known: dict[str, int] = {}  # many synonyms have a pair in common: 有給休暇, 年次休暇
    for word in synonyms_of(comparable_text(text)):
        expression, counts = phrase(word), list[int]()
        for term in _terms(expression):
            if term not in known:
                known[term] = _count(connection, term)
            if not known[term]:
                break
            counts.append(known[term])
        else:
            yield expression, (min(counts), sum(counts))


def _count(connection: sqlite3.Connection, term: str) -> int:
    """Return how many passages have a term; the sum of all words with a prefix."""
    word = term.removesuffix(PREFIX)
    last = word + "\U0010ffff" if term != word else word
    sql = "SELECT coalesce(sum(doc), 0) FROM vocabulary WHERE term BETWEEN ? AND ?"
    return int(connection.execute(sql, (word, last)).fetchone()[0])


def _expression(term: str) -> str:
    """Return a term as FTS5 reads it."""
    return f'"{term.removesuffix(PREFIX)}"{PREFIX}' if term.endswith(PREFIX) else f'"{term}"'


def _terms(expression: str) -> list[str]:
    """Return the terms of a phrase."""
    terms = expression.removesuffix(PREFIX).strip('"').split()
    return [*terms[:-1], terms[-1] + PREFIX] if expression.endswith(PREFIX) else terms
