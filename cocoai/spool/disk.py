"""The file operations under the spool, in one class that a test can replace.

Nothing here decides anything. Each method is one step of the protocol that spool.py describes, so that a
double of this class can record the steps, forget those not yet fsynced, or fail at any of them.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterable, Iterator


class Disk:
    """The real file system. Every failure is an `OSError`; a path is a `str`, a descriptor an `int`."""

    def create(self, path: str) -> int:
        """Create an empty file for this user only, and return a descriptor that appends to it.

        Raise FileExistsError if the name is taken.
        """
        return os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC, 0o600)

    def open(self, path: str) -> int:
        """Open a file for reading and appending; return its descriptor. Raise FileNotFoundError if there is none."""
        return os.open(path, os.O_RDWR | os.O_APPEND | os.O_CLOEXEC)

    def open_or_create(self, path: str) -> int:
        """Open a file as `open` does, and make it before if it is missing."""
        with contextlib.suppress(FileExistsError):
            self.close(self.create(path))
        return self.open(path)

    def append(self, fd: int, data: bytes) -> None:
        """Write all of `data` at the end of the file.

        After an OSError a part of it may be there, which the caller must cut off.
        """
        while data:
            data = data[os.write(fd, data) :]

    def read_heads(self, folder: str, names: Iterable[str], size: int) -> Iterator[tuple[str, bytes | OSError]]:
        """Yield each name with the first `size` bytes of its file, or with the error that kept it from being read.

        It is for thousands of small files: the folder is looked up once.
        """
        folder_fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            for name in names:
                try:
                    # A named pipe that somebody has put here must not be waited for.
                    fd = os.open(name, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder_fd)
                    try:
                        yield name, os.read(fd, size)
                    finally:
                        os.close(fd)
                except OSError as error:
                    yield name, error
        finally:
            os.close(folder_fd)

    def read(self, fd: int) -> bytes:
        """Return all bytes of the file from its start, wherever the descriptor stands."""
        size = os.fstat(fd).st_size
        data = bytearray()
        while piece := os.pread(fd, max(size - len(data), 1), len(data)):
            data += piece
        return bytes(data)

    def truncate(self, fd: int, length: int) -> None:
        """Cut the file off after `length` bytes."""
        os.ftruncate(fd, length)

    def fsync(self, fd: int) -> None:
        """Wait until the file's contents are on the disk, so that they survive a power cut."""
        os.fsync(fd)

    def close(self, fd: int) -> None:
        """Close the descriptor. Its lock goes with it, unless a forked child still has a copy open."""
        os.close(fd)

    def lock(self, fd: int) -> bool:
        """Take the file's exclusive `flock` without waiting. Return True if it is ours now, False if it is taken.

        The lock lasts as long as the open file description, and ends with the process.
        """
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def is_at(self, fd: int, path: str) -> bool:
        """Check whether the open file still lies at `path`; False if another file or none does.

        It may have been moved between opening and locking.
        """
        try:
            there = os.stat(path)
        except FileNotFoundError:
            return False
        return os.path.samestat(os.fstat(fd), there)

    def link(self, source: str, target: str) -> None:
        """Give the file a second name in one atomic step. Raise FileExistsError if that name is taken."""
        os.link(source, target)

    def rename(self, source: str, target: str) -> None:
        """Move the file to `target` in one atomic step; a file that has that name is replaced."""
        os.rename(source, target)

    def unlink(self, path: str) -> None:
        """Remove the name; the file goes with its last name."""
        os.unlink(path)

    def touch(self, path: str) -> bool:
        """Create an empty file for this user only. If it exists, set its modification time to now.

        Return True if it is new.
        """
        try:
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600))
        except FileExistsError:
            os.utime(path)
            return False
        return True

    def exists(self, path: str) -> bool:
        """Check whether there is a file or folder of this name. Raise OSError if the disk cannot tell."""
        # os.path.exists would say False of a disk that cannot be read, and a known question would be taken for new.
        try:
            os.stat(path)
        except FileNotFoundError:
            return False
        return True

    def modified(self, path: str) -> float:
        """Return when the file was last written, in epoch seconds."""
        return os.stat(path).st_mtime

    def set_modified(self, path: str, seconds: float) -> None:
        """Set when the file was last written, in epoch seconds."""
        os.utime(path, (seconds, seconds))

    def names(self, folder: str) -> list[str]:
        """Return the names of the files and folders in a folder, in no order."""
        return os.listdir(folder)

    def each_name(self, folder: str) -> Iterator[str]:
        """Yield the names in a folder, in no order: for whoever wants the first of thousands alone."""
        with os.scandir(folder) as entries:
            for entry in entries:
                yield entry.name

    def make_folder(self, path: str) -> None:
        """Make a folder for this user only, and missing ones above it; do nothing if it exists. Nothing is fsynced."""
        os.makedirs(path, mode=0o700, exist_ok=True)

    def fsync_folder(self, path: str) -> None:
        """Wait until the names in a folder are on the disk: a power cut may undo a link or a rename alone."""
        fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)


def write_file(disk: Disk, path: str, data: bytes) -> None:
    """Write a new file and fsync it. If that fails, no file is left, and OSError is raised."""
    fd = disk.create(path)
    try:
        try:
            disk.append(fd, data)
            disk.fsync(fd)
        finally:
            disk.close(fd)
    except OSError:
        # The disk may be full, and Slack sends it again and again: no rubbish of ours is to fill it further.
        with contextlib.suppress(OSError):
            disk.unlink(path)
        raise
