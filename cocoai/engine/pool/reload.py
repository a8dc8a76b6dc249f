"""The reload: a master becomes new code in place. Its pid and socket stay, and the workers are still its children.

A child checks the new code and settings first. What must survive exec is two kinds of descriptors: the listening
socket, and a lifeline for each worker. Their numbers travel in the environment together with the pid, so that no
program that merely inherits the environment takes them for its own.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import signal
import socket
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from cocoai.engine.process import fork

HANDOVER = "COCOAI_HANDOVER"
"""The environment variable: `pid`, `listener` (a descriptor), `workers` (pid to lifeline's descriptor), as JSON."""

log = logging.getLogger(__name__)


class ConfigCheck:
    """The child that runs `command` with `--check`, which tells whether the new code and settings hold.

    `pid` is 0 while no check runs.
    """

    def __init__(self, command: list[str]) -> None:
        self._command = [*command, "--check"]
        self.pid = 0

    def start(self) -> None:
        """Fork the check; one that is running already may have read older files, and is ended."""
        self.end()
        try:
            self.pid = fork.fork(self._execute, name="cocoai-check", detach=False)
        except OSError:
            log.exception("pool outcome=not-reloaded")

    def _execute(self) -> None:
        os.execv(self._command[0], self._command)  # noqa: S606 (no shell is meant)

    def end(self) -> None:
        """Kill the check that is running, if there is one."""
        if self.pid:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
            self.pid = 0

    def is_passed(self, status: int) -> bool:
        """Check by its exit status whether the check, which has ended, found the new code good; log it if not."""
        self.pid = 0
        if status:
            log.error("pool outcome=not-reloaded status=%d: the new code or settings do not hold; going on", status)
        return status == 0


def execute(
    command: list[str],
    listener: socket.socket,
    lifelines: Mapping[int, socket.socket],
    *,
    pending: Callable[[], Iterable[int]],
) -> None:
    """Execute `command` in place of this process, with listener and lifelines (by pid) handed over.

    Signals are blocked until the new code has its handlers. `pending` returns the signals that have been caught and
    not yet acted upon. Raise OSError, with all as before, if the command cannot be executed.
    """
    kept = {pid: lifeline.fileno() for pid, lifeline in lifelines.items()}
    before = signal.pthread_sigmask(signal.SIG_BLOCK, fork.SIGNALS)
    # A signal that came just now is known to this process's wake-up socket alone: raised again, it stays pending
    # over exec, and the new code gets it.
    for number in pending():
        signal.raise_signal(number)
    for fd in (listener.fileno(), *kept.values()):
        os.set_inheritable(fd, True)  # noqa: FBT003
    os.environ[HANDOVER] = json.dumps({"pid": os.getpid(), "listener": listener.fileno(), "workers": kept})
    try:
        os.execv(command[0], command)  # noqa: S606 (no shell is meant)
    except OSError:
        del os.environ[HANDOVER]
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        raise


def inherited_listener() -> socket.socket | None:
    """Return the listening socket that this process had before exec; None at a first start."""
    handover = _handover()
    if handover is None:
        return None
    os.set_inheritable(handover["listener"], False)  # noqa: FBT003
    listener = socket.socket(fileno=handover["listener"])
    listener.settimeout(0)
    return listener


def inherited_workers() -> dict[int, socket.socket]:
    """Return the lifelines of the workers that this process had before exec, by pid; {} at a first start.

    The second call returns {}: the first ends the handover.
    """
    handover = _handover()
    os.environ.pop(HANDOVER, None)
    descriptors: dict[str, int] = handover["workers"] if handover else {}
    lifelines = {int(pid): socket.socket(fileno=fd) for pid, fd in descriptors.items()}
    for lifeline in lifelines.values():
        os.set_inheritable(lifeline.fileno(), False)  # noqa: FBT003
    return lifelines


def _handover() -> dict[str, Any] | None:
    """Return what HANDOVER holds; None if it is not set, or was meant for another process."""
    handover: dict[str, Any] | None = json.loads(os.environ.get(HANDOVER, "null"))
    if handover is not None and handover["pid"] != os.getpid():
        return None  # inherited from a pool that started another program
    return handover
