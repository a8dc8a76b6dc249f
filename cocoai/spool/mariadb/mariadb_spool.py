"""MariaDBSpool: the store of jobs in a database that several machines share. tables.py says what a row is.

**The INSERT is the instant that commits**, and the row's key the dedupe. A claim is a compare and set on what was read:
nothing is locked between two statements, and nothing stands open when a process dies.
"""

from __future__ import annotations

import contextlib
import logging
import math
import os
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any

from cocoai.engine.mariadb.mariadb import MariaDB
from cocoai.spool.files import DRAWING, kept_file
from cocoai.spool.job import Job, encode_line
from cocoai.spool.key import Key
from cocoai.spool.mariadb.claimed_rows import machine_of, tend_claims
from cocoai.spool.mariadb.errors import as_spool_errors
from cocoai.spool.mariadb.looking import Look, heads, look
from cocoai.spool.mariadb.mariadb_admin import MariaDBAdmin
from cocoai.spool.mariadb.mariadb_files import MariaDBFiles
from cocoai.spool.mariadb.mariadb_job import MariaDBJob
from cocoai.spool.mariadb.putting import Putting
from cocoai.spool.mariadb.tables import FAILED, READY, STATE_NUMBERS
from cocoai.spool.mariadb.thread_rows import ThreadRows
from cocoai.spool.spool import Spool
from cocoai.spool.store_error import StoreError, StoreUnreachable

MOST_REQUESTERS = 1900
"""Characters of who has requested a stop from which on nobody else is noted: it stops all the same."""

# Whoever clicks on and on is noted once.
_REQUEST_STOP = f"""
UPDATE job SET has_new_stop = 1, stops = IF(LOCATE(CONCAT(' ', %s, ' '), CONCAT(' ', stops))
OR LENGTH(stops) > {MOST_REQUESTERS}, stops, CONCAT(stops, %s, ' ')) WHERE job_key = %s AND state = {READY}
"""  # noqa: S608 (numbers of ours)

STOPS_EVERY = 1.0
"""Seconds between two looks for stop requests while an answer is written."""

log = logging.getLogger(__name__)


