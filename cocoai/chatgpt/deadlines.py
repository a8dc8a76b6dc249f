"""Deadlines: how long one reply may still keep us waiting, and which of its time-outs strikes next.

Pure but for the clock that it is given. Silence is counted while we wait and only then: as long as the caller is busy
with a piece of text, the quiet is his own, and nothing but the total runs on.
"""

from __future__ import annotations

from collections.abc import Callable

from cocoai.errors import Temporary


class Deadlines:
    """All in seconds, `clock` monotonic; the total runs from here."""

    def __init__(self, clock: Callable[[], float], total: float) -> None:
        self._clock = clock
        self._end = clock() + total
        self._since: float | None = None
        self._patience = total
        self._code = "total_timeout"

    def await_first_word(self, seconds: float) -> None:
        """A request is about to leave: whatever arrives, words must come within `seconds` from now."""
        self._since, self._patience, self._code = self._clock(), seconds, "first_word_timeout"

    def allow_silence(self, seconds: float) -> None:
        """Something arrived: the next thing must come within `seconds` from the moment that it is waited for."""
        self._since, self._patience, self._code = None, seconds, "silence_timeout"

    def left(self) -> float:
        """The seconds, more than none, until a time-out strikes; raises it when it has."""
        now = self._clock()
        if self._since is None:
            self._since = now
        seconds = min(self._since + self._patience, self._end) - now
        if seconds <= 0:
            raise self.struck()
        return seconds

    def struck(self) -> Temporary:
        """The time-out that is first to strike, of a request that had been sent whole."""
        total_first = self._since is None or self._end <= self._since + self._patience
        return Temporary("total_timeout" if total_first else self._code, source="OpenAI", sent=True)
