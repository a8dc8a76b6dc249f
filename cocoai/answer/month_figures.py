"""MonthFigures: a month's money as a chart of its weeks and a table of its models, in Slack's blocks."""

from __future__ import annotations

from dataclasses import dataclass

from cocoai.answer.money_text import short_money
from cocoai.ledger.calendar import days_of
from cocoai.ledger.money import NANO
from cocoai.ledger.summary import MonthSummary
from cocoai.slack.markdown.message_layout import Block
from cocoai.slack.model.chart_block import TableNumber, bar_chart, data_table
from cocoai.slack.model.plain_text import escaped, unescaped
from cocoai.texts import Texts

DAYS_IN_BAR = 7
"""Days that one bar shows: a month has more days than Slack allows bars, and each seven of them have one weekend."""

CENT = NANO // 100
"""Nano-dollars."""


@dataclass(frozen=True)
class MonthFigures:
    """The figures of a month in the language of `texts`; `yen_rate` is a dollar's price in 1/1000 yen, 0 for none."""

    summary: MonthSummary
    texts: Texts
    yen_rate: int

    def blocks(self) -> list[Block]:
        """Return the chart and the table."""
        return [self._chart(), self._table()]

    def _chart(self) -> Block:
        by_day = {day.name: day.spent for day in self.summary.days}
        days = days_of(self.summary.month)
        weeks = [days[start : start + DAYS_IN_BAR] for start in range(0, len(days), DAYS_IN_BAR)]
        spent = [sum(by_day.get(day, 0) for day in week) for week in weeks]
        unit, size = self._unit(max(spent))
        # As many digits as can be told apart in the chart.
        decimals = 1 if max(spent) / size < 100 else 0
        values = [round(each / size, decimals) for each in spent]
        name = self.texts.usage[unit]
        labels = [_span(week) for week in weeks]
        return bar_chart(
            self.texts.usage["weeks"], [(name, values)], labels, x_label=self.texts.usage["day"], y_label=name
        )

    def _unit(self, most: int) -> tuple[str, float]:
        """Return the unit in which the greatest amount is easy to read, and its nano-dollars."""
        if self.yen_rate:
            return "yen", 1000 * NANO / self.yen_rate
        return ("dollars", NANO) if most >= NANO else ("cents", CENT)

    def _table(self) -> Block:
        usage = self.texts.usage
        rows = [
            (
                escaped(each.name),
                TableNumber(each.calls, f"{each.calls:,}"),
                self._amount(each.spent),
                self._amount(each.spent // each.calls, is_fine=True),
            )
            for each in self.summary.models
        ]
        names = (usage["model"], usage["questions"], usage["cost_of_all"], usage["cost_of_one"])
        return data_table(usage["models"].rstrip(":："), names, rows)

    def _amount(self, nano: int, *, is_fine: bool = False) -> TableNumber:
        shown = short_money(nano, self.texts, self.yen_rate, is_fine=is_fine)
        return TableNumber(nano / NANO, unescaped(shown))


def _span(days: tuple[str, ...]) -> str:
    """Return the label of a bar, by the days in it: `1–7`, or `29` for one day."""
    first, last = int(days[0][-2:]), int(days[-1][-2:])
    return f"{first}–{last}" if first < last else str(first)
