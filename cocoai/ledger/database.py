"""The ledger's file in SQLite: its tables, and how it is opened for one transaction and closed again.

A connection must not be open while its process forks. SQLite keeps its locks per file in memory, which a child
inherits, while the kernel keeps them for the parent alone: tried, an acknowledged commit of a child was lost. So each
use opens the file anew, which takes 0.1 ms.

`TRUNCATE` with `EXTRA` loses no commit in a power cut, and needs no file beside the journal. WAL has a fault that loses
commits in every SQLite before 3.51.3 (sqlite.org/wal.html, "the WAL-reset bug"), which most distributions still have.
"""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress

from cocoai.ledger.store import PATIENCE, LedgerBroken, Result, Row, Statements

FILE = "ledger.sqlite3"
"""The file's name below `var`."""

VERSION = 1
"""The schema's version, which the file keeps as its `user_version`."""

IN_MEMORY = ":memory:"
"""The path of a ledger that is empty each time: for the warm-up, and where there is none yet."""

# key: the job's. call: its paid calls are numbered from 1. claim: the job's attempt that made the call. at: when it was
# held, in epoch seconds. month: of the hold, in the zone configured then, as 2026-11. person: empty once forgotten.
# kind: what was called, chat. model: the one asked, then the one that answered. prompt: tokens, the cached and the
# written ones included. output: tokens, those for reasoning included. units: of what is not billed by tokens. held: the
# most that it could cost. spent: null while the hold is open. how: see charge.py. price: by which spent was computed.
_CHARGE = """
CREATE TABLE charge (
id INTEGER PRIMARY KEY, key TEXT NOT NULL, call INTEGER NOT NULL, claim INTEGER NOT NULL, at INTEGER NOT NULL,
month TEXT NOT NULL, team TEXT NOT NULL, channel TEXT NOT NULL, person TEXT NOT NULL, kind TEXT NOT NULL,
model TEXT NOT NULL, tier TEXT NOT NULL DEFAULT '', prompt INTEGER, cached INTEGER, written INTEGER, output INTEGER,
reasoning INTEGER, units INTEGER, held INTEGER NOT NULL, spent INTEGER, how TEXT, price TEXT NOT NULL,
UNIQUE (key, call)) STRICT
"""

# scope: team, person ID, channel ID, or report. threshold: percent of the cap, 0 for a report. at: when it was written,
# or last taken to be told. told: when it was said, null until then.
_NOTICE = """
CREATE TABLE notice (
month TEXT NOT NULL, scope TEXT NOT NULL, threshold INTEGER NOT NULL, at INTEGER NOT NULL, told INTEGER,
UNIQUE (month, scope, threshold)) STRICT
"""

SCHEMA = (
    _CHARGE,
    # One index for all sums: of what was spent and what is held, of all, of a person and of a channel. Each further one
    # would cost every transaction a page more.
    "CREATE INDEX by_month ON charge (month, spent, held, person, channel)",
    _NOTICE,
    f"PRAGMA user_version = {VERSION}",
)
"""The statements that make the tables. SQLite keeps them as they are, and reads them whenever the file is opened."""


_MAY_PASS = frozenset({errno.ENOSPC, errno.EDQUOT})
_SQLITE_MAY_PASS = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_BUSY})
"""Codes of errors that may end by themselves. SQLite sees a full disk as an I/O error, too."""


class SqliteStore:
    """The ledger in the file at `path`, a LedgerStore. It has no file open between two calls of its methods."""

    def __init__(self, path: str) -> None:
        self.path = path

    def read(
        self, run: Callable[[Statements], Result], *, patience: float = PATIENCE, at_one_moment: bool = False
    ) -> Result:
        """Return what `run` reads."""
        with reading(self.path, patience=patience) as connection:
            if at_one_moment:
                connection.execute("BEGIN")
            return run(_Statements(connection))

    def write(self, run: Callable[[Statements], Result]) -> Result:
        """Call `run` in one transaction."""
        with transaction(self.path) as connection:
            return run(_Statements(connection))

    def is_made(self) -> bool:
        """Check whether the file is there."""
        return os.path.exists(self.path)

    def compact(self) -> None:
        """Write the file anew: what SQLite has deleted or replaced may else stay in it, where nothing reads it."""
        with reading(self.path) as connection:
            connection.execute("VACUUM")


