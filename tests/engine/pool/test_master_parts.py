"""Parts of the master, each by itself: its tick, its sleep, its stop, what it reaps, and the stacks it asks for."""

from __future__ import annotations

import math
import os
import select
import signal
import socket
import time
from collections.abc import Iterator

import pytest

from cocoai.engine.pool.extra_listeners import ExtraListener
from cocoai.engine.pool.master import STACK_PAUSE, Master
from cocoai.engine.pool.timer import Timer
from cocoai.engine.pool.workers import WorkerLimits, WorkerProcess
from cocoai.engine.process import fork
from cocoai.engine.process.scoreboard import Scoreboard
from tests.engine.conftest import ended

PID = 1 << 23
"""A pid that no process has."""


class NoMaintenance:
    """Maintenance that is never due."""

    def begin(self) -> None:
        """Prepare nothing."""

    def seconds_to_due(self) -> float:
        """Return infinity."""
        return math.inf

    def attend(self) -> None:
        """Fork nothing."""

    def end(self) -> None:
        """Finish nothing."""


def serve_nothing(_: socket.socket, __: socket.socket) -> None:
    """Be a worker that ends at once."""


def serve_no_connection(_: socket.socket) -> None:
    """Serve an extra connection by closing it."""


class MasterSetup:
    """A master that does not run, with an extra listener that fails, for it does not listen."""

    def __init__(self) -> None:
        self.board = Scoreboard(None, slots=0)
        self.listener, self.extra = socket.socket(), socket.socket()
        self.lifeline, self.other_lifeline = socket.socketpair()
        self.master = Master(
            self.listener,
            serve=serve_nothing,
            limits=WorkerLimits(0, 1),
            board=self.board,
            maintenance=NoMaintenance(),
            command=[],
            extra_listeners=[ExtraListener(self.extra, serve_no_connection)],
            drain=1000.0,
        )

    def add_workers(self, number: int) -> list[int]:
        """Add workers without a process to its table; return their pids."""
        pids = [PID + index for index in range(number)]
        for pid in pids:
            self.master._workers.current[pid] = WorkerProcess(pid, self.lifeline, None, 0.0)
        return pids

    def close(self) -> None:
        """Close the sockets."""
        ours = (self.master._wakeup, self.master._signalled)
        for each in (self.listener, self.extra, self.lifeline, self.other_lifeline, *ours):
            each.close()


@pytest.fixture
def made() -> Iterator[MasterSetup]:
    """Yield a master that does not run; close its sockets afterwards."""
    setup = MasterSetup()
    yield setup
    setup.close()


def test_a_tick_frees_dead_rows_and_accepts_again(made: MasterSetup) -> None:
    """A killed master's worker that ended since is idle no more, and an extra listener that failed has another try."""
    row = made.board.worker_row(())
    row.record.pid, row.record.start = PID, 1
    row.wait()
    extras = made.master._extra_listeners
    extras.accept_ready([made.extra])
    before = (made.board.has_idle_worker(), extras.sockets())
    made.master._tick()

    assert (True, []) == before
    assert (False, [made.extra]) == (made.board.has_idle_worker(), extras.sockets())


