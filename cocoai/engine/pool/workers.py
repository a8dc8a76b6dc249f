"""The master's table of workers: which there are, which are missing, which are to stop.

    current    of this master's own code: as many as are wanted
    old        of the code before a reload: they serve until the current ones accept
    stopping   their lifelines are closed: they finish the request in hand

A lifeline is a socket pair between the master and one worker. The worker writes `+` to it when it accepts, and `!`
when it finds a connection waiting and no worker idle. It stops when the other end is closed, which the master's death
does too. What each worker is doing the master reads on the scoreboard; no worker is asked.
"""

from __future__ import annotations

import logging
import math
import select
import signal
import socket
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from cocoai.engine.process import fork
from cocoai.engine.process.scoreboard import Scoreboard
from cocoai.engine.process.scoreboard_row import BUSY, IDLE, Row

LONGEST_BACK_OFF = 30.0
"""Seconds between two spawns when workers die as soon as they start."""

YOUNG = 1.0
"""Seconds: a worker that dies younger has not been able to serve."""

QUEUING = 0.005
"""Seconds for which a connection may find all workers busy before another is spawned: most requests take less."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class WorkerLimits:
    """How many workers there may be, and what each may take. Times are in seconds, memory is PSS in MiB.

    `least` are always there; up to `most` come when all are busy, and stop again when idle for `idle_timeout`.
    A request that takes longer than `slow_request` has its stack written to the log.
    """

    least: int
    most: int
    idle_timeout: float = 10.0
    slow_request: float = 1.0
    max_worker_mib: float = 32.0


@dataclass
class WorkerProcess:
    """One worker, as the master knows it. `started` is on the monotonic clock."""

    pid: int
    lifeline: socket.socket
    row: Row | None
    """Its row of the scoreboard; None if it writes a file of another layout, from before a reload."""
    started: float
    is_accepting: bool = False
    slow_request: int = -1
    """The number of its last request that was reported as slow; -1 if there was none."""


class Workers:
    """The table of workers. `serve(listener, lifeline)` is a worker's life; it runs in a process that has its row."""

    def __init__(
        self,
        listener: socket.socket,
        serve: Callable[[socket.socket, socket.socket], None],
        limits: WorkerLimits,
        board: Scoreboard,
    ) -> None:
        self.current: dict[int, WorkerProcess] = {}
        self.old: dict[int, WorkerProcess] = {}
        self.stopping: dict[int, WorkerProcess] = {}
        self.limits = limits
        self._listener = listener
        self._serve = serve
        self._board = board
        self._deaths = 0
        self._spawn_at = 0.0
        self._queue_since: float | None = None
        self._is_full = False
        self._is_full_logged = False

    # who is there

    def __iter__(self) -> Iterator[WorkerProcess]:
        return iter([*self.current.values(), *self.old.values(), *self.stopping.values()])

    def adopt(self, lifelines: Mapping[int, socket.socket]) -> None:
        """Take over the workers that this process had before a reload, as old ones; `lifelines` are by pid."""
        for pid, lifeline in lifelines.items():
            lifeline.settimeout(0)
            self.old[pid] = WorkerProcess(pid, lifeline, self._board.row_of(pid), time.monotonic(), is_accepting=True)

    def lifelines(self) -> dict[int, socket.socket]:
        """Return the lifelines of all that serve, by pid: what a reload hands over."""
        return {worker.pid: worker.lifeline for worker in self._serving()}

    def _serving(self) -> list[WorkerProcess]:
        return [*self.current.values(), *self.old.values()]

    def read_ready(self, ready: Iterable[object]) -> None:
        """Read what workers have written to the lifelines in `ready`."""
        for worker in self._serving():
            if worker.lifeline in ready:
                # `!` needs no action: it only wakes the master, which finds the need on the scoreboard.
                worker.is_accepting = b"+" in _read(worker.lifeline) or worker.is_accepting

    def state(self, worker: WorkerProcess) -> tuple[int, float, int]:
        """Return the worker's state on the scoreboard, the seconds it has been in it, and its requests so far."""
        return self._board.state(worker.row) if worker.row else (0, 0.0, 0)

    # who is wanted

    def spawn_missing(self) -> float:
        """Spawn up to the least number of workers, and one more if a connection has to queue.

        Return the seconds after which a connection that has just begun to queue should be looked at again; infinity
        if there is none.
        """
        while len(self.current) < self.limits.least and self._may_spawn():
            self._spawn()
        if self._is_worker_available():
            self._is_full = False
            self._queue_since = None
        elif not is_readable(self._listener):
            self._queue_since = None
        elif (left := self._seconds_left_to_queue()) > 0:
            return left
        else:
            self._spawn_for_queue()
        return math.inf

    def is_listener_unattended(self) -> bool:
        """Check whether the master itself must watch for the next connection, since no worker is there to accept it."""
        is_new = self._queue_since is None
        return is_new and self._has_room() and self._may_spawn() and not self._is_worker_available()

    def _seconds_left_to_queue(self) -> float:
        if not self._serving():
            return 0.0  # there is no worker to queue for
        if self._queue_since is None:
            self._queue_since = time.monotonic()
        return self._queue_since + QUEUING - time.monotonic()

    def _has_room(self) -> bool:
        return len(self.current) < self.limits.most

    def _may_spawn(self) -> bool:
        return time.monotonic() >= self._spawn_at

    def _is_worker_available(self) -> bool:
        """Check whether a worker is idle or may soon be: one that is starting, or one whose row cannot be read."""
        return any(not worker.is_accepting or self.state(worker)[0] != BUSY for worker in self._serving())

    def _spawn_for_queue(self) -> None:
        self._board.count_active()  # all are busy: perhaps the most that ever were
        if not self._has_room():
            self._report_full()
        elif self._may_spawn():
            self._spawn()
            self._queue_since = None

    def _report_full(self) -> None:
        """Count each time that there were too few workers; log only the first."""
        if not self._is_full:
            self._board.counters.most_reached += 1
        if not self._is_full_logged:
            log.warning("pool outcome=most-workers-reached most=%d: raise [pool] workers", self.limits.most)
        self._is_full = self._is_full_logged = True

    def _spawn(self) -> None:
        try:
            worker = self._fork()
        except (OSError, LookupError):
            log.exception("worker outcome=not-forked")
            self._back_off()
        else:
            self.current[worker.pid] = worker
            self._board.counters.spawned += 1

    def _fork(self) -> WorkerProcess:
        row = self._board.worker_row({worker.row.number for worker in self if worker.row})
        ours, theirs = socket.socketpair()

        def live() -> None:
            self._board.take_row(row)
            self._serve(self._listener, theirs)

        with theirs:
            try:
                kept = frozenset({self._listener.fileno(), theirs.fileno()})
                pid = fork.fork(live, name="cocoai-worker", keep=kept, detach=False)
            except OSError:
                ours.close()
                raise
        ours.settimeout(0)
        return WorkerProcess(pid, ours, row, time.monotonic())

    def _back_off(self) -> None:
        """Put off the next spawn: by a second, and by twice as long after each further death."""
        seconds = min(LONGEST_BACK_OFF, 2.0 ** min(self._deaths, 10))  # a night of deaths is more than a float holds
        self._deaths += 1
        self._spawn_at = time.monotonic() + seconds
        log.error("worker outcome=back-off seconds=%d", seconds)

    # who is to stop

    def stop(self, worker: WorkerProcess) -> None:
        """Let this worker stop by closing its lifeline.

        No request is lost: an idle worker stops before it accepts another, a busy one when its request is done.
        """
        log.info("worker pid=%d outcome=dismissed", worker.pid)
        worker.lifeline.close()
        self.current.pop(worker.pid, None)
        self.old.pop(worker.pid, None)
        self.stopping[worker.pid] = worker

    def stop_old(self) -> None:
        """Stop the old workers once all current ones accept; at once where no current one need be there."""
        are_ready = all(worker.is_accepting for worker in self.current.values())
        if are_ready and len(self.current) >= self.limits.least:
            for worker in tuple(self.old.values()):
                self.stop(worker)

    def stop_idle(self) -> None:
        """Stop the worker that has been idle longest, if that is long enough and there are more than the least."""
        if len(self.current) > self.limits.least:
            idle = {pid: self._idle_seconds(worker) for pid, worker in self.current.items()}
            pid = max(idle, key=idle.__getitem__)
            if idle[pid] > self.limits.idle_timeout:
                self.stop(self.current[pid])

    def _idle_seconds(self, worker: WorkerProcess) -> float:
        state, since, _ = self.state(worker)
        return since if state == IDLE and worker.is_accepting else 0.0

    # who has ended

    def on_exit(self, pid: int, status: int) -> None:
        """Drop the child `pid` of the master, which has ended, from table and scoreboard.

        `status` is as os.waitstatus_to_exitcode gives it. A child that is not in the table was told to stop before
        a reload.
        """
        current = self.current.pop(pid, None)
        worker = current or self.old.pop(pid, None) or self.stopping.pop(pid, None)
        row = worker.row if worker else self._board.row_of(pid)
        if worker:
            worker.lifeline.close()
        if worker or row:
            self._report_exit(pid, status, row)
        if row:
            self._board.merge_counters(row)
        if current:
            self._back_off_after_failure(current, status)

    def _report_exit(self, pid: int, status: int, row: Row | None) -> None:
        if status == -signal.SIGALRM:
            key = self._board.key(row) if row else ""
            log.warning("worker pid=%d outcome=timed-out key=%s", pid, key or "none")
            self._board.counters.timed_out += 1
        elif status:
            log.warning("worker pid=%d outcome=died status=%d", pid, status)
            self._board.counters.died += 1

    def _back_off_after_failure(self, worker: WorkerProcess, status: int) -> None:
        """Put off the next spawn if the worker died too young to have served."""
        # A worker that accepted and was killed from outside had no fault: the next one will serve.
        is_without_fault = status in (0, -signal.SIGALRM) or (status == -signal.SIGKILL and worker.is_accepting)
        if not is_without_fault and time.monotonic() - worker.started < YOUNG:
            self._back_off()
        else:
            self._deaths = 0


def is_readable(listener: socket.socket) -> bool:
    """Check whether a connection waits to be accepted now."""
    ready, _, _ = select.select([listener], [], [], 0)
    return bool(ready)


def _read(lifeline: socket.socket) -> bytes:
    """Return what the worker wrote, or b"" when its end is closed (SIGCHLD reports the exit)."""
    try:
        return lifeline.recv(64)
    except OSError:
        return b""
