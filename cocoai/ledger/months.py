"""Months: when each month begins in the configured time zone, as plain numbers.

A month is told by its text, such as `2026-11`. It begins where the zone's calendar says, never a number of days after
the last one: New York's November has 721 hours, and where the first midnight does not exist, the month begins at 1.
"""

from __future__ import annotations

import json
import os
import time
from bisect import bisect_right
from collections.abc import Callable

from cocoai.engine.process import fork
from cocoai.errors import CocoAIError

YEARS = 10
"""Years for which the beginnings are computed at the start; no process of ours lives longer."""

_FIRST_YEAR_BACK = 2
"""Years before the current one that are computed, too: a clock may have been wrong at the start."""

Clock = Callable[[], float]


class Months:
    """The months of one zone: `starts` maps each, such as `2026-11`, to its first second (epoch), in their order."""

    def __init__(self, starts: dict[str, float]) -> None:
        self._names = list(starts)
        self._starts = list(starts.values())

    def of(self, at: float) -> str:
        """Return the month of a time (epoch seconds). Before the first known month return that, after the last this."""
        return self._names[self._index(at)]

    def start(self, month: str) -> float:
        """Return the first second of a month (epoch). Raise ValueError if it is not among those that are known."""
        return self._starts[self._names.index(month)]

    def after(self, at: float) -> str:
        """Return the month that follows the one of a time (epoch seconds)."""
        return self._names[min(self._index(at) + 1, len(self._names) - 1)]

    def before(self, at: float) -> str:
        """Return the month before the one of a time (epoch seconds)."""
        return self._names[max(self._index(at) - 1, 0)]

    def _index(self, at: float) -> int:
        return max(bisect_right(self._starts, at) - 1, 0)


def read_months(zone: str, clock: Clock = time.time) -> Months:
    """Return the months of a zone by its name, such as `Asia/Tokyo`; "" is the machine's own zone.

    Raise CocoAIError if this machine does not know the zone.
    """
    year = time.gmtime(clock()).tm_year
    years = range(year - _FIRST_YEAR_BACK, year + YEARS)
    if not zone:
        return Months(_starts(years, _in_machines_zone))
    # Python's zones would stay in this process for good, 0.7 MiB of them, and it needs no more than these numbers.
    return Months(json.loads(_from_child(lambda: json.dumps(_starts(years, _in_zone(zone))).encode())))


def _starts(years: range, first_second: Callable[[int, int], float]) -> dict[str, float]:
    return {f"{year}-{month:02}": first_second(year, month) for year in years for month in range(1, 13)}


def _in_machines_zone(year: int, month: int) -> float:
    """Return the first second of a month in the zone of this machine, by the C library."""
    return time.mktime((year, month, 1, 0, 0, 0, 0, 0, -1))


def _in_zone(name: str) -> Callable[[int, int], float]:
    """Return a function that gives the first second of a month in this zone. Raise CocoAIError if it is not known."""
    from cocoai.ledger.calendar import read_calendar

    calendar = read_calendar(name)
    return lambda year, month: calendar.bounds(f"{year}-{month:02}")[0]


def _from_child(run: Callable[[], bytes]) -> bytes:
    """Return what `run` returns in a forked child, and raise the CocoAIError that it raises there."""
    reader, writer = os.pipe2(os.O_CLOEXEC)

    def write() -> None:
        try:
            result = b"+" + run()
        except CocoAIError as error:
            result = b"-" + str(error).encode()
        while result:
            result = result[os.write(writer, result) :]

    with open(reader, "rb") as pipe:
        try:
            child = fork.fork(write, name="cocoai-zone", keep=frozenset({writer}), detach=False)
        finally:
            os.close(writer)
        received = pipe.read()
        os.waitpid(child, 0)
    if received[:1] != b"+":
        raise CocoAIError(received[1:].decode() or "the time zones could not be read")
    return received[1:]
