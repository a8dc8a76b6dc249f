"""Read the limit that control groups set on a process's memory, as a container or a service manager does.

/proc/meminfo shows the whole machine all the same. A group's limit holds for all groups below it, so the smallest of a
process's group and of all above it counts. Both versions are read: 2 (`memory.max`), and 1 (`memory.limit_in_bytes`).

Sources: cgroups(7); Documentation/admin-guide/cgroup-v2.rst, memory; Documentation/admin-guide/cgroup-v1/memory.rst.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

ROOT, PROC = "/sys/fs/cgroup", "/proc"
"""Where control groups and processes are shown."""

UNLIMITED = 1 << 60
"""Bytes: version 1 writes a number above this where there is no limit."""


@dataclass(frozen=True)
class MemoryLimit:
    """The limit of one control group, in bytes: `most` it may use, and what it has in `used` now.

    Cached pages of files that the kernel would drop first are not counted as used. `swap` is the most of swap that it
    may use, None if that is not limited. `group` is its path, such as `/system.slice/cocoai.service`.
    """

    group: str
    most: int
    used: int
    swap: int | None = None


class _Files(NamedTuple):
    """The names of one version's files, and of the line of memory.stat for cached pages that are dropped first."""

    most: str
    used: str
    cached: str
    swap: str


_VERSION_1 = _Files(
    "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file", "memory.memsw.limit_in_bytes"
)
_VERSION_2 = _Files("memory.max", "memory.current", "inactive_file", "memory.swap.max")


def memory_limit(pid: int, *, root: str = ROOT, proc: str = PROC) -> MemoryLimit | None:
    """Return the smallest memory limit of the control groups in which the process `pid` is.

    Return None if none is set, or if the process has gone. Where two groups have the same limit, the inner one counts.
    """
    limits = [limit for files, base, group in _groups(pid, root, proc) if (limit := _limit_of(files, base, group))]
    return min(limits, key=_most, default=None)


def _most(limit: MemoryLimit) -> int:
    return limit.most


def _groups(pid: int, root: str, proc: str) -> Iterator[tuple[_Files, str, str]]:
    """Yield the group of the process `pid`, and all above it: the files that it has, its hierarchy's folder, its path.

    Inside a container a path may be one of the machine's, of which only the container's own root is seen here.
    """
    for line in _lines(f"{proc}/{pid}/cgroup"):
        _, controllers, group = line.split(":", 2)
        if "memory" in controllers.split(","):
            files, base = _VERSION_1, f"{root}/memory"
        elif not controllers:
            files, base = _VERSION_2, root if os.path.exists(f"{root}/cgroup.controllers") else f"{root}/unified"
        else:
            continue
        group = os.path.normpath(group)
        while group != "/":
            yield files, base, group
            group = os.path.dirname(group)
        yield files, base, group


def _limit_of(files: _Files, base: str, group: str) -> MemoryLimit | None:
    """Return the limit of one group; None if it has none, or is not seen here."""
    folder = base + group
    most = _number(f"{folder}/{files.most}")
    if most is None or most >= UNLIMITED:
        return None
    stat = dict(line.split() for line in _lines(f"{folder}/memory.stat"))
    used = (_number(f"{folder}/{files.used}") or 0) - int(stat.get(files.cached, "0"))
    return MemoryLimit(group, most, max(0, used), _swap(files, folder, most))


def _swap(files: _Files, folder: str, most: int) -> int | None:
    """Return how many bytes of swap a group may use beside `most` of memory; None if that is not limited."""
    number = _number(f"{folder}/{files.swap}")
    if number is None or number >= UNLIMITED:
        return None
    return number if files is _VERSION_2 else max(0, number - most)  # version 1 limits the sum of both


def _number(path: str) -> int | None:
    """Return the number in a file; None if the file holds `max`, or nothing, or is missing."""
    text = "".join(_lines(path))
    return int(text) if text.isdigit() else None


def _lines(path: str) -> list[str]:
    """Return the lines of a file; [] if it cannot be read."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read().splitlines()
    except OSError:
        return []
