"""The master: the process that spawns, reaps and stops workers, reloads its code, and never touches a request.

    start       begin a generation and a scoreboard, spawn the workers, then wait
    CHLD        reap, and spawn what is missing
    heartbeat   look at the scoreboard: which workers are slow or no longer needed, and whether more are; less often
                while nothing is served
    HUP         a child checks the new code and settings; if they hold, the master re-executes itself in place,
                the socket and the old workers' lifelines inherited: the old serve until the new accept
    TERM, INT   close the lifelines, wait for requests in hand, then signal and kill
    USR1        nothing: php-fpm would reopen its logs, and this pool keeps none
    USR2        the master, its workers and the job processes write their stacks to the log
    tick        when maintenance is due, fork one process that does it; when the parent has gone, stop

Which workers there are is workers.py's duty, what a heartbeat looks for monitor.py's. What maintenance is, the
application knows.
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
from typing import Protocol

from cocoai.engine.pool import reload
from cocoai.engine.pool.extra_listeners import ExtraListener, ExtraListeners
from cocoai.engine.pool.monitor import EMPTY, HEARTBEAT, Monitor
from cocoai.engine.pool.parent import Parent
from cocoai.engine.pool.timer import Timer
from cocoai.engine.pool.workers import WorkerLimits, Workers
from cocoai.engine.process import fork
from cocoai.engine.process.locks import FileLock
from cocoai.engine.process.scoreboard import Scoreboard

TICK = 5.0
"""Seconds between two looks for maintenance: the longest that work whose process died waits for another."""

MEMORY_INTERVAL = 60.0
"""Seconds between two looks at the workers' memory."""

DRAIN = 10.0
"""Seconds from TERM to the master's end; supervisor's stopwaitsecs (15) is longer."""

TERM_AFTER, KILL_AFTER = 0.8, 0.9
"""Parts of the drain after which workers get TERM, then KILL."""

STACK_PAUSE = 0.1
"""Seconds between two processes' stacks: each writes its own, in small pieces that would mingle."""

HANDLED = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR2, signal.SIGCHLD)

log = logging.getLogger(__name__)


class Maintenance(Protocol):
    """The application's work behind the requests: the master calls these methods in its own process."""

    def begin(self) -> None:
        """Prepare: called once, before the first fork."""

    def seconds_to_due(self) -> float:
        """Return the seconds until a process should be forked for work, 0.0 if it should now: called at each tick."""

    def attend(self) -> None:
        """Fork a process that does what is due, and do not wait for it: called when something is."""

    def end(self) -> None:
        """End what begin() began: called once, as the pool stops. A master that re-executes itself only begins anew."""


