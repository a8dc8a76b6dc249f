"""SpooledFiles: what a job has beside its own file, such as a picture that was paid and is not in Slack yet.

They lie in files/, under the job's key and a name: `KEY.picture.jpeg`. A file is written under a temporary name, and
has its own once all of it is on the disk. It goes when its job ends, or if that process is killed, with the next sweep;
only a picture that was paid and is not in Slack stays with a job in failed/, which an operator may retry.
"""

from __future__ import annotations

import contextlib
import os
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager

from cocoai.slack_ids import ID, TS
from cocoai.spool.disk import Disk
from cocoai.spool.job import Fact
from cocoai.spool.key import Key
from cocoai.spool.store_error import as_store_errors

DRAWING = "drawing"
"""The fact that stands in a job before it has any file: the end of other jobs need not look for one."""

PICTURE, SHARED = "picture", "shared"
"""The facts of a job that has a picture in its `file`, and of one whose picture is in Slack."""

UNFINISHED = ".part"
"""What the name of a file ends with while it is written."""


_OWNER = re.compile(rf"({ID}-{TS}-{TS})\.")


def owner_of(name: str) -> Key | None:
    """Return the key of the job that a file of this name belongs to; None for another name."""
    found = _OWNER.match(name)
    return Key.parse(found[1]) if found else None


def kept_file(lines: Sequence[Fact]) -> str:
    """Return the name of the file that a job with these lines keeps in failed/; "" if it keeps none."""
    if any(line.get("fact") == SHARED for line in lines):
        return ""
    return next((str(line["file"]) for line in reversed(lines) if line.get("fact") == PICTURE), "")


class FileTooBig(Exception):
    """More was to be written into a file than it may hold."""


class NewFile:
    """A file that is being written. Nothing is left of it unless keep() is called.

    `on_keep` is called with its name and path once it is kept here, and may raise StoreError.
    """

    def __init__(
        self,
        disk: Disk,
        folder: str,
        key: Key,
        most: int,
        on_keep: Callable[[str, str], None] = lambda _, __: None,
    ) -> None:
        self.size = 0
        self._on_keep = on_keep
        self._disk = disk
        self._folder = folder
        self._key = key
        self._most = most
        self._path = os.path.join(folder, f"{key}.{os.urandom(6).hex()}{UNFINISHED}")
        self._fd = disk.create(self._path)
        self._is_kept = False

    @as_store_errors()
    def write(self, data: bytes) -> None:
        """Append some bytes. Raise FileTooBig if the file may not hold them, StoreError if the disk fails."""
        if self.size + len(data) > self._most:
            raise FileTooBig
        self._disk.append(self._fd, data)
        self.size += len(data)

    @as_store_errors()
    def keep(self, name: str) -> str:
        """Wait until all of the file is on the disk, give it its name, and return its path.

        A file that had the name is replaced. Raise StoreError if the disk fails.
        """
        path = os.path.join(self._folder, f"{self._key}.{name}")
        self._disk.fsync(self._fd)
        self._disk.rename(self._path, path)
        self._is_kept = True
        self._disk.fsync_folder(self._folder)
        self._on_keep(name, path)
        return path

    def close(self) -> None:
        """Close the file, and remove it unless it was kept. A failure is ignored: then the job's end removes it."""
        with contextlib.suppress(OSError):
            self._disk.close(self._fd)
        if not self._is_kept:
            with contextlib.suppress(OSError):
                self._disk.unlink(self._path)


class JobFiles(ABC):
    """The files of the jobs of one spool. Its methods raise StoreError if the store fails."""

    @abstractmethod
    def new(self, key: Key, most: int) -> AbstractContextManager[NewFile]:
        """Make an empty file for this job, of `most` bytes at most, and yield it, as a context manager.

        It is gone at the end unless it was kept.
        """

    @abstractmethod
    def path(self, key: Key, name: str) -> str:
        """Return the path on this machine of a job's file; "" if there is no such file."""

    @abstractmethod
    def remove(self, key: Key, *, but: str = "") -> None:
        """Remove every file of a job, also those that a killed process has not finished. What stays is swept.

        That of the name `but` is left there.
        """

    @abstractmethod
    def erase(self, key: Key) -> None:
        """Remove every file of a job that has ended, for good: it is not looked at again."""


class SpooledFiles(JobFiles):
    """The files of the jobs of one spool, in `folder`."""

    def __init__(self, folder: str, disk: Disk) -> None:
        self.folder = folder
        self._disk = disk

    @contextlib.contextmanager
    def new(self, key: Key, most: int) -> Iterator[NewFile]:
        """Make an empty file for this job, as JobFiles.new() says."""
        with as_store_errors():
            file = NewFile(self._disk, self.folder, key, most)
        try:
            yield file
        finally:
            file.close()

    @as_store_errors()
    def path(self, key: Key, name: str) -> str:
        """Return the path of a job's file; "" if there is no such file."""
        path = os.path.join(self.folder, f"{key}.{name}")
        return path if self._disk.exists(path) else ""

    def remove(self, key: Key, *, but: str = "") -> None:
        """Remove every file of a job, also those that a killed process has not finished. What stays is swept.

        That of the name `but` is left there.
        """
        with contextlib.suppress(OSError):
            for name in self._disk.names(self.folder):
                if name.startswith(f"{key}.") and name != f"{key}.{but}":
                    with contextlib.suppress(OSError):
                        self._disk.unlink(os.path.join(self.folder, name))

    @as_store_errors()
    def erase(self, key: Key) -> None:
        """Remove every file of a job that has ended, and wait until that is on the disk."""
        names = [name for name in self._disk.names(self.folder) if owner_of(name) == key]
        for name in names:
            with contextlib.suppress(FileNotFoundError):
                self._disk.unlink(os.path.join(self.folder, name))
        if names:
            self._disk.fsync_folder(self.folder)
