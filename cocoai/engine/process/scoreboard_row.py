"""The rows of the scoreboard, and the seats at them: where each number stands, and who may write it.

    row 0           the pool's own: written by the master
    rows 1 to 128   its workers': twice the most there may be, since a reload has the old ones beside the new
    row 129         the usher's
    rows 130 on     one for each slot: the job process that has it

A row is 64 words of 8 bytes, so that each number is written at once and never seen half.
"""

from __future__ import annotations

import mmap
import os
import time
import zlib
from collections.abc import Sequence

from cocoai.engine.process.proc import start_time

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


class ScoreboardMemory:
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


class Row:
    """A process's own row. Only the process that sits there writes it."""

    def __init__(self, memory: ScoreboardMemory, row: int, reasons: Sequence[str]) -> None:
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

    def count_refusal(self, reason: str) -> None:
        """Count a request that was refused; a reason that is not on the list counts as the last, `other`."""
        index = self._reasons.index(reason) if reason in self._reasons else len(self._reasons) - 1
        self._whole[self._at + REFUSED + index] += 1

    def clear(self) -> None:
        """Nobody sits here any more."""
        self._whole[self._at + STATE] = 0
        self._whole[self._at + PID] = 0

    def record_error(self, text: str) -> None:
        """Keep an error for whoever looks: the last one of each row is kept, whoever sits there next."""
        self._parts[self._at + ERROR_AT] = time.time()
        self._memory.write(self.row, ERROR_AT_BYTE, ERROR_LENGTH, text)


def lives(memory: ScoreboardMemory, row: int) -> bool:
    """Whether whoever sits there is alive: pid and start time tell."""
    pid, start = memory.whole[row * ROW + PID], memory.whole[row * ROW + START]
    return pid != 0 and start_time(pid) == start


def stamp(reasons: Sequence[str]) -> int:
    """A number for this shape of board: other code, which has another, must not read it."""
    return zlib.crc32(repr((ROW, JOBS, STAMP, KEY_AT, tuple(reasons))).encode())


def mapped(path: str, size: int, expected: int) -> mmap.mmap:
    """The board of `size` bytes at `path`, shared; whole on the disk, since a mapped hole kills on a full one."""
    try:
        return _existing(path, size, expected)
    except (FileNotFoundError, ValueError):
        new = f"{path}.new"
        with open(new, "wb", opener=_private) as file:
            file.write(bytes(size))
        os.replace(new, path)
        return _existing(path, size, 0)


def _existing(path: str, size: int, expected: int) -> mmap.mmap:
    with open(path, "r+b") as file:
        there = os.fstat(file.fileno()).st_size
        if there < size:  # more slots than before: it grows, and whoever has it mapped keeps what he knows
            file.seek(0, os.SEEK_END)
            file.write(bytes(size - there))
            file.flush()
        mapped = mmap.mmap(file.fileno(), size)
    if memoryview(mapped).cast("q")[STAMP] != expected:
        raise ValueError("another shape")
    return mapped


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
