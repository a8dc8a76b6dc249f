"""How often the right passage is the first, and among the first three."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from bench.ranking.questions import RankingQuestion
from bench.search.engines import Place

GROUPS = ("all", "ja", "en", "plain", "synonym", "typo")
"""The questions of which a share is printed: all, those of a language, those of a kind."""


@dataclass
class Quality:
    """By group: the questions asked, and for how many the right section was the first, or among three."""

    asked: Counter[str] = field(default_factory=Counter)
    first: Counter[str] = field(default_factory=Counter)
    three: Counter[str] = field(default_factory=Counter)

    def shares(self) -> Iterator[str]:
        """Yield `first/among three` in percent, of each group."""
        for group in GROUPS:
            first, three = (100 * each[group] / self.asked[group] for each in (self.first, self.three))
            yield f"{first:.0f}/{three:.0f}"


def quality_of(find: Callable[[RankingQuestion], list[Place]], questions: Iterable[RankingQuestion]) -> Quality:
    """Ask each question."""
    result = Quality()
    for question in questions:
        places = find(question)[:3]
        right = (question.document, question.heading)
        for group in ("all", question.language, question.kind):
            result.asked[group] += 1
            result.first[group] += right in places[:1]
            result.three[group] += right in places
    return result
