"""Locks between processes: `flock` on a file that is never unlinked.

`flock`, never `lockf`: that is not inherited by a forked child, and is lost as soon as the process closes
any descriptor of the file. A lock belongs to the open file description: a forked child holds it with its
parent, and the kernel frees it when the last of them is gone, however they died. So *every* lock file is
opened after the process's own fork: one opened before is shared, and excludes no process.
Never `LOCK_UN`: a child's unlock would drop the parent's lock too. A lock is released by closing, and in no other way.
"""

from __future__ import annotations

import fcntl
import os
import time
from dataclasses import dataclass


@dataclass
class FileLock:
    """A lock that this process holds through the descriptor `fd`.

    It is free again once this process and every child that inherited it have closed it.
    """

    fd: int

    def release(self) -> None:
        """Close this process's descriptor; do nothing at a second call, when the number may be another file's.

        The lock stays held while a child that inherited it lives.
        """
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1


def take(path: str) -> FileLock | None:
    """Take the lock of the file `path`, without waiting, and return it; return None if another process holds it.

    The file is created if it is missing. Raise OSError if it cannot be opened.
    """
    fd = _open(path)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(fd)
        return None
    except BaseException:
        os.close(fd)
        raise
    return FileLock(fd)


def wait_for(path: str, seconds: float) -> FileLock:
    """Take the lock of the file `path`, waiting up to `seconds` while another process holds it, and return it.

    Raise TimeoutError if it is still held then. It is meant for locks that are held for microseconds: the lock is tried
    every 0.5 ms.
    """
    # Trying again beats a blocking call, which no deadline ends.
    deadline = time.monotonic() + seconds
    while (lock := take(path)) is None:
        if time.monotonic() > deadline:
            raise TimeoutError(f"{path} has been held for {seconds} s")
        time.sleep(0.0005)
    return lock


def _open(path: str) -> int:
    """Open the file `path`, or create it, readable by its owner only; return the descriptor."""
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


@dataclass
class Slot(FileLock):
    """The lock of one slot; `number` counts from 0."""

    number: int


class Slots:
    """A fixed `number` of slots, each with a lock file `slot-0`, `slot-1` ... in `folder`.

    A process works while it holds a slot, so at most `number` processes work at one time.
    """

    def __init__(self, folder: str, number: int) -> None:
        self._paths = [os.path.join(folder, f"slot-{index}") for index in range(number)]

    def take(self) -> Slot | None:
        """Take the lock of the first free slot, without waiting, and return it; return None if all are taken."""
        for number, path in enumerate(self._paths):
            if (lock := take(path)) is not None:
                return Slot(lock.fd, number)
        return None
