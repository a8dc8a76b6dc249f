"""Tests for slack/markdown/partial.py: what an unfinished text shows of its end."""

from __future__ import annotations

import time

import pytest

from cocoai.slack.markdown.block_parser import FencedCode
from cocoai.slack.markdown.partial import close_line, unfinished_blocks

pytestmark = pytest.mark.pure


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("これは**強", "これは**強**"),
        ("これは**", "これは"),
        ("これは**強調*", "これは**強調**"),
        ("***both*", "***both***"),
        ("**a *b", "**a *b***"),
        ("~~go", "~~go~~"),
        ("~~gone~", "~~gone~~"),
        ("use `co", "use `co`"),
        ("use ``a`b", "use ``a`b``"),
        ("use `", "use"),
        ("**use `a * b", "**use `a * b`**"),
        ("see [te", "see te"),
        ("see [text]", "see text"),
        ("see [text](https://a.ex", "see text"),
        ("see [text](https://a.example)", "see [text](https://a.example)"),
        ('see [text](https://a.example "ti', "see text"),
        ("see ![alt](https://a", "see alt"),
        ("see <https://a.ex", "see"),
        ("a &am", "a"),
        ("a < b", "a < b"),
        ("-", ""),
        ("  - ", ""),
        ("- [", ""),
        ("- [x] ", ""),
        ("> - ", ""),
        ("12.", ""),
        ("##", ""),
        ("``", ""),
        ("2 * 3 * 4", "2 * 3 * 4"),
        ("done.", "done."),
    ],
)
def test_close_line(line: str, expected: str) -> None:
    """An unfinished line has its delimiters and code closed, and is shown without half a marker, token or link."""
    assert expected == close_line(line)


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        ("```\n```", [FencedCode("", "```", "", (), is_closed=True)]),
        ("```\na\n```", [FencedCode("", "```", "", ("a",), is_closed=True)]),
        ("````\n```\n````", [FencedCode("", "````", "", ("```",), is_closed=True)]),
        ("```\n  \n", []),
        ("```\na\n`", [FencedCode("", "```", "", ("a",), is_closed=False)]),
        ("```\na\n~", [FencedCode("", "```", "", ("a", "~"), is_closed=False)]),
        ("a\n> | h |", ["a"]),
        ("a\n| h |\n", ["a"]),
        ("| a |\n| b |\n", []),
        ("| a |\n| b |\n| c |\n", ["| a |", "| b |", "| c |", ""]),
        ("**a\nb", ["**a**", "**b**"]),
    ],
)
def test_unfinished_blocks(markdown: str, expected: list[object]) -> None:
    """Half a closing fence, an open fence without code, and a table's header alone are held back."""
    assert expected == unfinished_blocks(markdown)


@pytest.mark.parametrize("hostile", ["[", "[a](", "[a](b ", "![", "`a``", "<", "<http:", "&", "**a ", "| ", "> ", "- "])
def test_closing_a_line_takes_linear_time(hostile: str) -> None:
    """30,000 characters of half-open markup are closed within 2 seconds of CPU."""
    began = time.process_time()
    close_line(hostile * (30_000 // len(hostile)))

    assert time.process_time() - began < 2
