"""MariaDB: one MariaDB database as one process speaks to it, through PyMySQL.

Each process has one connection of its own, opened at its first statement, and drops it at the first sign of trouble: a
new session has our settings again, where a reconnected one would not. A child never uses or closes the connection of
its parent: closing would end the parent's session.

A statement is committed by itself, so that nothing stands open between two of them. One whose connection breaks is sent
once more on a new one, though nobody knows whether it was done before: it must be harmless twice, and tell by the
number of its rows whether it was.
"""

from __future__ import annotations

import os
import socket
import ssl
import time
from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar

import pymysql
from pymysql.constants import CLIENT

from cocoai.engine.mariadb.address import Address
from cocoai.engine.mariadb.errors import CONTENDED, MariaDBError, Unreachable, error_of

CONNECT_TIMEOUT = 1
"""Seconds to wait for a connection: a worker's request is ended after two."""

TIMEOUT = 1.3
"""Seconds to wait for a statement's result."""

LOCK_TIMEOUT = 1
"""Seconds for which a statement waits for what others have locked."""

AT_ONCE = 0.5
"""Seconds within which a dead connection is found out; what takes longer is a server that hangs."""

PAUSE = 2.0
"""Seconds for which no connection is tried after one could not be had: meanwhile each statement fails at once."""

TRIES = 5
"""How often a transaction is begun when others are in the way."""

SESSION = (
    f"SET tx_isolation='READ-COMMITTED', innodb_lock_wait_timeout={LOCK_TIMEOUT}, idle_transaction_timeout=5,"
    " group_concat_max_len=16777216, time_zone='+00:00'"
)
"""What each session begins with, in words that 10.11 and 11.8 both know."""

Row = tuple[Any, ...]
Result = TypeVar("Result")


class Transaction(Protocol):
    """What a transaction is given: its statements are committed together, or none."""

    def execute(self, sql: str, values: Sequence[object] = ()) -> int:
        """Run a statement with `%s` for each value; return the number of rows that it found, changed or not."""

    def rows(self, sql: str, values: Sequence[object] = ()) -> list[Row]:
        """Run a query with `%s` for each value, and return its rows."""


