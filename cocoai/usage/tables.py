"""Show a month's money as text: the fields that the status has, then tables by person, channel, model and day."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence

from cocoai.drawing.day_chart import amount
from cocoai.errors import Temporary
from cocoai.ledger.money import NANO, usd, usd_fine
from cocoai.ledger.reprice import Repricing
from cocoai.ledger.summary import MonthSummary
from cocoai.slack.thread.user_names import UserNames
from cocoai.status.money import money_fields
from cocoai.status.report_parts import Column, ReportTable, Section
from cocoai.status.text import render_sections
from cocoai.status.units import number, plain
from cocoai.usage import GROUPS
from cocoai.usage.month_money import MonthMoney, spendings

NOBODY = "(forgotten)"
"""What stands for the name of people who were taken out of the ledger, and of their direct messages."""


def known_names(var: str) -> Callable[[str], str]:
    """Return a function that returns a person's name as the pool has kept it below `var`, "" if it has not."""
    return UserNames(os.path.join(var, "people"), _ask_nobody).name


def _ask_nobody(_user: str) -> str:
    """Raise Temporary: the kept names are then used for as long as they are kept."""
    raise Temporary("not_asked")


def render(money: MonthMoney, by: str, name_of: Callable[[str], str]) -> Iterator[str]:
    """Yield the lines of a month, with the tables of all GROUPS, or of the one that `by` names; "" is all of them."""
    summary = money.summary
    yield f"CocoAI: {summary.month}"
    if not (summary.calls or summary.open_holds or summary.sources["refused"]):
        yield f"There are no calls in {summary.month}."
        return
    yield from list(render_sections([Section("Money", tuple(money_fields(money)))]))
    for group in [by] if by else GROUPS:
        yield from render_sections([_section(summary, group, name_of)])


def _section(summary: MonthSummary, group: str, name_of: Callable[[str], str]) -> Section:
    """Return the table of a group; people have their names in its last column, where any width is right."""
    is_person = group == "person"
    numbers = tuple(Column(title, is_number=True) for title in ("Spent", "Calls", "Estimated"))
    columns = (Column(group.capitalize()), *numbers, *((Column("Name"),) if is_person else ()))
    group_rows = spendings(summary, group)
    # All amounts of a column have as many decimals: one reads down it.
    shown = usd if max((each.spent for each in group_rows), default=0) >= NANO else usd_fine
    rows = tuple(
        (
            plain(each.name) or NOBODY,
            shown(each.spent),
            number(each.calls),
            number(each.estimated) if each.estimated else "",
            *((plain(name_of(each.name)),) if is_person else ()),
        )
        for each in group_rows
    )
    return Section(f"By {group}", table=ReportTable(columns, rows, empty="none"))


def render_repricing(month: str, found: Sequence[Repricing], *, is_written: bool) -> Iterator[str]:
    """Yield the lines that show what repricing a month changes, or has changed if it `is_written`."""
    yield f"CocoAI: {month}, by the prices that are known now"
    columns = (Column("Model"), *(Column(title, is_number=True) for title in ("Calls", "Changed", "Was", "Is")))
    rows = tuple(
        (plain(each.model), number(each.calls), number(each.changed), amount(each.old), amount(each.new))
        for each in found
    )
    title = "Calls whose cost was computed from a price"
    yield from render_sections([Section(title, table=ReportTable(columns, rows, empty="none"))])
    yield ""
    changed = sum(each.changed for each in found)
    if is_written or not changed:
        yield f"{number(changed)} calls were changed." if is_written else "There is nothing to change."
    else:
        yield f"Nothing is written: --reprice --yes changes {number(changed)} calls."
