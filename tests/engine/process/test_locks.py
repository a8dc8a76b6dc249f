"""Locks between processes: real files, real forks, real kills."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cocoai.engine.process import fork, locks
from cocoai.engine.process.locks import FileLock, Slots
from tests.engine.conftest import ended
from tests.engine.web.fastcgi_client import PATIENCE


class Holders:
    """Child processes that do something about a lock, say one byte about it, and stay until they are told."""

    def __init__(self) -> None:
        self._said, self._say = os.pipe()
        self._stay, self.go = os.pipe()
        self._pids: set[int] = set()

    def fork(self, act: Callable[[], bool], keep: frozenset[int] = frozenset()) -> int:
        """A child that says `y` or `n`, as `act` returns."""

        def run() -> None:
            said = b"y" if act() else b"n"
            os.close(self.go)
            os.write(self._say, said)
            os.read(self._stay, 1)

        pid = fork.fork(run, name="holder", keep=keep | {self._say, self._stay, self.go})
        self._pids.add(pid)
        return pid

    def listen(self) -> bytes:
        """The next byte that one of them says."""
        return os.read(self._said, 1)

    def kill(self, pid: int) -> None:
        os.kill(pid, signal.SIGKILL)
        ended(pid)
        self._pids.discard(pid)

    def end(self) -> None:
        for pid in list(self._pids):
            self.kill(pid)
        for fd in (self._said, self._say, self._stay, self.go):
            os.close(fd)


@pytest.fixture
def holders() -> Iterator[Holders]:
    made = Holders()
    try:
        yield made
    finally:
        made.end()


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "lock")


def is_free(path: str) -> bool:
    """Whether the lock can be had; it is let go again."""
    lock = locks.take(path)
    if lock is None:
        return False
    lock.release()
    return True


def test_a_lock_is_its_holders_until_it_lets_go(path: str) -> None:
    """A second open in the same process is refused too: a lock belongs to what was opened, not to who opened it."""
    lock = locks.take(path)
    assert lock is not None
    refused = locks.take(path)
    lock.release()

    assert refused is None
    assert is_free(path)


def test_letting_go_twice_harms_nobody(path: str) -> None:
    """By then the number may be somebody else's."""
    lock = locks.take(path)
    assert lock is not None
    lock.release()
    other = os.open(path, os.O_RDONLY)
    lock.release()

    os.fstat(other)
    os.close(other)


def test_the_file_stays(path: str) -> None:
    """Never unlinked: two processes would hold the lock of two files of one name. And it is for this user only."""
    assert is_free(path)

    assert 0o600 == os.stat(path).st_mode & 0o777


def test_a_killed_holder_holds_nothing(path: str, holders: Holders) -> None:
    """The kernel lets go for it, however it died."""
    pid = holders.fork(lambda: locks.take(path) is not None)
    said = holders.listen()
    held = not is_free(path)
    holders.kill(pid)

    assert (b"y", True) == (said, held)
    assert is_free(path)


def test_a_child_holds_what_it_inherited(path: str, holders: Holders) -> None:
    """The worker takes a slot, forks, and lets go: the job has it, until it dies."""
    lock = locks.take(path)
    assert lock is not None
    pid = holders.fork(lambda: True, keep=frozenset({lock.fd}))
    holders.listen()
    lock.release()
    held = not is_free(path)
    holders.kill(pid)

    assert held
    assert is_free(path)


def test_a_child_that_was_not_given_the_lock_does_not_hold_it(path: str, holders: Holders) -> None:
    """It came with all other descriptors, and was laid over."""
    lock = locks.take(path)
    assert lock is not None
    holders.fork(lambda: True)
    holders.listen()
    lock.release()

    assert is_free(path)


def test_a_child_that_lets_go_leaves_its_parent_the_lock(path: str, holders: Holders) -> None:
    """Closing is all there is: an unlock would have dropped the parent's share too."""
    lock = locks.take(path)
    assert lock is not None
    shared = lock

    def let_go() -> bool:
        shared.release()
        return True

    holders.fork(let_go, keep=frozenset({lock.fd}))
    holders.listen()

    assert not is_free(path)
    lock.release()


def test_a_lock_is_not_handed_to_another_program(path: str) -> None:
    """Close on exec: a program that was started while it was held would keep it."""
    lock = locks.take(path)
    assert lock is not None

    assert not os.get_inheritable(lock.fd)
    lock.release()


def test_waiting_ends_with_the_holder(path: str, holders: Holders) -> None:
    """`wait_for` has the lock once it is free."""
    holders.fork(lambda: locks.take(path) is not None)
    holders.listen()
    os.write(holders.go, b"!")
    locks.wait_for(path, PATIENCE).release()

    assert is_free(path)


def test_waiting_has_an_end(path: str) -> None:
    """A holder that hangs makes nobody else hang; nothing is left open."""
    lock = locks.take(path)
    assert lock is not None
    before = os.listdir("/proc/self/fd")
    with pytest.raises(TimeoutError):
        locks.wait_for(path, 0.02)

    assert len(before) == len(os.listdir("/proc/self/fd"))
    lock.release()


def test_a_folder_that_is_missing_is_an_error(tmp_path: Path) -> None:
    """Not an endless wait, and not a lock."""
    with pytest.raises(FileNotFoundError):
        locks.wait_for(str(tmp_path / "missing" / "lock"), PATIENCE)


def test_there_are_as_many_slots_as_there_are(tmp_path: Path) -> None:
    """And one that is let go can be had again."""
    slots = Slots(str(tmp_path), 3)
    taken = [slots.take() for _ in range(4)]
    held = [slot for slot in taken if slot is not None]
    held[1].release()
    again = slots.take()

    assert [True, True, True, False] == [slot is not None for slot in taken]
    assert again is not None
    for slot in (*held, again):
        slot.release()


def test_never_more_hold_a_slot_than_there_are(tmp_path: Path, holders: Holders) -> None:
    """Eight processes at once, three slots."""
    kept: list[FileLock] = []

    def take() -> bool:
        if (slot := Slots(str(tmp_path), 3).take()) is not None:
            kept.append(slot)
        return slot is not None

    for _ in range(8):
        holders.fork(take)
    said = sorted(holders.listen() for _ in range(8))

    assert [b"n"] * 5 + [b"y"] * 3 == said


def test_no_slots_is_none(tmp_path: Path) -> None:
    """A pool that may answer nothing."""
    assert Slots(str(tmp_path), 0).take() is None
