"""The workers as the master knows them: who is there, who is wanted, who has been let go.

    ours       of this master's own code: as many as are wanted
    old        of the code before a reload: they serve until ours accept
    leaving    let go, by the end of their lifeline: they finish the request in hand

A lifeline is a socket pair between the master and one worker. The worker says `+` on it when it accepts, and `!`
when it finds a connection waiting and nobody idle; it leaves when the other end is closed, which is also what the
master's death does. What each is doing the master reads on the scoreboard: nobody is asked.
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
from cocoai.engine.process.scoreboard_row import BUSY, DIED, IDLE, MOST_REACHED, SPAWNED, TIMED_OUT, Row

LONGEST_BACK_OFF = 30.0
"""Seconds between two spawns when workers die as soon as they are born."""

YOUNG = 1.0
"""Seconds: a worker that dies younger has not been able to serve."""

QUEUING = 0.005
"""Seconds that somebody may find all workers busy before that calls for another: most requests take less."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class WorkerLimits:
    """How many workers there may be, and what each may be. Times are in seconds, memory is PSS in MiB.

    `least` are always there; up to `most` come when all are busy, and go again when idle for `idle_timeout`.
    A request that takes longer than `slow_request` has its stack written to the log.
    """

    least: int
    most: int
    idle_timeout: float = 10.0
    slow_request: float = 1.0
    max_worker_mib: float = 32.0


@dataclass
class WorkerProcess:
    """One of them. `seat`: its row of the board; none if it sits at one of another shape, from before a reload."""

    pid: int
    lifeline: socket.socket
    seat: Row | None
    born: float
    accepting: bool = False
    told_slow: int = -1
    """The request, by its number, that has been reported as slow."""


