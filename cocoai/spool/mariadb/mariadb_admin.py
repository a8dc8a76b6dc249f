"""MariaDBAdmin: look at jobs in the database, annotate, retry, rewrite and remove them. It claims none."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

from cocoai.engine.mariadb.errors import DuplicateKey
from cocoai.engine.mariadb.mariadb import MariaDB
from cocoai.spool.files import kept_file
from cocoai.spool.job import Fact, encode_line, is_forgotten
from cocoai.spool.key import Key, is_key
from cocoai.spool.mariadb.claimed_rows import owner_on
from cocoai.spool.mariadb.errors import as_spool_errors
from cocoai.spool.mariadb.mariadb_files import MariaDBFiles
from cocoai.spool.mariadb.mariadb_job import MariaDBJob
from cocoai.spool.mariadb.putting import pending
from cocoai.spool.mariadb.sweeping import sweep
from cocoai.spool.mariadb.tables import FAILED, READY, STATE_NUMBERS
from cocoai.spool.store_error import JobInUse, NoSuchJob, WordsForgotten

_REWRITE = """
UPDATE job SET lines_ = %s, n = n + 1 WHERE job_key = %s AND state = %s AND fence = %s AND n = %s
AND (lease_until IS NULL OR lease_until < UTC_TIMESTAMP(6))
"""

_RETRY = f"""
UPDATE job SET state = {READY}, n = n + 1, due_at = UTC_TIMESTAMP(6), is_shut_out = 0, stops = '', has_new_stop = 0,
changed_at = UTC_TIMESTAMP(6), pending = %s, lines_ = CONCAT(lines_, %s)
WHERE job_key = %s AND state = {FAILED} AND n = %s
"""  # noqa: S608 (numbers of ours)


class MariaDBAdmin:
    """The jobs of all machines as they are inspected, annotated, retried and removed: see Spool for its methods."""

    _database: MariaDB
    _machine: str
    _clock: Callable[[], float]
    files: MariaDBFiles

    def _note_claimed(self, job: MariaDBJob) -> None:
        """Note that this process has claimed a job."""

    def _job(self, state: int, key: Key) -> MariaDBJob:
        owner = owner_on(self._machine)
        return MariaDBJob(key, state, self._database, owner=owner, clock=self._clock, on_claim=self._note_claimed)

    @as_spool_errors()
    def keys(self, state: str) -> list[Key]:
        """Return the keys of the jobs in a state, oldest question first."""
        rows = self._database.rows("SELECT job_key FROM job WHERE state = %s", (STATE_NUMBERS[state],))
        return sorted((Key.parse(name) for (name,) in rows if is_key(name)), key=lambda key: key.age)

    def peek(self, state: str, key: Key) -> list[Fact]:
        """Return every whole line of a job. Raise NoSuchJob if the job is not in this state."""
        return self._read(state, key).lines

    def lines_at_rest(self, key: Key) -> list[Fact]:
        """Return every whole line of a job that no process works on; [] if there is none. Else raise JobInUse."""
        for state in STATE_NUMBERS:
            with contextlib.suppress(NoSuchJob, ValueError):
                return self._read_at_rest(state, key).lines
        return []

    @as_spool_errors()
    def since(self, state: str, moment: float) -> list[Key]:
        """Return the keys of the jobs in a state that changed after `moment` (epoch seconds), last one first."""
        query = (
            "SELECT job_key FROM job WHERE state = %s AND changed_at > UTC_TIMESTAMP(6) - INTERVAL %s MICROSECOND"
            " ORDER BY changed_at DESC"
        )
        ago = int((self._clock() - moment) * 1e6)
        return [Key.parse(name) for (name,) in self._database.rows(query, (STATE_NUMBERS[state], ago)) if is_key(name)]

    def moments(self, state: str, key: Key) -> list[tuple[str, float]]:
        """Return the name and the time of each fact of a job. Raise NoSuchJob if the job is not in this state."""
        return self._job(STATE_NUMBERS[state], key).moments()

    @as_spool_errors()
    def count(self, state: str) -> int:
        """Return how many jobs are in a state; of the other room's folders those that have something here."""
        if state in STATE_NUMBERS:
            query, values = "SELECT COUNT(*) FROM job WHERE state = %s", (STATE_NUMBERS[state],)
            return int(self._database.rows(query, values)[0][0])
        if state == "stop":
            return int(self._database.rows(f"SELECT COUNT(*) FROM job WHERE state = {READY} AND stops <> ''")[0][0])  # noqa: S608
        if state == "files":
            return int(self._database.rows("SELECT COUNT(DISTINCT job_key, name) FROM job_file")[0][0])
        return 0

    def annotate(self, key: Key, fact: str, **values: Any) -> bool:
        """Append a fact to a job that has ended, as Spool.annotate() says."""
        line = {"fact": fact, "at": round(self._clock(), 3), **values}
        return any(self.rewrite(state, key, lambda lines: [*lines, line]) for state in ("done", "failed"))

    def retry(self, key: Key) -> None:
        """Make a failed job ready again, as Spool.retry() says."""
        job = self._read_at_rest("failed", key)
        if is_forgotten(job.lines):
            raise WordsForgotten(f"nothing is left of {key}: it was forgotten")
        line = encode_line({"fact": "retried", "at": round(self._clock(), 3)})
        values = (line.decode("ascii"), str(key), job.numbers[1])
        with as_spool_errors():
            try:
                rows = self._database.execute(_RETRY, (pending(key, job.question), *values))
            except DuplicateKey:  # somebody asks the same meanwhile: both are answered
                rows = self._database.execute(_RETRY, (None, *values))
            self._check_changed(rows, job, line, READY)

    def rewrite(self, state: str, key: Key, change: Callable[[list[Fact]], list[Fact] | None]) -> bool:
        """Put what `change` returns for a job's lines in their place, as Spool.rewrite() says."""
        try:
            job = self._read_at_rest(state, key)
        except NoSuchJob:
            return False
        lines = change(job.lines)
        if lines is None:
            return False
        data, number = b"".join(map(encode_line, lines)), STATE_NUMBERS[state]
        values = (data.decode("ascii"), str(key), number, *job.numbers)
        with as_spool_errors():
            self._check_changed(self._database.execute(_REWRITE, values), job, data, number)
        return True

    def _check_changed(self, rows: int, job: MariaDBJob, data: bytes, state: int) -> None:
        """Raise JobInUse if a statement found no row, unless its first try has, whose answer was lost."""
        if not (rows or job.was_changed(data, state)):
            raise JobInUse(f"{job.key} is being changed by another process")

    def drop_rubbish(self) -> None:
        """Do nothing: no job is ever half stored."""

    @as_spool_errors()
    def sweep(self) -> int:
        """Remove what is older than is kept, also of this machine's files. Return how many rows and files that were."""
        return sweep(self._database) + self.files.sweep(self._kept_file, self._clock())

    def _kept_file(self, key: Key) -> str:
        """Return the name of the file that a failed job keeps; "" if it has none, or has moved on."""
        with contextlib.suppress(NoSuchJob):
            return kept_file(self.peek("failed", key))
        return ""

    def _read(self, state: str, key: Key) -> MariaDBJob:
        job = self._job(STATE_NUMBERS[state], key)
        job.read()
        return job

    def _read_at_rest(self, state: str, key: Key) -> MariaDBJob:
        """Read a job that no process works on. Raise JobInUse if one does, ValueError if it has no question."""
        job = self._read(state, key)
        if job.is_in_hand:
            raise JobInUse(f"{key} is in hand")
        if not job.lines:
            raise ValueError(f"{key}: no question in it")
        return job
