"""Troubles: what is wrong now, in a small file for each source, such as `var/troubles/slack`.

Any process may note a trouble, or that it is over; a reader needs no lock, since files are replaced as a whole. Nothing
is fsynced and no error of the disk is raised: a trouble that is forgotten is noted again when it is next met.
It must not know what the sources are, nor who is told.
"""

from __future__ import annotations

import contextlib
import logging
import os
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from cocoai.engine.process.replace_file import CachedFile

FOLDER = "troubles"
"""The name of the folder below `var`."""

_SOURCE = re.compile(r"[A-Za-z-]{1,40}")
"""What a source looks like; the names of unfinished files do not."""

_NEVER = 1e11
"""Epoch seconds in the year 5138."""

_TOLD = ".told"
"""How the names of the files end that only keep when somebody was told."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Trouble:
    """One thing that is wrong: where (`source`), and the `code` of the newest error there.

    `since` and `last` are the times of its first and its newest error (epoch seconds), `count` how many there were.
    """

    source: str
    code: str
    since: float
    last: float
    count: int


class Troubles:
    """The troubles below the folder `var`; with None there are none and none is kept. `clock` gives epoch seconds."""

    def __init__(self, var: str | None, *, clock: Callable[[], float] = time.time) -> None:
        self._folder = os.path.join(var, FOLDER) if var else ""
        self._clock = clock

    def note(self, source: str, code: str, count: int = 1) -> None:
        """Note that something was wrong `count` times more; the first time that is logged."""
        if not self._folder:
            return
        known, now = self.of(source), self._clock()
        since, before = (known.since, known.count) if known else (now, 0)
        try:
            os.makedirs(self._folder, mode=0o700, exist_ok=True)
            self._file(source).write_json({"code": code, "since": since, "last": now, "count": before + count})
        except OSError as error:
            log.warning("trouble source=%s code=%s outcome=not-kept reason=%s", source, code, error)
        else:
            if known is None:  # no warning: that would hide the error itself from the scoreboard
                log.info("trouble source=%s code=%s outcome=begun", source, code)

    def now(self) -> float:
        """Return the time by the clock of the troubles."""
        return self._clock()

    def over(self, source: str, seen: float = float("inf")) -> None:
        """Note that nothing was wrong any more at this source when that was `seen` (epoch seconds).

        A trouble that was met later stays. Without a trouble there this costs two system calls.
        """
        if not self._folder:
            return
        known = self.of(source)
        if known and seen < known.last <= self._clock():  # a time to come is of a clock that was set back since
            return
        try:
            os.unlink(self._path(source))
        except FileNotFoundError:
            return
        except OSError as error:
            if self.has(source):  # a disk that only reads refuses before it looks, at each call
                log.warning("trouble source=%s outcome=not-removed reason=%s", source, error)
            return
        log.info("trouble source=%s outcome=over", source)

    def of(self, source: str) -> Trouble | None:
        """Return the trouble at this source; None if there is none, or it cannot be read."""
        facts: Any = self._file(source).read_json() if self._folder else None
        with contextlib.suppress(KeyError, TypeError, ValueError, OverflowError):
            since, last = as_time(facts["since"]), as_time(facts["last"])
            return Trouble(source, str(facts["code"]), since, last, int(facts["count"]))
        return None

    def all(self) -> tuple[Trouble, ...]:
        """Return what is wrong now, the oldest first."""
        found = filter(None, map(self.of, self._sources()))
        return tuple(sorted(found, key=_since))

    def has(self, source: str) -> bool:
        """Check whether there is a trouble at this source, by one system call."""
        return bool(self._folder) and os.path.exists(self._path(source))

    def any(self) -> bool:
        """Check whether anything is wrong, by one look into the folder."""
        return bool(self._sources())

    def has_files(self) -> bool:
        """Check whether anything is wrong, or was, and is still to be told: whether the folder has such a file."""
        with contextlib.suppress(OSError):
            return bool(self._folder) and not all(name.endswith(_TOLD) for name in os.listdir(self._folder))
        return False

    @property
    def told_file(self) -> CachedFile:
        """Return the file in which those who tell people of troubles keep whom they have told what."""
        return self._file("told.json")

    def told_of(self, source: str) -> CachedFile:
        """Return the file in which they keep when they last told of this source; it stays when the trouble is over."""
        return self._file(source + _TOLD)

    def _sources(self) -> list[str]:
        if not self._folder:
            return []
        try:
            return [name for name in os.listdir(self._folder) if _SOURCE.fullmatch(name)]
        except OSError:
            return []

    def _file(self, source: str) -> CachedFile:
        return CachedFile(self._path(source))

    def _path(self, source: str) -> str:
        return os.path.join(self._folder, source)


def as_time(value: Any) -> float:
    """Return a value of a file's JSON as epoch seconds. Raise TypeError or ValueError if it cannot be a time."""
    seconds = float(value)
    if 0.0 <= seconds < _NEVER:  # not so NaN and infinity, which JSON can hold too
        return seconds
    raise ValueError("not a time")


def _since(trouble: Trouble) -> float:
    return trouble.since


NO_TROUBLES = Troubles(None)
"""The troubles of whoever keeps none."""
