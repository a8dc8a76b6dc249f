"""FileHistory: the history in a SQLite file of its own below `var`, on one machine.

It is no copy of anything: it goes into backups, and is never thrown away. What is deleted is written over, so that
nothing of it stays in the file. A connection must not be open while its process forks, as ledger/database.py explains:
each use opens the file anew.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Collection, Iterable, Iterator
from contextlib import closing, contextmanager, suppress

from cocoai.documents.history import TOMBSTONE, Exchange, History, HistoryBroken

VERSION = 1
"""The schema's version, which the file keeps as its `user_version`."""

PATIENCE = 10.0
"""Seconds to wait for another process's transaction."""

IN_MEMORY = ":memory:"
"""The path of a history that is empty each time: where there is none yet."""

# key: the job's. original: of a question asked once more, the first one's key, else its own. asked_at: epoch seconds.
# seen: the jobs that were looked at while they lay in done/. forgotten: keys that are not kept again, and when.
_EXCHANGE = """
CREATE TABLE exchange (
key TEXT PRIMARY KEY, original TEXT NOT NULL, channel TEXT NOT NULL, thread_ts TEXT NOT NULL, person TEXT NOT NULL,
asked_at INTEGER NOT NULL, language TEXT NOT NULL, question TEXT NOT NULL, answer TEXT NOT NULL) STRICT
"""

SCHEMA = (
    _EXCHANGE,
    "CREATE TABLE seen (key TEXT PRIMARY KEY) STRICT, WITHOUT ROWID",
    "CREATE TABLE forgotten (key TEXT PRIMARY KEY, at INTEGER NOT NULL) STRICT, WITHOUT ROWID",
    f"PRAGMA user_version = {VERSION}",
)


_KEEP = """
INSERT OR IGNORE INTO exchange
SELECT :key, :original, :channel, :thread_ts, :person, :asked_at, :language, :question, :answer
WHERE :key NOT IN (SELECT key FROM forgotten)
"""

_FIND = """
SELECT key FROM exchange
WHERE :person IN ('', person) AND :channel IN ('', channel) AND :thread_ts IN ('', thread_ts)
"""


