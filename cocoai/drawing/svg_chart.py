"""Draw a month's chart as SVG, to stand within a page, whose style gives its colours and the size of its texts."""

from __future__ import annotations

import html
from collections.abc import Iterator

from cocoai.drawing.day_chart import DayChart, amount, marked_days

WIDTH, HEIGHT = 480, 220
"""Units of the picture; it is as wide as its place."""

LEFT, RIGHT, TOP, BOTTOM = 52, 4, 22, 26
"""Units around the bars: for the scale, for nothing, for the pace's amount, for the days."""

SPACE = 0.28
"""The part of a day's width that is left empty between two bars."""

RADIUS = 2.5
"""Units by which a bar's upper corners are rounded."""

GAP = 6
"""Units between a text and what it belongs to."""


def draw_svg(chart: DayChart) -> str:
    """Return the chart as an SVG element, with a title and a description for those who do not see it."""
    return "\n".join(
        (
            f'<svg class="chart" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-labelledby="chart-title chart-desc">',
            f'<title id="chart-title">{_escaped(f"What each day of {chart.month} has cost")}</title>',
            f'<desc id="chart-desc">{_escaped(describe(chart))}</desc>',
            *_parts(chart),
            "</svg>\n",
        )
    )


def caption(chart: DayChart) -> str:
    """Return in words what the bars and the line are, to stand below the chart."""
    if not chart.cap:
        return "Each day's cost."
    where = "dashed" if chart.has_line else "above this scale"
    return f"Each day's cost; {where}: the cap spent evenly, {amount(chart.even_pace)} a day."


def describe(chart: DayChart) -> str:
    """Return in words what the chart shows: the sum, the dearest day, and the even pace."""
    if not chart.total:
        return f"{_pace_words(chart)}Nothing was spent."
    most = max(chart.bars)
    day = f"{chart.month}-{chart.bars.index(most) + 1:02}"
    return f"{_pace_words(chart)}{amount(chart.total)} in all; the dearest day was {day} with {amount(most)}."


def _pace_words(chart: DayChart) -> str:
    return f"The cap of {amount(chart.cap)}, spent evenly, is {amount(chart.even_pace)} a day. " if chart.cap else ""


def _parts(chart: DayChart) -> Iterator[str]:
    """Yield the elements of the picture in the order in which they cover each other."""
    for tick in chart.ticks:
        y = _y(chart, tick)
        kind = "rule" if tick else "ground-line"
        yield f'<path class="{kind}" d="M{LEFT} {y}H{WIDTH - RIGHT}"/>'
        yield f'<text x="{LEFT - GAP}" y="{y}" dy=".35em" text-anchor="end">{_escaped(chart.label(tick))}</text>'
    for index, bar in enumerate(chart.bars):
        if bar:
            yield _bar(chart, index, bar)
    for day in marked_days(len(chart.bars)):
        middle = _number(_left(chart, day - 0.5))
        yield f'<text x="{middle}" y="{HEIGHT - GAP}" text-anchor="middle">{day}</text>'
    if chart.has_line:
        line = f"M{LEFT} {_y(chart, chart.even_pace)}H{WIDTH - RIGHT}"
        yield f'<path class="halo" d="{line}"/><path class="pace" d="{line}"/>'


def _bar(chart: DayChart, index: int, bar: int) -> str:
    """Return a day's bar with its date and amount, at least one unit high."""
    place = _left(chart, 1) - _left(chart, 0)
    left, right = _left(chart, index) + place * SPACE / 2, _left(chart, index + 1) - place * SPACE / 2
    bottom = float(_y(chart, 0))
    top = min(float(_y(chart, bar)), bottom - 1)
    radius = min(RADIUS, bottom - top)
    shape = (
        f"M{_number(left)} {_number(bottom)}V{_number(top + radius)}q0 -{_number(radius)} {_number(radius)} "
        f"-{_number(radius)}H{_number(right - radius)}q{_number(radius)} 0 {_number(radius)} {_number(radius)}"
        f"V{_number(bottom)}z"
    )
    label = f"{chart.month}-{index + 1:02}: {amount(bar)}"
    return f'<path class="bar" d="{shape}"><title>{_escaped(label)}</title></path>'


def _left(chart: DayChart, index: float) -> float:
    """Return the left end of a day's place, by its index."""
    return LEFT + (WIDTH - LEFT - RIGHT) * index / len(chart.bars)


def _y(chart: DayChart, nano: int) -> str:
    """Return where an amount in nano-dollars lies on the scale, as text."""
    return _number(HEIGHT - BOTTOM - nano * (HEIGHT - TOP - BOTTOM) / chart.top)


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def _escaped(text: str) -> str:
    return html.escape(text, quote=True)
