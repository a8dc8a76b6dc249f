"""What the running pool has seen since its start: read from the scoreboard and the spool, and no process is asked."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

from cocoai import config
from cocoai.engine.process.scoreboard_records import ABSENCES
from cocoai.engine.process.scoreboard_snapshot import Snapshot, read_snapshot
from cocoai.errors import COUNTERS
from cocoai.status.answers import ANSWER, ASKED, BEGUN, FINISHED, PLACEHOLDER, Phase, phases
from cocoai.stores import spool_of

ENOUGH_SECONDS = 86_400.0
"""A pool that has run for less has not seen a day's busiest hour."""

ENOUGH_REQUESTS = 100
"""Requests below which a pool has seen too little, however long it has run."""

PHASES = (
    ("asked to begun", ASKED, BEGUN),
    ("begun to delivered", BEGUN, FINISHED),
    ("heard to written", PLACEHOLDER, ANSWER),
)
"""How long a question waited, how long its answer occupied a slot, and how long its reply could grow."""

NONE = Phase("", 0, 0.0, 0.0, 0.0)
"""A phase of no answers."""

UPDATE_INTERVAL = 3.0
"""Seconds between two updates of a growing reply, by default."""


@dataclass(frozen=True)
class Observed:
    """What a pool has seen in the `seconds` since its start, and the settings under which it was.

    `least` to `most` are its workers, `idle_timeout` is in seconds. `busy` and `slots_taken` are the most workers that
    were busy, and slots that were taken, at one time; `full` is how often all workers were busy and a request waited,
    `no_slot` how often a question came when all `slots` were taken. `absences` is how often a worker had to be started
    when there was none, by how long there had been none (see ABSENCES). `waited`, `answering` and `writing` are PHASES
    of the last day. A reply is updated each `update_interval` seconds.
    """

    seconds: float = 0.0
    requests: int = 0
    least: int = 0
    most: int = 0
    idle_timeout: float = 0.0
    slots: int = 0
    busy: int = 0
    full: int = 0
    absences: tuple[int, ...] = ()
    slots_taken: int = 0
    no_slot: int = 0
    waited: Phase = NONE
    answering: Phase = NONE
    writing: Phase = NONE
    update_interval: float = UPDATE_INTERVAL

    @property
    def is_enough(self) -> bool:
        """Check whether that is enough to propose settings from."""
        return self.seconds >= ENOUGH_SECONDS and self.requests >= ENOUGH_REQUESTS

    @property
    def restarts_an_hour(self) -> float:
        """Return how often in an hour a worker had to be started when there was none."""
        return sum(self.absences) / self.seconds * 3600 if self.seconds else 0.0


def observe(settings: config.Settings, now: float | None = None) -> Observed:
    """Return what the pool of these settings has seen; one that does not run, or runs other code, has seen nothing.

    `now` is in epoch seconds, by default the present.
    """
    now = time.time() if now is None else now
    try:
        seen = read_snapshot(settings.paths.scoreboard, slots=settings.pool.slots, reasons=COUNTERS)
        return _observed(settings, seen, now) if seen.pid else Observed()
    except (OSError, ValueError):
        return Observed()


def _observed(settings: config.Settings, seen: Snapshot, now: float) -> Observed:
    """Combine what the scoreboard and the spool tell. Raise OSError if the spool cannot be read."""
    waited, answering, writing = phases(spool_of(settings), now, PHASES)
    return Observed(
        seconds=max(0.0, now - seen.started),
        requests=seen.accepted,
        least=seen.least,
        most=seen.most,
        idle_timeout=settings.pool.idle_timeout,
        slots=settings.pool.slots,
        busy=seen.most_active,
        full=seen.most_reached,
        absences=seen.absences,
        slots_taken=seen.most_slots,
        no_slot=seen.no_slot,
        waited=waited,
        answering=answering,
        writing=writing,
        update_interval=settings.slack.update_interval,
    )


def report_observed(seen: Observed) -> Iterator[str]:
    """Yield the lines on what the pool has seen: enough to propose from, or why it is too little."""
    if not seen.seconds:
        yield "No pool of these settings runs here, so nothing was seen to propose anything from."
        yield "Start it, and look again after a day of work."
        return
    if not seen.is_enough:
        yield f"The pool has run for {_length(seen.seconds)} and had {seen.requests} requests: too little to propose"
        yield f"anything from. Look again after a day of work, with at least {ENOUGH_REQUESTS} requests."
        return
    yield f"What the pool has seen in {_length(seen.seconds)}, {seen.requests} requests:"
    yield _row("workers busy at once", f"{seen.busy}", f"of {seen.most}; a request waited for one: {_times(seen.full)}")
    yield _row("none there, one started", _times(sum(seen.absences)), _absences(seen))
    none = f"a question found none: {_times(seen.no_slot)}"
    yield _row("slots taken at once", f"{seen.slots_taken}", f"of {seen.slots}; {none}")
    if seen.waited.number:
        longest = f"95 of 100 at most {seen.waited.p95:.1f} s, the longest {seen.waited.most:.1f} s (last 24 hours)"
        yield _row("a question waited", f"{seen.waited.median:.1f} s", longest)
    yield ""


def _absences(seen: Observed) -> str:
    """Return how long there had been no worker when one was started."""
    if seen.least:
        return f"{seen.least} of them are always there"
    ends = (*(f"{end / 60:.0f} min" for end in ABSENCES), "longer")
    lengths = ", ".join(f"{end}: {number}" for number, end in zip(seen.absences, ends, strict=True) if number)
    return f"after up to {lengths}" if lengths else ""


def _times(number: int) -> str:
    return "never" if not number else "once" if number == 1 else f"{number} times"


def _length(seconds: float) -> str:
    """Return a time in the unit that suits it."""
    for unit, size in (("days", 86_400.0), ("hours", 3600.0), ("minutes", 60.0)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"


def _row(what: str, value: str, remark: str) -> str:
    """Return one line of a table: a label, a value and a remark."""
    return f"  {what:24}{value:>10}   {remark}".rstrip()
