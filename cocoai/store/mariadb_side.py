"""MariaDBSide: the jobs and threads in a database, as they are moved from or to the files of a machine."""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Callable, Iterator

from cocoai.engine.mariadb.errors import DuplicateKey, MariaDBError
from cocoai.engine.mariadb.mariadb import MariaDB
from cocoai.spool.job import LONGEST_DELAY, whole_lines
from cocoai.spool.key import Key, is_key
from cocoai.spool.mariadb.claimed_rows import machine_of, owner_on, tend_claims
from cocoai.spool.mariadb.errors import as_spool_errors
from cocoai.spool.mariadb.mariadb_files import MariaDBFiles
from cocoai.spool.mariadb.putting import pending
from cocoai.spool.mariadb.tables import LEASE, READY, STATE_NUMBERS, SWEPT
from cocoai.spool.store_error import JobInUse
from cocoai.store.job_copy import JobCopy, ThreadCopy

STATES = {number: state for state, number in STATE_NUMBERS.items()}

_ALL = f"SELECT job_key, state FROM job WHERE state <> {SWEPT}"  # noqa: S608 (a number of ours)

_READ = """
SELECT state, fence, n, lease_until >= UTC_TIMESTAMP(6), TIMESTAMPDIFF(MICROSECOND, changed_at, UTC_TIMESTAMP(6)),
stops, lines_ FROM job WHERE job_key = %s
"""

_CLAIM = f"""
UPDATE job SET fence = fence + 1, n = n + 1, owner = %s, lease_until = UTC_TIMESTAMP(6) + INTERVAL {LEASE} SECOND
WHERE job_key = %s AND state = {READY} AND fence = %s AND n = %s
AND (lease_until IS NULL OR lease_until < UTC_TIMESTAMP(6))
"""  # noqa: S608 (numbers of ours)

_RELEASE = "UPDATE job SET owner = NULL, lease_until = NULL WHERE job_key = %s AND fence = %s AND n = %s AND owner = %s"

_DROP = "DELETE FROM job WHERE job_key = %s AND fence = %s AND n = %s"

_GIVE = """
INSERT INTO job (job_key, thread, state, due_at, changed_at, leaves_mark, gesture, pending, stops, has_new_stop, lines_)
VALUES (%s, %s, %s, UTC_TIMESTAMP(6) + INTERVAL %s MICROSECOND, UTC_TIMESTAMP(6) - INTERVAL %s MICROSECOND, %s, %s, %s,
%s, %s, %s)
"""

_REPLACE = """
UPDATE job SET n = n + 1, state = %s, due_at = UTC_TIMESTAMP(6) + INTERVAL %s MICROSECOND,
changed_at = UTC_TIMESTAMP(6) - INTERVAL %s MICROSECOND, pending = IF(%s = 0, pending, NULL), stops = %s,
has_new_stop = %s, lines_ = %s WHERE job_key = %s AND fence = %s AND n = %s
AND (lease_until IS NULL OR lease_until < UTC_TIMESTAMP(6))
"""

_THREADS = "SELECT thread, TIMESTAMPDIFF(MICROSECOND, changed_at, UTC_TIMESTAMP(6)), facts FROM thread"

_MARKS = """
SELECT thread, MIN(TIMESTAMPDIFF(MICROSECOND, changed_at, UTC_TIMESTAMP(6))) FROM job WHERE leaves_mark = 1
GROUP BY thread
"""

_GIVE_THREAD = "INSERT INTO thread VALUES (%s, %s, 0, UTC_TIMESTAMP(6) - INTERVAL %s MICROSECOND)"

_RENEW_THREAD = """
UPDATE thread SET facts = %s, n = n + 1, changed_at = UTC_TIMESTAMP(6) - INTERVAL %s MICROSECOND WHERE thread = %s
AND changed_at < UTC_TIMESTAMP(6) - INTERVAL %s MICROSECOND
"""

_CLEAR = ("DELETE FROM job WHERE state = 3", "DELETE FROM job_file", "DELETE FROM thread", "DELETE FROM person")
"""What is left when all jobs have gone: keys of swept ones, files of none, threads, and how often people asked."""


