"""The stack's processes, found in /proc. Those of the pool bear a mark in their environment: others' are never touched.

A job process leaves its session and outlives its worker, so neither tells whose it is.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass

MARK = "CHAOS_MARK"
"""The environment variable that the whole stack inherits."""

JOBS = frozenset({"cocoai-job", "cocoai-notify"})


@dataclass(frozen=True)
class Process:
    pid: int
    name: str
    parent: int


def processes() -> Iterator[Process]:
    """All living ones of this machine."""
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as stat:
                before, _, after = stat.read().rpartition(")")
        except OSError:
            continue  # gone meanwhile
        state, parent = after.split()[:2]
        if state != "Z":
            yield Process(int(pid), before.partition("(")[2], int(parent))


def children(parent: int, name: str) -> list[Process]:
    return [process for process in processes() if process.parent == parent and process.name == name]


def jobs(mark: str) -> list[Process]:
    """Job processes and ushers."""
    return [process for process in processes() if process.name in JOBS and bears(process, mark)]


def bearers(mark: str) -> list[Process]:
    """All that bear the mark, whatever they are."""
    return [process for process in processes() if process.pid != os.getpid() and bears(process, mark)]


def bears(process: Process, mark: str) -> bool:
    try:
        with open(f"/proc/{process.pid}/environ", "rb") as environ:
            return f"{MARK}={mark}".encode() in environ.read()
    except OSError:
        return False


def send(process: Process, number: signal.Signals = signal.SIGKILL) -> bool:
    """Signal it if it still is who it was. The pidfd keeps the number from becoming somebody else's meanwhile."""
    try:
        fd = os.pidfd_open(process.pid)
    except OSError:
        return False
    try:
        with open(f"/proc/{process.pid}/stat", encoding="utf-8", errors="replace") as stat:
            if f"({process.name})" not in stat.read():
                return False
        signal.pidfd_send_signal(fd, number)
    except OSError:
        return False
    finally:
        os.close(fd)
    return True


def wait_for_none(mark: str, seconds: float) -> list[Process]:
    """Who still bears the mark after so many seconds; they are killed."""
    deadline = time.monotonic() + seconds
    while (left := bearers(mark)) and time.monotonic() < deadline:
        time.sleep(0.1)
    for process in left:
        send(process)
    return left
