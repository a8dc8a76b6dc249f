"""The months and days of a time zone."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest

from cocoai.errors import CocoAIError
from cocoai.ledger.calendar import days_of, read_calendar, split_month

pytestmark = pytest.mark.pure

HOUR = 3600


def at(text: str) -> float:
    """Return the epoch seconds of a UTC time."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def test_a_month_begins_where_the_zone_has_it() -> None:
    """In Tokyo November has begun when it is still October in UTC."""
    tokyo = read_calendar("Asia/Tokyo")

    assert (at("2026-10-31T15:00"), at("2026-11-30T15:00")) == tokyo.bounds("2026-11")
    assert ("2026-11", "2026-11-01") == (tokyo.month(at("2026-10-31T15:00")), tokyo.day(at("2026-10-31T15:00")))
    assert "2026-10" == tokyo.month(at("2026-10-31T14:59:59"))
    assert "2026-11-01T00:00:00+09:00" == tokyo.time(at("2026-10-31T15:00"))


def test_a_month_is_no_number_of_days() -> None:
    """New York's November has an hour more than 30 days, since its clocks are set back."""
    first, following = read_calendar("America/New_York").bounds("2026-11")

    assert 30 * 24 * HOUR + HOUR == following - first


def test_a_first_midnight_that_does_not_exist_is_the_next_second_that_does() -> None:
    """Asunción's October 2017 began at one o'clock."""
    calendar = read_calendar("America/Asuncion")
    first, _ = calendar.bounds("2017-10")

    assert ("2017-10", "2017-09") == (calendar.month(first), calendar.month(first - 1))


def test_december_is_followed_by_january() -> None:
    """The month after December is in the next year."""
    assert (at("2026-12-01"), at("2027-01-01")) == read_calendar("UTC").bounds("2026-12")


def test_without_a_zone_the_machine_s_own_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    """The C library's zone is used."""
    monkeypatch.setenv("TZ", "JST-9")
    time.tzset()
    try:
        calendar = read_calendar("")

        assert (at("2026-10-31T15:00"), at("2026-11-30T15:00")) == calendar.bounds("2026-11")
        assert "2026-11-01T00:00:00+09:00" == calendar.time(at("2026-10-31T15:00"))
    finally:
        monkeypatch.delenv("TZ")
        time.tzset()


@pytest.mark.parametrize("zone", ["Asia/Nowhere", "asia tokyo", "../x", "/etc/passwd", ".", "日本"])
def test_a_zone_that_is_unknown_is_refused(zone: str) -> None:
    """The error names the zone."""
    with pytest.raises(CocoAIError, match="knows no such time zone") as raised:
        read_calendar(zone)

    assert zone in str(raised.value)


@pytest.mark.parametrize(
    "month", ["", "2026", "2026-0", "2026-00", "2026-13", "2026-1", "26-11", "2026-11-01", " 2026-11", "2026-11\n"]
)
def test_what_is_no_month_is_refused(month: str) -> None:
    """The error shows how a month is written."""
    with pytest.raises(CocoAIError, match="is no month: one is written as 2026-11"):
        split_month(month)


@pytest.mark.parametrize("month", ["0000-01", "1969-12", "9999-12", "２０２６-11"])
def test_a_month_that_no_calendar_has_is_refused(month: str) -> None:
    """Years that Python does not know, and digits of other scripts."""
    with pytest.raises(CocoAIError):
        read_calendar("UTC").bounds(month)


@pytest.mark.parametrize(("month", "number"), [("2026-11", 30), ("2026-12", 31), ("2028-02", 29), ("2026-02", 28)])
def test_the_days_of_a_month_are_known(month: str, number: int) -> None:
    """A leap year has one day more."""
    days = days_of(month)

    assert (number, f"{month}-01", f"{month}-{number}") == (len(days), days[0], days[-1])
