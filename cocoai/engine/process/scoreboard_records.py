"""The records of which a scoreboard consists, as they lie in memory: one of the pool, and one for each row.

Every number takes 8 aligned bytes, so it is written in one store and never seen half written. A change here changes the
`stamp` of scoreboard_row.py, by which a pool with other code knows that the file is not for it.
"""

from __future__ import annotations

import ctypes
from typing import ClassVar

MOST_REASONS = 16
"""Counters of refused requests in each row, `other` included."""

ABSENCES = (60.0, 300.0, 900.0, 3600.0)
"""Seconds: the upper ends of the classes by which times without a worker are counted; the last class has none."""

KIND_BYTES, KEY_BYTES, ERROR_BYTES = 16, 112, 184
"""Room for each text of a row. A shorter one ends with a zero byte."""


class RowRecord(ctypes.Structure):
    """One process's row as it lies in memory: 512 bytes."""

    pid: int
    start: int
    """The process's start time in clock ticks after boot: with `pid` it names one process for good."""
    state: int
    since: float
    """When the state began, on the monotonic clock, which all processes of a machine share."""
    requests: int
    duration: float
    """Seconds that the last request or job took."""
    cpu: float
    """CPU seconds that the last request or job took."""
    no_slot: int
    """How often a worker has put a job when every job slot was taken."""
    refused: ctypes.Array[ctypes.c_int64]
    key: bytes
    kind: bytes
    error_at: float
    """When `error` was written, in epoch seconds; 0.0 if there was none."""
    error: bytes

    _fields_: ClassVar = (
        ("pid", ctypes.c_int64),
        ("start", ctypes.c_int64),
        ("state", ctypes.c_int64),
        ("since", ctypes.c_double),
        ("requests", ctypes.c_int64),
        ("duration", ctypes.c_double),
        ("cpu", ctypes.c_double),
        ("no_slot", ctypes.c_int64),
        ("refused", ctypes.c_int64 * MOST_REASONS),
        ("key", ctypes.c_char * KEY_BYTES),
        # From here on a row keeps what it says when its process is gone: whose error it was, and what.
        ("kind", ctypes.c_char * KIND_BYTES),
        ("error_at", ctypes.c_double),
        ("error", ctypes.c_char * ERROR_BYTES),
    )


class PoolRecord(ctypes.Structure):
    """What concerns the whole pool, as it lies in memory: 512 bytes.

    `started` and `reloaded` are epoch seconds, `least` and `most` the limits of workers; the other numbers are
    counters, which `Snapshot` (scoreboard_snapshot.py) explains.
    """

    stamp: int
    """Names this layout, see `stamp`. It comes first, where a layout to come will have it too."""
    started: float
    reloaded: float
    least: int
    most: int
    most_active: int
    most_reached: int
    slow: int
    timed_out: int
    spawned: int
    died: int
    outgrown: int
    requests: int
    """Requests of workers that have ended; those of living ones stand in their rows."""
    no_slot: int
    """As in the rows, of workers that have ended."""
    none_since: float
    """Since when there is no worker, on the monotonic clock; 0.0 while there is one, and before the first."""
    absences: ctypes.Array[ctypes.c_int64]
    """How often a worker was spawned when there was none, by how long there had been none: see ABSENCES."""
    refused: ctypes.Array[ctypes.c_int64]
    """Refusals of workers that have ended, by reason."""
    version: bytes
    commit: bytes
    memory_sharing: bytes

    _fields_: ClassVar = (
        ("stamp", ctypes.c_int64),
        ("started", ctypes.c_double),
        ("reloaded", ctypes.c_double),
        ("least", ctypes.c_int64),
        ("most", ctypes.c_int64),
        ("most_active", ctypes.c_int64),
        ("most_reached", ctypes.c_int64),
        ("slow", ctypes.c_int64),
        ("timed_out", ctypes.c_int64),
        ("spawned", ctypes.c_int64),
        ("died", ctypes.c_int64),
        ("outgrown", ctypes.c_int64),
        ("requests", ctypes.c_int64),
        ("no_slot", ctypes.c_int64),
        ("none_since", ctypes.c_double),
        ("absences", ctypes.c_int64 * (len(ABSENCES) + 1)),
        ("refused", ctypes.c_int64 * MOST_REASONS),
        ("version", ctypes.c_char * 24),
        ("commit", ctypes.c_char * 40),
        ("memory_sharing", ctypes.c_char * 160),
    )
