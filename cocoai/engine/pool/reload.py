"""The handover: a master becomes new code in place. Same pid, same socket, and the workers are still its own.

A child checks the new code and settings first. What must be kept over exec is two kinds of descriptors: the listening
socket, and a lifeline for each worker. Their numbers travel in the environment, together with the pid, so that nobody
who merely inherits it takes them for his.
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
    """The child that runs `command` with `--check`: whether the new code and settings hold."""

    def __init__(self, command: list[str]) -> None:
        self._command = [*command, "--check"]
        self.pid = 0

    def start(self) -> None:
        """Begin it; one that is running reads what is no longer there, and is ended."""
        self.end()
        command = self._command
        try:
            self.pid = fork.fork(
                lambda: os.execv(command[0], command),  # noqa: S606 (no shell is meant)
                name="cocoai-check",
                detach=False,
            )
        except OSError:
            log.exception("pool outcome=not-reloaded")

    def end(self) -> None:
        """Forget the one that is running, if there is one."""
        if self.pid:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
            self.pid = 0

    def is_passed(self, status: int) -> bool:
        """It has ended so: does the new code hold? If not, the log says it."""
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
    """Execute `command` in our place. Signals wait until it listens; raises OSError, with all as before, if it cannot.

    `pending` tells which signals have been caught and not yet acted upon.
    """
    kept = {pid: lifeline.fileno() for pid, lifeline in lifelines.items()}
    before = signal.pthread_sigmask(signal.SIG_BLOCK, fork.SIGNALS)
    # What came just now is known to our wake-up socket alone: raised again, it waits for whoever comes next.
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
    """The listening socket of the master that we were before exec; None at a first start."""
    left = _left()
    if left is None:
        return None
    os.set_inheritable(left["listener"], False)  # noqa: FBT003
    listener = socket.socket(fileno=left["listener"])
    listener.settimeout(0)
    return listener


def inherited_workers() -> dict[int, socket.socket]:
    """The lifelines of that master's workers by pid; empty at a first start. To be asked once: it ends the handover."""
    left = _left()
    os.environ.pop(HANDOVER, None)
    lifelines = {int(pid): socket.socket(fileno=fd) for pid, fd in (left or {"workers": {}})["workers"].items()}
    for lifeline in lifelines.values():
        os.set_inheritable(lifeline.fileno(), False)  # noqa: FBT003
    return lifelines


def _left() -> dict[str, Any] | None:
    left: dict[str, Any] | None = json.loads(os.environ.get(HANDOVER, "null"))
    if left is not None and left["pid"] != os.getpid():
        return None  # inherited from a pool that started something else
    return left
