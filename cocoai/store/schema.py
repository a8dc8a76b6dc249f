"""The tables of the database, by their version, and the way from each version to the next.

MariaDB commits each change of a table by itself, so a migration that is cut off stays half done: each statement may be
run again, and the version is written behind the last one.
"""

from __future__ import annotations

import time

from cocoai.documents.mariadb_history import HISTORY_TABLES
from cocoai.engine.mariadb.errors import NO_TABLE, MariaDBError
from cocoai.engine.mariadb.mariadb import MariaDB
from cocoai.errors import CocoAIError
from cocoai.ledger.mariadb import FIRST_TURN, LEDGER_TABLES
from cocoai.spool.mariadb.tables import SPOOL_TABLES

_META = """
CREATE TABLE IF NOT EXISTS meta (
name VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
value VARCHAR(200) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC
"""

# seen_at: when its master was last heard of. facts: how it is, as JSON; see machines.py.
_MACHINE = """
CREATE TABLE IF NOT EXISTS machine (
machine CHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
seen_at DATETIME(6) NOT NULL,
facts TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC
"""

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (*SPOOL_TABLES, *LEDGER_TABLES),
    (_MACHINE,),
    HISTORY_TABLES,
)
"""What makes each version of the one before, from version 1 on. None of them is ever changed."""

VERSION = len(MIGRATIONS)
"""The version that this CocoAI knows."""

PATIENCE = 60.0
"""Seconds to wait for another machine's migration."""


class WrongSchema(CocoAIError):
    """The database has no tables of ours, or they are of another version."""


def version(database: MariaDB) -> int:
    """Return the version of the tables; 0 if there are none. Raise `MariaDBError` if the server cannot tell."""
    try:
        rows = database.rows("SELECT value FROM meta WHERE name = 'version'")
    except MariaDBError as error:
        if error.number != NO_TABLE:
            raise
        return 0
    return int(rows[0][0]) if rows else 0


MOVING = "moving"
"""The row of `meta` that is there while the jobs of a database are moved into files: with it no pool starts."""


def check_fit(database: MariaDB) -> None:
    """Raise `WrongSchema` with what to do if no pool may start on the tables as they are."""
    check_version(database)
    if database.rows("SELECT 1 FROM meta WHERE name = %s", (MOVING,)):
        raise WrongSchema(f"{database.address}: its jobs were moved by half: run `cocoai store move` again")


def check_version(database: MariaDB) -> None:
    """Raise `WrongSchema` with what to do if the tables are not of this version."""
    found = version(database)
    if found != VERSION:
        what_to_do = ": run `cocoai store init`" if found < VERSION else ""
        raise WrongSchema(f"{database.address}: tables of version {found}, this CocoAI knows {VERSION}{what_to_do}")


def migrate(database: MariaDB) -> tuple[int, int]:
    """Make the tables, or bring them to this version; return the versions before and after.

    Another machine that does the same is waited for. Raise `WrongSchema` if they are of a newer version, or if that
    machine takes too long.
    """
    _lock(database)
    try:
        before = version(database)
        if before > VERSION:
            check_version(database)
        database.execute(_META)
        for number in range(before + 1, VERSION + 1):
            for statement in MIGRATIONS[number - 1]:
                database.execute(statement)
            _note_version(database, number)
        # Without it nothing is paid, and a dump that was restored by half may lack it.
        database.execute(FIRST_TURN)
        return before, VERSION
    finally:
        database.rows("SELECT RELEASE_LOCK(%s)", (_lock_of(database),))


def _lock(database: MariaDB) -> None:
    """Take the lock on the tables, for this session. Raise `WrongSchema` if another machine keeps it."""
    ends = time.monotonic() + PATIENCE
    while not database.rows("SELECT GET_LOCK(%s, 0)", (_lock_of(database),))[0][0]:
        if time.monotonic() > ends:
            raise WrongSchema(f"{database.address}: another machine is changing its tables")
        time.sleep(0.2)


def _note_version(database: MariaDB, number: int) -> None:
    database.execute("REPLACE INTO meta VALUES ('version', %s)", (str(number),))


def _lock_of(database: MariaDB) -> str:
    """Return the name of the lock: they are the whole server's, not a database's."""
    return f"cocoai.{database.address.database}"
