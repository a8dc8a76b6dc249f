"""The ledger's file: its tables, and how it is opened for one transaction and closed again.

A connection must not be open while its process forks. SQLite keeps its locks per file in memory, which a child
inherits, while the kernel keeps them for the parent alone: tried, an acknowledged commit of a child was lost. So each
use opens the file anew, which takes 0.1 ms.

`TRUNCATE` with `EXTRA` loses no commit in a power cut, and needs no file beside the journal. WAL has a fault that loses
commits in every SQLite before 3.51.3 (sqlite.org/wal.html, "the WAL-reset bug"), which most distributions still have.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress

from cocoai.errors import Permanent

FILE = "ledger.sqlite3"
"""The file's name below `var`."""

VERSION = 1
"""The schema's version, which the file keeps as its `user_version`."""

IN_MEMORY = ":memory:"
"""The path of a ledger that is empty each time: for the warm-up, and where there is none yet."""

PATIENCE = 10.0
"""Seconds to wait for another process's transaction: ten processes at once were seen to wait for up to 3.6."""

SCHEMA = (
    """
    CREATE TABLE charge (
        id INTEGER PRIMARY KEY,
        key TEXT NOT NULL,          -- the job's
        call INTEGER NOT NULL,      -- its paid calls are numbered from 1
        claim INTEGER NOT NULL,     -- the job's attempt that made the call
        at INTEGER NOT NULL,        -- of the hold, in epoch seconds
        month TEXT NOT NULL,        -- of the hold, in the zone configured then: 2026-11
        team TEXT NOT NULL,
        channel TEXT NOT NULL,
        person TEXT NOT NULL,       -- empty once it is forgotten
        kind TEXT NOT NULL,         -- chat
        model TEXT NOT NULL,        -- the one asked, then the one that answered
        tier TEXT NOT NULL DEFAULT '',
        prompt INTEGER,             -- tokens, the cached and the written ones included
        cached INTEGER,
        written INTEGER,
        output INTEGER,             -- tokens, those for reasoning included
        reasoning INTEGER,
        units INTEGER,              -- of what is not billed by tokens: milliseconds, pictures, characters
        held INTEGER NOT NULL,      -- nano-dollars: the most that the call could cost
        spent INTEGER,              -- nano-dollars, null while the hold is open
        how TEXT,                   -- told, priced, estimated, lost or refused
        price TEXT NOT NULL,        -- by which it was computed: prices.py
        UNIQUE (key, call)
    ) STRICT
    """,
    "CREATE INDEX by_month ON charge (month, person, channel, spent)",
    "CREATE INDEX open_holds ON charge (month, held) WHERE spent IS NULL",
    """
    CREATE TABLE notice (
        month TEXT NOT NULL,
        scope TEXT NOT NULL,        -- team, person ID, channel ID, or report
        threshold INTEGER NOT NULL, -- percent of the cap, 0 for a report
        at INTEGER NOT NULL,        -- when it was written, or last taken to be told
        told INTEGER,               -- when it was said, null until then
        UNIQUE (month, scope, threshold)
    ) STRICT
    """,
    f"PRAGMA user_version = {VERSION}",
)


class LedgerBroken(Permanent):
    """The ledger cannot be read or written: nothing is paid until the operator has looked. `reason` is for the log."""

    def __init__(self, reason: str) -> None:
        super().__init__("ledger_broken", source="ledger")
        self.reason = reason

    def __str__(self) -> str:
        """Return the code and the reason, such as `ledger ledger_broken database disk image is malformed`."""
        return f"{super().__str__()} {self.reason}"


@contextmanager
def transaction(path: str) -> Iterator[sqlite3.Connection]:
    """Open the ledger at `path`, make it if it is missing, and yield a connection inside one write transaction.

    It is committed at the end of the block, or rolled back if the block raises. Raise `LedgerBroken` if the file is no
    ledger, of a newer version, or cannot be written.
    """
    with _as_ledger_errors(path), _connected(path) as connection:
        connection.execute("BEGIN IMMEDIATE")
        try:
            if not _version(connection):
                _make_tables(connection)
            _check_version(connection)
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
        if connection is None or not _version(connection):
            connection = stack.enter_context(_connected(IN_MEMORY))
            _make_tables(connection)
        _check_version(connection)
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


def _version(connection: sqlite3.Connection) -> int:
    """Return the schema's version, 0 if there are no tables yet."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _check_version(connection: sqlite3.Connection) -> None:
    """Raise `LedgerBroken` if the tables are of another version than ours."""
    if (version := _version(connection)) != VERSION:
        raise LedgerBroken(f"it is of version {version}, and this CocoAI knows version {VERSION}")


@contextmanager
def _as_ledger_errors(path: str) -> Iterator[None]:
    """Raise `LedgerBroken` in place of SQLite's and the system's errors, as a context manager."""
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise LedgerBroken(f"{path}: {error}") from error