class Master:
    """The pool's master: it keeps workers within `limits`, each a process that runs `serve(listener, lifeline)`.

    `command` is what HUP executes, and `lock` is kept over it. Once `parent` has gone, the pool stops. `tick`,
    `heartbeat`, `drain` and `memory_interval` are in seconds.
    """

    def __init__(
        self,
        listener: socket.socket,
        *,
        serve: Callable[[socket.socket, socket.socket], None],
        limits: WorkerLimits,
        board: Scoreboard,
        maintenance: Maintenance,
        command: list[str],
        lock: FileLock | None = None,
        parent: Parent | None = None,
        extra_listeners: Sequence[ExtraListener] = (),
        tick: float = TICK,
        heartbeat: float = HEARTBEAT,
        drain: float = DRAIN,
        memory_interval: float = MEMORY_INTERVAL,
    ) -> None:
        self._listener = listener
        self._limits = limits
        self._board = board
        self._maintenance = maintenance
        self._command = command
        self._lock = lock
        self._parent = parent
        self._drain = drain
        self._workers = Workers(listener, serve, limits, board)
        self._monitor = Monitor(self._workers, board, heartbeat)
        self._extra_listeners = ExtraListeners(extra_listeners, board)
        self._check = reload.ConfigCheck(command)
        self._timers = (
            Timer(tick, self._tick),
            Timer(EMPTY * heartbeat, self._monitor.look),
            Timer(memory_interval, self._monitor.check_memory, time.monotonic() + memory_interval),
        )
        self._wakeup, self._signalled = socket.socketpair()

    def run(self) -> None:
        """Run the pool: spawn and watch workers, and act upon signals, until TERM or INT; then stop it.

        Return when no worker is left. Raise only what keeps the pool from beginning. A HUP may replace this process by
        new code.
        """
        self._begin()
        while True:
            self._reap()
            self._workers.stop_old()
            for timer in self._timers:
                timer.run_if_due()
            signals = self._wait(min(self._workers.spawn_missing(), self._monitor.report_slow()))
            if signals & {signal.SIGTERM, signal.SIGINT}:
                return self._stop()
            if signal.SIGHUP in signals:
                self._check.start()
            if signal.SIGUSR2 in signals:
                self._show_stacks()

    def _begin(self) -> None:
        """Map the scoreboard, adopt the workers from before a reload, install signal handlers, prepare maintenance.

        Signals are blocked until all that is done.
        """
        fork.name_process("cocoai-master")
        signal.pthread_sigmask(signal.SIG_BLOCK, fork.SIGNALS)
        self._board.begin(self._limits.least, self._limits.most)
        self._workers.adopt(reload.inherited_workers())
        self._install_handlers()
        self._maintenance.begin()
        # A HUP that came while the master was starting has been pending until here.
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        log.info("pool outcome=started pid=%d workers=%d..%d", os.getpid(), self._limits.least, self._limits.most)

    # signals and waiting

    def _install_handlers(self) -> None:
        """Let each signal in HANDLED write its number to `_wakeup`, which ends the wait in `_wait`; ignore USR1."""
        self._wakeup.settimeout(0)
        self._signalled.settimeout(0)
        for number in HANDLED:
            signal.signal(number, _note_signal)
        signal.signal(signal.SIGUSR1, signal.SIG_IGN)
        signal.set_wakeup_fd(self._signalled.fileno(), warn_on_full_buffer=False)
        # Chained: the master's own stack is written at once, wherever it hangs, and then the loop gets the signal.
        faulthandler.register(signal.SIGUSR2, file=fork.STDERR, chain=True)

    def _wait(self, seconds: float) -> set[int]:
        """Sleep until a signal, a worker's message, a connection or the next timer; at most `seconds`.

        Read the messages, and accept connections to extra listeners. Return the numbers of the signals that came.
        """
        watched = [self._wakeup, *self._workers.lifelines().values(), *self._extra_listeners.sockets()]
        if self._workers.is_listener_unattended():
            watched.append(self._listener)
        next_timer = min(timer.at for timer in self._timers)
        ready, _, _ = select.select(watched, [], [], max(0.0, min(seconds, next_timer - time.monotonic())))
        self._workers.read_ready(ready)
        self._extra_listeners.accept_ready(ready)
        return self._signals()

    def _signals(self) -> set[int]:
        """Return the numbers of the signals since the last call, without waiting; an empty set if none came."""
        try:
            return set(self._wakeup.recv(4096))
        except BlockingIOError:
            return set()

    def _show_stacks(self) -> None:
        """Send USR2 to each worker and job process, one after another, so that it writes its stack to the log."""
        processes = [("worker", worker.pid) for worker in self._workers]
        processes += [("job", pid) for pid in self._board.job_pids()]
        for kind, pid in processes:
            log.info("%s pid=%d outcome=stack-asked", kind, pid)
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGUSR2)
            select.select([self._wakeup], [], [], STACK_PAUSE)

    def _tick(self) -> float | None:
        """Free the rows of dead workers, let extra listeners accept again, and start maintenance if it is due.

        Return the seconds until it is, if it is not. Errors of maintenance are logged. An orphan is told to stop.
        """
        if self._parent:
            self._parent.stop_orphan()
        self._monitor.free_dead_rows()
        self._extra_listeners.accept_again()
        try:
            if seconds := self._maintenance.seconds_to_due():
                return seconds
            self._maintenance.attend()
        except Exception:
            # No process can be forked, or a file cannot be read, or worse: the requests are served all the same.
            log.exception("tick outcome=error")
        return None

    # children that have ended

    def _reap(self) -> None:
        """Reap every child that has ended, without waiting, and act upon its end."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            self._on_exit(pid, os.waitstatus_to_exitcode(status))

    def _on_exit(self, pid: int, status: int) -> None:
        """Act upon the end of the child `pid`, with a status as os.waitstatus_to_exitcode returns it.

        If it was the check of a reload and has passed, the new code is executed.
        """
        if pid == self._check.pid:
            if self._check.is_passed(status):
                self._execute_again()
        elif not self._extra_listeners.on_exit(pid):
            self._workers.on_exit(pid, status)

    def _execute_again(self) -> None:
        """Execute the new code in place of this process, with the socket and the workers' lifelines.

        Return only if that fails, which is logged: then this master goes on.
        """
        log.info("pool outcome=reloading")
        try:
            kept = reload.Kept(self._listener, self._workers.lifelines(), self._lock, self._parent)
            reload.execute(self._command, kept, pending=self._signals)
        except OSError:
            log.exception("pool outcome=not-reloaded")

    # stop

    def _stop(self) -> None:
        """Stop maintenance, extra listeners and workers, and return when all workers have ended, or after the drain.

        The lifelines are closed first, so that requests in hand are finished. Workers that do not stop in time get
        TERM, then KILL.
        """
        log.info("pool outcome=stopping")
        with contextlib.suppress(OSError):  # a full disk must not keep the pool from ending
            self._maintenance.end()
        began = time.monotonic()
        self._check.end()
        self._extra_listeners.close()
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
        """Wait for the children `pids`, and remove each that has ended, until none is left.

        Return at `until`, a time of the monotonic clock, with the others left in `pids`.
        """
        while pids and time.monotonic() < until:
            for pid in tuple(pids):
                with contextlib.suppress(ChildProcessError):
                    if os.waitpid(pid, os.WNOHANG) == (0, 0):
                        continue
                pids.discard(pid)
            if pids:
                select.select([self._wakeup], [], [], 0.02)
                self._signals()  # take the byte out of the pipe, or select would not wait again


def _note_signal(*_: object) -> None:
    """Do nothing: Python has written the signal's number to the wake-up socket before it calls this."""
