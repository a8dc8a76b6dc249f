"""UsageOptions: what the settings say of the money, as those who show it need it."""

from __future__ import annotations

from dataclasses import dataclass

from cocoai import config
from cocoai.ledger.cost import region_of
from cocoai.ledger.money import NANO
from cocoai.ledger.prices import PriceTable, read_prices


@dataclass(frozen=True)
class UsageOptions:
    """The month's `cap`, and the price of the `seat` to which a month is compared, both in nano-dollars.

    With a cap of 0 nothing may be spent; with a seat of 0 nothing is compared. `yen_rate` is a dollar's price in 1/1000
    yen, 0 to show dollars alone. `zone` is the name of the time zone, "" for the machine's own.
    """

    cap: int = 10 * NANO
    seat: int = 20 * NANO
    yen_rate: int = 0
    zone: str = ""


def usage_options(settings: config.Settings) -> UsageOptions:
    """Return what the settings say of the money."""
    budget = settings.budget
    return UsageOptions(budget.monthly_usd, budget.seat_usd, budget.yen_per_usd or 0, budget.timezone)


def price_table(settings: config.Settings) -> PriceTable:
    """Return the price table with the operator's own prices."""
    return read_prices(settings.prices)


def region(settings: config.Settings) -> int:
    """Return the factor of the model's address in thousandths, by which a regional price is multiplied."""
    return region_of(settings.openai.base_url)
