"""Locks between processes: real files, real forks, real kills."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from cocoai.engine.process import fork, locks
from cocoai.engine.process.locks import FileLock, Slots
from tests.engine.conftest import ended
from tests.engine.web.fastcgi_client import PATIENCE


class Holders:
    """Child processes that do something with a lock, report one byte about it, and stay until they are ended."""

    def __init__(self) -> None:
        self._reader, self._writer = os.pipe()
        self._stay, self.go = os.pipe()
        self._pids: set[int] = set()

    def fork(self, act: Callable[[], object], keep: frozenset[int] = frozenset()) -> int:
        """Fork a child that calls `act` and reports `y` if it returns something true, else `n`; return the pid."""

        def run() -> None:
            report = b"y" if act() else b"n"
            os.close(self.go)
            os.write(self._writer, report)
            os.read(self._stay, 1)

        pid = fork.fork(run, name="holder", keep=keep | {self._writer, self._stay, self.go})
        self._pids.add(pid)
        return pid

    def report(self) -> bytes:
        """Wait for the next child's report and return it."""
        return os.read(self._reader, 1)

    def kill(self, pid: int) -> None:
        """Kill this child and wait until it has ended."""
        os.kill(pid, signal.SIGKILL)
        ended(pid)
        self._pids.discard(pid)

    def end(self) -> None:
        """Kill every child that is left."""
        for pid in list(self._pids):
            self.kill(pid)
        for fd in (self._reader, self._writer, self._stay, self.go):
            os.close(fd)


@pytest.fixture
def holders() -> Iterator[Holders]:
    """Yield a maker of child processes; kill them afterwards."""
    made = Holders()
    try:
        yield made
    finally:
        made.end()


@pytest.fixture
def path(tmp_path: Path) -> str:
    """Return the path of a lock file that does not exist yet."""
    return str(tmp_path / "lock")


def do_nothing() -> bool:
    """Leave the lock as it is, and report `y`."""
    return True


def is_free(path: str) -> bool:
    """Check whether the lock can be taken; release it again."""
    lock = locks.take(path)
    if lock is None:
        return False
    lock.release()
    return True


def test_a_lock_is_refused_until_it_is_released(path: str) -> None:
    """The same process is refused too when it opens the file again: a lock belongs to the open file description."""
    lock = locks.take(path)
    assert lock is not None
    refused = locks.take(path)
    lock.release()

    assert refused is None
    assert is_free(path)


def test_a_second_release_closes_nothing(path: str) -> None:
    """By then the number may be another file's."""
    lock = locks.take(path)
    assert lock is not None
    lock.release()
    other = os.open(path, os.O_RDONLY)
    lock.release()

    os.fstat(other)
    os.close(other)


def test_the_file_stays(path: str) -> None:
    """It is never unlinked, or two processes would hold locks of two files of one name; only its owner may read it."""
    assert is_free(path)

    assert 0o600 == os.stat(path).st_mode & 0o777


def test_a_killed_holder_holds_nothing(path: str, holders: Holders) -> None:
    """The kernel releases the lock, however the holder died."""
    pid = holders.fork(partial(locks.take, path))
    report = holders.report()
    held = not is_free(path)
    holders.kill(pid)

    assert (b"y", True) == (report, held)
    assert is_free(path)


def test_a_child_holds_what_it_inherited(path: str, holders: Holders) -> None:
    """A worker takes a slot, forks and releases it: the child holds it until it dies."""
    lock = locks.take(path)
    assert lock is not None
    pid = holders.fork(do_nothing, keep=frozenset({lock.fd}))
    holders.report()
    lock.release()
    held = not is_free(path)
    holders.kill(pid)

    assert held
    assert is_free(path)


def test_a_child_that_does_not_keep_the_lock_does_not_hold_it(path: str, holders: Holders) -> None:
    """Its descriptor was laid over with all others."""
    lock = locks.take(path)
    assert lock is not None
    holders.fork(do_nothing)
    holders.report()
    lock.release()

    assert is_free(path)


def test_a_child_that_releases_leaves_its_parent_the_lock(path: str, holders: Holders) -> None:
    """Releasing only closes; an unlock would have dropped the parent's share too."""
    lock = locks.take(path)
    assert lock is not None
    shared = lock

    def release() -> bool:
        shared.release()
        return True

    holders.fork(release, keep=frozenset({lock.fd}))
    holders.report()

    assert not is_free(path)
    lock.release()


def test_a_lock_is_not_inherited_by_another_program(path: str) -> None:
    """It is closed on exec, or a program that was started meanwhile would hold it."""
    lock = locks.take(path)
    assert lock is not None

    assert not os.get_inheritable(lock.fd)
    lock.release()


def test_waiting_ends_with_the_holder(path: str, holders: Holders) -> None:
    """`wait_for` returns once the lock is free."""
    holders.fork(partial(locks.take, path))
    holders.report()
    os.write(holders.go, b"!")
    locks.wait_for(path, PATIENCE).release()

    assert is_free(path)


def test_a_lock_that_is_held_at_first_is_waited_for(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A refusal before the deadline is no error: the lock is tried again after a pause."""
    lock = locks.take(path)
    assert lock is not None
    held = lock
    monkeypatch.setattr(time, "sleep", lambda _: held.release())
    locks.wait_for(path, PATIENCE).release()

    assert is_free(path)


def test_waiting_has_a_deadline(path: str) -> None:
    """A holder that hangs makes no other process hang, and no descriptor is left open."""
    lock = locks.take(path)
    assert lock is not None
    before = os.listdir("/proc/self/fd")
    with pytest.raises(TimeoutError):
        locks.wait_for(path, 0.02)

    assert len(before) == len(os.listdir("/proc/self/fd"))
    lock.release()


def test_a_missing_folder_is_an_error(tmp_path: Path) -> None:
    """It is neither an endless wait nor a lock."""
    with pytest.raises(FileNotFoundError):
        locks.wait_for(str(tmp_path / "missing" / "lock"), PATIENCE)


def test_slots_are_limited_and_can_be_taken_again(tmp_path: Path) -> None:
    """Of three slots a fourth cannot be taken before one is released."""
    slots = Slots(str(tmp_path), 3)
    taken = [slots.take() for _ in range(4)]
    held = [slot for slot in taken if slot is not None]
    held[1].release()
    again = slots.take()

    assert [0, 1, 2, None] == [slot and slot.number for slot in taken]
    assert again is not None
    assert 1 == again.number
    for slot in (*held, again):
        slot.release()


def test_several_processes_share_the_slots(tmp_path: Path, holders: Holders) -> None:
    """Of eight processes that try at once, three get a slot."""
    kept: list[FileLock] = []

    def take() -> bool:
        if (slot := Slots(str(tmp_path), 3).take()) is not None:
            kept.append(slot)
        return slot is not None

    for _ in range(8):
        holders.fork(take)
    reports = sorted(holders.report() for _ in range(8))

    assert [b"n"] * 5 + [b"y"] * 3 == reports


def test_none_of_no_slots_can_be_taken(tmp_path: Path) -> None:
    """With no slots at all, `take` returns None."""
    assert Slots(str(tmp_path), 0).take() is None
