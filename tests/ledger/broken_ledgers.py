"""Books that are broken on purpose: each lacks one precaution of the product's own."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from cocoai.ledger import database
from cocoai.ledger.charge import Bill, PaidCall
from cocoai.ledger.cost import Tokens
from cocoai.ledger.ledger import Ledger, _insert
from cocoai.ledger.months import Months
from cocoai.ledger.store import PATIENCE
from cocoai.ledger.tariff import Tariff


class ChecksOutsideTheTransaction(Ledger):
    """Looks in one transaction whether a call fits, and holds it in another; `between` is called between the two."""

    between: Callable[[], object]

    def hold(self, call: PaidCall) -> int:
        now = self._clock()
        refusal = self.store.write(lambda statements: self._refusal(statements, call, now))
        if refusal is not None:
            raise refusal
        self.between()
        return self.store.write(lambda statements: _insert(statements, call, int(now), self.months.of(now)))


class ReleasesByTime(Ledger):
    """Takes a hold that is open for so many seconds as that of a dead process."""

    patience = 300.0

    def hold(self, call: PaidCall) -> int:
        query = "UPDATE charge SET spent = 0, how = 'refused' WHERE spent IS NULL AND at < ?"
        self.store.write(lambda statements: statements.execute(query, (self._clock() - self.patience,)))
        return super().hold(call)


class BillsCachedInFull(Tariff):
    """Takes tokens that were read from the cache for plain ones."""

    def priced(self, tokens: Tokens, *, asked: str, answered: str, tier: str, at: float, has_tier: bool) -> Bill:
        plain = replace(tokens, cached=0)
        return super().priced(plain, asked=asked, answered=answered, tier=tier, at=at, has_tier=has_tier)


def months_of_thirty_days(first: str) -> Months:
    """Return months of which each begins 30 days after the one before, from the first second of `first` on, in UTC."""
    year, month = map(int, first.split("-"))
    start = datetime(year, month, 1, tzinfo=UTC)
    names = [f"{year + (month - 1 + n) // 12}-{(month - 1 + n) % 12 + 1:02}" for n in range(24)]
    return Months({name: (start + n * timedelta(days=30)).timestamp() for n, name in enumerate(names)})


class KeptConnections:
    """One connection for each process, which it keeps, also while it forks; its journal is a write-ahead log.

    `connected` stands in for the function of database.py.
    """

    def __init__(self) -> None:
        self._by_process: dict[int, sqlite3.Connection] = {}

    @contextmanager
    def connected(self, path: str, patience: float = PATIENCE) -> Iterator[sqlite3.Connection]:
        """Yield this process's connection, and leave it open."""
        if os.getpid() not in self._by_process:
            database.make(path)
            connection = sqlite3.connect(path, timeout=patience, isolation_level=None)
            connection.execute("PRAGMA journal_mode = WAL").fetchone()
            connection.execute("PRAGMA synchronous = FULL")
            self._by_process[os.getpid()] = connection
        yield self._by_process[os.getpid()]

    def close(self) -> None:
        """Close this process's connection."""
        self._by_process.pop(os.getpid()).close()
