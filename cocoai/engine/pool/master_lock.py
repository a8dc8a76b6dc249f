"""Let one master at a time run in a folder: it holds a lock there from before it accepts until its process has ended.

Two masters would write one scoreboard and one generation, and the one that ends later would show the other as stopped.
A reload hands the lock's descriptor over (reload.py), and no child has it (fork.py): a job process that outlives its
master keeps no other master away. A master that drains releases the lock no earlier than by its end, since it writes
the scoreboard until then.
"""

from __future__ import annotations

import contextlib
import logging
import os
import time

from cocoai.engine.pool.parent import Parent
from cocoai.engine.process import locks
from cocoai.engine.process.locks import FileLock
from cocoai.engine.process.proc import start_time
from cocoai.errors import CocoAIError

MASTER_LOCK = "master.lock"
"""The lock's file, which names the pid of the master that holds it."""

LOCK_WAIT = 15.0
"""Seconds that a master waits for the lock: an orphan's tick (5) and drain (10).

The wait begins later than the orphan's 15 seconds, for the new service manager has to start first. A master that waited
in vain ends, and its service manager tries again.
"""

LOCK_PAUSE = 0.1
"""Seconds between two tries to take the lock."""

log = logging.getLogger(__name__)


def take_master_lock(folder: str, parent: Parent, wait: float = LOCK_WAIT) -> FileLock | None:
    """Take the master's lock in `folder`, waiting up to `wait` seconds while another master holds it, and return it.

    Return None if its file cannot be opened or made, which is logged: a full disk keeps no pool away. Raise CocoAIError
    if the lock is still held after the wait, or `parent` has gone meanwhile.
    """
    path = os.path.join(folder, MASTER_LOCK)
    try:
        lock = locks.take(path)
        if lock is None:
            log.warning("pool outcome=waiting seconds=%g: %s is running in %s", wait, _holder(path), folder)
            lock = _wait_for(path, parent, wait)
    except OSError:
        log.exception("pool outcome=not-locked")
        return None
    _write_pid(lock)
    return lock


def find_master(folder: str) -> str:
    """Return words for the master that holds the lock in `folder`, such as `another master (pid 7)`; "" if none does.

    Raise OSError if the lock's file cannot be opened.
    """
    path = os.path.join(folder, MASTER_LOCK)
    lock = locks.take(path)
    if lock is None:
        return _holder(path)
    lock.release()
    return ""


def _wait_for(path: str, parent: Parent, wait: float) -> FileLock:
    """Try to take the lock of the file `path` until another master releases it, and return it.

    Raise CocoAIError after `wait` seconds, or once `parent` has gone.
    """
    # The alternative, a blocking flock, ends at no deadline. TERM has its default action here, and ends the wait.
    deadline = time.monotonic() + wait
    while (lock := locks.take(path)) is None:
        if time.monotonic() > deadline:
            raise CocoAIError(f"{_holder(path)} is running in {os.path.dirname(path)}, and has not ended in {wait:g} s")
        if parent.is_gone():
            raise CocoAIError("the parent process has gone")
        time.sleep(LOCK_PAUSE)
    return lock


def _holder(path: str) -> str:
    """Return words for the master that holds the lock of the file `path`, with its pid if the file names it."""
    pid = 0
    with contextlib.suppress(OSError, ValueError), open(path, "rb", buffering=0) as file:
        pid = int(file.read(20))
    # The file names an earlier holder where the newest could not write it, or has not yet.
    return f"another master (pid {pid})" if pid > 0 and start_time(pid) else "another master"


def _write_pid(lock: FileLock) -> None:
    """Write this process's pid into the lock's file. Ignore an OSError: on a full disk the holder stays unnamed."""
    with contextlib.suppress(OSError):
        os.ftruncate(lock.fd, 0)
        os.pwrite(lock.fd, b"%d\n" % os.getpid(), 0)
