"""Tests for slack/markdown/text_table.py: a table's columns in a fixed-width font."""

from __future__ import annotations

import pytest

from cocoai.slack.markdown.block_parser import TableBlock
from cocoai.slack.markdown.text_table import align_columns

pytestmark = [pytest.mark.pure, pytest.mark.thorough]


@pytest.mark.parametrize(
    ("delimiter_row", "expected"),
    [
        ("|---|---|", ("a   | b", "--- | --", "ccc | d")),
        ("|--:|---|", ("  a | b", "--- | --", "ccc | d")),
        ("|:-:|:--|", ("a   | b", "--- | --", "ccc | d")),
        ("|---|--:|", ("a   |  b", "--- | --", "ccc |  d")),
        ("|---|", ("a   | b", "--- | --", "ccc | d")),
    ],
)
def test_alignment(delimiter_row: str, expected: tuple[str, ...]) -> None:
    """A column is aligned to the right if its delimiter says so, and else to the left, a centred one too."""
    header, rule, row = align_columns(TableBlock("", "|a|b|", delimiter_row, ("|ccc|d|", "||ee|")))[:3]

    assert expected == (header, rule, row)


@pytest.mark.parametrize(
    ("cell", "width"), [("abc", 3), ("猫", 2), ("ｶﾅ", 2), ("Ａ", 2), ("e\u0301", 1), ("x" * 41, 40), ("猫" * 21, 40)]
)
def test_a_column_s_width(cell: str, width: int) -> None:
    """Wide characters take two columns and combining ones none; a column is at most 40 wide, its cell still whole."""
    header, rule, row = align_columns(TableBlock("", "|a|b|", "|-|-|", (f"|{cell}|d|",)))

    assert "-" * width + " | -" == rule
    assert f"{cell} | d" == row
    assert "a" + " " * (width - 1) + " | b" == header
