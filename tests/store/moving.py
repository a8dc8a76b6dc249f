"""A machine that keeps all in files or in a database, and processes that die at a given step of a move."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from cocoai import config
from cocoai.slack.model.job_kinds import JOB_KINDS, LIGHT_KINDS, UNMARKED_KINDS
from cocoai.spool.disk import Disk
from cocoai.spool.file_spool import FileSpool
from cocoai.spool.job import STATES, Job
from cocoai.spool.key import Key
from cocoai.spool.spool import Spool
from tests.ledger.charges import charge, hold

pytest.importorskip("pymysql", reason="MARIADB IS NOT TESTED: pymysql is missing")

from cocoai.backup.contents import refuse_half_done
from cocoai.documents.file_history import FileHistory
from cocoai.documents.history import Exchange, History
from cocoai.documents.mariadb_history import MariaDBHistory
from cocoai.engine.mariadb.mariadb import MariaDB
from cocoai.engine.mariadb.session import Row
from cocoai.ledger.database import SqliteStore
from cocoai.ledger.mariadb import MariaDBStore
from cocoai.ledger.store import LedgerStore
from cocoai.spool.mariadb.mariadb_spool import MariaDBSpool
from cocoai.store.moving import FILES, MARIADB, move
from cocoai.store.schema import check_fit

KINDS: dict[str, Any] = {"kinds": JOB_KINDS, "light_kinds": LIGHT_KINDS, "unmarked_kinds": UNMARKED_KINDS}
TABLES = ("job", "job_file", "thread", "person", "charge", "notice", "exchange", "seen_job", "history_look", "meta")
PICTURE = os.urandom(300_000)


def key(ts: int, channel: str = "C0PRACTICE") -> Key:
    """Return the key of a message that opened a thread."""
    return Key(channel, f"{ts}.000100", f"{ts}.000100")


QUESTION, CUT_OFF, PAINTED, ANSWERED, CLICK = (key(number) for number in range(1_763_000_001, 1_763_000_006))
AGAIN = Key("C0PRACTICE", QUESTION.thread_ts, "1763000009.000100", "again")
BOX = "D0PRACTICE"


@dataclass
class Machine:
    """A machine that may keep all in files below its `var`, or in `database`."""

    settings: config.Settings
    database: MariaDB
    other: MariaDB = field(init=False)

    def __post_init__(self) -> None:
        self.other = MariaDB(self.database.address)

    @property
    def var(self) -> Path:
        """Return the folder."""
        return Path(self.settings.paths.var)

    def spool(self, place: str) -> Spool:
        """Return the spool in files or in the database."""
        if place == FILES:
            return FileSpool(str(self.var), **KINDS)
        return MariaDBSpool(self.database, str(self.var), **KINDS)

    def ledger(self, place: str) -> LedgerStore:
        """Return the ledger in files or in the database."""
        return SqliteStore(str(self.var / "ledger.sqlite3")) if place == FILES else MariaDBStore(self.database)

    def history(self, place: str) -> History:
        """Return the history in files or in the database."""
        path = self.var / "history.sqlite3"
        return FileHistory(str(path)) if place == FILES else MariaDBHistory(self.database)

    def move(self, target: str) -> list[str]:
        """Move all that is kept."""
        return list(move(self.settings, self.database, target))

    def move_until(self, target: str, steps: int) -> bool:
        """Move, and die behind so many steps; return False if it was done before."""
        life = Life(steps)
        try:
            list(move(self.settings, MortalDatabase(self.database, life), target, MortalDisk(life)))
        except Died:
            # Nobody goes on with the claim of a dead process; it would run out in half a minute.
            self.database.execute("UPDATE job SET lease_until = NULL WHERE lease_until IS NOT NULL")
            return True
        return False

    def kept(self, place: str) -> dict[str, Any]:
        """Return all that is kept in files or in the database."""
        spool, ledger = self.spool(place), self.ledger(place)
        found: dict[str, Any] = {}
        for state in STATES:
            for each in spool.keys(state):
                path = spool.files.path(each, "picture.jpeg")
                picture = Path(path).read_bytes() if path else b""
                found[f"{state}/{each}"] = (spool.peek(state, each), spool.stop_requesters(each), picture)
        for channel, ts in [(QUESTION.channel, each.thread_ts) for each in (QUESTION, ANSWERED, CLICK)] + [(BOX, "")]:
            found[f"{channel}-{ts}"] = spool.mark_of(channel, ts)
        columns = "`key`, `call`, month, person, model, held, spent, how, price"
        found["charges"] = ledger.read(lambda it: it.rows(f"SELECT {columns} FROM charge ORDER BY id"))
        history = self.history(place)
        found["history"] = [history.read(each) for each in sorted(history.keys())]
        found["looked at"] = (history.seen(), history.forgotten())
        found["notices"] = ledger.read(lambda it: it.rows("SELECT month, scope, threshold, at, told FROM notice"))
        return found


NOTHING: dict[str, Any] = {f"{QUESTION.channel}-{each.thread_ts}": None for each in (QUESTION, ANSWERED, CLICK)} | {
    f"{BOX}-": None,
    "charges": [],
    "history": [],
    "looked at": (set(), set()),
    "notices": [],
}
"""What Machine.kept() returns where nothing is kept."""


class Died(BaseException):
    """The process is killed here; nothing of it runs any more."""


@dataclass
class Life:
    """The steps that a process has left."""

    left: int

    def step(self) -> None:
        """Take one, or die."""
        if not self.left:
            raise Died
        self.left -= 1


class MortalDatabase(MariaDB):
    """A connection of a process that dies; each statement is a step."""

    def __init__(self, of: MariaDB, life: Life) -> None:
        super().__init__(of.address)
        self._life = life
        self._of = of

    def execute(self, sql: str, values: Sequence[object] = ()) -> int:
        """Run a statement, or die."""
        self._life.step()
        return self._of.execute(sql, values)

    def rows(self, sql: str, values: Sequence[object] = ()) -> list[Row]:
        """Run a query."""
        return self._of.rows(sql, values)

    def transaction(self, run: Callable[[Any], Any]) -> Any:
        """Call `run` in a transaction, or die before or behind it."""
        self._life.step()
        result = self._of.transaction(run)
        self._life.step()
        return result


class MortalDisk(Disk):
    """The disk of a process that dies; whatever changes a name or a file is a step."""

    def __init__(self, life: Life) -> None:
        self._life = life

    def append(self, fd: int, data: bytes) -> None:
        self._life.step()
        super().append(fd, data)

    def rename(self, source: str, target: str) -> None:
        self._life.step()
        super().rename(source, target)

    def unlink(self, path: str) -> None:
        self._life.step()
        super().unlink(path)

    def fsync_folder(self, path: str) -> None:
        self._life.step()
        super().fsync_folder(path)


def fill(machine: Machine, place: str) -> dict[str, Any]:
    """Keep one of each thing in files or in the database; return what is kept."""
    spool, ledger = machine.spool(place), machine.ledger(place)
    for each in (PAINTED, CUT_OFF, ANSWERED, QUESTION):
        fields = {"client_msg_id": "g-1"} if each == QUESTION else {}
        assert spool.put(each, {"kind": "mention", "user": "U0ASKER01", "text": "\ud83c 鍵?", **fields})
    spool.put(AGAIN, {"kind": "mention", "user": "U0ASKER01", "text": "?", "again": QUESTION.ts})
    spool.put(CLICK, {"kind": "delete", "user": "U0ASKER01"})
    end(spool, ANSWERED, spool.finish)
    with spool.files.new(PAINTED, 1 << 20) as picture:
        picture.write(PICTURE)
        picture.keep("picture.jpeg")
    end(spool, PAINTED, lambda job: spool.fail(job, "not_shared"), picture=True)
    job = held(spool, CUT_OFF)
    job.record("attempt", n=1)
    job.record("placeholder", ts="1.0")
    job.record("retry", retry_at=time.time() + 200, why="busy", free=False, sent=False)
    job.release()
    spool.request_stop(CUT_OFF, "U0ASKER01")
    spool.note(BOX, "", lambda _: {"asks": 1})
    charge(ledger, key=str(ANSWERED), price='{"%": "?"}')
    hold(ledger, key=str(CUT_OFF))
    history = machine.history(place)
    history.keep((exchange(ANSWERED), exchange(PAINTED)), {str(ANSWERED), str(PAINTED)})
    history.forget({str(PAINTED)}, time.time())
    ledger.write(lambda it: it.execute("INSERT INTO notice VALUES ('2026-11', 'team', 80, 5, NULL)"))
    return machine.kept(place)


def exchange(key: Key) -> Exchange:
    """Return a question and its answer as the history keeps them."""
    place = (str(key), str(key), key.channel, key.thread_ts)
    return Exchange(*place, "U0ASKER01", int(key.thread_ts[:10]), "ja", "🔑 鍵?" * 50, "'; 50 %\n" * 200)


def held(spool: Spool, key: Key) -> Job:
    """Return a ready job that this process holds."""
    job = spool.hold(key)
    assert job is not None
    return job


def end(spool: Spool, key: Key, how: Callable[[Job], None], *, picture: bool = False) -> None:
    """End a job, which has drawn a picture perhaps."""
    job = held(spool, key)
    job.record("attempt", n=1)
    if picture:
        job.record("drawing", text="a cat")
        job.record("picture", file="picture.jpeg")
    how(job)
    job.release()


BOTH = [pytest.param(FILES, MARIADB, id="into the database"), pytest.param(MARIADB, FILES, id="into files")]


def start(machine: Machine) -> None:
    """Look for what keeps a pool from starting. Raise CocoAIError if there is anything."""
    refuse_half_done(str(machine.var))
    check_fit(machine.database)
