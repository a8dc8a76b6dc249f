"""Tests for slack/markdown/commonmark_fixes.py: lines for a strict parser, and emphasis over several lines."""

from __future__ import annotations

import pytest

from cocoai.slack.markdown.commonmark_fixes import MOST_LINES, close_across_lines, fix_line
from cocoai.slack.markdown.inline_parser import ZWSP

pytestmark = [pytest.mark.pure, pytest.mark.thorough]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("**強調**です", "**強調**です"),
        ("これは**「強調」**です", "これは**·「強調」·**です"),
        ("**「a」***b*", "**「a」·***·b*"),
        ("_強調_です", "*強調*です"),
        ("_「a」_は", "*「a」·*は"),
        ("（_「a」_）", "（_「a」_）"),
        ("「a」_b_", "「a」_b_"),
        ("2*3*4", r"2\*3\*4"),
        ("2*3", r"2\*3"),
        ("a**b", r"a\*\*b"),
        ("`2*3*4`", "`2*3*4`"),
    ],
)
def test_emphasis(line: str, expected: str) -> None:
    """Emphasis that CommonMark would not see gets a ZWSP (`·`) or asterisks, what is none gets backslashes; no more."""
    assert expected == fix_line(line).replace(ZWSP, "·")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("see https://a.example/b.", "see https://a.example/b."),
        ("(https://a.example)", "(https://a.example)"),
        ("見て：https://a.exampleを", "見て：<https://a.example>を"),
        ("**https://a.example/**", "**<https://a.example/>**"),
        ("https://a.example/*", r"<https://a.example/>\*"),
        ('<a href="https://a.example">x</a>', '<a href="https://a.example">x</a>'),
        ("[a](https://a.example)", "[a](https://a.example)"),
        ("`https://a.exampleを`", "`https://a.exampleを`"),
        ("a<br>b", "a b"),
    ],
)
def test_addresses(line: str, expected: str) -> None:
    """A bare address that GFM would not see, or see too long, gets `<…>`; `<br>` becomes a space; all else stays."""
    assert expected == fix_line(line)


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["**a", "b** c"], ["**a**", "**b** c"]),
        (["**~~a ", "  b~~**"], ["**~~a~~**", "  **~~b~~**"]),
        (["**a", "b"], ["**a", "b"]),
        (["**a", "", "b**"], ["**a", "", "b**"]),
        (["**a", "- b**"], ["**a", "- b**"]),
        (["**a", "> b**"], ["**a", "> b**"]),
        (["**a", "# b**"], ["**a", "# b**"]),
    ],
)
def test_emphasis_over_two_lines(lines: list[str], expected: list[str]) -> None:
    """Emphasis is closed at a line's end and opened again on the next, if it is closed within the paragraph."""
    assert expected == close_across_lines(lines)


def test_emphasis_over_many_lines() -> None:
    """Emphasis that goes on for more than `MOST_LINES` further lines stays text."""
    lines = ["**a", *["b"] * MOST_LINES, "c**"]

    assert lines == close_across_lines(lines)
    assert ["**a**", *["**b**"] * (MOST_LINES - 1), "**c**"] == close_across_lines([*lines[:MOST_LINES], "c**"])


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["**a", "b"], ["**a**", "**b"]),
        (["**a", ""], ["**a**", ""]),
        (["**a", "", "b"], ["**a", "", "b"]),
        (["**a", "- b"], ["**a", "- b"]),
    ],
)
def test_emphasis_in_an_unfinished_text(lines: list[str], expected: list[str]) -> None:
    """In an unfinished text, emphasis that is open in the last paragraph goes on; in an earlier one it is text."""
    assert expected == close_across_lines(lines, is_unfinished=True)
