"""Read how long a server asks to wait, from the headers of its response. Pure.

Source: RFC 9110, 10.2.3 (Retry-After); OpenAI's own client for `retry-after-ms`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from email.utils import parsedate_to_datetime


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds that the server asks to wait: `retry-after-ms`, else `retry-after`; None if neither is valid.

    `retry-after` is a number of seconds, or a date, which is taken relative to the response's own date.
    """
    milliseconds = _number(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return milliseconds / 1000
    value = headers.get("retry-after")
    seconds = _number(value)
    return _between(headers.get("date"), value) if seconds is None else seconds


def _number(value: str | None) -> float | None:
    """Return a header's value as a finite number, 0 or more; None if it is missing or anything else."""
    try:
        number = float(value or "")
    except ValueError:
        return None
    return number if math.isfinite(number) and number >= 0 else None


def _between(earlier: str | None, later: str | None) -> float | None:
    """Return the seconds from one HTTP date to the other, at least 0; None if one of them is missing or no date."""
    # Both are by the server's clock, since ours may be wrong.
    try:
        gap = parsedate_to_datetime(later or "") - parsedate_to_datetime(earlier or "")
    except (ValueError, TypeError):
        return None
    return max(0.0, gap.total_seconds())
