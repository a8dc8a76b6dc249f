"""The money part of the status: this month's spending, what may be wrong with it, and its chart."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cocoai import config
from cocoai.drawing.day_chart import amount, day_chart
from cocoai.errors import CocoAIError
from cocoai.ledger.money import usd, yen
from cocoai.status.report_parts import Field, Section
from cocoai.status.units import number, plain
from cocoai.stores import ledger_store
from cocoai.usage.month_money import MonthMoney, as_json, groups_as_json, read_month_money

if TYPE_CHECKING:
    from cocoai.engine.mariadb.mariadb import MariaDB

PATIENCE = 1.0
"""Seconds for which another process's commit is waited for: a page has 5 s in all."""

TITLE = "Money this month"


@dataclass(frozen=True)
class MoneyState:
    """This month's money; None if it cannot be known, for the reason in `trouble`, which is else empty."""

    month: MonthMoney | None
    trouble: str = ""


def read_money(settings: config.Settings, now: float, database: MariaDB | None = None) -> MoneyState:
    """Return this month's money, or why it cannot be known; never raise. `now` is in epoch seconds.

    `database` is what database_of() has returned, if that was called before.
    """
    try:
        store = ledger_store(settings, database)
        return MoneyState(read_month_money(settings, now, patience=PATIENCE, store=store))
    except (CocoAIError, OSError, ValueError) as error:  # the rest of the status is to be seen all the same
        return MoneyState(None, str(error))


def money_section(money: MoneyState) -> Section:
    """Return the section on this month's money, or one that says why it cannot be known."""
    month = money.month
    if month is None:
        return Section(TITLE, (Field("Ledger", "cannot be read", plain(money.trouble), is_alarm=True),))
    return Section(TITLE, tuple(money_fields(month)), chart=day_chart(month.summary, month.options.cap))


def money_fields(money: MonthMoney) -> Iterator[Field]:
    """Yield the fields on a month: spent, pace, people, open holds, estimates, and the prices."""
    summary, options = money.summary, money.options
    yield Field("Spent", _amount(money, summary.total), _of_cap(money), money.is_nearly_spent)
    if not money.has_ended:
        over = "over the cap" if money.pace > options.cap else "at the month's end"
        yield Field("Pace", _amount(money, money.pace), f"{over}, if it goes on so")
    yield Field("People who asked", number(len(summary.people)))
    if money.seats:
        compared = f"{usd(money.saved)} saved" if money.saved >= 0 else f"{usd(-money.saved)} less than was spent"
        yield Field(f"At {usd(options.seat)} a head", usd(money.seats), compared)
    held = f"{amount(summary.held)} held for calls under way" if summary.open_holds else ""
    yield Field("Open holds", number(summary.open_holds), held)
    yield Field("Estimated calls", number(summary.estimated), _estimated(money))
    stale = f"{money.checked_days} days ago: prices may have changed" if money.is_table_stale else ""
    yield Field("Prices checked", money.checked, stale, money.is_table_stale)
    for model in money.unknown_models:
        yield Field("Price unknown", plain(model), "counted at the dearest model's", is_alarm=True)


def _of_cap(money: MonthMoney) -> str:
    """Return how the spending compares with the cap."""
    if money.share is None:
        return "the cap is $0: nothing may be spent"
    return f"of {usd(money.options.cap)}, {money.share} %"


def _amount(money: MonthMoney, nano: int) -> str:
    """Return an amount in dollars, and in yen too if there is a rate."""
    rate = money.options.yen_rate
    return f"{amount(nano)} ({yen(nano, rate)})" if rate else amount(nano)


def _estimated(money: MonthMoney) -> str:
    """Return of how many calls the estimated ones are, and how many of them were lost."""
    lost = money.summary.sources["lost"]
    return f"of {number(money.summary.calls)}" + (f", {number(lost)} at their whole hold" if lost else "")


def money_as_json(money: MoneyState) -> dict[str, Any]:
    """Return the money as a dict for JSON: `trouble`, and if it is empty, the keys of the month and of its days."""
    month = money.month
    return {"trouble": money.trouble} | (as_json(month) | groups_as_json(month.summary, "day") if month else {})
