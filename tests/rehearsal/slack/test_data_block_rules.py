"""The charts and tables of data that the practice Slack accepts, and its errors for the others."""

from __future__ import annotations

from typing import Any

import pytest

from cocoai.rehearsal.slack.api_call import SlackApiError
from cocoai.rehearsal.slack.block_rules import stored_blocks

pytestmark = [pytest.mark.pure, pytest.mark.thorough]

Block = dict[str, Any]


def chart(*series: Block, kind: str = "bar", title: str = "Cost", **axes: Any) -> Block:
    """Return a chart with these series (usually two weeks), and other fields of its axes if given."""
    axis_config = {"categories": ["W1", "W2"], **axes}
    return {
        "type": "data_visualization",
        "title": title,
        "chart": {"type": kind, "series": list(series) or [line()], "axis_config": axis_config},
    }


def line(name: object = "chat", **values: Any) -> Block:
    """Return a series with a value for each of the two weeks, or with these values."""
    points = values or {"W1": 0.42, "W2": 7}
    return {"name": name, "data": [{"label": label, "value": value} for label, value in points.items()]}


def pie(*values: Any) -> Block:
    """Return a pie chart with a segment for each value."""
    segments = [{"label": f"part {n}", "value": value} for n, value in enumerate(values)]
    return {"type": "data_visualization", "title": "Cost", "chart": {"type": "pie", "segments": segments}}


def word(text: object = "x") -> Block:
    """Return a cell with a text."""
    return {"type": "raw_text", "text": text}


def figure(**changes: Any) -> Block:
    """Return a cell with a number, with other fields if given."""
    return {"type": "raw_number", "value": 1.5, "text": "$1.50", **changes}


