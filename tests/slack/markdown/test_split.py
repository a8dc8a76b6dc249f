"""Tests for slack/markdown/split.py: lines into messages within their limits, and a long line into pieces."""

from __future__ import annotations

import pytest

from cocoai.slack.markdown.inline_parser import Inline, parse_inlines, render_mrkdwn, text_of
from cocoai.slack.markdown.message_layout import MORE, MOST_TEXT, Layout
from cocoai.slack.markdown.split import (
    MessageLimits,
    RenderedLine,
    Wrapper,
    count_fitting,
    join_lines,
    split_into_messages,
    split_line,
    write_out_long_links,
)
from cocoai.slack.markdown.to_markdown_block import MOST_MARKDOWN

pytestmark = [pytest.mark.pure, pytest.mark.thorough]


def plain_lines(*texts: str) -> list[RenderedLine]:
    """Return lines without a wrapper."""
    return [RenderedLine(text) for text in texts]


def in_wrapper(wrapper: Wrapper, *texts: str) -> list[RenderedLine]:
    """Return lines of one block."""
    return [RenderedLine(text, wrapper) for text in texts]


def table() -> Wrapper:
    """Return a table's header, of 7 characters."""
    return Wrapper("|a|\n|-|", is_table=True)


def test_lines_are_joined_with_their_wrappers() -> None:
    """Each block is enclosed once, and two neighbours of equal wrappers stay apart."""
    one, other = Wrapper("```", "```"), Wrapper("```", "```")
    lines = [*plain_lines("", "a", ""), *in_wrapper(one, "b", "c"), *in_wrapper(other, "d"), *plain_lines("")]

    assert "a\n\n```\nb\nc\n```\n```\nd\n```" == join_lines(lines)


def test_a_prefix_stands_before_each_line_that_is_not_empty() -> None:
    """Block quote markers are kept everywhere; an empty line within gets none."""
    wrapper = Wrapper("```", "```", "> ")

    assert "a\n> ```\n> b\n\n> c\n> ```" == join_lines([*plain_lines("a"), *in_wrapper(wrapper, "b", "", "c")])
    assert "> ```\n> b\n> ```" == join_lines(in_wrapper(wrapper, "b"))


def test_indentation_is_left_out_where_a_message_begins() -> None:
    """A block below a list item is indented, unless it begins the message: then the item is in the one before."""
    lines = in_wrapper(Wrapper("```", "```", "   "), "b")

    assert "- a\n   ```\n   b\n   ```" == join_lines([*plain_lines("- a"), *lines])
    assert "```\nb\n```" == join_lines(lines)


@pytest.mark.parametrize(
    ("lines", "limits", "expected"),
    [
        (plain_lines("aa", "bb"), MessageLimits(5), 2),
        (plain_lines("aa", "bb"), MessageLimits(4), 1),
        (plain_lines("too long"), MessageLimits(4), 1),
        (in_wrapper(table(), "|1|", "|2|"), MessageLimits(99, table_rows=3), 2),
        (in_wrapper(table(), "|1|", "|2|"), MessageLimits(99, table_rows=2), 1),
        ([*in_wrapper(table(), "|1|"), *in_wrapper(table(), "|2|")], MessageLimits(99, table_rows=4), 2),
        ([*in_wrapper(table(), "|1|"), *in_wrapper(table(), "|2|")], MessageLimits(99, table_rows=3), 1),
        (in_wrapper(table(), "|1|", "|2|"), MessageLimits(99, table_characters=table().size + 6), 2),
        (in_wrapper(table(), "|1|", "|2|"), MessageLimits(99, table_characters=table().size + 5), 1),
        (in_wrapper(Wrapper("```", "```"), "a", "b"), MessageLimits(99, table_rows=1, table_characters=1), 2),
    ],
)
def test_count_fitting(lines: list[RenderedLine], limits: MessageLimits, expected: int) -> None:
    """A message holds as many lines as its limits allow, a table's header counted once a message; at least one line."""
    assert expected == count_fitting(lines, limits)


