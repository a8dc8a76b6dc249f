"""Tests for slack/markdown/partial.py: what an unfinished text shows of its end."""

from __future__ import annotations

import re
import time

import pytest

from cocoai.slack.markdown.block_parser import FencedCode
from cocoai.slack.markdown.message_layout import Layout, Shown
from cocoai.slack.markdown.partial import close_line, unfinished_blocks
from cocoai.slack.markdown.repairs import split_chunks
from tests.slack.markdown.corpus import HABITS
from tests.slack.markdown.properties import in_blocks
from tests.slack.markdown.reader import first_missing, letters, read_markdown, read_mrkdwn

pytestmark = [pytest.mark.pure, pytest.mark.thorough]


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
    assert expected == unfinished_blocks(split_chunks(markdown, frozenset()), frozenset())


@pytest.mark.parametrize("hostile", ["[", "[a](", "[a](b ", "![", "`a``", "<", "<http:", "&", "**a ", "| ", "> ", "- "])
def test_closing_a_line_takes_linear_time(hostile: str) -> None:
    """30,000 characters of half-open markup are closed within 2 seconds of CPU."""
    began = time.process_time()
    close_line(hostile * (30_000 // len(hostile)))

    assert time.process_time() - began < 2


def readable(shown: Shown) -> str:
    """Return the letters of what a person sees of a message, without the status."""
    text = read_markdown(in_blocks(shown)).text if shown.blocks else read_mrkdwn(shown.text)
    return letters(text.replace("…", ""))


@pytest.mark.parametrize("message_format", ["markdown", "mrkdwn"])
@pytest.mark.parametrize("markdown", HABITS)
def test_what_is_shown_grows(markdown: str, message_format: str) -> None:
    """At each beginning no letter is taken back, and no half link, tag or delimiter is shown."""
    layout = Layout(message_format)
    before = ""
    for end in range(1, len(markdown) + 1):
        shown = layout.growing(markdown[:end], "…")
        words = readable(shown)

        assert "" == first_missing(before, words)
        assert not re.search(
            r"\]\(h|<https?:[^>]*$|</?(?:b|kbd|sub|sup|details|summary)>?$", shown.text.partition("\n\n…")[0]
        )
        before = words


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("見て https://a.example/b", "見て"),
        ("見て https://a.example/b。", "見て https://a.example/b。"),
        ("https://ja.wikipedia.org/wiki/東京", ""),
        ("(https://a.example/b_(c)", "("),
        ("「https://a.example/b」", "「https://a.example/b」"),
        ("見て http", "見て"),
        ("詳細は <https://a.example|資料の", "詳細は"),
        (r"面積は \(\pi r", "面積は"),
        (r"\[任意\] と", r"\[任意\] と"),
        ("$$E = m", ""),
        ("use __ini", "use"),
        ("f(*arg", "f("),
        ("注[^1", "注"),
        ("これは<b>太", "これは<b>太</b>"),
        ("`<sub>`", "`<sub>`"),
        ("[`conf", "`conf`"),
        ("次に**「", "次に"),
        ("~~5,", "~~5~~"),
        ("単価*数量", "単価*数量"),
        ("## *", ""),
        ("- - -", ""),
        ("![図", "図"),
    ],
)
def test_what_is_half_written_is_held_back(line: str, expected: str) -> None:
    """Half an address, link, formula, name or tag is not shown; what could be a product is not closed as emphasis."""
    assert expected == close_line(line)
