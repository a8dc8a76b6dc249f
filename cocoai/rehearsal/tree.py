"""The tree of processes below this one: what they are, and what they take. Only /proc is asked: proc(5).

A job process ends without anybody waiting for it, and may have lost its parent before. So orphans are adopted, and
who is watched is looked at again and again, until it is no longer there.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass

from cocoai.engine.process import proc
from cocoai.errors import CocoAIError

PR_SET_CHILD_SUBREAPER = 36
"""prctl(2), linux/prctl.h."""

GLANCE = 0.02
"""Seconds between two looks: what a process takes in its last moments is missed."""

OURS = ("master", "worker", "job", "notify", "status", "nginx")


@dataclass(frozen=True)
class Look:
    """All processes at one moment: pids by kind, and the memory of each."""

    kinds: dict[str, list[int]]
    memory: dict[int, proc.MemoryUse]

    def pss(self, *kinds: str) -> float:
        """MiB, of all processes of these kinds together."""
        return sum(self.memory[pid].pss for kind in kinds for pid in self.kinds.get(kind, ())) / 1024

    def rss(self, *kinds: str) -> float:
        """MiB, what is shared counted in each."""
        return sum(self.memory[pid].rss for kind in kinds for pid in self.kinds.get(kind, ())) / 1024


@contextlib.contextmanager
def adopting_orphans() -> Iterator[None]:
    """A process that loses its parent inside stays in our tree. Raises `CocoAIError` where the kernel will not."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0):
        raise CocoAIError(f"cannot measure here: prctl: {os.strerror(ctypes.get_errno())}")
    try:
        yield
    finally:
        libc.prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG) != (0, 0):
                pass


def look() -> Look:
    """All below us, now."""
    kinds: dict[str, list[int]] = {}
    memory = {}
    for pid in descendants(os.getpid()):
        with contextlib.suppress(OSError):  # it has just ended
            memory[pid] = proc.memory_use(pid)
            kinds.setdefault(kind(pid), []).append(pid)
    return Look(kinds, memory)


def kind(pid: int) -> str:
    """One of OURS; all else is supervisord's."""
    with open(f"/proc/{pid}/comm", encoding="utf-8") as file:
        name = file.read().strip().removeprefix("cocoai-")
    return name if name in OURS else "supervisord"


def descendants(pid: int) -> list[int]:
    """All living processes below this one."""
    children: dict[int, list[int]] = {}
    for entry in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            state, parent = _state_and_parent(entry)
            if state not in (b"Z", b"X"):
                children.setdefault(int(parent), []).append(int(entry))
    found: list[int] = []
    waiting = [pid]
    while waiting:
        below = children.get(waiting.pop(), [])
        found += below
        waiting += below
    return found


def _state_and_parent(pid: str) -> tuple[bytes, bytes]:
    with open(f"/proc/{pid}/stat", "rb") as file:
        state, parent = file.read().rpartition(b")")[2].split(maxsplit=2)[:2]
    return state, parent


class Watch:
    """Keeps the CPU time of every process below us but supervisord, also of those that end meanwhile."""

    def __init__(self) -> None:
        self._seconds: dict[int, float] = {}
        self._before = 0.0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Watch:
        self._see()
        self._before = sum(self._seconds.values())
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        self._see()

    @property
    def taken(self) -> float:
        """Seconds since the watch began."""
        return sum(self._seconds.values()) - self._before

    def _run(self) -> None:
        while not self._over.wait(GLANCE):
            self._see()

    def _see(self) -> None:
        for pid in descendants(os.getpid()):
            with contextlib.suppress(OSError):
                if kind(pid) != "supervisord":
                    self._seconds[pid] = _on_cpu(pid)


def _on_cpu(pid: int) -> float:
    """Seconds of CPU of a process with one thread, to the nanosecond (the kernel's sched-stats.rst)."""
    with open(f"/proc/{pid}/schedstat", encoding="ascii") as file:
        return int(file.read().split()[0]) / 1e9


def hidden() -> float:
    """MiB that the pool takes on a machine of its own, and shares with us here.

    We map the same interpreter and libraries, so part of each such page is counted as ours. All of our part is the
    most that it can be: some of it belongs to libraries that only we use.
    """
    with open("/proc/self/smaps_rollup", encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("Pss_File:")) / 1024
