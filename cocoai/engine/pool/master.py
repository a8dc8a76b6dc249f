"""The master: it spawns workers, reaps them, reloads and stops them, and never touches a request.

    start       begin a generation and a scoreboard, spawn the workers, then wait
    CHLD        reap, and spawn what is missing
    heartbeat   look at the scoreboard: who is slow, who is no longer needed, whether more workers are
    HUP         a child checks the new code and settings; if they hold, the master re-executes itself in place,
                the socket and the old workers' lifelines inherited: the old serve until the new accept
    TERM, INT   close the lifelines, wait for requests in hand, then insist
    USR1        nothing: php-fpm would open its logs anew, and we keep none
    USR2        the master, its workers and the job processes write their stacks to the log
    tick        when a job is due, fork one process that sees to it

Who the workers are, and how many, is workers.py's; what a heartbeat looks for, watch.py's.
"""

from __future__ import annotations

import contextlib
import faulthandler
import logging
import os
import select
import signal
import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from cocoai.engine.pool import reload
from cocoai.engine.pool.extra_listeners import ExtraListener, ExtraListeners
from cocoai.engine.pool.monitor import HEARTBEAT, Monitor
from cocoai.engine.pool.workers import WorkerLimits, Workers
from cocoai.engine.process import fork
from cocoai.engine.process.scoreboard import Scoreboard

TICK = 5.0
"""Seconds between two looks at the spool: the longest that work whose process died waits for another."""

WEIGHING = 60.0
"""Seconds between two looks at the workers' memory."""

DRAIN = 10.0
"""Seconds from TERM to the master's end; supervisor's stopwaitsecs (15) is longer."""

TERM_AFTER, KILL_AFTER = 0.8, 0.9
"""Parts of the drain after which a worker is asked, then made, to end."""

STACK_PAUSE = 0.1
"""Seconds between two processes' stacks: each writes its own, in small pieces that would mingle."""

WATCHED = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR2, signal.SIGCHLD)

log = logging.getLogger(__name__)


class Maintenance(Protocol):
    """What the master does for the work behind the requests."""

    def begin(self) -> None:
        """Once, before the first fork."""

    def is_due(self) -> bool:
        """At each tick: is there something to see to?"""

    def attend(self) -> None:
        """Fork a process that sees to it."""

    def end(self) -> None:
        """Once, as the pool stops. A master that re-executes itself only begins anew."""


@dataclass
class Timer:
    """What is done every so many seconds, for the first time at `at` (monotonic)."""

    every: float
    go: Callable[[], None]
    at: float = 0.0

    def go_if_due(self) -> None:
        if time.monotonic() >= self.at:
            self.at = time.monotonic() + self.every
            self.go()


