"""What tests of other processes have in common: awaiting what they do, and looking at them from outside."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Self

from cocoai.engine.process import locks

PATIENCE = 60.0
"""Seconds, for a busy machine: whoever waits this long waits in vain."""


def wait_until(true: Callable[[], object], patience: float = PATIENCE) -> None:
    """Await what no descriptor tells: a look into /proc, or into a file."""
    deadline = time.monotonic() + patience
    while not true():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.005)


def is_held(path: Path) -> bool:
    """Whether some process holds this lock file now."""
    lock = locks.take(str(path))
    if lock is not None:
        lock.release()
    return lock is None


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Clients:
    """Two threads that `ask`, again and again, until they are ended."""

    def __init__(self) -> None:
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._run) for _ in range(2)]

    def ask(self) -> None:
        """Once, and keep what is heard."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _run(self) -> None:
        while not self._over.is_set():
            self.ask()
