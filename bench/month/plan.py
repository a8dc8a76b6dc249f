"""Who asks what, where and when: a seeded plan of a month in Tokyo."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

from bench.month.words import DEEP, FOLLOW_UPS, MINUTES, OPENINGS
from cocoai.rehearsal.slack.workspace import Person, PracticeChannel

ZONE = "Asia/Tokyo"
MONTH = "2026-11"
DAYS = (2, 4, 5, 6, 9, 10, 11, 12, 13, 16, 17, 18, 19, 20, 24, 25, 26, 27, 28, 30)
"""The working days: all but weekends and holidays, and one Saturday."""

FEWEST, MOST = 15, 40
"""Questions of a day."""

OPENS, CLOSES = 9 * 60, 19 * 60
"""Minutes of a day between which people ask."""

REMEMBERED = 4
"""The latest threads of one person in which he may go on asking."""

Trouble = Literal["", "stop", "overloaded", "cut"]
"""What happens to an answer: the asker stops it, the model's server refuses at first, or cuts the answer off."""

TROUBLES: tuple[tuple[Trouble, float], ...] = (("stop", 0.02), ("overloaded", 0.01), ("cut", 0.007))
"""The part of the questions that each befalls."""


@dataclass(frozen=True)
class Member:
    """One of the team: writes in `language`, `eagerly` times as often as the others; `box` is the direct message."""

    person: Person
    box: PracticeChannel
    language: str
    eagerly: float


def _member(number: int, name: str, box: str, language: str, eagerly: float) -> Member:
    person = Person(f"U0ASKER{number:02}", name, locale="ja-JP" if language == "ja" else "en-US")
    return Member(person, PracticeChannel(box, "CocoAI", "im", user=person.id), language, eagerly)


TEAM = (
    _member(1, "Haru", "D0PRACTICE", "ja", 1.0),
    _member(2, "Robin", "D0SECOND", "en", 1.4),
    _member(4, "みどり", "D0THIRD", "ja", 0.8),
    _member(5, "そら", "D0FOURTH", "ja", 0.5),
    _member(6, "Kim", "D0FIFTH", "en", 0.2),
)
OPERATOR, SOMEBODY = TEAM[0], TEAM[1]

CHANNELS = (
    PracticeChannel("C0PRACTICE", "practice"),
    PracticeChannel("C0SALES", "sales"),
    PracticeChannel("C0DEV", "dev"),
)
REPORTED = CHANNELS[0].id
"""The channel that gets the report."""


@dataclass(frozen=True)
class Planned:
    """A question that is planned: when (epoch seconds), whose, where, and what befalls its answer.

    `opens` is the index of the question whose thread it goes on with, None if it opens one.
    """

    at: float
    member: Member
    channel: str
    text: str
    opens: int | None = None
    trouble: Trouble = ""


def plan(seed: int) -> list[Planned]:
    """Return the month's questions in their order, with one a minute before the month and one a minute after it."""
    chance = random.Random(seed)
    planned = [_at_midnight(1, -60)]
    for day in DAYS:
        planned.extend(_day(chance, day, len(planned)))
    return [*planned, _at_midnight(31, 60)]


def tokyo(day: int, minute: float = 0.0) -> float:
    """Return the epoch seconds of a minute of a day of the month; day 31 is the first of the next month."""
    first = datetime.fromisoformat(f"{MONTH}-01").replace(tzinfo=ZoneInfo(ZONE))
    return first.timestamp() + (day - 1) * 86_400 + minute * 60


def _at_midnight(day: int, seconds: int) -> Planned:
    return Planned(tokyo(day) + seconds, SOMEBODY, REPORTED, "is it midnight yet?")


def _day(chance: random.Random, day: int, index: int) -> Iterator[Planned]:
    """Yield the questions of a day, the first of which has this index."""
    threads: dict[str, list[Planned]] = {}
    number = chance.randint(FEWEST, MOST)
    for offset, minute in enumerate(sorted(chance.sample(range(OPENS, CLOSES), number))):
        member = chance.choices(TEAM, [each.eagerly for each in TEAM])[0]
        own = threads.setdefault(member.person.id, [])
        at = tokyo(day, minute)
        if own and chance.random() < 0.5:
            thread = own[-1] if chance.random() < 0.6 else chance.choice(own[-REMEMBERED:])
            question = replace(thread, at=at, text=chance.choice(FOLLOW_UPS[member.language]))
        else:
            question = _opening(chance, member, at)
            own.append(replace(question, opens=index + offset))
        yield replace(question, trouble=_trouble(chance))


def _opening(chance: random.Random, member: Member, at: float) -> Planned:
    """Return a question that opens a thread: mostly in a channel, and now and then for the dearer model."""
    channel = member.box.id if chance.random() < 0.4 else chance.choice(CHANNELS).id
    is_deep = chance.random() < 0.08
    text = DEEP[member.language] if is_deep else chance.choice(OPENINGS[member.language])
    return Planned(at, member, channel, text.replace("{minutes}", MINUTES[member.language] * chance.randint(1, 6)))


def _trouble(chance: random.Random) -> Trouble:
    drawn = chance.random()
    for trouble, part in TROUBLES:
        drawn -= part
        if drawn < 0:
            return trouble
    return ""
