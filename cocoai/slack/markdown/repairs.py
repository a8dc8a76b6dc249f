"""Repairs what a model has written, block by block, so that both renderings can read it as CommonMark and GFM.

Tables get cells as they were meant: `|` within code, a formula or a link ends none; no row has more than the header.
A text is repaired in chunks that do not depend on each other, so that a growing one is repaired once only.
Sources: github.github.com/gfm section 4.10 (tables).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from cocoai.slack.markdown.block_parser import (
    CELL_END,
    FencedCode,
    MarkdownBlock,
    TableBlock,
    parse_blocks,
    raw_cells,
    without_outer_pipes,
)
from cocoai.slack.markdown.commonmark_fixes import close_across_lines
from cocoai.slack.markdown.inline_parser import CODE_SPAN
from cocoai.slack.markdown.model_habits import repair_line
from cocoai.slack.markdown.structure import fix_structure
from cocoai.slack.markdown.text_cache import text_cache

_CELL_PIECE = re.compile(
    rf"""
    (?P<end>\|)
    | {CODE_SPAN}
    | \\\((?:[^\\`]|\\(?![()]))++\\\)
    | \$(?:[^$`|\s]|\|(?=[^$`|\s]++\|))[^$`]{{0,200}}\$
    | <(?:https?://|mailto:)[^\s<>|]++\|[^<>|]*+>
    | \\.
    """,
    re.VERBOSE,
)
"""A cell's end, or what is to be skipped whole, with any `|` in it."""

_MAY_HIDE_PIPE = re.compile(r"[`$<]|\\\(")


_CHUNK_END = re.compile(r"\n\n(?![ \t\n\-+•\d]|\*(?!\*\S))")
"""An empty line behind which nothing goes on that began before it, unless a fence is open: no list, and no code."""

_DEFINITION = re.compile(r"(?m)^ {0,3}\[([^\[\]^][^\[\]]{0,200})\]:[ \t]*\S")
_MOST_DEFINITIONS = 100

_MOST_JOINED = 8
"""Times that a chunk whose fence stays open is joined with what follows, before all of the rest is."""


def repaired_blocks(markdown: str) -> list[MarkdownBlock]:
    """Return the blocks of normalized Markdown, repaired, with emphasis closed at the end of each line."""
    labels = link_labels(markdown)
    chunks = split_chunks(markdown, labels)
    return repaired_chunks(chunks[:-1], labels) + list(_repair_chunk(chunks[-1], labels)[0])


def link_labels(markdown: str) -> frozenset[str]:
    """Return the labels of the text's reference links that it also defines, in small letters."""
    if "]:" not in markdown:
        return frozenset()
    text = markdown.lower()
    defined = {match[1] for _, match in zip(range(_MOST_DEFINITIONS), _DEFINITION.finditer(text), strict=False)}
    return frozenset(label for label in defined if text.count(f"[{label}]") > 1)


def repaired_chunks(chunks: Iterable[str], labels: frozenset[str]) -> list[MarkdownBlock]:
    """Return the repaired blocks of chunks, with the empty line behind each."""
    blocks: list[MarkdownBlock] = []
    for chunk in chunks:
        blocks += _repair_chunk(chunk, labels)[0]
        blocks.append("")
    return blocks


def split_chunks(markdown: str, labels: frozenset[str]) -> list[str]:
    """Return the text in chunks that can be parsed each by itself: the parts between some of its empty lines."""
    chunks: list[str] = []
    pieces = _CHUNK_END.split(markdown)
    at = 0
    while at < len(pieces):
        chunk, end = pieces[at], at + 1
        joined = 0
        while end < len(pieces) and (fence := _repair_chunk(chunk, labels)[1]):
            joined += 1
            closing = (n + 1 for n in range(end, len(pieces)) if fence in pieces[n])
            end = next(closing, len(pieces)) if joined < _MOST_JOINED else len(pieces)
            chunk = "\n\n".join(pieces[at:end])
        chunks.append(chunk)
        at = end
    return chunks


# The caches below spare most of the work, since a reply is rendered anew at each update while it is written.
@text_cache(64)
def _repair_chunk(chunk: str, labels: frozenset[str]) -> tuple[tuple[MarkdownBlock, ...], str]:
    """Return the repaired blocks of a chunk, and the fence that is still open at its end; "" if none is."""
    blocks = list(parse_blocks(chunk))
    last = blocks[-1]
    is_open = isinstance(last, FencedCode) and not last.is_closed
    repaired = close_across_lines(repair_blocks(blocks, labels))
    return tuple(repaired), last.fence if isinstance(last, FencedCode) and is_open else ""


def repair_blocks(blocks: Iterable[MarkdownBlock], labels: frozenset[str] = frozenset()) -> list[MarkdownBlock]:
    """Return the blocks as CommonMark that means what the model meant, in order; code stays as it is.

    `labels` are those of the text's reference links, as `link_labels` returns them.
    """
    return [
        repair_line(block, labels)
        if isinstance(block, str)
        else _repair_table(block)
        if isinstance(block, TableBlock)
        else block
        for block in fix_structure(blocks)
    ]


@text_cache(32)
def _repair_table(table: TableBlock) -> TableBlock:
    """Return the table with its habits rewritten, and with a header of as many cells as the longest row has."""
    count = len(raw_cells(table.delimiter_row))
    lines = [_repair_row(line, count) for line in (table.header, *table.rows)]
    most = max(len(cells) for cells, _ in lines)
    (header_cells, header), *rows = lines
    if most > len(header_cells):
        header = _row([*header_cells, *[""] * (most - len(header_cells))])
    delimiters = raw_cells(table.delimiter_row)
    if most > len(delimiters):
        delimiter_row = _row([*delimiters, *["---"] * (most - len(delimiters))])
        table = replace(table, delimiter_row=delimiter_row)
    return replace(table, header=header, rows=tuple(row for _, row in rows))


@text_cache(256)
def _repair_row(row: str, count: int) -> tuple[tuple[str, ...], str]:
    """Return a row's cells, and the row as GFM reads it so; `count` is how many the delimiter row has."""
    cells = raw_cells(row)
    if len(cells) == count or not _MAY_HIDE_PIPE.search(row):
        return tuple(cells), repair_line(row)
    cells = [CELL_END.sub(r"\\|", repair_line(cell)) for cell in _meant_cells(row)]
    return tuple(cells), _row(cells)


def _meant_cells(row: str) -> list[str]:
    """Return the cells of a row in which a `|` within code, a formula or a link ends none."""
    inner = without_outer_pipes(row)
    ends = [piece.start() for piece in _CELL_PIECE.finditer(inner) if piece["end"]]
    starts = [0, *(end + 1 for end in ends)]
    return [inner[start:end].strip() for start, end in zip(starts, [*ends, len(inner)], strict=True)]


def _row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cells) + " |"
