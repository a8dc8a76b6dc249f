"""As measure.py, with the SQLite of PyPI's apsw in the place of Python's."""

from __future__ import annotations

import sqlite3
import sys
from typing import Any

import apsw

from bench.search import measure


class Cursor:
    """A cursor of apsw's, with what ours and engines.py ask of one."""

    def __init__(self, cursor: Any, connection: apsw.Connection) -> None:
        self._cursor = cursor
        self.lastrowid = connection.last_insert_rowid()

    def fetchone(self) -> Any:
        """Return the next row, or None."""
        return self._cursor.fetchone()

    def fetchall(self) -> list[Any]:
        """Return all further rows."""
        return list(self._cursor.fetchall())

    def __iter__(self) -> Any:
        return iter(self._cursor)


class Connection:
    """A connection of apsw's, with what ours and engines.py ask of one."""

    def __init__(self, path: str, *, uri: bool = False, timeout: float = 0.0, isolation_level: None = None) -> None:  # noqa: ARG002 (apsw has no other)
        flags = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE
        self._connection = apsw.Connection(
            path, flags=apsw.SQLITE_OPEN_URI | apsw.SQLITE_OPEN_READONLY if uri else flags
        )
        self._connection.set_busy_timeout(int(timeout * 1000))

    def execute(self, sql: str, values: Any = ()) -> Cursor:
        """Execute a statement."""
        return Cursor(self._connection.execute(sql, values), self._connection)

    def commit(self) -> None:
        """Do nothing: each statement outside a transaction is committed by itself."""

    def close(self) -> None:
        """Close it."""
        self._connection.close()

    @property
    def in_transaction(self) -> bool:
        """Check whether a transaction is open."""
        return self._connection.in_transaction

    @property
    def total_changes(self) -> int:
        """Return how many rows were changed."""
        return self._connection.total_changes()


if __name__ == "__main__":
    print(f"SQLite {sqlite3.sqlite_version} and {apsw.sqlite_lib_version()}", file=sys.stderr)
    vars(sqlite3)["connect"] = Connection
    measure.main()
