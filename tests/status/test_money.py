"""The money part of the status: what is shown, what is marked, and that trouble with the ledger stays its own."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cocoai import config
from cocoai.ledger import database
from cocoai.ledger.calendar import ZoneCalendar
from cocoai.ledger.money import NANO
from cocoai.ledger.prices import PriceTable
from cocoai.ledger.summary import SOURCES, MonthSummary, Spending
from cocoai.status import page, text
from cocoai.status.money import MoneyState, money_section, read_money
from cocoai.status.report import report
from cocoai.status.report_parts import Field
from cocoai.status.status import as_json, collect
from cocoai.usage.month_money import ALARM_SHARE, STALE, MonthMoney, money_of
from cocoai.usage.options import UsageOptions
from tests.ledger.charges import CENT, DAY, NOON, charge
from tests.status.samples import HOSTILE
from tests.status.samples import status as sample

BOUNDS = (NOON - 14.5 * DAY, NOON + 15.5 * DAY)
PEOPLE = (Spending("U1", 3 * NANO, 8, 2), Spending("U2", 1 * NANO, 2))
SUMMARY = MonthSummary(
    "2026-11",
    total=4 * NANO,
    people=PEOPLE,
    days=(Spending("2026-11-15", 4 * NANO, 10, 2),),
    sources=dict.fromkeys(SOURCES, 0) | {"priced": 8, "estimated": 1, "lost": 1},
    priced_models=frozenset({"m"}),
)


def table(checked: str = "2026-11-15", *known: str) -> PriceTable:
    """Return a price table that was checked on that day, and knows these models."""
    entry = {"in": "1.00", "out": "1.00", "from": "2026-01-01"}
    return PriceTable({"checked": checked, "models": {name: [entry] for name in ("m", *known)}, "units": {}})


def money(**changes: Any) -> MonthMoney:
    """Return the money of November in its middle, with these changes of its summary."""
    return money_of(replace(SUMMARY, **changes), UsageOptions(), table(), now=NOON, bounds=BOUNDS)


def fields(of: MonthMoney) -> dict[str, Field]:
    """Return the section's fields by their labels."""
    return {field.label: field for field in money_section(MoneyState(of)).fields}


def alarms(of: MonthMoney) -> list[str]:
    """Return the labels of the fields that are marked."""
    return [label for label, field in fields(of).items() if field.is_alarm]


@pytest.mark.pure
def test_an_ordinary_month_has_no_mark() -> None:
    """Each figure has its note."""
    shown = fields(money(open_holds=2, held=3 * CENT))

    assert {
        "Spent": ("$4.00", "of $10.00, 40 %"),
        "Pace": ("$8.28", "at the month's end, if it goes on so"),
        "People who asked": ("2", ""),
        "At $20.00 a head": ("$40.00", "$36.00 saved"),
        "Open holds": ("2", "$0.03 held for calls under way"),
        "Estimated calls": ("2", "of 10, 1 at their whole hold"),
        "Prices checked": ("2026-11-15", ""),
    } == {label: (field.value, field.note) for label, field in shown.items()}
    assert [] == alarms(money())


