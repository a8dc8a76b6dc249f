"""Notices: what the ledger has to tell people once a month, written with the charge that is the reason for it."""

from __future__ import annotations

import sqlite3
from typing import NamedTuple

TELLING = 300.0
"""Seconds for which a process that has taken a notice may take to tell it; then another one tells it."""

REPORT = "report"
"""The scope of the notice that the month's report was posted."""


class Notice(NamedTuple):
    """A notice: a cap's `scope` has come to `threshold` percent in `month`; or, with 0, the month's report."""

    month: str
    scope: str
    threshold: int


def report_of(month: str) -> Notice:
    """Return the notice that the report of this month was posted."""
    return Notice(month, REPORT, 0)


def write(connection: sqlite3.Connection, notice: Notice) -> bool:
    """Write a notice that is to be told; return False if it is there already."""
    # Taken long ago, so that whoever looks tells it.
    done = connection.execute("INSERT INTO notice VALUES (?, ?, ?, 0, NULL) ON CONFLICT DO NOTHING", notice)
    return done.rowcount > 0


def take(connection: sqlite3.Connection, now: float) -> list[Notice]:
    """Return the notices that nobody has told, or is about to tell, in no order; note that they are taken now.

    `now` is in seconds since the epoch.
    """
    taken = connection.execute(
        "UPDATE notice SET at = ? WHERE told IS NULL AND threshold > 0 AND NOT at BETWEEN ? AND ?"
        " RETURNING month, scope, threshold",
        (int(now), int(now - TELLING), int(now)),
    )
    return [Notice(*row) for row in taken.fetchall()]


def note_told(connection: sqlite3.Connection, notice: Notice, now: float) -> None:
    """Note that a notice was told at `now`, in seconds since the epoch."""
    connection.execute(
        "UPDATE notice SET told = ? WHERE month = ? AND scope = ? AND threshold = ?", (int(now), *notice)
    )


def was_told(connection: sqlite3.Connection, notice: Notice) -> bool:
    """Check whether a notice was told."""
    query = "SELECT 1 FROM notice WHERE month = ? AND scope = ? AND threshold = ? AND told IS NOT NULL"
    return connection.execute(query, notice).fetchone() is not None