def test_no_signal_is_delivered_before_all_handlers_are_there(
    made: MasterSetup, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A handler without the wake-up descriptor would lose it; afterwards none is blocked."""
    install = made.master._install_handlers
    masks = []

    def note_mask_and_install() -> None:
        masks.append(signal.pthread_sigmask(signal.SIG_BLOCK, ()))
        install()

    monkeypatch.setattr(made.master, "_install_handlers", note_mask_and_install)

    def begin() -> None:
        made.master._begin()
        masks.append(signal.pthread_sigmask(signal.SIG_BLOCK, ()))
        assert masks == [fork.SIGNALS, set()]

    # In a process of its own, which is left with the handlers.
    kept = frozenset({made.master._wakeup.fileno(), made.master._signalled.fileno()})

    assert 0 == ended(fork.fork(begin, name="beginning", keep=kept))


@pytest.mark.parametrize(("late", "expected"), [(5000.0, 1), (0.0, 1), (-60.0, 0)])
def test_a_timer_that_is_late_runs_once(late: float, expected: int) -> None:
    """It does not catch up on what it has missed; before its time it does not run."""
    runs: list[None] = []
    timer = Timer(1000.0, lambda: runs.append(None), time.monotonic() - late)
    for _ in range(3):
        timer.run_if_due()

    assert expected == len(runs)
    assert timer.at > time.monotonic()


@pytest.mark.parametrize(("returned", "seconds"), [(None, 1000), (7.0, 7), (2000.0, 1000), (math.inf, 1000)])
def test_a_timer_runs_sooner_if_it_is_asked_to(returned: float | None, seconds: int) -> None:
    """What it calls may return the seconds until there is more to do."""
    timer = Timer(1000.0, lambda: returned, time.monotonic())

    timer.run_if_due()

    assert seconds - 1 < timer.at - time.monotonic() <= seconds


def test_the_master_sleeps_until_the_first_of_its_timers(made: MasterSetup, monkeypatch: pytest.MonkeyPatch) -> None:
    """It sleeps no longer than a queuing connection may wait, and not at all once a timer is due."""
    slept: list[float] = []

    def sleep(*arguments: object) -> tuple[list[object], list[object], list[object]]:
        assert isinstance(arguments[3], float)
        slept.append(arguments[3])
        return [], [], []

    monkeypatch.setattr(select, "select", sleep)
    made.master._wakeup.settimeout(0)
    first, *others = made.master._timers
    for seconds, due_in in ((100.0, 500.0), (1000.0, 500.0), (1000.0, -1.0)):
        first.at = time.monotonic() + due_in
        for timer in others:
            timer.at = time.monotonic() + 2000.0
        made.master._wait(seconds)

    assert [100.0, 0.0] == [slept[0], slept[2]]
    assert 400.0 < slept[1] <= 500.0


def test_a_stop_waits_for_parts_of_its_own_drain(made: MasterSetup, monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers have 0.8 of it before TERM, and 0.9 before KILL."""
    began = time.monotonic()
    waits: list[float] = []
    sent: list[tuple[int, int]] = []
    pids = made.add_workers(1)
    monkeypatch.setattr(made.master, "_wait_for_end", lambda _, until: waits.append(until - began))
    monkeypatch.setattr(os, "kill", lambda pid, number: sent.append((pid, number)))
    made.master._stop()

    assert [800.0, 900.0, 1000.0] == pytest.approx(waits, abs=60.0)
    assert [(pids[0], signal.SIGTERM), (pids[0], signal.SIGKILL)] == sent


def test_all_children_that_have_ended_are_reaped_at_once(made: MasterSetup) -> None:
    """One SIGCHLD may stand for several of them."""

    def reap() -> None:
        for _ in range(3):
            pid = fork.fork(lambda: None, name="ending", detach=False)
            os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
        made.master._reap()
        with pytest.raises(ChildProcessError):
            os.waitpid(-1, os.WNOHANG)

    # In a process of its own, whose only children these are.
    assert 0 == ended(fork.fork(reap, name="reaping"))


def test_stacks_are_asked_for_one_after_another(made: MasterSetup, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each process has a moment to write its own; one that has gone meanwhile is passed over."""
    done: list[object] = []

    def kill(pid: int, number: int) -> None:
        done.append((pid, number))
        raise ProcessLookupError

    monkeypatch.setattr(os, "kill", kill)
    monkeypatch.setattr(select, "select", lambda *arguments: done.append(arguments[3]))
    first, second = made.add_workers(2)
    made.master._show_stacks()

    assert [(first, signal.SIGUSR2), STACK_PAUSE, (second, signal.SIGUSR2), STACK_PAUSE] == done
