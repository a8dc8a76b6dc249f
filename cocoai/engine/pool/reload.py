"""Replace a running master by new code in place. Its pid and socket stay, and the workers are still its children.

A child checks the new code and settings first. What must survive exec is three kinds of descriptors: the listening
socket, the master's lock, and a lifeline for each worker. Their numbers travel in the environment together with the
pid, so that no program that merely inherits the environment takes them for its own.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import signal
import socket
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from cocoai.engine.pool.parent import Parent
from cocoai.engine.process import fork
from cocoai.engine.process.locks import FileLock

HANDOVER = "COCOAI_HANDOVER"
"""The environment variable, as JSON: `pid`, `listener` (a descriptor), `workers` (pid to lifeline's descriptor).

And `lock` (a descriptor) and `parent` (a pid), each null if there is none; an older version leaves both out.
"""

log = logging.getLogger(__name__)


class ConfigCheck:
    """The child that runs `command` with `--check`, which tells whether the new code and settings hold.

    `pid` is 0 while no check runs.
    """

    def __init__(self, command: list[str]) -> None:
        self._command = [*command, "--check"]
        self.pid = 0

    def start(self) -> None:
        """Fork a process that runs the check, and do not wait for it; log it if there can be none.

        A check that is running already may have read older files, and is killed.
        """
        self.end()
        try:
            self.pid = fork.fork(self._execute, name="cocoai-check", detach=False)
        except OSError:
            log.exception("pool outcome=not-reloaded")

    def _execute(self) -> None:
        """Execute the check in place of the forked process."""
        os.execv(self._command[0], self._command)  # noqa: S606 (no shell is meant)

    def end(self) -> None:
        """Kill the check that is running, if there is one."""
        if self.pid:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
            self.pid = 0

    def is_passed(self, status: int) -> bool:
        """Return True if the check, which has ended with this exit status, found the new code and settings good.

        If not, log it. From now on no check runs.
        """
        self.pid = 0
        if status:
            log.error("pool outcome=not-reloaded status=%d: the new code or settings do not hold; going on", status)
        return status == 0


@dataclass(frozen=True)
class Kept:
    """What a master keeps over a reload: its socket, the workers' lifelines by pid, its lock and its first parent."""

    listener: socket.socket
    lifelines: Mapping[int, socket.socket]
    lock: FileLock | None = None
    parent: Parent | None = None

    def descriptors(self) -> list[int]:
        """Return the descriptors that must survive exec."""
        sockets = [each.fileno() for each in (self.listener, *self.lifelines.values())]
        return [*sockets, self.lock.fd] if self.lock else sockets

    def handover(self) -> str:
        """Return the JSON text of the variable HANDOVER for this process's next code."""
        return json.dumps(
            {
                "pid": os.getpid(),
                "listener": self.listener.fileno(),
                "workers": {pid: lifeline.fileno() for pid, lifeline in self.lifelines.items()},
                "lock": self.lock.fd if self.lock else None,
                "parent": self.parent.pid if self.parent else None,
            }
        )


def execute(command: list[str], kept: Kept, *, pending: Callable[[], Iterable[int]]) -> None:
    """Execute `command` in place of this process, handing over what is `kept`.

    It does not return. Signals are blocked until the new code has its handlers. `pending` returns the signals that have
    been caught and not yet acted upon: the new code gets them. Raise OSError, with signals unblocked, the handover
    withdrawn, and the descriptors as they were, if the command cannot be executed.
    """
    inheritable = {fd: os.get_inheritable(fd) for fd in kept.descriptors()}
    before = signal.pthread_sigmask(signal.SIG_BLOCK, fork.SIGNALS)
    # A signal that came just now is known to this process's wake-up socket alone: raised again, it stays pending
    # over exec, and the new code gets it.
    for number in pending():
        signal.raise_signal(number)
    for fd in inheritable:
        os.set_inheritable(fd, True)  # noqa: FBT003
    os.environ[HANDOVER] = kept.handover()
    try:
        os.execv(command[0], command)  # noqa: S606 (no shell is meant)
    except OSError:
        del os.environ[HANDOVER]
        for fd, was_inheritable in inheritable.items():
            os.set_inheritable(fd, was_inheritable)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        raise


def inherited_listener() -> socket.socket | None:
    """Return the listening socket that this process had before a reload, which never blocks; None at a first start."""
    handover = _handover()
    if handover is None:
        return None
    os.set_inheritable(handover["listener"], False)  # noqa: FBT003
    listener = socket.socket(fileno=handover["listener"])
    listener.settimeout(0)
    return listener


def inherited_lock() -> FileLock | None:
    """Return the master's lock that this process had before a reload; None at a first start, or if it had none."""
    fd = (_handover() or {}).get("lock")
    if fd is None:
        return None
    os.set_inheritable(fd, False)  # noqa: FBT003
    return FileLock(fd)


def first_parent() -> Parent:
    """Return the parent that this process had at its first start: the one noted before a reload, else the present."""
    return Parent((_handover() or {}).get("parent") or os.getppid())


def inherited_workers() -> dict[int, socket.socket]:
    """Return the lifelines of the workers that this process had before a reload, by pid; {} at a first start.

    It ends the handover by removing the environment variable, so a second call returns {}.
    """
    handover = _handover()
    os.environ.pop(HANDOVER, None)
    descriptors: dict[str, int] = handover["workers"] if handover else {}
    lifelines = {int(pid): socket.socket(fileno=fd) for pid, fd in descriptors.items()}
    for lifeline in lifelines.values():
        os.set_inheritable(lifeline.fileno(), False)  # noqa: FBT003
    return lifelines


def _handover() -> dict[str, Any] | None:
    """Return the object in the environment variable HANDOVER; None if it is not set, or is for another process."""
    handover: dict[str, Any] | None = json.loads(os.environ.get(HANDOVER, "null"))
    if handover is not None and handover["pid"] != os.getpid():
        return None  # inherited from a pool that started another program
    return handover