class MariaDBSide:
    """The store in `database`, a Side. The files of a job lie below `var` on its way. `clock` gives epoch seconds."""

    def __init__(self, database: MariaDB, var: str, *, clock: Callable[[], float] = time.time) -> None:
        self._database = database
        self._clock = clock
        self._machine = machine_of(var)
        self._owner = owner_on(self._machine)
        self._files = MariaDBFiles(database, os.path.join(var, "spool", "files"))
        self._numbers: dict[Key, tuple[int, int]] = {}

    def jobs(self) -> Iterator[tuple[str, Key]]:
        """Yield the state and the key of each job."""
        with as_spool_errors():
            tend_claims(self._database, self._machine)  # a move that was killed may have left one
            rows = self._database.rows(_ALL)
        found = [(int(state), Key.parse(name)) for name, state in rows if is_key(name)]
        for number, key in sorted(found, key=_ended_first):
            yield STATES[number], key

    @contextlib.contextmanager
    def taken(self, state: str, key: Key) -> Iterator[JobCopy | None]:
        """Claim a job by a lease, and yield it; its files are written to this machine."""
        copy = self._read(key)
        if copy is None or copy.state != state:
            yield None
            return
        fence, n = self._numbers[key]
        if state == "ready":
            with as_spool_errors():
                if not self._database.execute(_CLAIM, (self._owner, str(key), fence, n)):
                    raise JobInUse(f"{key} is in hand")
            fence, n = self._numbers[key] = fence + 1, n + 1
        try:
            self._files.bring_out(key)
            yield copy
        finally:
            if state == "ready":
                with contextlib.suppress(MariaDBError):  # the lease runs out
                    self._database.execute(_RELEASE, (str(key), fence, n, self._owner))

    def give(self, copy: JobCopy) -> None:
        """Store a job: its files come first, its row last."""
        there = self._read(copy.key)
        if there is None and copy.key in self._numbers:  # it was swept: its question is known and answered
            return
        if there is not None and not copy.is_ahead_of(there):
            return
        self._files.bring_in(copy.key)
        with as_spool_errors():
            if there is None:
                self._insert(copy)
            else:
                self._replace(copy)

    @as_spool_errors()
    def drop(self, copy: JobCopy) -> None:
        """Remove a job that is taken. Raise `JobInUse` if somebody has written to it since."""
        name = str(copy.key)
        if not self._database.execute(_DROP, (name, *self._numbers[copy.key])) and self._database.rows(_READ, (name,)):
            raise JobInUse(f"{copy.key} is being changed by another process")
        self._database.execute("DELETE FROM job_file WHERE job_key = %s", (name,))

    def threads(self) -> Iterator[ThreadCopy]:
        """Yield what is known of each thread: its own row, else the swept jobs that mark it."""
        with as_spool_errors():
            known, marks, now = self._database.rows(_THREADS), self._database.rows(_MARKS), self._clock()
        found = {name: ThreadCopy(name, now - ago / 1e6) for name, ago in marks}
        found |= {name: ThreadCopy(name, now - ago / 1e6, json.loads(facts)) for name, ago, facts in known}
        yield from found.values()

    @as_spool_errors()
    def give_thread(self, thread: ThreadCopy) -> None:
        """Store what is known of a thread."""
        facts, ago = json.dumps(thread.facts, separators=(",", ":")), self._ago(thread.changed)
        try:
            self._database.execute(_GIVE_THREAD, (thread.name, facts, ago))
        except DuplicateKey:
            if thread.facts:
                self._database.execute(_RENEW_THREAD, (facts, ago, thread.name, ago))

    @as_spool_errors()
    def clear(self) -> None:
        """Remove what is left."""
        for statement in _CLEAR:
            self._database.execute(statement)

    @as_spool_errors()
    def _read(self, key: Key) -> JobCopy | None:
        """Return a job as it is here, and note its numbers; None if there is none, or it was swept.

        Raise `JobInUse` if a process works on it, ValueError if it is damaged.
        """
        self._numbers.pop(key, None)
        rows = self._database.rows(_READ, (str(key),))
        if not rows:
            return None
        state, fence, n, is_leased, ago, stops, text = rows[0]
        if is_leased:
            raise JobInUse(f"{key} is in hand")
        self._numbers[key] = int(fence), int(n)
        if state == SWEPT:
            return None
        lines, _ = whole_lines(text.encode("ascii"))
        if not lines:
            raise ValueError(f"{key}: no question in it")
        return JobCopy(key, STATES[state], lines, self._clock() - ago / 1e6, stops=tuple(stops.split()))

    def _insert(self, copy: JobCopy) -> None:
        """Store a new row. Of two jobs of one gesture, or that ask the same once more, only the first is known so."""
        asks_again = copy.state == "ready" and not copy.is_light
        names = [copy.gesture or None, pending(copy.key, copy.lines[0]) if asks_again else None]
        while True:
            values = (str(copy.key), copy.key.thread, STATE_NUMBERS[copy.state], *self._times(copy), copy.leaves_mark)
            try:
                self._database.execute(_GIVE, (*values, *names, *_stops(copy), copy.data.decode("ascii")))
            except DuplicateKey as error:
                if error.key == "PRIMARY":  # the first try was done, and nobody has heard of it
                    return
                names[error.key == "pending"] = None
            else:
                return

    def _replace(self, copy: JobCopy) -> None:
        state, place = STATE_NUMBERS[copy.state], (str(copy.key), *self._numbers[copy.key])
        values = (state, *self._times(copy), state, *_stops(copy), copy.data.decode("ascii"), *place)
        if not self._database.execute(_REPLACE, values):
            there = self._read(copy.key)
            if there is None or copy.is_ahead_of(there):
                raise JobInUse(f"{copy.key} is being changed by another process")

    def _times(self, copy: JobCopy) -> tuple[int, int]:
        """Return in how many microseconds the job is due, and how many ago it was changed."""
        due = copy.retry_at - self._clock()
        return (int(due * 1e6) if 0 < due <= LONGEST_DELAY else 0), self._ago(copy.changed)

    def _ago(self, moment: float) -> int:
        return max(0, int((self._clock() - moment) * 1e6))


def _stops(copy: JobCopy) -> tuple[str, bool]:
    """Return the columns of the stop requests."""
    return "".join(f"{user} " for user in copy.stops), bool(copy.stops)


def _ended_first(found: tuple[int, Key]) -> tuple[bool, tuple[int, str, str]]:
    number, key = found
    return number == READY, key.age
