"""Keep the master's table of workers: spawn those that are missing, stop those that are not needed.

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
    idle_timeout: float = 60.0
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
    """True once it has written `+`."""
    slow_request: int = -1
    """The number of its last request that was reported as slow; -1 if there was none."""


class Workers:
    """The table of workers, by pid. A worker is a process that has a row and runs `serve(listener, lifeline)`."""

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

    # the table

    def __iter__(self) -> Iterator[WorkerProcess]:
        return iter([*self.current.values(), *self.old.values(), *self.stopping.values()])

    def adopt(self, lifelines: Mapping[int, socket.socket]) -> None:
        """Enter the workers that this process had before a reload, as old ones; `lifelines` are by pid."""
        for pid, lifeline in lifelines.items():
            lifeline.settimeout(0)
            self.old[pid] = WorkerProcess(pid, lifeline, self._board.row_of(pid), time.monotonic(), is_accepting=True)

    def lifelines(self) -> dict[int, socket.socket]:
        """Return the lifelines, by pid, of the current and old workers: what a reload hands over."""
        return {worker.pid: worker.lifeline for worker in self._serving()}

    def _serving(self) -> list[WorkerProcess]:
        return [*self.current.values(), *self.old.values()]

    def read_ready(self, ready: Iterable[object]) -> None:
        """Read, without waiting, the lifelines in `ready`, and note which workers have begun to accept."""
        for worker in self._serving():
            if worker.lifeline in ready:
                # `!` needs no action: it only wakes the master, which finds the need on the scoreboard.
                worker.is_accepting = b"+" in _read(worker.lifeline) or worker.is_accepting

    def state(self, worker: WorkerProcess) -> tuple[int, float, int]:
        """Return the worker's state on its row, its seconds in it, its requests so far; zeros if it has no row."""
        return self._board.state(worker.row) if worker.row else (0, 0.0, 0)

    # spawning

    def spawn_missing(self) -> float:
        """Spawn workers up to the least number, and one more if a connection has waited for QUEUING seconds.

        None is spawned in the pause after a failure (`_back_off`). Return the seconds after which a connection that has
        just begun to queue should be looked at again; infinity if there is none.
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
        """Return True if the master must watch for a connection: no worker is free, and one may be spawned."""
        is_new = self._queue_since is None
        return is_new and self._has_room() and self._may_spawn() and not self._is_worker_available()

    def _seconds_left_to_queue(self) -> float:
        """Return the seconds that a connection may still wait for a worker; 0 or less if it has waited enough."""
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
        """Return True if a worker is idle or may soon be: one that is starting, or one whose row cannot be read."""
        return any(not worker.is_accepting or self.state(worker)[0] != BUSY for worker in self._serving())

    def _spawn_for_queue(self) -> None:
        """Spawn a worker for a waiting connection if that is allowed now; report it if there are the most already."""
        self._board.count_active()  # all are busy: perhaps the most that ever were
        if not self._has_room():
            self._report_full()
        elif self._may_spawn():
            self._spawn()
            self._queue_since = None

    def _report_full(self) -> None:
        """Count that the pool became full: its most workers are all busy and a connection waits. Log only the first."""
        if not self._is_full:
            self._board.counters.most_reached += 1
        if not self._is_full_logged:
            log.warning("pool outcome=most-workers-reached most=%d: raise [pool] workers", self.limits.most)
        self._is_full = self._is_full_logged = True

    def _spawn(self) -> None:
        """Fork a worker and enter it as a current one; if there can be none, log it and put off the next spawn."""
        try:
            worker = self._fork()
        except (OSError, LookupError):
            log.exception("worker outcome=not-forked")
            self._back_off()
        else:
            self.current[worker.pid] = worker
            self._board.counters.spawned += 1

    def _fork(self) -> WorkerProcess:
        """Fork a worker and return it. Raise OSError if there can be no process, LookupError if no row is free."""
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
        """Put off the next spawn: by a second, twice as long after each further failure, at most LONGEST_BACK_OFF."""
        seconds = min(LONGEST_BACK_OFF, 2.0 ** min(self._deaths, 10))  # a night of deaths is more than a float holds
        self._deaths += 1
        self._spawn_at = time.monotonic() + seconds
        log.error("worker outcome=back-off seconds=%d", seconds)

    # stopping

    def stop(self, worker: WorkerProcess) -> None:
        """Close this worker's lifeline, so that it ends after the request in hand, and move it to `stopping`."""
        # No request is lost: an idle worker stops before it accepts another, a busy one when its request is done.
        log.info("worker pid=%d outcome=dismissed", worker.pid)
        worker.lifeline.close()
        self.current.pop(worker.pid, None)
        self.old.pop(worker.pid, None)
        self.stopping[worker.pid] = worker

    def stop_old(self) -> None:
        """Stop the old workers once the least number of current ones is there (at once if it is 0) and all accept."""
        are_ready = all(worker.is_accepting for worker in self.current.values())
        if are_ready and len(self.current) >= self.limits.least:
            for worker in tuple(self.old.values()):
                self.stop(worker)

    def stop_idle(self) -> None:
        """Stop the worker idle longest, if it is so for `idle_timeout` and more than the least are there."""
        if len(self.current) > self.limits.least:
            idle = {pid: self._idle_seconds(worker) for pid, worker in self.current.items()}
            pid = max(idle, key=idle.__getitem__)
            if idle[pid] > self.limits.idle_timeout:
                self.stop(self.current[pid])

    def _idle_seconds(self, worker: WorkerProcess) -> float:
        state, since, _ = self.state(worker)
        return since if state == IDLE and worker.is_accepting else 0.0

    # exits

    def on_exit(self, pid: int, status: int) -> None:
        """Remove the child `pid` of the master, which has ended, from table and scoreboard; log it if it failed.

        `status` is as os.waitstatus_to_exitcode gives it. A child that is not in the table was told to stop before a
        reload.
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
        """Log and count a worker that was ended by its request's alarm, or died; do nothing if it ended by itself."""
        if status == -signal.SIGALRM:
            key = self._board.key(row) if row else ""
            log.warning("worker pid=%d outcome=timed-out key=%s", pid, key or "none")
            self._board.counters.timed_out += 1
        elif status:
            log.warning("worker pid=%d outcome=died status=%d", pid, status)
            self._board.counters.died += 1

    def _back_off_after_failure(self, worker: WorkerProcess, status: int) -> None:
        """Put off the next spawn if the worker failed before it was YOUNG seconds old; else forget earlier deaths."""
        # A worker that accepted and was killed from outside had no fault: the next one will serve.
        is_without_fault = status in (0, -signal.SIGALRM) or (status == -signal.SIGKILL and worker.is_accepting)
        if not is_without_fault and time.monotonic() - worker.started < YOUNG:
            self._back_off()
        else:
            self._deaths = 0


def is_readable(listener: socket.socket) -> bool:
    """Return True if a connection waits to be accepted now."""
    ready, _, _ = select.select([listener], [], [], 0)
    return bool(ready)


def _read(lifeline: socket.socket) -> bytes:
    """Return what the worker has written; b"" if that is nothing, or its end is closed (SIGCHLD reports the exit)."""
    try:
        return lifeline.recv(64)
    except OSError:
        return b""
