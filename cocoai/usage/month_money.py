"""MonthMoney: all that is known of a month's money, for `cocoai usage` and for the status."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from cocoai import config
from cocoai.ledger.calendar import ZoneCalendar, read_calendar, split_month
from cocoai.ledger.prices import PriceTable
from cocoai.ledger.store import PATIENCE, LedgerStore
from cocoai.ledger.summary import MonthSummary, Spending, pace, read_summary, saved, seats_cost
from cocoai.stores import ledger_store
from cocoai.usage import GROUPS
from cocoai.usage.options import UsageOptions, price_table, usage_options

ALARM_SHARE = 80
"""Percent of the cap from which on the operator should look."""

STALE = 45
"""Days after which the price table should have been compared with its sources again: prices change about monthly."""


@dataclass(frozen=True)
class MonthMoney:
    """What a month has cost and how that compares with its cap. Money is in nano-dollars.

    `pace` is what it will have cost at its end, if it goes on so. `checked` is the day on which the price table was
    last compared with its sources, `checked_days` ago. The `unknown_models` are not in it, and were priced as the
    dearest one. A month that `has_ended` costs nothing more, save what its open holds may become.
    """

    summary: MonthSummary
    options: UsageOptions
    pace: int
    checked: str
    checked_days: int
    unknown_models: tuple[str, ...] = ()
    has_ended: bool = False

    @property
    def share(self) -> int | None:
        """Return how many percent of the cap are spent, rounded down; None if there is no cap to compare with."""
        return self.summary.total * 100 // self.options.cap if self.options.cap else None

    @property
    def is_nearly_spent(self) -> bool:
        """Return True if the operator should look at what is left."""
        return (self.share or 0) >= ALARM_SHARE

    @property
    def is_table_stale(self) -> bool:
        """Return True if the price table was checked too long ago."""
        return self.checked_days > STALE

    @property
    def seats(self) -> int:
        """Return what a seat for each person who asked would have cost."""
        return seats_cost(len(self.summary.people), self.options.seat)

    @property
    def saved(self) -> int:
        """Return by how much the month was cheaper than those seats; negative if it was dearer."""
        return saved(self.summary, self.options.seat)


def read_month_money(
    settings: config.Settings,
    now: float,
    month: str = "",
    *,
    patience: float = PATIENCE,
    store: LedgerStore | None = None,
) -> MonthMoney:
    """Return the money of a month, of the current one for "". `now` is in epoch seconds; `store` has the ledger.

    Raise CocoAIError if `month` is no month, the zone is unknown, or the ledger cannot be read within `patience`
    seconds.
    """
    calendar, month = find_month(settings, now, month)
    summary = read_summary(store or ledger_store(settings), month, day_of=calendar.day, patience=patience)
    bounds = calendar.bounds(month)
    return money_of(summary, usage_options(settings), price_table(settings), now=now, bounds=bounds)


def find_month(settings: config.Settings, now: float, month: str = "") -> tuple[ZoneCalendar, str]:
    """Return the calendar of the configured zone, and `month`, or for "" the current one. `now` is in epoch seconds.

    Raise CocoAIError if `month` is no month, or the zone is unknown.
    """
    calendar = read_calendar(usage_options(settings).zone)
    month = month or calendar.month(now)
    split_month(month)
    return calendar, month


def money_of(
    summary: MonthSummary, options: UsageOptions, prices: PriceTable, *, now: float, bounds: tuple[float, float]
) -> MonthMoney:
    """Return the money of a summarized month, whose first second and that of the next month are `bounds`."""
    checked_days = (date.fromisoformat(ZoneCalendar().day(now)) - date.fromisoformat(prices.checked)).days
    unknown = sorted(model for model in summary.priced_models if not prices.knows_any(model))
    expected, has_ended = pace(summary, now, *bounds), now >= bounds[1]
    return MonthMoney(summary, options, expected, prices.checked, checked_days, tuple(unknown), has_ended)


def as_json(money: MonthMoney) -> dict[str, Any]:
    """Return the month as a dict for JSON, without its groups.

    Money is in whole nano-dollars, under keys that end in `_nano`. `share_percent` is None if the cap is 0.
    """
    summary = money.summary
    return {
        "month": summary.month,
        "spent_nano": summary.total,
        "cap_nano": money.options.cap,
        "share_percent": money.share,
        "pace_nano": money.pace,
        "calls": summary.calls,
        "estimated_calls": summary.estimated,
        "sources": dict(summary.sources),
        "open_holds": summary.open_holds,
        "held_nano": summary.held,
        "people_count": len(summary.people),
        "seats_nano": money.seats,
        "saved_nano": money.saved,
        "prices_checked": money.checked,
        "unknown_models": list(money.unknown_models),
    }


def groups_as_json(summary: MonthSummary, by: str = "") -> dict[str, Any]:
    """Return a list for each of GROUPS, or for the one that `by` names, as a dict for JSON.

    Days come in their order, all else dearest first. A person's or a channel's name is the id; that of forgotten people
    is empty.
    """
    return {f"by_{group}": _group_as_json(spendings(summary, group)) for group in ([by] if by else GROUPS)}


def spendings(summary: MonthSummary, group: str) -> tuple[Spending, ...]:
    """Return what each of a group has cost. Raise KeyError if `group` is none of GROUPS."""
    return {"person": summary.people, "channel": summary.channels, "model": summary.models, "day": summary.days}[group]


def _group_as_json(group: Iterable[Spending]) -> list[dict[str, Any]]:
    return [
        {"name": each.name, "spent_nano": each.spent, "calls": each.calls, "estimated_calls": each.estimated}
        for each in group
    ]
