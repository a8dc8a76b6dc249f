"""What the tests of the kill points ask of the running stack: its processes, its posts, and the next kill."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from tests.deployment import Deployment
from tests.kill.points import Point

IDLE = ["cocoai-master", "cocoai-worker", "cocoai-worker"]
"""The pool's processes when none works on a question."""

LONG = "\n\n".join(f"Paragraph {n}: " + "text " * 150 for n in range(40))
"""An answer that takes three messages."""


def processes(built: Deployment) -> list[str]:
    """Return the names of this stack's living processes, by the environment that they inherit."""
    return sorted(_living(built).values())


def zombies(built: Deployment) -> list[str]:
    """Return the names of the dead children for which a process of this stack has not waited."""
    living, found = _living(built), []
    for pid in _pids():
        with contextlib.suppress(OSError):
            name, _, rest = Path(f"/proc/{pid}/stat").read_text().partition("(")[2].rpartition(") ")
            state, parent = rest.split()[:2]
            found += [name] if state == "Z" and int(parent) in living else []
    return found


def _living(built: Deployment) -> dict[int, str]:
    """Return the name of each of this stack's living processes, by its pid."""
    inherited = f"KILL_POINTS={built.var}/points".encode()
    found = {}
    for pid in _pids():
        with contextlib.suppress(OSError):
            name = Path(f"/proc/{pid}/comm").read_text().strip()
            if name.startswith("cocoai") and inherited in Path(f"/proc/{pid}/environ").read_bytes():
                found[pid] = name
    return found


def _pids() -> list[int]:
    return [int(entry) for entry in os.listdir("/proc") if entry.isdigit()]


def is_idle(built: Deployment) -> bool:
    """Check that no process works on a question or opens a form, or holds a slot, or another lock of such a process."""
    return processes(built) == IDLE and not built.held_locks()


def posted(built: Deployment) -> int:
    """Return how many messages have been posted so far."""
    return sum(1 for call in built.slack.calls if (call.method, call.outcome) == ("chat.postMessage", "ok"))


def arm(built: Deployment, point: Point) -> None:
    """Have the next process that comes to the point killed there."""
    for left in (built.var / "points").iterdir():
        left.unlink()  # of a test that failed: else all tests after it would fail, too
    for name in filter(None, (point.name, point.also)):
        (built.var / "points" / name).touch()
