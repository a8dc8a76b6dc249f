"""How often the right passage is the first, and among the first three."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from bench.ranking.questions import RankingQuestion
from bench.search.finders import Finder

GROUPS = ("all", "ja", "en", "plain", "synonym", "typo")
"""The questions of which a share is printed: all, those of a language, those of a kind."""


@dataclass
class Quality:
    """The questions asked, by group; for how many the right section was the first, or among three."""

    asked: Counter[str] = field(default_factory=Counter)
    first: Counter[str] = field(default_factory=Counter)
    three: Counter[str] = field(default_factory=Counter)
    missed: list[str] = field(default_factory=list)

    def shares(self) -> Iterator[str]:
        """Yield `first/among three` in percent, of each group."""
        for group in GROUPS:
            asked = self.asked[group]
            yield f"{100 * self.first[group] / asked:.0f}/{100 * self.three[group] / asked:.0f}"


def quality_of(finder: Finder, questions: Iterable[RankingQuestion], *, search_words: bool) -> Quality:
    """Ask each question, with its search words or without."""
    result = Quality()
    for question in questions:
        found = finder.find(question.question, question.search_words if search_words else ())
        hits = [
            each.document.name == question.document and each.heading.split(" > ")[-1] == question.heading
            for each in found[:3]
        ]
        for group in ("all", question.language, question.kind):
            result.asked[group] += 1
            result.first[group] += any(hits[:1])
            result.three[group] += any(hits)
        if not any(hits):
            result.missed.append(question.id)
    return result
