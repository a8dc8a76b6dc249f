"""Sample questions and answers in a spool, and sample snapshots of a scoreboard."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cocoai import config
from cocoai.engine.process.scoreboard import Scoreboard
from cocoai.engine.process.scoreboard_snapshot import LastError, Process, Snapshot
from cocoai.errors import COUNTERS
from cocoai.spool.file_spool import FileSpool
from cocoai.spool.job import Job
from cocoai.spool.key import Key
from cocoai.status.answers import LastDay, Phase
from cocoai.status.jobs import SpoolState
from cocoai.status.status import RUNNING, ProcessMemory, Status

KEY = "C0PRACTICE-1763822000.000100-1763822000.000100"

HOSTILE = "<script>alert(1)</script>\x1b[2J\u202e\" onload='x' & ${where} $style"


def settings_in(folder: Path) -> config.Settings:
    """Return settings without secrets, whatever the environment holds."""
    file = folder / "cocoai.ini"
    file.write_text("[paths]\nvar = var\n")
    file.chmod(0o600)
    return config.read(str(file), {}, secrets=False)


def scoreboard_of(settings: config.Settings) -> Scoreboard:
    """Return the pool's scoreboard, not begun yet."""
    return Scoreboard(settings.paths.scoreboard, slots=settings.pool.slots, reasons=COUNTERS)


@dataclass
class Clock:
    """A clock that stands still until `now` is set."""

    now: float

    def __call__(self) -> float:
        return self.now


def put_question(spool: FileSpool, ts: float, text: str = "what?") -> str:
    """Put a question that was asked at `ts` into ready/; return its key."""
    key = Key("C0PRACTICE", f"{ts:.6f}", f"{ts:.6f}")
    spool.put(key, {"kind": "mention", "text": text})
    return str(key)


def put_answer(var: str, ts: float, *, heard: float = 0.2, written: float = 4.0, delivered: float = 5.0) -> Path:
    """Put a question that was asked at `ts` and answered into done/; return its file. The other times are seconds."""
    clock = Clock(ts)
    spool = FileSpool(var, clock=clock)
    put_question(spool, ts)
    job = claim(spool)
    clock.now = ts + heard
    job.record("placeholder", ts="1.0")
    job.record("asked", n=1)
    clock.now = ts + written
    job.record("answer", text='a text\n{"fact":"attempt","at":1.0,"n":9}\n', usage=None)
    clock.now = ts + delivered
    job.record("delivered")
    spool.finish(job)
    return Path(var, "spool", "done", str(job.key))


def claim(spool: FileSpool) -> Job:
    """Claim the oldest question."""
    job = spool.claim()
    assert job is not None
    return job


SNAPSHOT: dict[str, Any] = {
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
    "version": "0.1.0",
    "commit": "abc1234",
    "memory_sharing": "off: by setting",
    "last_errors": (LastError(1_763_822_100.0, "worker 1", "a full disk"),),
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
    "spool": SpoolState({"ready": 3, "done": 5, "failed": 0, "tmp": 0}, in_hand=1, oldest=KEY, seconds=12.0),
    "day": LastDay(5, 0, 5, 1, (Phase("asked to heard", 5, 0.05, 0.2, 0.3), Phase("in all", 0, 0.0, 0.0, 0.0))),
}


def snapshot(**changes: Any) -> Snapshot:
    """Return the snapshot of a pool with one idle worker and one job process, with these changes."""
    return Snapshot(**(SNAPSHOT | changes))


def status(of: Snapshot | None = None, **changes: Any) -> Status:
    """Return the status of a healthy pool an hour after its start, with these changes."""
    of = of or snapshot()
    processes = tuple(ProcessMemory(process, 8 * 1024) for process in of.processes)
    return Status(**(STATUS | {"snapshot": of, "processes": processes} | changes))


def hostile() -> Status:
    """Return a status in which every text that a stranger may have written is hostile."""
    process = Process("worker", 0, 101, "busy", 1.0, 1, HOSTILE, 0.1, 0.1)
    bad = snapshot(
        refused={HOSTILE: 1},
        version=HOSTILE,
        commit=HOSTILE,
        last_errors=(LastError(1_763_822_100.0, "worker 1", HOSTILE),),
        processes=(process,),
    )
    spool = SpoolState(dict.fromkeys(("ready", "done", "failed", "tmp"), 1), 0, HOSTILE, 1.0)
    return status(bad, var=HOSTILE, trouble=HOSTILE, spool=spool)
