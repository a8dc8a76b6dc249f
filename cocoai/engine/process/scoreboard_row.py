"""The scoreboard's layout: the pool's record, then one row for each process that may be seen on it.

    pool record        counters and limits of the whole pool: written by the master
    row 0              the master's
    rows 1 to 128      its workers': twice the most there may be, since a reload has the old ones beside the new
    row 129            the helper's: the one process that does side work for the application
    row 130            the lingering process's: it has done its jobs, and waits for another
    rows 131 onwards   one for each job slot: the process that holds it

Of which fields a record consists is scoreboard_records.py's.
What a job, a key or a reason for refusing means is the application's business; here they are only text.
"""

from __future__ import annotations

import ctypes
import mmap
import os
import time
import zlib
from collections.abc import Sequence

from cocoai.engine.process.proc import start_time
from cocoai.engine.process.replace_file import replace_file
from cocoai.engine.process.scoreboard_records import (
    ERROR_BYTES,
    KEY_BYTES,
    KIND_BYTES,
    MOST_REASONS,
    PoolRecord,
    RowRecord,
)

MOST_WORKERS = 64
"""In one generation; the settings allow no more."""

MASTER, FIRST_WORKER = 0, 1
HELPER = FIRST_WORKER + 2 * MOST_WORKERS
LINGERING = HELPER + 1
FIRST_JOB = LINGERING + 1

STATES = ("", "starting", "idle", "busy")
STARTING, IDLE, BUSY = 1, 2, 3


class ScoreboardMemory:
    """The bytes of a scoreboard as records, `pool` and `rows`: setting a field writes to the mapped memory."""

    def __init__(self, mapped: mmap.mmap) -> None:
        number = (len(mapped) - ctypes.sizeof(PoolRecord)) // ctypes.sizeof(RowRecord)
        self.pool = PoolRecord.from_buffer(mapped)
        self.rows = list((RowRecord * number).from_buffer(mapped, ctypes.sizeof(PoolRecord)))

    @property
    def workers(self) -> list[RowRecord]:
        """Return the rows of the pool's workers."""
        return self.rows[FIRST_WORKER:HELPER]

    @property
    def jobs(self) -> list[RowRecord]:
        """Return the rows of the job slots."""
        return self.rows[FIRST_JOB:]


class Row:
    """A process's own row; `number` counts the rows from 0. Only the process that has taken it writes it."""

    def __init__(self, record: RowRecord, number: int, kind: str, reasons: Sequence[str]) -> None:
        self.number = number
        self.record = record
        self._kind = kind
        self._reasons = reasons
        # Copies of what the record holds: reading them is faster, and every request does.
        self._since = record.since
        self._requests = record.requests
        self._cpu = 0.0

    def take(self) -> None:
        """Make the row this process's own: write its pid and kind, set the counts to 0 and the state to STARTING.

        The last error that an earlier process left in it stays.
        """
        record = self.record
        # The pid comes last but for the state: a row without a living pid is not read, so that no reader takes the key
        # and the counts of an earlier process for this one's.
        record.state = 0
        record.requests = self._requests = record.no_slot = 0
        record.refused[:] = [0] * MOST_REASONS
        record.duration = record.cpu = 0.0
        record.key = b""
        record.kind = encoded(self._kind, KIND_BYTES)
        record.since = time.monotonic()
        pid = os.getpid()
        record.start = start_time(pid)
        record.pid = pid
        record.state = STARTING
        self._cpu = time.process_time()

    def busy(self, key: str = "") -> None:
        """Mark this process busy, from now on, with a request or a job; `key` names it, and is empty while unknown."""
        record = self.record
        # The order matters, for others read the row meanwhile: first the key, or the last request's would pass for
        # this one's; then the time, or the process would seem busy since it was last idle; the state comes last.
        record.key = encoded(key, KEY_BYTES) if key else b""
        record.since = self._since = time.monotonic()
        record.state = BUSY

    def note(self, key: str) -> None:
        """Write the key of the request or job in hand, if it was not known yet when `busy` was called."""
        self.record.key = encoded(key, KEY_BYTES)

    def idle(self) -> None:
        """Mark this process idle, keep the seconds since `busy` and the CPU seconds, and add 1 to its requests.

        The CPU seconds are those since it was last idle: for a request they have its acceptance in them.
        """
        now, cpu = time.monotonic(), time.process_time()
        record = self.record
        record.duration = now - self._since
        record.cpu, self._cpu = cpu - self._cpu, cpu
        # As in `busy`: the time before the count, or a slow request would be reported again under the next number;
        # the state last, or the process would seem idle for as long as it was busy.
        record.since = now
        record.requests = self._requests = self._requests + 1
        record.state = IDLE

    def wait(self) -> None:
        """Mark this process idle, without counting a request: when it is ready for its first."""
        self._cpu = time.process_time()
        self.record.since = time.monotonic()
        self.record.state = IDLE

    def count_refusal(self, reason: str) -> None:
        """Add 1 to the row's counter of requests refused for `reason`; an unknown reason counts as `other`."""
        index = self._reasons.index(reason) if reason in self._reasons else len(self._reasons) - 1
        self.record.refused[index] += 1

    def count_no_slot(self) -> None:
        """Add 1 to the row's counter of jobs that were put when every job slot was taken."""
        self.record.no_slot += 1

    def clear(self) -> None:
        """Mark the row as free: no state, no pid. Its counts and its last error stay."""
        self.record.state = 0
        self.record.pid = 0

    def record_error(self, text: str) -> None:
        """Write an error's text, cut to 184 bytes, into the row with the time, for `cocoai status` to show.

        Each row keeps its last error, whichever process takes the row next.
        """
        self.record.kind = encoded(self._kind, KIND_BYTES)
        self.record.error_at = time.time()
        self.record.error = encoded(text, ERROR_BYTES)


