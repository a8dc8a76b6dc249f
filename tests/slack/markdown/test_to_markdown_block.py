"""Tests for slack/markdown/to_markdown_block.py: Markdown for Slack's markdown blocks, in parts."""

from __future__ import annotations

import pytest

from cocoai.slack.markdown.block_parser import parse_blocks
from cocoai.slack.markdown.split import RenderedLine, join_lines
from cocoai.slack.markdown.to_markdown_block import (
    MOST_CELLS,
    MOST_IN_PIECE,
    MOST_IN_ROW,
    MOST_MARKDOWN,
    markdown_lines,
    markdown_parts,
)

pytestmark = [pytest.mark.pure, pytest.mark.thorough]


def lines_of(markdown: str) -> list[RenderedLine]:
    """Return the rendered lines of a Markdown text."""
    return markdown_lines(parse_blocks(markdown))


def parts_of(markdown: str) -> list[str]:
    """Return the parts of a Markdown text."""
    return markdown_parts(lines_of(markdown))


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        ("a\n|h|\n|-|\n|1|\nb", "a\n\n|h|\n|-|\n|1|\n\nb"),
        ("a\n\n|h|\n|-|\n|1|\n\nb", "a\n\n|h|\n|-|\n|1|\n\nb"),
        ("> a\n> |h|\n> |-|\n> |1|", "> a\n>\n> |h|\n> |-|\n> |1|"),
        ("|h|\n|-|\n|1|\n```\nx\n```", "|h|\n|-|\n|1|\n\n```\nx\n```"),
        ("|h|\n|-|", "|h|\n|-|"),
        ("|a|b|\n|-|\n|1|2|", "|a|b|\n|---|---|\n|1|2|"),
        ("|a|b|\n|:-|-|-|\n|1|2|", "|a|b|\n|---|---|\n|1|2|"),
        ("|a|b|\n|:-|-:|\n|1|2|", "|a|b|\n|:-|-:|\n|1|2|"),
        (f"|a|\n|{'-' * MOST_IN_ROW}|\n|1|", "|a|\n|---|\n|1|"),
        ("|「a」|\n|-|\n|**「b」**は|", "|「a」|\n|-|\n|**「b」\u200b**は|"),
    ],
)
def test_tables(markdown: str, expected: str) -> None:
    """A table has an empty line around it, within its block quote too, and a delimiter row of as many cells."""
    assert expected == join_lines(lines_of(markdown))


@pytest.mark.parametrize(("columns", "is_table"), [(MOST_CELLS, True), (MOST_CELLS + 1, False)])
def test_a_table_of_too_many_columns_is_code(columns: int, is_table: bool) -> None:
    """A table with more columns than Slack takes is shown as code."""
    (part,) = parts_of("|" + "h|" * columns + "\n|" + "-|" * columns + "\n|" + "1|" * columns)

    assert is_table is part.startswith("|h|")
    assert is_table is not part.startswith("```\nh | h")


@pytest.mark.parametrize(("size", "is_table"), [(MOST_IN_ROW, True), (MOST_IN_ROW + 1, False)])
def test_a_table_with_a_long_row_is_code(size: int, is_table: bool) -> None:
    """A table with a row that is too long to be cut is shown as code."""
    (part,) = parts_of("|h|\n|-|\n|" + "x" * (size - 2) + "|")

    assert is_table is part.startswith("|h|\n|-|\n|x")
    assert is_table is not part.startswith("```\nh\n")


def test_a_large_table_is_split() -> None:
    """A message has at most 100 rows of tables with their headers, and 10,000 characters in them."""
    many, large = parts_of("|h|\n|-|\n" + "|1|\n" * 150), parts_of("|h|\n|-|\n" + f"|{'x' * 900}|\n" * 12)

    assert [100, 52] == [len(part.splitlines()) - 1 for part in many]
    assert [9, 3] == [part.count("|x") for part in large]


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [("```\n```", "```\n\n```"), ("~~~~py\na\n~~~~", "````py\na\n````"), ("> ```\n> a", "> ```\n> a\n> ```")],
)
def test_code(markdown: str, expected: str) -> None:
    """Code keeps its fence, info string and block quote, and is closed."""
    assert expected == join_lines(lines_of(markdown))


@pytest.mark.parametrize(
    ("marker", "next_marker"), [("> - ", ">   "), ("## ", "   "), ("12. ", "    "), ("", ""), ("  + ", "    ")]
)
def test_a_long_line_in_pieces(marker: str, next_marker: str) -> None:
    """Each piece of a list item, quote or heading begins below the first one's words, without another list marker."""
    first, *others = (line.text for line in lines_of(marker + "word " * 4_000))

    assert first.startswith(f"{marker}word ")
    assert others
    assert all(other.startswith(f"{next_marker}word ") for other in others)
    assert all(len(piece) <= MOST_IN_PIECE for piece in (first, *others))


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("**あ***い*", "**あ**\u200b*い*"),
        ("**~~あ~~**", "**~~あ~~**"),
        (r"\*あ\*\#", r"\*あ\*\#"),
        ("`あ*い`", "`あ*い`"),
        ("[い](https://a.example/b_(c))", "[い](<https://a.example/b_(c)>)"),
        ("<https://a.example>", "<https://a.example>"),
    ],
)
def test_inlines_of_a_long_line(words: str, expected: str) -> None:
    """A line that is cut is written anew: its delimiters, escapes, code and links stay what they were."""
    first, *_ = lines_of(words + " " + "あ" * MOST_MARKDOWN)

    assert expected == first.text.partition(" ")[0]


@pytest.mark.parametrize("emphasis", ["**「あ」**は", "あ*。*"])
def test_a_long_line_of_emphasis_fits_a_part(emphasis: str) -> None:
    """A piece of a long line fits a part even if every delimiter in it gets a ZWSP."""
    lines = lines_of(emphasis * (2 * MOST_MARKDOWN // len(emphasis)))

    assert len(lines) > 1
    assert all(len(line.text) <= MOST_MARKDOWN for line in lines)


@pytest.mark.parametrize(
    ("second", "expected"),
    [
        ("    - a\n      - b\n  - c\n- d\n    e", "- a\n  - b\n- c\n- d\n    e"),
        ("    - a\n      - b", "- a\n  - b"),
        ("   - a\n     - b", "   - a\n     - b"),
    ],
)
def test_a_part_that_begins_deep_in_a_list_is_outdented(second: str, expected: str) -> None:
    """A part that begins with 4 spaces or more loses them, on all lines up to one that is not indented."""
    first = "x" * (MOST_MARKDOWN - 2)

    assert [first, expected] == parts_of(f"{first}\n\n{second}")
