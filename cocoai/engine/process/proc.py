"""Look at processes in /proc: whether a pid still names the process that was meant, and the memory it takes.

Source: proc(5). A pid alone names no process for good, since the kernel reuses it; a pid with its start time does.
"""

from __future__ import annotations

import os
import resource
import signal
from dataclasses import dataclass

_START_TIME = 22 - 3
"""The place of the start time in a stat line, counted from the field behind the name."""


@dataclass(frozen=True)
class MemoryUse:
    """A process's memory in KiB. `pss`: shared pages counted in parts, so that processes add up; `private`: its own."""

    pss: int
    rss: int
    private: int


def start_time(pid: int) -> int:
    """Return when the process `pid` began, in clock ticks after boot; 0 if it does not live.

    A process that has ended, but was not reaped by its parent yet (a zombie), does not live.
    """
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            state, *fields = file.read().rpartition(b")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return 0 if state in (b"Z", b"X") else int(fields[_START_TIME - 1])


def send_signal(pid: int, start: int, number: int) -> bool:
    """Send the signal `number` to the process `pid`, but only if that process began at `start` (see `start_time`).

    So no later process with the same pid gets it. Return True if it was sent; False if the process has gone, or belongs
    to another user.
    """
    # Source: pidfd_open(2). The descriptor stays this very process's, even if the pid is reused.
    try:
        process = os.pidfd_open(pid)
    except OSError:
        return False
    try:
        if is_same := start_time(pid) == start:
            signal.pidfd_send_signal(process, number)
    except OSError:
        return False
    finally:
        os.close(process)
    return is_same


def anonymous_memory() -> int:
    """Return the bytes of this process's anonymous memory: heap and stack, whether shared with its parent or not."""
    with open("/proc/self/statm", "rb", buffering=0) as file:
        _, resident, of_files, *_ = file.read().split()
    return (int(resident) - int(of_files)) * resource.getpagesize()


def mapped_memory() -> int:
    """Return the bytes of this process's address space, which RLIMIT_AS bounds, whether they are in memory or not."""
    with open("/proc/self/statm", "rb", buffering=0) as file:
        return int(file.read().split()[0]) * resource.getpagesize()


def most_mapped_memory() -> int:
    """Return the most bytes that this process's address space has had since it was forked."""
    with open("/proc/self/status", "rb") as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith(b"VmPeak:"))


def memory_use(pid: int) -> MemoryUse:
    """Read the memory that the process `pid` takes now, from smaps_rollup.

    Raise OSError if the process has gone, or belongs to another user.
    """
    with open(f"/proc/{pid}/smaps_rollup", "rb") as file:
        lines = (line.split() for line in file.read().splitlines()[1:])
    sizes = {name.rstrip(b":").decode(): int(size) for name, size, *_ in lines}
    return MemoryUse(sizes["Pss"], sizes["Rss"], sizes["Private_Dirty"] + sizes["Private_Clean"])
