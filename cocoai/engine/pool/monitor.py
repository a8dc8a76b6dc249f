"""Check the master's workers: which are slow, which have grown too big, which are no longer needed.

All of it is read on the scoreboard or in /proc; no worker is asked, and a look costs microseconds.
"""

from __future__ import annotations

import logging
import os
import signal

from cocoai.engine.pool.workers import WorkerProcess, Workers
from cocoai.engine.process import proc
from cocoai.engine.process.scoreboard import Scoreboard
from cocoai.engine.process.scoreboard_row import BUSY

HEARTBEAT = 0.75
"""Seconds between two looks: the longest that a connection waits unseen when every worker hangs.

Under a second, in which the pool is to respond; and no shorter, since each wake costs the master some 0.1 ms.
"""

RESTING, EMPTY = 2, 4
"""Heartbeats between two looks: while no worker has served anything since the last one, so that a lone request that
hangs is still reported before its alarm; and while there is no worker, when the master itself waits for connections.
"""

KIB_PER_MIB = 1024

log = logging.getLogger(__name__)


class Monitor:
    """The master's periodic checks of its workers, each with what it does about a finding.

    `heartbeat` is in seconds.
    """

    def __init__(self, workers: Workers, board: Scoreboard, heartbeat: float) -> None:
        self._workers = workers
        self._board = board
        self._heartbeat = heartbeat
        self._served = -1

    def look(self) -> float:
        """Count the busy workers for the scoreboard, and stop one that is no longer needed.

        Return the seconds until the next look.
        """
        self._board.count_active()
        self._workers.stop_idle()
        served, before = sum(self._workers.state(worker)[2] for worker in self._workers), self._served
        self._served = served
        return self._heartbeat if served != before else self._longest_pause()

    def _longest_pause(self) -> float:
        """Return the seconds for which nobody need look while nothing is served."""
        return self._heartbeat * (RESTING if any(self._workers) else EMPTY)

    def free_dead_rows(self) -> None:
        """Free the scoreboard's rows of dead workers that are not in the table: their master was killed."""
        self._board.free_dead_rows({worker.row.number for worker in self._workers if worker.row})

    def report_slow(self) -> float:
        """Report, once each, the requests that have taken longer than the limit `slow_request`.

        Return the seconds until the next request in hand could become slow, at most a heartbeat; if none is in hand,
        until the next one should be looked for.
        """
        next_look = self._longest_pause()
        for worker in self._workers:
            state, since, number = self._workers.state(worker)
            if state != BUSY:
                continue
            next_look = min(next_look, self._heartbeat)
            if number != worker.slow_request:
                left = self._workers.limits.slow_request - since
                if left <= 0:
                    worker.slow_request = number
                    self._report(worker, since)
                else:
                    next_look = min(next_look, left)
        return next_look

    def _report(self, worker: WorkerProcess, seconds: float) -> None:
        """Log and count a request in hand that has taken `seconds`, and let its worker write its stack to the log."""
        key = self._board.key(worker.row) if worker.row else ""
        log.warning("worker pid=%d outcome=slow key=%s seconds=%.1f", worker.pid, key or "none", seconds)
        self._board.counters.slow += 1
        os.kill(worker.pid, signal.SIGUSR2)  # it writes its stack; a child not yet reaped, so the pid is its own

    def check_memory(self) -> None:
        """Stop each current worker whose memory is above `max_worker_mib`; the master spawns another if needed.

        Its PSS counts, for RSS counts what all of them share.
        """
        for worker in tuple(self._workers.current.values()):
            mib = _pss(worker.pid) / KIB_PER_MIB
            if mib > self._workers.limits.max_worker_mib:
                log.warning("worker pid=%d outcome=outgrown mib=%.1f", worker.pid, mib)
                self._board.counters.outgrown += 1
                self._workers.stop(worker)


def _pss(pid: int) -> int:
    """Return the PSS of the process `pid` in KiB; 0 if it has just died, or if the system does not tell."""
    try:
        return proc.memory_use(pid).pss
    except OSError:
        return 0