class _Statements:
    """The statements on one connection."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def execute(self, sql: str, values: Sequence[object] = ()) -> int:
        return self._connection.execute(sql, values).rowcount

    def rows(self, sql: str, values: Sequence[object] = ()) -> list[Row]:
        return self._connection.execute(sql, values).fetchall()


@contextmanager
def transaction(path: str) -> Iterator[sqlite3.Connection]:
    """Open the ledger at `path`, make it if it is missing, and yield a connection inside one write transaction.

    It is committed at the end of the block, or rolled back if the block raises. Raise `LedgerBroken` if the file is no
    ledger, of a newer version, or cannot be written.
    """
    with _as_ledger_errors(path), _connected(path) as connection:
        connection.execute("BEGIN IMMEDIATE")
        try:
            if not _has_tables(connection):
                _make_tables(connection)
            yield connection
            connection.execute("COMMIT")
        except BaseException:
            # After an error of the disk SQLite has rolled back by itself.
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise


@contextmanager
def reading(path: str, *, patience: float = PATIENCE) -> Iterator[sqlite3.Connection]:
    """Open the ledger at `path` and yield a connection for reading; one to an empty ledger if there is none yet.

    Another process's commit is waited for, up to `patience` seconds. Fetch all rows before anything slow: a statement
    that is half read keeps others from committing. Raise `LedgerBroken` if the file is no ledger, of another version,
    or cannot be read.
    """
    with _as_ledger_errors(path), ExitStack() as stack:
        connection = stack.enter_context(_connected(path, patience)) if os.path.exists(path) else None
        if connection is None or not _has_tables(connection):
            connection = stack.enter_context(_connected(IN_MEMORY))
            _make_tables(connection)
        yield connection


def make(path: str) -> None:
    """Make the ledger's file, readable by its owner alone, if it is missing. Raise OSError if that fails."""
    # Never opened this way once it holds something: closing any descriptor of a file drops SQLite's locks on it.
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600))


@contextmanager
def _connected(path: str, patience: float = PATIENCE) -> Iterator[sqlite3.Connection]:
    """Yield a connection in which no transaction is begun by itself, and close it at the end."""
    if path != IN_MEMORY:
        make(path)
    with closing(sqlite3.connect(path, timeout=patience, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = TRUNCATE").fetchone()
        connection.execute("PRAGMA synchronous = EXTRA")
        connection.execute("PRAGMA cache_size = -256")  # KiB: half of a MiB less for each process
        yield connection


def _make_tables(connection: sqlite3.Connection) -> None:
    for statement in SCHEMA:
        connection.execute(statement)


def _has_tables(connection: sqlite3.Connection) -> bool:
    """Check whether there are tables yet. Raise `LedgerBroken` if they are of another version than ours."""
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if version not in (0, VERSION):
        raise LedgerBroken(f"it is of version {version}, and this CocoAI knows version {VERSION}")
    return version == VERSION


@contextmanager
def _as_ledger_errors(path: str) -> Iterator[None]:
    """Raise `LedgerBroken` in place of SQLite's and the system's errors, as a context manager."""
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise LedgerBroken(f"{path}: {error}", may_pass=_may_pass(error)) from error


def _may_pass(error: sqlite3.Error | OSError) -> bool:
    """Check whether the disk is full, or another process keeps the ledger locked."""
    if isinstance(error, OSError):
        return error.errno in _MAY_PASS
    # An extended code has the plain one in its lowest byte.
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in _SQLITE_MAY_PASS
