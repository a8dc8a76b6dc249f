"""The stack's processes, found in /proc. They inherit the run's id in their environment; no others are touched.

A job process starts a session of its own and outlives its worker, so neither session nor parent tells whose it is.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

RUN_ID = "CHAOS_RUN_ID"
"""The environment variable with the run's id, which the whole stack inherits."""

JOBS = frozenset({"cocoai-job", "cocoai-notify", "cocoai-linger"})
"""Names of the processes that work on questions: job processes, and the process that posts placeholders."""


@dataclass(frozen=True)
class Process:
    """A living process: its pid, its name as `ps` shows it, and its parent's pid."""

    pid: int
    name: str
    parent: int


def processes() -> Iterator[Process]:
    """Yield every process of this machine that is not a zombie."""
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as stat:
                # The name stands in parentheses and may itself hold spaces and parentheses (proc_pid_stat(5)).
                before, _, after = stat.read().rpartition(")")
        except OSError:
            continue  # it has ended since the folder was listed
        state, parent = after.split()[:2]
        if state != "Z":
            yield Process(int(pid), before.partition("(")[2], int(parent))


def children(parent: int, name: str) -> list[Process]:
    """Return the living children of `parent` that have this name."""
    return [process for process in processes() if process.parent == parent and process.name == name]


def jobs(run_id: str) -> list[Process]:
    """Return the run's processes that work on questions."""
    return [process for process in processes() if process.name in JOBS and belongs_to(process, run_id)]


def of_run(run_id: str) -> list[Process]:
    """Return all processes of the run but this one."""
    return [process for process in processes() if process.pid != os.getpid() and belongs_to(process, run_id)]


def belongs_to(process: Process, run_id: str) -> bool:
    """Check whether the process has inherited this run's id; False if it has ended or is another user's."""
    try:
        with open(f"/proc/{process.pid}/environ", "rb") as environ:
            return f"{RUN_ID}={run_id}".encode() in environ.read()
    except OSError:
        return False


def open_files(process: Process) -> list[Path]:
    """Return the paths of the files that the process has open; [] if it has ended or is another user's."""
    files = []
    with contextlib.suppress(OSError):
        for fd in os.listdir(f"/proc/{process.pid}/fd"):
            with contextlib.suppress(FileNotFoundError):  # closed since the folder was listed
                files.append(Path(os.readlink(f"/proc/{process.pid}/fd/{fd}")))
    return files


def send(process: Process, number: signal.Signals = signal.SIGKILL) -> bool:
    """Send a signal to the process if it still lives under its name; return whether it was sent."""
    try:
        # An open pidfd keeps the kernel from giving the pid to another process between the check and the signal.
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


def kill_all(run_id: str, seconds: float) -> int:
    """Kill all processes of the run again and again, at most so long, until none is left; return how many were."""
    deadline = time.monotonic() + seconds
    killed = set[Process]()
    while (left := of_run(run_id)) and time.monotonic() < deadline:
        killed.update(process for process in left if send(process))
    return len(killed)


def wait_for_none(run_id: str, seconds: float) -> list[Process]:
    """Wait up to so many seconds until no process of the run is left; kill and return those that are."""
    deadline = time.monotonic() + seconds
    while (left := of_run(run_id)) and time.monotonic() < deadline:
        time.sleep(0.1)
    for process in left:
        send(process)
    return left
