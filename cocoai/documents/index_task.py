"""IndexTask: keeps the index of documents current, in a process of its own that does one slice of the work at a time.

The master looks at one file's time, and forks. All that reads and writes documents is imported in that process: nobody
else has its code in memory.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

from cocoai.documents.database import FILE, throw_away
from cocoai.documents.source import DocumentSource
from cocoai.engine.process import fork, locks

INDEX_PROCESS = "cocoai-index"

LONGEST_PAUSE = 600.0
"""Seconds between two slices at most: a time further ahead was written by a clock that has since jumped."""

IF_KILLED = 60.0
"""Seconds after the beginning of a slice after which the next one begins, if this one does not come to its end."""

TIME_LIMIT = 900.0
"""Seconds after which the kernel ends a slice. On a machine without CPU credit, one of 10 s of CPU takes minutes."""


def index_path(var: str) -> str:
    """Return the path of the index of documents in `var`."""
    return os.path.join(var, FILE)


def index_lock_path(var: str) -> str:
    """Return the path of the lock that whoever writes the index holds."""
    return os.path.join(var, "locks", "index.lock")


def due_path(var: str) -> str:
    """Return the path of the file whose time is that at which the next slice is due."""
    return os.path.join(var, "run", "index.due")


def set_due(var: str, seconds: float = 0.0) -> float:
    """Let the next slice begin in so many seconds; return due_at(). Raise OSError if that cannot be written."""
    path = due_path(var)
    at = time.time() + seconds
    with suppress(FileNotFoundError):
        os.utime(path, (at, at))
        return due_at(var)
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600))
    os.utime(path, (at, at))
    return due_at(var)


def due_at(var: str) -> float:
    """Return when the next slice is due, in seconds since the epoch. Raise OSError if that was never set."""
    return os.stat(due_path(var)).st_mtime


def is_due(var: str, now: float) -> bool:
    """Check whether the next slice is due at `now`, in seconds since the epoch. It costs one stat."""
    try:
        at = due_at(var)
    except OSError:
        return True  # there was none yet
    return not now < at <= now + LONGEST_PAUSE


def delete_index(var: str) -> None:
    """Delete the index, all texts with it, unless another process holds its lock. Raise OSError if that fails."""
    lock = locks.take(index_lock_path(var))
    if lock is not None:
        try:
            throw_away(index_path(var))
        finally:
            lock.release()


class IndexTask:
    """The task of indexing: made in the master at its start. `sources` makes the sources, in the process that indexes.

    `clock` returns seconds since the epoch.
    """

    def __init__(
        self, var: str, sources: Callable[[], Sequence[DocumentSource]], *, clock: Callable[[], float] = time.time
    ) -> None:
        self._var = var
        self._sources = sources
        self._clock = clock

    def is_wanted(self) -> bool:
        """Check, in the master, whether a slice is due."""
        return is_due(self._var, self._clock())

    def run(self) -> None:
        """Fork the process that does a slice, and do not wait for it. Raise OSError if there can be none."""
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for it
        fork.fork(self.index, name=INDEX_PROCESS)

    def index(self) -> None:
        """Do one slice, in a process of its own, and set when the next one is due. Do nothing while another writes."""
        signal.setitimer(signal.ITIMER_REAL, TIME_LIMIT)
        lock = locks.take(index_lock_path(self._var))
        if lock is None:
            return
        try:
            begun = set_due(self._var, IF_KILLED)
            from cocoai.documents.indexing import try_slice

            pause = min(LONGEST_PAUSE, try_slice(index_path(self._var), self._sources()))
            if due_at(self._var) == begun:  # else a worker has heard of a change, which this slice may have missed
                set_due(self._var, pause)
        finally:
            lock.release()
