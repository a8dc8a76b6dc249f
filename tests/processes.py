"""Helpers for tests of other processes: waiting for conditions, looking at lock files, ports, and load from threads."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Self

from cocoai.engine.process import locks

PATIENCE = 60.0
"""Seconds after which a wait has failed, even on a busy machine."""


def wait_until(condition: Callable[[], object], patience: float = PATIENCE) -> None:
    """Call `condition` again and again until it returns a true value; fail after `patience` seconds.

    It is for conditions that no descriptor signals, such as a state in /proc or in a file.
    """
    looked = time.monotonic()
    deadline = looked + patience
    while not condition():
        now = time.monotonic()
        assert now < deadline, "waited in vain"
        # A look at all of /proc takes milliseconds, in which what is waited for has no core.
        time.sleep(max(0.005, min(4 * (now - looked), 0.05)))
        looked = time.monotonic()


def is_held(path: Path) -> bool:
    """Return True if some process holds this lock file now."""
    lock = locks.take(str(path))
    if lock is not None:
        lock.release()
    return lock is None


def free_port() -> int:
    """Return a port of 127.0.0.1 on which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Clients:
    """Two threads that call `ask` again and again until the context ends."""

    def __init__(self) -> None:
        self._has_ended = threading.Event()
        self._threads = [threading.Thread(target=self._run) for _ in range(2)]

    def ask(self) -> None:
        """Send one request and keep its result; a subclass implements this."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._has_ended.set()
        for thread in self._threads:
            thread.join()

    def _run(self) -> None:
        while not self._has_ended.is_set():
            self.ask()
