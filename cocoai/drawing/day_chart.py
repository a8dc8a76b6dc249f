"""DayChart: a bar for each day of a month, the line of an even pace, and the scale that both fit. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from cocoai.ledger.calendar import days_of
from cocoai.ledger.money import NANO, exact_usd, usd, usd_fine
from cocoai.ledger.summary import MonthSummary

FINEST_STEP = NANO // 10_000
"""Nano-dollars of the smallest distance between two lines of the scale."""

MOST_LINES = 4
"""The most lines of the scale above its zero."""

FAR = 4
"""A pace line that is more times as high as the highest bar is not drawn: the bars would hardly be seen."""


@dataclass(frozen=True)
class DayChart:
    """The bars of a month: nano-dollars of each of its days, in their order. Days to come have 0.

    `total` and `cap` are the month's; the cap is 0 where nothing may be spent.
    """

    month: str
    bars: tuple[int, ...]
    total: int
    cap: int

    @property
    def even_pace(self) -> int:
        """Return the nano-dollars a day that spend the whole cap in a month; 0 without a cap."""
        return self.cap // len(self.bars)

    @property
    def has_line(self) -> bool:
        """Return True if the pace line is on the scale: there is a cap, and bars that do not vanish below it."""
        highest = max(self.bars)
        return 0 < self.even_pace <= FAR * highest or (self.even_pace > 0 and not highest)

    @property
    def step(self) -> int:
        """Return the nano-dollars between two lines of the scale: 1, 2 or 5 times a power of 10."""
        highest = max(*self.bars, self.even_pace if self.has_line else 0)
        size = FINEST_STEP
        while True:
            for factor in (1, 2, 5):
                if highest <= MOST_LINES * factor * size:
                    return factor * size
            size *= 10

    @property
    def top(self) -> int:
        """Return the nano-dollars at the upper end of the scale, a whole number of steps, at least one."""
        highest = max(*self.bars, self.even_pace if self.has_line else 0)
        return max(-(-highest // self.step), 1) * self.step

    @property
    def ticks(self) -> tuple[int, ...]:
        """Return the nano-dollars at each line of the scale, from 0 upwards."""
        return tuple(range(0, self.top + 1, self.step))

    def label(self, tick: int) -> str:
        """Return a tick as text, with as many decimals as the step needs: `$0`, `$0.50`, `$5`."""
        if not tick or not self.step % NANO:
            return f"${tick // NANO}"
        decimals = max(len(exact_usd(self.step).rstrip("0").partition(".")[2]), 2)
        return f"${exact_usd(tick)[: decimals - 9 or None]}"


def day_chart(summary: MonthSummary, cap: int) -> DayChart:
    """Return the chart of a month under its cap in nano-dollars.

    A day outside of the month, as after a change of the zone, counts for the month's nearest day.
    """
    days = days_of(summary.month)
    bars = dict.fromkeys(days, 0)
    for day in summary.days:
        bars[min(max(day.name, days[0]), days[-1])] += day.spent
    return DayChart(summary.month, tuple(bars.values()), summary.total, cap)


def marked_days(days: int) -> tuple[int, ...]:
    """Return the days of a month of so many days that are written below the bars: the first, and each fifth one."""
    return (1, *range(5, days + 1, 5))


def amount(nano: int) -> str:
    """Return an amount as people read it: with cents, or with four decimals if it is less than one."""
    return usd(nano) if nano >= NANO // 100 or not nano else usd_fine(nano)
