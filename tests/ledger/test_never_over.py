"""Never over: what is billed stays under the caps, whatever runs at once or dies, and the books are right in the end.

`python -m bench.never_over` is the long form. Books that are broken on purpose are caught by the same laws.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest

from bench.never_over.biller import BilledCall
from bench.never_over.laws import ChargedCall, MoneyLaw, read_charges, violations, violations_at_the_end
from bench.never_over.run import Clock, NeverOver, Shape, caps_for, make_books
from cocoai.answer import Books
from cocoai.engine.process.fork import fork
from cocoai.ledger import database
from cocoai.ledger.calendar import ZoneCalendar
from cocoai.ledger.caps import Caps, OverBudget
from cocoai.ledger.charge import Bill, PaidCall, Payer
from cocoai.ledger.database import SqliteStore
from cocoai.ledger.ledger import Ledger
from cocoai.ledger.months import Months, read_months
from cocoai.ledger.prices import read_prices
from cocoai.ledger.store import LedgerBroken, LedgerStore
from tests.ledger.broken_ledgers import (
    BillsCachedInFull,
    ChecksOutsideTheTransaction,
    KeptConnections,
    ReleasesByTime,
    months_of_thirty_days,
)
from tests.ledger.charges import CENT, DAY, NOON
from tests.ledger.payers import CAPS, MONTHS, Payers

CALL = PaidCall("C1-1.0-1.0", 1, Payer("T1", "C1", "U1"), "chat", "gpt-6-luna", CENT, "{}")


# processes that are killed


def test_never_over(short_folder: Callable[[], Path]) -> None:
    """Four processes pay for 200 calls under caps that are reached, and 20 are killed in the middle of it.

    Each row of the ledger is a request that was billed, or refused, or lost with its process before it left.
    """
    run = NeverOver(short_folder(), Shape(4, 200, 20, caps_for(200), "cocoai")).run()
    figures = run.figures()
    rows = {how: int(figures.get(f"of these, {how}", 0)) for how in ("told", "priced", "estimated", "lost", "refused")}

    assert [] == run.violations, figures
    assert int(figures["of these, refused for a cap"]) > 0
    assert "0" == figures["holds open at the end"]
    assert run.killed.total() >= 15, figures  # one that was to die may have found nothing more to do
    assert all(rows.values()), rows
    assert sum(rows.values()) == int(figures["charges"])
    assert 0 <= sum(rows.values()) - rows["refused"] - int(figures["requests billed"]) <= rows["lost"]


def books_with_cached_in_full(store: LedgerStore, folder: str, caps: Caps, months: Months, clock: Clock) -> Books:
    """Return books that are right but for their tariff."""
    tariff = BillsCachedInFull(read_prices(), "https://api.openai.com/v1")
    return replace(make_books(store, folder, caps, months, clock), tariff=tariff)


def test_cached_tokens_that_are_billed_in_full_are_caught(short_folder: Callable[[], Path]) -> None:
    """The server bills less than the ledger says."""
    shape = Shape(2, 20, 0, caps_for(2000), "cocoai")
    run = NeverOver(short_folder(), shape, books_with_cached_in_full).run()

    assert {MoneyLaw.EXACT} == {each.law for each in run.violations}


# payers at once, in every order


def test_of_two_calls_at_once_one_is_made(tmp_path: Path) -> None:
    """Whatever the order of their steps, since only one fits."""
    payers = Payers(tmp_path).run()

    assert (set(), {1}) == (payers.broken, set(payers.paid))
    assert payers.runs > 10


def test_a_check_outside_the_transaction_is_caught(tmp_path: Path) -> None:
    """Both calls fit when they look, and both are made."""
    payers = Payers(tmp_path, ChecksOutsideTheTransaction).run()

    assert {MoneyLaw.CAP, MoneyLaw.HELD} == payers.broken


def test_a_hold_that_is_released_by_time_is_caught(tmp_path: Path) -> None:
    """Its call was only slow, and is billed."""
    payers = Payers(tmp_path, ReleasesByTime).run()

    assert {MoneyLaw.CAP, MoneyLaw.REFUSED} <= payers.broken


# months


def pay_daily(path: str, months: Months) -> tuple[list[ChargedCall], list[BilledCall]]:
    """Pay for calls of 10 cents on each day of 100, as long as they fit; return the charges and the bills.

    The month of each charge is that of the calendar, whatever the ledger says.
    """
    now = datetime(2026, 10, 1, 12, tzinfo=UTC).timestamp()
    bills, months_by_key = [], {}
    for day in range(100):
        at = now + day * DAY
        ledger = Ledger(SqliteStore(path), CAPS, months, clock=lambda at=at: at)  # type: ignore[misc]
        call = replace(CALL, key=f"C1-1.0-{day}.0", bound=10 * CENT)
        try:
            number = ledger.hold(call)
        except OverBudget:
            continue
        ledger.settle(call.key, number, Bill(call.bound, "priced"))
        bills.append(BilledCall(call.key, number, call.bound))
        months_by_key[call.key] = ZoneCalendar(UTC).month(at)
    return [each._replace(month=months_by_key[each.key]) for each in read_charges(SqliteStore(path))], bills


def test_each_month_of_the_calendar_stays_under_the_cap(tmp_path: Path) -> None:
    """All of it is spent in each."""
    charges, bills = pay_daily(str(tmp_path / database.FILE), read_months("UTC", lambda: NOON))

    assert [] == list(violations_at_the_end(charges, bills, CAPS))
    assert [f"2026-{month}" for month in (10, 11, 12) for _ in range(10)] == [each.month for each in charges][:30]


def test_months_of_thirty_days_are_caught(tmp_path: Path) -> None:
    """October has a 31st, on which the next month's money is spent."""
    charges, bills = pay_daily(str(tmp_path / database.FILE), months_of_thirty_days("2026-10"))

    assert {MoneyLaw.CAP, MoneyLaw.HELD} == {each.law for each in violations(charges, bills, CAPS)}


