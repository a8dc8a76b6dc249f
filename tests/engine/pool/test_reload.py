"""The parts of a reload, each by itself: the check's end, an exec that fails, what is handed over."""

from __future__ import annotations

import errno
import json
import os
import signal
import socket
from pathlib import Path
from typing import Never

import pytest

from cocoai.engine.pool.parent import Parent
from cocoai.engine.pool.reload import (
    HANDOVER,
    ConfigCheck,
    Kept,
    execute,
    first_parent,
    inherited_listener,
    inherited_lock,
    inherited_workers,
)
from cocoai.engine.process import fork, locks


def test_an_exec_that_fails_leaves_signals_and_environment_as_they_were() -> None:
    """The master serves on, and still hears its signals."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    with socket.socket() as listener, pytest.raises(FileNotFoundError):
        execute(["/nowhere/at/all"], Kept(listener, {}), pending=tuple)
    after = signal.pthread_sigmask(signal.SIG_SETMASK, before)

    assert before == after
    assert HANDOVER not in os.environ


def test_an_exec_that_fails_leaves_no_descriptor_to_other_programs() -> None:
    """A program that the master executes later must not keep the listener open, nor a worker's lifeline."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    ours, theirs = socket.socketpair()
    with socket.socket() as listener, ours, theirs:
        with pytest.raises(FileNotFoundError):
            execute(["/nowhere/at/all"], Kept(listener, {17: ours}), pending=tuple)
        inheritable = [each.get_inheritable() for each in (listener, ours)]
    signal.pthread_sigmask(signal.SIG_SETMASK, before)

    assert [False, False] == inheritable


@pytest.mark.parametrize(("status", "expected"), [(0, True), (1, False), (-signal.SIGKILL, False)])
def test_a_check_that_has_ended_is_not_killed_later(
    monkeypatch: pytest.MonkeyPatch, status: int, expected: bool
) -> None:
    """By then its pid may be another process's; only status 0 is a pass."""
    killed: list[int] = []
    monkeypatch.setattr(os, "kill", lambda pid, _: killed.append(pid))
    check = ConfigCheck(["program"])
    check.pid = 1 << 23
    is_passed = check.is_passed(status)
    check.end()

    assert (expected, []) == (is_passed, killed)


def test_a_check_that_cannot_be_forked_is_logged(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The master goes on with the code that it has."""

    def refuse(*_: object, **__: object) -> Never:
        raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))

    monkeypatch.setattr(fork, "fork", refuse)
    check = ConfigCheck(["program"])
    check.start()

    assert ["pool outcome=not-reloaded"] == caplog.messages
    assert 0 == check.pid


def test_what_is_handed_over_is_taken_once_and_goes_to_no_other_program(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Listener, lock and lifelines had to survive the exec, and are closed at the next one; the environment forgets."""
    listener, (ours, theirs) = socket.socket(), socket.socketpair()
    held = locks.take(str(tmp_path / "lock"))
    assert held
    kept = Kept(listener, {17: ours}, held, Parent(7))
    for fd in kept.descriptors():
        os.set_inheritable(fd, True)
    monkeypatch.setenv(HANDOVER, kept.handover())
    listener.detach()
    ours.detach()
    taken, lock, parent = inherited_listener(), inherited_lock(), first_parent()
    workers = inherited_workers()
    is_set = HANDOVER in os.environ
    assert taken is not None
    assert lock is not None
    inheritable = [os.get_inheritable(fd) for fd in (taken.fileno(), workers[17].fileno(), lock.fd)]
    for each in (taken, theirs, *workers.values()):
        each.close()
    lock.release()

    assert [17] == list(workers)
    assert ([False] * 3, False) == (inheritable, is_set)
    assert (Parent(7), Parent(os.getppid())) == (parent, first_parent())
    assert (None, {}) == (inherited_lock(), inherited_workers())


def test_an_older_version_hands_over_neither_lock_nor_parent(monkeypatch: pytest.MonkeyPatch) -> None:
    """After the reload the new code takes the lock, and notes the parent of that time."""
    monkeypatch.setenv(HANDOVER, json.dumps({"pid": os.getpid(), "listener": 0, "workers": {}}))

    assert (None, Parent(os.getppid())) == (inherited_lock(), first_parent())
