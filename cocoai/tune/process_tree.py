"""Read the processes below this one, what they are and what memory and CPU time they take, from /proc (proc(5)).

Nothing waits for a job process, and its parent may end before it does. So orphans are adopted, and CPU time is read
again and again until a process is gone.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass

from cocoai.errors import CocoAIError
from cocoai.tune.page_sharing import MemoryShare, measure

PR_SET_CHILD_SUBREAPER = 36
"""prctl(2), linux/prctl.h."""

INTERVAL = 0.02
"""Seconds between two readings. CPU time that a process takes after its last one is not counted."""

MOST_READINGS = 20
"""Times that the memory of all processes is read until none of them ends meanwhile."""

OURS = ("master", "worker", "job", "notify", "modal", "status", "nginx")
"""The kinds of processes of the pool, and nginx; every other process is counted as supervisord's."""


@dataclass(frozen=True)
class ProcessTree:
    """All processes below this one at one moment.

    `kinds` has the pids of each kind, `memory` the memory of each pid.
    """

    kinds: dict[str, list[int]]
    memory: dict[int, MemoryShare]

    def pss(self, *kinds: str) -> float:
        """Return the MiB of all processes of these kinds: a shared page is divided among those of the tree.

        That is their PSS on a machine where no other program maps the same interpreter and libraries.
        """
        return sum(self.memory[pid].alone for kind in kinds for pid in self.kinds.get(kind, ())) / 1024

    def rss(self, *kinds: str) -> float:
        """Return the MiB of RSS of all processes of these kinds: a shared page is counted in each."""
        return sum(self.memory[pid].rss for kind in kinds for pid in self.kinds.get(kind, ())) / 1024


@contextlib.contextmanager
def adopting_orphans() -> Iterator[None]:
    """Adopt, as a context manager, every descendant that loses its parent, until the block ends.

    Then reap those that have ended. Raise `CocoAIError` if the kernel refuses.
    """
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


def read_tree() -> ProcessTree:
    """Read the kind and the memory of all processes below this one, at a moment when none of them ends.

    Raise OSError if /proc does not tell, or if one has ended during each of MOST_READINGS.
    """
    for _ in range(MOST_READINGS - 1):
        with contextlib.suppress(OSError):
            return _read_once()
    return _read_once()


def _read_once() -> ProcessTree:
    """Read the kind and the memory of all processes below this one. Raise OSError if one ends meanwhile."""
    kinds = read_kinds()
    return ProcessTree(kinds, measure([pid for pids in kinds.values() for pid in pids]))


def read_kinds() -> dict[str, list[int]]:
    """Return the pids of all processes below this one, by kind."""
    kinds: dict[str, list[int]] = {}
    for pid in descendants(os.getpid()):
        with contextlib.suppress(OSError):  # it has just ended
            kinds.setdefault(kind_of(pid), []).append(pid)
    return kinds


def kind_of(pid: int) -> str:
    """Return the kind of a process: one of OURS, or `supervisord` for any other. Raise OSError if it has ended."""
    with open(f"/proc/{pid}/comm", encoding="utf-8") as file:
        name = file.read().strip().removeprefix("cocoai-")
    return name if name in OURS else "supervisord"


def descendants(pid: int) -> list[int]:
    """Return the pids of all living processes below `pid`: its children, their children and so on."""
    children: dict[int, list[int]] = {}
    for entry in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            state, parent = _state_and_parent(entry)
            if state not in (b"Z", b"X"):
                children.setdefault(int(parent), []).append(int(entry))
    found: list[int] = []
    parents = [pid]
    while parents:
        below = children.get(parents.pop(), [])
        found += below
        parents += below
    return found


def _state_and_parent(pid: str) -> tuple[bytes, bytes]:
    """Return the state (one letter) and the parent's pid of a process. Raise OSError if it has ended."""
    with open(f"/proc/{pid}/stat", "rb") as file:
        # The name stands in brackets before them, and may hold spaces and brackets itself.
        state, parent = file.read().rpartition(b")")[2].split(maxsplit=2)[:2]
    return state, parent


class CpuWatch:
    """Adds up, as a context manager, the CPU time of all processes below this one, also of those that end meanwhile.

    supervisord's is left out. A thread reads the times every INTERVAL seconds.
    """

    def __init__(self) -> None:
        self._seconds: dict[int, float] = {}
        self._before = 0.0
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> CpuWatch:
        """Note the CPU time so far, and start the thread that reads it again and again."""
        self._read()
        self._before = sum(self._seconds.values())
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End the thread, and read the CPU time once more."""
        self._is_over.set()
        self._thread.join()
        self._read()

    @property
    def seconds(self) -> float:
        """Return the seconds of CPU time that the processes have used since the block began."""
        return sum(self._seconds.values()) - self._before

    def _run(self) -> None:
        while not self._is_over.wait(INTERVAL):
            self._read()

    def _read(self) -> None:
        """Note how much CPU time each process below this one has used so far."""
        for pid in descendants(os.getpid()):
            with contextlib.suppress(OSError):
                if kind_of(pid) != "supervisord":
                    self._seconds[pid] = _cpu_seconds(pid)


def _cpu_seconds(pid: int) -> float:
    """Return the seconds of CPU time of a process with one thread (the kernel's sched-stats.rst).

    They are exact to the nanosecond. Raise OSError if the process has ended.
    """
    with open(f"/proc/{pid}/schedstat", encoding="ascii") as file:
        return int(file.read().split()[0]) / 1e9
