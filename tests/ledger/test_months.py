"""When each month begins in a zone, whatever its calendar does; and where a zone is not known."""

from __future__ import annotations

import os
import time
import zoneinfo
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from cocoai.errors import CocoAIError
from cocoai.ledger.months import YEARS, Months, read_months

HOUR = 3600.0
ZONES = ("UTC", "Asia/Tokyo", "America/New_York", "Europe/London", "Asia/Kathmandu", "America/Asuncion", "Pacific/Apia")


def clock_at(*date: int) -> Callable[[], float]:
    """Return a clock that stands at this time of UTC."""
    at = datetime(*date, tzinfo=ZoneInfo("UTC")).timestamp()  # type: ignore[arg-type, misc]
    return lambda: at


NOW = clock_at(2026, 11, 29)


def at(zone: str, *date: int) -> float:
    """Return the epoch seconds of a local time."""
    return datetime(*date, tzinfo=ZoneInfo(zone)).timestamp()  # type: ignore[arg-type, misc]


@pytest.mark.parametrize("zone", ZONES)
def test_a_month_begins_with_its_first_local_second(zone: str) -> None:
    """The second before belongs to the month before, in every month that is known."""
    months = read_months(zone, NOW)
    edges = [(year, month) for year in range(2024, 2026 + YEARS) for month in range(1, 13)][1:]

    for year, month in edges:
        first = months.start(f"{year}-{month:02}")
        assert f"{year}-{month:02}" == months.of(first) == f"{datetime.fromtimestamp(first, ZoneInfo(zone)):%Y-%m}"
        before = datetime.fromtimestamp(first - 1, ZoneInfo(zone))
        assert f"{before:%Y-%m}" == months.of(first - 1) != months.of(first)


def test_a_zone_moves_the_edge() -> None:
    """In Tokyo the month begins nine hours before London's."""
    tokyo, london = read_months("Asia/Tokyo", NOW), read_months("Europe/London", NOW)

    assert 9 * HOUR == london.start("2026-12") - tokyo.start("2026-12")
    assert ("2026-12", "2026-11") == (tokyo.of(at("UTC", 2026, 11, 30, 15)), london.of(at("UTC", 2026, 11, 30, 15)))


def test_a_month_is_no_number_of_days() -> None:
    """New York's November of 2026 has 721 hours, its March 743, and February of a leap year 29 days."""
    months = read_months("America/New_York", NOW)

    hours = [
        (months.start(end) - months.start(start)) / HOUR
        for start, end in (("2026-11", "2026-12"), ("2026-03", "2026-04"), ("2028-02", "2028-03"))
    ]

    assert [721, 743, 29 * 24] == hours


def test_a_first_midnight_that_does_not_exist() -> None:
    """In Asunción the clocks went forward at midnight of the first of October 2017: the month began at 1."""
    months = read_months("America/Asuncion", clock_at(2017, 6, 1))
    first = datetime.fromtimestamp(months.start("2017-10"), ZoneInfo("America/Asuncion"))

    assert (1, 1) == (first.day, first.hour)
    assert ("2017-09", "2017-10") == (
        months.of(at("America/Asuncion", 2017, 9, 30, 23, 59)),
        months.of(months.start("2017-10")),
    )


def test_a_wrong_clock_at_the_start() -> None:
    """Times before the first and behind the last known month count to these."""
    months = read_months("UTC", NOW)

    assert ("2024-01", "2035-12") == (months.of(0), months.of(2**40))
    assert ("2024-01", "2035-12") == (months.before(0), months.after(2**40))


def test_the_months_before_and_after() -> None:
    """They go over the year's edge."""
    months = read_months("UTC", NOW)

    assert ("2026-12", "2027-01") == (months.before(at("UTC", 2027, 1, 1)), months.after(at("UTC", 2026, 12, 31)))
    with pytest.raises(ValueError, match="2050-01"):
        months.start("2050-01")


@pytest.mark.parametrize("zone", ["JST", "asia/tokio", "../etc/passwd", "/etc/localtime", "Asia", "x\0y"])
def test_an_unknown_zone_is_named(zone: str) -> None:
    """With the package that has the zones' data."""
    with pytest.raises(CocoAIError, match="tzdata") as error:
        read_months(zone, NOW)

    assert zone in str(error.value)


def test_utc_needs_no_zone_data(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without tzdata has UTC all the same, and says what is missing for another zone."""
    monkeypatch.setattr("importlib.resources.open_binary", _missing, raising=False)
    monkeypatch.setattr("importlib.resources.files", _missing)
    zoneinfo.reset_tzpath(())
    ZoneInfo.clear_cache()
    try:
        with pytest.raises(CocoAIError, match="apt-get install tzdata"):
            read_months("Asia/Tokyo", NOW)
        start = read_months("UTC", NOW).start("2026-12")
    finally:
        zoneinfo.reset_tzpath()

    assert 1_796_083_200.0 == start


def _missing(*_: object) -> None:
    raise ModuleNotFoundError("tzdata")


def test_the_machine_s_own_zone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a name the C library tells the months."""
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        own = read_months("", NOW)
    finally:
        monkeypatch.undo()
        time.tzset()

    assert read_months("Asia/Tokyo", NOW).start("2026-12") == own.start("2026-12")


def children() -> set[str]:
    """Return the pids of this process's children: other tests may have left some that live on."""
    return {pid for task in Path("/proc/self/task").iterdir() for pid in (task / "children").read_text().split()}


def test_the_zones_are_read_in_a_child() -> None:
    """No descriptor and no process of it is left."""
    before = (set(os.listdir("/proc/self/fd")), children())
    read_months("Asia/Tokyo", NOW)

    assert before == (set(os.listdir("/proc/self/fd")), children())


def test_months_of_given_edges() -> None:
    """They are plain numbers."""
    months = Months({"2026-11": 100.0, "2026-12": 200.0})

    assert ["2026-11", "2026-11", "2026-11", "2026-12", "2026-12"] == [months.of(at) for at in (0, 100, 199, 200, 999)]
