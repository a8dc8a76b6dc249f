"""Hold the locks without which no pool and no job process works on a folder."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

from cocoai import config
from cocoai.engine.pool.master_lock import MASTER_LOCK
from cocoai.engine.process import locks
from cocoai.engine.process.locks import FileLock
from cocoai.engine.process.scoreboard_snapshot import read_snapshot
from cocoai.errors import COUNTERS, CocoAIError


@contextlib.contextmanager
def no_pool(settings: config.Settings) -> Iterator[None]:
    """Hold, as a context manager, the locks without which no pool and no job process works on `var`.

    Raise CocoAIError if one of them is held by a process, or if the scoreboard shows a master that lives.
    """
    var = settings.paths.var
    with contextlib.ExitStack() as stack:
        run = os.path.join(var, "run")
        os.makedirs(run, mode=0o700, exist_ok=True)
        stack.enter_context(_held(os.path.join(run, MASTER_LOCK), f"the pool runs on {var}: stop it first"))
        with contextlib.suppress(OSError, ValueError):  # one that is not there or of another version tells nothing
            if read_snapshot(settings.paths.scoreboard, slots=0, reasons=COUNTERS).pid:
                raise CocoAIError(f"the pool runs on {var}: stop it first")
        for path in _work_locks(os.path.join(var, "locks")):
            stack.enter_context(_held(path, f"a question is still being answered on {var}: wait for its end"))
        yield


def _work_locks(folder: str) -> list[str]:
    """Return the paths of the locks that job processes and the placeholder process hold, which outlive the pool."""
    with contextlib.suppress(FileNotFoundError):
        return sorted(os.path.join(folder, name) for name in os.listdir(folder) if name != "put.lock")
    return []


@contextlib.contextmanager
def _held(path: str, why_not: str) -> Iterator[FileLock]:
    """Hold a lock inside, as a context manager. Raise CocoAIError with these words if another process holds it."""
    lock = locks.take(path)
    if lock is None:
        raise CocoAIError(why_not)
    try:
        yield lock
    finally:
        lock.release()
