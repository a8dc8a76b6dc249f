"""What the operator, the status page and the hourly sweep do with jobs, beside the work on them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from cocoai.spool.folders import STATES, SpoolFolders
from cocoai.spool.job import Fact, Job
from cocoai.spool.key import Key
from cocoai.spool.store_error import JobInUse, NoSuchJob, as_store_errors

RETENTION = {"tmp": 3600.0, "stop": 3600.0, "done": 48 * 3600.0, "failed": 30 * 86400.0, "threads": 30 * 86400.0}
"""Seconds until sweep() forgets a file. done/ outlasts the 24 h in which Slack may redeliver, and a clock's jump."""


class SpoolAdmin(SpoolFolders):
    """The spool as it is inspected, annotated, retried and swept."""

    @as_store_errors()
    def peek(self, state: str, key: Key) -> list[Fact]:
        """Return every line of a job, its question first, without claiming it. Raise NoSuchJob."""
        job = self._existing_job(state, key)
        try:
            job.read()
            return job.lines
        finally:
            job.release()

    def find(self, key: Key) -> tuple[str, list[Fact]]:
        """Return a job's state and what peek() returns of it, wherever it is. Raise NoSuchJob."""
        for state in STATES:
            with contextlib.suppress(NoSuchJob):
                return state, self.peek(state, key)
        raise NoSuchJob(f"there is no job {key}")

    @as_store_errors()
    def since(self, state: str, moment: float) -> list[Key]:
        """Return the jobs in a state that were changed after `moment` (epoch seconds), the last changed first."""
        found = []
        for key in self.keys(state):
            with contextlib.suppress(FileNotFoundError):
                found.append((self._disk.modified(self._path(state, str(key))), key))
        return [key for modified, key in sorted(found, reverse=True) if modified > moment]

    @as_store_errors()
    def moments(self, state: str, key: Key) -> list[tuple[str, float]]:
        """Return the name and the time of each fact of a job: cheaper than peek(). Raise NoSuchJob."""
        job = self._existing_job(state, key)
        try:
            return job.moments()
        finally:
            job.release()

    @as_store_errors()
    def count(self, folder: str) -> int:
        """Return how many files are in a folder: one of STATES, or `tmp`."""
        return len(self._disk.names(self._folders[folder]))

    @as_store_errors()
    def annotate(self, key: Key, fact: str, **values: Any) -> bool:
        """Add a fact to a job that has ended. Return False if it is kept no more. Raise JobInUse."""
        for state in ("done", "failed"):
            with contextlib.suppress(NoSuchJob), self._held(state, key) as job:
                job.record(fact, **values)
                return True
        return False

    @as_store_errors()
    def retry(self, key: Key) -> None:
        """Put a failed job back into ready/. Raise NoSuchJob if it is not in failed/, JobInUse."""
        with self._held("failed", key) as job:
            self._forget_stop_request(key)  # it came after the job had ended, and was not meant for this new run
            job.record("retried")
            self._move(job, "failed", "ready")

    @contextlib.contextmanager
    def _held(self, state: str, key: Key) -> Iterator[Job]:
        """Hold a job that has ended. Raise NoSuchJob, JobInUse."""
        job = self._existing_job(state, key)
        try:
            if not job.take():
                raise JobInUse(f"{key} is being moved by another process")
            yield job
        finally:
            job.release()

    @as_store_errors()
    def sweep(self) -> int:
        """Remove every file that was kept for its RETENTION. Return how many were removed."""
        removed = 0
        for folder, seconds in RETENTION.items():
            for name in self._disk.names(self._folders[folder]):
                path = self._path(folder, name)
                with contextlib.suppress(FileNotFoundError):
                    if self._clock() - self._disk.modified(path) > seconds:
                        self._disk.unlink(path)
                        removed += 1
        return removed
