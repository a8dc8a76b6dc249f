"""Tally: what all processes of a machine have met in their database within a day, and how long they have waited.

An event is one byte at the end of a file, a file for each hour. So nothing is locked or lost, however many processes
count at once and whoever is killed, none has anything in memory for it, and what is old goes with its file.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass

HOUR = 3600
HOURS = 24

COUNTED = (1020, 1205, 1213, 2013)
"""The errors that are counted: a record that changed, a lock that was waited for, a deadlock, a connection that broke.

Each has its index for its byte.
"""

_FIRST, _LAST = 16, 255
"""The bytes of durations; those below are errors."""

_SHORTEST = 1e-4
_PARTS = 12
"""Parts of a doubling: a duration is known to 3 %, up to a minute and a half."""


@dataclass(frozen=True)
class Tallied:
    """How often each error was met within a day, and of so many durations the median and the 99th percentile.

    These are in seconds, 0.0 where there was none.
    """

    errors: dict[int, int]
    number: int
    median: float
    p99: float


class Tally:
    """The tally in `folder`, whose parent must be there. `clock` returns epoch seconds.

    What cannot be written, as the disk is full, is not counted.
    """

    def __init__(self, folder: str, *, clock: Callable[[], float] = time.time) -> None:
        self._folder = folder
        self._clock = clock

    def count_error(self, number: int) -> None:
        """Count an error of MariaDB or its client, if it is one of COUNTED."""
        if number in COUNTED:
            self._add(COUNTED.index(number))

    def count_duration(self, seconds: float) -> None:
        """Count a duration."""
        parts = round(_PARTS * math.log2(max(seconds, _SHORTEST) / _SHORTEST))
        self._add(min(_FIRST + parts, _LAST))

    def read(self) -> Tallied:
        """Return what was counted in this hour and in the 24 before it."""
        events = bytearray()
        for hour in self._hours():
            if self._is_kept(hour):
                with suppress(OSError), open(os.path.join(self._folder, hour), "rb") as file:
                    events += file.read()
        durations = sorted(event for event in events if event >= _FIRST)
        return Tallied(
            {number: events.count(index) for index, number in enumerate(COUNTED)},
            len(durations),
            *(_seconds(durations[len(durations) * part // 100]) if durations else 0.0 for part in (50, 99)),
        )

    def sweep(self) -> None:
        """Remove the files of hours that read() leaves out."""
        for hour in self._hours():
            if not self._is_kept(hour):
                with suppress(OSError):
                    os.unlink(os.path.join(self._folder, hour))

    def _add(self, event: int) -> None:
        path = os.path.join(self._folder, str(self._hour()))
        with suppress(OSError):
            try:
                fd = self._open(path)
            except FileNotFoundError:
                with suppress(FileExistsError):  # another process was faster
                    os.mkdir(self._folder, 0o700)
                fd = self._open(path)
            try:
                os.write(fd, bytes([event]))
            finally:
                os.close(fd)

    def _open(self, path: str) -> int:
        return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def _hour(self) -> int:
        return int(self._clock()) // HOUR

    def _hours(self) -> Iterator[str]:
        """Yield the names of the files."""
        with suppress(FileNotFoundError):
            yield from filter(str.isdecimal, os.listdir(self._folder))

    def _is_kept(self, hour: str) -> bool:
        # A clock that was ahead for a while must not leave what stays for ever.
        return abs(self._hour() - int(hour)) <= HOURS


def _seconds(event: int) -> float:
    return float(_SHORTEST * 2 ** ((event - _FIRST) / _PARTS))
