"""The faults of the disk: a full one, locks that others hold or move, and a done/ that refuses each job.

Each leaves what the spool's laws are built on: a lock excludes, and a job that is in done/ is seen there or nobody can
tell. So put.lock is held but never moved: with another file in its place there are two holders, and a question could be
put again while its job is moved to done/. The lock of a slot and that of the placeholder process only bound how many
processes there are, so these are moved too. And done/ is never hidden behind an empty folder.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import random
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

from bench.chaos.faults import FaultKind
from cocoai.engine.process import locks

FULL = (0.3, 3.0)
"""Seconds for which the disk is full: the least and the most."""

HELD = (3.0, 12.0)
"""Seconds for which a lock is held: longer than a process waits for put.lock."""

MOVED = (1.0, 5.0)
"""Seconds for which a lock's file lies elsewhere."""

REFUSED = (2.0, 8.0)
"""Seconds for which no job can be moved to done/: enough for all attempts at some."""

LOCK_PATIENCE = 2.0
"""Seconds to wait for a lock that is to be held."""

AT_FDCWD, RENAME_EXCHANGE = -100, 2
"""Constants of renameat2(2)."""


class DiskFaults:
    """The faults of the disk below `var`. With `may_mount` it may be filled, and folders may be mounted in it.

    `has_jobs`: the jobs lie there.
    """

    def __init__(self, var: Path, over: threading.Event, *, may_mount: bool, has_jobs: bool = True) -> None:
        self._var = var
        self._over = over
        self._may_mount = may_mount
        self._has_jobs = has_jobs
        self._put_lock = var / "locks" / "put.lock"
        self._done = var / "spool" / "done"

    def kinds(self) -> dict[str, FaultKind]:
        """Return the kinds of fault by their names."""
        kinds = {
            "held lock": FaultKind(12.0, self._hold_lock),
            "moved lock": FaultKind(12.0, self._move_lock),
        }
        if self._has_jobs:
            kinds["held put.lock"] = FaultKind(75.0, self._hold_put_lock)
            kinds["done/ refuses"] = FaultKind(60.0, self._refuse_done)
        return kinds | ({"full disk": FaultKind(7.0, self._fill_disk)} if self._may_mount else {})

    def _fill_disk(self, generator: random.Random) -> str:
        """Fill the disk for a random time."""
        ballast, seconds = self._var / "ballast", generator.uniform(*FULL)
        try:
            fill(ballast)
            self._over.wait(seconds)
        finally:
            ballast.unlink(missing_ok=True)
        return f"for {seconds:.1f} s"

    # locks

    def _hold_put_lock(self, generator: random.Random) -> str:
        return self._hold(self._put_lock, generator.uniform(*HELD))

    def _hold_lock(self, generator: random.Random) -> str:
        """Hold one of the other locks: of a slot, or of the placeholder process."""
        return self._hold(generator.choice(self._other_locks()), generator.uniform(*HELD))

    def _hold(self, path: Path, seconds: float) -> str:
        """Take a lock and hold it. Raise OSError if it is not free in time."""
        lock = locks.wait_for(str(path), LOCK_PATIENCE)
        try:
            self._over.wait(seconds)
        finally:
            lock.release()
        return f"{path.name} for {seconds:.1f} s"

    def _move_lock(self, generator: random.Random) -> str:
        """Move a lock's file away, held or not, and after a random time back over the one that was made meanwhile."""
        lock, seconds = generator.choice(self._other_locks()), generator.uniform(*MOVED)
        away = self._var / f"{lock.name}.away"
        os.rename(lock, away)
        try:
            self._over.wait(seconds)
        finally:
            os.replace(away, lock)
        return f"{lock.name} for {seconds:.1f} s"

    def _other_locks(self) -> list[Path]:
        """Return the locks' files but put.lock, by name. Raise FileNotFoundError if there is none yet."""
        others = sorted(path for path in self._put_lock.parent.iterdir() if path != self._put_lock)
        if not others:
            raise FileNotFoundError("no lock was taken yet")
        return others

    # done/

    def _refuse_done(self, generator: random.Random) -> str:
        """Let done/ refuse jobs for a random time, as another file system or as a file; what is in it stays known."""
        seconds = generator.uniform(*REFUSED)
        # A mount refuses a rename (EXDEV) and shows the same files. A file refuses all (ENOTDIR), the look-up too.
        is_mount = self._may_mount and generator.random() < 0.5
        with bound(self._done) if is_mount else exchanged(self._done, self._var / "no-folder"):
            self._over.wait(seconds)
        return f"{'EXDEV' if is_mount else 'ENOTDIR'} for {seconds:.1f} s"


@contextlib.contextmanager
def bound(folder: Path) -> Iterator[None]:
    """Mount a folder over itself inside, as a context manager: no file can be renamed into it from outside."""
    if subprocess.run(["mount", "--bind", str(folder), str(folder)], capture_output=True, check=False).returncode:
        raise OSError(f"{folder} could not be mounted")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=False)


@contextlib.contextmanager
def exchanged(folder: Path, file: Path) -> Iterator[None]:
    """Put an empty file in the folder's place inside, as a context manager, and the folder into that of `file`."""
    file.touch()
    exchange(folder, file)
    try:
        yield
    finally:
        exchange(folder, file)
        file.unlink()


def exchange(one: Path, other: Path) -> None:
    """Exchange two paths in one atomic step, so that neither is missing at any moment. Raise OSError if that fails."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.renameat2(AT_FDCWD, os.fsencode(one), AT_FDCWD, os.fsencode(other), RENAME_EXCHANGE):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), str(one))


def fill(ballast: Path) -> None:
    """Write `ballast` until its disk has no free block left."""
    block = bytes(65536)
    with open(ballast, "wb", buffering=0) as file, contextlib.suppress(OSError):
        free = os.statvfs(ballast)
        if free.f_bavail > 1:
            os.posix_fallocate(file.fileno(), 0, (free.f_bavail - 1) * free.f_bsize)
        file.seek(0, os.SEEK_END)
        while True:
            file.write(block)
