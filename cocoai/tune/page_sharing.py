"""How much memory a tree of processes would take on a machine where nothing else runs.

PSS divides a page of a library among all processes that map it. Whoever measures, and any other program of the same
Python, makes the pool seem smaller than it will be, by more or less from one moment to the next. Here a file's page is
divided among the tree's processes only. Memory that no file backs is shared among parents and children only, so there
the kernel's own figure holds.

Sources: proc(5), proc_pid_pagemap(5), Documentation/admin-guide/mm/pagemap.rst.
"""

from __future__ import annotations

import mmap
import struct
from collections import Counter
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import NamedTuple

from cocoai.engine.process.proc import memory_use

PRESENT, OF_FILE = 1 << 63, 1 << 61
"""Bits of a pagemap entry: the page is in memory; it belongs to a file or to shared memory, and is no private copy."""

Page = tuple[str, int, int]
"""A page of a file: device, inode, and the page's number in the file."""


class MemoryShare(NamedTuple):
    """The memory of one process in KiB: `alone` is its PSS where only the tree runs, the others are the kernel's."""

    alone: float
    pss: int
    rss: int
    private: int


def measure(pids: Collection[int]) -> dict[int, MemoryShare]:
    """Return the memory of each process of a tree. Raise OSError if one of them has ended meanwhile."""
    pages = {pid: list(file_pages(pid)) for pid in pids}
    sharers = Counter(page for of_one in pages.values() for page in set(of_one))
    found = {}
    for pid, of_one in pages.items():
        of_files = sum(1 / sharers[page] for page in set(of_one)) * mmap.PAGESIZE / 1024
        found[pid] = MemoryShare(anonymous(pid) + of_files, *memory_use(pid).__dict__.values())
    return found


def anonymous(pid: int) -> int:
    """Return the KiB of a process's PSS that no file backs."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss_Anon:"))


def file_pages(pid: int) -> Iterator[Page]:
    """Yield the pages of files that the process has mapped and that are in memory, without private copies."""
    with open(f"/proc/{pid}/pagemap", "rb", buffering=0) as pagemap:
        for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
            span, _, offset, device, inode, *_ = line.split()
            if inode == "0":  # no file backs this mapping
                continue
            start, end = (int(each, 16) // mmap.PAGESIZE for each in span.split("-"))
            pagemap.seek(start * 8)
            entries = pagemap.read((end - start) * 8)
            first = int(offset, 16) // mmap.PAGESIZE
            for number, (entry,) in enumerate(struct.iter_unpack("=Q", entries), first):
                if entry & PRESENT and entry & OF_FILE:
                    yield device, int(inode), number
