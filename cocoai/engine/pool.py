"""The master: it spawns workers, reaps them, reloads and stops them, and never touches a request.

    start       begin a generation, spawn the workers, then wait
    CHLD        reap, and spawn what is missing
    HUP         a child checks the new code and settings; if they hold, the master re-executes itself in place,
                the socket and the old workers' lifelines inherited: the old serve until the new accept
    TERM, INT   close the lifelines, wait for requests in hand, then insist
    USR1        nothing: php-fpm would open its logs anew, and we keep none
    USR2        the master and its workers write their stacks to the log (so does a job process that is sent it)
    tick        when a job is due, fork one process that sees to it

A lifeline is a socket pair between the master and one worker. The worker sends one byte when it accepts;
it leaves when the other end is closed, which is also what the master's death does.
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
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from cocoai.engine import background, handover

TICK = 5.0
"""Seconds between two looks at the spool: the longest that work whose process died waits for another."""

DRAIN = 10.0
"""Seconds from TERM to the master's end; supervisor's stopwaitsecs (15) is longer."""

TERM_AFTER, KILL_AFTER = 0.8, 0.9
"""Parts of the drain after which a worker is asked, then made, to end."""

LONGEST_BACK_OFF = 30.0
"""Seconds between two spawns when workers die as soon as they are born."""

YOUNG = 1.0
"""Seconds: a worker that dies younger has not been able to serve."""

STACK_PAUSE = 0.1
"""Seconds between two workers' stacks: each writes its own, in small pieces that would mingle."""

WATCHED = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR2, signal.SIGCHLD)

log = logging.getLogger(__name__)


class Chores(Protocol):
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
class Worker:
    """A worker as the master knows it."""

    pid: int
    lifeline: socket.socket
    born: float
    accepting: bool = False


