"""What mrkdwn can show of a structure: it has no headings, tables, nested quotes, or text inside an item.

A heading becomes a bold line, a table code, a quote of any depth one quote; each line is a block of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from tests.slack.rendering.outline import CELL, ZWSP, Block, Run, notation, runs_of

_VERBATIM = ("c", "m", "sub", "sup")


def as_mrkdwn(blocks: Iterable[Block]) -> list[Block]:
    """Return the blocks as mrkdwn shows them."""
    shown: list[Block] = []
    table: list[Block] = []
    for block in blocks:
        if table and block.kind != "|":
            shown.append(_text_table(table))
            table = []
        if block.kind in ("|=", "|"):
            table.append(block)
        else:
            shown += _lines(replace(block, quotes=min(1, block.quotes)))
    return [*shown, _text_table(table)] if table else shown


def as_table(block: Block) -> Block:
    """Return a block of code as a table's rows alone: without the line under the head, and without padding."""
    if not block.is_code:
        return block
    rows = [" ".join(line.split()) for line in block.text.replace(ZWSP, "").split("\n")]
    return Block("code", "\n".join(row.rstrip(" |") for row in rows if row.strip("-|+ ")), 0, block.quotes)


def _text_table(rows: list[Block]) -> Block:
    return as_table(Block("code", "\n".join(" | ".join(map(_plain, row.text.split(CELL.strip()))) for row in rows)))


def _plain(text: str) -> str:
    """Return a text of the notation without marks: a link's address stands behind its label."""
    return "".join(
        f"{run.text} ({run.address})" if run.address and run.address != run.text else run.text.replace("⏎", " ")
        for run in runs_of(text)
    ).strip()


def _lines(block: Block) -> list[Block]:
    """Return the lines of a block that belongs to no table."""
    if block.is_code:
        return [Block("code", block.text)]  # a fence cannot stand in a quote
    if block.kind == "m":
        return [replace(block, depth=0)]
    runs = runs_of(block.text)
    if block.kind == "h":
        runs = [run if run.style in _VERBATIM else run._replace(style=f"b{run.style.strip('b')}") for run in runs]
    first, *others = map(notation, _split(runs))
    if block.is_item:
        return [replace(block, text=first), *(_line(other, block.quotes) for other in others if other)]
    if block.kind == "hr":
        return [replace(block, depth=0)]
    return [_line(line, block.quotes) for line in (first, *others) if line]


def _split(runs: Iterable[Run]) -> Iterator[list[Run]]:
    """Yield the runs of each line: a style that goes over a line's end is two."""
    line: list[Run] = []
    for run in runs:
        for n, piece in enumerate([run.text] if run.style in _VERBATIM else run.text.split("⏎")):
            if n:
                yield line
                line = []
            line.append(run._replace(text=piece))
    yield line


def _line(text: str, quotes: int) -> Block:
    """Return a line outside lists; one that begins like a numbered item cannot be told from one."""
    if marker := re.match(r"(\d+[.)]) ", text):
        return Block(marker[1], text[marker.end() :], 0, quotes)
    return Block("p", text, 0, quotes)
