"""SpoolAdmin: look at jobs, annotate, retry and remove them, for the operator, the status page and the hourly sweep.

It answers no job and claims none: that is file_spool.py's.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from typing import Any

from cocoai.spool.file_job import FileJob
from cocoai.spool.files import kept_file, owner_of
from cocoai.spool.folders import SpoolFolders
from cocoai.spool.job import STATES, Fact, encode_line, is_forgotten
from cocoai.spool.key import Key
from cocoai.spool.store_error import JobInUse, NoSuchJob, WordsForgotten, as_store_errors

RETENTION = {
    "tmp": 3600.0,
    "stop": 3600.0,
    "asked": 3600.0,
    "gestures": 48 * 3600.0,
    "done": 48 * 3600.0,
    "failed": 30 * 86400.0,
    "files": 30 * 86400.0,
    "threads": 30 * 86400.0,
}
"""Seconds after its last change until sweep() removes a file, by folder.

done/ outlasts the 24 h in which Slack may redeliver, and a clock's jump; files/ all waits of a job that has one, and
as long as a job stays in failed/.
"""


RUBBISH = 60.0
"""Seconds after which a file in tmp/ is a killed process's: who writes one links it within three."""


class SpoolAdmin(SpoolFolders):
    """The jobs of one spool as they are inspected, annotated, retried and removed. A `state` is one of STATES.

    Methods raise StoreError if the store cannot be read or written. `NoSuchJob` and `JobInUse` are such errors too.
    """

    @as_store_errors()
    def peek(self, state: str, key: Key) -> list[Fact]:
        """Return every whole line of a job, its question first; [] if not even that is whole. Take no lock.

        Raise NoSuchJob if the job is not in this state.
        """
        job = self._existing_job(state, key)
        try:
            job.read()
            return job.lines
        finally:
            job.release()

    @as_store_errors()
    def lines_at_rest(self, key: Key) -> list[Fact]:
        """Return every whole line of a job that no process works on; [] if there is none, or its file is damaged.

        It is locked for a moment, so that no process begins meanwhile. Raise JobInUse if one works on it.
        """
        for state in STATES:
            with contextlib.suppress(NoSuchJob, ValueError), self._locked(state, key) as job:
                return job.lines
        return []

    @as_store_errors()
    def since(self, state: str, moment: float) -> list[Key]:
        """Return the keys of the jobs in a state whose file changed after `moment` (epoch seconds), last one first."""
        found = []
        for key in self.keys(state):
            with contextlib.suppress(FileNotFoundError):
                found.append((self._disk.modified(self._path(state, str(key))), key))
        return [key for modified, key in sorted(found, reverse=True) if modified > moment]

    @as_store_errors()
    def moments(self, state: str, key: Key) -> list[tuple[str, float]]:
        """Return the name and the time (epoch seconds) of each fact of a job, oldest first: cheaper than peek().

        Take no lock. Raise NoSuchJob if the job is not in this state.
        """
        job = self._existing_job(state, key)
        try:
            return job.moments()
        finally:
            job.release()

    @as_store_errors()
    def count(self, folder: str) -> int:
        """Return how many files are in a folder (a key of RETENTION, or `ready`), whatever their names."""
        return len(self._disk.names(self._folders[folder]))

    @as_store_errors()
    def annotate(self, key: Key, fact: str, **values: Any) -> bool:
        """Lock a job in done/ or failed/, append a fact to it and release it; the time of its last change stays.

        That time says when the job ended, and so how long it is kept. Return False if it is in neither: it has not
        ended, or was swept. Raise JobInUse if another process holds it, ValueError if its file is damaged.
        """
        for state in ("done", "failed"):
            with contextlib.suppress(NoSuchJob), self._locked(state, key) as job:
                path = self._path(state, str(key))
                ended = self._disk.modified(path)
                job.record(fact, **values)
                self._disk.set_modified(path, ended)
                return True
        return False

    @as_store_errors()
    def retry(self, key: Key) -> None:
        """Move a job from failed/ back to ready/, so that it is answered with a full count of attempts.

        Raise NoSuchJob if it is not in failed/, JobInUse if another process holds it, ValueError if it is damaged,
        WordsForgotten if nothing of its question is left.
        """
        with self._locked("failed", key) as job:
            if is_forgotten(job.lines):
                raise WordsForgotten(f"nothing is left of {key}: it was forgotten")
            self._forget_stop_request(key)  # it came after the job had ended, and was not meant for this new run
            job.record("retried")
            self._move(job, "failed", "ready")

    @contextlib.contextmanager
    def _locked(self, state: str, key: Key) -> Iterator[FileJob]:
        """Lock a job that has ended, yield it, and release it at the end, as a context manager. Do not wait.

        Raise NoSuchJob if it is not in this state, JobInUse if another process holds or has just moved it, ValueError
        if its file is damaged.
        """
        job = self._existing_job(state, key)
        try:
            if not job.take():
                raise JobInUse(f"{key} is being moved by another process")
            yield job
        finally:
            job.release()

    @as_store_errors()
    def rewrite(self, state: str, key: Key, change: Callable[[list[Fact]], list[Fact] | None]) -> bool:
        """Put a file of other lines in the place of a job's, in one step, as Spool.rewrite() says.

        A process that has opened the old one sees that it lies there no more, as if the job had moved.
        """
        with contextlib.suppress(NoSuchJob), self._locked(state, key) as job:
            lines = change(job.lines)
            if lines is not None:
                self._replace(state, key, lines)
                return True
        return False

    def _replace(self, state: str, key: Key, lines: list[Fact]) -> None:
        """Put a file of these lines in the place of a job's, which the caller holds."""
        path, temporary = self._path(state, str(key)), self._path("tmp", os.urandom(12).hex())
        ended = self._disk.modified(path)
        fd = self._disk.create(temporary)
        try:
            self._disk.append(fd, b"".join(map(encode_line, lines)))
            self._disk.fsync(fd)
        finally:
            self._disk.close(fd)
        self._disk.set_modified(temporary, ended)
        self._disk.rename(temporary, path)
        self._sync(state)

    @as_store_errors()
    def drop_rubbish(self) -> None:
        """Remove what killed processes have left in tmp/, where a question may stand."""
        for name in self._disk.names(self._folders["tmp"]):
            with contextlib.suppress(FileNotFoundError):
                if self._clock() - self._disk.modified(self._path("tmp", name)) > RUBBISH:
                    self._disk.unlink(self._path("tmp", name))

    @as_store_errors()
    def sweep(self) -> int:
        """Remove every file that was last written longer ago than the RETENTION of its folder. Return how many.

        What lies in files/ for a job that has ended is removed at once: its process was killed before it could. Of one
        in failed/ the kept_file() stays.
        """
        removed = self._sweep_files()
        self._sync("threads")  # a mark that is not on the disk yet could not be made anew without its job
        for folder, seconds in RETENTION.items():
            for name in self._disk.names(self._folders[folder]):
                path = self._path(folder, name)
                with contextlib.suppress(FileNotFoundError):
                    if self._clock() - self._disk.modified(path) > seconds:
                        self._disk.unlink(path)
                        removed += 1
        return removed

    def _sweep_files(self) -> int:
        """Remove the files of every job that is not in ready/: only a job that lies there gets any. Return how many.

        A job in failed/ has its kept_file() still.
        """
        removed = 0
        for name in self._disk.names(self._folders["files"]):
            key = owner_of(name)
            if key is not None and not self._needs(key, name):
                with contextlib.suppress(FileNotFoundError):
                    self._disk.unlink(self._path("files", name))
                    removed += 1
        return removed

    def _needs(self, key: Key, name: str) -> bool:
        """Check whether a job may still need this file; it may move from ready/ to failed/ and back meanwhile."""
        if self._knows(key, "ready"):
            return True
        with contextlib.suppress(NoSuchJob):
            return name == f"{key}.{kept_file(self.peek('failed', key))}"
        return self._knows(key, "ready")
