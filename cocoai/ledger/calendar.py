"""ZoneCalendar: the months and days of one time zone, for those who read the ledger.

Python's time zones take 0.7 MiB of a process, so this is for short-lived ones; a pool's own has `months`.
"""

from __future__ import annotations

import calendar
import re
from datetime import UTC, datetime, tzinfo

from cocoai.errors import CocoAIError

_MONTH = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])")


class ZoneCalendar:
    """The calendar of `zone`; None is the machine's own zone. Times are in epoch seconds.

    A month is a text such as `2026-11`, and a day one such as `2026-11-29`.
    """

    def __init__(self, zone: tzinfo | None = None) -> None:
        self._zone = zone

    def month(self, at: float) -> str:
        """Return the month in which a time lies."""
        return self.day(at)[:7]

    def day(self, at: float) -> str:
        """Return the day in which a time lies."""
        return datetime.fromtimestamp(at, self._zone).date().isoformat()

    def time(self, at: float) -> str:
        """Return a time as ISO 8601 has it, with its distance from UTC: `2026-11-29T09:30:00+09:00`."""
        return datetime.fromtimestamp(at, self._zone).astimezone(self._zone).isoformat(timespec="seconds")

    def bounds(self, month: str) -> tuple[float, float]:
        """Return the month's first second, and that of the next month. Raise CocoAIError if `month` is none."""
        year, number = split_month(month)
        following = (year + number // 12, number % 12 + 1)
        return self._first_second(year, number), self._first_second(*following)

    def _first_second(self, year: int, month: int) -> float:
        # Where the first midnight does not exist, this is the first second that does.
        return datetime(year, month, 1, tzinfo=self._zone).timestamp()


def split_month(month: str) -> tuple[int, int]:
    """Return the year and the number of a month such as `2026-11`. Raise CocoAIError if `month` is none."""
    match = _MONTH.fullmatch(month)
    # The next month must have a year that Python knows.
    if match is None or not 1970 <= int(match[1]) < 9999:
        raise CocoAIError(f"{month!r} is no month: one is written as 2026-11")
    return int(match[1]), int(match[2])


def days_of(month: str) -> tuple[str, ...]:
    """Return the days of a month, from `2026-11-01` on. Raise CocoAIError if `month` is none."""
    number = calendar.monthrange(*split_month(month))[1]
    return tuple(f"{month}-{day:02}" for day in range(1, number + 1))


def read_calendar(zone: str) -> ZoneCalendar:
    """Return the calendar of a zone by its name, such as `Asia/Tokyo`; "" is the machine's own zone.

    Raise CocoAIError if this machine does not know the zone.
    """
    if not zone:
        return ZoneCalendar()
    if zone == "UTC":  # known without the zones' files
        return ZoneCalendar(UTC)
    from zoneinfo import ZoneInfo

    try:
        return ZoneCalendar(ZoneInfo(zone))
    except (ValueError, LookupError, OSError):
        raise CocoAIError(
            f"[budget] timezone = {zone}: this machine knows no such time zone. Zones have names such as Asia/Tokyo; "
            "their data are in the package tzdata: apt-get install tzdata, or dnf install tzdata"
        ) from None