class Master:
    """Workers within `limits`, each running `serve(listener, lifeline)`; `command` is what HUP runs again.

    `tick`, `drain` and `weighing` are in seconds.
    """

    def __init__(
        self,
        listener: socket.socket,
        *,
        serve: Callable[[socket.socket, socket.socket], None],
        limits: WorkerLimits,
        board: Scoreboard,
        chores: Maintenance,
        command: list[str],
        doors: Sequence[ExtraListener] = (),
        tick: float = TICK,
        drain: float = DRAIN,
        weighing: float = WEIGHING,
    ) -> None:
        self._listener = listener
        self._limits = limits
        self._board = board
        self._chores = chores
        self._command = command
        self._drain = drain
        self._workers = Workers(listener, serve, limits, board)
        self._watch = Monitor(self._workers, board)
        self._doors = ExtraListeners(doors, stand=board.release_row)
        self._check = reload.ConfigCheck(command)
        self._rounds = (
            Timer(tick, self._tick),
            Timer(HEARTBEAT, self._watch.look),
            Timer(weighing, self._watch.check_memory, time.monotonic() + weighing),
        )
        self._wakeup, self._signalled = socket.socketpair()

    def run(self) -> None:
        """Serve until TERM or INT. Returns when no worker is left; raises only if it could not begin."""
        self._begin()
        while True:
            self._reap()
            self._workers.dismiss_old()
            for each in self._rounds:
                each.go_if_due()
            signals = self._wait(min(self._workers.spawn_missing(), self._watch.report_slow()))
            if signals & {signal.SIGTERM, signal.SIGINT}:
                return self._stop()
            if signal.SIGHUP in signals:
                self._check.start()
            if signal.SIGUSR2 in signals:
                self._show_stacks()

    def _begin(self) -> None:
        fork.name_process("cocoai-master")
        signal.pthread_sigmask(signal.SIG_BLOCK, fork.SIGNALS)
        self._board.begin(self._limits.least, self._limits.most)
        self._workers.adopt(reload.inherited_workers())
        self._listen_for_signals()
        self._chores.begin()
        # A HUP that came while we were starting has waited for this.
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        log.info("pool outcome=started pid=%d workers=%d..%d", os.getpid(), self._limits.least, self._limits.most)

    # signals and waiting

    def _listen_for_signals(self) -> None:
        self._wakeup.settimeout(0)
        self._signalled.settimeout(0)
        for number in WATCHED:
            signal.signal(number, lambda *_: None)  # the number itself comes through the wake-up socket
        signal.signal(signal.SIGUSR1, signal.SIG_IGN)
        signal.set_wakeup_fd(self._signalled.fileno(), warn_on_full_buffer=False)
        # Chained: it writes our own stack at once, wherever we hang, and then the loop hears of it.
        faulthandler.register(signal.SIGUSR2, file=fork.STDERR, chain=True)

    def _wait(self, seconds: float) -> set[int]:
        """Sleep until a signal, a worker's word, a visitor, or the next round. Returns the signals that came."""
        heard: list[socket.socket] = [self._wakeup, *self._workers.lifelines().values(), *self._doors.sockets()]
        if self._workers.wants_to_hear():
            heard.append(self._listener)
        ready, _, _ = select.select(heard, [], [], max(0.0, min(seconds, self._next_round() - time.monotonic())))
        self._workers.hear(ready)
        self._doors.answer(ready)
        return self._signals()

    def _next_round(self) -> float:
        return min(each.at for each in self._rounds)

    def _signals(self) -> set[int]:
        """Those that have come since the last look."""
        try:
            return set(self._wakeup.recv(4096))
        except BlockingIOError:
            return set()

    def _show_stacks(self) -> None:
        who = [("worker", worker.pid) for worker in self._workers] + [("job", pid) for pid in self._board.job_pids()]
        for kind, pid in who:
            log.info("%s pid=%d outcome=stack-asked", kind, pid)
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGUSR2)
            select.select([self._wakeup], [], [], STACK_PAUSE)

    def _tick(self) -> None:
        self._watch.free_dead_rows()
        self._doors.open_again()
        try:
            if self._chores.is_due():
                self._chores.attend()
        except Exception:
            # No process to be had, the spool cannot be read, or worse: the requests are served all the same.
            log.exception("tick outcome=error")

    # children that have ended

    def _reap(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            self._bury(pid, os.waitstatus_to_exitcode(status))

    def _bury(self, pid: int, status: int) -> None:
        if pid == self._check.pid:
            if self._check.is_passed(status):
                self._execute_again()
        elif not self._doors.on_exit(pid):
            self._workers.on_exit(pid, status)

    def _execute_again(self) -> None:
        """Become the new code. Returns only if that was not to be."""
        log.info("pool outcome=reloading")
        try:
            reload.execute(self._command, self._listener, self._workers.lifelines(), pending=self._signals)
        except OSError:
            log.exception("pool outcome=not-reloaded")

    # stop

    def _stop(self) -> None:
        log.info("pool outcome=stopping")
        with contextlib.suppress(OSError):  # a full disk must not keep us from ending
            self._chores.end()
        began = time.monotonic()
        self._check.end()
        self._doors.close()
        pids = {worker.pid for worker in self._workers}
        for lifeline in self._workers.lifelines().values():
            lifeline.close()
        for number, after in ((signal.SIGTERM, TERM_AFTER), (signal.SIGKILL, KILL_AFTER), (0, 1.0)):
            self._wait_for_end(pids, began + after * self._drain)
            for pid in pids if number else ():
                log.warning("worker pid=%d outcome=made-to-stop signal=%d", pid, number)
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, number)
        self._board.own_row.clear()
        log.info("pool outcome=stopped seconds=%.1f", time.monotonic() - began)

    def _wait_for_end(self, pids: set[int], until: float) -> None:
        while pids and time.monotonic() < until:
            for pid in tuple(pids):
                with contextlib.suppress(ChildProcessError):
                    if os.waitpid(pid, os.WNOHANG) == (0, 0):
                        continue
                pids.discard(pid)
            if pids:
                select.select([self._wakeup], [], [], 0.02)
                self._signals()  # heard, or select would not wait again
