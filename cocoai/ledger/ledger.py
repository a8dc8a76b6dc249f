"""Ledger: hold the most that a call may cost before it is made, settle it afterwards, and refuse what is over a cap.

Each step is one transaction, so that no two processes can spend the same cent. A hold is ended by whoever knows what
has become of its call, never by the clock: the process that made it, whoever claims its job next, or the sweep.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from dataclasses import astuple

from cocoai.ledger import database, notices
from cocoai.ledger.caps import ALL, TEAM, BudgetHeld, Caps, OverAllowance, OverBudget, Scope
from cocoai.ledger.charge import Bill, OpenHold, PaidCall, Payer
from cocoai.ledger.months import Months
from cocoai.ledger.notices import Notice

_INSERT = """
INSERT INTO charge (key, call, claim, at, month, team, channel, person, kind, model, units, held, price)
VALUES (:key, :number, :claim, :now, :month, :team, :channel, :person, :kind, :model, :units, :bound, :price)
"""

_UPDATE = """
UPDATE charge
SET spent = ?, how = ?, model = coalesce(nullif(?, ''), model), tier = ?, prompt = ?, cached = ?, written = ?,
    output = ?, reasoning = ?, units = coalesce(?, units), price = coalesce(nullif(?, ''), price)
WHERE key = ? AND call = ? AND spent IS NULL
RETURNING month, team, channel, person
"""

_UNITS_OF_A_DAY = """
SELECT coalesce(sum(units), 0) FROM charge
WHERE month >= ? AND at > ? AND person = ? AND kind = ? AND how IS NOT 'refused'
"""

_DAY = 86_400

_MOST_REASONING = """
SELECT max(reasoning) FROM (
    SELECT reasoning FROM charge
    WHERE (model = ? OR model GLOB ? || '-20[0-9][0-9]-*') AND how IN ('priced', 'told')
    ORDER BY id DESC LIMIT 20
)
"""
"""The model that answered may be named with its date."""


class Ledger:
    """The ledger in the file at `path`, under `caps`, by the months of `months`. `clock` gives seconds since the epoch.

    It has no file open between two calls of its methods, so it may be made before a fork. Each raises `LedgerBroken` if
    the file cannot be read or written. `has_untold` becomes True when a warning was written that nobody has told yet.
    """

    def __init__(self, path: str, caps: Caps, months: Months, *, clock: Callable[[], float] = time.time) -> None:
        self.path = path
        self.caps = caps
        self.months = months
        self.has_untold = False
        self._clock = clock

    def hold(self, call: PaidCall) -> int:
        """Hold the call's bound, and return the call's number within its job, from 1. Only then it may be sent.

        Raise `OverBudget` if it does not fit under a cap by what is spent, `BudgetHeld` if it does not fit only as long
        as other calls are open, `OverAllowance` if the person has had too many units within a day.
        """
        now = self._clock()
        month = self.months.of(now)
        with database.transaction(self.path) as connection:
            refusal = self._refusal(connection, call, now)
            if refusal is None:
                return _insert(connection, call, int(now), month)
        raise refusal

    def _refusal(
        self, connection: sqlite3.Connection, call: PaidCall, now: float
    ) -> OverAllowance | OverBudget | BudgetHeld | None:
        """Return why a call may not be made now, None if it may. What is spent counts before what is held."""
        month, again = self.months.of(now), self.months.after(now)
        if self._is_over_allowance(connection, call, now):
            return OverAllowance()
        held: BudgetHeld | None = None
        for scope in self.caps.scopes(call.payer):
            unspent = scope.cap - _spent(connection, month, scope)
            if unspent < call.bound or not scope.cap:
                if unspent * 100 < scope.cap:  # else it is this call that is dear, and cheaper ones may go on
                    self._note(connection, month, scope, ALL)
                return OverBudget(scope, again)
            if unspent - call.bound < _held(connection, month, scope):
                held = held or BudgetHeld(scope, again)
        return held

    def allows(self, call: PaidCall) -> bool:
        """Check whether the person may have this call's units today. It is a forecast: hold() decides."""
        with database.reading(self.path) as connection:
            return not self._is_over_allowance(connection, call, self._clock())

    def _is_over_allowance(self, connection: sqlite3.Connection, call: PaidCall, now: float) -> bool:
        """Check whether the person's calls of this kind in the last 24 hours leave too few units for this one."""
        if not call.most_a_day:
            return False
        since = now - _DAY
        values = (self.months.of(since), since, call.payer.person, call.kind)
        had = int(connection.execute(_UNITS_OF_A_DAY, values).fetchone()[0])
        return had + (call.units or 0) > call.most_a_day

    def settle(self, key: str, call: int, bill: Bill) -> None:
        """End the hold of a call of the job `key` with its bill; do nothing if it is settled already.

        Where the sum comes to a threshold of a cap, a warning is written, once a month.
        """
        with database.transaction(self.path) as connection:
            payer = _update(connection, key, call, bill)
            if payer is not None:
                self._note_thresholds(connection, *payer)

    def _note_thresholds(self, connection: sqlite3.Connection, month: str, payer: Payer) -> None:
        for scope in self.caps.scopes(payer):
            spent = _spent(connection, month, scope)
            for threshold in self.caps.thresholds(scope):
                if spent * 100 >= scope.cap * threshold:
                    self._note(connection, month, scope, threshold)

    def _note(self, connection: sqlite3.Connection, month: str, scope: Scope, threshold: int) -> None:
        """Write the warning that a cap has come to this threshold, unless it was written before, or the cap is 0."""
        if scope.cap and notices.write(connection, Notice(month, scope.name, threshold)):
            self.has_untold = True

    def most_reasoning(self, model: str) -> int | None:
        """Return the most reasoning tokens of this model's last answers; None if it has given none."""
        with database.reading(self.path) as connection:
            return _most_reasoning(connection, model)

    def take_notices(self) -> list[Notice]:
        """Return the warnings that are to be told now, by this process; others leave them alone for TELLING seconds."""
        self.has_untold = False
        with database.transaction(self.path) as connection:
            return notices.take(connection, self._clock())

    def note_told(self, notice: Notice) -> None:
        """Note that a warning, or a month's report, was told. It is not told again."""
        with database.transaction(self.path) as connection:
            notices.write(connection, notice)
            notices.note_told(connection, notice, self._clock())

    def was_told(self, notice: Notice) -> bool:
        """Check whether a warning, or a month's report, was told."""
        with database.reading(self.path) as connection:
            return notices.was_told(connection, notice)

    def spent(self, month: str) -> int:
        """Return what all calls of a month have cost, in nano-dollars."""
        with database.reading(self.path) as connection:
            return _spent(connection, month, Scope(TEAM, self.caps.team))

    def has_charges(self, month: str) -> bool:
        """Check whether anything was paid, or may have been, in a month."""
        with database.reading(self.path) as connection:
            query = "SELECT 1 FROM charge WHERE month = ? AND how IS NOT 'refused' LIMIT 1"
            return connection.execute(query, (month,)).fetchone() is not None

    def open_holds(self, key: str = "") -> list[OpenHold]:
        """Return the holds that are open, oldest first: those of the job `key`, of all jobs for ""."""
        with database.reading(self.path) as connection:
            where, values = (" AND key = ?", (key,)) if key else ("", ())
            query = f"SELECT key, call, claim, held FROM charge WHERE spent IS NULL{where} ORDER BY id"  # noqa: S608 (ours)
            return [OpenHold(*row) for row in connection.execute(query, values).fetchall()]