@pytest.mark.parametrize("wrapper", [Wrapper("```python", "```"), Wrapper("|a|\n|-|", "", "> > "), table()])
def test_what_fits_is_within_the_limit(wrapper: Wrapper) -> None:
    """Lines that are counted as fitting, with their wrapper and its prefix, never exceed the limit when joined."""
    lines = [*plain_lines("before"), *in_wrapper(wrapper, *["x" * 7] * 9), *plain_lines("behind")]

    for limit in range(40, 160):
        assert len(join_lines(lines[: count_fitting(lines, MessageLimits(limit))])) <= limit


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (plain_lines("a" * 6, "b" * 6, "", "c" * 6, "d" * 6), ["aaaaaa\nbbbbbb", "cccccc\ndddddd"]),
        (plain_lines("a" * 3, "", "b" * 8, "c" * 4, "d" * 8), ["aaa\n\nbbbbbbbb\ncccc", "dddddddd"]),
        (plain_lines("a" * 9, "b" * 4 + ".", "c" * 4, "d" * 9), ["aaaaaaaaa\nbbbb.", "cccc\nddddddddd"]),
        (
            [*plain_lines("a" * 6), *in_wrapper(Wrapper("``", "``"), "b."), *in_wrapper(Wrapper("", ""), "c" * 9)],
            ["aaaaaa\n``\nb.\n``", "ccccccccc"],
        ),
        (
            [*plain_lines("a" * 8 + "."), *in_wrapper(Wrapper("`", "`"), "bb"), *plain_lines("c.", "d" * 9)],
            ["aaaaaaaa.\n`\nbb\n`", "c.\nddddddddd"],
        ),
        (in_wrapper(Wrapper("", ""), "a" * 6, "b" * 4 + ".", "c" * 3, "d" * 3), ["aaaaaa\nbbbb.\nccc", "ddd"]),
    ],
)
def test_a_message_ends_at_the_best_break_of_its_later_half(lines: list[RenderedLine], expected: list[str]) -> None:
    """That is between paragraphs or blocks, else after a sentence outside code, else after the last line that fits."""
    assert expected == list(split_into_messages(lines, MessageLimits(20)))


@pytest.mark.parametrize(
    ("markdown", "head", "rest"),
    [
        ("aaaa bbbb", "aaaa bbbb", ""),
        ("aaaaaa bbbbbb", "aaaaaa", "bbbbbb"),
        ("aaaaaa   bbbbbb", "aaaaaa", "bbbbbb"),
        ("aa bbbbbbbbbbbb", "aa bbbbbbb", "bbbbb"),
        ("aaaaa。bbb ccccc", "aaaaa。", "bbb ccccc"),
        ("aaa。bbbbbbbbb", "aaa。bbbbbb", "bbb"),
        ("aaaaaaaa[bbbbbb](https://b.example)", "aaaaaaaa", "<https://b.example|bbbbbb>"),
        ("aaaaaaa`bbb ccc`", "aaaaaaa", "`bbb ccc`"),
        ("aaaaaaaaa\U0001f3f4\U000e0067\U000e0062b", "aaaaaaaaa", "\U0001f3f4\U000e0067\U000e0062b"),
        ("aaaaaaaaa\u1112\u1161b", "aaaaaaaaa", "\u1112\u1161b"),
        ("aaaaaaaaaｶﾞb", "aaaaaaaaa", "ｶﾞb"),
        ("aaaaaaaaa<b", "aaaaaaaaa", "&lt;b"),
    ],
)
def test_split_line(markdown: str, head: str, rest: str) -> None:
    """A line is cut at the last good place in the later half of what fits, and no space is left there."""
    parts = split_line(parse_inlines(markdown), 10, render_mrkdwn)

    assert [head, rest] == [render_mrkdwn(part) for part in parts]


def test_split_line_takes_at_least_one_character() -> None:
    """A limit that nothing fits into still makes progress, so that a loop over the rest ends."""
    assert ([Inline("<")], [Inline("<<")]) == split_line([Inline("<<<")], 3, render_mrkdwn)
    assert "<<<" == text_of([*split_line([Inline("<<<")], 3, text_of)[0]])


@pytest.mark.parametrize(
    ("inline", "expected"),
    [
        (Inline("a", ("*",), "https://a"), Inline("a", ("*",), "https://a")),
        (Inline("a", ("*",), "https://ab"), Inline("a (https://ab)", ("*",))),
        (Inline("https://ab", (), "https://ab"), Inline("https://ab")),
        (Inline("text"), Inline("text")),
    ],
)
def test_an_address_of_over_a_third_of_the_limit_is_text(inline: Inline, expected: Inline) -> None:
    """A link with such an address becomes its label and the address; others stay links."""
    assert [expected] == write_out_long_links([inline], 27)


@pytest.mark.parametrize("message_format", ["markdown", "mrkdwn"])
@pytest.mark.parametrize("label", ["X", "label " * 200])
@pytest.mark.parametrize("query", ["&" * 900, "a=1&" * 600, "&" * 5_000])
def test_an_address_that_grows_when_it_is_rendered_is_written_out(message_format: str, label: str, query: str) -> None:
    """An address full of `&` takes up to five times its length, and no message is over its limit for it."""
    layout = Layout(message_format)

    messages = layout.parts(f"[{label}](https://a.example/?{query})")

    assert messages
    assert all(len(message.text) <= MOST_TEXT + len(MORE) for message in messages)
    assert all(
        len(block["text"]) <= MOST_MARKDOWN for message in messages for block in message.blocks if "text" in block
    )
    assert layout.growing(f"[{label}](https://a.example/?{query})", "writing").text