def encoded(text: str, size: int) -> bytes:
    """Return `text` as UTF-8, cut to `size` bytes, perhaps in the middle of a character."""
    return text.encode("utf-8", "replace")[:size]


def decoded(text: bytes) -> str:
    """Return a record's text as str. Bytes that are no UTF-8 are dropped: it may be written at this very moment."""
    return text.decode("utf-8", "ignore")


def with_other(reasons: Sequence[str]) -> tuple[str, ...]:
    """Return `reasons` with `other` at their end. Raise ValueError if there are more than 15 of them."""
    if len(reasons) >= MOST_REASONS:
        raise ValueError(f"at most {MOST_REASONS - 1} reasons, not {len(reasons)}")
    return (*reasons, "other")


def is_alive(record: RowRecord) -> bool:
    """Return True if the process that took this row still lives, by pid and start time; False for a free row."""
    pid = record.pid
    return pid != 0 and start_time(pid) == record.start


def size_for(slots: int) -> int:
    """Return the size in bytes of a scoreboard with `slots` job slots."""
    return ctypes.sizeof(PoolRecord) + (FIRST_JOB + slots) * ctypes.sizeof(RowRecord)


def stamp(reasons: Sequence[str]) -> int:
    """Return a checksum of the records' layout and of `reasons`, which a scoreboard file begins with.

    Code with another layout must not read the file.
    """
    fields = [(field[0], ctypes.sizeof(field[1])) for kind in (PoolRecord, RowRecord) for field in kind._fields_]
    return zlib.crc32(repr((fields, FIRST_JOB, tuple(reasons))).encode())


def mapped(path: str, size: int, expected: int) -> mmap.mmap:
    """Map `size` bytes of the scoreboard file at `path` into memory, shared with each process that maps it.

    If there is no file, or its stamp is not `expected`, a new one full of zeros replaces it; one that is too short is
    lengthened. Raise OSError if that fails.
    """
    try:
        return _existing(path, size, expected)
    except (FileNotFoundError, ValueError):
        # Every byte is written, for a write to a mapped hole kills the process when the disk is full.
        replace_file(path, bytes(size))
        return _existing(path, size, 0)


def _existing(path: str, size: int, expected: int) -> mmap.mmap:
    """Map the file at `path`, and add zeros first if it has less than `size` bytes.

    Raise FileNotFoundError if there is none, ValueError if its stamp is not `expected`, another OSError if it cannot be
    used.
    """
    with open(path, "r+b") as file:
        present = os.fstat(file.fileno()).st_size
        if present < size:  # more slots than before: the file grows, and processes that have it mapped see no change
            file.seek(0, os.SEEK_END)
            file.write(bytes(size - present))
            file.flush()
        memory = mmap.mmap(file.fileno(), size)
    if PoolRecord.from_buffer(memory).stamp != expected:
        raise ValueError("another shape")
    return memory
