"""Builds the blocks that show figures: bar charts (data_visualization) and tables (data_table), within Slack's limits.

Some workspaces refuse these blocks, and phones notify and screen readers say only a message's text: the figures belong
there, too. Pure. Sources: docs.slack.dev/reference/block-kit/blocks/data-visualization-block and data-table-block.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from cocoai.json_values import encodable

MOST_SERIES = 12
"""Series of one chart; Slack took 6 until the summer of 2026."""

MOST_POINTS = 20
"""Points of one series, which are the categories of its chart."""

MOST_TITLE = 50
"""Characters of a chart's title, and of the label of an axis."""

MOST_LABEL = 20
"""Characters of the name of a series, and of a category."""

MOST_ROWS = 200
"""Rows of one table below its header; Slack took 100 until the summer of 2026."""

MOST_COLUMNS = 20
"""Cells of one row."""

MOST_OF_TABLES = 20_000
"""Characters of all cells of all tables of one message."""

MOST_CELL = 200
"""Characters of a cell, by which a few rows always fit; Slack has no such limit."""

MOST_CAPTION = 150
"""Characters of a table's caption; Slack documents no limit."""

MOST_PAGE = 100
"""Rows of a table that are shown at once."""

EMPTY = "–"
"""Stands for an empty text: one refuses the whole message."""


@dataclass(frozen=True)
class TableNumber:
    """A number in a cell, by which Slack sorts, and the text that is shown for it."""

    value: float
    text: str


TableCell = str | TableNumber
"""What a cell of a table holds."""


def bar_chart(
    title: str,
    series: Sequence[tuple[str, Sequence[float]]],
    categories: Sequence[str],
    *,
    x_label: str = "",
    y_label: str = "",
) -> dict[str, Any]:
    """Return a bar chart: `series` are names with one value for each of the `categories`, which stand side by side.

    Texts are cut to Slack's limits. A name or a category that is there already gets a number behind it. An axis without
    a label has none. A message may have two charts.

    Raise ValueError without a series or a category, for more than 12 series or 20 categories, for a series with another
    number of values, and for a value that is no finite number.
    """
    _check_number("series", len(series), MOST_SERIES)
    _check_number("categories", len(categories), MOST_POINTS)
    labels = _unique(categories)
    names = _unique(name for name, _ in series)
    lines = [{"name": name, "data": _points(labels, values)} for name, (_, values) in zip(names, series, strict=True)]
    axes: dict[str, Any] = {"categories": labels}
    axes |= {"x_label": _line(x_label, MOST_TITLE)} if x_label.strip() else {}
    axes |= {"y_label": _line(y_label, MOST_TITLE)} if y_label.strip() else {}
    chart = {"type": "bar", "series": lines, "axis_config": axes}
    return {"type": "data_visualization", "title": _line(title, MOST_TITLE), "chart": chart}


def _left_out(number: int) -> str:
    """Return the text of a table's last row if `number` rows are left out."""
    return f"… +{number}"


def data_table(
    caption: str,
    header: Sequence[str],
    rows: Sequence[Sequence[TableCell]],
    *,
    page_size: int = 20,
    left_out: Callable[[int], str] = _left_out,
) -> dict[str, Any]:
    """Return a table with a header and rows, of which Slack shows `page_size` (1 to 100) at once.

    Texts are cut to `MOST_CELL` and `MOST_CAPTION`, an empty one becomes "–". If there are more than 200 rows, or more
    characters than a message may have in tables, the rows beyond are left out, and a last row has in its first cell
    what `left_out` returns for their number.

    Raise ValueError without a row or a column, for more than 20 columns, for a row that is not as long as the header,
    and for a value that is no finite number.
    """
    _check_number("columns", len(header), MOST_COLUMNS)
    if not rows or any(len(row) != len(header) for row in rows):
        raise ValueError("a table needs rows that are as long as its header")
    head, body = _row(header), [_row(row) for row in rows]
    last = _fitting(body, MOST_ROWS, MOST_OF_TABLES - _size(head))
    if last < len(body):
        # The last row is counted at its longest: how long it is depends on how many rows fit.
        last = _fitting(body, MOST_ROWS - 1, MOST_OF_TABLES - _size(head) - MOST_CELL - len(header))
        body[last:] = [_row([left_out(len(body) - last), *[EMPTY] * (len(header) - 1)])]
    return {
        "type": "data_table",
        "caption": _line(caption, MOST_CAPTION),
        "rows": [head, *body],
        "page_size": min(max(1, page_size), MOST_PAGE),
    }


def _check_number(name: str, number: int, most: int) -> None:
    """Raise ValueError unless `number`, how many there are of `name`, is between 1 and `most`."""
    if not 1 <= number <= most:
        raise ValueError(f"1 to {most} {name} are needed, not {number}")


def _points(labels: Sequence[str], values: Sequence[float]) -> list[dict[str, Any]]:
    if len(labels) != len(values):
        raise ValueError(f"{len(labels)} values are needed in each series, not {len(values)}")
    return [{"label": label, "value": _finite(value)} for label, value in zip(labels, values, strict=True)]


def _finite(value: float) -> float:
    """Return a value that JSON can hold. Raise ValueError if it is infinite or no number."""
    if not -math.inf < value < math.inf:
        raise ValueError(f"{value} is no finite number")
    return value


def _unique(texts: Iterable[str]) -> list[str]:
    """Return the texts as labels, in order; one that is there already gets a number from 2 behind it."""
    labels: list[str] = []
    for text in texts:
        label, number = _line(text, MOST_LABEL), 1
        while label in labels:
            number += 1
            end = f" {number}"
            label = f"{_line(text, MOST_LABEL - len(end))}{end}"
        labels.append(label)
    return labels


def _line(text: str, most: int) -> str:
    """Return a text on one line of at most `most` characters, with `…` at its end if it is cut; `EMPTY` for a blank."""
    line = " ".join(encodable(text).split()) or EMPTY
    return line if len(line) <= most else f"{line[: most - 1].rstrip()}…"


def _row(cells: Sequence[TableCell]) -> list[dict[str, Any]]:
    return [_cell(cell) for cell in cells]


def _cell(cell: TableCell) -> dict[str, Any]:
    if isinstance(cell, str):
        return {"type": "raw_text", "text": _line(cell, MOST_CELL)}
    return {"type": "raw_number", "value": _finite(cell.value), "text": _line(cell.text, MOST_CELL)}


def _size(row: Sequence[dict[str, Any]]) -> int:
    """Return the characters of all cells of a row."""
    return sum(len(cell["text"]) for cell in row)


def _fitting(rows: Sequence[Sequence[dict[str, Any]]], most: int, room: int) -> int:
    """Return how many of the first rows fit: at most `most`, with at most `room` characters."""
    for number, row in enumerate(rows[:most]):
        room -= _size(row)
        if room < 0:
            return number
    return min(len(rows), most)
