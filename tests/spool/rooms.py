"""The rooms of the spool as tests see them: files, and a MariaDB database. What holds in one holds in each.

A test asks for the fixture `room`, and runs in each of them. `room.spool()` returns the spool of another process, and
time passes in a room without anybody waiting for it.
"""

from __future__ import annotations

import functools
import os
import time
import traceback
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from cocoai.spool.disk import Disk
from cocoai.spool.file_spool import FileSpool
from cocoai.spool.job import Job, encode_line
from cocoai.spool.key import Key
from cocoai.spool.spool import Spool

if TYPE_CHECKING:
    from cocoai.engine.mariadb.mariadb import MariaDB
    from cocoai.spool.mariadb.mariadb_spool import MariaDBSpool


def key(ts: int, thread: int | None = None, channel: str = "C0PRACTICE") -> Key:
    """Return the key of the message at second `ts`, in the thread that `thread` opens (else its own)."""
    return Key(channel, f"{ts if thread is None else thread}.000100", f"{ts}.000100")


def question(user: str = "U0ASKER", kind: str = "mention", **others: Any) -> dict[str, Any]:
    """Return a first line as the webhook writes it."""
    return {"kind": kind, "channel": "C0PRACTICE", "user": user, "text": '{"user":"U0NOBODY"}', **others}


def claimed(spool: Spool, in_hand: Collection[str] = ()) -> Job:
    """Claim the next job, which there must be."""
    job = spool.claim(in_hand)
    assert job is not None
    return job


def claim_all(spool: Spool) -> list[Job]:
    """Claim jobs, each beside those claimed before, until none is claimable."""
    jobs: list[Job] = []
    while (job := spool.claim({str(other.key) for other in jobs})) is not None:
        jobs.append(job)
    return jobs


def end(spool: Spool, job: Job, state: str) -> None:
    """End a claimed job in this state."""
    if state == "done":
        spool.finish(job)
    else:
        spool.fail(job, "reason")


def forked(run: Callable[[], object]) -> int:
    """Run it in a process of its own, which ends with 0 if all went well. Return its pid."""
    pid = os.fork()
    if pid == 0:
        try:
            run()
            os._exit(0)
        finally:
            traceback.print_exc()
            os._exit(1)
    return pid


def in_processes(runs: Sequence[Callable[[], object]]) -> None:
    """Run all of these at once, each in a process of its own, and wait until all have ended well."""
    pids = list(map(forked, runs))
    statuses = [os.waitpid(pid, 0)[1] for pid in pids]
    assert not any(statuses), statuses


class Room(ABC):
    """A store of jobs that is empty at first, as all its processes see it."""

    def __init__(self) -> None:
        self._passed = 0.0

    @functools.cached_property
    def here(self) -> Spool:
        """Return the spool of this process."""
        return self.spool()

    def clock(self) -> float:
        """Return what time it is in the room, in epoch seconds."""
        return time.time() + self._passed

    def pass_time(self, seconds: float) -> None:
        """Let so many seconds pass for everything in the room."""
        self._passed += seconds

    @abstractmethod
    def spool(self, **options: Any) -> Spool:
        """Return the spool of another process, with these options of its class."""

    @abstractmethod
    def write(self, name: str, *lines: dict[str, Any], tail: bytes = b"") -> None:
        """Store a ready job of this name with these lines, and `tail` behind them, as another version might."""

    @abstractmethod
    def people(self) -> int:
        """Return of how many people it is known what they have asked, or that they were told to wait."""

    @abstractmethod
    def files(self) -> list[str]:
        """Return the names of the jobs' files that are stored whole, each behind its job's, sorted."""

    @abstractmethod
    def stored(self, state: str, name: str) -> bytes:
        """Return all that is stored of a job's lines."""

    def put(self, *keys: Key) -> None:
        """Put a question for each of these keys."""
        for each in keys:
            assert self.here.put(each, question())


class PassingDisk(Disk):
    """The real disk, without a wait for it, in a room where time passes."""

    def __init__(self, room: Room) -> None:
        self._room = room

    def modified(self, path: str) -> float:
        return super().modified(path) + self._room.clock() - time.time()

    def set_modified(self, path: str, seconds: float) -> None:
        super().set_modified(path, seconds - self._room.clock() + time.time())

    def fsync(self, fd: int) -> None:
        del fd

    def fsync_folder(self, path: str) -> None:
        del path


