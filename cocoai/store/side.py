"""Side: one of the two stores between which jobs are moved. No pool works on the one that they leave."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Protocol

from cocoai.spool.key import Key
from cocoai.store.job_copy import JobCopy, ThreadCopy


class Side(Protocol):
    """A store's jobs and threads. Its methods raise `StoreError`; each may be called again after a kill in it."""

    def jobs(self) -> Iterator[tuple[str, Key]]:
        """Yield the state and the key of each job: first those that have ended, then the ready ones, oldest first."""

    def taken(self, state: str, key: Key) -> AbstractContextManager[JobCopy | None]:
        """Claim a job as a process that answers it does, and yield it; None if it is not there any more.

        Raise `JobInUse` if a process works on it, ValueError if it is damaged.
        """

    def give(self, copy: JobCopy) -> None:
        """Store a job, and wait until that is durable; its files lie on this machine. See JobCopy.is_ahead_of()."""

    def drop(self, copy: JobCopy) -> None:
        """Remove a job that is taken, and all that belongs to it alone."""

    def threads(self) -> Iterator[ThreadCopy]:
        """Yield what is known of each thread in which we were asked in the last 30 days."""

    def give_thread(self, thread: ThreadCopy) -> None:
        """Store what is known of a thread, unless more is known of it here."""

    def clear(self) -> None:
        """Remove what is left when all jobs and threads have gone, such as how often people asked a minute ago."""
