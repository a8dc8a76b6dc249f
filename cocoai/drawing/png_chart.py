"""Draw a month's chart as a PNG picture, for a file or a message. It has no words: those belong beside it."""

from __future__ import annotations

from cocoai.drawing.canvas import Canvas, text_height, text_width
from cocoai.drawing.day_chart import DayChart, amount, marked_days
from cocoai.ledger.money import usd

WIDTH, HEIGHT = 1200, 600
"""Pixels of the picture."""

PALETTE = ("#fdfaf6", "#e9dfd4", "#6f5f54", "#2b211b", "#a3623f", "#a3301f")
"""The colours of the status page by day."""

PAPER, RULE, SOFT, INK, BAR, PACE = range(len(PALETTE))

MARGIN, TOP, BOTTOM = 36, 132, 74
"""Pixels that are left free at each side; above the bars, for the month and its sum; below them, for the days."""

HEADINGS, TEXT = (6, 5, 4), 4
"""Pixels of a dot in the heading, of which the first is taken that leaves it room enough, and in the other texts."""

GAP = 14
"""Pixels between a text and what it belongs to."""

SPACE = 0.3
"""The part of a day's width that is left empty between two bars."""


def draw_png(chart: DayChart) -> bytes:
    """Return the chart as a PNG file of WIDTH by HEIGHT pixels."""
    canvas = Canvas(WIDTH, HEIGHT, PALETTE)
    _Drawing(canvas, chart).draw()
    return canvas.png()


class _Drawing:
    """A chart on a canvas: the bars begin at the right of the widest amount of the scale."""

    def __init__(self, canvas: Canvas, chart: DayChart) -> None:
        self._canvas = canvas
        self._chart = chart
        self._start = MARGIN + max(text_width(chart.label(tick), TEXT) for tick in chart.ticks) + GAP
        self._width = WIDTH - MARGIN - self._start

    def draw(self) -> None:
        chart = self._chart
        self._write_heading()
        for tick in chart.ticks:
            self._draw_tick(tick)
        for index, bar in enumerate(chart.bars):
            self._draw_bar(index, bar)
        for day in marked_days(len(chart.bars)):
            middle = (self._left(day - 1) + self._left(day)) // 2
            text = str(day)
            self._canvas.write(text, middle - text_width(text, TEXT) // 2, HEIGHT - BOTTOM + GAP, SOFT, size=TEXT)
        if chart.has_line:
            self._draw_pace()

    def _write_heading(self) -> None:
        """Write the month at the left; at the right what it has cost, of which cap, and how much of that it is."""
        chart = self._chart
        total = amount(chart.total)
        share = f" / {usd(chart.cap)} {chart.total * 100 // chart.cap}%" if chart.cap else ""
        whole = f"{chart.month}  {total}{share}"
        size = next((each for each in HEADINGS if text_width(whole, each) <= WIDTH - 2 * MARGIN), HEADINGS[-1])
        left = WIDTH - MARGIN - text_width(total + share, size)
        self._canvas.write(chart.month, MARGIN, MARGIN, SOFT, size=size)
        self._canvas.write(total, left, MARGIN, INK, size=size)
        self._canvas.write(" " * len(total) + share, left, MARGIN, SOFT, size=size)

    def _draw_tick(self, tick: int) -> None:
        """Draw a line of the scale, and its amount at the left of it."""
        y = self._y(tick)
        self._canvas.rectangle(self._start, y - 1, self._width, 2, RULE if tick else SOFT)
        text = self._chart.label(tick)
        left = self._start - GAP - text_width(text, TEXT)
        self._canvas.write(text, left, y - text_height(TEXT) // 2, SOFT, size=TEXT)

    def _draw_bar(self, index: int, bar: int) -> None:
        """Draw the bar of a day, at least 2 pixels high if the day has cost anything."""
        if not bar:
            return
        left, right = self._left(index), self._left(index + 1)
        space = int((right - left) * SPACE / 2)
        bottom = self._y(0) - 1
        top = min(self._y(bar), bottom - 2)
        self._canvas.rectangle(left + space, top, right - left - 2 * space, bottom - top, BAR)

    def _draw_pace(self) -> None:
        """Draw the line of the even pace over the bars, and its amount above its right end."""
        y = self._y(self._chart.even_pace)
        self._canvas.dashes(self._start, y - 2, self._width, 4, PACE, dash=16)
        text = amount(self._chart.even_pace)
        width, height = text_width(text, TEXT), text_height(TEXT)
        left, top = WIDTH - MARGIN - width, y - GAP - height
        self._canvas.rectangle(left - GAP, top - GAP // 2, width + GAP, height + GAP, PAPER)
        self._canvas.write(text, left, top, PACE, size=TEXT)

    def _left(self, index: int) -> int:
        """Return the left end of a day's place, by its index."""
        return self._start + self._width * index // len(self._chart.bars)

    def _y(self, nano: int) -> int:
        """Return the row of an amount in nano-dollars."""
        return HEIGHT - BOTTOM - nano * (HEIGHT - TOP - BOTTOM) // self._chart.top
