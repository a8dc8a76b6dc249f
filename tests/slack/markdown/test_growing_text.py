"""Tests for slack/markdown/growing_text.py: each update shows what the whole text, rendered anew, would show."""

from __future__ import annotations

import random
from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cocoai.slack.markdown.block_parser import normalize_markdown
from cocoai.slack.markdown.first_message import FirstMessage
from cocoai.slack.markdown.growing_text import GrowingText
from cocoai.slack.markdown.partial import close_line, unfinished_blocks
from cocoai.slack.markdown.repairs import link_labels, split_chunks
from cocoai.slack.markdown.split import MessageLimits
from cocoai.slack.markdown.to_markdown_block import LIMITS, MOST_MARKDOWN, markdown_lines
from cocoai.slack.markdown.to_mrkdwn import break_pings, mrkdwn_lines
from tests.slack.markdown.corpus import CASES, HABITS, ODD

pytestmark = [pytest.mark.pure, pytest.mark.thorough]

MOST = 2 * MOST_MARKDOWN
MOST_IN_LINE = 3_900
MRKDWN_LIMITS = MessageLimits(3_800)
ALL = [*CASES.values(), *ODD.values(), *HABITS]


def growing_text() -> GrowingText:
    return GrowingText(MOST, MOST_IN_LINE, MRKDWN_LIMITS, is_markdown=True)


def rendered_anew(markdown: str) -> tuple[str, str]:
    """Return both renderings of a beginning, step by step, with nothing kept from an earlier one."""
    whole = break_pings(normalize_markdown(markdown[:MOST]))
    labels = link_labels(whole[: whole.rfind("\n") + 1])
    blocks = unfinished_blocks(split_chunks(whole, labels), labels)
    mrkdwn = FirstMessage(MRKDWN_LIMITS).text_with(mrkdwn_lines(blocks, MOST_IN_LINE))
    return mrkdwn, FirstMessage(LIMITS, close_line).text_with(markdown_lines(blocks))


def assert_same(markdown: str, ends: Iterable[int]) -> None:
    """Assert that a text that grows to each of `ends` is rendered there as it would be anew."""
    growing = growing_text()
    for end in ends:
        assert rendered_anew(markdown[:end]) == growing.render(markdown[:end]), (end, markdown[:end][-200:])


@pytest.mark.parametrize("markdown", [each for each in ALL if len(each) < 400])
def test_every_beginning(markdown: str) -> None:
    """A case of the corpus is rendered at each of its beginnings as it would be anew."""
    assert_same(markdown, range(1, len(markdown) + 1))


@pytest.mark.parametrize("seed", range(8))
def test_mixtures(seed: int) -> None:
    """So are cases of the corpus behind each other, which grow by pieces of any size."""
    chance = random.Random(seed)
    short = [each for each in ALL if len(each) < 2_000]
    markdown = chance.choice(["\n", "\n\n", "\n\n\n"]).join(chance.choices(short, k=chance.randrange(2, 60)))

    assert_same(markdown, sorted(chance.sample(range(len(markdown)), k=min(len(markdown), 40))))


PIECES = [
    *"*_~`[]()<>|#-\n ",
    *(
        "**",
        "```",
        "```py\n",
        "~~~",
        "\n\n",
        "\n\n\n",
        "\r\n",
        "\r",
        "\x07",
        "\t",
        "   ",
        "    code",
        "\\\n",
        "---",
        "===",
    ),
    *("1. ", "2. ", "- ", "  - ", "* ", "• ", "> ", "\n- a\n\n  b\n\n", "| a | b |\n|---|---|\n", "|x|", "\n\n| r |\n"),
    *("漢字", "かな", "word", "<@U0ASKER01>", "<!channel>", "https://a.example/x", "&amp;", "<br>", "<details>"),
    *("$$", "$$\n", "\\[", "\\]", "[a]: https://x.example\n", "[a]", "[a][]"),
]


@settings(max_examples=150)
@given(st.lists(st.sampled_from(PIECES), max_size=60))
def test_random_markup(pieces: list[str]) -> None:
    """So are pieces of markup in any order, at each piece's end."""
    lengths = [len("".join(pieces[:count])) for count in range(len(pieces) + 1)]

    assert_same("".join(pieces), lengths)


@pytest.mark.parametrize(
    "markdown",
    [
        "|x|\n\n> ``" + "`\n> \n> y",  # a table's header may be held back although a chunk lies behind it
        "see [a]\n\nand [b]\n\n[a]: https://a.example\n\nend\n\n[b]: https://b.example\n\nend",  # labels come late
        "**one\n\n*\n\n* two\n\n**three**\n\n\nfour",
        "```\na\n\nb\n```\n\nc\n\n$$\nx\n\ny\n\nz",
        "<!here\n\n<!heres\n\n<@U1\n\n<@U12>\n\nend",
    ],
)
def test_what_reaches_across_chunks(markdown: str) -> None:
    """What a later piece of text changes in an earlier one is changed in time."""
    assert_same(markdown, range(1, len(markdown) + 1))


def test_a_full_message_is_rendered_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """Once neither rendering has room, more text changes nothing, and is not even parsed."""
    growing = growing_text()
    markdown = "\n\n".join(f"これは**段落** {n} です。" * 20 for n in range(50))
    before = growing.render(markdown)
    monkeypatch.delattr("cocoai.slack.markdown.growing_text.split_chunks")

    assert before == growing.render(markdown + "\n\nmore") == rendered_anew(markdown + "\n\nmore")


def test_another_text_begins_anew() -> None:
    """A text that does not begin with the last one is rendered by itself."""
    growing = growing_text()
    for markdown in ("one\n\ntwo\n\nthree", "one\n\ntwo", "other\n\nthree", ""):
        assert rendered_anew(markdown) == growing.render(markdown)