class FilesRoom(Room):
    """The files below `var`."""

    def __init__(self, var: Path) -> None:
        super().__init__()
        self.var = var
        self._disk = PassingDisk(self)

    def spool(self, **options: Any) -> Spool:
        made = FileSpool(str(self.var), clock=self.clock, disk=self._disk, **options)
        made.make_folders()
        return made

    def pass_time(self, seconds: float) -> None:
        super().pass_time(seconds)
        for folder, _, names in os.walk(self.var):
            for name in names:
                path = os.path.join(folder, name)
                modified = os.stat(path).st_mtime - seconds
                os.utime(path, (modified, modified))

    def write(self, name: str, *lines: dict[str, Any], tail: bytes = b"") -> None:
        self.spool()
        (self.var / "spool" / "ready" / name).write_bytes(b"".join(map(encode_line, lines)) + tail)

    def people(self) -> int:
        self.spool()
        return len(os.listdir(self.var / "asked"))

    def files(self) -> list[str]:
        self.spool()
        return sorted(os.listdir(self.var / "spool" / "files"))

    def stored(self, state: str, name: str) -> bytes:
        return (self.var / "spool" / state / name).read_bytes()


class MariaDBRoom(Room):
    """The tables of `database`, which each process speaks to on a connection of its own.

    What a process knows by its own monotonic clock, such as how long its lease is good, passes too.
    """

    def __init__(self, database: MariaDB, var: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        from cocoai.spool.mariadb import mariadb_job, mariadb_spool
        from cocoai.spool.mariadb.tables import SPOOL_TABLES

        super().__init__()
        self.database = database
        self.var = var
        self.sleep: Callable[[float], object] = time.sleep
        self._made: list[MariaDB] = []
        own = SimpleNamespace(
            monotonic=lambda: time.monotonic() + self._passed,
            time=time.time,
            sleep=lambda seconds: self.sleep(seconds),
        )
        monkeypatch.setattr(mariadb_job, "time", own)
        monkeypatch.setattr(mariadb_spool, "time", own)
        for statement in SPOOL_TABLES:
            database.execute(statement)

    def spool(self, *, machine: str = "a", way: str = "", **options: Any) -> MariaDBSpool:
        """Return the spool of another process on this machine; `way` is the path of another socket to the server."""
        from cocoai.engine.mariadb.mariadb import MariaDB
        from cocoai.spool.mariadb.mariadb_spool import MariaDBSpool

        address = self.database.address
        self._made.append(MariaDB(replace(address, socket=way) if way else address))
        made = MariaDBSpool(self._made[-1], str(self.var / machine), clock=self.clock, **options)
        made.prepare()
        return made

    def pass_time(self, seconds: float) -> None:
        super().pass_time(seconds)
        ago = f"INTERVAL {int(seconds * 1e6)} MICROSECOND"
        for table, *columns in (
            ("job", "due_at", "changed_at", "lease_until"),
            ("thread", "changed_at"),
            ("person", "changed_at", "told_at"),
        ):
            changes = ", ".join(f"{column} = {column} - {ago}" for column in columns)
            self.database.execute(f"UPDATE {table} SET {changes}")

    def write(self, name: str, *lines: dict[str, Any], tail: bytes = b"") -> None:
        text = (b"".join(map(encode_line, lines)) + tail).decode("ascii")
        thread = name.rpartition("-")[0][:50]
        self.database.execute(
            "INSERT INTO job (job_key, thread, due_at, changed_at, lines_)"
            " VALUES (%s, %s, UTC_TIMESTAMP(6), UTC_TIMESTAMP(6), %s)",
            (name, thread, text),
        )

    def people(self) -> int:
        return int(self.database.rows("SELECT COUNT(*) FROM person")[0][0])

    def files(self) -> list[str]:
        query = "SELECT CONCAT(job_key, '.', name) FROM job_file GROUP BY job_key, name"
        return sorted(name for (name,) in self.database.rows(query))

    def stored(self, state: str, name: str) -> bytes:
        from cocoai.spool.mariadb.tables import STATE_NUMBERS

        query = "SELECT lines_ FROM job WHERE state = %s AND job_key = %s"
        ((text,),) = self.database.rows(query, (STATE_NUMBERS[state], name))
        return str(text).encode("ascii")

    def close(self) -> None:
        """End the sessions of all processes."""
        for each in self._made:
            each.close()
