"""MariaDBFiles: the files of jobs, kept in the database in pieces, and on this machine while they are used.

A file is written on this machine, as in the other room, and is kept once all its pieces are in the database: then any
machine can go on with its job.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Callable, Iterator
from functools import partial

from cocoai.engine.mariadb.errors import DuplicateKey
from cocoai.engine.mariadb.mariadb import MariaDB
from cocoai.spool.admin import RETENTION
from cocoai.spool.disk import Disk
from cocoai.spool.files import UNFINISHED, NewFile, SpooledFiles, owner_of
from cocoai.spool.key import Key
from cocoai.spool.mariadb.errors import as_spool_errors
from cocoai.spool.mariadb.tables import FAILED, READY
from cocoai.spool.store_error import StoreError, as_store_errors

PIECE = 128 * 1024
"""Bytes of a piece: a statement takes several times as much of this process's memory."""

MOST = 1 << 30
"""Bytes of a file that is brought here: it was bounded when it was written."""

_OF_FAILED = f"SELECT DISTINCT job_key, name FROM job_file JOIN job USING (job_key) WHERE state = {FAILED}"  # noqa: S608

# Of these a killed process had no time to remove them.
_UNOWNED = f"""
DELETE FROM job_file WHERE NOT EXISTS
(SELECT 1 FROM job WHERE job.job_key = job_file.job_key AND state IN ({READY}, {FAILED}))
"""  # noqa: S608 (numbers of ours)

_NEEDED = f"""
SELECT job_key FROM job WHERE state = {READY}
UNION ALL SELECT CONCAT(job_key, '.', name) FROM job_file WHERE piece = 0
"""  # noqa: S608 (numbers of ours)


