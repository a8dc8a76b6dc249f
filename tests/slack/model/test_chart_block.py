"""slack/model/chart_block.py: whatever the figures and the texts, Slack accepts what is built."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cocoai.rehearsal.slack.block_rules import stored_blocks
from cocoai.slack.markdown.message_layout import context, header, section
from cocoai.slack.model.block_text import text_of_blocks
from cocoai.slack.model.chart_block import TableCell, TableNumber, bar_chart, data_table

pytestmark = [pytest.mark.pure, pytest.mark.thorough]

# All characters, lone surrogates too; of a few letters, so that names are equal once they are cut.
TEXTS = st.text(st.characters(codec=None), max_size=60) | st.text("ab \n", max_size=24)
VALUES = st.floats(allow_nan=False, allow_infinity=False) | st.integers()
CELLS = TEXTS | st.builds(TableNumber, VALUES, TEXTS)


@st.composite
def charts(draw: st.DrawFn) -> dict[str, Any]:
    """Build a chart of any figures and texts."""
    categories = draw(st.lists(TEXTS, min_size=1, max_size=20))
    count = len(categories)
    values = st.lists(VALUES, min_size=count, max_size=count)
    series = draw(st.lists(st.tuples(TEXTS, values), min_size=1, max_size=12))
    return bar_chart(draw(TEXTS), series, categories, x_label=draw(TEXTS), y_label=draw(TEXTS))


@st.composite
def tables(draw: st.DrawFn) -> dict[str, Any]:
    """Build a table of any figures and texts."""
    columns = draw(st.integers(1, 20))
    header_row = draw(st.lists(TEXTS, min_size=columns, max_size=columns))
    row = draw(st.lists(CELLS, min_size=columns, max_size=columns))
    rows = [row] * draw(st.integers(1, 250))
    return data_table(draw(TEXTS), header_row, rows, page_size=draw(st.integers()))


def sent(block: dict[str, Any]) -> dict[str, Any]:
    """Return the block as it arrives at Slack, as JSON in UTF-8."""
    arrived: dict[str, Any] = json.loads(json.dumps(block, ensure_ascii=False, allow_nan=False).encode())
    return arrived


@given(charts())
def test_every_chart_is_accepted(chart: dict[str, Any]) -> None:
    """Slack accepts two of whatever chart is built."""
    assert 2 == len(stored_blocks([sent(chart)] * 2))


@given(tables())
def test_every_table_is_accepted(table: dict[str, Any]) -> None:
    """Slack accepts whatever table is built."""
    assert 1 == len(stored_blocks([sent(table)]))


def test_a_chart() -> None:
    """A chart has its title, its axes, and one point for each category in each series."""
    chart = bar_chart("Cost", [("chat", [1, 2.5]), ("voice", [0, 0.1])], ["11/01", "11/08"], y_label="USD")

    assert {
        "type": "data_visualization",
        "title": "Cost",
        "chart": {
            "type": "bar",
            "series": [
                {"name": "chat", "data": [{"label": "11/01", "value": 1}, {"label": "11/08", "value": 2.5}]},
                {"name": "voice", "data": [{"label": "11/01", "value": 0}, {"label": "11/08", "value": 0.1}]},
            ],
            "axis_config": {"categories": ["11/01", "11/08"], "y_label": "USD"},
        },
    } == chart


def test_texts_are_cut() -> None:
    """Texts are cut to Slack's limits, and equal ones are told apart by a number."""
    chart = bar_chart("t" * 51, [("n" * 30, [1]), ("n" * 40, [1]), ("\n", [1])], ["c" * 21], x_label="x" * 60)

    assert ("t" * 49 + "…", "x" * 49 + "…") == (chart["title"], chart["chart"]["axis_config"]["x_label"])
    assert ["n" * 19 + "…", "n" * 17 + "… 2", "–"] == [each["name"] for each in chart["chart"]["series"]]
    assert ["c" * 19 + "…"] == chart["chart"]["axis_config"]["categories"]


