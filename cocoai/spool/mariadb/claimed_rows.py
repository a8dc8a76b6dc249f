"""The claims of this machine's processes: who owns them, and that they last as long as their process lives.

A process that waits for a model in silence renews nothing. So the master does it for all living ones of its machine,
and ends the leases of those that have died: a kill is healed at once, and only a machine's death waits for the lease.
"""

from __future__ import annotations

import hashlib
import os

from cocoai.engine.mariadb.mariadb import MariaDB
from cocoai.engine.process.proc import start_time
from cocoai.spool.mariadb.tables import LEASE, READY, RENEWED

_OWNED = f"""
SELECT job_key, owner, TIMESTAMPDIFF(MICROSECOND, UTC_TIMESTAMP(6), lease_until) FROM job
WHERE owner LIKE %s AND state = {READY}
"""  # noqa: S608 (numbers of ours)

_RENEW = f"""
UPDATE job SET lease_until = UTC_TIMESTAMP(6) + INTERVAL {LEASE} SECOND
WHERE owner = %s AND state = {READY} AND lease_until IS NOT NULL
"""  # noqa: S608 (numbers of ours)

_FREE = f"UPDATE job SET owner = NULL, lease_until = NULL WHERE job_key = %s AND owner = %s AND state = {READY}"  # noqa: S608


def machine_of(var: str) -> str:
    """Return what names this machine, as it runs now, and the CocoAI on it whose folder is `var`: 16 hex digits.

    Only where it is equal does a pid name the same process: not after a reboot, in another container, or on a copy.
    """
    with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
        boot = file.read().strip()
    text = "\0".join((boot, os.readlink("/proc/self/ns/pid"), os.path.realpath(var)))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def owner_on(machine: str) -> str:
    """Return the owner of the claims that this process makes: machine, pid and start time."""
    pid = os.getpid()
    return f"{machine}:{pid}:{start_time(pid)}"


def tend_claims(database: MariaDB, machine: str) -> None:
    """Renew the leases of this machine's living processes that are older than RENEWED, and end those of dead ones."""
    living: set[str] = set()
    for key, owner, microseconds in database.rows(_OWNED, (f"{machine}:%",)):
        if not _is_alive(owner):
            database.execute(_FREE, (key, owner))
        elif microseconds is not None and microseconds < (LEASE - RENEWED) * 1e6:
            living.add(owner)
    for owner in living:
        database.execute(_RENEW, (owner,))


def _is_alive(owner: str) -> bool:
    _, pid, start = owner.split(":")
    return start_time(int(pid)) == int(start)
