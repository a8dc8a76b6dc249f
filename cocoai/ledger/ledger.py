"""Ledger: hold the most that a call may cost before it is made, settle it afterwards, and refuse what is over a cap.

Each step is one transaction, so that no two processes can spend the same cent. A hold is ended by whoever knows what
has become of its call, never by the clock: the process that made it, whoever claims its job next, or the sweep.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import astuple

from cocoai.ledger import notices
from cocoai.ledger.caps import ALL, TEAM, BudgetHeld, Caps, OverAllowance, OverBudget, Scope
from cocoai.ledger.charge import Bill, OpenHold, PaidCall, Payer
from cocoai.ledger.months import Months
from cocoai.ledger.notices import Notice
from cocoai.ledger.store import LedgerStore, Row, Statements

_INSERT = """
INSERT INTO charge (`key`, `call`, claim, at, month, team, channel, person, kind, model, units, held, price)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""

_UPDATE = """
UPDATE charge
SET spent = ?, how = ?, model = coalesce(nullif(?, ''), model), tier = ?, prompt = ?, cached = ?, written = ?,
    output = ?, reasoning = ?, units = coalesce(?, units), price = coalesce(nullif(?, ''), price)
WHERE `key` = ? AND `call` = ? AND spent IS NULL
"""

_UNITS_OF_A_DAY = """
SELECT coalesce(sum(units), 0) FROM charge
WHERE month >= ? AND at > ? AND person = ? AND kind = ? AND coalesce(how, '') <> 'refused'
"""

_DAY = 86_400

NAME = 200
"""Characters that are kept of a name which a server may have made up: of a model, and of a tier."""

_MOST_REASONING = """
SELECT max(reasoning) FROM (
    SELECT reasoning FROM charge
    WHERE (model = ? OR model LIKE ? ESCAPE '!') AND how IN ('priced', 'told')
    ORDER BY id DESC LIMIT 20
) AS latest
"""

_DATED = "-20__-%"
"""What LIKE knows the end of a model's name by that answered, if it is named with its date."""


class Ledger:
    """The ledger in `store`, under `caps`, by the months of `months`. `clock` gives seconds since the epoch.

    It may be made before a fork. Each of its methods raises `LedgerBroken` if the store cannot be read or written.
    `has_untold` becomes True when a warning was written that nobody has told yet.
    """

    def __init__(
        self, store: LedgerStore, caps: Caps, months: Months, *, clock: Callable[[], float] = time.time
    ) -> None:
        self.store = store
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
        number = 0

        def run(statements: Statements) -> OverAllowance | OverBudget | BudgetHeld | None:
            nonlocal number
            if number and _is_held(statements, call, number):
                return None  # it was committed, though nobody has heard of that
            refusal = self._refusal(statements, call, now)
            if refusal is None:
                number = _insert(statements, call, int(now), month)
            return refusal

        refusal = self.store.write(run)
        if refusal is not None:
            raise refusal
        return number

    def _refusal(
        self, statements: Statements, call: PaidCall, now: float
    ) -> OverAllowance | OverBudget | BudgetHeld | None:
        """Return why a call may not be made now, None if it may. What is spent counts before what is held."""
        month, again = self.months.of(now), self.months.after(now)
        if self._is_over_allowance(statements, call, now):
            return OverAllowance()
        held: BudgetHeld | None = None
        for scope in self.caps.scopes(call.payer):
            unspent = scope.cap - _spent(statements, month, scope)
            if unspent < call.bound or not scope.cap:
                if unspent * 100 < scope.cap:  # else it is this call that is dear, and cheaper ones may go on
                    self._note(statements, month, scope, ALL)
                return OverBudget(scope, again)
            if unspent - call.bound < _held(statements, month, scope):
                held = held or BudgetHeld(scope, again)
        return held

    def allows(self, call: PaidCall) -> bool:
        """Check whether the person may have this call's units today. It is a forecast: hold() decides."""
        return self.store.read(lambda statements: not self._is_over_allowance(statements, call, self._clock()))

    def _is_over_allowance(self, statements: Statements, call: PaidCall, now: float) -> bool:
        """Check whether the person's calls of this kind in the last 24 hours leave too few units for this one."""
        if not call.most_a_day:
            return False
        since = now - _DAY
        values = (self.months.of(since), since, call.payer.person, call.kind)
        had = int(statements.rows(_UNITS_OF_A_DAY, values)[0][0])
        return had + (call.units or 0) > call.most_a_day

    def settle(self, key: str, call: int, bill: Bill) -> None:
        """End the hold of a call of the job `key` with its bill; do nothing if it is settled already.

        Where the sum comes to a threshold of a cap, a warning is written, once a month.
        """

        def run(statements: Statements) -> None:
            if _update(statements, key, call, bill):
                self._note_thresholds(statements, key, call)

        self.store.write(run)

    def _note_thresholds(self, statements: Statements, key: str, call: int) -> None:
        """Write the warnings for which a charge that was settled is the reason."""
        query = "SELECT month, team, channel, person FROM charge WHERE `key` = ? AND `call` = ?"
        [(month, *payer)] = statements.rows(query, (key, call))
        for scope in self.caps.scopes(Payer(*payer)):
            spent = _spent(statements, month, scope)
            for threshold in self.caps.thresholds(scope):
                if spent * 100 >= scope.cap * threshold:
                    self._note(statements, month, scope, threshold)

    def _note(self, statements: Statements, month: str, scope: Scope, threshold: int) -> None:
        """Write the warning that a cap has come to this threshold, unless it was written before, or the cap is 0."""
        if scope.cap and notices.write(statements, Notice(month, scope.name, threshold)):
            self.has_untold = True

    def most_reasoning(self, model: str) -> int | None:
        """Return the most reasoning tokens of this model's last answers; None if it has given none."""
        return self.store.read(lambda statements: _most_reasoning(statements, model))

    def take_notices(self) -> list[Notice]:
        """Return the warnings that are to be told now, by this process; others leave them alone for TELLING seconds."""
        self.has_untold = False
        return self.store.write(lambda statements: notices.take(statements, self._clock()))

    def note_told(self, notice: Notice) -> None:
        """Note that a warning, or a month's report, was told. It is not told again."""

        def run(statements: Statements) -> None:
            notices.write(statements, notice)
            notices.note_told(statements, notice, self._clock())

        self.store.write(run)

    def was_told(self, notice: Notice) -> bool:
        """Check whether a warning, or a month's report, was told."""
        return self.store.read(lambda statements: notices.was_told(statements, notice))

    def spent(self, month: str) -> int:
        """Return what all calls of a month have cost, in nano-dollars."""
        return self.store.read(lambda statements: _spent(statements, month, Scope(TEAM, self.caps.team)))

    def has_charges(self, month: str) -> bool:
        """Check whether anything was paid, or may have been, in a month."""
        query = "SELECT 1 FROM charge WHERE month = ? AND coalesce(how, '') <> 'refused' LIMIT 1"
        return bool(self.store.read(lambda statements: statements.rows(query, (month,))))

    def open_holds(self, key: str = "") -> list[OpenHold]:
        """Return the holds that are open, oldest first: those of the job `key`, of all jobs for ""."""
        return [OpenHold(*row) for row in self.store.read(lambda statements: _open_holds(statements, key))]


