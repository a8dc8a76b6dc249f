"""What a status is made of, made up: answers that took so and so long, and a pool in such and such a state."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cocoai import config
from cocoai.engine.process.scoreboard import LastError, Process, Snapshot
from cocoai.spool.job import Job
from cocoai.spool.key import Key
from cocoai.spool.spool import Spool
from cocoai.status import RUNNING, Member, Status, Waiting
from cocoai.status.answers import LastDay, Phase

KEY = "C0PRACTICE-1763822000.000100-1763822000.000100"

HOSTILE = "<script>alert(1)</script>\x1b[2J\u202e\" onload='x' & ${where} $style"


def settings_in(folder: Path) -> config.Settings:
    """Settings that know no secret, and nobody else's environment."""
    file = folder / "cocoai.ini"
    file.write_text("[paths]\nvar = var\n")
    file.chmod(0o600)
    return config.read(str(file), {}, secrets=False)


@dataclass
class Clock:
    """Stands still until it is set."""

    now: float

    def __call__(self) -> float:
        return self.now


def asked(spool: Spool, ts: float, text: str = "what?") -> str:
    """A question of this moment lies in ready/; its key."""
    key = Key("C0PRACTICE", f"{ts:.6f}", f"{ts:.6f}")
    spool.put(key, {"kind": "mention", "text": text})
    return str(key)


def answered(var: str, ts: float, *, heard: float = 0.2, written: float = 4.0, delivered: float = 5.0) -> Path:
    """A question of the moment `ts` was answered at once; the others are seconds after it. Its file."""
    clock = Clock(ts)
    spool = Spool(var, clock=clock)
    asked(spool, ts)
    job = claimed(spool)
    clock.now = ts + heard
    job.record("placeholder", ts="1.0")
    clock.now = ts + written
    job.record("answer", text='a text\n{"fact":"attempt","at":1.0,"n":9}\n', usage=None)
    clock.now = ts + delivered
    spool.finish(job)
    return Path(var, "spool", "done", str(job.key))


def claimed(spool: Spool) -> Job:
    """The oldest question, taken."""
    job = spool.claim()
    assert job is not None
    return job


PICTURE: dict[str, Any] = {
    "pid": 100,
    "started": 1_763_822_000.0,
    "reloaded": 0.0,
    "least": 1,
    "most": 4,
    "accepted": 12_345,
    "most_active": 3,
    "most_reached": 0,
    "slow": 0,
    "timed_out": 0,
    "spawned": 2,
    "died": 0,
    "outgrown": 0,
    "refused": {"not found": 2},
    "mishaps": (LastError(1_763_822_100.0, "worker 1", "a full disk"),),
    "processes": (
        Process("worker", 0, 101, "idle", 12.0, 7, KEY, 0.0004, 0.0003),
        Process("job", 0, 102, "busy", 3.0, 0, KEY, 0.0, 0.0),
    ),
}

STATUS: dict[str, Any] = {
    "at": 1_763_825_600.0,
    "var": "/srv/cocoai/var",
    "state": RUNNING,
    "trouble": "",
    "slots": 4,
    "waiting": Waiting({"ready": 3, "done": 5, "failed": 0, "tmp": 0}, in_hand=1, oldest=KEY, seconds=12.0),
    "day": LastDay(5, 0, 5, 1, (Phase("asked to heard", 5, 0.05, 0.2, 0.3), Phase("in all", 0, 0.0, 0.0, 0.0))),
}


def picture(**changes: Any) -> Snapshot:
    """A pool with one idle worker and one job process."""
    return Snapshot(**(PICTURE | changes))


def status(seen: Snapshot | None = None, **changes: Any) -> Status:
    """A pool that is well, an hour after its start, with these changes."""
    seen = seen or picture()
    members = tuple(Member(process, 8 * 1024) for process in seen.processes)
    return Status(**(STATUS | {"picture": seen, "members": members} | changes))


def hostile() -> Status:
    """Everything that somebody else may have written is hostile."""
    process = Process("worker", 0, 101, "busy", 1.0, 1, HOSTILE, 0.1, 0.1)
    seen = picture(
        refused={HOSTILE: 1}, mishaps=(LastError(1_763_822_100.0, "worker 1", HOSTILE),), processes=(process,)
    )
    waiting = Waiting(dict.fromkeys(("ready", "done", "failed", "tmp"), 1), 0, HOSTILE, 1.0)
    return status(seen, var=HOSTILE, trouble=HOSTILE, waiting=waiting)
