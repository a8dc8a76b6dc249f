"""engine/process/wakeup.py: a signal to a real process makes its pipe readable, and the process goes on."""

from __future__ import annotations

import os
import select
import signal
import sys
import time
from collections.abc import Callable, Iterator

import pytest

from cocoai.engine.process import fork
from cocoai.engine.process.wakeup import SIGNAL, WakeupPipe
from tests.engine.conftest import ended, is_alive, write_to_stderr
from tests.processes import PATIENCE


class ChildPipes:
    """Two pipes between the test and a child: the child's reports, and the signal to go on."""

    def __init__(self) -> None:
        self._reports, self._report = os.pipe()
        self._go_reader, self._go_writer = os.pipe()
        self.kept = frozenset({self._report, self._go_reader})

    def report(self, result: bytes) -> None:
        """Report a byte to the test; called in the child."""
        os.write(self._report, result)

    def wait(self) -> None:
        """Wait for `go`; called in the child."""
        os.read(self._go_reader, 1)

    def next_report(self) -> bytes:
        """Wait for the child's next report and return it; called in the test."""
        ready, _, _ = select.select([self._reports], [], [], PATIENCE)
        assert ready, "the child reports nothing"
        return os.read(self._reports, 1)

    def go(self) -> None:
        """Let the child go on; called in the test."""
        os.write(self._go_writer, b"!")

    def close(self) -> None:
        for fd in (self._reports, self._report, self._go_reader, self._go_writer):
            os.close(fd)


@pytest.fixture
def pipes() -> Iterator[ChildPipes]:
    """Make the pipes for one test."""
    made = ChildPipes()
    yield made
    made.close()


def child(run: Callable[[], None], pipes: ChildPipes) -> int:
    """Fork a process as the pool does, and return its pid."""
    return fork.fork(run, name="child", keep=pipes.kept)


def is_readable(wakeup: WakeupPipe, seconds: float = 0.0) -> bool:
    """Return True if the pipe can be read within `seconds`."""
    ready, _, _ = select.select([wakeup.fd], [], [], seconds)
    return bool(ready)


def test_the_signal_does_not_end_a_new_process(pipes: ChildPipes) -> None:
    """A process that has not installed its pipe yet ignores the signal."""

    def run() -> None:
        pipes.report(b"+")
        pipes.wait()

    pid = child(run, pipes)
    pipes.next_report()
    os.kill(pid, SIGNAL)
    was_alive = is_alive(pid)
    pipes.go()

    assert was_alive
    assert 0 == ended(pid)


def test_the_pipe_is_readable_until_it_is_drained(pipes: ChildPipes) -> None:
    """However many signals came, `drain` empties the pipe, and the next one makes it readable again."""

    def run() -> None:
        wakeup = WakeupPipe()
        wakeup.install()
        pipes.report(b"y" if is_readable(wakeup) else b"n")
        for _ in range(2):
            for _ in range(3):
                os.kill(os.getpid(), SIGNAL)
            pipes.report(b"y" if is_readable(wakeup, PATIENCE) else b"n")
            wakeup.drain()
            pipes.report(b"y" if is_readable(wakeup) else b"n")

    pid = child(run, pipes)

    assert [b"n", b"y", b"n", b"y", b"n"] == [pipes.next_report() for _ in range(5)]
    assert 0 == ended(pid)


def test_a_full_pipe_does_no_harm(pipes: ChildPipes, capfd: pytest.CaptureFixture[str]) -> None:
    """More signals than the pipe holds neither end the process nor write a warning to its log."""

    def run() -> None:
        write_to_stderr()
        sys.unraisablehook = sys.__unraisablehook__  # a warning goes there, and pytest's hook would swallow it
        wakeup = WakeupPipe()
        wakeup.install()
        os.write(wakeup._writer, b"!" * 65536)  # as many as there is room for
        os.kill(os.getpid(), SIGNAL)
        pipes.report(b"y" if is_readable(wakeup) else b"n")
        wakeup.drain()
        pipes.report(b"y" if is_readable(wakeup) else b"n")

    pid = child(run, pipes)

    assert [b"y", b"n"] == [pipes.next_report() for _ in range(2)]
    assert 0 == ended(pid)
    assert "" == capfd.readouterr().err


def test_the_pipe_is_not_inherited_by_another_program() -> None:
    """Both ends are closed on exec."""
    wakeup = WakeupPipe()
    ends = (wakeup.fd, wakeup._writer)
    inheritable = [os.get_inheritable(fd) for fd in ends]
    for fd in ends:
        os.close(fd)

    assert [False, False] == inheritable


def test_other_waits_are_not_interrupted(pipes: ChildPipes) -> None:
    """A system call, such as a sleep, is interrupted by the signal and resumed by Python."""

    def run() -> None:
        wakeup = WakeupPipe()
        wakeup.install()
        began = time.monotonic()
        pipes.report(b"+")
        time.sleep(0.3)
        pipes.report(b"y" if time.monotonic() - began >= 0.3 and is_readable(wakeup) else b"n")

    pid = child(run, pipes)
    pipes.next_report()
    os.kill(pid, SIGNAL)

    assert b"y" == pipes.next_report()
    assert 0 == ended(pid)


def test_a_forked_child_has_no_pipe(pipes: ChildPipes) -> None:
    """A child ignores the signal, and does not write to its parent's pipe."""

    def run() -> None:
        wakeup = WakeupPipe()
        wakeup.install()
        inner = fork.fork(lambda: os.kill(os.getpid(), SIGNAL), name="inner", keep=frozenset({wakeup.fd}))
        status = ended(inner)
        pipes.report(b"y" if status == 0 and not is_readable(wakeup) else b"n")

    pid = child(run, pipes)

    assert b"y" == pipes.next_report()
    assert 0 == ended(pid)


def test_the_signal_is_sigusr1() -> None:
    """The master and the workers ignore USR1 (test_master.py sends it to them); USR2 is for stacks."""
    assert signal.SIGUSR1 == SIGNAL
