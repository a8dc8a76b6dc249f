"""Look at the machine: memory and swap, nginx's processes, and the Python that runs us, which is the pool's."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator

from cocoai.check.fcgi_socket import NGINX_MAIN
from cocoai.check.result import Result, note, ok, warning, wrong
from cocoai.check.target import Target
from cocoai.install.system import ENOUGH_MEMORY, memory_and_swap

_PROCESSES = re.compile(r"(?m)^\s*worker_processes\s+(\w+)\s*;")

OLDEST = (3, 11)
IMMORTAL = (3, 12)
"""The versions from which CocoAI runs, and from which processes share most of their memory."""

MENDED = (3, 14, 5)
"""The first 3.14 whose garbage collector takes no more memory than that of 3.13."""


def python(version: tuple[int, int, int] = sys.version_info[:3]) -> Iterator[Result]:
    """Yield whether this Python is one on which CocoAI takes little memory."""
    shown = ".".join(map(str, version))
    if version < OLDEST:
        yield wrong("python", "too_old", version=shown)
    elif version < IMMORTAL:
        yield note("python", "counting", version=shown)
    elif (3, 14) <= version < MENDED:
        yield warning("python", "collector", version=shown)
    elif version >= (3, 15):
        yield note("python", "newer", version=shown)
    else:
        yield ok("python", version=shown)


def memory(meminfo: str = "/proc/meminfo") -> Iterator[Result]:
    """Yield whether memory and swap are enough for a package manager beside the pool."""
    try:
        own, swap = memory_and_swap(meminfo)
    except (OSError, KeyError, ValueError):
        return
    facts = {"memory": str(own // 1024), "swap": str(swap // 1024)}
    yield ok("memory", **facts) if own + swap >= ENOUGH_MEMORY else warning("memory", "little", **facts)


def nginx(target: Target, main: str = NGINX_MAIN) -> Iterator[Result]:
    """Yield how many processes nginx has, where CocoAI is installed: one is plenty, and each takes memory."""
    try:
        with open(main, encoding="utf-8", errors="replace") as file:
            match = _PROCESSES.search(file.read())
    except OSError:
        return
    processors = os.cpu_count() or 1
    number = processors if match and match[1] == "auto" else int(match[1]) if match and match[1].isdigit() else 1
    if target.instance and number > 1:
        yield note("nginx", "many", number=number, file=main)
    elif target.instance:
        yield ok("nginx", number=number)
