"""The scoreboard: what each process is doing, in memory that all of them share.

It is a file in run/, mapped by the master before it forks. Each process writes its own row and nobody else's, so
there is no lock and nothing to wait for; what a row says stays right when its process is killed, for its pid and
start time tell whether it still means anybody. Anybody who may read the file can look, without asking a process.

    row 0           the pool's own: written by the master
    rows 1 to 128   its workers': twice the most there may be, since a reload has the old ones beside the new
    row 129         the usher's
    rows 130 on     one for each slot: the job process that has it

A row is 64 words of 8 bytes, so that each number is written at once and never seen half.
"""

from __future__ import annotations

import logging
import mmap
import os
import time
import zlib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from cocoai.engine.processes import start_time

MOST_WORKERS = 64
"""In one generation; the settings allow no more."""

ROW = 64
USHER = 1 + 2 * MOST_WORKERS
JOBS = USHER + 1

STATES = ("", "starting", "idle", "busy")
STARTING, IDLE, BUSY = 1, 2, 3

# The words of each row.
PID, START, STATE, SINCE, REQUESTS, DURATION, CPU, ERROR_AT = range(8)
REFUSED = 8
MOST_REASONS = 14
# And of row 0 only, where the others count what they refuse and behind it.
STAMP, STARTED, RELOADED, LEAST, MOST, MOST_ACTIVE, MOST_REACHED, SLOW, TIMED_OUT, SPAWNED, DIED, OUTGROWN = range(
    REFUSED + MOST_REASONS, REFUSED + MOST_REASONS + 12
)

KEY_AT, KEY_LENGTH = 34 * 8, 72
ERROR_LENGTH = ROW * 8 - KEY_AT - KEY_LENGTH
ERROR_AT_BYTE = KEY_AT + KEY_LENGTH
"""Texts: the key of the current event, and the last error, both ended by a zero byte if they are shorter."""

log = logging.getLogger(__name__)


class _Memory:
    """The mapped bytes under three views: whole numbers, fractions, and bytes."""

    def __init__(self, mapped: mmap.mmap) -> None:
        whole = memoryview(mapped)
        self.bytes = whole.cast("B")
        self.whole = self.bytes.cast("q")
        self.parts = self.bytes.cast("d")
        self.rows = len(mapped) // (ROW * 8)

    def text(self, row: int, at: int, length: int) -> str:
        """A text of a row. It may be written at this very moment: what is no UTF-8 is passed over."""
        start = row * ROW * 8 + at
        return bytes(self.bytes[start : start + length]).partition(b"\0")[0].decode("utf-8", "ignore")

    def write(self, row: int, at: int, length: int, text: str) -> None:
        start = row * ROW * 8 + at
        self.bytes[start : start + length] = text.encode("utf-8", "replace")[:length].ljust(length, b"\0")


class Seat:
    """A process's own row. Only the process that sits there writes it."""

    def __init__(self, memory: _Memory, row: int, reasons: Sequence[str]) -> None:
        self._memory = memory
        self.row = row
        self._reasons = reasons
        self._whole = memory.whole
        self._parts = memory.parts
        self._at = row * ROW
        self._key = row * ROW * 8 + KEY_AT
        self._cpu = 0.0

    def take(self) -> None:
        """Sit down: from here on the row is this process's. The last error that somebody left here stays."""
        self._whole[self._at + STATE] = 0
        for word in (REQUESTS, *range(REFUSED, REFUSED + MOST_REASONS)):
            self._whole[self._at + word] = 0
        for word in (DURATION, CPU):
            self._parts[self._at + word] = 0.0
        self._parts[self._at + SINCE] = time.monotonic()
        self._memory.bytes[self._key] = 0
        pid = os.getpid()
        self._whole[self._at + START] = start_time(pid)
        self._whole[self._at + PID] = pid
        self._whole[self._at + STATE] = STARTING

    def busy(self, key: str = "") -> None:
        """A request, or the question `key`, is in hand."""
        self._cpu = time.process_time()
        self._memory.bytes[self._key] = 0
        if key:
            self.note(key)
        # In this order: nobody must see it busy since it was last idle.
        self._parts[self._at + SINCE] = time.monotonic()
        self._whole[self._at + STATE] = BUSY

    def note(self, key: str) -> None:
        """What is in hand is about this question."""
        self._memory.write(self.row, KEY_AT, KEY_LENGTH, key)

    def idle(self) -> None:
        """What was in hand is done."""
        now = time.monotonic()
        at = self._at
        self._whole[at + STATE] = IDLE
        self._parts[at + DURATION] = now - self._parts[at + SINCE]
        self._parts[at + CPU] = time.process_time() - self._cpu
        self._whole[at + REQUESTS] += 1
        self._parts[at + SINCE] = now

    def wait(self) -> None:
        """Ready, with nothing done yet."""
        self._parts[self._at + SINCE] = time.monotonic()
        self._whole[self._at + STATE] = IDLE

    def refuse(self, reason: str) -> None:
        """Count a request that was refused; a reason that is not on the list counts as the last, `other`."""
        index = self._reasons.index(reason) if reason in self._reasons else len(self._reasons) - 1
        self._whole[self._at + REFUSED + index] += 1

    def leave(self) -> None:
        """Nobody sits here any more."""
        self._whole[self._at + STATE] = 0
        self._whole[self._at + PID] = 0

    def complain(self, text: str) -> None:
        """Keep an error for whoever looks: the last one of each row is kept, whoever sits there next."""
        self._parts[self._at + ERROR_AT] = time.time()
        self._memory.write(self.row, ERROR_AT_BYTE, ERROR_LENGTH, text)


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
class Mishap:
    """The last error of somebody: `at` in epoch seconds."""

    at: float
    who: str
    text: str


