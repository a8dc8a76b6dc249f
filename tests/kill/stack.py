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
    inherited = f"KILL_POINTS={built.var}/points".encode()
    found = []
    for entry in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            name = Path(f"/proc/{entry}/comm").read_text().strip()
            if name.startswith("cocoai") and inherited in Path(f"/proc/{entry}/environ").read_bytes():
                found.append(name)
    return sorted(found)


def is_idle(built: Deployment) -> bool:
    """Check that no process works on a question, or holds a slot or the placeholder lock."""
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
