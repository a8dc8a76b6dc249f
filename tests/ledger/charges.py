"""Write charges into a ledger, as the product would."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from cocoai.ledger import database
from cocoai.ledger.money import NANO

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


def charge(path: str, **changes: Any) -> None:
    """Write a settled charge of one cent, with these changes; its key is one that no other has."""
    with database.transaction(path) as connection:
        number = connection.execute("SELECT count(*) FROM charge").fetchone()[0]
        row = CHARGE | {"key": f"C1-1.0-{number + 1}.0"} | changes
        columns, places = ", ".join(row), ", ".join("?" * len(row))
        connection.execute(f"INSERT INTO charge ({columns}) VALUES ({places})", tuple(row.values()))


def hold(path: str, **changes: Any) -> None:
    """Write an open hold of five cents, with these changes."""
    unknown = dict.fromkeys(("spent", "how", "prompt", "cached", "written", "output", "reasoning"))
    charge(path, **(unknown | changes))


def rows(path: str, columns: str = "key, person, channel, spent") -> list[tuple[Any, ...]]:
    """Return these columns of all charges, in the order in which they were written."""
    with database.reading(path) as connection:
        return connection.execute(f"SELECT {columns} FROM charge ORDER BY id").fetchall()
