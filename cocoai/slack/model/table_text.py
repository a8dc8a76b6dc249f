"""Writes the rows of a table block as a Markdown table: its cells stand in no other text of the message.

Pure: whatever is odd is passed over. Source: docs.slack.dev/reference/block-kit/blocks/table-block, data-table-block.
"""

from __future__ import annotations

import re

from cocoai.json_values import text_at
from cocoai.slack.model.plain_text import escaped
from cocoai.slack.model.rich_text import rich_text

_ENTITY_OR_PIPE = re.compile(r"<[^<>]*+>|\|")


def table_text(rows: object) -> str:
    """Return the rows as a Markdown table in Slack's text, the first row as its header; "" if no cell has a text.

    A line break in a cell becomes a space, `|` is escaped. `rows` is Slack's JSON, a list of lists of cells.
    """
    cells = [list(map(_cell, row)) for row in rows if isinstance(row, list)] if isinstance(rows, list) else []
    if not any(map(any, cells)):
        return ""
    header, *others = cells
    return "\n".join(map(_line, [header, ["---"] * max(1, len(header)), *others]))


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(cell: object) -> str:
    """Return the text of one cell: of `raw_text`, a number (as it is shown, else its value), or rich text.

    Return "" for an odd one, which must not move the cells behind it.
    """
    if not isinstance(cell, dict):
        return ""
    text = escaped(text_at(cell, "text")) or rich_text(cell) or _number(cell.get("value"))
    return _ENTITY_OR_PIPE.sub(_escape_pipe, " ".join(text.split()))


def _escape_pipe(match: re.Match[str]) -> str:
    # The pipe in `<URL|LABEL>` is Slack's own: a literal `<` is escaped.
    return "\\|" if match[0] == "|" else match[0]


def _number(value: object) -> str:
    return str(value) if type(value) in (int, float) else ""
