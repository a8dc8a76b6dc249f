"""Move the ledger from one store to another: each charge and each notice once, and none of those that are there."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from cocoai.errors import CocoAIError
from cocoai.ledger.store import LedgerStore, Row, Statements

AT_ONCE = 200
"""Rows that one transaction writes."""

_NAMES = (
    "`key`, `call`, claim, at, month, team, channel, person, kind, model, tier, prompt, cached, written, output,"
    " reasoning, units, held, spent, how, price"
)
_NOTICES = "month, scope, threshold, at, told"


def move_ledger(source: LedgerStore, target: LedgerStore, clear: Callable[[], None]) -> int:
    """Copy all charges and notices, see that they are there, then call `clear`. Return how many charges there were.

    What the target knows already stays as it is there: it was moved before, and may have been settled since. Nobody
    else may write to the source. Raise `LedgerBroken` if one of the two fails, CocoAIError if a row is missing after
    all: then nothing was cleared.
    """
    if not source.is_made():
        return 0
    charges = source.read(_all_charges)
    notices = source.read(_all_notices)
    for start in range(0, len(charges), AT_ONCE):
        target.write(_Adding(charges[start : start + AT_ONCE], _NAMES, "charge", 2))
    target.write(_Adding(notices, _NOTICES, "notice", 3))

    known = {tuple(row[:2]) for row in target.read(_all_charges)}
    told = {tuple(row[:3]) for row in target.read(_all_notices)}
    if any(tuple(row[:2]) not in known for row in charges) or any(tuple(row[:3]) not in told for row in notices):
        raise CocoAIError("the ledger was not moved whole: nothing of it was removed")
    clear()
    return len(charges)


def clear_ledger(store: LedgerStore) -> None:
    """Remove all charges and notices. Raise `LedgerBroken`."""

    def run(statements: Statements) -> None:
        statements.execute("DELETE FROM charge")
        statements.execute("DELETE FROM notice")

    store.write(run)


class _Adding:
    """A transaction that adds the rows of a table that are not there; the first `keys` columns name a row."""

    def __init__(self, rows: Sequence[Row], names: str, table: str, keys: int) -> None:
        self._rows = rows
        self._keys = keys
        columns = names.split(", ")
        places = ", ".join("?" * len(columns))
        wanted = " AND ".join(f"{name} = ?" for name in columns[:keys])
        self._find = f"SELECT 1 FROM {table} WHERE {wanted}"  # noqa: S608 (names of ours)
        self._insert = f"INSERT INTO {table} ({names}) VALUES ({places})"  # noqa: S608 (names of ours)

    def __call__(self, statements: Statements) -> None:
        for row in self._rows:
            if not statements.rows(self._find, row[: self._keys]):
                statements.execute(self._insert, row)


def _all_charges(statements: Statements) -> list[Row]:
    return statements.rows(f"SELECT {_NAMES} FROM charge ORDER BY id")  # noqa: S608 (names of ours)


def _all_notices(statements: Statements) -> list[Row]:
    return statements.rows(f"SELECT {_NOTICES} FROM notice ORDER BY month, at")  # noqa: S608 (names of ours)