@dataclass(frozen=True)
class Picture:
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
    mishaps: tuple[Mishap, ...]
    processes: tuple[Process, ...]


class Scoreboard:
    """The master's hold on it. `mine` is this process's seat: before `begin`, one that nobody sees.

    `reasons` are the words under which requests are refused: at most 13, to which `other` is added.
    """

    def __init__(self, path: str, *, slots: int, reasons: Sequence[str] = ()) -> None:
        self._path = path
        self._slots = slots
        self._reasons = _with_other(reasons)
        self._memory = _Memory(mmap.mmap(-1, ROW * 8))
        self.mine = Seat(self._memory, 0, self._reasons)

    def begin(self, least: int, most: int) -> None:
        """In the master, before it forks. One that re-executed itself goes on counting; any other begins at 0.

        Where the file cannot be made, nobody outside will see the board, and all else is as ever.
        """
        size = (JOBS + self._slots) * ROW * 8
        try:
            mapped = _map(self._path, size, _stamp(self._reasons))
        except OSError:
            log.exception("scoreboard outcome=not-kept")
            mapped = mmap.mmap(-1, size)
        self._memory = _Memory(mapped)
        self.mine = Seat(self._memory, 0, self._reasons)
        whole, parts = self._memory.whole, self._memory.parts
        pid = os.getpid()
        is_reload = (whole[PID], whole[START]) == (pid, start_time(pid))
        if not is_reload:
            self._forget()
            parts[STARTED] = time.time()
        parts[RELOADED] = time.time() if is_reload else 0.0
        whole[LEAST], whole[MOST] = least, most
        whole[START] = start_time(pid)
        whole[PID] = pid
        whole[STAMP] = _stamp(self._reasons)

    def _forget(self) -> None:
        """What an earlier pool has counted. Of its processes that still live, the rows are theirs."""
        whole = self._memory.whole
        for row in range(self._memory.rows):
            if row == 0 or not _lives(self._memory, row):
                for word in range(ERROR_AT):
                    whole[row * ROW + word] = 0
                for word in range(REFUSED, KEY_AT // 8):
                    whole[row * ROW + word] = 0

    def sit(self, seat: Seat) -> None:
        """In a forked child: this row is ours now."""
        self.mine = seat
        seat.take()

    def worker_seat(self, taken: Collection[int]) -> Seat:
        """In the master: a row for a worker that is about to be forked; not one of `taken`, who may not sit yet."""
        for row in range(1, USHER):
            if row not in taken and not _lives(self._memory, row):
                return Seat(self._memory, row, self._reasons)
        raise LookupError("no seat is free")  # twice the most there may be: a master that does not bury its workers

    def usher_seat(self) -> Seat:
        """The row of whoever has the usher's lock."""
        return Seat(self._memory, USHER, self._reasons)

    def job_seat(self, slot: int) -> Seat:
        """The row of whoever has this slot."""
        return Seat(self._memory, JOBS + slot, self._reasons)

    def count(self, word: int, more: int = 1) -> None:
        """In the master: one more of MOST_REACHED, SLOW, TIMED_OUT, SPAWNED, DIED or OUTGROWN."""
        self._memory.whole[word] += more

    def retire(self, seat: Seat) -> None:
        """In the master, which has buried the process: what it counted is kept, and its row is free."""
        whole, at = self._memory.whole, seat.row * ROW
        for word in (REQUESTS, *range(REFUSED, REFUSED + MOST_REASONS)):
            whole[word] += whole[at + word]
            whole[at + word] = 0
        seat.leave()

    def state(self, seat: Seat) -> tuple[int, float, int]:
        """A process's state (IDLE, BUSY …), the seconds it has been in it, and its requests so far."""
        at = seat.row * ROW
        since = time.monotonic() - self._memory.parts[at + SINCE]
        return self._memory.whole[at + STATE], since, self._memory.whole[at + REQUESTS]

    def key(self, seat: Seat) -> str:
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


def look(path: str, *, slots: int, reasons: Sequence[str] = ()) -> Picture:
    """What the board at `path` shows now. `OSError`: there is none. `ValueError`: it is other code's."""
    words = _with_other(reasons)
    with open(path, "rb") as file:
        size = os.fstat(file.fileno()).st_size // (ROW * 8) * ROW * 8
        memory = _Memory(mmap.mmap(file.fileno(), size, prot=mmap.PROT_READ))
    if memory.whole[STAMP] != _stamp(words):
        raise ValueError("the pool runs other code than this: reload it")
    whole, parts = memory.whole, memory.parts
    # A worker that was killed just now has its count in its row still; one that is buried, in row 0.
    totals = [sum(whole[at + word] for at in range(0, USHER * ROW, ROW)) for word in range(REFUSED + MOST_REASONS)]
    return Picture(
        pid=whole[PID] if _lives(memory, 0) else 0,
        started=parts[STARTED],
        reloaded=parts[RELOADED],
        least=whole[LEAST],
        most=whole[MOST],
        accepted=totals[REQUESTS],
        most_active=whole[MOST_ACTIVE],
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


def _processes(memory: _Memory, slots: int) -> Iterator[Process]:
    kinds = [("worker", row, row - 1) for row in range(1, USHER)]
    kinds += [("usher", USHER, 0)]
    kinds += [("job", JOBS + slot, slot) for slot in range(min(slots, memory.rows - JOBS))]
    for kind, row, number in kinds:
        whole, parts, at = memory.whole, memory.parts, row * ROW
        if _lives(memory, row):
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


def _mishaps(memory: _Memory) -> list[Mishap]:
    """Newest first."""
    found = [
        Mishap(memory.parts[row * ROW + ERROR_AT], _who(row), memory.text(row, ERROR_AT_BYTE, ERROR_LENGTH))
        for row in range(memory.rows)
        if memory.parts[row * ROW + ERROR_AT]
    ]
    return sorted(found, key=lambda mishap: -mishap.at)


def _who(row: int) -> str:
    if row >= JOBS:
        return f"job {row - JOBS}"
    return {0: "master", USHER: "usher"}.get(row, f"worker {row - 1}")


def _lives(memory: _Memory, row: int) -> bool:
    pid, start = memory.whole[row * ROW + PID], memory.whole[row * ROW + START]
    return pid != 0 and start_time(pid) == start


def _with_other(reasons: Sequence[str]) -> tuple[str, ...]:
    if len(reasons) >= MOST_REASONS:
        raise ValueError(f"at most {MOST_REASONS - 1} reasons, not {len(reasons)}")
    return (*reasons, "other")


def _stamp(reasons: Sequence[str]) -> int:
    """A number for this shape of board: other code, which has another, must not read it."""
    return zlib.crc32(repr((ROW, JOBS, STAMP, KEY_AT, tuple(reasons))).encode())


def _map(path: str, size: int, stamp: int) -> mmap.mmap:
    """The board of `size` bytes at `path`, shared; whole on the disk, since a mapped hole kills on a full one."""
    try:
        return _map_existing(path, size, stamp)
    except (FileNotFoundError, ValueError):
        new = f"{path}.new"
        with open(new, "wb", opener=_private) as file:
            file.write(bytes(size))
        os.replace(new, path)
        return _map_existing(path, size, 0)


def _map_existing(path: str, size: int, stamp: int) -> mmap.mmap:
    with open(path, "r+b") as file:
        there = os.fstat(file.fileno()).st_size
        if there < size:  # more slots than before: it grows, and whoever has it mapped keeps what he knows
            file.seek(0, os.SEEK_END)
            file.write(bytes(size - there))
            file.flush()
        mapped = mmap.mmap(file.fileno(), size)
    if memoryview(mapped).cast("q")[STAMP] != stamp:
        raise ValueError("another shape")
    return mapped


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
