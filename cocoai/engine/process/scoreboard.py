"""The scoreboard: what each process is doing, in memory that all of them share.

It is a file in run/, mapped by the master before it forks. Each process writes its own row and nobody else's, so
there is no lock and nothing to wait for; what a row says stays right when its process is killed, for its pid and
start time tell whether it still means anybody. Anybody who may read the file can look, without asking a process.
Where it says what stands in seats.py.
"""

from __future__ import annotations

import logging
import mmap
import os
import time
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from cocoai.engine.process.proc import start_time
from cocoai.engine.process.scoreboard_row import (
    BUSY,
    CPU,
    DIED,
    DURATION,
    ERROR_AT,
    ERROR_AT_BYTE,
    ERROR_LENGTH,
    IDLE,
    JOBS,
    KEY_AT,
    KEY_LENGTH,
    LEAST,
    MOST,
    MOST_ACTIVE,
    MOST_REACHED,
    MOST_REASONS,
    OUTGROWN,
    PID,
    REFUSED,
    RELOADED,
    REQUESTS,
    ROW,
    SINCE,
    SLOW,
    SPAWNED,
    STAMP,
    START,
    STARTED,
    STATE,
    STATES,
    TIMED_OUT,
    USHER,
    Row,
    ScoreboardMemory,
    lives,
    mapped,
    stamp,
)

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Process:
    """A living process. `since`: seconds in its state; `duration`, `cpu`: seconds of the last request or question.

    `kind` is worker, usher or job; `number` counts from 0 among its kind, and is a job's slot.
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
    """The last error of somebody: `at` in epoch seconds."""

    at: float
    who: str
    text: str


@dataclass(frozen=True)
class Snapshot:
    """What the board shows. `pid` is 0 if the pool is not running; `started` and `reloaded` are epoch seconds."""

    pid: int
    started: float
    reloaded: float
    least: int
    most: int
    accepted: int
    most_active: int
    most_reached: int
    slow: int
    timed_out: int
    spawned: int
    died: int
    outgrown: int
    refused: dict[str, int]
    mishaps: tuple[LastError, ...]
    processes: tuple[Process, ...]


class Scoreboard:
    """The master's hold on it. `mine` is this process's seat: before `begin`, one that nobody sees.

    `path` is its file; None keeps it in this process and its children, where nobody else sees it.

    `reasons` are the words under which requests are refused: at most 13, to which `other` is added.
    """

    def __init__(self, path: str | None, *, slots: int, reasons: Sequence[str] = ()) -> None:
        self._path = path
        self._slots = slots
        self._reasons = _with_other(reasons)
        self._memory = ScoreboardMemory(mmap.mmap(-1, (JOBS + slots) * ROW * 8))
        self._unseen = self.own_row = Row(self._memory, 0, self._reasons)

    def begin(self, least: int, most: int) -> None:
        """In the master, before it forks. One that re-executed itself goes on counting; any other begins at 0.

        Where the file cannot be made, nobody outside will see the board, and all else is as ever.
        """
        self._memory = ScoreboardMemory(self._shared())
        self.own_row = Row(self._memory, 0, self._reasons)
        whole, parts = self._memory.whole, self._memory.parts
        me = (os.getpid(), start_time(os.getpid()))
        is_reload = (whole[PID], whole[START]) == me
        if not is_reload:
            self._forget()
            parts[STARTED] = time.time()
        parts[RELOADED] = time.time() if is_reload else 0.0
        whole[LEAST], whole[MOST] = least, most
        whole[PID], whole[START] = me
        whole[STAMP] = stamp(self._reasons)

    def _shared(self) -> mmap.mmap:
        size = (JOBS + self._slots) * ROW * 8
        if self._path is None:
            return mmap.mmap(-1, size)
        try:
            return mapped(self._path, size, stamp(self._reasons))
        except OSError:
            log.exception("scoreboard outcome=not-kept")
            return mmap.mmap(-1, size)

    def _forget(self) -> None:
        """What an earlier pool has counted. Of its processes that still live, the rows are theirs."""
        whole = self._memory.whole
        for row in range(self._memory.rows):
            if row == 0 or not lives(self._memory, row):
                for word in range(ERROR_AT):
                    whole[row * ROW + word] = 0
                for word in range(REFUSED, KEY_AT // 8):
                    whole[row * ROW + word] = 0

    def take_row(self, seat: Row) -> None:
        """In a forked child: this row is ours now."""
        self.own_row = seat
        seat.take()

    def release_row(self) -> None:
        """In a forked child without a row, or who has left it: what it does from here on nobody sees."""
        self.own_row = self._unseen

    def worker_row(self, taken: Collection[int]) -> Row:
        """In the master: a row for a worker that is about to be forked; not one of `taken`, who may not sit yet."""
        for row in range(1, USHER):
            if row not in taken and not lives(self._memory, row):
                seat = Row(self._memory, row, self._reasons)
                seat.clear()  # what the dead were at is not what the newborn is at
                return seat
        raise LookupError("no seat is free")  # twice the most there may be: a master that does not bury its workers

    def row_of(self, pid: int) -> Row | None:
        """The row of this worker, dead or alive; None if it never sat, or sits at a board of another shape."""
        for row in range(1, USHER):
            if pid and self._memory.whole[row * ROW + PID] == pid:
                return Row(self._memory, row, self._reasons)
        return None

    def free_dead_rows(self, known: Collection[int]) -> None:
        """In the master: free the rows of dead workers who are not `known`: those of a master before us."""
        for row in range(1, USHER):
            seat = Row(self._memory, row, self._reasons)
            if row not in known and self._memory.whole[row * ROW + PID] and not lives(self._memory, row):
                seat.clear()

    def job_pids(self) -> list[int]:
        """Who works on questions now: the usher and the job processes."""
        rows = range(USHER, self._memory.rows)
        return [self._memory.whole[row * ROW + PID] for row in rows if lives(self._memory, row)]

    def in_hand(self) -> frozenset[str]:
        """The keys of the questions that job processes are answering now."""
        return frozenset(self._memory.text(row, KEY_AT, KEY_LENGTH) for row in self._answering())

    def busy_jobs(self) -> int:
        """How many questions are being answered, as the rows say; one whose process died just now counts still."""
        whole = self._memory.whole
        return sum(1 for row in range(JOBS, self._memory.rows) if whole[row * ROW + STATE] == BUSY)

    def process_answering(self, key: str) -> tuple[int, int] | None:
        """The pid and the start time of the job process that has this question in hand; None if none has."""
        for row in self._answering():
            if self._memory.text(row, KEY_AT, KEY_LENGTH) == key:
                return self._memory.whole[row * ROW + PID], self._memory.whole[row * ROW + START]
        return None

    def _answering(self) -> list[int]:
        busy = [row for row in range(JOBS, self._memory.rows) if self._memory.whole[row * ROW + STATE] == BUSY]
        return [row for row in busy if lives(self._memory, row)]

    def placeholder_row(self) -> Row:
        """The row of whoever has the usher's lock."""
        return self._seat(USHER)

    def job_row(self, slot: int) -> Row:
        """The row of whoever has this slot."""
        return self._seat(JOBS + slot)

    def _seat(self, row: int) -> Row:
        return Row(self._memory, row, self._reasons) if row < self._memory.rows else self._unseen

    def count(self, word: int, more: int = 1) -> None:
        """In the master: one more of MOST_REACHED, SLOW, TIMED_OUT, SPAWNED, DIED or OUTGROWN."""
        self._memory.whole[word] += more

    def merge_counters(self, seat: Row) -> None:
        """In the master, which has buried the process: what it counted is kept, and its row is free."""
        whole, at = self._memory.whole, seat.row * ROW
        for word in (REQUESTS, *range(REFUSED, REFUSED + MOST_REASONS)):
            whole[word] += whole[at + word]
            whole[at + word] = 0
        seat.clear()

    def state(self, seat: Row) -> tuple[int, float, int]:
        """A process's state (IDLE, BUSY …), the seconds it has been in it, and its requests so far."""
        at = seat.row * ROW
        since = time.monotonic() - self._memory.parts[at + SINCE]
        return self._memory.whole[at + STATE], since, self._memory.whole[at + REQUESTS]

    def key(self, seat: Row) -> str:
        """The question that is in hand there; empty if none is, or it is not known yet."""
        return self._memory.text(seat.row, KEY_AT, KEY_LENGTH)

    def active(self) -> int:
        """How many workers are busy now; the most that were seen so is kept."""
        whole = self._memory.whole
        busy = sum(1 for at in range(ROW, USHER * ROW, ROW) if whole[at + STATE] == BUSY)
        if busy > whole[MOST_ACTIVE]:
            whole[MOST_ACTIVE] = busy
        return busy

    def is_anyone_idle(self) -> bool:
        """Whether a worker waits for a request now."""
        whole = self._memory.whole
        return any(whole[at + STATE] == IDLE for at in range(ROW, USHER * ROW, ROW))