@pytest.mark.pure
@pytest.mark.parametrize(("percent", "is_alarm"), [(ALARM_SHARE - 1, False), (ALARM_SHARE, True), (250, True)])
def test_a_cap_that_is_nearly_spent_is_marked(percent: int, *, is_alarm: bool) -> None:
    """From 80 percent on."""
    made = money(total=NANO // 10 * percent)

    assert is_alarm == fields(made)["Spent"].is_alarm
    assert f"of $10.00, {percent} %" == fields(made)["Spent"].note
    assert not money(total=NANO // 10 * ALARM_SHARE - 1).is_nearly_spent


@pytest.mark.pure
def test_a_pace_over_the_cap_is_told() -> None:
    """It is no alarm: it may not go on so."""
    made = money(total=5 * NANO)

    assert ("$10.34", "over the cap, if it goes on so") == (fields(made)["Pace"].value, fields(made)["Pace"].note)
    assert [] == alarms(made)


@pytest.mark.pure
def test_a_month_that_is_over_has_no_pace() -> None:
    """It has cost what it has."""
    assert "Pace" not in fields(replace(money(), has_ended=True))
    assert money_of(SUMMARY, UsageOptions(), table(), now=BOUNDS[1], bounds=BOUNDS).has_ended
    assert not money_of(SUMMARY, UsageOptions(), table(), now=BOUNDS[1] - 1, bounds=BOUNDS).has_ended


@pytest.mark.pure
def test_a_month_that_cost_more_than_seats_says_so() -> None:
    """Nothing is hidden."""
    assert "$5.00 less than was spent" == fields(money(total=45 * NANO))["At $20.00 a head"].note


@pytest.mark.pure
@pytest.mark.parametrize(("days", "is_alarm"), [(STALE, False), (STALE + 1, True)])
def test_prices_that_nobody_has_checked_for_long_are_marked(days: int, *, is_alarm: bool) -> None:
    """Prices change about monthly."""
    checked = ZoneCalendar().day(NOON - days * DAY)
    made = money_of(SUMMARY, UsageOptions(), table(checked), now=NOON, bounds=BOUNDS)

    assert is_alarm == fields(made)["Prices checked"].is_alarm
    assert (f"{days} days ago: prices may have changed" if is_alarm else "") == fields(made)["Prices checked"].note


@pytest.mark.pure
def test_models_without_a_price_are_named() -> None:
    """Each is marked, and what is in its name cannot do harm."""
    made = money(priced_models=frozenset({"m", "mystery\x1b[2J"}))

    assert ["Price unknown"] == alarms(made)
    assert "mystery\N{REPLACEMENT CHARACTER}[2J" == fields(made)["Price unknown"].value


@pytest.mark.pure
def test_a_cap_of_nothing_and_no_seat_are_no_error() -> None:
    """There is no share, no comparison and no line in the chart."""
    made = replace(money(), options=UsageOptions(cap=0, seat=0))
    section = money_section(MoneyState(made))

    assert "the cap is $0: nothing may be spent" == fields(made)["Spent"].note
    assert "At $0.00 a head" not in fields(made)
    assert section.chart is not None
    assert not section.chart.has_line


@pytest.mark.pure
def test_yen_stand_beside_dollars() -> None:
    """With the rate of the settings."""
    made = replace(money(), options=UsageOptions(yen_rate=150_000))

    assert ("$4.00 (約600円)", "$8.28 (約1,241円)") == (fields(made)["Spent"].value, fields(made)["Pace"].value)


@pytest.mark.pure
def test_the_page_has_the_chart_and_the_text_has_not() -> None:
    """The style within the page is still the one that the policy allows."""
    shown = report(sample(money=MoneyState(money())))
    html, policy = page.render(shown, every=0)

    assert 1 == html.count('<svg class="chart"')
    assert "style=" not in html
    assert "style-src 'sha256-" in policy
    assert "svg" not in "\n".join(text.render(shown))
    assert "  Spent             $4.00       of $10.00, 40 %" in text.render(shown)


@pytest.mark.pure
def test_nobody_is_named_in_the_status() -> None:
    """Everybody who reaches the page can read it."""
    shown = sample(money=MoneyState(money()))

    assert "U1" not in json.dumps(as_json(shown)["money"]) + page.render(report(shown), every=0)[0]


@pytest.mark.pure
def test_json_is_in_whole_nano_dollars() -> None:
    """Each amount is an integer, and its key says so."""
    data = json.loads(json.dumps(as_json(sample(money=MoneyState(money())))))["money"]

    assert {name: data[name] for name in ("trouble", "month", "share_percent", "calls", "people_count")} == {
        "trouble": "",
        "month": "2026-11",
        "share_percent": 40,
        "calls": 10,
        "people_count": 2,
    }
    assert (4 * NANO, 10 * NANO) == (data["spent_nano"], data["cap_nano"])
    assert all(isinstance(value, int) for name, value in data.items() if name.endswith("_nano"))
    assert [{"name": "2026-11-15", "spent_nano": 4 * NANO, "calls": 10, "estimated_calls": 2}] == data["by_day"]
    assert None is as_json(sample())["money"]


def test_a_missing_ledger_shows_zeros(settings: config.Settings) -> None:
    """Nothing is made by looking."""
    state = collect(settings).money

    assert state is not None
    assert state.month is not None
    assert ("", 0, 0) == (state.trouble, state.month.summary.total, state.month.summary.open_holds)
    assert not Path(settings.paths.var, database.FILE).exists()


def test_this_month_s_charges_are_shown(settings: config.Settings) -> None:
    """They are those of the month in this machine's zone."""
    now = time.time()
    charge(str(Path(settings.paths.var, database.FILE)), at=int(now), month=ZoneCalendar().month(now))

    state = collect(settings).money

    assert state is not None
    assert state.month is not None
    assert CENT == state.month.summary.total


def test_looking_changes_no_file_and_waits_for_no_writer(settings: config.Settings) -> None:
    """A process that is about to write keeps nobody from reading, save while it commits."""
    var = Path(settings.paths.var)
    ledger = str(var / database.FILE)
    charge(ledger, at=int(time.time()), month=ZoneCalendar().month(time.time()))

    def traces() -> dict[Path, tuple[int, int]]:
        return {path: (path.stat().st_mtime_ns, path.stat().st_size) for path in var.rglob("*")}

    with database.transaction(ledger) as connection:
        connection.execute("UPDATE charge SET spent = 7")
        before = traces()
        state = read_money(settings, time.time())
        after = traces()

    assert state.month is not None
    assert CENT == state.month.summary.total
    assert before == after


def no_database(path: Path) -> None:
    path.write_bytes(b"no database at all " * 100)


def newer(path: Path) -> None:
    charge(str(path))
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()


def cut_off(path: Path) -> None:
    charge(str(path))
    path.write_bytes(path.read_bytes()[:5000])


def folder(path: Path) -> None:
    path.mkdir()


@pytest.mark.parametrize("harm", [no_database, newer, cut_off, folder])
def test_a_broken_ledger_is_an_alarm(settings: config.Settings, harm: Callable[[Path], None]) -> None:
    """The page, the text and the JSON have all else, and say what the trouble is."""
    harm(Path(settings.paths.var, database.FILE))

    status = collect(settings)
    shown = report(status)

    assert status.money is not None
    assert None is status.money.month
    assert status.money.trouble == as_json(status)["money"]["trouble"] != ""
    [section] = [section for section in shown.sections if section.title == "Money this month"]
    assert ["cannot be read"] == [field.value for field in section.fields if field.is_alarm]
    assert "<h2>Spool</h2>" in page.render(shown, every=0)[0]
    assert any(line.startswith("! Ledger") for line in text.render(shown))


def test_the_trouble_is_safe_to_show() -> None:
    """Whatever the error says, it is one harmless line."""
    section = money_section(MoneyState(None, HOSTILE))

    assert "\x1b" not in section.fields[0].note
    assert "<script>" not in page.render(report(sample(money=MoneyState(None, HOSTILE))), every=0)[0]


def test_a_zone_that_is_unknown_is_a_trouble_too(settings: config.Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rest of the status is shown."""
    monkeypatch.setattr("cocoai.usage.month_money.usage_options", lambda _: UsageOptions(zone="Asia/Nowhere"))

    assert "timezone = Asia/Nowhere: this machine knows no such time zone" in read_money(settings, time.time()).trouble
