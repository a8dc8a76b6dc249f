"""What is read of the ready jobs before one is chosen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from cocoai.engine.mariadb.mariadb import MariaDB
from cocoai.spool.mariadb.tables import READY
from cocoai.spool.waiting import HEAD_SIZE

# In one query, since every look pays for its way to the server; as texts, which cost a process less than rows.
_LOOK = f"""
SELECT GROUP_CONCAT(job_key SEPARATOR ' '),
GROUP_CONCAT(IF(lease_until >= UTC_TIMESTAMP(6), job_key, NULL) SEPARATOR ' '),
GROUP_CONCAT(IF(due_at > UTC_TIMESTAMP(6),
    CONCAT(job_key, '=', TIMESTAMPDIFF(MICROSECOND, UTC_TIMESTAMP(6), due_at)), NULL) SEPARATOR ' '),
GROUP_CONCAT(IF(stops <> '', job_key, NULL) SEPARATOR ' ')
FROM job WHERE state = {READY}
"""  # noqa: S608 (numbers of ours)


AT_ONCE = 500
"""Jobs whose beginnings are read with one query."""


@dataclass(frozen=True)
class Look:
    """The ready jobs by their names: all, those in hand, those put off (by how many seconds), those to be stopped."""

    names: Sequence[str] = ()
    held: frozenset[str] = frozenset()
    put_off: Mapping[str, float] = field(default_factory=dict)
    to_stop: Sequence[str] = ()


def look(database: MariaDB) -> Look:
    """Return how the ready jobs stand now, by the server's clock."""
    # What is no key may be anything, but has no space.
    names, held, put_off, to_stop = (each.split(" ") if each else [] for each in database.rows(_LOOK)[0])
    pairs = (each.partition("=") for each in put_off)
    return Look(names, frozenset(held), {name: int(microseconds) / 1e6 for name, _, microseconds in pairs}, to_stop)


def heads(database: MariaDB, names: Sequence[str]) -> list[tuple[str, bytes]]:
    """Return each of these jobs that is there with the first HEAD_SIZE bytes of its lines."""
    found = []
    for start in range(0, len(names), AT_ONCE):
        some = names[start : start + AT_ONCE]
        places = ", ".join(["%s"] * len(some))
        query = f"SELECT job_key, LEFT(lines_, {HEAD_SIZE}) FROM job WHERE job_key IN ({places})"  # noqa: S608 (places)
        found += [(name, head.encode("ascii")) for name, head in database.rows(query, some)]
    return found