@pytest.mark.parametrize(
    ("series", "categories"),
    [
        ([], ["a"]),
        ([("s", [])], []),
        ([(f"{n}", [1.0]) for n in range(13)], ["a"]),
        ([("s", [1.0] * 21)], ["a"] * 21),
        ([("s", [1.0])], ["a", "b"]),
        ([("s", [1.0, 2.0])], ["a"]),
        ([("s", [math.nan])], ["a"]),
        ([("s", [math.inf])], ["a"]),
    ],
)
def test_no_chart(series: list[tuple[str, list[float]]], categories: list[str]) -> None:
    """What is no chart, or too large for one, is an error of the caller."""
    with pytest.raises(ValueError, match=r"needed|finite"):
        bar_chart("Cost", series, categories)


def test_a_table() -> None:
    """A table has raw texts and raw numbers; an empty text becomes a dash."""
    table = data_table("Cost", ["who", "USD"], [["", TableNumber(1.5, "$1.50")]], page_size=5)

    assert {
        "type": "data_table",
        "caption": "Cost",
        "rows": [
            [{"type": "raw_text", "text": "who"}, {"type": "raw_text", "text": "USD"}],
            [{"type": "raw_text", "text": "–"}, {"type": "raw_number", "value": 1.5, "text": "$1.50"}],
        ],
        "page_size": 5,
    } == table


@pytest.mark.parametrize(
    ("cell", "number", "kept", "last"),
    [
        ("x", 200, 200, "x"),
        ("x", 201, 199, "2 more"),
        ("x" * 500, 99, 99, "x" * 199 + "…"),
        ("x" * 500, 100, 98, "2 more"),
    ],
)
def test_rows_that_do_not_fit(cell: str, number: int, kept: int, last: str) -> None:
    """More than 200 rows, or rows with too many characters, end in a row that tells how many are left out."""
    table = data_table("Cost", ["w"], [[cell]] * number, left_out=lambda n: f"{n} more")
    texts = [row[0]["text"] for row in table["rows"][1:]]

    assert (kept + (last == "2 more"), last) == (len(texts), texts[-1])


@pytest.mark.parametrize(
    ("header_row", "rows"),
    [
        ([], [[]]),
        (["a"] * 21, [["a"] * 21]),
        (["a"], []),
        (["a"], [["a", "b"]]),
        (["a"], [[TableNumber(math.nan, "?")]]),
    ],
)
def test_no_table(header_row: list[str], rows: list[list[TableCell]]) -> None:
    """What is no table, or too wide for one, is an error of the caller."""
    with pytest.raises(ValueError, match=r"need|finite"):
        data_table("Cost", header_row, rows)


def test_they_can_be_read_back() -> None:
    """What is built has the text that a reader of blocks finds in it."""
    blocks = [
        header("November\n2026"),
        section("*$3.60* of $20"),
        bar_chart("Cost", [("chat", [1, 2.5])], ["11/01", "11/08"]),
        data_table("By model", ["model", "USD"], [["gpt", TableNumber(3.5, "$3.50")]]),
        context("before tax"),
    ]

    assert (
        "November 2026\n*$3.60* of $20\n"
        "[chart: Cost]\n|  | chat |\n| --- | --- |\n| 11/01 | 1 |\n| 11/08 | 2.5 |\n"
        "By model\n| model | USD |\n| --- | --- |\n| gpt | $3.50 |\nbefore tax"
    ) == text_of_blocks(blocks)


def test_texts_above_and_below() -> None:
    """A text in a section or a context block cannot ping, and is cut at the end of a line, as Slack accepts it."""
    many = "\n".join(["<!channel> " + "x" * 90] * 40)
    blocks = [section(many), context(many), header("x" * 200)]
    texts = [blocks[0]["text"]["text"], blocks[1]["elements"][0]["text"]]

    assert 3 == len(stored_blocks(blocks))
    assert [] == [text for text in texts if "<!channel>" in text or not text.endswith("x …")]
    assert 150 == len(blocks[2]["text"]["text"])
