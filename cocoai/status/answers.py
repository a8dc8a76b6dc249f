"""Count the answers of the last day, and measure how long each phase of them took.

Both are read from the jobs' own files, without a lock: no process writes to a file in done/. The time of a question is
Slack's ts, by Slack's clock; the other times are by this machine's clock.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cocoai.spool.key import Key
from cocoai.spool.spool import Spool
from cocoai.spool.store_error import StoreError

DAY = 86_400.0
"""Seconds of a day."""

MOST_READ = 2000
"""The most files that are read: the newest are read, the others only counted. A thousand cost some 30 ms of CPU."""

ASKED, PLACEHOLDER, ANSWER, FINISHED = "", "placeholder", "answer", "finished"
"""The moments of an answer: the question's own, which no fact has, then those of the facts that the job has."""

BEGUN = "begun"
"""The moment of an answer's first attempt, by the first fact `attempt`."""

CLICK_DONE, DECLINED = "obeyed", "declined"
"""The facts of a click that has been handled, and of somebody who was told that the settings leave him out."""

REFUSED = "refused"
"""The last fact of a job in failed/ with which nothing has failed: see Spool.fail."""

PHASES = (
    ("asked to heard", ASKED, PLACEHOLDER),
    ("heard to written", PLACEHOLDER, ANSWER),
    ("written to delivered", ANSWER, FINISHED),
    ("in all", ASKED, FINISHED),
)
"""Heard: the placeholder is in Slack. Written: the model has finished."""


@dataclass(frozen=True)
class Phase:
    """How long a phase took, in seconds, for the `number` of answers of which that is known."""

    name: str
    number: int
    median: float
    p95: float
    most: float


@dataclass(frozen=True)
class LastDay:
    """The numbers of the last 24 hours.

    `answered`, `given_up` and `refused` count all questions. `read` is the number of the newest answers, to which alone
    `phases` and `retried`, the answers that took more than one attempt, refer. `declined` are the words to people whom
    the settings leave out, `newest` is the time of the newest answer (epoch seconds), 0.0 if there is none.
    """

    answered: int
    given_up: int
    read: int
    retried: int
    phases: tuple[Phase, ...]
    declined: int = 0
    refused: int = 0
    newest: float = 0.0


def last_day(spool: Spool, now: float, *, most_read: int = MOST_READ) -> LastDay:
    """Count what ended in the 24 hours before `now` (epoch seconds); read the files of the `most_read` newest answers.

    Raise OSError if the spool cannot be read.
    """
    done = spool.since("done", now - DAY)
    failed = spool.since("failed", now - DAY)
    refused = sum(_is_refused(spool, key) for key in failed[:most_read])
    read = list(_timelines(spool, done[:most_read]))
    answers = [timeline for timeline in read if timeline.is_answer]
    return LastDay(
        answered=len(done) - len(read) + len(answers),
        given_up=len(failed) - refused,
        read=len(answers),
        retried=sum(1 for timeline in answers if timeline.attempts > 1),
        phases=tuple(_phase(name, [timeline.at for timeline in answers], *ends) for name, *ends in PHASES),
        declined=sum(1 for timeline in read if DECLINED in timeline.at),
        refused=refused,
        newest=max((timeline.at.get(FINISHED, 0.0) for timeline in answers), default=0.0),
    )


def phases(
    spool: Spool, now: float, wanted: Sequence[tuple[str, str, str]], *, most_read: int = MOST_READ
) -> tuple[Phase, ...]:
    """Measure the `wanted` phases (name, first and last moment) of the answers that ended in the day before `now`.

    `now` is in epoch seconds; the files of the `most_read` newest are read. Raise OSError if the spool cannot be read.
    """
    timelines = _timelines(spool, spool.since("done", now - DAY)[:most_read])
    answers = [each.at for each in timelines if each.is_answer]
    return tuple(_phase(name, answers, *ends) for name, *ends in wanted)


@dataclass(frozen=True)
class _Timeline:
    """The time of each moment of one answer (epoch seconds), and how often its job was claimed."""

    at: dict[str, float]
    attempts: int

    @property
    def is_answer(self) -> bool:
        """Return False for a job that lies in done/ too, but has no reply."""
        return CLICK_DONE not in self.at and DECLINED not in self.at


def _timelines(spool: Spool, keys: Sequence[Key]) -> Iterator[_Timeline]:
    """Yield the timeline of each of these jobs in done/; leave out those that cannot be read."""
    for key in keys:
        with contextlib.suppress(StoreError):  # deleted meanwhile, or unreadable: go on with the others
            moments = spool.moments("done", key)
            at = {} if key.trigger else {ASKED: float(key.ts)}  # else its message is older than what is asked of it
            for name, moment in moments:
                # The asker saw the first placeholder; of several answers the last one was delivered.
                at[name] = at.get(name, moment) if name == PLACEHOLDER else moment
                if name == "attempt":
                    at.setdefault(BEGUN, moment)
            yield _Timeline(at, sum(1 for name, _ in moments if name == "attempt"))


def _is_refused(spool: Spool, key: Key) -> bool:
    """Check whether a job in failed/ ended with a refusal; one that cannot be read counts as given up."""
    with contextlib.suppress(StoreError):
        return any(name == REFUSED for name, _ in spool.moments("failed", key)[-1:])
    return False


def _phase(name: str, timelines: Sequence[dict[str, float]], start: str, end: str) -> Phase:
    """Summarize how long it took from the moment `start` to the moment `end` in the timelines that have both.

    A timeline maps moments, such as ASKED, to epoch seconds. All figures are 0 if none has both.
    """
    durations = sorted(at[end] - at[start] for at in timelines if start in at and end in at)
    if not durations:
        return Phase(name, 0, 0.0, 0.0, 0.0)
    return Phase(name, len(durations), _quantile(durations, 0.5), _quantile(durations, 0.95), durations[-1])


def _quantile(ordered: Sequence[float], part: float) -> float:
    """Return a quantile of sorted durations by nearest rank; `part` is 0 to 1.

    It is a duration that one answer really had.
    """
    return ordered[math.ceil(part * len(ordered)) - 1]