class FileHistory(History):
    """The history in the file at `path`, which is made by the first keep()."""

    def __init__(self, path: str) -> None:
        self._path = path

    @property
    def place(self) -> str:
        """Return the path."""
        return self._path

    def now(self) -> float:
        """Return this machine's time."""
        return time.time()

    def keep(self, exchanges: Iterable[Exchange], seen: Collection[str], swept: Collection[str] = ()) -> int:
        """Keep these exchanges, and note what was seen, in one transaction."""
        with self._writing(is_made=True) as connection:
            before = connection.total_changes
            connection.executemany(_KEEP, map(vars, exchanges))
            kept = connection.total_changes - before
            connection.executemany("DELETE FROM seen WHERE key = ?", ((key,) for key in swept))
            connection.executemany("INSERT OR IGNORE INTO seen VALUES (?)", ((key,) for key in seen))
            return kept

    def seen(self) -> set[str]:
        """Return the keys of the jobs that were looked at when they were last collected."""
        return self._keys("SELECT key FROM seen")

    def keys(self) -> set[str]:
        """Return the keys of all exchanges that are kept."""
        return self._keys("SELECT key FROM exchange")

    def kept(self, names: Collection[str]) -> set[str]:
        """Return those of these keys whose exchanges are kept, and so may be shown: an index may lag behind."""
        with self.reading() as connection:
            query = "SELECT key FROM exchange WHERE key = ?"
            return {name for name in names if connection.execute(query, (name,)).fetchone()}

    def remove_older_than(self, moment: float) -> int:
        """Remove for good what was asked before `moment` (epoch seconds); return how many exchanges that were."""
        with self._writing() as connection:
            return connection.execute("DELETE FROM exchange WHERE asked_at < ?", (int(moment),)).rowcount

    def find(self, *, person: str = "", channel: str = "", thread_ts: str = "", keys: Collection[str] = ()) -> set[str]:
        """Return the keys of the exchanges of a person, a channel or a thread, "" for any, and those among `keys`."""
        with self.reading() as connection:
            wanted = set(keys)
            if person or channel or thread_ts:
                of = {"person": person, "channel": channel, "thread_ts": thread_ts}
                wanted |= {key for (key,) in connection.execute(_FIND, of)}
            pairs = connection.execute("SELECT key, original FROM exchange").fetchall() if wanted else []
            return {key for key, original in pairs if key in wanted or original in wanted}

    def forget(self, keys: Collection[str], now: float, *, is_made: bool = False) -> int:
        """Remove these exchanges for good, and never keep them again; return how many there were."""
        with self._writing(is_made=is_made) as connection:
            rows = [(key,) for key in keys]
            tombstones = ((key, int(now)) for key in keys)
            connection.executemany("INSERT OR REPLACE INTO forgotten VALUES (?, ?)", tombstones)
            connection.execute("DELETE FROM forgotten WHERE at < ?", (int(now - TOMBSTONE),))
            return connection.executemany("DELETE FROM exchange WHERE key = ?", rows).rowcount

    def forgotten(self) -> set[str]:
        """Return the keys that are not kept again."""
        return self._keys("SELECT key FROM forgotten")

    def read(self, key: str) -> Exchange | None:
        """Return one exchange; None if it is not kept, or not any more."""
        with self.reading() as connection:
            row = connection.execute("SELECT * FROM exchange WHERE key = ?", (key,)).fetchone()
            return Exchange(*row) if row else None

    def beginnings(self, most: int) -> list[tuple[str, str, str]]:
        """Return of each exchange its key, its channel, and how it begins: at most `most` characters."""
        with self.reading() as connection:
            query = "SELECT key, channel, substr(iif(question = '', answer, question), 1, ?) FROM exchange"
            return connection.execute(query, (most,)).fetchall()

    def figures(self) -> tuple[int, int]:
        """Return how many exchanges are kept, and when the oldest of them was asked: epoch seconds, 0 for none."""
        with self.reading() as connection:
            count, oldest = connection.execute("SELECT count(*), min(asked_at) FROM exchange").fetchone()
            return count, oldest or 0

    def size(self) -> int:
        """Return the file's size."""
        try:
            return os.stat(self._path).st_size
        except FileNotFoundError:
            return 0
        except OSError as error:
            raise HistoryBroken(f"{self._path}: {error}") from error

    def _keys(self, query: str) -> set[str]:
        with self.reading() as connection:
            return {key for (key,) in connection.execute(query)}

    @contextmanager
    def _writing(self, *, is_made: bool = False) -> Iterator[sqlite3.Connection]:
        """Yield a connection inside one write transaction, to an empty history if the file is missing and not made.

        It is committed at the end of the block, or rolled back if the block raises.
        """
        with self._opened(is_made=is_made) as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                if not _has_tables(connection):
                    _make_tables(connection)
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:  # after an error of the disk SQLite has rolled back by itself
                    connection.execute("ROLLBACK")
                raise

    @contextmanager
    def reading(self, *, patience: float = PATIENCE) -> Iterator[sqlite3.Connection]:
        """Yield a connection for reading, to an empty history if the file is missing, or has no tables yet.

        Another process's commit is waited for, up to `patience` seconds.
        """
        with self._opened(patience=patience) as connection:
            if _has_tables(connection):
                yield connection
                return
        with closing(_connect(IN_MEMORY)) as connection:
            _make_tables(connection)
            yield connection

    @contextmanager
    def _opened(self, *, is_made: bool = False, patience: float = PATIENCE) -> Iterator[sqlite3.Connection]:
        """Open the file, or an empty one in memory if it is missing; yield the connection. Raise `HistoryBroken`."""
        try:
            if is_made:
                with suppress(FileExistsError):
                    os.close(os.open(self._path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600))
            with closing(_connect(self._path if os.path.exists(self._path) else IN_MEMORY, patience)) as connection:
                yield connection
        except (sqlite3.Error, OSError) as error:
            raise HistoryBroken(f"{self._path}: {error}") from error


def _connect(path: str, patience: float = PATIENCE) -> sqlite3.Connection:
    """Open the file at `path`; no transaction is begun by itself."""
    connection = sqlite3.connect(path, timeout=patience, isolation_level=None)
    try:
        connection.execute("PRAGMA journal_mode = TRUNCATE").fetchone()
        connection.execute("PRAGMA synchronous = EXTRA")
        connection.execute("PRAGMA secure_delete = ON").fetchone()
        connection.execute("PRAGMA cache_size = -256")  # KiB
    except BaseException:
        connection.close()
        raise
    return connection


def _make_tables(connection: sqlite3.Connection) -> None:
    for statement in SCHEMA:
        connection.execute(statement)


def _has_tables(connection: sqlite3.Connection) -> bool:
    """Check whether there are tables yet. Raise sqlite3.DatabaseError if they are of another version than ours."""
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if version not in (0, VERSION):
        raise sqlite3.DatabaseError(f"it is of version {version}, and this CocoAI knows version {VERSION}")
    return version == VERSION


def delete(path: str) -> bool:
    """Delete a history's file, and what SQLite has left beside it; return False if there was none."""
    is_there = os.path.exists(path)
    for each in (f"{path}-journal", path):
        with suppress(FileNotFoundError):
            os.unlink(each)
    return is_there
