"""The self-pipe: a signal to a real process, which wakes up wherever it waits, and lives on."""

from __future__ import annotations

import os
import select
import signal
import time
from collections.abc import Callable, Iterator

import pytest

from cocoai.engine.process import fork
from cocoai.engine.process.wakeup import SIGNAL, WakeupPipe
from tests.engine.conftest import ended, is_alive
from tests.processes import PATIENCE


class Channel:
    """Two pipes between the test and a child: what the child reports, and the byte on which it goes on."""

    def __init__(self) -> None:
        self._reports, self._report = os.pipe()
        self._commands, self._command = os.pipe()
        self.kept = frozenset({self._report, self._commands})

    def report(self, byte: bytes) -> None:
        """Write a byte for the test, in the child."""
        os.write(self._report, byte)

    def wait(self) -> None:
        """Wait in the child until the test calls `go`."""
        os.read(self._commands, 1)

    def next_report(self) -> bytes:
        """Wait in the test for the child's next byte and return it."""
        ready, _, _ = select.select([self._reports], [], [], PATIENCE)
        assert ready, "the child reports nothing"
        return os.read(self._reports, 1)

    def go(self) -> None:
        """Let the child go on."""
        os.write(self._command, b"!")

    def close(self) -> None:
        """Close all ends."""
        for fd in (self._reports, self._report, self._commands, self._command):
            os.close(fd)


@pytest.fixture
def channel() -> Iterator[Channel]:
    """Yield two pipes to a child."""
    made = Channel()
    yield made
    made.close()


def forked(run: Callable[[], None], channel: Channel) -> int:
    """Fork a process as the pool does; return its pid."""
    return fork.fork(run, name="woken", keep=channel.kept)


def is_readable(pipe: WakeupPipe, seconds: float = 0.0) -> bool:
    """Check whether the signal has come, or comes within so many seconds."""
    ready, _, _ = select.select([pipe.fd], [], [], seconds)
    return bool(ready)


def yes_or_no(value: object) -> bytes:
    """Return `y` for what is true, `n` for what is not."""
    return b"y" if value else b"n"


def installed() -> WakeupPipe:
    """Return a pipe that gets this process's signals."""
    pipe = WakeupPipe()
    pipe.install()
    return pipe


def test_a_new_process_does_not_end_of_the_signal(channel: Channel) -> None:
    """The sender cannot know whether the pipe is installed already."""

    def run() -> None:
        channel.report(b"+")
        channel.wait()

    pid = forked(run, channel)
    channel.next_report()
    os.kill(pid, SIGNAL)
    was_alive = is_alive(pid)
    channel.go()

    assert was_alive
    assert 0 == ended(pid)


def test_the_pipe_is_readable_until_it_is_drained(channel: Channel) -> None:
    """However often the signal came, one drain empties the pipe; the next signal fills it again."""

    def run() -> None:
        pipe = installed()
        channel.report(yes_or_no(is_readable(pipe)))
        for _ in range(2):
            for _ in range(3):
                os.kill(os.getpid(), SIGNAL)
            channel.report(yes_or_no(is_readable(pipe, PATIENCE)))
            pipe.drain()
            channel.report(yes_or_no(is_readable(pipe)))

    pid = forked(run, channel)

    assert [b"n", b"y", b"n", b"y", b"n"] == [channel.next_report() for _ in range(5)]
    assert 0 == ended(pid)


def test_a_full_pipe_is_no_error(channel: Channel) -> None:
    """With more signals than the pipe holds the process goes on, without a warning in its log."""

    def run() -> None:
        pipe = installed()
        os.write(pipe._writer, b"!" * 65536)  # as many as there is room for
        os.kill(os.getpid(), SIGNAL)
        channel.report(yes_or_no(is_readable(pipe)))
        pipe.drain()
        channel.report(yes_or_no(is_readable(pipe)))

    pid = forked(run, channel)

    assert [b"y", b"n"] == [channel.next_report() for _ in range(2)]
    assert 0 == ended(pid)


def test_code_that_does_not_wait_for_the_pipe_goes_on_waiting(channel: Channel) -> None:
    """A system call that is interrupted by the signal is taken up again by Python."""

    def run() -> None:
        pipe = installed()
        began = time.monotonic()
        channel.report(b"+")
        time.sleep(0.3)
        channel.report(yes_or_no(time.monotonic() - began >= 0.3 and is_readable(pipe)))

    pid = forked(run, channel)
    channel.next_report()
    os.kill(pid, SIGNAL)

    assert b"y" == channel.next_report()
    assert 0 == ended(pid)


def test_a_child_does_not_write_to_its_parents_pipe(channel: Channel) -> None:
    """It ignores the signal, and its parent is not woken."""

    def run() -> None:
        pipe = installed()
        inner = fork.fork(lambda: os.kill(os.getpid(), SIGNAL), name="inner", keep=frozenset({pipe.fd}))
        status = ended(inner)
        channel.report(yes_or_no(status == 0 and not is_readable(pipe)))

    pid = forked(run, channel)

    assert b"y" == channel.next_report()
    assert 0 == ended(pid)


def test_the_signal_is_one_that_the_rest_of_the_pool_ignores() -> None:
    """USR1 means nothing to master and workers (test_master.py sends it to them); USR2 is for stacks."""
    assert signal.SIGUSR1 == SIGNAL