# forks


def is_ended_well(pid: int) -> bool:
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


def ledger_at(path: str) -> Ledger:
    return Ledger(SqliteStore(path), CAPS, MONTHS, clock=lambda: NOON)


def hold_and_bill(path: str, number: int) -> BilledCall:
    """Hold a call of another job, and return its bill."""
    call = replace(CALL, key=f"C1-1.0-{number}.0")
    return BilledCall(call.key, ledger_at(path).hold(call), call.bound)


def hold_twice(path: str, held: int, go_on: int) -> None:
    """Hold a call, tell so, wait for a word, and hold another."""
    hold_and_bill(path, 1)
    os.write(held, b"1")
    os.read(go_on, 1)
    hold_and_bill(path, 2)


def broken_by_fork(path: str, end: Callable[[], object]) -> set[MoneyLaw]:
    """Let a child hold two calls, and call `end` in this process between the two; return the laws that are broken."""
    (held, held_in_child), (go_on_in_child, go_on) = os.pipe(), os.pipe()
    keep = frozenset({held_in_child, go_on_in_child})
    pid = fork(partial(hold_twice, path, held_in_child, go_on_in_child), name="payer", keep=keep, detach=False)
    os.read(held, 1)
    end()
    os.write(go_on, b"1")
    assert is_ended_well(pid)
    for fd in (held, held_in_child, go_on_in_child, go_on):
        os.close(fd)
    bills = [BilledCall(f"C1-1.0-{number}.0", 1, CENT) for number in (1, 2)]
    return {each.law for each in violations(read_charges(SqliteStore(path)), bills, CAPS)}


def test_a_ledger_may_be_used_before_a_fork_and_after_it(tmp_path: Path) -> None:
    """It has nothing open, so the parent's uses change nothing for the child."""
    path = str(tmp_path / database.FILE)
    hold_and_bill(path, 9)

    assert set() == broken_by_fork(path, partial(hold_and_bill, path, 8))


def test_a_connection_that_is_open_across_the_fork_is_caught(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a write-ahead log the parent takes the log away under the child, whose hold is acknowledged and gone."""
    path = str(tmp_path / database.FILE)
    kept = KeptConnections()
    monkeypatch.setattr(database, "_connected", kept.connected)
    hold_and_bill(path, 9)
    broken = broken_by_fork(path, kept.close)
    kept.close()

    assert {MoneyLaw.ONE} == broken


@pytest.mark.usefixtures("impatient")
def test_a_transaction_that_is_open_across_the_fork_is_caught(tmp_path: Path) -> None:
    """The child never gets the lock, though the parent has long committed: it inherits SQLite's memory of it."""
    path = str(tmp_path / database.FILE)
    hold_and_bill(path, 9)
    go_on_in_child, go_on = os.pipe()

    def hold_later() -> None:
        os.read(go_on_in_child, 1)
        with pytest.raises(LedgerBroken, match="locked"):
            hold_and_bill(path, 1)

    with database.transaction(path):
        pid = fork(hold_later, name="payer", keep=frozenset({go_on_in_child}), detach=False)
    os.write(go_on, b"1")

    assert is_ended_well(pid)
    assert BilledCall("C1-1.0-2.0", 1, CENT) == hold_and_bill(path, 2)
    for fd in (go_on_in_child, go_on):
        os.close(fd)
