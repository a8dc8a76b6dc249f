"""Collect the status from the scoreboard, the spool, the ledger and /proc, and give it to programs as JSON."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import cocoai
from cocoai import config
from cocoai.engine.process import proc
from cocoai.engine.process.cgroup import MemoryLimit, memory_limit
from cocoai.engine.process.scoreboard_snapshot import Process, Snapshot, read_snapshot
from cocoai.errors import COUNTERS
from cocoai.last_check import LastCheck, read_last_check
from cocoai.slack.model.job_kinds import JOB_KINDS
from cocoai.status.answers import LastDay
from cocoai.status.inbox import read_inbox
from cocoai.status.jobs import SpoolState, read_jobs
from cocoai.status.last_check import check_as_json
from cocoai.status.machines import read_machines
from cocoai.status.money import MoneyState, money_as_json, read_money
from cocoai.status.store import read_tally, tally_as_json
from cocoai.stores import database_of, spool_of
from cocoai.troubles.store import Trouble, Troubles

if TYPE_CHECKING:
    from cocoai.engine.mariadb.mariadb import MariaDB
    from cocoai.engine.mariadb.tally import Tallied
    from cocoai.inbox.inbox import InboxState
    from cocoai.status.documents import DocumentsState, HistoryState
    from cocoai.store.machines import SeenMachine

RUNNING, STOPPED, UNKNOWN = "running", "not running", "unknown"
"""The states of a pool; UNKNOWN if its scoreboard cannot be read."""

POOL_KINDS = frozenset({"master", "worker", "look"})
"""The processes that the pool always has; the others, placeholder and job processes, come and go with questions."""


@dataclass(frozen=True)
class ProcessMemory:
    """A process and its memory in KiB of PSS; `pss` is None if the process has just ended.

    The process that collects the status shares memory with the pool, and so lessens the PSS of the others. That shared
    part of it, and nothing else, is listed as a process of the kind `look`: with it the sum is what it is at other
    times.
    """

    process: Process
    pss: int | None


@dataclass(frozen=True)
class Status:
    """All that is known at the time `at` (epoch seconds). `trouble` says why there is no running pool to see, or "".

    `state` is RUNNING, STOPPED or UNKNOWN. `slots` is the number that the settings allow. `snapshot` is None if the
    scoreboard cannot be read; `processes` is then empty.
    """

    at: float
    var: str
    state: str
    trouble: str
    slots: int
    snapshot: Snapshot | None
    processes: tuple[ProcessMemory, ...]
    spool: SpoolState
    day: LastDay
    limit: MemoryLimit | None = None
    """The limit of the control group in which the pool runs, or in which it would run from here; None without one."""

    money: MoneyState | None = None
    """What this month has cost; None if nobody looked."""

    documents: DocumentsState | None = None
    """The index of documents; None where there are neither documents nor a history."""

    history: HistoryState | None = None
    """The history; None where none is kept."""

    check: LastCheck | None = None
    """What the pool has last found of itself; None if it has not looked yet."""

    troubles: tuple[Trouble, ...] = ()
    """What is wrong now, the oldest first."""

    inbox: InboxState | None = None
    """What waits on this machine for the store; None where jobs lie on this machine themselves."""
    machines: Sequence[SeenMachine] = ()

    store_trouble: str = ""
    """Why the database cannot be reached that the jobs lie in, of which nothing is known then; "" if it can."""

    tallied: Tallied | None = None
    """What this machine's processes have met in that database within a day; None where there is none."""

    settings_error: str = ""
    """What is wrong with the settings, so that only `var` is known of them; "" if nothing is."""

    @property
    def is_running(self) -> bool:
        """Return True if the pool runs."""
        return self.state == RUNNING

    def of_kind(self, kind: str) -> list[Process]:
        """Return the processes of this kind, such as `worker` or `job`."""
        return [each.process for each in self.processes if each.process.kind == kind]

    @property
    def waiting(self) -> int:
        """Return how many jobs wait, and are not in hand."""
        return self.spool.files["ready"] - self.spool.unknown - self.spool.in_hand

    @property
    def pool_pss(self) -> int:
        """Return the KiB of PSS of the master and its workers together."""
        return sum(each.pss or 0 for each in self.processes if each.process.kind in POOL_KINDS)

    @property
    def jobs_pss(self) -> int:
        """Return the KiB of PSS of the placeholder process and the job processes together."""
        return sum(each.pss or 0 for each in self.processes if each.process.kind not in POOL_KINDS)


def collect(settings: config.Settings) -> Status:
    """Read the scoreboard, the spool, the ledger and /proc once; return the status.

    Raise OSError if the spool cannot be read. A ledger that cannot be read is a trouble that the status tells.
    """
    database = database_of(settings)
    try:
        return _collect(settings, database)
    finally:
        if database is not None:
            database.close()