class MariaDBSpool(MariaDBAdmin, Spool):
    """All jobs of all machines, in `database`. What this machine alone needs of them lies below `var`.

    `note_put` is told the seconds that each put() takes which succeeds. `kinds` and the options behind it are those of
    FileSpool.
    """

    files: MariaDBFiles

    def __init__(
        self,
        database: MariaDB,
        var: str,
        *,
        clock: Callable[[], float] = time.time,
        kinds: Collection[str] | None = None,
        light_kinds: Collection[str] = (),
        unmarked_kinds: Collection[str] = (),
        questions_per_minute: int = 0,
        note_put: Callable[[float], object] = lambda _: None,
    ) -> None:
        super().__init__(clock=clock, kinds=kinds, light_kinds=light_kinds)
        self._database = database
        self._var = var
        self._machine = machine_of(var)
        self._note_put = note_put
        self._putting = Putting(database, questions_per_minute, self._light_kinds, frozenset(unmarked_kinds))
        self.files = MariaDBFiles(database, os.path.join(var, "spool", "files"))
        self._threads = ThreadRows(database)
        self._is_away = False
        self._look = Look()
        self._claimed: MariaDBJob | None = None
        self._claims: list[MariaDBJob] = []
        self._seen_stops: tuple[str, float, tuple[str, ...]] = ("", -math.inf, ())

    def prepare(self) -> None:
        """Make this machine's folders. The tables are made by `cocoai store init`."""
        for folder in (self.files.folder, os.path.join(self._var, "locks")):
            os.makedirs(folder, mode=0o700, exist_ok=True)

    @as_spool_errors()
    def begin(self) -> None:
        """Let what waits for an operator be due now: he may have come. End the claims of this machine's dead."""
        self._database.execute(
            f"UPDATE job SET due_at = UTC_TIMESTAMP(6), is_shut_out = 0 WHERE state = {READY} AND is_shut_out = 1"  # noqa: S608
        )
        tend_claims(self._database, self._machine)

    # put: what the worker does before it answers 200

    @as_spool_errors()
    def put(self, key: Key, question: Mapping[str, Any]) -> bool:
        """Store a question as a ready job, as Spool.put() says."""
        began = time.monotonic()
        is_new, refusal = self._putting.put(key, question)
        self._note_put(time.monotonic() - began)
        if refusal:
            log.info("question key=%s outcome=limited why=%s", key, refusal["why"])
        return is_new

    @as_spool_errors()
    def seconds_to_wait(self, user: str, ts: str) -> int:
        """Return the seconds after `ts` until this person may ask again, 0 for at once."""
        return math.ceil(self._putting.seconds_to_wait(user, ts))

    @as_spool_errors()
    def is_to_be_told(self, user: str, key: Key) -> bool:
        """Check whether this limited job is the one that tells its asker to wait, and note it."""
        return self._putting.is_to_be_told(user, str(key))

    # ready: what is looked at before a claim

    def is_due(self, in_hand: Collection[str] = ()) -> bool:
        """Check whether any ready job needs a process; tend the claims of this machine's processes before.

        While the server is away none does, which is logged once: the master asks every few seconds.
        """
        try:
            with as_spool_errors():
                tend_claims(self._database, self._machine)
            is_due = super().is_due(in_hand)
        except StoreUnreachable as error:
            if not self._is_away:
                log.warning("spool outcome=unreachable reason=%s", error)
            self._is_away = True
            return False
        if self._is_away:
            log.info("spool outcome=reachable")
        self._is_away = False
        return is_due

    @as_spool_errors()
    def _ready_names(self) -> Iterable[str]:
        self._give_up_again()
        self._look = look(self._database)
        self._held = self._look.held
        return self._look.names

    def _refresh(self) -> None:
        super()._refresh()
        self._waiting.set_times(self._look.put_off, self._clock())

    @as_spool_errors()
    def _heads(self, names: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        return iter(heads(self._database, list(names)))

    def _ready_job(self, key: Key) -> MariaDBJob:
        return self._job(READY, key)

    def _note_claimed(self, job: MariaDBJob) -> None:
        self._claimed = job
        self._claims.append(job)

    def _give_up_again(self) -> None:
        """Give up what could not be given up before: while this process lives, its master renews those leases, too."""
        for job in self._claims:
            if job.is_given_up:
                job.release()
        self._claims = [job for job in self._claims if job.is_claimed]

    def _set_aside(self, job: Job) -> None:
        _own(job).end(FAILED, b"")

    def _names_to_stop(self) -> Iterable[str]:
        return self._look.to_stop

    def _has_new_stop(self, job: Job) -> bool:
        return _own(job).has_new_stop

    def _end(self, job: Job, state: str, fact: str, **values: Any) -> None:
        line = {"fact": fact, "at": round(self._clock(), 3), **values}
        _own(job).end(STATE_NUMBERS[state], encode_line(line))
        if any(each.get("fact") == DRAWING for each in job.lines):
            self.files.remove(job.key, but=kept_file(job.lines) if state == "failed" else "")

    # stop: what somebody asks for while a job is in hand

    @as_spool_errors()
    def request_stop(self, key: Key, user: str) -> bool:
        """Leave this user's request that the job's answer ends, as Spool.request_stop() says."""
        return bool(self._database.execute(_REQUEST_STOP, (user, user, str(key))))

    def stop_requesters(self, key: Key) -> tuple[str, ...]:
        """Return who has requested a stop of this job; () if nobody has or the store fails.

        It is asked for with each word of an answer, and looked up once in STOPS_EVERY. The claim is renewed here too.
        """
        name, looked, users = self._seen_stops
        now = time.monotonic()
        if name == str(key) and now - looked < STOPS_EVERY:
            return users
        users = ()
        with contextlib.suppress(StoreError), as_spool_errors():
            if self._claimed is not None and self._claimed.key == key:
                self._claimed.renew_if_due()
            rows = self._database.rows("SELECT stops FROM job WHERE job_key = %s", (str(key),))
            users = tuple(rows[0][0].split()) if rows else ()
        self._seen_stops = str(key), now, users
        return users

    # threads: what is known of those in which CocoAI was asked

    @as_spool_errors()
    def mark_of(self, channel: str, thread_ts: str) -> Mapping[str, Any] | None:
        """Return what was noted of a thread in which we were asked, as Spool.mark_of() says."""
        return self._threads.facts_of(f"{channel}-{thread_ts}" if thread_ts else channel)

    @as_spool_errors()
    def note(self, channel: str, thread_ts: str, change: Callable[[Mapping[str, Any]], Mapping[str, Any]]) -> None:
        """Note facts of a thread, as Spool.note() says."""
        self._threads.note(f"{channel}-{thread_ts}" if thread_ts else channel, change)


def _own(job: Job) -> MariaDBJob:
    if not isinstance(job, MariaDBJob):
        raise TypeError(f"{job.key} is not of this store")
    return job