def read_snapshot(path: str, *, slots: int, reasons: Sequence[str] = ()) -> Snapshot:
    """What the board at `path` shows now. `OSError`: there is none. `ValueError`: it is other code's."""
    words = _with_other(reasons)
    with open(path, "rb") as file:
        size = os.fstat(file.fileno()).st_size // (ROW * 8) * ROW * 8
        if size < JOBS * ROW * 8:
            raise ValueError("this is no scoreboard")
        memory = ScoreboardMemory(mmap.mmap(file.fileno(), size, prot=mmap.PROT_READ))
    if memory.whole[STAMP] != stamp(words):
        raise ValueError("the pool runs other code than this: reload it")
    whole, parts = memory.whole, memory.parts
    # A worker that was killed just now has its count in its row still; one that is buried, in row 0.
    totals = [sum(whole[at + word] for at in range(0, USHER * ROW, ROW)) for word in range(REFUSED + MOST_REASONS)]
    return Snapshot(
        pid=whole[PID] if lives(memory, 0) else 0,
        started=parts[STARTED],
        reloaded=parts[RELOADED],
        least=whole[LEAST],
        most=whole[MOST],
        accepted=totals[REQUESTS],
        most_active=max(whole[MOST_ACTIVE], int(totals[REQUESTS] > 0)),  # the master does not see each request
        most_reached=whole[MOST_REACHED],
        slow=whole[SLOW],
        timed_out=whole[TIMED_OUT],
        spawned=whole[SPAWNED],
        died=whole[DIED],
        outgrown=whole[OUTGROWN],
        refused={word: count for word, count in zip(words, totals[REFUSED:], strict=False) if count},
        mishaps=tuple(_mishaps(memory)),
        processes=tuple(_processes(memory, slots)),
    )


