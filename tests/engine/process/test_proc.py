"""What /proc tells: of this process, and of children that live, have ended, and bear hostile names."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from cocoai.engine.process import fork, proc
from cocoai.engine.process.proc import send_signal, start_time
from tests.processes import wait_until

MIB = 1024
"""In KiB."""


@contextmanager
def child(run: Callable[[], None] = lambda: None) -> Iterator[int]:
    """A child that has run this and waits to be killed."""
    reader, writer = os.pipe()

    def wait() -> None:
        run()
        os.write(writer, b"+")
        signal.pause()

    pid = fork.fork(wait, name="child", keep=frozenset({writer}), detach=False)
    try:
        assert os.read(reader, 1) == b"+"
        yield pid
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        os.close(reader)
        os.close(writer)


def test_a_process_keeps_its_start_time() -> None:
    """And a later one has a later time, or the same: a tick is a hundredth of a second."""
    with child() as pid:
        assert start_time(pid) == start_time(pid)
        assert start_time(os.getpid()) <= start_time(pid)


def test_who_has_ended_has_no_start_time() -> None:
    """Buried or not: to nobody does it mean a living process."""
    with child() as pid:
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: start_time(pid) == 0)  # its parent has not waited for it: a zombie

    assert 0 == start_time(pid)


@pytest.mark.parametrize("name", ["a) S 1", "((", "two words", "\n"])
def test_a_name_cannot_pretend(name: str) -> None:
    """It stands in the middle of the line, with whatever somebody put into it."""
    with child() as pid:
        plain = start_time(pid)
    with child(lambda: fork.name_process(name)) as pid:
        assert plain <= start_time(pid) <= plain + 100 * 3600


def test_only_the_process_that_was_meant_is_nudged() -> None:
    """One that has been given its pid since began at another time: the signal, which would end it, is not sent."""
    with child() as pid:
        start = start_time(pid)

        another = send_signal(pid, start - 1, signal.SIGTERM)
        survived = start_time(pid)
        meant = send_signal(pid, start, signal.SIGTERM)
        wait_until(lambda: start_time(pid) == 0)

    assert (False, start, True) == (another, survived, meant)


def test_nobody_is_nudged_where_nobody_is() -> None:
    """Ended, buried, or never there: nothing is raised."""
    with child() as pid:
        start = start_time(pid)
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: start_time(pid) == 0)
        ended = send_signal(pid, start, signal.SIGTERM)

    assert [False, False, False] == [ended, send_signal(pid, start, signal.SIGTERM), send_signal(0, 0, signal.SIGTERM)]


def test_memory_that_is_shared_is_counted_in_parts() -> None:
    """A child that has only been forked shares nearly all; what it writes is its own, to the MiB."""
    grown: list[bytes] = []
    with child() as pid:
        idle = proc.memory_use(pid)
    with child(lambda: grown.append(b"x" * (64 * MIB * 1024))) as pid:
        big = proc.memory_use(pid)

    assert idle.pss < idle.rss
    assert idle.private < idle.rss
    assert 64 * MIB <= big.private - idle.private + MIB <= 68 * MIB
    assert 60 * MIB <= big.pss - idle.pss <= 68 * MIB


def test_the_memory_of_nobody_is_an_error() -> None:
    """Its file has gone with it."""
    with child() as pid:
        pass

    with pytest.raises(OSError, match="No such"):
        proc.memory_use(pid)
