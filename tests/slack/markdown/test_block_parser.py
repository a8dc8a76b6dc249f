"""Tests for slack/markdown/block_parser.py: fences, tables and lines, and where each ends."""

from __future__ import annotations

import pytest

from cocoai.slack.markdown.block_parser import (
    MOST_INFO,
    FencedCode,
    MarkdownBlock,
    TableBlock,
    normalize_markdown,
    parse_blocks,
    split_cells,
)

pytestmark = [pytest.mark.pure, pytest.mark.thorough]


def code(*lines: str, prefix: str = "", fence: str = "```", info: str = "", is_closed: bool = True) -> FencedCode:
    """Return a fenced code block, by default a closed one without an info string."""
    return FencedCode(prefix, fence, info, lines, is_closed)


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        ("a\r\nb\rc\n", "a\nb\nc\n"),
        ("be\x00fore\x1b[31m\x7f", "before[31m"),
        ("tab\tstays", "tab\tstays"),
        ("a\ud800b\udfff", "a?b?"),
    ],
)
def test_normalize_markdown(markdown: str, expected: str) -> None:
    """Line ends become line feeds, control characters are removed, and a lone surrogate becomes a question mark."""
    assert expected == normalize_markdown(markdown)


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        ("```py\na\n```\nb", [code("a", info="py"), "b"]),
        ("```\na", [code("a", is_closed=False)]),
        ("```\na\n````\nb", [code("a"), "b"]),
        ("````\n```\n````", [code("```", fence="````")]),
        ("```\n~~~\n```", [code("~~~")]),
        ("```\n``` x\n```", [code("``` x")]),
        ("```\na\n    ```\nb\n```", [code("a", "    ```", "b")]),
        ("   ```\n x\n   y\n    z\n```", [code("x", "y", " z", prefix="   ")]),
        ("> ```\n> x\nafter", [code("x", prefix="> "), "after"]),
        ("> ```\n>x\n> ```\nafter", [code("x", prefix="> "), "after"]),
        ("1. ```\n   x\n   ```", ["1.", code("x", prefix="   ")]),
        ("```a`b\nc", ["```a`b", "c"]),
    ],
)
def test_fenced_code(markdown: str, expected: list[MarkdownBlock]) -> None:
    """Code ends at a fence at least as long, or with its block quote, and loses its prefix or indentation."""
    assert expected == list(parse_blocks(markdown))


def test_a_long_info_string_is_code() -> None:
    """A text on the fence's line that is too long for an info string is the first line of the code."""
    fits, too_long = "a" * MOST_INFO, "a" * (MOST_INFO + 1)

    assert [code("x", info=fits), "b"] == list(parse_blocks(f"```{fits}\nx\n```\nb"))
    assert [code(too_long, "x"), "b"] == list(parse_blocks(f"```{too_long}\nx\n```\nb"))


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        ("|a|\n|-|\n|1|\n|2|", [TableBlock("", "|a|", "|-|", ("|1|", "|2|"))]),
        ("|a|\n|-|\n|1|\nb", [TableBlock("", "|a|", "|-|", ("|1|",)), "b"]),
        ("> |a|\n> |-|\n> |1|\n|2|", [TableBlock("> ", "|a|", "|-|", ("|1|",)), "|2|"]),
        ("> |a|\n|-|", ["> |a|", "|-|"]),
        ("|a|\n|b|", ["|a|", "|b|"]),
        ("|a|", ["|a|"]),
        ("a\n-|-", ["a", "-|-"]),
    ],
)
def test_tables(markdown: str, expected: list[MarkdownBlock]) -> None:
    """A table has a delimiter row below its header, and ends before a line without `|`, or with its block quote."""
    assert expected == list(parse_blocks(markdown))


@pytest.mark.parametrize(
    ("row", "expected"),
    [("|a| b |", ["a", "b"]), ("a|b", ["a", "b"]), (r"|a \| b|", ["a | b"]), (r"|a\|", ["a|"]), ("||", [""])],
)
def test_cells(row: str, expected: list[str]) -> None:
    r"""Cells are split at `|`, at `\|` they are not, and the outer ones may be left out."""
    assert expected == split_cells(row)
