"""A Markdown table as lines of plain text, its columns under each other in a font whose characters are all as wide."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

from cocoai.slack.markdown.block_parser import TableBlock, cells
from cocoai.slack.markdown.inline_parser import read

_WIDEST_CELL = 40


@lru_cache(maxsize=64)
def aligned(table: TableBlock) -> tuple[str, ...]:
    """The head, a rule under it, and the rows. A cell of over 40 columns is whole, and what follows it moves on."""
    # Kept for a while: a reply that grows is shown again and again, and all its tables but the last stay as they are.
    rows = [_cells_as_read(line) for line in (table.head, *table.rows)]
    columns = max(map(len, rows))
    rows = [row + ("",) * (columns - len(row)) for row in rows]
    widths = [min(max(map(_width, column)), _WIDEST_CELL) for column in zip(*rows, strict=True)]
    rights = [rule.endswith(":") and not rule.startswith(":") for rule in cells(table.rule)]
    rights += [False] * (columns - len(rights))
    lines = [" | ".join(map(_padded, row, widths, rights)).rstrip() for row in rows]
    return lines[0], " | ".join("-" * width for width in widths), *lines[1:]


@lru_cache(maxsize=128)
def _cells_as_read(line: str) -> tuple[str, ...]:
    return tuple(_cell_as_read(cell) for cell in cells(line))


def _cell_as_read(cell: str) -> str:
    """In a fence Slack shows no markup, so a cell is what it says."""
    return "".join(f"{text} ({url})" if url not in ("", text) else text for text, _, url in read(cell))


def _padded(cell: str, width: int, right: bool) -> str:  # noqa: FBT001 (one of three rows read side by side)
    space = " " * (width - _width(cell))
    return space + cell if right else cell + space


def _width(text: str) -> int:
    """Columns in a fixed-width font: an East Asian wide character takes two."""
    if text.isascii():
        return len(text)
    wide = sum(unicodedata.east_asian_width(character) in "WF" for character in text)
    return len(text) + wide - sum(unicodedata.combining(character) > 0 for character in text)
