"""Processes by way of /proc: this one, and children that live, have ended, or have hostile names."""

from __future__ import annotations

import gc
import mmap
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from cocoai.engine.process import fork, proc
from cocoai.engine.process.proc import send_signal, start_time
from tests.processes import wait_until

MIB = 1024
"""A MiB in KiB."""

NOBODY = 65534


def do_nothing() -> None:
    """Add nothing to what a child does."""


@contextmanager
def child(run: Callable[[], None] = do_nothing) -> Iterator[int]:
    """Yield the pid of a child that has called `run` and waits; kill it afterwards."""
    reader, writer = os.pipe()

    def wait() -> None:
        run()
        os.write(writer, b"+")
        signal.pause()

    gc.disable()  # a collection in a child would make some MiB its own
    try:
        pid = fork.fork(wait, name="child", keep=frozenset({writer}), detach=False)
    finally:
        gc.enable()
    try:
        assert os.read(reader, 1) == b"+"
        yield pid
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        os.close(reader)
        os.close(writer)


def test_a_process_keeps_its_start_time() -> None:
    """A later process has a later time, or the same: a tick is a hundredth of a second."""
    with child() as pid:
        assert start_time(pid) == start_time(pid)
        assert start_time(os.getpid()) <= start_time(pid)


def test_a_process_that_has_ended_has_no_start_time() -> None:
    """Reaped or not, it does not pass for a living one."""
    with child() as pid:
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: start_time(pid) == 0)  # its parent has not waited for it: a zombie

    assert 0 == start_time(pid)


@pytest.mark.parametrize("name", ["a) S 1", "((", "two words", "\n"])
def test_a_hostile_name_changes_no_field(name: str) -> None:
    """The name stands in the middle of the stat line, with any character that a process put into it."""
    with child() as pid:
        plain = start_time(pid)
    with child(partial(fork.name_process, name)) as pid:
        assert plain <= start_time(pid) <= plain + 100 * 3600


def test_only_the_process_that_was_meant_gets_the_signal() -> None:
    """A process that has the pid by now began at another time: the signal, which would end it, is not sent."""
    with child() as pid:
        start = start_time(pid)

        another = send_signal(pid, start - 1, signal.SIGTERM)
        survived = start_time(pid)
        meant = send_signal(pid, start, signal.SIGTERM)
        wait_until(lambda: start_time(pid) == 0)

    assert (False, start, True) == (another, survived, meant)


def test_a_signal_to_a_process_that_has_gone_is_not_sent() -> None:
    """Ended, reaped or never there: False is returned, and no error raised."""
    with child() as pid:
        start = start_time(pid)
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: start_time(pid) == 0)
        ended = send_signal(pid, start, signal.SIGTERM)

    assert [False, False, False] == [ended, send_signal(pid, start, signal.SIGTERM), send_signal(0, 0, signal.SIGTERM)]


def test_a_signal_to_another_users_process_is_not_sent() -> None:
    """The kernel forbids it: False is returned, and no error raised."""
    if os.getuid() not in (0, NOBODY) and os.stat("/proc/1").st_uid == os.getuid():
        pytest.skip("process 1 is this user's")

    def run() -> None:
        if os.getuid() == 0:
            os.setresuid(NOBODY, NOBODY, NOBODY)
        if send_signal(1, start_time(1), 0):
            raise ValueError("it was sent")

    pid = fork.fork(run, name="child", detach=False)

    assert 0 == os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def test_memory_that_is_shared_is_counted_in_parts() -> None:
    """A child that has only been forked shares nearly all; what it writes counts as its own, to the MiB."""
    grown: list[bytes] = []
    with child() as pid:
        idle = proc.memory_use(pid)
    with child(lambda: grown.append(b"x" * (64 * MIB * 1024))) as pid:
        big = proc.memory_use(pid)

    assert idle.pss < idle.rss
    assert idle.private < idle.rss
    assert 64 * MIB <= big.private - idle.private + MIB <= 68 * MIB
    assert 60 * MIB <= big.pss - idle.pss <= 68 * MIB


def test_a_file_that_only_one_process_maps_is_its_own(tmp_path: Path) -> None:
    """Pages that are private but not written, which the kernel lists apart, count as private too."""
    path = tmp_path / "file"
    with path.open("wb") as file:
        file.write(bytes(8 * MIB * 1024))
        os.fsync(file.fileno())
    maps: list[mmap.mmap] = []

    def read_file() -> None:
        with path.open("rb") as file:
            maps.append(mmap.mmap(file.fileno(), 0, mmap.MAP_PRIVATE, mmap.PROT_READ))
        maps[0].find(b"x")

    with child() as pid:
        idle = proc.memory_use(pid)
    with child(read_file) as pid:
        big = proc.memory_use(pid)

    assert 7 * MIB <= big.private - idle.private


def test_the_memory_of_a_process_that_has_gone_is_an_error() -> None:
    """Its file in /proc has gone with it."""
    with child() as pid:
        pass

    with pytest.raises(OSError, match="No such"):
        proc.memory_use(pid)
