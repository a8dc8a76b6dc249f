"""The thin set of file operations under the spool: the tests can cut them anywhere.

Nothing here decides anything. Each method is one step of the protocol that spool.py describes, so that a
double of this class can record the steps, forget those not yet fsynced, or fail at any of them.
"""

from __future__ import annotations

import fcntl
import os


class Disk:
    """The real thing. Every failure is an `OSError`; a path is a `str`, a descriptor an `int`."""

    def create(self, path: str) -> int:
        """A new file, for this user only, open for writing; `FileExistsError` if the name is taken."""
        return os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC, 0o600)

    def open(self, path: str) -> int:
        """An existing file, open for reading and appending."""
        return os.open(path, os.O_RDWR | os.O_APPEND | os.O_CLOEXEC)

    def append(self, fd: int, data: bytes) -> None:
        """All of `data`, or an `OSError`; what a short write has left is the caller's to cut off."""
        while data:
            data = data[os.write(fd, data) :]

    def read(self, fd: int) -> bytes:
        """The whole file, from its start."""
        size = os.fstat(fd).st_size
        data = bytearray()
        while piece := os.pread(fd, max(size - len(data), 1), len(data)):
            data += piece
        return bytes(data)

    def truncate(self, fd: int, length: int) -> None:
        os.ftruncate(fd, length)

    def fsync(self, fd: int) -> None:
        os.fsync(fd)

    def close(self, fd: int) -> None:
        os.close(fd)

    def lock(self, fd: int) -> bool:
        """Take the file's `flock` if it is free. It lasts as long as the description, and dies with the process."""
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def is_at(self, fd: int, path: str) -> bool:
        """Whether `path` is still this very file: it may have been moved between opening and locking."""
        try:
            there = os.stat(path)
        except FileNotFoundError:
            return False
        return os.path.samestat(os.fstat(fd), there)

    def link(self, source: str, target: str) -> None:
        """A second name, at once and whole; `FileExistsError` if the target is taken."""
        os.link(source, target)

    def rename(self, source: str, target: str) -> None:
        os.rename(source, target)

    def unlink(self, path: str) -> None:
        os.unlink(path)

    def touch(self, path: str) -> bool:
        """Make an empty file, or set its time to now. True if it is new."""
        try:
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600))
        except FileExistsError:
            os.utime(path)
            return False
        return True

    def exists(self, path: str) -> bool:
        """Not `os.path.exists`: to that, a disk that cannot be read has nothing on it."""
        try:
            os.stat(path)
        except FileNotFoundError:
            return False
        return True

    def modified(self, path: str) -> float:
        """Seconds since the epoch."""
        return os.stat(path).st_mtime

    def names(self, folder: str) -> list[str]:
        return os.listdir(folder)

    def make_folder(self, path: str) -> None:
        os.makedirs(path, mode=0o700, exist_ok=True)

    def fsync_folder(self, path: str) -> None:
        """Make the folder's names durable: a link or a rename alone may be forgotten by a power cut."""
        fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)