def _insert(connection: sqlite3.Connection, call: PaidCall, now: int, month: str) -> int:
    """Write the charge of a call, and return the call's number."""
    query = "SELECT coalesce(max(call), 0) + 1 FROM charge WHERE key = ?"
    number = int(connection.execute(query, (call.key,)).fetchone()[0])
    values = {**vars(call), **vars(call.payer), "number": number, "now": now, "month": month}
    connection.execute(_INSERT, {name: value for name, value in values.items() if name != "payer"})
    return number


def _update(connection: sqlite3.Connection, key: str, call: int, bill: Bill) -> tuple[str, Payer] | None:
    """Write the bill into the open charge, and return its month and payer; None if there is no such open charge."""
    tokens = bill.tokens
    counts = astuple(tokens) if tokens else (None,) * 5
    values = (bill.spent, bill.how, bill.model, bill.tier, *counts, bill.units, bill.price, key, call)
    row = connection.execute(_UPDATE, values).fetchone()
    return (row[0], Payer(*row[1:])) if row else None


def _most_reasoning(connection: sqlite3.Connection, model: str) -> int | None:
    most = connection.execute(_MOST_REASONING, (model, model)).fetchone()[0]
    return None if most is None else int(most)


def _spent(connection: sqlite3.Connection, month: str, scope: Scope) -> int:
    return _sum(connection, "spent", month, scope)


def _held(connection: sqlite3.Connection, month: str, scope: Scope) -> int:
    return _sum(connection, "held", month, scope, " AND spent IS NULL")


def _sum(connection: sqlite3.Connection, what: str, month: str, scope: Scope, more: str = "") -> int:
    """Return a sum over the charges of a month that count for this scope, in nano-dollars."""
    where = f" AND {scope.column} = ?" if scope.column else ""
    query = f"SELECT coalesce(sum({what}), 0) FROM charge WHERE month = ?{where}{more}"  # noqa: S608 (names of ours)
    values = (month, scope.value) if scope.column else (month,)
    return int(connection.execute(query, values).fetchone()[0])
