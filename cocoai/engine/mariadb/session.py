"""One session of a MariaDB database, through PyMySQL: connected once, used until the first sign of trouble."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Sequence
from typing import Any

import pymysql
from pymysql.constants import CLIENT

from cocoai.engine.mariadb.address import Address
from cocoai.engine.mariadb.errors import TOO_LONG, MariaDBError, Unreachable, error_of

CONNECT_TIMEOUT = 1
"""Seconds to wait for a connection: a worker's request is ended after two."""

LOCK_TIMEOUT = 1
"""Seconds for which a statement waits for rows that others have locked."""

LONGEST = (16 << 20) - 1024
"""Bytes of a statement. MariaDB breaks the connection of one that is longer than `max_allowed_packet`, 16 MiB."""

KEEPALIVE = {socket.TCP_KEEPIDLE: 30, socket.TCP_KEEPINTVL: 5, socket.TCP_KEEPCNT: 3}
"""Seconds until an idle connection is looked after, from then on between two looks, and how many may fail.

What stands between us and the server may forget a connection that is idle, without a word to either.
"""

Row = tuple[Any, ...]


class MariaDBSession:
    """A session of the database at `address`, with our settings. TLS is spoken on `context` if the address has it.

    A statement's result is waited for `timeout` seconds. `note` is told the number of each error. Raise `Unreachable`
    if there is no session to be had, for whatever reason: its number tells.
    """

    def __init__(
        self, address: Address, context: ssl.SSLContext | None, timeout: float, note: Callable[[int], object]
    ) -> None:
        self._note = note
        try:
            self._connection = _connect(address, context, timeout)
        except (pymysql.MySQLError, OSError) as error:
            found = self._noted(error)
            raise Unreachable(found.number, found.text) from error

    def execute(self, sql: str, values: Sequence[object] = ()) -> int:
        """Run a statement with `%s` for each value; return the number of rows that it found, changed or not."""
        with self._connection.cursor() as cursor:
            self._run(cursor, sql, values)
            return int(cursor.rowcount)

    def rows(self, sql: str, values: Sequence[object] = ()) -> list[Row]:
        """Run a query with `%s` for each value, and return its rows."""
        with self._connection.cursor() as cursor:
            self._run(cursor, sql, values)
            return list(cursor.fetchall())

    def close(self) -> None:
        """End the session."""
        try:
            self._connection.close()
        except (pymysql.MySQLError, OSError):  # it is dead
            self.drop()

    def drop(self) -> None:
        """Close this process's descriptor, without a word to the server: the session may be another process's."""
        self._connection._force_close()  # type: ignore[attr-defined]  # noqa: SLF001 (close() would say good-bye)

    def _run(self, cursor: Any, sql: str, values: Sequence[object]) -> None:
        try:
            cursor.execute(_fitting(cursor.mogrify(sql, tuple(values))))
        except (pymysql.MySQLError, OSError) as error:
            raise self._noted(error) from error
        except MariaDBError as error:
            self._note(error.number)
            raise
        except BaseException:
            # A result may be left that nobody has read: the next statement would take it for its own.
            self.drop()
            raise

    def _noted(self, error: Exception) -> MariaDBError:
        """Return the error for one of PyMySQL's or of the system's."""
        number = error.args[0] if error.args and isinstance(error.args[0], int) else 0
        text = str(error.args[1] if error.args[1:] else error)
        found = Unreachable(2003, text) if isinstance(error, OSError) else error_of(number, text)
        self._note(found.number)
        return found


def _fitting(statement: str) -> str:
    """Return the statement. Raise `MariaDBError` if it is too long: sent again and again, it would never be heard."""
    if len(statement) > LONGEST or len(statement.encode()) > LONGEST:
        raise MariaDBError(TOO_LONG, f"a statement of more than {LONGEST} bytes")
    return statement


def _connect(address: Address, context: ssl.SSLContext | None, timeout: float) -> pymysql.Connection[Any]:
    connection: pymysql.Connection[Any] = pymysql.connect(
        user=address.user,
        password=address.password,
        database=address.database,
        host=address.host or "localhost",
        # Without a word of ours each connection would make a TLS context of its own, which takes 40 ms, and verifies
        # nothing.
        ssl=context if address.has_tls else None,
        ssl_disabled=not address.has_tls,
        autocommit=True,
        client_flag=CLIENT.FOUND_ROWS,
        charset="utf8mb4",
        read_timeout=timeout,
        write_timeout=timeout,
        init_command=_beginning(timeout),
        defer_connect=True,
    )
    # PyMySQL would leave the socket of a server that is away to the garbage collector (findings/).
    connection.connect(_socket(address))
    return connection


def _socket(address: Address) -> socket.socket:
    """Return a socket that is connected to the server. Raise OSError if it is away."""
    if not address.socket:
        connected = socket.create_connection((address.host, address.port), CONNECT_TIMEOUT)
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connected.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for option, value in KEEPALIVE.items():
            connected.setsockopt(socket.IPPROTO_TCP, option, value)
        return connected
    connected = socket.socket(socket.AF_UNIX)
    try:
        connected.settimeout(CONNECT_TIMEOUT)
        connected.connect(address.socket)
    except BaseException:
        connected.close()
        raise
    return connected


def _beginning(timeout: float) -> str:
    """Return what each session begins with, in words that 10.11 and 11.8 both know.

    A table that is being changed is waited for, too, no longer than we wait for the result. And whatever the server's
    own mode is: without the strict one it would cut what is too long for its column, a key too.
    """
    return (
        f"SET tx_isolation='READ-COMMITTED', innodb_lock_wait_timeout={LOCK_TIMEOUT},"
        f" lock_wait_timeout={max(1, int(timeout * 0.8))}, idle_transaction_timeout=5,"
        " group_concat_max_len=16777216, time_zone='+00:00', sql_mode='STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION'"
    )