def _processes(memory: ScoreboardMemory, slots: int) -> Iterator[Process]:
    kinds = [("worker", row, row - 1) for row in range(1, USHER)]
    kinds += [("usher", USHER, 0)]
    kinds += [("job", JOBS + slot, slot) for slot in range(min(slots, memory.rows - JOBS))]
    for kind, row, number in kinds:
        whole, parts, at = memory.whole, memory.parts, row * ROW
        if lives(memory, row):
            yield Process(
                kind=kind,
                number=number,
                pid=whole[at + PID],
                state=STATES[whole[at + STATE]],
                since=time.monotonic() - parts[at + SINCE],
                requests=whole[at + REQUESTS],
                key=memory.text(row, KEY_AT, KEY_LENGTH),
                duration=parts[at + DURATION],
                cpu=parts[at + CPU],
            )


def _mishaps(memory: ScoreboardMemory) -> list[LastError]:
    """Newest first."""
    found = [
        LastError(memory.parts[row * ROW + ERROR_AT], _who(row), memory.text(row, ERROR_AT_BYTE, ERROR_LENGTH))
        for row in range(memory.rows)
        if memory.parts[row * ROW + ERROR_AT]
    ]
    return sorted(found, key=lambda mishap: -mishap.at)


def _who(row: int) -> str:
    if row >= JOBS:
        return f"job {row - JOBS}"
    return {0: "master", USHER: "usher"}.get(row, f"worker {row - 1}")


def _with_other(reasons: Sequence[str]) -> tuple[str, ...]:
    if len(reasons) >= MOST_REASONS:
        raise ValueError(f"at most {MOST_REASONS - 1} reasons, not {len(reasons)}")
    return (*reasons, "other")
