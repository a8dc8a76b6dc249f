"""Tests for slack/markdown/first_message.py: what one message holds of lines that come bit by bit."""

from __future__ import annotations

from itertools import chain

import pytest

from cocoai.slack.markdown.block_parser import parse_blocks
from cocoai.slack.markdown.first_message import FirstMessage
from cocoai.slack.markdown.partial import close_line
from cocoai.slack.markdown.split import MessageLimits, RenderedLine
from cocoai.slack.markdown.to_markdown_block import LIMITS, MOST_MARKDOWN, markdown_lines

pytestmark = [pytest.mark.pure, pytest.mark.thorough]


def lines_of(markdown: str) -> list[RenderedLine]:
    """Return the rendered lines of a Markdown text."""
    return markdown_lines(parse_blocks(markdown))


def first_part(markdown: str) -> str:
    """Return what the first message shows of a Markdown text."""
    return FirstMessage(LIMITS, close_line).text_with(lines_of(markdown))


def test_the_first_message_has_the_beginning_of_the_line_that_does_not_fit() -> None:
    """A growing text that is too long fills the first message with the beginning of the next line, closed."""
    text = first_part("x" * (MOST_MARKDOWN - 100) + "\n**" + "あ" * 300 + "**")

    assert MOST_MARKDOWN - 10 < len(text) <= MOST_MARKDOWN + len("\n**")
    assert text.endswith("あ**")


@pytest.mark.parametrize("block", ["|h|\n|-|\n|1|", "```\ncode\n```"])
def test_the_first_message_ends_before_a_block_that_does_not_fit(block: str) -> None:
    """A row or a line of code that no longer fits is not shown in part."""
    first = "x" * (MOST_MARKDOWN - 3)

    assert first == first_part(f"{first}\n\n{block}")


@pytest.mark.parametrize("limit", [1, 8, 20, 28, 40, 1_000])
def test_lines_that_were_added_count_as_those_that_follow(limit: int) -> None:
    """Wherever the lines are parted between blocks, the text is the same; once full, it stays as it is."""
    blocks = [lines_of(markdown) for markdown in ("", "a\n", "```\nb\n```\n", "|h|\n|-|\n|1|\n|2|\n", "**c** and d")]
    whole = FirstMessage(MessageLimits(limit, table_rows=3), close_line).text_with([*chain(*blocks)])
    for count in range(len(blocks) + 1):
        message = FirstMessage(MessageLimits(limit, table_rows=3), close_line)
        for block in blocks[:count]:
            message.add(block)

        assert whole == message.text_with([*chain(*blocks[count:])])
        assert not message.is_full or whole == message.text_with(lines_of("more"))
