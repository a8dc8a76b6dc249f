"""The price table as it is in the package, and the instants on which the tests look at it."""

from __future__ import annotations

import json
from calendar import timegm
from importlib import resources
from time import strptime
from typing import Any

from cocoai.ledger.prices import read_prices

DATA: dict[str, Any] = json.loads(resources.files("cocoai.ledger").joinpath("prices.json").read_text("utf-8"))
TABLE = read_prices()


def noon(day: str) -> int:
    """Return the epoch seconds of noon, UTC, on that day."""
    return timegm(strptime(f"{day} 12:00", "%Y-%m-%d %H:%M"))


TODAY = noon("2026-12-01")
