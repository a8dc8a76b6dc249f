"""Tests for slack/markdown/repairs.py: tables' cells, and chunks of a text."""

from __future__ import annotations

import time

import pytest

from cocoai.slack.markdown.block_parser import TableBlock, normalize_markdown, parse_blocks
from cocoai.slack.markdown.commonmark_fixes import close_across_lines
from cocoai.slack.markdown.message_layout import Layout
from cocoai.slack.markdown.repairs import link_labels, repair_blocks, repaired_blocks, split_chunks
from tests.slack.markdown.corpus import ALL_SHORT, HABITS
from tests.slack.markdown.properties import in_blocks
from tests.slack.markdown.reader import PARSER, letters, read_markdown

pytestmark = [pytest.mark.pure, pytest.mark.thorough]


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("| `ps | grep x` | find |", r"| `ps \| grep x` | find |"),
        ("| `a || b` | または |", r"| `a \|\| b` | または |"),
        ("| ``a ` b | c`` | x |", r"| ``a ` b \| c`` | x |"),
        ("| <https://a.example|資料> | x |", "| [資料](https://a.example) | x |"),
        (r"| \(|x|\) | 絶対値 |", r"| `\(\|x\|\)` | 絶対値 |"),
        (r"| `a \| b` | x |", r"| `a \| b` | x |"),
        ("| ` | ticks ` |", "| ` | ticks ` |"),
        ("| 2*3 | __init__ |", r"| 2*3 | \_\_init\_\_ |"),
    ],
)
def test_a_pipe_in_a_cell(row: str, expected: str) -> None:
    """A pipe in code, a formula or a link ends no cell, unless the row has as many cells as it should without that."""
    (table,) = repair_blocks(parse_blocks(f"| a | b |\n|---|---|\n{row}"))

    assert isinstance(table, TableBlock)
    assert (expected,) == table.rows


def test_a_header_is_as_wide_as_the_longest_row() -> None:
    """GFM leaves out what a row has beyond the header, so the header gets empty cells."""
    (table,) = repair_blocks(parse_blocks("| a | b |\n|:--|--:|\n| 1 | 2 | 3 | 4 |\n| 5 |"))

    assert TableBlock("", "| a | b |  |  |", "| :-- | --: | --- | --- |", ("| 1 | 2 | 3 | 4 |", "| 5 |")) == table


@pytest.mark.parametrize(
    "row", ["| `cat a | sort` | x |", "| `x | y | z` | x |", "| <https://a.example/d|a b> | x |", "| a | `b | c` |"]
)
def test_a_strict_reader_sees_two_cells(row: str) -> None:
    """By GFM the row has the two cells that were meant, and no letter of it is lost."""
    (part,) = Layout("markdown").parts(f"| a | b |\n|---|---|\n{row}")

    cells = [token for token in PARSER.parse(in_blocks(part)) if token.type == "td_open"]
    shown = letters(read_markdown(in_blocks(part)).rows[0])
    assert 2 == len(cells)
    assert shown == letters(row.replace("https://a.example/d", ""))


@pytest.mark.parametrize("markdown", [*ALL_SHORT, *HABITS])
def test_chunks_are_repaired_as_the_whole_is(markdown: str) -> None:
    """A text that is repaired in chunks has the same blocks as one that is repaired at once."""
    markdown = normalize_markdown(markdown)

    blocks = repair_blocks(parse_blocks(markdown), link_labels(markdown))

    assert close_across_lines(blocks) == repaired_blocks(markdown)


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        ("a\n\nb\n\n- c\n\n- d\n\ne", ["a", "b\n\n- c\n\n- d", "e"]),
        ("```\na\n\nb\n```\n\nc", ["```\na\n\nb\n```", "c"]),
        ("a\n\n    b\n\n**c**\n\n* d", ["a\n\n    b", "**c**\n\n* d"]),
        ("", [""]),
    ],
)
def test_split_chunks(markdown: str, expected: list[str]) -> None:
    """A chunk ends at an empty line behind which no list and no code goes on."""
    assert expected == split_chunks(markdown, frozenset())


@pytest.mark.parametrize(
    "hostile", ["```\n\na\n\n", "```\n\na ``` b\n\nc\n\n", "|a|b|\n", "|a\n|-\n|`b|c\n", "1. a\n\n", "    a\n\n"]
)
def test_repairing_blocks_takes_linear_time(hostile: str) -> None:
    """30,000 characters of odd blocks are repaired within 2 seconds of CPU."""
    began = time.process_time()
    repaired_blocks(hostile * (30_000 // len(hostile)))

    assert time.process_time() - began < 2
