"""Write charges into a ledger, as the product would."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from cocoai.ledger.database import SqliteStore
from cocoai.ledger.money import NANO
from cocoai.ledger.store import LedgerStore, Statements

CENT = NANO // 100

NOON = int(datetime(2026, 11, 15, 12, tzinfo=UTC).timestamp())
"""A time in the middle of a month, in epoch seconds."""

DAY = 86_400

CHARGE: dict[str, Any] = {
    "call": 1,
    "claim": 1,
    "at": NOON,
    "month": "2026-11",
    "team": "T1",
    "channel": "C1",
    "person": "U1",
    "kind": "chat",
    "model": "gpt-6-luna",
    "tier": "",
    "prompt": 1000,
    "cached": 0,
    "written": 0,
    "output": 100,
    "reasoning": 0,
    "held": 5 * CENT,
    "spent": CENT,
    "how": "priced",
    "price": "{}",
}


def charge(ledger: str | LedgerStore, **changes: Any) -> None:
    """Write a settled charge of one cent, with these changes; its key is one that no other has."""

    def run(statements: Statements) -> None:
        [(number,)] = statements.rows("SELECT count(*) FROM charge")
        row = CHARGE | {"key": f"C1-1.0-{number + 1}.0"} | changes
        columns, places = ", ".join(f"`{name}`" for name in row), ", ".join("?" * len(row))
        statements.execute(f"INSERT INTO charge ({columns}) VALUES ({places})", tuple(row.values()))

    store_of(ledger).write(run)


def hold(ledger: str | LedgerStore, **changes: Any) -> None:
    """Write an open hold of five cents, with these changes."""
    unknown = dict.fromkeys(("spent", "how", "prompt", "cached", "written", "output", "reasoning"))
    charge(ledger, **(unknown | changes))


def rows(ledger: str | LedgerStore, columns: str = "key, person, channel, spent") -> list[tuple[Any, ...]]:
    """Return these columns of all charges, in the order in which they were written."""
    names = re.sub(r"\b(key|call)\b", r"`\1`", columns)
    return store_of(ledger).read(lambda statements: statements.rows(f"SELECT {names} FROM charge ORDER BY id"))


def store_of(ledger: str | LedgerStore) -> LedgerStore:
    """Return the store of a ledger, of that in SQLite if its path is given."""
    return SqliteStore(ledger) if isinstance(ledger, str) else ledger
