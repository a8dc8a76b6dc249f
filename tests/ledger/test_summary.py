"""What a month has cost, by the ledger."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cocoai.ledger import database
from cocoai.ledger.calendar import read_calendar
from cocoai.ledger.database import SqliteStore
from cocoai.ledger.money import NANO
from cocoai.ledger.store import LedgerBroken, LedgerStore
from cocoai.ledger.summary import MonthSummary, Spending, pace, read_summary, saved, seats_cost
from tests.ledger.charges import CENT, DAY, NOON, charge, hold

pytestmark = pytest.mark.pure

MONTH = "2026-11"
START = datetime(2026, 11, 1, tzinfo=UTC).timestamp()
END = datetime(2026, 12, 1, tzinfo=UTC).timestamp()


@pytest.fixture
def path(tmp_path: Path) -> str:
    """Return the path of a ledger in SQLite that is not made yet."""
    return str(tmp_path / database.FILE)


def summary_of(store: LedgerStore, month: str = MONTH) -> MonthSummary:
    """Return the summary of a month, with the days of UTC."""
    return read_summary(store, month, day_of=read_calendar("UTC").day)


def test_a_month_without_a_ledger_has_cost_nothing(path: str) -> None:
    """No file is made by reading."""
    assert MonthSummary(MONTH) == summary_of(SqliteStore(path))
    assert not Path(path).exists()


def test_every_sum_is_exact_and_in_order(store: LedgerStore) -> None:
    """People, channels and models come dearest first, and by name where they cost the same; days in their order."""
    charge(store, person="U1", at=NOON)
    charge(store, person="U2", at=NOON + DAY, spent=3 * CENT + 1, model="gpt-6.2-sol")
    charge(store, person="U3", at=NOON - DAY, channel="C2")

    summary = summary_of(store)

    assert (5 * CENT + 1, 3) == (summary.total, summary.calls)
    assert ["U2", "U1", "U3"] == [person.name for person in summary.people]
    assert (Spending("C1", 4 * CENT + 1, 2), Spending("C2", CENT, 1)) == summary.channels
    assert (Spending("gpt-6.2-sol", 3 * CENT + 1, 1), Spending("gpt-6-luna", 2 * CENT, 2)) == summary.models
    assert ["2026-11-14", "2026-11-15", "2026-11-16"] == [day.name for day in summary.days]
    for group in (summary.people, summary.channels, summary.models, summary.days):
        assert (summary.total, summary.calls) == (sum(each.spent for each in group), sum(each.calls for each in group))


def test_days_are_those_of_the_zone(store: LedgerStore) -> None:
    """Late in the evening in UTC it is the next day in Tokyo."""
    charge(store, at=NOON + 4 * 3600)

    summary = read_summary(store, MONTH, day_of=read_calendar("Asia/Tokyo").day)

    assert ["2026-11-16"] == [day.name for day in summary.days]


def test_an_open_hold_is_not_spent(store: LedgerStore) -> None:
    """It is counted apart, and its person has not cost anything yet."""
    charge(store)
    hold(store, person="U2")
    hold(store, person="U2", held=7)

    summary = summary_of(store)

    assert (CENT, 2, 5 * CENT + 7, 1) == (summary.total, summary.open_holds, summary.held, summary.calls)
    assert Spending("U2") == summary.person("U2")


def test_estimates_are_counted_apart(store: LedgerStore) -> None:
    """Estimated are those that nobody told or counted: estimated and lost."""
    for how in ("told", "priced", "priced", "estimated", "lost"):
        charge(store, how=how)

    summary = summary_of(store)

    assert {"told": 1, "priced": 2, "estimated": 1, "lost": 1, "refused": 0} == summary.sources
    assert Spending("U1", 5 * CENT, 5, 2) == summary.person("U1")
    assert 2 == summary.estimated


def test_a_refused_call_was_not_made(store: LedgerStore) -> None:
    """Who was only refused has not asked, and needs no seat."""
    charge(store, how="refused", spent=0)

    summary = summary_of(store)

    assert (0, 0, ()) == (summary.total, summary.calls, summary.people)
    assert 1 == summary.sources["refused"]


def test_a_free_call_was_made(store: LedgerStore) -> None:
    """A model on a machine of one's own costs nothing, but answers."""
    charge(store, spent=0)

    assert (Spending("U1", 0, 1),) == summary_of(store).people


