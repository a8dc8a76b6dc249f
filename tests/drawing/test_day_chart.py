"""A month's bars, their scale, and their two drawings."""

from __future__ import annotations

import re
from itertools import pairwise
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as some

from cocoai.drawing.day_chart import FAR, FINEST_STEP, MOST_LINES, DayChart, amount, day_chart, marked_days
from cocoai.drawing.digits import WIDTH as GLYPH
from cocoai.drawing.png_chart import BAR, HEADINGS, HEIGHT, INK, MARGIN, PACE, PALETTE, WIDTH, draw_png
from cocoai.drawing.svg_chart import caption, draw_svg
from cocoai.ledger.money import NANO
from cocoai.ledger.summary import MonthSummary, Spending
from tests.drawing.pictures import read_png
from tests.ledger.charges import CENT

pytestmark = [pytest.mark.pure, pytest.mark.thorough]

MONTH = "2026-11"
CAP = 9 * NANO
SVG = "{http://www.w3.org/2000/svg}"


def chart(*bars: int, cap: int = CAP) -> DayChart:
    """Return the chart of a November whose first days have cost so much."""
    days = (*bars, *[0] * (30 - len(bars)))
    return DayChart(MONTH, days, sum(days), cap)


def elements(of: DayChart) -> ElementTree.Element:
    """Return the SVG as XML."""
    return ElementTree.fromstring(draw_svg(of).replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" '))


amounts = some.integers(0, 10**15) | some.integers(0, 10**7)
charts = some.builds(
    lambda bars, cap: DayChart(MONTH, tuple(bars), sum(bars), cap),
    some.lists(amounts, min_size=28, max_size=31),
    some.just(0) | amounts,
)


@given(charts)
def test_every_bar_fits_a_scale_of_few_round_lines(of: DayChart) -> None:
    """Its step is 1, 2 or 5 and zeros; its labels are all different."""
    assert of.top >= max(of.bars)
    assert not of.has_line or of.top >= of.even_pace
    assert 2 <= len(of.ticks) <= MOST_LINES + 1
    assert of.top == of.ticks[-1]
    assert of.step >= FINEST_STEP
    assert re.fullmatch("[125]0*", str(of.step))
    assert len(of.ticks) == len({of.label(tick) for tick in of.ticks})


@given(charts)
def test_every_chart_can_be_drawn(of: DayChart) -> None:
    """As a PNG file of its size, and as well-formed SVG."""
    picture = read_png(draw_png(of))

    assert (WIDTH, HEIGHT, len(PALETTE)) == (picture.width, picture.height, len(picture.palette))
    assert sum(1 for bar in of.bars if bar) == len(elements(of).findall(f"{SVG}path[@class='bar']"))


def test_a_month_has_a_bar_for_each_day() -> None:
    """A day outside of the month, from a zone that was another one, counts for the nearest."""
    days = (Spending("2026-10-31", 1), Spending("2026-11-01", 2), Spending("2026-11-30", 4), Spending("2026-12-01", 8))

    made = day_chart(MonthSummary(MONTH, total=15, days=days), CAP)

    assert (3, *[0] * 28, 12) == made.bars
    assert (MONTH, 15, CAP) == (made.month, made.total, made.cap)


@pytest.mark.parametrize(
    ("bars", "cap", "labels"),
    [
        ((), CAP, ["$0", "$0.10", "$0.20", "$0.30"]),
        ((45 * CENT,), 0, ["$0", "$0.20", "$0.40", "$0.60"]),
        ((3 * NANO,), 0, ["$0", "$1", "$2", "$3"]),
        ((CENT // 20,), 0, ["$0", "$0.0002", "$0.0004", "$0.0006"]),
        ((CENT // 2,), 0, ["$0", "$0.002", "$0.004", "$0.006"]),
        ((), 0, ["$0", "$0.0001"]),
        ((2000 * NANO,), 0, ["$0", "$500", "$1000", "$1500", "$2000"]),
    ],
)
def test_the_scale_is_written_with_the_decimals_that_it_needs(
    bars: tuple[int, ...], cap: int, labels: list[str]
) -> None:
    """And with no fewer than two."""
    made = chart(*bars, cap=cap)

    assert labels == [made.label(tick) for tick in made.ticks]


def test_the_pace_is_drawn_unless_it_makes_the_bars_vanish() -> None:
    """Without a cap there is none; without a bar there is nothing to vanish."""
    pace = CAP // 30

    assert chart().has_line
    assert chart(pace // FAR).has_line
    assert not chart(pace // FAR - 1).has_line
    assert not chart(NANO, cap=0).has_line
    assert (pace, 0) == (chart().even_pace, chart(cap=0).even_pace)


def test_days_are_marked_now_and_then() -> None:
    """The first, and each fifth."""
    assert (1, 5, 10, 15, 20, 25) == marked_days(28)
    assert (1, 5, 10, 15, 20, 25, 30) == marked_days(31)


@pytest.mark.parametrize(
    ("nano", "text"), [(0, "$0.00"), (1, "<$0.0001"), (CENT - 1, "$0.0100"), (CENT, "$0.01"), (NANO, "$1.00")]
)
def test_less_than_a_cent_has_more_decimals(nano: int, text: str) -> None:
    """A day of few questions costs less than a cent."""
    assert text == amount(nano)


def test_a_higher_bar_is_higher_in_the_picture() -> None:
    """The smallest is seen, too, and a day without calls has none."""
    picture = read_png(draw_png(chart(0, 1, 10 * CENT, 20 * CENT)))

    heights = [sum(1 for row in picture.rows if row[x] == BAR) for x in bar_middles(picture.width)]
    assert (0, 2) == (heights[0], heights[1])
    assert abs(heights[3] - 2 * heights[2]) <= 8  # the pace's dashes may lie over them


def bar_middles(width: int) -> list[int]:
    """Return the middle columns of the first four days; the scale's widest label is `$0.30`."""
    start = 36 + (5 * 6 - 1) * 4 + 14
    return [start + (width - 36 - start) * (2 * day + 1) // 60 for day in range(4)]


def test_the_picture_has_the_pace_only_if_there_is_one() -> None:
    """The month and its sum are always there."""
    with_pace, without = read_png(draw_png(chart(CENT * 30))), read_png(draw_png(chart(CENT * 30, cap=0)))

    assert any(PACE in row for row in with_pace.rows)
    assert not any(PACE in row for row in without.rows)
    assert any(INK in row for row in without.rows[:100])


def test_a_long_heading_is_written_smaller() -> None:
    """The largest amounts that can be set leave a gap beside the month."""
    picture = read_png(draw_png(chart(10**6 * NANO, cap=10**6 * NANO)))

    heading = picture.rows[MARGIN : MARGIN + 7 * HEADINGS[-1]]
    used = [x for x in range(WIDTH) if any(row[x] for row in heading)]
    assert (MARGIN, WIDTH - MARGIN) == (used[0], used[-1] + 1)
    assert max(after - before for before, after in pairwise(used)) > 3 * HEADINGS[-1] * (GLYPH + 1)


def test_those_who_do_not_see_it_are_told_what_is_there() -> None:
    """The SVG has a role, a title and a description; each bar has its date and its amount."""
    svg = elements(chart(CENT, 30 * CENT))

    named = [svg.find(f"{SVG}*[@id='{each}']") for each in svg.attrib["aria-labelledby"].split()]
    assert "img" == svg.attrib["role"]
    assert [
        "What each day of 2026-11 has cost",
        "The cap of $9.00, spent evenly, is $0.30 a day. $0.31 in all; the dearest day was 2026-11-02 with $0.30.",
    ] == [each.text for each in named if each is not None]
    assert ["2026-11-01: $0.01", "2026-11-02: $0.30"] == [each.text for each in svg.findall(f".//{SVG}path/{SVG}title")]


@pytest.mark.parametrize(
    ("bars", "cap", "text"),
    [
        ((), 0, "Each day's cost."),
        ((), CAP, "Each day's cost; dashed: the cap spent evenly, $0.30 a day."),
        ((CENT,), CAP, "Each day's cost; above this scale: the cap spent evenly, $0.30 a day."),
    ],
)
def test_the_caption_says_what_the_line_is(bars: tuple[int, ...], cap: int, text: str) -> None:
    """Also where the line is."""
    assert text == caption(chart(*bars, cap=cap))


def test_a_month_without_calls_says_so() -> None:
    """The description is no sum of nothing."""
    assert "Nothing was spent." in draw_svg(chart(cap=0))


def test_the_svg_has_no_style_of_its_own() -> None:
    """The page's policy would forbid it."""
    assert not re.search(r"style|<script|on\w+=|href", draw_svg(chart(CENT)))
