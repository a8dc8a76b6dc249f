"""Tests for slack/markdown/structure.py: lists, rules and breaks as CommonMark reads them."""

from __future__ import annotations

import pytest

from cocoai.slack.markdown.block_parser import FencedCode, MarkdownBlock, parse_blocks
from cocoai.slack.markdown.structure import fix_structure

pytestmark = [pytest.mark.pure, pytest.mark.thorough]


def fixed(markdown: str) -> list[MarkdownBlock]:
    """Return the blocks of a Markdown text with their structure written out."""
    return fix_structure(parse_blocks(markdown))


def fixed_lines(markdown: str) -> str:
    """Return the text of Markdown that has neither code nor tables."""
    return "\n".join(block for block in fixed(markdown) if isinstance(block, str))


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        ("1. a\n  1. b\n  2. c\n2. d", "1. a\n   1. b\n   2. c\n2. d"),
        ("1. a\n  - b\n    - c\n2. d", "1. a\n   - b\n     - c\n2. d"),
        ("10. a\n   - b\n11. c", "10. a\n    - b\n11. c"),
        ("1. a\n\n  more\n\n2. b", "1. a\n\n   more\n\n2. b"),
        ("- a\n        - b\n- c", "- a\n  - b\n- c"),
        ("- a\n\t- b\n\t\t- c", "- a\n    - b\n        - c"),
        ("> 1. a\n>   - b", "> 1. a\n>    - b"),
        ("- a\n - b\n- c", "- a\n- b\n- c"),
        ("- a\n  - b\n    - c\n- d", None),
        ("1. a\n   - b\n     c\n2. d", None),
        ("- [ ] a\n  - [x] b", None),
        ("• a\n  • b", "- a\n  - b"),
    ],
)
def test_nested_lists(markdown: str, expected: str | None) -> None:
    """What is indented by two columns or more is nested, and gets the columns that CommonMark wants. None: as it is."""
    assert (expected or markdown) == fixed_lines(markdown)


def test_code_in_a_nested_list() -> None:
    """Code is indented as far as its item's content; unindented code ends the list."""
    assert ["1. a", FencedCode("   ", "```", "", ("x",), is_closed=True), "2. b"] == fixed(
        "1. a\n  ```\n  x\n  ```\n2. b"
    )
    assert ["1. a", FencedCode("", "```", "", ("x",), is_closed=True), "2. b"] == fixed("1. a\n```\nx\n```\n2. b")


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        ("1. a\n1. b\n1. c", "1. a\n2. b\n3. c"),
        ("2. a\n5. b\n6. c", "2. a\n5) b\n6) c"),
        ("続き：\n3. c\n4. d", "続き：\n\n3. c\n4. d"),
        ("1. a\n   1. x\n2. b\n   2. y", "1. a\n   1. x\n2. b\n\n   2. y"),
        ("1. a\n\ntext\n\n2. b", None),
        ("1. a\n- x\n2. b", None),
        ("1. a\n2. b\n10. c", "1. a\n2. b\n10) c"),
        ("設立は\n2019. と書く", None),
        ("1) a\n2) b", None),
    ],
)
def test_numbers(markdown: str, expected: str | None) -> None:
    """Numbers are as they are written, or counted on if all are the same; a list may begin under a paragraph."""
    assert (expected or markdown) == fixed_lines(markdown)


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        ("a\n---\nb", "a\n\n---\nb"),
        ("a\nb\n-----\nc", "a\nb\n\n-----\nc"),
        ("> a\n> ---\n> b", "> a\n>\n> ---\n> b"),
        ("- a\n\n  b\n  ---", "- a\n\n  b\n\n  ---"),
        ("- a\n---", None),
        ("# a\n---\nb", None),
        ("a\n***\nb", None),
        ("手順のまとめ\n------------\nb", "## 手順のまとめ\nb"),
        ("Title\n-----\nb", "## Title\nb"),
        ("Title\n===\nb", "# Title\nb"),
        ("よろしくお願いします。\n--\n総務部", "よろしくお願いします。\n\\--\n総務部"),
        ("a\n=\nb", "a\n\\=\nb"),
        ("- a\n-\n- c", "- a\n-\n- c"),
    ],
)
def test_rules_and_underlined_titles(markdown: str, expected: str | None) -> None:
    """`---` is a rule, unless it is as long as the one line above it; `===` makes a heading; else both are text."""
    assert (expected or markdown) == fixed_lines(markdown)


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        ("a<br>b<br/>c", "a\nb\nc"),
        ("- a<br>b", "- a\n  b"),
        ("> a<BR />b", "> a\n> b"),
        ("# a<br>b", "# a b"),
        ("`a<br>b`", "`a<br>b`"),
        ("<details>\n<summary>要点</summary>\n\na\n</details>", "\n<summary>要点</summary>\n\na\n"),
        ("<ul>\n<li>a</li>\n</ul>", "\n- a\n"),
        ("a\\\nb", "a\nb"),
        ("a\\", "a\\"),
    ],
)
def test_breaks(markdown: str, expected: str) -> None:
    """`<br>` and a backslash break the line, within its item or quote too; tags of blocks are left out."""
    assert expected == fixed_lines(markdown)


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        (
            "a\n\n    x = 2*3\n\n      y\n\nb",
            ["a", "", FencedCode("", "```", "", ("x = 2*3", "", "  y"), is_closed=True), "", "b"],
        ),
        ("a\n    b", ["a", "    b"]),
        ("- a\n\n    b", ["- a", "", "    b"]),
        ("    ```", [FencedCode("    ", "```", "", (), is_closed=False)]),
    ],
)
def test_indented_code(markdown: str, expected: list[MarkdownBlock]) -> None:
    """Code that is indented behind an empty line gets a fence; in a paragraph or an item it is text."""
    assert expected == fixed(markdown)