def test_models_with_a_price_are_those_that_nobody_told_the_cost_of(store: LedgerStore) -> None:
    """An open hold was computed from a price, too."""
    for how, model in (("told", "a"), ("refused", "b"), ("priced", "c"), ("estimated", "d"), ("lost", "e")):
        charge(store, how=how, model=model)
    hold(store, model="f")

    assert set("cdef") == summary_of(store).priced_models


def test_other_months_do_not_count(store: LedgerStore) -> None:
    """The month is the charge's own, whatever its time says: the zone may have been another."""
    charge(store, month="2026-10")
    charge(store, at=NOON - 40 * DAY)

    assert (CENT, ["2026-10-06"]) == (summary_of(store).total, [day.name for day in summary_of(store).days])


def test_a_sum_that_no_integer_holds_is_an_error(path: str) -> None:
    """It is not rounded: nine thousand million dollars are a fault somewhere."""
    charge(path, spent=2**63 - 1)
    charge(path, spent=2**63 - 1)

    with pytest.raises(LedgerBroken, match="overflow"):
        summary_of(SqliteStore(path))


def test_a_forgotten_person_is_one_without_a_name(store: LedgerStore) -> None:
    """All who were forgotten are one."""
    charge(store, person="")
    charge(store, person="")

    assert (Spending("", 2 * CENT, 2),) == summary_of(store).people


def test_a_person_without_calls_has_cost_nothing(store: LedgerStore) -> None:
    """The summary says so without an error."""
    assert Spending("U9") == summary_of(store).person("U9")


def test_a_file_that_is_no_ledger_is_an_error(path: str) -> None:
    """The error names the file."""
    Path(path).write_bytes(b"this is no database" * 100)

    with pytest.raises(LedgerBroken, match=r"ledger_broken .*not a database"):
        summary_of(SqliteStore(path))


def test_a_ledger_of_a_newer_version_is_an_error(path: str) -> None:
    """What a newer CocoAI wrote is not guessed at."""
    charge(path)
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()

    with pytest.raises(LedgerBroken, match="version 99"):
        summary_of(SqliteStore(path))


def test_a_ledger_that_is_locked_for_too_long_is_an_error(path: str) -> None:
    """The reader's own patience counts."""
    charge(path)
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("BEGIN EXCLUSIVE")

    with pytest.raises(LedgerBroken, match="locked"):
        read_summary(SqliteStore(path), MONTH, day_of=read_calendar("UTC").day, patience=0.0)
    connection.close()


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (START, 30 * NANO),
        (START + 3600, 30 * NANO),
        (START + DAY, 30 * NANO),
        (START + 2 * DAY, 15 * NANO),
        (START + 15 * DAY, 2 * NANO),
        (END - 1, NANO + 385),
        (END, NANO),
        (END + 100 * DAY, NANO),
        (START - DAY, 30 * NANO),
    ],
)
def test_the_pace_goes_on_as_it_was(now: float, expected: int) -> None:
    """Before the first day is over, what was spent counts as that day's. A month that is over has no pace."""
    assert expected == pace(MonthSummary(MONTH, total=NANO), now, START, END)


def test_the_pace_is_never_below_what_was_spent() -> None:
    """And it never falls below it at any second of the month."""
    summary = MonthSummary(MONTH, total=123_456_789)

    assert all(pace(summary, START + second, START, END) >= summary.total for second in range(0, 31 * DAY, 1801))


def test_seats_are_compared_with_what_was_spent() -> None:
    """It is negative where seats would have been cheaper."""
    people = (Spending("U1", NANO, 1), Spending("U2", NANO, 1))

    assert 40 * NANO == seats_cost(2, 20 * NANO)
    assert 38 * NANO == saved(MonthSummary(MONTH, total=2 * NANO, people=people), 20 * NANO)
    assert -10 * NANO == saved(MonthSummary(MONTH, total=50 * NANO, people=people), 20 * NANO)


def test_what_is_heard_is_no_question_of_its_own(store: LedgerStore) -> None:
    """It adds to what the person, the channel and the day have cost; of its model it is a call."""
    charge(store, at=NOON)
    charge(store, key="C1-2.0-2.0", at=NOON, kind="speech", model="gpt-transcribe", prompt=None, spent=2 * CENT)
    summary = summary_of(store)

    assert (Spending("U1", 3 * CENT, 1),) == summary.people
    assert (1, 3 * CENT) == (summary.calls, summary.total)
    assert [("gpt-transcribe", 1), ("gpt-6-luna", 1)] == [(each.name, each.calls) for each in summary.models]
