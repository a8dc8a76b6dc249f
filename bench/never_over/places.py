"""Where the ledger of a run lies: in a file, or on a real MariaDB server that is killed now and then."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Protocol

from cocoai.ledger.database import FILE, SqliteStore
from cocoai.ledger.store import LedgerStore

if TYPE_CHECKING:
    from cocoai.engine.mariadb.address import Address
    from tests.mariadb.server import Server


class Place(Protocol):
    """Where a ledger lies."""

    @property
    def kills(self) -> int:
        """Return how often its server was killed, or went away."""

    def open(self) -> LedgerStore:
        """Return the store as one more process has it."""

    def disturb(self, part: float) -> None:
        """Kill the server if it is time to, by the part of the run that is over, from 0 to 1; it runs again behind."""


class InFile:
    """A ledger in SQLite, in `folder`: there is nothing to kill but its processes."""

    kills = 0

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self._path = os.path.join(folder, FILE)

    def open(self) -> LedgerStore:
        """Return the store."""
        return SqliteStore(self._path)

    def disturb(self, part: float) -> None:
        """Do nothing."""


class OnServer:
    """A ledger at `address` on `server`, which is killed `most` times, evenly over the run."""

    def __init__(self, server: Server, address: Address, most: int) -> None:
        from cocoai.engine.mariadb.mariadb import MariaDB
        from cocoai.ledger.mariadb import LEDGER_TABLES

        self._server = server
        self._address = address
        self._most = most
        self.kills = 0
        database = MariaDB(address)
        for statement in LEDGER_TABLES:
            database.execute(statement)
        database.close()

    def open(self) -> LedgerStore:
        """Return the store, on a connection of its own."""
        from cocoai.engine.mariadb.mariadb import MariaDB
        from cocoai.ledger.mariadb import MariaDBStore

        return MariaDBStore(MariaDB(self._address))

    def disturb(self, part: float) -> None:
        """Kill the server and start it again if it is time to."""
        if self.kills < self._most and part * (self._most + 1) > self.kills + 1:
            self.kills += 1
            self._server.kill9()
            self._server.start()
