"""Tests for slack/markdown/html_tags.py: HTML that models write, as Markdown."""

from __future__ import annotations

import pytest

from cocoai.slack.markdown.html_tags import close_elements, split_at_breaks
from cocoai.slack.markdown.model_habits import repair_line

pytestmark = pytest.mark.pure


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("H<sub>2</sub>O と m<sup>2</sup> と 10<sup>-3</sup>", "H₂O と m² と 10⁻³"),
        ("x<sub>ある</sub> と x<sup>A</sup>", r"x\_(ある) と x^(A)"),
        ("<b>太字</b>と<em>斜体</em>と<del>旧</del>", "**太字**と*斜体*と~~旧~~"),
        ("<b> a <i>b</i> </b>", " **a *b*** "),
        ("<summary><b>要点</b></summary>", "**要点**"),
        ("<kbd>Ctrl</kbd>+<kbd>C</kbd>", "`Ctrl`\u200b+`C`\u200b"),
        ("<code>a < b</code>", "`a < b`\u200b"),
        ('<a href="https://a.example/b">こちら</a>へ', "[こちら](<https://a.example/b>)へ"),
        ('<img src="https://a.example/i.png" alt="図">', "![図](<https://a.example/i.png>)"),
        ('<p align="center">段落</p>', "段落"),
        ("<u>下線</u> <span>a</span>", "下線 a"),
        ("<div> と <b> の違い", r"\<div> と \<b> の違い"),
        ("<b>a `</b>`", r"\<b>a `</b>`"),
        ("`<b>a</b>`", "`<b>a</b>`"),
        ("<b></b>a", "a"),
        ("if (a<b || c>d</b>", r"if (a\<b || c>d\</b>"),
    ],
)
def test_elements(line: str, expected: str) -> None:
    """An element that ends in its line becomes Markdown or its text; a tag without an end, or in code, is text."""
    assert expected == repair_line(line)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("a<br>b <br /> c", ["a", "b", "c"]),
        ("a\\<br>b \\</summary>c \\</details>", ["a\\<br>b \\</summary>c \\</details>"]),
        ("a\\\\<br>b", ["a\\\\", "b"]),
        ("`<br>`<BR>b", ["`<br>`", "b"]),
        ("<details><summary>要点</summary>文</details>", ["<summary>要点</summary>", "文"]),
        ("<details>文</details>", ["<details>文</details>"]),
        ("</div>", [""]),
        ("<hr>", ["", "---"]),
        ("  <li>a</li>", ["  - a"]),
    ],
)
def test_breaks(line: str, expected: list[str]) -> None:
    """A line is split at its breaks and behind a summary; tags of blocks alone leave an empty line."""
    assert expected == split_at_breaks(line)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("a<b>c<i>d", "a<b>c<i>d</i></b>"),
        ("a<b>c</b>", "a<b>c</b>"),
        ("`<b>` a", "`<b>` a"),
        ("HTML の <div> は", "HTML の <div> は"),
        ("<li>a", "<li>a</li>"),
    ],
)
def test_close_elements(line: str, expected: str) -> None:
    """Elements that are open at the end of an unfinished line are closed, not those that only have a block's name."""
    assert expected == close_elements(line)
