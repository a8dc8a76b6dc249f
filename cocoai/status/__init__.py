"""What the pool is doing, and how the answers fare, for people and programs that want to know.

It looks at the scoreboard, the spool and /proc, and asks nobody: no process is disturbed and no lock is tried, so
it tells the same of a pool that hangs, and of one that was killed.

    collect ── Status ─┬─ sheet ─┬─ text     `cocoai status`
                       │         └─ page     for a browser
                       └─ as_json            `cocoai status --json`, /status.json
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import cocoai
from cocoai import board, config
from cocoai.engine.process import proc
from cocoai.engine.process.scoreboard import Process, Snapshot
from cocoai.slack.model.job_kinds import JOB_KINDS
from cocoai.spool.spool import Spool
from cocoai.status.answers import LastDay, last_day

RUNNING, STOPPED, UNKNOWN = "running", "not running", "unknown"

FOLDERS = ("ready", "done", "failed", "tmp")

POOL_KINDS = frozenset({"master", "worker", "look"})
"""Who makes up the pool; the others, the usher and the job processes, come and go with the questions."""


@dataclass(frozen=True)
class Member:
    """A process and what it takes: KiB, PSS; None if it has just gone.

    Whoever looks shares memory with the pool, and so lessens what is counted against the others. That share, and
    nothing else of his, is shown as a member of the kind `look`: with it the sum is as if nobody had looked.
    """

    process: Process
    pss: int | None


@dataclass(frozen=True)
class Waiting:
    """The spool. `files`: how many are in each folder; `in_hand`: how many of those in ready/ are being answered.

    `oldest` is the key of the one that has waited longest, `seconds` since it was asked; empty and 0 if none waits.
    """

    files: dict[str, int]
    in_hand: int
    oldest: str
    seconds: float
    unknown: int = 0
    """Files in ready/ that this version does not know: another version's, left alone."""


@dataclass(frozen=True)
class Status:
    """All that is known at the time `at` (epoch seconds). `trouble` says why the pool is not seen, if it is not."""

    at: float
    var: str
    state: str
    trouble: str
    slots: int
    picture: Snapshot | None
    members: tuple[Member, ...]
    waiting: Waiting
    day: LastDay

    def of_kind(self, kind: str) -> list[Process]:
        """The processes of this kind."""
        return [member.process for member in self.members if member.process.kind == kind]

    @property
    def pool_pss(self) -> int:
        """KiB: the master and its workers."""
        return sum(member.pss or 0 for member in self.members if member.process.kind in POOL_KINDS)

    @property
    def jobs_pss(self) -> int:
        """KiB: the usher and the job processes."""
        return sum(member.pss or 0 for member in self.members if member.process.kind not in POOL_KINDS)


def collect(settings: config.Settings) -> Status:
    """Look at everything once. Raises OSError if the spool cannot be read."""
    now = time.time()
    picture, state, trouble = _look(settings)
    spool = Spool(settings.paths.var, kinds=JOB_KINDS)
    return Status(
        at=now,
        var=settings.paths.var,
        state=state,
        trouble=trouble,
        slots=settings.pool.slots,
        picture=picture,
        members=tuple(_members(picture, now)) if picture else (),
        waiting=_waiting(spool, _in_hand(picture) if picture else set(), now),
        day=last_day(spool, now),
    )


def _look(settings: config.Settings) -> tuple[Snapshot | None, str, str]:
    """The board's picture, if there is one; the pool's state, and what is to be said of it."""
    try:
        picture = board.read_snapshot(settings)
    except FileNotFoundError:
        return None, STOPPED, "it has never run here"
    except (OSError, ValueError) as error:
        return None, UNKNOWN, str(error)
    return (picture, RUNNING, "") if picture.pid else (picture, STOPPED, "the figures are those of its last run")


def _in_hand(picture: Snapshot) -> set[str]:
    """The keys of the questions that are being answered."""
    return {process.key for process in picture.processes if (process.kind, process.state) == ("job", "busy")}


def _members(picture: Snapshot, now: float) -> Iterator[Member]:
    """The master, then the others, then ourselves."""
    if picture.pid:
        since = now - max(picture.started, picture.reloaded)
        yield _measured(Process("master", 0, picture.pid, "", since, 0, "", 0.0, 0.0))
    for process in picture.processes:
        yield _measured(process)
    if picture.pid:
        ours = proc.memory_use(os.getpid())
        yield Member(Process("look", 0, os.getpid(), "", 0.0, 0, "", 0.0, 0.0), ours.pss - ours.private)


def _measured(process: Process) -> Member:
    try:
        return Member(process, proc.memory_use(process.pid).pss)
    except OSError:
        return Member(process, None)


def _waiting(spool: Spool, in_hand: set[str], now: float) -> Waiting:
    unknown = set(spool.unknown())
    ready = [key for key in spool.keys("ready") if str(key) not in unknown]
    waiting = [key for key in ready if str(key) not in in_hand]
    return Waiting(
        files={folder: spool.count(folder) for folder in FOLDERS},
        in_hand=len(ready) - len(waiting),
        oldest=str(waiting[0]) if waiting else "",
        seconds=now - float(waiting[0].ts) if waiting else 0.0,
        unknown=len(unknown),
    )


def as_json(status: Status) -> dict[str, Any]:
    """The same for programs. Times are in seconds, points in time in seconds since the epoch, memory in KiB (PSS)."""
    picture = status.picture
    return {
        "version": cocoai.__version__,
        "at": status.at,
        "var": status.var,
        "state": status.state,
        "trouble": status.trouble,
        "pool": _pool_as_json(status, picture) if picture else None,
        "processes": [asdict(member.process) | {"pss_kib": member.pss} for member in status.members],
        "memory": {"pool_pss_kib": status.pool_pss, "jobs_pss_kib": status.jobs_pss},
        "slots": {"used": len(status.of_kind("job")), "of": status.slots},
        "spool": asdict(status.waiting),
        "last_day": asdict(status.day),
        "errors": [asdict(mishap) for mishap in picture.mishaps] if picture else [],
    }


def _pool_as_json(status: Status, picture: Snapshot) -> dict[str, Any]:
    figures = asdict(picture)
    for known in ("mishaps", "processes"):
        del figures[known]
    workers = status.of_kind("worker")
    states = {state: sum(1 for worker in workers if worker.state == state) for state in ("idle", "busy")}
    return figures | {"idle": states["idle"], "active": states["busy"], "total": len(workers)}
