"""The master's look at its workers: who is slow, who has grown too big, who is no longer needed.

All of it is read on the scoreboard or in /proc; no worker is asked, and a look costs microseconds.
"""

from __future__ import annotations

import logging
import os
import signal

from cocoai.engine.pool.workers import WorkerProcess, Workers
from cocoai.engine.process import proc
from cocoai.engine.process.scoreboard import Scoreboard
from cocoai.engine.process.scoreboard_row import BUSY, OUTGROWN, SLOW

HEARTBEAT = 0.75
"""Seconds between two looks: the longest that a connection waits unseen when every worker hangs.

Under a second, in which the pool is to answer; and no shorter, since each wake costs the master some 0.2 ms.
"""

KIB_PER_MIB = 1024

log = logging.getLogger(__name__)


class Monitor:
    """What a look finds, it does something about."""

    def __init__(self, workers: Workers, board: Scoreboard) -> None:
        self._workers = workers
        self._board = board

    def look(self) -> None:
        """At each heartbeat."""
        self._board.active()
        self._workers.dismiss_idle()

    def free_dead_rows(self) -> None:
        """Now and then: the rows of workers whose master was killed are nobody's."""
        self._board.free_dead_rows({worker.seat.row for worker in self._workers if worker.seat})

    def report_slow(self) -> float:
        """Each slow request once. Returns the seconds until the next could be one; at most a heartbeat."""
        next_look = HEARTBEAT
        for worker in self._workers:
            state, since, number = self._workers.state(worker)
            if state == BUSY and number != worker.told_slow:
                left = self._workers.limits.slow_request - since
                if left <= 0:
                    worker.told_slow = number
                    self._tell_slow(worker, since)
                else:
                    next_look = min(next_look, left)
        return next_look

    def _tell_slow(self, worker: WorkerProcess, seconds: float) -> None:
        key = self._board.key(worker.seat) if worker.seat else ""
        log.warning("worker pid=%d outcome=slow key=%s seconds=%.1f", worker.pid, key or "none", seconds)
        self._board.count(SLOW)
        os.kill(worker.pid, signal.SIGUSR2)  # it writes its stack; ours and not buried, so the pid is its own

    def check_memory(self) -> None:
        """Each minute: whoever has grown too big is replaced. By PSS: RSS counts what all of them share."""
        for worker in tuple(self._workers.ours.values()):
            mib = _pss(worker.pid) / KIB_PER_MIB
            if mib > self._workers.limits.max_worker_mib:
                log.warning("worker pid=%d outcome=outgrown mib=%.1f", worker.pid, mib)
                self._board.count(OUTGROWN)
                self._workers.dismiss(worker)


def _pss(pid: int) -> int:
    """In KiB; 0 where it cannot be read: one that has just died, or a system that does not tell."""
    try:
        return proc.memory_use(pid).pss
    except OSError:
        return 0
