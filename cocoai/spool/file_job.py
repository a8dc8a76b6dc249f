"""FileJob: a job as a file, whose lines are its question and its facts, and whose `flock` is the claim.

It knows one file and nothing of the folder that it lies in: what the folders mean is file_spool.py's.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable

from cocoai.spool.disk import Disk
from cocoai.spool.job import FACT_HEADER, Fact, Job, whole_lines
from cocoai.spool.key import Key


class FileJob(Job):
    """A job's file, open in this process, at `path`. Jobs are claimed by the lock that the kernel keeps on the file."""

    def __init__(self, key: Key, path: str, *, disk: Disk, clock: Callable[[], float], generation: int = 0) -> None:
        """Open the file, without reading or locking it. Raise FileNotFoundError if it is not at `path`."""
        super().__init__(key, clock=clock, generation=generation)
        self._path = path
        self._disk = disk
        self._fd = disk.open(path)
        self._size = 0

    def take(self) -> bool:
        """Lock the file and read it, as Job.take() says. A line that a crash left half written is cut off."""
        # finish() may have moved the file between our opening and our locking: then the lock means nothing.
        if not (self._disk.lock(self._fd) and self._disk.is_at(self._fd, self._path)):
            return False
        size = self.read()
        if not self._lines:
            raise ValueError(f"{self.key}: no question in it")
        if self._size < size:
            self._disk.truncate(self._fd, self._size)
            self._disk.fsync(self._fd)
        return True

    def read(self) -> int:
        """Read `lines` from the file, up to the first that is not whole. Return the size of the whole file in bytes."""
        data = self._disk.read(self._fd)
        self._lines, self._size = whole_lines(data)
        return len(data)

    def moments(self) -> list[tuple[str, float]]:
        """Return the name and the time of each fact, as Job.moments() says."""
        return [(name.decode(), float(at)) for name, at in FACT_HEADER.findall(self._disk.read(self._fd))]

    def release(self) -> None:
        """Close the file, and with it give up the lock. The file stays where it is. A second call does nothing."""
        if self._fd >= 0:
            self._disk.close(self._fd)
            self._fd = -1

    def check_claim(self) -> None:
        """Do nothing: the lock is ours as long as this process lives."""

    def _append(self, data: bytes, line: Fact) -> None:
        """Write `data` at the end of the file and fsync it. If that fails, cut it off again and raise OSError."""
        del line
        try:
            self._disk.append(self._fd, data)
            self._disk.fsync(self._fd)
        except OSError:
            # After a failed fsync the line may be there or not. It must not be, for we act as if it were not.
            with contextlib.suppress(OSError):
                self._disk.truncate(self._fd, self._size)
            raise
        self._size += len(data)