def _open_holds(statements: Statements, key: str) -> list[Row]:
    """Return key, number, claim and held sum of each open hold of a job, or for "" of all, oldest first."""
    columns = "`key`, `call`, claim, held"
    if key:
        query = f"SELECT {columns} FROM charge WHERE `key` = ? AND spent IS NULL ORDER BY id"  # noqa: S608 (ours)
        return statements.rows(query, (key,))
    # By month the index finds what is open; without one, all that was ever paid would be read.
    query = f"SELECT {columns}, id FROM charge WHERE month = ? AND spent IS NULL"  # noqa: S608 (ours)
    found = [row for month in _months(statements) for row in statements.rows(query, (month,))]
    return [row[:-1] for row in sorted(found, key=lambda row: int(row[-1]))]


def _months(statements: Statements) -> Iterator[str]:
    """Yield the months that have charges, from one to the next: `SELECT DISTINCT` would read the whole index."""
    month = ""
    while True:
        [(month,)] = statements.rows("SELECT min(month) FROM charge WHERE month > ?", (month,))
        if month is None:
            return
        yield month


def _insert(statements: Statements, call: PaidCall, now: int, month: str) -> int:
    """Write the charge of a call, and return the call's number."""
    query = "SELECT coalesce(max(`call`), 0) + 1 FROM charge WHERE `key` = ?"
    number = int(statements.rows(query, (call.key,))[0][0])
    payer = (call.payer.team, call.payer.channel, call.payer.person)
    what = (call.kind, call.model[:NAME], call.units, call.bound, call.price)
    statements.execute(_INSERT, (call.key, number, call.claim, now, month, *payer, *what))
    return number


def _is_held(statements: Statements, call: PaidCall, number: int) -> bool:
    """Check whether the charge of a call is there. Only one process at a time makes calls in a job's attempt."""
    query = "SELECT 1 FROM charge WHERE `key` = ? AND `call` = ? AND claim = ?"
    return bool(statements.rows(query, (call.key, number, call.claim)))


def _update(statements: Statements, key: str, call: int, bill: Bill) -> bool:
    """Write the bill into the open charge; return False if there is no such open charge."""
    tokens = bill.tokens
    counts = astuple(tokens) if tokens else (None,) * 5
    names = (bill.model[:NAME], bill.tier[:NAME])
    values = (bill.spent, bill.how, *names, *counts, bill.units, bill.price, key, call)
    return statements.execute(_UPDATE, values) > 0


def _most_reasoning(statements: Statements, model: str) -> int | None:
    dated = re.sub("([!%_])", r"!\1", model) + _DATED
    [(most,)] = statements.rows(_MOST_REASONING, (model, dated))
    return None if most is None else int(most)


def _spent(statements: Statements, month: str, scope: Scope) -> int:
    return _sum(statements, "spent", month, scope)


def _held(statements: Statements, month: str, scope: Scope) -> int:
    return _sum(statements, "held", month, scope, " AND spent IS NULL")


def _sum(statements: Statements, what: str, month: str, scope: Scope, more: str = "") -> int:
    """Return a sum over the charges of a month that count for this scope, in nano-dollars."""
    where = f" AND {scope.column} = ?" if scope.column else ""
    query = f"SELECT coalesce(sum({what}), 0) FROM charge WHERE month = ?{where}{more}"  # noqa: S608 (names of ours)
    values = (month, scope.value) if scope.column else (month,)
    return int(statements.rows(query, values)[0][0])
