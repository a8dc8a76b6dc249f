"""Forget what somebody asked, and the answers: in the history, in the jobs that have ended, and in the index.

Each step can be repeated: whoever was killed on the way runs it again, and nothing is left. Slack's own messages stay,
and so do the ledger's sums, and backups until they are deleted.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from cocoai.documents.document import HISTORY
from cocoai.documents.history import History
from cocoai.documents.index_task import index_lock_path, index_path
from cocoai.engine.process import locks
from cocoai.spool.job_words import ENDED, FoundJob, JobWords, Whose
from cocoai.spool.key import Key
from cocoai.spool.spool import Spool
from cocoai.spool.store_error import JobInUse

TRIES, PAUSE = 20, 0.1
"""How often a job that another process holds for a moment is tried again, and the seconds between."""


@dataclass(frozen=True)
class Found:
    """What there is of somebody's: their jobs, and the keys of all that is kept of theirs, blank jobs included."""

    jobs: tuple[FoundJob, ...]
    kept: frozenset[str]
    names: frozenset[str]

    @property
    def exchanges(self) -> int:
        """Return how many questions with their answers there are, each counted once."""
        answered = {str(job.key) for job in self.ended if job.is_answered}
        return len(answered | self.kept)

    @property
    def ended(self) -> list[FoundJob]:
        """Return the jobs that have ended and still have words."""
        return [job for job in self.jobs if job.state in ENDED and not job.is_blank]

    @property
    def waiting(self) -> list[Key]:
        """Return the keys of the jobs that wait or are in hand: these are left alone."""
        return [job.key for job in self.jobs if job.state not in ENDED]


@dataclass(frozen=True)
class ForgetReport:
    """What was forgotten: so many `exchanges` of the history, and `jobs` in the spool.

    `busy` are the keys of jobs that another process holds, `damaged` of those that cannot be read: these have their
    words still. `is_index_late`: what is in the index will be removed when it is next built; nobody is shown it.
    """

    exchanges: int
    jobs: int
    busy: tuple[str, ...]
    damaged: tuple[str, ...]
    is_index_late: bool


class Forgetter:
    """What forgets in a `spool`, in a `history`, and in the index below `var`.

    With `has_history` one is kept now, whether its file is made yet or not. The index is waited for `patience` seconds;
    those of other machines lose with their next slice what is forgotten. `clock` returns epoch seconds. Methods raise
    `StoreError`, `HistoryBroken` and `IndexUnavailable`.
    """

    def __init__(
        self,
        var: str,
        spool: Spool,
        history: History,
        *,
        has_history: bool,
        patience: float,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._var = var
        self._spool = spool
        self._words = JobWords(spool, clock=clock)
        self._history = history
        self._has_history = has_history
        self._patience = patience
        self._clock = clock
        self._sleep = sleep

    def find(self, whose: Whose) -> Found:
        """Return what there is of somebody's now."""
        jobs = self._words.of(whose)
        names = {str(job.key) for job in jobs}
        kept = self._history.find(person=whose.person, channel=whose.channel, thread_ts=whose.thread_ts, keys=names)
        return Found(tuple(jobs), frozenset(kept), frozenset(kept | names))

    def forget(self, found: Found) -> ForgetReport:
        """Forget what was found, but for what is in hand."""
        waiting = set(map(str, found.waiting))
        names = found.names - waiting
        # First of all: a process that collects just now keeps none of these any more.
        exchanges = self._history.forget(names, self._clock(), is_made=self._has_history and bool(names))
        blanked, busy, damaged = 0, [], []
        for job in found.ended:
            try:
                blanked += self._blank(job)
            except JobInUse:
                busy.append(str(job.key))
            except ValueError:
                damaged.append(str(job.key))
        busy += self._words.drop_mentions(names)
        self._spool.drop_rubbish()
        is_late = not self._clear_index()
        return ForgetReport(exchanges, blanked, tuple(busy), tuple(damaged), is_late)

    def _blank(self, job: FoundJob) -> bool:
        """Blank a job's words; return False if it has none any more. Raise JobInUse if it stays held, or ValueError."""
        for _ in range(TRIES):
            try:
                return self._words.blank(job.state, job.key)
            except JobInUse:
                self._sleep(PAUSE)
        return self._words.blank(job.state, job.key)

    def _clear_index(self) -> bool:
        """Remove from the index what the history does not keep. Return False if another process holds it too long."""
        path = index_path(self._var)
        if not os.path.exists(path):
            return True
        # Only where there is one: most machines have none.
        from cocoai.documents.database import IndexUnavailable
        from cocoai.documents.index import DocumentIndex

        with self._index_lock() as is_ours, suppress(IndexUnavailable):
            if not is_ours:
                return False
            with DocumentIndex(path) as index:
                index.remove(HISTORY, index.known(HISTORY).keys() - self._history.keys())
                if index.has_remains:
                    index.optimize()
            return True
        # A reader is busy with it, for longer than a commit waits; one that is broken has just been deleted.
        return not os.path.exists(path)

    @contextmanager
    def _index_lock(self) -> Iterator[bool]:
        """Hold the index's lock, as a context manager; yield False if another process has it for too long."""
        deadline = time.monotonic() + self._patience
        while (lock := locks.take(index_lock_path(self._var))) is None and time.monotonic() < deadline:
            self._sleep(PAUSE)
        try:
            yield lock is not None
        finally:
            if lock is not None:
                lock.release()
