"""The laws between a server's bills and the ledger's charges. Pure, but for reading the charges."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from typing import NamedTuple

from bench.never_over.biller import BilledCall
from cocoai.ledger.caps import Caps
from cocoai.ledger.charge import Payer
from cocoai.ledger.database import SqliteStore
from cocoai.ledger.store import LedgerStore, Statements

BY_USAGE = frozenset({"told", "priced"})
"""How the cost of a charge is known if it must be what was billed, to the nano-dollar."""


class MoneyLaw(StrEnum):
    """The laws: what must hold whatever happens."""

    CAP = "what is billed in a month stays under each cap"
    HELD = "what is spent, and held by open holds, stays under each cap"
    ONE = "a request that the model ran for has one charge"
    COVERED = "a charge, or its hold, is never below its bill"
    EXACT = "a charge by the server's usage or word is what was billed"
    REFUSED = "a charge that says that nothing was paid has no bill"
    CLOSED = "no hold is open in the end"


class ChargedCall(NamedTuple):
    """A charge of the ledger; `spent` and `how` are None while its hold is open."""

    key: str
    call: int
    month: str
    team: str
    channel: str
    person: str
    held: int
    spent: int | None
    how: str | None

    @property
    def covers(self) -> int:
        """Return the nano-dollars that are set aside for the call now."""
        return self.held if self.spent is None else self.spent


class Violation(NamedTuple):
    """A law that is broken, and the evidence."""

    law: MoneyLaw
    detail: str


def read_charges(store: LedgerStore) -> list[ChargedCall]:
    """Return all charges of a ledger."""
    query = f"SELECT {', '.join(f'`{name}`' for name in ChargedCall._fields)} FROM charge ORDER BY id"
    return [ChargedCall(*row) for row in store.read(lambda statements: statements.rows(query))]


_SUM = "(SELECT sum(coalesce(spent, held)) FROM charge WHERE month = NEW.month AND {column} = NEW.{column}) > {cap}"
_SQLITE_WITNESS = f"""
CREATE TRIGGER {{event}}_{{column}} AFTER {{event}} ON charge WHEN {_SUM}
BEGIN
    INSERT INTO witness VALUES (NEW.month || ', ' || NEW.{{column}} || ': over {{cap}} by ' || NEW.key);
END
"""
_MARIADB_WITNESS = f"""
CREATE TRIGGER {{event}}_{{column}} AFTER {{event}} ON charge FOR EACH ROW IF {_SUM} THEN
    INSERT INTO witness VALUES (CONCAT(NEW.month, ', ', NEW.{{column}}, ': over {{cap}} by ', NEW.key));
END IF
"""
"""Triggers, which see each moment of the ledger, however short."""


def call_witness(store: LedgerStore, caps: Caps) -> None:
    """Have a ledger, which is made if it is missing, note each moment at which a cap is passed."""
    limits = {"team": caps.team, "person": caps.person, "channel": caps.channel}
    witness = _SQLITE_WITNESS if isinstance(store, SqliteStore) else _MARIADB_WITNESS

    def run(statements: Statements) -> None:
        statements.execute("CREATE TABLE witness (detail TEXT)")
        for column, cap in limits.items():
            for event in ("INSERT", "UPDATE") if cap is not None else ():
                statements.execute(witness.format(event=event, column=column, cap=cap))

    store.write(run)


def hear_witness(store: LedgerStore) -> Iterator[Violation]:
    """Yield what the witness has noted."""
    for (detail,) in store.read(lambda statements: statements.rows("SELECT detail FROM witness")):
        yield Violation(MoneyLaw.HELD, detail)


def violations(charges: Sequence[ChargedCall], bills: Sequence[BilledCall], caps: Caps) -> Iterator[Violation]:
    """Yield each law that is broken at some moment; `bills` were read before `charges`."""
    by_call = {(charge.key, charge.call): charge for charge in charges}
    times = Counter((bill.key, bill.call) for bill in bills)
    for number, times_billed in times.items():
        if number not in by_call or times_billed > 1:
            yield Violation(MoneyLaw.ONE, f"{number} is billed {times_billed} times")
    amounts = [(by_call[bill.key, bill.call], bill.amount) for bill in bills if (bill.key, bill.call) in by_call]
    for charge, amount in amounts:
        yield from _of_call(charge, amount)
    yield from (Violation(MoneyLaw.CAP, detail) for detail in _over(amounts, caps))
    yield from (Violation(MoneyLaw.HELD, detail) for detail in _over([(each, each.covers) for each in charges], caps))


def violations_at_the_end(
    charges: Sequence[ChargedCall], bills: Sequence[BilledCall], caps: Caps
) -> Iterator[Violation]:
    """Yield each law that is broken once nothing is under way any more, and the sweep has run."""
    yield from violations(charges, bills, caps)
    billed = {(bill.key, bill.call) for bill in bills}
    for charge in charges:
        if charge.spent is None:
            yield Violation(MoneyLaw.CLOSED, str(charge))
        elif charge.how in BY_USAGE and (charge.key, charge.call) not in billed:
            yield Violation(MoneyLaw.ONE, f"{charge} was never billed")


def _of_call(charge: ChargedCall, amount: int) -> Iterator[Violation]:
    detail = f"{charge} is billed {amount}"
    if charge.how == "refused":
        yield Violation(MoneyLaw.REFUSED, detail)
    elif charge.covers < amount:
        yield Violation(MoneyLaw.COVERED, detail)
    elif charge.how in BY_USAGE and charge.spent != amount:
        yield Violation(MoneyLaw.EXACT, detail)


def _over(amounts: Iterable[tuple[ChargedCall, int]], caps: Caps) -> Iterator[str]:
    """Yield each month and cap under which these amounts do not stay."""
    sums: defaultdict[tuple[str, str], int] = defaultdict(int)
    limits: dict[str, int] = {}
    for charge, amount in amounts:
        for scope in caps.scopes(Payer(charge.team, charge.channel, charge.person)):
            sums[charge.month, scope.name] += amount
            limits[scope.name] = scope.cap
    for (month, name), total in sums.items():
        if total > limits[name]:
            yield f"{month}, {name}: {total} of {limits[name]}"