class Pool:
    """`workers` processes, each running `serve(listener, lifeline)`; `check` is the command that HUP tries first."""

    def __init__(
        self,
        listener: socket.socket,
        *,
        serve: Callable[[socket.socket, socket.socket], None],
        workers: int,
        chores: Chores,
        command: list[str],
        tick: float = TICK,
        drain: float = DRAIN,
    ) -> None:
        self._listener = listener
        self._serve = serve
        self._number = workers
        self._chores = chores
        self._command = command
        self._tick_seconds = tick
        self._drain = drain
        self._workers: dict[int, Worker] = {}
        self._old: dict[int, socket.socket] = {}
        self._dismissed: set[int] = set()
        self._check = 0
        self._deaths = 0
        self._spawn_at = 0.0
        self._wakeup, self._signalled = socket.socketpair()

    def run(self) -> None:
        """Serve until TERM or INT. Returns when no worker is left; raises only if it could not begin."""
        background.name_process("cocoai-master")
        signal.pthread_sigmask(signal.SIG_BLOCK, background.SIGNALS)
        self._old = handover.adopted()
        self._listen_for_signals()
        self._chores.begin()
        # A HUP that came while we were starting has waited for this.
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        log.info("pool outcome=started pid=%d workers=%d", os.getpid(), self._number)
        next_tick = time.monotonic()
        while True:
            self._reap()
            self._spawn_missing()
            if time.monotonic() >= next_tick:
                next_tick = time.monotonic() + self._tick_seconds
                self._tick()
            signals = self._wait(next_tick)
            if signals & {signal.SIGTERM, signal.SIGINT}:
                return self._stop()
            if signal.SIGHUP in signals:
                self._check_new_code()
            if signal.SIGUSR2 in signals:
                self._show_stacks()

    # signals and waiting

    def _listen_for_signals(self) -> None:
        self._wakeup.settimeout(0)
        self._signalled.settimeout(0)
        for number in WATCHED:
            signal.signal(number, lambda *_: None)  # the number itself comes through the wake-up socket
        signal.signal(signal.SIGUSR1, signal.SIG_IGN)
        signal.set_wakeup_fd(self._signalled.fileno(), warn_on_full_buffer=False)
        # Chained: it writes our own stack at once, wherever we hang, and then the loop hears of it.
        faulthandler.register(signal.SIGUSR2, file=background.STDERR, chain=True)

    def _wait(self, until: float) -> set[int]:
        """Sleep until a signal, a worker's first word, or `until`. Returns the signals that came."""
        unheard = [worker.lifeline for worker in self._workers.values() if not worker.accepting]
        if self._spawn_at > time.monotonic():
            until = min(until, self._spawn_at)
        ready, _, _ = select.select([self._wakeup, *unheard], [], [], max(0.0, until - time.monotonic()))
        for worker in self._workers.values():
            if worker.lifeline in ready:
                worker.accepting = worker.accepting or self._hear(worker)
        self._dismiss_old()
        return self._signals()

    def _signals(self) -> set[int]:
        """Those that have come since the last look."""
        try:
            return set(self._wakeup.recv(4096))
        except BlockingIOError:
            return set()

    def _show_stacks(self) -> None:
        for pid in self._all_workers():
            log.info("worker pid=%d outcome=stack-asked", pid)
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGUSR2)
            time.sleep(STACK_PAUSE)

    def _hear(self, worker: Worker) -> bool:
        with contextlib.suppress(OSError):
            return worker.lifeline.recv(1) == b"+"
        return False

    # workers

    def _all_workers(self) -> set[int]:
        return {*self._workers, *self._old, *self._dismissed}

    def _spawn_missing(self) -> None:
        while len(self._workers) < self._number and time.monotonic() >= self._spawn_at:
            try:
                self._spawn()
            except OSError:
                log.exception("worker outcome=not-forked")
                self._back_off()

    def _spawn(self) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                pid = background.fork(
                    lambda: self._serve(self._listener, theirs),
                    name="cocoai-worker",
                    keep=frozenset({self._listener.fileno(), theirs.fileno()}),
                    detach=False,
                )
            except OSError:
                ours.close()
                raise
        ours.settimeout(0)
        self._workers[pid] = Worker(pid, ours, time.monotonic())

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
        self._dismissed.discard(pid)
        if pid == self._check:
            self._check = 0
            self._checked(status)
        elif pid in self._old:
            self._old.pop(pid).close()
        elif pid in self._workers:
            worker = self._workers.pop(pid)
            worker.lifeline.close()
            if status:
                log.warning("worker pid=%d outcome=died status=%d", pid, status)
            if time.monotonic() - worker.born < YOUNG and status:
                self._back_off()
            else:
                self._deaths = 0

    def _back_off(self) -> None:
        seconds = min(LONGEST_BACK_OFF, 2.0 ** min(self._deaths, 10))  # a night of deaths is more than a float holds
        self._deaths += 1
        self._spawn_at = time.monotonic() + seconds
        log.error("worker outcome=back-off seconds=%d", seconds)

    def _dismiss_old(self) -> None:
        """Once every new worker accepts, let the old ones go."""
        if self._old and all(worker.accepting for worker in self._workers.values()) and self._workers:
            for pid, lifeline in self._old.items():
                log.info("worker pid=%d outcome=dismissed", pid)
                lifeline.close()
            self._dismissed.update(self._old)
            self._old.clear()

    def _tick(self) -> None:
        try:
            if self._chores.is_due():
                self._chores.attend()
        except Exception:
            # No process to be had, the spool cannot be read, or worse: the requests are served all the same.
            log.exception("tick outcome=error")

    # reload

    def _check_new_code(self) -> None:
        self._end_check()  # an operator who asks again has changed something again
        command = [*self._command, "--check"]
        try:
            self._check = background.fork(
                lambda: os.execv(command[0], command),  # noqa: S606 (no shell is meant)
                name="cocoai-check",
                detach=False,
            )
        except OSError:
            log.exception("pool outcome=not-reloaded")

    def _end_check(self) -> None:
        if self._check:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._check, signal.SIGKILL)
            self._check = 0

    def _checked(self, status: int) -> None:
        if status == 0:
            self._execute_again()
        else:
            log.error("pool outcome=not-reloaded status=%d: the new code or settings do not hold; going on", status)

    def _execute_again(self) -> None:
        """Become the new code. Returns only if that was not to be."""
        log.info("pool outcome=reloading")
        lifelines = {pid: worker.lifeline for pid, worker in self._workers.items()} | self._old
        try:
            handover.execute(self._command, self._listener, lifelines, pending=self._signals)
        except OSError:
            log.exception("pool outcome=not-reloaded")

    # stop

    def _stop(self) -> None:
        log.info("pool outcome=stopping")
        with contextlib.suppress(OSError):  # a full disk must not keep us from ending
            self._chores.end()
        began = time.monotonic()
        self._end_check()
        pids = self._all_workers()
        for lifeline in (*(worker.lifeline for worker in self._workers.values()), *self._old.values()):
            lifeline.close()
        for number, after in ((signal.SIGTERM, TERM_AFTER), (signal.SIGKILL, KILL_AFTER), (0, 1.0)):
            self._wait_for_end(pids, began + after * self._drain)
            for pid in pids if number else ():
                log.warning("worker pid=%d outcome=made-to-stop signal=%d", pid, number)
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, number)
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