class MariaDBFiles(SpooledFiles):
    """The files of the jobs in the database; those in use lie in `folder` of this machine."""

    def __init__(self, database: MariaDB, folder: str) -> None:
        super().__init__(folder, Disk())
        self._database = database

    @contextlib.contextmanager
    def new(self, key: Key, most: int) -> Iterator[NewFile]:
        """Make an empty file for this job, as JobFiles.new() says."""
        with as_store_errors():
            file = NewFile(self._disk, self.folder, key, most, partial(self._store, key))
        try:
            yield file
        finally:
            file.close()

    def path(self, key: Key, name: str) -> str:
        """Return the path of a job's file, which is brought to this machine if it is not here; "" if there is none.

        Then it is whole in the database too: one that was left here alone, as the server was away, is stored now.
        Whoever goes by the path may note that there is such a file, and another machine may have to go on with it.
        """
        here = super().path(key, name)
        if not here:
            return self._fetch(key, name)
        stored = self._digests(key, name)
        if stored is None:
            self._store(key, name, here)
        elif stored != list(_digests_of(here)):  # another machine has made one anew meanwhile
            return self._fetch(key, name)
        return here

    def bring_in(self, key: Key) -> None:
        """Store each file of a job that lies on this machine, whole, in the database."""
        with as_store_errors():
            for name in self._disk.names(self.folder):
                if owner_of(name) == key and not name.endswith(UNFINISHED):
                    self._store(key, name.removeprefix(f"{key}."), os.path.join(self.folder, name))

    def bring_out(self, key: Key) -> None:
        """Write each file of a job that is whole in the database to this machine."""
        with as_spool_errors():
            query = "SELECT name FROM job_file WHERE job_key = %s AND piece = 0"
            rows = self._database.rows(query, (str(key),))
        for (name,) in rows:
            self._fetch(key, name)

    def remove(self, key: Key, *, but: str = "") -> None:
        """Remove every file of a job, but that of the name `but`."""
        super().remove(key, but=but)
        with contextlib.suppress(OSError):
            self._delete(key, but)

    def erase(self, key: Key) -> None:
        """Remove every file of a job that has ended, for good."""
        super().erase(key)
        self._delete(key, "")

    @as_spool_errors()
    def _store(self, key: Key, name: str, path: str) -> None:
        """Store the file at `path` in pieces; the last one that is written says that it is whole."""
        self._database.execute("DELETE FROM job_file WHERE job_key = %s AND name = %s", (str(key), name))
        number = 0
        with open(path, "rb") as file:
            while data := file.read(PIECE):
                number += 1
                self._put(key, name, number, data)
        self._put(key, name, 0, str(number).encode())

    def _put(self, key: Key, name: str, piece: int, data: bytes) -> None:
        values = (str(key), name, piece, data)
        try:
            self._database.execute("INSERT INTO job_file VALUES (%s, %s, %s, %s)", values)
        except DuplicateKey:
            # Ours, if the connection broke; else that of a process that was stopped and believes to have the job still.
            query = "SELECT 1 FROM job_file WHERE job_key = %s AND name = %s AND piece = %s AND data = %s"
            if not self._database.rows(query, values):
                raise StoreError(f"{key}: another process writes {name}") from None

    def sweep(self, kept: Callable[[Key], str], now: float) -> int:
        """Remove what no job needs, in the database and of this machine's files. Return how many rows and files.

        `kept` returns the name of the file that a failed job keeps. `now` is in epoch seconds.
        """
        removed = 0
        for name, file in self._database.rows(_OF_FAILED):
            if file != kept(Key.parse(name)):
                removed += self._database.execute("DELETE FROM job_file WHERE job_key = %s AND name = %s", (name, file))
        return removed + self._database.execute(_UNOWNED) + self._sweep_here(now)

    @as_store_errors()
    def _sweep_here(self, now: float) -> int:
        """Remove this machine's files of jobs that have ended, by whichever machine, and those of nobody's once old.

        What the database has of a failed job stays here too.
        """
        removed, needed = 0, {name for (name,) in self._database.rows(_NEEDED)}
        for name in self._disk.names(self.folder):
            key, path = owner_of(name), os.path.join(self.folder, name)
            with contextlib.suppress(FileNotFoundError):
                is_left = str(key) not in needed if key else now - self._disk.modified(path) > RETENTION["files"]
                if is_left and name not in needed:
                    self._disk.unlink(path)
                    removed += 1
        return removed

    @as_spool_errors()
    def _fetch(self, key: Key, name: str) -> str:
        """Bring a whole file to this machine, and return its path; "" if there is none."""
        whole = self._piece(key, name, 0)
        if whole is None:
            return ""
        with SpooledFiles.new(self, key, MOST) as file:
            for number in range(1, int(whole) + 1):
                data = self._piece(key, name, number)
                if data is None:
                    return ""
                file.write(data)
            return file.keep(name)

    @as_spool_errors()
    def _digests(self, key: Key, name: str) -> list[str] | None:
        """Return the digest of each piece of a file; None if it is not whole in the database."""
        query = (
            "SELECT IF(piece = 0, data, SHA2(data, 256)) FROM job_file WHERE job_key = %s AND name = %s ORDER BY piece"
        )
        rows = [bytes(row[0]).decode() for row in self._database.rows(query, (str(key), name))]
        # What is there without a piece 0 begins with a digest, which is no number of pieces.
        return rows[1:] if rows and rows[0] == str(len(rows) - 1) else None

    def _piece(self, key: Key, name: str, piece: int) -> bytes | None:
        query = "SELECT data FROM job_file WHERE job_key = %s AND name = %s AND piece = %s"
        rows = self._database.rows(query, (str(key), name, piece))
        return bytes(rows[0][0]) if rows else None

    @as_spool_errors()
    def _delete(self, key: Key, but: str) -> None:
        self._database.execute("DELETE FROM job_file WHERE job_key = %s AND name <> %s", (str(key), but))


def _digests_of(path: str) -> Iterator[str]:
    """Yield the digest of each piece of the file at this path."""
    with open(path, "rb") as file:
        while data := file.read(PIECE):
            yield hashlib.sha256(data).hexdigest()
