"""Do a part of the checks in a forked process that has become another user. Only root can, and before any thread."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
from collections.abc import Callable, Iterable

from cocoai.check.result import Result, warning
from cocoai.check.target import User
from cocoai.engine.process import fork

SECONDS = 5.0
"""Seconds that such a process may take."""


def results_as(user: User, check: Callable[[], Iterable[Result]]) -> list[Result]:
    """Return the results of `check`, called in a child process that is this user's."""
    reader, writer = os.pipe()

    def run() -> None:
        with open(writer, "wb", buffering=0, closefd=False) as pipe:
            pipe.write(json.dumps([result.as_json() for result in _checked(user, check)]).encode())

    pid = fork.fork(run, name="cocoai-inspect", keep=frozenset({writer}), detach=False)
    os.close(writer)
    try:
        facts = json.loads(_all(reader))
    except ValueError:
        return [warning("check", "no_user", user=user.shown)]
    finally:
        os.close(reader)
        _end(pid)
    return [Result(**fact) for fact in facts]


def _checked(user: User, check: Callable[[], Iterable[Result]]) -> list[Result]:
    """Become the user and return the results; a failure is one of them, since a traceback could show a secret."""
    try:
        become(user)
        return list(check())
    except Exception as error:  # noqa: BLE001 (whatever it is, it is said)
        return [warning("check", "broken", name=user.shown, kind=type(error).__name__)]


def become(user: User) -> None:
    """Give up root's rights for this user's, for good. Raise OSError if that is not allowed."""
    if user.name:
        os.initgroups(user.name, user.gid)
    else:
        os.setgroups([user.gid])
    os.setgid(user.gid)
    os.setuid(user.uid)


def _all(reader: int) -> bytes:
    """Read to the end, or to what has come in SECONDS."""
    read = b""
    while select.select([reader], [], [], SECONDS)[0] and (piece := os.read(reader, 65536)):
        read += piece
    return read


def _end(pid: int) -> None:
    with contextlib.suppress(OSError):
        os.kill(pid, signal.SIGKILL)  # it has written all, or hangs
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, 0)
