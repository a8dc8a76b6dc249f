"""The file operations under the spool, in one class that a test can replace.

Nothing here decides anything. Each method is one step of the protocol that spool.py describes, so that a
double of this class can record the steps, forget those not yet fsynced, or fail at any of them.
"""

from __future__ import annotations

import fcntl
import os


class Disk:
    """The real file system. Every failure is an `OSError`; a path is a `str`, a descriptor an `int`."""

    def create(self, path: str) -> int:
        """Create a file for this user only and open it for writing. Raise FileExistsError if the name is taken."""
        return os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC, 0o600)

    def open(self, path: str) -> int:
        """Open an existing file for reading and appending."""
        return os.open(path, os.O_RDWR | os.O_APPEND | os.O_CLOEXEC)

    def append(self, fd: int, data: bytes) -> None:
        """Write all of `data`. After an OSError a part of it may be there, which the caller must cut off."""
        while data:
            data = data[os.write(fd, data) :]

    def read(self, fd: int) -> bytes:
        """Return the whole file, from its start."""
        size = os.fstat(fd).st_size
        data = bytearray()
        while piece := os.pread(fd, max(size - len(data), 1), len(data)):
            data += piece
        return bytes(data)

    def truncate(self, fd: int, length: int) -> None:
        """Cut the file off after `length` bytes."""
        os.ftruncate(fd, length)

    def fsync(self, fd: int) -> None:
        """Make the file's contents durable."""
        os.fsync(fd)

    def close(self, fd: int) -> None:
        """Close the descriptor; with the last one of its description goes the lock."""
        os.close(fd)

    def lock(self, fd: int) -> bool:
        """Take the file's `flock` if it is free. Return whether it is ours now.

        The lock lasts as long as the open file description, and ends with the process.
        """
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def is_at(self, fd: int, path: str) -> bool:
        """Check whether `path` is still this very file: it may have been moved between opening and locking."""
        try:
            there = os.stat(path)
        except FileNotFoundError:
            return False
        return os.path.samestat(os.fstat(fd), there)

    def link(self, source: str, target: str) -> None:
        """Give the file a second name in one atomic step. Raise FileExistsError if that name is taken."""
        os.link(source, target)

    def rename(self, source: str, target: str) -> None:
        """Move the file to `target` in one atomic step; whatever has that name is replaced."""
        os.rename(source, target)

    def unlink(self, path: str) -> None:
        """Remove the name; the file goes with its last name."""
        os.unlink(path)

    def touch(self, path: str) -> bool:
        """Make an empty file, or set its time to now. Return True if it is new."""
        try:
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600))
        except FileExistsError:
            os.utime(path)
            return False
        return True

    def exists(self, path: str) -> bool:
        """Check whether the name is there. Raise OSError if that cannot be read."""
        # os.path.exists would say False of a disk that cannot be read, and a known question would be taken for new.
        try:
            os.stat(path)
        except FileNotFoundError:
            return False
        return True

    def modified(self, path: str) -> float:
        """Return when the file was last written, in epoch seconds."""
        return os.stat(path).st_mtime

    def names(self, folder: str) -> list[str]:
        """Return the names in a folder, in no order."""
        return os.listdir(folder)

    def make_folder(self, path: str) -> None:
        """Make a folder for this user only, and those above it; nothing happens if it is there."""
        os.makedirs(path, mode=0o700, exist_ok=True)

    def fsync_folder(self, path: str) -> None:
        """Make the folder's names durable: a link or a rename alone may be forgotten by a power cut."""
        fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)