def _collect(settings: config.Settings, database: MariaDB | None) -> Status:
    now = time.time()
    snapshot, state, trouble = _read_scoreboard(settings)
    documents, history = _read_documents(settings)
    in_hand = _in_hand(snapshot) if snapshot else set()
    jobs, day, store_trouble = read_jobs(spool_of(settings, database, kinds=JOB_KINDS), in_hand, now)
    return Status(
        at=now,
        var=settings.paths.var,
        state=state,
        trouble=trouble,
        slots=settings.pool.slots,
        snapshot=snapshot,
        processes=tuple(_processes(snapshot, now)) if snapshot else (),
        spool=jobs,
        day=day,
        limit=memory_limit((snapshot and snapshot.pid) or os.getpid()),
        money=None if settings.error else read_money(settings, now, database),
        documents=documents,
        history=history,
        check=read_last_check(settings.paths.var) if settings.pool.self_check else None,
        troubles=Troubles(settings.paths.var).all(),
        inbox=read_inbox(settings.paths.var),
        machines=read_machines(database),
        store_trouble=store_trouble,
        tallied=read_tally(settings),
        settings_error=settings.error,
    )


def _read_documents(settings: config.Settings) -> tuple[DocumentsState | None, HistoryState | None]:
    """Return the states of the index and of the history, as far as they are switched on."""
    if settings.error or not (settings.documents.is_on or settings.history.keep_days):
        return None, None
    from cocoai.status.documents import read_documents, read_history

    return read_documents(settings), read_history(settings)


def _read_scoreboard(settings: config.Settings) -> tuple[Snapshot | None, str, str]:
    """Return the scoreboard's snapshot, the pool's state (RUNNING, STOPPED or UNKNOWN), and a remark on it, or "".

    The snapshot of a stopped pool is that of its last run; it is None if there was none, or the file cannot be read.
    """
    try:
        snapshot = read_snapshot(settings.paths.scoreboard, slots=settings.pool.slots, reasons=COUNTERS)
    except FileNotFoundError:
        return None, STOPPED, "it has never run here"
    except (OSError, ValueError) as error:
        return None, UNKNOWN, str(error)
    return (snapshot, RUNNING, "") if snapshot.pid else (snapshot, STOPPED, "the figures are those of its last run")


def _in_hand(snapshot: Snapshot) -> set[str]:
    """Return the keys of the questions that job processes are answering now."""
    return {process.key for process in snapshot.processes if (process.kind, process.state) == ("job", "busy")}


def _processes(snapshot: Snapshot, now: float) -> Iterator[ProcessMemory]:
    """Yield the master, if it runs, then the others, then this process itself with what it shares with the pool."""
    if snapshot.pid:
        since = now - max(snapshot.started, snapshot.reloaded)
        yield _with_memory(Process("master", 0, snapshot.pid, "", since, 0, "", 0.0, 0.0))
    for process in snapshot.processes:
        yield _with_memory(process)
    if snapshot.pid:
        ours = proc.memory_use(os.getpid())
        yield ProcessMemory(Process("look", 0, os.getpid(), "", 0.0, 0, "", 0.0, 0.0), ours.pss - ours.private)


def _with_memory(process: Process) -> ProcessMemory:
    """Return a process with its memory, which is None if the process has just ended or is another user's."""
    try:
        return ProcessMemory(process, proc.memory_use(process.pid).pss)
    except OSError:
        return ProcessMemory(process, None)


def as_json(status: Status) -> dict[str, Any]:
    """Return the status as a dict for JSON.

    Durations are seconds, times are seconds since the epoch, memory is KiB of PSS, money is whole nano-dollars.
    """
    snapshot = status.snapshot
    return {
        "version": cocoai.__version__,
        "at": status.at,
        "var": status.var,
        "state": status.state,
        "trouble": status.trouble,
        "settings_error": status.settings_error,
        "troubles": [asdict(trouble) for trouble in status.troubles],
        "pool": _pool_as_json(status, snapshot) if snapshot else None,
        "processes": [asdict(each.process) | {"pss_kib": each.pss} for each in status.processes],
        "memory": {"pool_pss_kib": status.pool_pss, "jobs_pss_kib": status.jobs_pss} | _limit_as_json(status.limit),
        "slots": {"used": len(status.of_kind("job")), "of": status.slots},
        "spool": asdict(status.spool),
        "inbox": status.inbox._asdict() if status.inbox else None,
        "store_trouble": status.store_trouble,
        "store": tally_as_json(status.tallied),
        "machines": [asdict(each) for each in status.machines],
        "last_day": asdict(status.day),
        "money": money_as_json(status.money) if status.money else None,
        "documents": asdict(status.documents) if status.documents else None,
        "history": asdict(status.history) if status.history else None,
        "check": check_as_json(status.check),
        "errors": [asdict(error) for error in snapshot.last_errors] if snapshot else [],
    }


def _limit_as_json(limit: MemoryLimit | None) -> dict[str, Any]:
    """Return the limit of the pool's control group, what it has in use, and its path; None for each without a limit."""
    if limit is None:
        return {"limit_kib": None, "limit_used_kib": None, "limit_group": None}
    return {"limit_kib": limit.most // 1024, "limit_used_kib": limit.used // 1024, "limit_group": limit.group}


def _pool_as_json(status: Status, snapshot: Snapshot) -> dict[str, Any]:
    """Return the pool's counters, and how many workers are idle, active and in all, under php-fpm's names for these."""
    counters = asdict(snapshot)
    for elsewhere in ("last_errors", "processes"):  # as_json has them under other keys
        del counters[elsewhere]
    workers = status.of_kind("worker")
    states = {state: sum(1 for worker in workers if worker.state == state) for state in ("idle", "busy")}
    return counters | {"idle": states["idle"], "active": states["busy"], "total": len(workers)}