RICH = {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": "x"}]}]}


def table(*rows: list[Block], **fields: Any) -> Block:
    """Return a data table with a header of two columns and these rows, or one row."""
    body = list(rows) or [[word(), figure()]]
    return {"type": "data_table", "caption": "Cost", "rows": [[word("who"), word("USD")], *body], **fields}


def errors(*blocks: Block, unknown: tuple[str, ...] = ()) -> list[str]:
    """Return the errors of the refusal of these blocks, each with its JSON pointer."""
    with pytest.raises(SlackApiError) as caught:
        stored_blocks(blocks, unknown=unknown)
    assert "invalid_blocks" == caught.value.code
    return [str(error) for error in caught.value.more["errors"]]


WEEKS = {f"W{n:019}": n - 10 for n in range(20)}


@pytest.mark.parametrize(
    "block",
    [
        chart(),
        chart(kind="line"),
        chart(kind="area"),
        chart(*(line(f"{n:020}", **WEEKS) for n in range(12)), categories=list(WEEKS), title="x" * 50),
        chart(line(W2=1, W1=2), x_label="x" * 50, y_label="y"),
        chart() | {"block_id": "mine"},
        pie(*range(1, 13)),
        table(),
        table([RICH, word("x" * 3_001)], page_size=100, row_header_column_index=1),
        table(*[[word(), figure()]] * 200),
        {"type": "data_table", "caption": "wide", "rows": [[word()] * 20] * 2},
    ],
)
def test_data_within_the_limits(block: Block) -> None:
    """Charts and tables are accepted up to Slack's limits, and keep all their fields."""
    (stored,) = stored_blocks([block])

    assert block == {name: value for name, value in stored.items() if name in block}


@pytest.mark.parametrize(
    ("block", "error", "at"),
    [
        (chart(title=""), "must be more than 0 characters", "title"),
        (chart(title="x" * 51), "must be less than 51 characters", "title"),
        ({"type": "data_visualization", "title": "x"}, "missing required field: chart", ""),
        (chart(kind="scatter"), "unsupported type: scatter", "chart/type"),
        (chart(*[line()] * 13), "no more than 12 items allowed", "chart/series"),
        (chart(line("")), "must be more than 0 characters", "chart/series/0/name"),
        (chart(line("x" * 21)), "must be less than 21 characters", "chart/series/0/name"),
        (chart(line(), line()), "`name` chat is not unique", "chart/series"),
        (chart(line(W1="0.42", W2=1)), "must be a number", "chart/series/0/data/0/value"),
        (chart(line(W1=True, W2=1)), "must be a number", "chart/series/0/data/0/value"),
        (chart(line(W1=float("nan"), W2=1)), "must be a number", "chart/series/0/data/0/value"),
        (chart(line(W1=1)), "must have exactly one data point for each category", "chart/series/0/data"),
        (chart(line(W1=1, W2=1, W3=1)), "must have exactly one data point for each category", "chart/series/0/data"),
        (chart(categories=["W1", "W1"]), "`categories` W1 is not unique", "chart/axis_config/categories"),
        (chart(categories=["x" * 21]), "must be less than 21 characters", "chart/axis_config/categories/0"),
        (chart(categories=["x"] * 21), "no more than 20 items allowed", "chart/axis_config/categories"),
        (chart(categories=[]), "no fewer than 1 items allowed", "chart/axis_config/categories"),
        (chart(y_label="x" * 51), "must be less than 51 characters", "chart/axis_config/y_label"),
        (chart(color="red"), "invalid additional property: color", "chart/axis_config"),
        (pie(1, 0), "must be a number greater than 0", "chart/segments/1/value"),
        (pie(*[1] * 13), "no more than 12 items allowed", "chart/segments"),
        (table([word(""), figure()]), "must be more than 0 characters", "rows/1/0/text"),
        (table([word(), figure(text="")]), "must be more than 0 characters", "rows/1/1/text"),
        (table([word(), figure(value="1.5")]), "must be a number", "rows/1/1/value"),
        (table([word(), {"type": "raw_number", "value": 1}]), "missing required field: text", "rows/1/1"),
        (table([word()]), "must have 2 items as the header", "rows/1"),
        (table(*[[word(), figure()]] * 201), "no more than 201 items allowed", "rows"),
        (table(caption=""), "must be more than 0 characters", "caption"),
        (table(page_size=0), "must be between 1 and 100", "page_size"),
        (table(page_size=5.0), "must be an integer", "page_size"),
        (
            {"type": "data_table", "caption": "x", "rows": [[RICH], [word()]]},
            "rich_text is not allowed in the header",
            "rows/0/0",
        ),
        ({"type": "data_table", "caption": "x", "rows": [[word()]]}, "no fewer than 2 items allowed", "rows"),
        ({"type": "data_table", "rows": [[word()]] * 2}, "missing required field: caption", ""),
        (
            {"type": "data_table", "caption": "x", "rows": [[word()] * 21] * 2},
            "no more than 20 items allowed",
            "rows/0",
        ),
    ],
)
def test_data_outside_the_limits(block: Block, error: str, at: str) -> None:
    """A chart or a table beyond a limit is refused with a line that names the place."""
    assert f"{error} [json-pointer:/blocks/0{at and '/'}{at}]" == errors(block)[0]


def test_limits_of_a_message() -> None:
    """A message may have two charts, and 20,000 characters in all its tables together."""
    half = table([word("x" * 9_992), word("x")])

    assert 4 == len(stored_blocks([chart(), pie(1), half, half]))
    assert ["no more than 2 data_visualization blocks allowed [json-pointer:/blocks]"] == errors(*[chart()] * 3)
    assert ["no more than 20000 characters allowed in all tables [json-pointer:/blocks]"] == errors(
        half, half, table([word(), word()])
    )


def test_without_charts() -> None:
    """A Slack that does not know charts refuses each, and takes the table."""
    unknown = ("data_visualization",)

    assert ["unsupported type: data_visualization [json-pointer:/blocks/1/type]"] == errors(
        table(), chart(), unknown=unknown
    )
    assert 1 == len(stored_blocks([table()], unknown=unknown))
