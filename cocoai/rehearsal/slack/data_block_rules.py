"""Validate the blocks that show data, data_visualization (a chart) and data_table, as Slack does.

Sources: https://docs.slack.dev/reference/block-kit/blocks/data-visualization-block, data-table-block, and the limit of
two charts, which is measured, not documented: https://github.com/vercel/chat/pull/696. Slack's own wording of these
errors is not known.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cocoai.rehearsal.slack.schema import (
    Rule,
    anything,
    array,
    by_type,
    checked,
    duplicates,
    error_line,
    number,
    positive,
    record,
    text,
    whole,
)

MOST_CHARTS = 2
"""Charts of one message."""
MOST_SERIES = 12
"""Series of a chart, or segments of a pie."""
MOST_POINTS = 20
"""Points of a series, and categories of a chart."""
MOST_TITLE = 50
"""Characters of a chart's title and of the label of an axis."""
MOST_LABEL = 20
"""Characters of the name of a series and of the label of a point, a category or a segment."""
MOST_ROWS = 201
"""Rows of a data table, with its header."""
MOST_COLUMNS = 20
"""Cells of one row."""
TABLE_LIMIT = 20_000
"""Characters of all cells of all data tables of one message."""
MOST_CAPTION = 3_000
"""Characters of a caption; no limit is documented, this is that of other texts."""

_BLOCK_ID: Mapping[str, Rule] = {"block_id": text(255)}


def _series_names(chart: Any, at: str) -> Iterator[str]:
    """Check a chart (this is a `Rule`): yield an error for each name that two series have."""
    yield from duplicates((each["name"] for each in chart["series"]), "name", f"{at}/series")


def _category_names(chart: Any, at: str) -> Iterator[str]:
    """Check a chart (this is a `Rule`): yield an error for each category that occurs twice."""
    yield from duplicates(chart["axis_config"]["categories"], "categories", f"{at}/axis_config/categories")


def _points(chart: Any, at: str) -> Iterator[str]:
    """Check a chart (this is a `Rule`): yield an error for each series without exactly one point per category."""
    categories = sorted(chart["axis_config"]["categories"])
    for index, series in enumerate(chart["series"]):
        if categories != sorted(point["label"] for point in series["data"]):
            yield error_line("must have exactly one data point for each category", f"{at}/series/{index}/data")


def _rows(table: Any, at: str) -> Iterator[str]:
    """Check a data table (this is a `Rule`): it has a header without rich text, and rows that are equally long."""
    rows = table["rows"]
    if len(rows) < 2:
        yield error_line("no fewer than 2 items allowed", f"{at}/rows")
    for index, cell in enumerate(rows[0]):
        if cell["type"] == "rich_text":
            yield error_line("rich_text is not allowed in the header", f"{at}/rows/0/{index}")
    for index, row in enumerate(rows):
        if len(row) != len(rows[0]):
            yield error_line(f"must have {len(rows[0])} items as the header", f"{at}/rows/{index}")


_POINT = record({"label": text(MOST_LABEL), "value": number})
_SERIES_CHART = checked(
    record(
        {
            "series": array(
                record({"name": text(MOST_LABEL), "data": array(_POINT, MOST_POINTS)}),
                MOST_SERIES,
            ),
            "axis_config": record(
                {"categories": array(text(MOST_LABEL), MOST_POINTS)},
                {"x_label": text(MOST_TITLE), "y_label": text(MOST_TITLE)},
            ),
        }
    ),
    _series_names,
    _category_names,
    _points,
)
_PIE = record({"segments": array(record({"label": text(MOST_LABEL), "value": positive}), MOST_SERIES)})

CHART: Rule = record(
    {
        "title": text(MOST_TITLE),
        "chart": by_type(bar=_SERIES_CHART, line=_SERIES_CHART, area=_SERIES_CHART, pie=_PIE),
    },
    _BLOCK_ID,
)
"""The rule for a data_visualization block."""

_TABLE_CELL = by_type(
    raw_text=record({"text": text(TABLE_LIMIT)}),
    raw_number=record({"value": number, "text": text(TABLE_LIMIT)}),
    rich_text=record({"elements": anything}, _BLOCK_ID),
)

DATA_TABLE: Rule = checked(
    record(
        {"caption": text(MOST_CAPTION), "rows": array(array(_TABLE_CELL, MOST_COLUMNS), MOST_ROWS)},
        {**_BLOCK_ID, "page_size": whole(1, 100), "row_header_column_index": whole(0, MOST_COLUMNS - 1)},
    ),
    _rows,
)
"""The rule for a data_table block."""


def data_block_errors(blocks: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yield the errors of a message's valid blocks together: too many charts, or too many characters in tables."""
    if sum(block["type"] == "data_visualization" for block in blocks) > MOST_CHARTS:
        yield error_line(f"no more than {MOST_CHARTS} data_visualization blocks allowed", "/blocks")
    tables = [block["rows"] for block in blocks if block["type"] == "data_table"]
    if _text_length(tables) > TABLE_LIMIT:
        yield error_line(f"no more than {TABLE_LIMIT} characters allowed in all tables", "/blocks")


def _text_length(value: Any) -> int:
    """Count the characters of every `text` in a JSON value, at any depth."""
    if isinstance(value, list):
        return sum(map(_text_length, value))
    if not isinstance(value, dict):
        return 0
    own = value.get("text")
    return (len(own) if isinstance(own, str) else 0) + sum(map(_text_length, value.values()))
