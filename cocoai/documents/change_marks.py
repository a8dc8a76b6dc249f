"""ChangeMarks: the files by which a worker tells the indexing process that something at a source has changed.

A mark is an empty file, and its time is all that it says. The indexing process makes one for whatever it wants to hear
of, so a worker writes nothing for what is no document, however many events tell of it.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection
from contextlib import suppress


class ChangeMarks:
    """The marks in `folder`, by the id of a place or of a document there. `clock` returns nanoseconds."""

    def __init__(self, folder: str, *, clock: Callable[[], int] = time.time_ns) -> None:
        self._folder = folder
        self._clock = clock

    def set(self, name: str) -> bool:
        """Note that what has this id has changed; return False if nobody wants to hear of it. Raise OSError."""
        at = self._clock()
        try:
            os.utime(self._path(name), ns=(at, at))
        except FileNotFoundError:
            return False
        return True

    def time_of(self, name: str) -> int:
        """Return a number that is another one after each change; 0 if there is no mark."""
        try:
            return os.stat(self._path(name)).st_mtime_ns
        except OSError:
            return 0

    def keep(self, names: Collection[str]) -> None:
        """Make the marks of these ids that are missing, and remove all others. Raise OSError if that fails."""
        os.makedirs(self._folder, mode=0o700, exist_ok=True)
        there = set(os.listdir(self._folder))
        for name in there.difference(names):
            with suppress(FileNotFoundError):
                os.unlink(self._path(name))
        for name in set(names).difference(there):
            os.close(os.open(self._path(name), os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600))

    def _path(self, name: str) -> str:
        return os.path.join(self._folder, name)
