"""Writes a Markdown table as lines of plain text, its columns aligned in a fixed-width font.

mrkdwn has no tables, so they are shown this way in a code block.
"""

from __future__ import annotations

import unicodedata

from cocoai.slack.markdown.block_parser import TableBlock, split_cells
from cocoai.slack.markdown.inline_parser import parse_inlines
from cocoai.slack.markdown.text_cache import text_cache

_WIDEST_CELL = 40
"""Columns. A wider cell stays whole, and only moves the rest of its row to the right."""


# Cached, since a reply is rendered anew at each update while it is written.
@text_cache(64)
def align_columns(table: TableBlock) -> tuple[str, ...]:
    """Return the header, a rule under it, and the rows, each as one line such as `a  | b`; missing cells are empty.

    A column is aligned right if its cell in the delimiter row is `--:`, else left.
    """
    rows = [_readable_cells(line) for line in (table.header, *table.rows)]
    columns = max(map(len, rows))
    rows = [row + ("",) * (columns - len(row)) for row in rows]
    widths = [min(max(map(_width, column)), _WIDEST_CELL) for column in zip(*rows, strict=True)]
    rights = [cell.endswith(":") and not cell.startswith(":") for cell in split_cells(table.delimiter_row)]
    rights += [False] * (columns - len(rights))
    lines = [" | ".join(map(_pad, row, widths, rights)).rstrip() for row in rows]
    return lines[0], " | ".join("-" * width for width in widths), *lines[1:]


@text_cache(128)
def _readable_cells(row: str) -> tuple[str, ...]:
    return tuple(_readable(cell) for cell in split_cells(row))


def _readable(cell: str) -> str:
    """Return a cell's visible text, addresses in brackets, `a` for `**a**`: Slack shows no markup in a code block."""
    return "".join(f"{text} ({url})" if url not in ("", text) else text for text, _, url in parse_inlines(cell))


def _pad(cell: str, width: int, is_right: bool) -> str:  # noqa: FBT001 (called by map, with three columns side by side)
    """Return the cell with spaces up to `width` columns, in front if it is aligned right; a wider one as it is."""
    space = " " * (width - _width(cell))
    return space + cell if is_right else cell + space


def _width(text: str) -> int:
    """Return the columns that a text takes: an East Asian wide character takes two, a combining one none."""
    if text.isascii():
        return len(text)
    wide = sum(unicodedata.east_asian_width(character) in "WF" for character in text)
    return len(text) + wide - sum(unicodedata.combining(character) > 0 for character in text)
