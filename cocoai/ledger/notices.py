"""Notices: what the ledger has to tell people once a month, written with the charge that is the reason for it."""

from __future__ import annotations

from typing import NamedTuple

from cocoai.ledger.store import Statements

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


def write(statements: Statements, notice: Notice) -> bool:
    """Write a notice that is to be told; return False if it is there already."""
    # Nobody else writes meanwhile: both databases know other words for doing this at once.
    if statements.rows("SELECT 1 FROM notice WHERE month = ? AND scope = ? AND threshold = ?", notice):
        return False
    # Taken long ago, so that whoever looks tells it.
    statements.execute("INSERT INTO notice (month, scope, threshold, at) VALUES (?, ?, ?, 0)", notice)
    return True


def take(statements: Statements, now: float) -> list[Notice]:
    """Return the notices that nobody has told, or is about to tell, in no order; note that they are taken now.

    `now` is in seconds since the epoch.
    """
    query = "SELECT month, scope, threshold FROM notice WHERE told IS NULL AND threshold > 0 AND at NOT BETWEEN ? AND ?"
    taken = [Notice(*row) for row in statements.rows(query, (int(now - TELLING), int(now)))]
    for notice in taken:
        update = "UPDATE notice SET at = ? WHERE month = ? AND scope = ? AND threshold = ?"
        statements.execute(update, (int(now), *notice))
    return taken


def note_told(statements: Statements, notice: Notice, now: float) -> None:
    """Note that a notice was told at `now`, in seconds since the epoch."""
    statements.execute(
        "UPDATE notice SET told = ? WHERE month = ? AND scope = ? AND threshold = ?", (int(now), *notice)
    )


def was_told(statements: Statements, notice: Notice) -> bool:
    """Check whether a notice was told."""
    query = "SELECT 1 FROM notice WHERE month = ? AND scope = ? AND threshold = ? AND told IS NOT NULL"
    return bool(statements.rows(query, notice))
