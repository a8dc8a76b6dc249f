"""The scoreboard: it shows what each process of the pool is doing, in memory that all of them share.

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
from cocoai.engine.process.scoreboard_records import ABSENCES, PoolRecord, RowRecord
from cocoai.engine.process.scoreboard_row import (
    BUSY,
    FIRST_JOB,
    FIRST_WORKER,
    HELPER,
    IDLE,
    LINGERING,
    MASTER,
    Row,
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
    """One process's access to the scoreboard: it reads every row, and writes its own, `own_row`.

    Before `begin`, and after `release_row`, `own_row` is a row that no other process sees. `path` is where the file
    lies; None keeps it in memory that only this process and its children share. `slots` is the number of job slots.
    `reasons` are the names of the counters of refused requests: at most 15, to which `other` is added. What `begin`
    shows of the pool besides its limits is set before: `version` and `commit` name its code, `memory_sharing` is the
    outcome of copy_on_write.freeze_memory.
    """

    def __init__(self, path: str | None, *, slots: int, reasons: Sequence[str] = ()) -> None:
        self.version = self.commit = self.memory_sharing = ""
        self._path = path
        self._slots = slots
        self._reasons = with_other(reasons)
        self._memory = ScoreboardMemory(mmap.mmap(-1, size_for(slots)))
        self._unseen = self.own_row = self._row(MASTER, "master")

    def begin(self, least: int, most: int) -> None:
        """Map the scoreboard's file and take the master's row, in the master before its first fork.

        `least` and `most` are its limits of workers, for readers to see. A master that re-executed itself goes on
        counting; any other begins at 0. If the file cannot be made, that is logged, no other program sees the
        scoreboard, and the pool works all the same.
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
        for name in ("version", "commit", "memory_sharing"):
            setattr(pool, name, encoded(getattr(self, name), getattr(PoolRecord, name).size))
        record.pid, record.start = pid, start
        pool.stamp = stamp(self._reasons)

    def _shared(self) -> mmap.mmap:
        """Map the file at `path` and return the memory, shared with each process that maps it.

        If `path` is None, or the file cannot be made (which is logged), only this process and its children share the
        memory.
        """
        size = size_for(self._slots)
        if self._path is None:
            return mmap.mmap(-1, size)
        try:
            return mapped(self._path, size, stamp(self._reasons))
        except OSError:
            log.exception("scoreboard outcome=not-kept")
            return mmap.mmap(-1, size)

    def _forget(self) -> None:
        """Set an earlier pool's counters to 0, and clear the rows of the master and of processes that no longer live.

        Its processes that still live keep their rows, and every row keeps its last error.
        """
        ctypes.memset(ctypes.addressof(self._memory.pool), 0, ctypes.sizeof(PoolRecord))
        for number, record in enumerate(self._memory.rows):
            if number == MASTER or not is_alive(record):
                # Up to the texts about the last error, which an operator will look for.
                ctypes.memset(ctypes.addressof(record), 0, RowRecord.kind.offset)  # type: ignore[attr-defined]

    # rows

    def take_row(self, row: Row) -> None:
        """Make `row` this process's `own_row`, and write its pid into it: in the child that the row is meant for."""
        self.own_row = row
        row.take()

    def release_row(self) -> None:
        """Set `own_row` to a row that no other process sees, and leave the earlier row unchanged.

        A forked child calls it to stop writing its parent's row, another process when it is done with its own.
        """
        self.own_row = self._unseen

    def worker_row(self, taken: Collection[int]) -> Row:
        """Find a free row for a worker that the master is about to fork, clear it and return it.

        Row numbers in `taken` are passed over: their workers are forked, but have not written their pids yet. If there
        was no worker, it is counted for how long. Raise LookupError if no row is free.
        """
        if not taken:
            self._count_absence()
        for number in range(FIRST_WORKER, HELPER):
            if number not in taken and not is_alive(self._memory.rows[number]):
                row = self._row(number, "worker")
                row.clear()  # a killed worker's state must not pass for the new one's
                return row
        # There are rows for twice the most workers: only a master that does not reap them comes here.
        raise LookupError("no row is free")

    def _count_absence(self) -> None:
        """Count, by its length, the time in which there was no worker, if it ends now."""
        pool = self._memory.pool
        if pool.none_since:
            seconds = time.monotonic() - pool.none_since
            pool.absences[sum(seconds > end for end in ABSENCES)] += 1
            pool.none_since = 0.0

    def row_of(self, pid: int) -> Row | None:
        """Return the row of the worker `pid`, dead or alive; None if no worker's row has this pid.

        A worker from before a reload may write another file, whose layout was another.
        """
        for number in range(FIRST_WORKER, HELPER):
            if pid and self._memory.rows[number].pid == pid:
                return self._row(number, "worker")
        return None

    def helper_row(self, kind: str) -> Row:
        """Return the row of the one process that does side work; `kind` is its name there."""
        return self._row(HELPER, kind)

    def lingering_row(self) -> Row:
        """Return the row of the one process that has done its jobs, and waits for another."""
        return self._row(LINGERING, "linger")

    def job_row(self, slot: int) -> Row:
        """Return the row of the process that holds this slot; for one beyond the last, a row that no process sees."""
        return self._row(FIRST_JOB + slot, "job") if slot < len(self._memory.jobs) else self._unseen

    def _row(self, number: int, kind: str) -> Row:
        return Row(self._memory.rows[number], number, kind, self._reasons)

    def free_dead_rows(self, known: Collection[int]) -> None:
        """Free the rows of dead workers of an earlier master, which this master will never reap.

        `known` are the numbers of the rows of its own workers, which are left alone.
        """
        for number in range(FIRST_WORKER, HELPER):
            record = self._memory.rows[number]
            if number not in known and record.pid and not is_alive(record):
                self._row(number, "worker").clear()

    # what processes are doing

    def job_pids(self) -> list[int]:
        """Return the pids of the living processes that do jobs: the helper, the lingering one and those with a slot."""
        return [record.pid for record in self._memory.rows[HELPER:] if is_alive(record)]

    def in_hand(self) -> frozenset[str]:
        """Return the keys of the jobs that living processes are working on now."""
        return frozenset(decoded(record.key) for record in self._working())

    def busy_jobs(self) -> int:
        """Return how many job processes are busy; one that was killed, and has left its row so, does not count."""
        return len(self._working())

    def process_of_job(self, key: str) -> tuple[int, int] | None:
        """Return pid and start time of the process that works on the job `key`; None if no process does."""
        for record in self._working():
            if decoded(record.key) == key:
                return record.pid, record.start
        return None

    def helper_process(self) -> tuple[int, int] | None:
        """Return pid and start time of the living helper process; None if there is none."""
        record = self._memory.rows[HELPER]
        return (record.pid, record.start) if is_alive(record) else None

    def lingering_process(self, key: str) -> tuple[int, int] | None:
        """Return pid and start time of the process that lingers with this key in its row; None if none does.

        It may have been killed since: its row is not compared with /proc.
        """
        record = self._memory.rows[LINGERING]
        is_waiting = record.state == IDLE and decoded(record.key) == key
        return (record.pid, record.start) if is_waiting else None

    def _working(self) -> list[RowRecord]:
        """Return the rows of the job processes that are busy and alive."""
        return [record for record in self._memory.jobs if record.state == BUSY and is_alive(record)]

    def state(self, row: Row) -> tuple[int, float, int]:
        """Return three numbers about the process with this row: state, seconds in it, requests so far.

        The state is STARTING, IDLE or BUSY; 0 for a free row.
        """
        record = row.record
        return record.state, time.monotonic() - record.since, record.requests

    def key(self, row: Row) -> str:
        """Return the key of the request or job that the process with this row has in hand or, if idle, had last.

        It is empty if there was none, or if it is not known yet.
        """
        return decoded(row.record.key)

    def count_active(self) -> int:
        """Count the workers that are busy now, and keep the number in `most_active` if it is the highest so far.

        Return the number.
        """
        busy = sum(1 for record in self._memory.workers if record.state == BUSY)
        self.counters.most_active = max(busy, self.counters.most_active)
        return busy

    def has_idle_worker(self) -> bool:
        """Return True if at least one worker waits for a request now."""
        return any(record.state == IDLE for record in self._memory.workers)

    # counters

    @property
    def counters(self) -> PoolRecord:
        """Return the pool's record in the shared memory; the master alone raises its counters."""
        return self._memory.pool

    def merge_counters(self, row: Row) -> None:
        """Add a worker's counts of requests and refusals to the pool's sums, and free its row.

        The master calls it once it has reaped the worker.
        """
        pool, record = self._memory.pool, row.record
        pool.requests += record.requests
        pool.no_slot += record.no_slot
        record.requests = record.no_slot = 0
        for reason, count in enumerate(record.refused):
            pool.refused[reason] += count
            record.refused[reason] = 0
        row.clear()
        if not any(record.pid for record in self._memory.workers):
            pool.none_since = time.monotonic()
