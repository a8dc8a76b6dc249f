"""Read what the scoreboard shows at one moment, for a program outside the pool, such as `cocoai status`.

It reads the file and /proc only: no process is asked, and none is disturbed.
"""

from __future__ import annotations

import mmap
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cocoai.engine.process.scoreboard_row import (
    FIRST_JOB,
    FIRST_WORKER,
    HELPER,
    LINGERING,
    MASTER,
    STATES,
    ScoreboardMemory,
    decoded,
    is_alive,
    size_for,
    stamp,
    with_other,
)


@dataclass(frozen=True)
class Process:
    """A living process of the pool, the master left out, as its row showed it.

    `kind` is `worker`, `job`, `linger` or the helper's name; `number` counts from 0 among its kind, and is a job's
    slot. `state` is `starting`, `idle` or `busy`, and `since` the seconds in it. `key` names the last request or job;
    `duration` and `cpu` are the seconds and CPU seconds of the last that is done.
    """

    kind: str
    number: int
    pid: int
    state: str
    since: float
    requests: int
    key: str
    duration: float
    cpu: float


@dataclass(frozen=True)
class LastError:
    """The last error of the processes that had one row.

    `who` names the row, such as `worker 3` or `master`; `at` is in epoch seconds.
    """

    at: float
    who: str
    text: str


@dataclass(frozen=True)
class Snapshot:
    """What the scoreboard shows. `pid` is the master's, 0 if the pool is not running.

    `started` and `reloaded` are epoch seconds, `reloaded` 0.0 if the pool was not reloaded. `least` and `most` are the
    limits of workers. The counters count since `started`.
    """

    pid: int
    started: float
    reloaded: float
    least: int
    most: int
    accepted: int
    """Connections that workers have served, each with one request, whatever the response was."""
    most_active: int
    """The most workers that were seen busy at one time."""
    most_reached: int
    """How often a connection had to wait since all of `most` workers were busy."""
    slow: int
    """Requests that took longer than the limit for slow ones."""
    timed_out: int
    """Workers that were ended because their request took too long."""
    spawned: int
    died: int
    """Workers that ended by an error or a signal."""
    outgrown: int
    """Workers that were stopped because they took too much memory."""
    refused: dict[str, int]
    """Refused requests by reason; a reason without any is left out."""
    version: str
    """The version of the code that the master runs, and its `commit`, "" if that is not known."""
    commit: str
    memory_sharing: str
    """The outcome of copy_on_write.freeze_memory: `on`, or `off: ` and why."""
    last_errors: tuple[LastError, ...]
    """Newest first."""
    processes: tuple[Process, ...]
    most_slots: int = 0
    """The most job slots that were taken at one time."""
    no_slot: int = 0
    """How often a job was put when every slot was taken."""
    absences: tuple[int, ...] = ()
    """How often a worker was spawned when there was none, by how long there had been none: up to each of ABSENCES, and
    longer than the last."""


def read_snapshot(path: str, *, slots: int, reasons: Sequence[str] = ()) -> Snapshot:
    """Read the scoreboard file at `path` and return what it shows now; no process of the pool is asked.

    `slots` and `reasons` are those that the pool was started with. Raise OSError if the file cannot be read, ValueError
    if it is no scoreboard or has another code's layout.
    """
    lines = with_other(reasons)
    with open(path, "rb") as file:
        if os.fstat(file.fileno()).st_size < size_for(0):
            raise ValueError("this is no scoreboard")
        # A private copy on write, as ctypes wants memory that may be written; nothing here writes it.
        memory = ScoreboardMemory(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY))
    pool, workers = memory.pool, memory.workers
    if pool.stamp != stamp(lines):
        raise ValueError("the pool runs other code than this: reload it")
    # A worker that was killed just now has its counts in its row still; a reaped one, in the pool's record.
    accepted = pool.requests + sum(record.requests for record in workers)
    refused = {line: pool.refused[i] + sum(record.refused[i] for record in workers) for i, line in enumerate(lines)}
    return Snapshot(
        pid=memory.rows[MASTER].pid if is_alive(memory.rows[MASTER]) else 0,
        started=pool.started,
        reloaded=pool.reloaded,
        least=pool.least,
        most=pool.most,
        accepted=accepted,
        most_active=max(pool.most_active, int(accepted > 0)),  # the master does not see each request
        most_reached=pool.most_reached,
        slow=pool.slow,
        timed_out=pool.timed_out,
        spawned=pool.spawned,
        died=pool.died,
        outgrown=pool.outgrown,
        refused={line: count for line, count in refused.items() if count},
        version=decoded(pool.version),
        commit=decoded(pool.commit),
        memory_sharing=decoded(pool.memory_sharing),
        last_errors=tuple(_last_errors(memory)),
        processes=tuple(_processes(memory, slots)),
        most_slots=_most_slots(memory),
        no_slot=pool.no_slot + sum(record.no_slot for record in workers),
        absences=tuple(pool.absences),
    )


_SINGLE = (MASTER, HELPER, LINGERING)
"""The rows that are the only ones of their kind."""


def _processes(memory: ScoreboardMemory, slots: int) -> Iterator[Process]:
    """Yield the living processes but the master, in the order of their rows; jobs only of the first `slots` slots."""
    for number, record in enumerate(memory.rows[: FIRST_JOB + slots]):
        if number != MASTER and is_alive(record):
            yield Process(
                kind=decoded(record.kind),
                number=_number_of_kind(number),
                pid=record.pid,
                state=STATES[record.state],
                since=time.monotonic() - record.since,
                requests=record.requests,
                key=decoded(record.key),
                duration=record.duration,
                cpu=record.cpu,
            )


def _most_slots(memory: ScoreboardMemory) -> int:
    """Return the most job slots that were taken at one time since the pool's start.

    The first free slot is taken each time, so all below one that was ever taken were taken at that moment too. A row
    keeps the start time of its last process, so nothing has to be counted.
    """
    return max((number for number, record in enumerate(memory.jobs, 1) if record.start), default=0)


def _number_of_kind(number: int) -> int:
    """Return the number of a row among the rows of its kind, from 0: 2 for the third worker's, 0 for the master's."""
    if number >= FIRST_JOB:
        return number - FIRST_JOB
    return 0 if number in _SINGLE else number - FIRST_WORKER


def _last_errors(memory: ScoreboardMemory) -> list[LastError]:
    """Return the last error of each row that has one, newest first."""
    found = [
        LastError(record.error_at, _name(number, decoded(record.kind)), decoded(record.error))
        for number, record in enumerate(memory.rows)
        if record.error_at
    ]
    return sorted(found, key=_when, reverse=True)


def _when(error: LastError) -> float:
    return error.at


def _name(number: int, kind: str) -> str:
    """Return how a row is named to an operator: `kind` for one of the _SINGLE rows, else such as `worker 3`."""
    return kind if number in _SINGLE else f"{kind} {_number_of_kind(number)}"
