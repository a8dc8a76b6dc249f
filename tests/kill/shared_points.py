"""The same kill points where jobs lie in MariaDB: each of a file's steps is a statement there, or has no equal."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from cocoai.spool.mariadb.tables import DONE, FAILED
from tests.kill.points import CLICKS, DISK, JOB, POINTS, SPOOL, Call, Point, any_call

SHARED_JOB = "cocoai.spool.mariadb.mariadb_job:MariaDBJob"
SHARED_SPOOL = "cocoai.spool.mariadb.mariadb_spool:MariaDBSpool"
PUT = "cocoai.spool.mariadb.putting:Putting.put"
END = f"{SHARED_JOB}.end"


def ends_as(state: int) -> Callable[[Call], bool]:
    """Return the condition that a job ends in this state."""

    def is_of_state(call: Call) -> bool:
        return bool(call.arguments[1] == state)

    return is_of_state


def shared(points: Iterable[Point]) -> Iterator[Point]:
    """Yield these points where they are on MariaDB. What happens to a file alone, such as its fsync, is left out."""
    for point in points:
        owner, _, step = point.where.rpartition(".")
        if owner in (JOB, SPOOL):
            place = SHARED_JOB if owner == JOB else SHARED_SPOOL
            yield replace(point, where=f"{place}.{step}")
        elif point.where == f"{DISK}.link":
            yield replace(point, where=PUT, condition=any_call)
        elif point.where == f"{DISK}.rename":
            state = FAILED if point.name in ("before the job fails", "the job failed") else DONE
            yield replace(point, where=END, condition=ends_as(state))
        elif owner != DISK:
            yield point


SHARED_POINTS, SHARED_CLICKS = tuple(shared(POINTS)), tuple(shared(CLICKS))
