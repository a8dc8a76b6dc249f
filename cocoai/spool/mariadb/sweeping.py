"""What is removed from the database once it is old, a few hundred rows at a time, so that nobody waits for it."""

from __future__ import annotations

from cocoai.engine.mariadb.mariadb import MariaDB
from cocoai.spool.mariadb.tables import DONE, FAILED, SWEPT

AT_ONCE = 500
"""Rows that one statement removes."""

_NOW = "UTC_TIMESTAMP(6)"

_ITS_QUESTIONS = "SELECT 1 FROM job WHERE job.thread = thread.thread AND leaves_mark = 1"

# A job that was answered says nothing any more after 48 hours, and is known as long as its thread is ours.
_STATEMENTS = (
    f"UPDATE job SET state = {SWEPT}, lines_ = '' WHERE state = {DONE} AND changed_at < {_NOW} - INTERVAL 48 HOUR",  # noqa: S608
    f"DELETE FROM job WHERE state IN ({FAILED}, {SWEPT}) AND changed_at < {_NOW} - INTERVAL 30 DAY",  # noqa: S608
    f"DELETE FROM thread WHERE changed_at < {_NOW} - INTERVAL 30 DAY AND NOT EXISTS ({_ITS_QUESTIONS})",  # noqa: S608
    "DELETE FROM person WHERE changed_at < UTC_TIMESTAMP(6) - INTERVAL 1 HOUR",
)


def sweep(database: MariaDB) -> int:
    """Remove what is older than is kept; return how many rows that were."""
    removed = 0
    for statement in _STATEMENTS:
        while number := database.execute(f"{statement} LIMIT {AT_ONCE}"):
            removed += number
            if number < AT_ONCE:
                break
    return removed
