"""The scoreboard: what each process is doing, in memory that all of them share.

It is a file that the master maps before it forks. Each process writes its own row and no other, so there is no lock
and nothing to wait for. A row stays right when its process is killed, since pid and start time tell whether that
process still lives. Every program that may read the file can look, without asking a process.
Which record lies where is scoreboard_row.py's duty, reading it from outside scoreboard_snapshot.py's; what keys and
reasons mean, only the application knows.
"""

from __future__ import annotations

import ctypes
import logging
import mmap
import os
import time
from collections.abc import Collection, Sequence

from cocoai.engine.process.proc import start_time
from cocoai.engine.process.scoreboard_row import (
    BUSY,
    FIRST_JOB,
    FIRST_WORKER,
    HELPER,
    IDLE,
    MASTER,
    PoolRecord,
    Row,
    RowRecord,
    ScoreboardMemory,
    decoded,
    encoded,
    is_alive,
    mapped,
    size_for,
    stamp,
    with_other,
)

log = logging.getLogger(__name__)


class Scoreboard:
    """A process's hold on the scoreboard. `own_row` is its row: before `begin`, one that no other process sees.

    `path` is where the file lies; None keeps it in memory that only this process and its children share.
    `reasons` are the names of the counters of refused requests: at most 13, to which `other` is added.
    """

    def __init__(self, path: str | None, *, slots: int, reasons: Sequence[str] = ()) -> None:
        self.memory_sharing = ""
        self._path = path
        self._slots = slots
        self._reasons = with_other(reasons)
        self._memory = ScoreboardMemory(mmap.mmap(-1, size_for(slots)))
        self._unseen = self.own_row = self._row(MASTER, "master")

    def begin(self, least: int, most: int) -> None:
        """Map the file, in the master before it forks; `least` and `most` are its limits of workers.

        A master that re-executed itself goes on counting; any other begins at 0. If the file cannot be made, no
        other program sees the scoreboard, and the pool works all the same.
        """
        self._memory = ScoreboardMemory(self._shared())
        self.own_row = self._row(MASTER, "master")
        pool, record = self._memory.pool, self.own_row.record
        pid = os.getpid()
        start = start_time(pid)
        is_reload = (record.pid, record.start) == (pid, start)
        if not is_reload:
            self._forget()
            pool.started = time.time()
        pool.reloaded = time.time() if is_reload else 0.0
        pool.least, pool.most = least, most
        pool.memory_sharing = encoded(self.memory_sharing, PoolRecord.memory_sharing.size)  # type: ignore[attr-defined]
        record.pid, record.start = pid, start
        pool.stamp = stamp(self._reasons)

    def _shared(self) -> mmap.mmap:
        size = size_for(self._slots)
        if self._path is None:
            return mmap.mmap(-1, size)
        try:
            return mapped(self._path, size, stamp(self._reasons))
        except OSError:
            log.exception("scoreboard outcome=not-kept")
            return mmap.mmap(-1, size)

    def _forget(self) -> None:
        """Drop what an earlier pool has counted. Its processes that still live keep their rows."""
        ctypes.memset(ctypes.addressof(self._memory.pool), 0, ctypes.sizeof(PoolRecord))
        for number, record in enumerate(self._memory.rows):
            if number == MASTER or not is_alive(record):
                # Up to the texts about the last error, which an operator will look for.
                ctypes.memset(ctypes.addressof(record), 0, RowRecord.kind.offset)  # type: ignore[attr-defined]

    # rows

    def take_row(self, row: Row) -> None:
        """Make this row the process's own, in a forked child."""
        self.own_row = row
        row.take()

    def release_row(self) -> None:
        """Forget the parent's row in a forked child, or one's own when it is done: no other process sees it then."""
        self.own_row = self._unseen

    def worker_row(self, taken: Collection[int]) -> Row:
        """Return a free row for a worker that the master is about to fork. Raise LookupError if there is none.

        Rows in `taken` are passed over: their workers are forked, but have not written their pids yet.
        """
        for number in range(FIRST_WORKER, HELPER):
            if number not in taken and not is_alive(self._memory.rows[number]):
                row = self._row(number, "worker")
                row.clear()  # a killed worker's state must not pass for the new one's
                return row
        # There are rows for twice the most workers: only a master that does not reap them comes here.
        raise LookupError("no row is free")

    def row_of(self, pid: int) -> Row | None:
        """Return the row of this worker, dead or alive; None if it has none, or one of another layout's file."""
        for number in range(FIRST_WORKER, HELPER):
            if pid and self._memory.rows[number].pid == pid:
                return self._row(number, "worker")
        return None

    def helper_row(self, kind: str) -> Row:
        """Return the row of the process that does side work; `kind` is what the application calls it."""
        return self._row(HELPER, kind)

    def job_row(self, slot: int) -> Row:
        """Return the row of the process that holds this slot; beyond the last slot, a row that no process sees."""
        return self._row(FIRST_JOB + slot, "job") if slot < len(self._memory.jobs) else self._unseen

    def _row(self, number: int, kind: str) -> Row:
        return Row(self._memory.rows[number], number, kind, self._reasons)

    def free_dead_rows(self, known: Collection[int]) -> None:
        """Free the rows of dead workers that are not in `known`, in the master: they were an earlier master's."""
        for number in range(FIRST_WORKER, HELPER):
            record = self._memory.rows[number]
            if number not in known and record.pid and not is_alive(record):
                self._row(number, "worker").clear()

    # what processes are doing

    def job_pids(self) -> list[int]:
        """Return the pids of the helper and of the job processes."""
        return [record.pid for record in self._memory.rows[HELPER:] if is_alive(record)]

    def in_hand(self) -> frozenset[str]:
        """Return the keys of the jobs that are being worked on now."""
        return frozenset(decoded(record.key) for record in self._working())

    def busy_jobs(self) -> int:
        """Return how many job processes are busy; one that died a moment ago is still counted."""
        return sum(1 for record in self._memory.jobs if record.state == BUSY)

    def process_of_job(self, key: str) -> tuple[int, int] | None:
        """Return pid and start time of the process that works on the job `key`; None if no process does."""
        for record in self._working():
            if decoded(record.key) == key:
                return record.pid, record.start
        return None

    def _working(self) -> list[RowRecord]:
        return [record for record in self._memory.jobs if record.state == BUSY and is_alive(record)]

    def state(self, row: Row) -> tuple[int, float, int]:
        """Return a process's state (IDLE, BUSY …), the seconds it has been in it, and its requests so far."""
        record = row.record
        return record.state, time.monotonic() - record.since, record.requests

    def key(self, row: Row) -> str:
        """Return the key of what the process is doing; empty if that is nothing, or not known yet."""
        return decoded(row.record.key)

    def count_active(self) -> int:
        """Return how many workers are busy now, and remember the most that were seen so."""
        busy = sum(1 for record in self._memory.workers if record.state == BUSY)
        self.counters.most_active = max(busy, self.counters.most_active)
        return busy

    def has_idle_worker(self) -> bool:
        """Check whether a worker waits for a request now."""
        return any(record.state == IDLE for record in self._memory.workers)

    # counters

    @property
    def counters(self) -> PoolRecord:
        """Return the pool's record, whose counters the master raises."""
        return self._memory.pool

    def merge_counters(self, row: Row) -> None:
        """Add what a worker has counted to the pool's sums and free its row, once the master has reaped it."""
        pool, record = self._memory.pool, row.record
        pool.requests += record.requests
        record.requests = 0
        for reason, count in enumerate(record.refused):
            pool.refused[reason] += count
            record.refused[reason] = 0
        row.clear()