class Workers:
    """The table of them. `serve(listener, lifeline)` is a worker's life; it is run in a process that is seated."""

    def __init__(
        self,
        listener: socket.socket,
        serve: Callable[[socket.socket, socket.socket], None],
        limits: WorkerLimits,
        board: Scoreboard,
    ) -> None:
        self.ours: dict[int, WorkerProcess] = {}
        self.old: dict[int, WorkerProcess] = {}
        self.leaving: dict[int, WorkerProcess] = {}
        self.limits = limits
        self._listener = listener
        self._serve = serve
        self._board = board
        self._deaths = 0
        self._spawn_at = 0.0
        self._queue_since: float | None = None
        self._is_full = False
        self._was_told_full = False

    # who is there

    def __iter__(self) -> Iterator[WorkerProcess]:
        return iter([*self.ours.values(), *self.old.values(), *self.leaving.values()])

    def adopt(self, lifelines: Mapping[int, socket.socket]) -> None:
        """After a reload: the workers of the master that we were."""
        for pid, lifeline in lifelines.items():
            lifeline.settimeout(0)
            self.old[pid] = WorkerProcess(pid, lifeline, self._board.row_of(pid), time.monotonic(), accepting=True)

    def lifelines(self) -> dict[int, socket.socket]:
        """Those of all who serve, by pid: what a reload hands over."""
        return {worker.pid: worker.lifeline for worker in (*self.ours.values(), *self.old.values())}

    def hear(self, ready: Iterable[object]) -> None:
        """Read what workers have said. That one is needed, `!`, is seen on the board: it is there to wake us."""
        for worker in (*self.ours.values(), *self.old.values()):
            if worker.lifeline in ready:
                worker.accepting = b"+" in _heard(worker.lifeline) or worker.accepting

    def state(self, worker: WorkerProcess) -> tuple[int, float, int]:
        """What the board shows of it: its state, the seconds it has been in it, and its requests so far."""
        return self._board.state(worker.seat) if worker.seat else (0, 0.0, 0)

    # who is wanted

    def spawn_missing(self) -> float:
        """As many as there are to be at least, and one more if somebody has to queue.

        Returns the seconds after which whoever has just begun to queue should be looked at again.
        """
        while len(self.ours) < self.limits.least and self._may_spawn():
            self._spawn()
        if self._is_anyone_at_hand():
            self._is_full = False
            self._queue_since = None
        elif not is_readable(self._listener):
            self._queue_since = None
        elif (left := self._left_to_queue()) > 0:
            return left
        else:
            self._meet_demand()
        return math.inf

    def wants_to_hear(self) -> bool:
        """Whether the next connection is the master's to see, since no worker is there to accept it."""
        is_news = self._queue_since is None
        return is_news and self._has_room() and self._may_spawn() and not self._is_anyone_at_hand()

    def _left_to_queue(self) -> float:
        if not (self.ours or self.old):
            return 0.0  # there is nobody to queue for
        if self._queue_since is None:
            self._queue_since = time.monotonic()
        return self._queue_since + QUEUING - time.monotonic()

    def _has_room(self) -> bool:
        return len(self.ours) < self.limits.most

    def _may_spawn(self) -> bool:
        return time.monotonic() >= self._spawn_at

    def _is_anyone_at_hand(self) -> bool:
        """Whether a worker is idle, or about to be: being born, or one whose row we cannot read."""
        serving = (*self.ours.values(), *self.old.values())
        return any(not worker.accepting or self.state(worker)[0] != BUSY for worker in serving)

    def _meet_demand(self) -> None:
        self._board.active()  # all of them: the most there has been, perhaps
        if not self._has_room():
            self._tell_full()
        elif self._may_spawn():
            self._spawn()
            self._queue_since = None

    def _tell_full(self) -> None:
        """Count each time that there were too few; say it once."""
        if not self._is_full:
            self._board.count(MOST_REACHED)
        if not self._was_told_full:
            log.warning("pool outcome=most-workers-reached most=%d: raise [pool] workers", self.limits.most)
        self._is_full = self._was_told_full = True

    def _spawn(self) -> None:
        try:
            worker = self._forked()
        except (OSError, LookupError):
            log.exception("worker outcome=not-forked")
            self._back_off()
        else:
            self.ours[worker.pid] = worker
            self._board.count(SPAWNED)

    def _forked(self) -> WorkerProcess:
        seat = self._board.worker_row({worker.seat.row for worker in self if worker.seat})
        ours, theirs = socket.socketpair()

        def live() -> None:
            self._board.take_row(seat)
            self._serve(self._listener, theirs)

        with theirs:
            try:
                kept = frozenset({self._listener.fileno(), theirs.fileno()})
                pid = fork.fork(live, name="cocoai-worker", keep=kept, detach=False)
            except OSError:
                ours.close()
                raise
        ours.settimeout(0)
        return WorkerProcess(pid, ours, seat, time.monotonic())

    def _back_off(self) -> None:
        seconds = min(LONGEST_BACK_OFF, 2.0 ** min(self._deaths, 10))  # a night of deaths is more than a float holds
        self._deaths += 1
        self._spawn_at = time.monotonic() + seconds
        log.error("worker outcome=back-off seconds=%d", seconds)

    # who is let go

    def dismiss(self, worker: WorkerProcess) -> None:
        """Let it go. No request is lost: an idle one leaves before it accepts another, a busy one when it is done."""
        log.info("worker pid=%d outcome=dismissed", worker.pid)
        worker.lifeline.close()
        self.ours.pop(worker.pid, None)
        self.old.pop(worker.pid, None)
        self.leaving[worker.pid] = worker

    def dismiss_old(self) -> None:
        """Once all of ours accept, the old ones may go; where none of ours need be there, at once."""
        if len(self.ours) >= self.limits.least and all(worker.accepting for worker in self.ours.values()):
            for worker in tuple(self.old.values()):
                self.dismiss(worker)

    def dismiss_idle(self) -> None:
        """Of those above the least, the one that has been idle longest, if that is long enough."""
        if len(self.ours) > self.limits.least:
            idle = {pid: self._idle_seconds(worker) for pid, worker in self.ours.items()}
            pid = max(idle, key=idle.__getitem__)
            if idle[pid] > self.limits.idle_timeout:
                self.dismiss(self.ours[pid])

    def _idle_seconds(self, worker: WorkerProcess) -> float:
        state, since, _ = self.state(worker)
        return since if state == IDLE and worker.accepting else 0.0

    # who is dead

    def on_exit(self, pid: int, status: int) -> None:
        """A child of the master's has ended. A worker that is not known was let go before a reload."""
        worker = self.ours.pop(pid, None)
        known = worker or self.old.pop(pid, None) or self.leaving.pop(pid, None)
        seat = known.seat if known else self._board.row_of(pid)
        if known:
            known.lifeline.close()
        if known or seat:
            self._tell_death(pid, status, seat)
        if seat:
            self._board.merge_counters(seat)
        if worker:
            self._learn_from(worker, status)

    def _tell_death(self, pid: int, status: int, seat: Row | None) -> None:
        if status == -signal.SIGALRM:
            key = self._board.key(seat) if seat else ""
            log.warning("worker pid=%d outcome=timed-out key=%s", pid, key or "none")
            self._board.count(TIMED_OUT)
        elif status:
            log.warning("worker pid=%d outcome=died status=%d", pid, status)
            self._board.count(DIED)

    def _learn_from(self, worker: WorkerProcess, status: int) -> None:
        # Who had begun to serve and was killed was not ill: whoever comes in its place will be well.
        was_well = status in (0, -signal.SIGALRM) or (status == -signal.SIGKILL and worker.accepting)
        if not was_well and time.monotonic() - worker.born < YOUNG:
            self._back_off()
        else:
            self._deaths = 0


def is_readable(listener: socket.socket) -> bool:
    """Whether a connection waits there now."""
    ready, _, _ = select.select([listener], [], [], 0)
    return bool(ready)


def _heard(lifeline: socket.socket) -> bytes:
    """What has come; nothing if that is its end: the worker's death is told by the kernel."""
    try:
        return lifeline.recv(64)
    except OSError:
        return b""
