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
import ssl
import time
from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

from cocoai.engine.mariadb.address import Address
from cocoai.engine.mariadb.errors import CONTENDED, UNDONE, MariaDBError, Unreachable
from cocoai.engine.mariadb.session import MariaDBSession, Row

TIMEOUT = 1.3
"""Seconds to wait for a statement's result."""

AT_ONCE = 0.5
"""Seconds within which a dead connection is found out; what takes longer is a server that hangs."""

PAUSE = 2.0
"""Seconds for which no connection is tried after one could not be had: meanwhile each statement fails at once."""

TRIES = 5
"""How often a statement or a transaction is begun when others are in the way."""

Result = TypeVar("Result")


class Transaction(Protocol):
    """What a transaction is given: its statements are committed together, or none."""

    def execute(self, sql: str, values: Sequence[object] = ()) -> int:
        """Run a statement with `%s` for each value; return the number of rows that it found, changed or not."""

    def rows(self, sql: str, values: Sequence[object] = ()) -> list[Row]:
        """Run a query with `%s` for each value, and return its rows."""


class MariaDB:
    """The database at `address`. TLS is spoken on `context`, unless the address is a socket or plain.

    A statement's result is waited for `timeout` seconds, by default TIMEOUT. It may be made before a fork; it is for
    one thread. Statements have `%s` for values, and `%%` for a percent sign. `note` is told the number of each error.
    Raise ValueError if there is no context for TLS.
    """

    def __init__(
        self,
        address: Address,
        context: ssl.SSLContext | None = None,
        *,
        timeout: float | None = None,
        note: Callable[[int], object] = lambda _: None,
    ) -> None:
        if address.has_tls and context is None:
            raise ValueError("TLS needs a context that says whom to trust")
        self.address = address
        self._timeout = TIMEOUT if timeout is None else timeout
        self._context = context
        self._note = note
        self._session: MariaDBSession | None = None
        self._owner = 0
        self._down_until = 0.0
        self._why: Unreachable | None = None

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
            # Before anything was said, a dead connection does no harm: so the first statement may be repeated.
            self.execute("START TRANSACTION")
            session = self._connected()
            try:
                result = run(session)
                # On no other connection: there it would commit nothing, and look as if all were done.
                session.execute("COMMIT")
            except BaseException as error:
                self._roll_back(session)
                if number == TRIES - 1 or not (isinstance(error, MariaDBError) and error.number in CONTENDED):
                    raise
            else:
                return result
        raise AssertionError("not reached")

    def close(self) -> None:
        """End this process's session, if it has one."""
        session, self._session = self._session, None
        if session is None:
            return
        if self._owner == os.getpid():
            session.close()
        else:
            session.drop()

    def _repeated(self, run: Callable[[MariaDBSession], Result]) -> Result:
        for _ in range(TRIES - 1):
            try:
                return self._on_a_connection(run)
            except MariaDBError as error:
                if error.number not in UNDONE:
                    raise
        return self._on_a_connection(run)

    def _on_a_connection(self, run: Callable[[MariaDBSession], Result]) -> Result:
        """Run a statement, on a new connection if the one that we have is dead."""
        had_one, began = self._session is not None and self._owner == os.getpid(), time.monotonic()
        try:
            return run(self._connected())
        except Unreachable as error:
            self.close()
            if time.monotonic() - began > AT_ONCE:
                # A worker has two seconds for its whole request: it must not wait twice, nor at the next statement.
                self._pause(error)
                raise
            if not had_one:
                raise
        try:
            return run(self._connected())
        except Unreachable:
            self.close()
            raise

    def _roll_back(self, session: MariaDBSession) -> None:
        """Leave no transaction open: a session that cannot say so is closed, and the server undoes it."""
        try:
            session.execute("ROLLBACK")
        except MariaDBError:
            session.close()
            if session is self._session:
                self._session = None

    def _connected(self) -> MariaDBSession:
        if self._owner != os.getpid():
            self.close()
            self._owner = os.getpid()
        if self._session is None:
            if self._why and time.monotonic() < self._down_until:
                raise Unreachable(self._why.number, f"{self._why.text} (a moment ago)")
            try:
                self._session = MariaDBSession(self.address, self._context, self._timeout, self._note)
            except Unreachable as error:
                self._pause(error)
                raise
        return self._session

    def _pause(self, error: Unreachable) -> None:
        """Let each statement fail at once for a while, as this one did."""
        self._why, self._down_until = error, time.monotonic() + PAUSE
