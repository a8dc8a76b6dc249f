"""The answers of the last day: how many, and how long each phase of them took.

Both stand in the jobs' own files, which are read without a lock: nobody writes to one that lies in done/.
The first moment is Slack's ts of the question, by Slack's clock; the others are this machine's.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cocoai.spool.key import Key
from cocoai.spool.spool import Spool

DAY = 86_400.0
"""Seconds."""

MOST_READ = 2000
"""Files: the newest are read, the others only counted. A thousand cost some 30 ms of CPU."""

ASKED, HEARD, WRITTEN, DELIVERED = "asked", "placeholder", "answer", "finished"
"""The moments of an answer: the question's own, then the facts that the job has of the others."""

OBEYED = "obeyed"
"""The fact of a click that was done."""

PHASES = (
    ("asked to heard", ASKED, HEARD),
    ("heard to written", HEARD, WRITTEN),
    ("written to delivered", WRITTEN, DELIVERED),
    ("in all", ASKED, DELIVERED),
)
"""Heard: the placeholder stands at Slack. Written: the model has written its last word."""


@dataclass(frozen=True)
class Phase:
    """How long it took: seconds. `number`: of how many answers that is known."""

    name: str
    number: int
    median: float
    p95: float
    most: float


@dataclass(frozen=True)
class LastDay:
    """`answered` and `given_up` are all of them; `retried` and the phases are those of the `read` newest answers."""

    answered: int
    given_up: int
    read: int
    retried: int
    phases: tuple[Phase, ...]


def last_day(spool: Spool, now: float, *, most_read: int = MOST_READ) -> LastDay:
    """What ended in the 24 hours before `now` (epoch seconds). Raises OSError if the spool cannot be read."""
    done = spool.since("done", now - DAY)
    read = list(_courses(spool, done[:most_read]))
    # Nothing is ever said to a click: its job lies among the others, and is no answer.
    courses = [course for course in read if OBEYED not in course.at]
    return LastDay(
        answered=len(done) - len(read) + len(courses),
        given_up=len(spool.since("failed", now - DAY)),
        read=len(courses),
        retried=sum(1 for course in courses if course.attempts > 1),
        phases=tuple(_phase(name, [course.at for course in courses], *ends) for name, *ends in PHASES),
    )


@dataclass(frozen=True)
class _Course:
    """One answer's: when each of its moments was, and how often the job was claimed."""

    at: dict[str, float]
    attempts: int


def _courses(spool: Spool, keys: Sequence[Key]) -> Iterator[_Course]:
    for key in keys:
        with contextlib.suppress(OSError):  # swept while we looked, or unreadable: the others are worth telling
            moments = spool.moments("done", key)
            at = {ASKED: float(key.ts)}
            for name, moment in moments:
                # The first placeholder was seen first; the last answer is the one that was delivered.
                at[name] = at.get(name, moment) if name == HEARD else moment
            yield _Course(at, sum(1 for name, _ in moments if name == "attempt"))


def _phase(name: str, courses: Sequence[dict[str, float]], start: str, end: str) -> Phase:
    taken = sorted(at[end] - at[start] for at in courses if start in at and end in at)
    if not taken:
        return Phase(name, 0, 0.0, 0.0, 0.0)
    return Phase(name, len(taken), _quantile(taken, 0.5), _quantile(taken, 0.95), taken[-1])


def _quantile(ordered: Sequence[float], part: float) -> float:
    """By nearest rank: a time that one answer really took."""
    return ordered[max(0, -int(-part * len(ordered) // 1) - 1)]
