"""Charts and tables of data in the browser: what is drawn, what a screen reader says, and how they fit a phone."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from selenium.webdriver.common.by import By

from cocoai.rehearsal.slack.practice_slack import PracticeSlack
from cocoai.slack.model.chart_block import TableNumber, bar_chart, data_table
from tests.rehearsal.page.page_reader import Reader

pytestmark = [pytest.mark.browser, pytest.mark.long]

CHART = bar_chart("Cost", [("chat", [1, 2.5]), ("voice", [0, 0.25])], ["11/01", "11/08"], x_label="Week", y_label="USD")
TABLE = data_table(
    "By model",
    ["model", "USD"],
    [["gpt", TableNumber(3.5, "$3.50")], ["whisper", TableNumber(0.25, "$0.25")]],
    page_size=1,
)


@pytest.fixture
def post(slack: PracticeSlack, act: Callable[..., str]) -> Callable[..., None]:
    """Return a function that posts blocks in the channel."""

    def send(*blocks: dict[str, Any]) -> None:
        act("chat.postMessage", channel="C0PRACTICE", text="$3.75", blocks=json.dumps(blocks))

    return send


def texts(reader: Reader, selector: str) -> list[str]:
    """Return the texts of all elements that match the selector, shown or not."""
    elements = reader.browser.find_elements(By.CSS_SELECTOR, selector)
    return [str(each.get_property("textContent")) for each in elements]


def drawn_as(kind: str) -> dict[str, Any]:
    """Return the chart as one of another kind."""
    return {**CHART, "chart": {**CHART["chart"], "type": kind}}


def test_a_chart(reader: Reader, slack: PracticeSlack, post: Callable[..., None]) -> None:
    """A chart shows its title, axes, categories, values and a legend; a screen reader is told every value."""
    post(CHART)
    reader.opens(slack.url)
    drawing = reader.sees(".chart svg")

    assert ("Cost", "img") == (reader.sees(".chart figcaption").text, drawing.aria_role.replace("image", "img"))
    assert ["1", "0", "2.5", "0.25"] == texts(reader, ".chart .value")
    assert ["11/01", "11/08"] == texts(reader, ".chart .category")
    assert ["USD", "Week"] == texts(reader, ".chart .axis")
    assert ["chat", "voice"] == texts(reader, ".chart .key")
    assert (
        "Bar chart: Cost. USD / Week. chat: 11/01 1, 11/08 2.5. voice: 11/01 0, 11/08 0.25"
    ) == drawing.accessible_name


def test_bars_are_as_high_as_their_values(reader: Reader, slack: PracticeSlack, post: Callable[..., None]) -> None:
    """A bar's height is in proportion to its value; one below zero hangs from the line of zero."""
    post(bar_chart("Balance", [("all", [2, 4, -2])], ["a", "b", "c"]))
    reader.opens(slack.url)
    reader.sees(".chart rect")
    bars = reader.script("""
        return [...document.querySelectorAll('.chart rect')].map((bar) => {
          const { top, bottom, height } = bar.getBoundingClientRect();
          return [top, bottom, height].map(Math.round);
        })""")
    (first_top, zero, first), (_, _, second), (below, _, third) = bars

    assert (2 * first, first, zero) == (second, third, below)
    assert first_top == zero - first


def test_a_table(reader: Reader, slack: PracticeSlack, post: Callable[..., None]) -> None:
    """A table has its caption, headings for its columns and rows, and tells how many rows Slack shows at once."""
    post(TABLE)
    reader.opens(slack.url)

    assert "By model" == reader.sees(".data caption").text == reader.sees(".data").accessible_name
    assert ["model", "USD"] == texts(reader, ".data thead th[scope=col]")
    assert ["gpt", "whisper"] == texts(reader, ".data tbody th[scope=row]")
    assert ["$3.50", "$0.25"] == texts(reader, ".data td.right")
    assert "2 rows; Slack shows 1 at once." == reader.sees(".pages").text


@pytest.mark.parametrize(("kind", "marks"), [("line", (2, 0, 4)), ("area", (2, 2, 4))])
def test_lines_and_areas(
    reader: Reader, slack: PracticeSlack, post: Callable[..., None], kind: str, marks: tuple[int, int, int]
) -> None:
    """Lines and areas have a dot at each value; no numbers, which would cover the other lines."""
    post(drawn_as(kind))
    reader.opens(slack.url)
    drawing = reader.sees(".chart svg")
    lines, areas, dots = (len(texts(reader, f".chart {name}")) for name in ("polyline", "polygon", "circle"))

    assert (marks, False) == ((lines, areas, dots), any(each.is_displayed() for each in _values(reader)))
    assert f"{kind.title()} chart: Cost" in drawing.accessible_name


def _values(reader: Reader) -> list[Any]:
    return list(reader.browser.find_elements(By.CSS_SELECTOR, ".chart .value"))


def test_a_pie(reader: Reader, slack: PracticeSlack, post: Callable[..., None]) -> None:
    """A pie has a slice for each part, and a legend with the values and the shares."""
    segments = [{"label": "chat", "value": 3}, {"label": "voice", "value": 1}]
    pie = {"type": "data_visualization", "title": "Cost", "chart": {"type": "pie", "segments": segments}}
    post(pie, {**pie, "chart": {"type": "pie", "segments": segments[:1]}})
    reader.opens(slack.url)
    drawing = reader.sees(".chart svg")

    assert "Pie chart: Cost. chat: 3 (75%), voice: 1 (25%)" == drawing.accessible_name
    assert ["chat: 3 (75%)", "voice: 1 (25%)", "chat: 3 (100%)"] == texts(reader, ".key")
    assert (2, 1) == (len(texts(reader, ".chart path")), len(texts(reader, ".chart circle")))


def test_on_a_phone(reader: Reader, slack: PracticeSlack, post: Callable[..., None]) -> None:
    """At 390 pixels, in Japanese, the largest chart and the widest table stay inside; labels do not overlap."""
    series = [(f"系列{n}" * 4, [10.0**n * day for day in range(20)]) for n in range(12)]
    days = [f"2026年11月{day}日" for day in range(1, 21)]
    post(
        bar_chart("費用" * 20, series, days, x_label="日" * 50, y_label="円" * 50),
        bar_chart("日ごと", series[:1], days),
        data_table("表" * 100, ["列" * 9] * 20, [["値" * 90] * 20]),
    )
    reader.opens(slack.url, "ja", width=390, height=740)
    reader.sees(".chart svg")
    apart = reader.script("""
        return [...document.querySelectorAll('.chart')].map((chart) => {
          const boxes = [...chart.querySelectorAll('.category')].map((each) => each.getBoundingClientRect());
          const shown = boxes.filter(({ width }) => width);
          return shown.length > 1 && shown.slice(1).every((box, n) => box.left > shown[n].right);
        })""")

    assert (0, [True, True]) == (reader.overflow(), apart)
    assert reader.sees(".chart svg").accessible_name.startswith("棒グラフ: 費用")
