"""Deadlines: how long one reply may still take, and which of its time-outs comes first.

Pure but for the clock that it is given. Silence is counted only while the reader waits for the server: while the caller
is busy with a piece of text nothing but the total runs on.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from cocoai.errors import Temporary


class Deadlines:
    """The time-outs of one reply, all in seconds. `clock` is monotonic; `total` runs from the construction.

    So does `patience`, after which the reader wants to be interrupted once.
    """

    def __init__(self, clock: Callable[[], float], total: float, patience: float = math.inf) -> None:
        self._clock = clock
        self._end = clock() + total
        self._patient_until = clock() + patience
        self._since: float | None = None
        self._limit = total
        self._code = "total_timeout"

    def await_first_word(self, seconds: float) -> None:
        """Start the time-out of the first word, as a request leaves: text or a thought must come within `seconds`.

        Whatever else arrives does not prolong it.
        """
        self._since, self._limit, self._code = self._clock(), seconds, "first_word_timeout"

    def allow_silence(self, seconds: float) -> None:
        """Set the time-out of silence, as something has arrived: the next data must come within `seconds`.

        The time runs from the next call of `left`, that is, from the moment when the reader waits again.
        """
        self._since, self._limit, self._code = None, seconds, "silence_timeout"

    def left(self) -> float:
        """Return the seconds until the first time-out, always more than 0.

        Raise `Temporary` with the code of that time-out, such as `silence_timeout`, once it has passed.
        """
        now = self._clock()
        if self._since is None:
            self._since = now
        seconds = min(self._since + self._limit, self._end) - now
        if seconds <= 0:
            raise self.expired()
        return seconds

    def patience(self) -> float:
        """Return the seconds until the reader wants to be interrupted, 0.0 if it should have been; infinity later."""
        return max(0.0, self._patient_until - self._clock())

    def note_interruption(self) -> None:
        """Note that a wait was interrupted: if the patience was at its end, that does not interrupt another one."""
        if not self.patience():
            self._patient_until = math.inf

    def expired(self) -> Temporary:
        """Return the `Temporary` for the time-out that comes first; it is `sent`, since the request had left."""
        is_total_first = self._since is None or self._end <= self._since + self._limit
        return Temporary("total_timeout" if is_total_first else self._code, source="OpenAI", sent=True)