class MariaDB:
    """The database at `address`. TLS is spoken on `context`, unless the address is a socket or plain.

    A statement's result is waited for `timeout` seconds. It may be made before a fork. Statements have `%s` for values,
    and `%%` for a percent sign. `note` is told the number of each error.
    """

    def __init__(
        self,
        address: Address,
        context: ssl.SSLContext | None = None,
        *,
        timeout: float = TIMEOUT,
        note: Callable[[int], object] = lambda _: None,
    ) -> None:
        self.address = address
        self._timeout = timeout
        self._context = context
        self._note = note
        self._connection: pymysql.Connection[Any] | None = None
        self._owner = 0
        self._inherited: list[object] = []  # kept, so that nothing closes them here
        self._down_until = 0.0

    def execute(self, sql: str, values: Sequence[object] = ()) -> int:
        """Run and commit a statement; return the number of rows that it found, changed or not.

        Raise `DuplicateKey`, `Unreachable` or another `MariaDBError`.
        """
        return self._repeated(lambda session: session.execute(sql, values))

    def rows(self, sql: str, values: Sequence[object] = ()) -> list[Row]:
        """Run a query and return its rows. Raise as execute() does."""
        return self._repeated(lambda session: session.rows(sql, values))

    def transaction(self, run: Callable[[Transaction], Result]) -> Result:
        """Call `run` within a transaction, commit it, and return the result; roll back if it raises.

        It is called anew, up to TRIES times, while others are in the way. If the connection breaks it is not, as nobody
        knows whether it was committed: raise `Unreachable`. Raise as execute() does.
        """
        for number in range(TRIES):
            try:
                # Before anything was said, a dead connection does no harm: so the first statement may be repeated.
                self.execute("START TRANSACTION")
                result = run(_Session(self._connected(), self._note))
                self._once("COMMIT")
            except MariaDBError as error:
                self._roll_back()
                if error.number not in CONTENDED or number == TRIES - 1:
                    raise
            except BaseException:
                self._roll_back()
                raise
            else:
                return result
        raise AssertionError("not reached")

    def close(self) -> None:
        """End this process's session, if it has one."""
        connection, self._connection = self._connection, None
        if connection is None:
            return
        if self._owner == os.getpid():
            _close(connection)
        else:
            self._inherited.append(connection)

    def _repeated(self, run: Callable[[_Session], Result]) -> Result:
        is_new, began = self._connection is None, time.monotonic()
        try:
            return run(_Session(self._connected(), self._note))
        except Unreachable:
            self.close()
            if time.monotonic() - began > AT_ONCE:
                # A worker has two seconds for its whole request: it must not wait twice, nor at the next statement.
                self._down_until = time.monotonic() + PAUSE
                raise
            if is_new:
                raise
        return self._fresh(run)

    def _fresh(self, run: Callable[[_Session], Result]) -> Result:
        """Run a statement on a new connection."""
        try:
            return run(_Session(self._connected(), self._note))
        except Unreachable:
            self.close()
            raise

    def _once(self, sql: str) -> None:
        _Session(self._connected(), self._note).execute(sql)

    def _roll_back(self) -> None:
        """Leave no transaction open: a session that cannot say so is dropped, and the server undoes it."""
        try:
            if self._connection is not None:
                self._once("ROLLBACK")
        except MariaDBError:
            self.close()

    def _connected(self) -> pymysql.Connection[Any]:
        if self._owner != os.getpid():
            self.close()
            self._owner = os.getpid()
        if self._connection is None:
            if time.monotonic() < self._down_until:
                raise Unreachable(2003, f"no connection to {self.address} a moment ago")
            self._connection = self._connect()
        return self._connection

    def _connect(self) -> pymysql.Connection[Any]:
        it = self.address
        connection = pymysql.connect(
            user=it.user,
            password=it.password,
            database=it.database,
            host=it.host or "localhost",
            port=it.port,
            # Without a word of ours each connection would make a TLS context of its own, which takes 40 ms.
            ssl=self._context if it.has_tls else None,
            ssl_disabled=not it.has_tls,
            autocommit=True,
            client_flag=CLIENT.FOUND_ROWS,
            charset="utf8mb4",
            connect_timeout=CONNECT_TIMEOUT,
            read_timeout=self._timeout,
            write_timeout=self._timeout,
            init_command=SESSION,
            defer_connect=True,
        )
        try:
            connection.connect(_unix_socket(it.socket) if it.socket else None)
        except (pymysql.MySQLError, OSError) as error:
            self._down_until = time.monotonic() + PAUSE
            raise _noted(error, self._note) from error
        return connection


def _unix_socket(path: str) -> socket.socket:
    """Return a socket that is connected to the server at `path`.

    PyMySQL would leave one that is refused to the garbage collector (findings/).
    """
    made = socket.socket(socket.AF_UNIX)
    try:
        made.settimeout(CONNECT_TIMEOUT)
        made.connect(path)
    except BaseException:
        made.close()
        raise
    return made


class _Session:
    """The statements on one connection."""

    def __init__(self, connection: pymysql.Connection[Any], note: Callable[[int], object]) -> None:
        self._connection = connection
        self._note = note

    def execute(self, sql: str, values: Sequence[object] = ()) -> int:
        with _cursor(self._connection) as cursor:
            self._run(cursor, sql, values)
            return int(cursor.rowcount)

    def rows(self, sql: str, values: Sequence[object] = ()) -> list[Row]:
        with _cursor(self._connection) as cursor:
            self._run(cursor, sql, values)
            return list(cursor.fetchall())

    def _run(self, cursor: Any, sql: str, values: Sequence[object]) -> None:
        try:
            cursor.execute(sql, tuple(values))
        except (pymysql.MySQLError, OSError) as error:
            raise _noted(error, self._note) from error


def _cursor(connection: pymysql.Connection[Any]) -> Any:
    return connection.cursor()


def _close(connection: pymysql.Connection[Any]) -> None:
    try:
        connection.close()
    except (pymysql.MySQLError, OSError):  # it is dead
        connection._force_close()  # type: ignore[attr-defined]  # noqa: SLF001 (there is no other way to free a dead one's socket)


def _noted(error: Exception, note: Callable[[int], object]) -> MariaDBError:
    number = error.args[0] if error.args and isinstance(error.args[0], int) else 0
    found = error_of(2013 if isinstance(error, OSError) else number, str(error.args[1] if error.args[1:] else error))
    note(found.number)
    return found
