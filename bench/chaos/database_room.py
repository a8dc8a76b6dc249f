"""The jobs and the ledger of a run in MariaDB, as the run sees them: past the ways that are cut."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from bench.chaos import processes
from bench.chaos.left_jobs import told
from bench.chaos.processes import Process
from bench.chaos.rooms import Room
from cocoai.engine.mariadb.address import Address
from cocoai.engine.mariadb.errors import MariaDBError
from cocoai.engine.mariadb.mariadb import MariaDB
from cocoai.engine.mariadb.session import Row
from cocoai.ledger.mariadb import MariaDBStore
from cocoai.spool.job import whole_lines
from cocoai.spool.mariadb.mariadb_spool import MariaDBSpool
from cocoai.spool.mariadb.tables import DONE, FAILED, READY

LOOK_EVERY = 0.4
"""Seconds between two looks at which jobs are ready, and which have ended."""

OVERLAP = 3
"""Seconds before the last look from which on a look asks: a change may be seen later than it says."""

NUMBERS = {"done": DONE, "failed": FAILED}

_ENDED = f"""
SELECT job_key, state FROM job WHERE state IN ({DONE}, {FAILED}) AND changed_at > UTC_TIMESTAMP(6) - INTERVAL %s SECOND
"""

_READY = f"SELECT job_key FROM job WHERE state = {READY}"

_HELD = f"SELECT owner, lines_ FROM job WHERE state = {READY} AND owner IS NOT NULL"


class DatabaseRoom(Room):
    """The store at `address`, of the machines whose folders are `vars_`."""

    def __init__(self, address: Address, vars_: Sequence[Path]) -> None:
        super().__init__(vars_)
        self._database = MariaDB(address, timeout=30.0)
        self.spool = MariaDBSpool(self._database, str(vars_[0]))
        self.ledger = MariaDBStore(self._database)
        # A connection is for one thread; these are for whoever holds the lock.
        self._lock = threading.Lock()
        self._own = MariaDB(address)
        self._looked = 0.0
        self._ready: set[str] = set()
        self._ended: dict[str, int] = {}

    def waiting(self) -> set[str]:
        """Return the names of the ready jobs, and of the requests that the machines keep until they can store them."""
        with self._lock:
            self._look()
            return self._ready | self._in_inboxes()

    def has(self, state: str, key: str) -> bool:
        """Check whether a job was in this state at the last look: no job leaves it here."""
        with self._lock:
            self._look()
            return self._ended.get(key) == NUMBERS[state]

    def in_hand(self, run_id: str) -> Iterator[tuple[Process, str]]:
        """Yield each living process that owns a claim, with the job's lines."""
        with self._lock:
            rows = self._rows(_HELD)
        jobs = {process.pid: process for process in processes.jobs(run_id)}
        for owner, lines in rows:
            process = jobs.get(_pid(owner))
            if process is not None:
                yield process, str(lines)

    def left(self, run_id: str) -> list[tuple[str, str]]:
        """Return the jobs that are ready, and the requests that no store has taken in."""
        jobs = {process.pid: process for process in processes.jobs(run_id)}
        found = []
        for key, owner, text in self._database.rows(f"SELECT job_key, owner, lines_ FROM job WHERE state = {READY}"):
            lines, _ = whole_lines(text.encode("ascii"))
            holders = [jobs[_pid(owner)]] if owner and _pid(owner) in jobs else []
            found.append((key, told(key, lines, holders, time.time())))
        return found + [(name, f"in an inbox: {name}") for name in sorted(self._in_inboxes())]

    def save(self, folder: Path) -> None:
        """Write each table as lines of JSON."""
        for table in ("job", "thread", "charge", "machine", "job_file"):
            columns = "job_key, name, piece, LENGTH(data)" if table == "job_file" else "*"
            with open(folder / f"{table}.json", "w", encoding="utf-8") as file:
                for row in self._database.rows(f"SELECT {columns} FROM {table}"):
                    file.write(json.dumps(row, default=str) + "\n")

    def _files(self) -> Iterable[str]:
        yield from super()._files()
        yield from (str(name) for (name,) in self._database.rows("SELECT CONCAT(job_key, '.', name) FROM job_file"))

    def _sweep(self) -> None:
        for var in self._vars:
            MariaDBSpool(self._database, str(var)).sweep()

    def _in_inboxes(self) -> set[str]:
        """Return the names of what waits in the machines' inboxes, and of what was set aside there."""
        folders = (var / "inbox" / state for var in self._vars for state in ("waiting", "failed"))
        return {path.name for folder in folders if folder.exists() for path in folder.iterdir()}

    def _look(self) -> None:
        """Note what has become of the jobs since the last look, if that is a while ago and the server tells it."""
        now = time.monotonic()
        if now - self._looked < LOOK_EVERY:
            return
        try:
            ended = self._own.rows(_ENDED, (int(now - self._looked) + OVERLAP if self._looked else 10**6,))
            self._ready = {name for (name,) in self._own.rows(_READY)}
        except MariaDBError:
            return
        self._ended.update(ended)
        self._note_seen(self._ready)
        self._looked = now

    def _rows(self, query: str) -> list[Row]:
        try:
            return self._own.rows(query)
        except MariaDBError:
            return []


def _pid(owner: str) -> int:
    return int(owner.split(":")[1])
