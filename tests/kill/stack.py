"""The house in which processes are killed, as its tests look at it: who lives, what was posted, who is to die where."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from tests.house import House
from tests.kill.points import Point

AT_REST = ["cocoai-master", "cocoai-worker", "cocoai-worker"]

LONG = "\n\n".join(f"Paragraph {n}: " + "text " * 150 for n in range(40))
"""Fits into three messages."""


def processes(built: House) -> list[str]:
    """The names of this house's living processes, whoever their parents are by now."""
    mark = f"KILL_POINTS={built.var}/points".encode()
    found = []
    for entry in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            if mark in Path(f"/proc/{entry}/environ").read_bytes():
                found.append(Path(f"/proc/{entry}/comm").read_text().strip())
    return sorted(name for name in found if name.startswith("cocoai"))


def is_at_rest(built: House) -> bool:
    """Nobody works, and nobody holds a slot or the usher's lock."""
    return processes(built) == AT_REST and not built.held_locks()


def posted(built: House) -> int:
    """How many messages it has posted so far."""
    return sum(1 for call in built.slack.calls if (call.method, call.outcome) == ("chat.postMessage", "ok"))


def arm(built: House, point: Point) -> None:
    """Whoever comes to the point next dies there."""
    for name in filter(None, (point.name, point.also)):
        (built.var / "points" / name).touch()
