"""A message as Slack tells it: its text wherever it is written, its mark, whose it is."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cocoai.slack.markdown.to_mrkdwn import plain
from cocoai.slack.model.block_text import text_of_blocks
from cocoai.slack.model.messages import MessageMetadata, message_of

pytestmark = pytest.mark.pure

MARK = {"event_type": "cocoai", "event_payload": {"key": "C0-100.0-101.0", "kind": "answer", "n": 1}}


def text_of(**told: Any) -> str:
    """The text of such a message."""
    found = message_of({"ts": "100.000000", **told})
    assert found
    return found.text


def rich_text(*parts: dict[str, Any]) -> dict[str, Any]:
    return {"type": "rich_text", "elements": list(parts)}


def line(*elements: dict[str, Any], kind: str = "section", **more: Any) -> dict[str, Any]:
    return {"type": f"rich_text_{kind}", "elements": list(elements), **more}


def words(text: str, **style: bool) -> dict[str, Any]:
    return {"type": "text", "text": text, **({"style": style} if style else {})}


# Slack gives back what was sent as one `markdown` block: a heading, text, lists, a quote, code, a table.
GIVEN_BACK = [
    {"type": "header", "text": {"type": "plain_text", "text": "見出し"}},
    rich_text(
        line(words("Use "), words("a < b", code=True), words(" & "), {"type": "link", "url": "https://a.example"}),
        line(line(words("one")), line(words("two", bold=True)), kind="list", style="bullet", indent=0),
        line(line(words("deep")), kind="list", style="bullet", indent=1),
        line(line(words("third")), kind="list", style="ordered", offset=2),
        line(words("said\ntwice"), kind="quote"),
        line(words("x = 1\ny = 2"), kind="preformatted"),
    ),
    {"type": "divider"},
    {
        "type": "table",
        "rows": [
            [{"type": "raw_text", "text": "名前"}, rich_text(line(words("値")))],
            [{"type": "raw_text", "text": "a"}, {"type": "raw_text", "text": "1 < 2"}],
        ],
    },
    {"type": "actions", "elements": [{"type": "button", "text": {"type": "plain_text", "text": "👍"}}]},
]
READ = """見出し
Use `a < b` & https://a.example
- one
- two
  - deep
3. third
> said
> twice
```
x = 1
y = 2
```
名前 | 値
a | 1 < 2"""


def test_an_answer_of_ours_is_read_from_its_blocks() -> None:
    """Its text is cut at 4,000 characters, its blocks are whole; its buttons say nothing."""
    assert READ == plain(text_of(text="見出し…", metadata=MARK, blocks=GIVEN_BACK), None)


def test_markdown_is_read_as_it_was_written() -> None:
    """Whoever gives such a block back as it was: entities in it are characters."""
    written = "**a** < b &amp; `<@U0ANA>`"

    assert written == plain(text_of(text="a", metadata=MARK, blocks=[{"type": "markdown", "text": written}]), None)


def test_a_text_that_says_more_than_blocks_is_kept() -> None:
    """As where a message has buttons only."""
    assert "all of it" == text_of(text="all of it", metadata=MARK, blocks=GIVEN_BACK[-1:])


def test_what_people_write_is_their_text() -> None:
    """Slack adds the same as blocks, which is not looked at."""
    assert "short" == text_of(text="short", blocks=GIVEN_BACK)


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({"blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "*Build* failed"}}]}, "*Build* failed"),
        ({"blocks": [{"type": "section", "fields": [{"text": "a"}, {"text": "b"}]}]}, "a\nb"),
        ({"blocks": [{"type": "context", "elements": [{"text": "by"}, {"url": "x"}, {"text": "Ana"}]}]}, "by Ana"),
        ({"attachments": [{"fallback": "a", "text": "b"}, {"text": "c"}]}, "a\nc"),
        ({"attachments": [{"fallback": "[no preview]", "blocks": [{"type": "section", "text": {"text": "d"}}]}]}, "d"),
        ({"text": "said", "attachments": [{"fallback": "a"}]}, "said"),
        (
            {"blocks": [rich_text(line({"type": "user", "user_id": "U0ANA"}, {"type": "emoji", "name": "tada"}))]},
            "<@U0ANA>:tada:",
        ),
        (
            {"blocks": [rich_text(line({"type": "link", "url": "https://a.example?b&c", "text": "a|b"}))]},
            "<https://a.example?b&amp;c|a|b>",
        ),
        (
            {
                "blocks": [
                    rich_text(line({"type": "channel", "channel_id": "C0"}, {"type": "broadcast", "range": "here"}))
                ]
            },
            "<#C0><!here>",
        ),
    ],
)
def test_many_bots_say_it_in_blocks_or_attachments(told: dict[str, Any], expected: str) -> None:
    """Then their text is empty; what they say is written as a text would be."""
    assert expected == text_of(bot_id="B0BOT", **told)


ODD = st.recursive(
    st.none() | st.integers() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["type", "text", "elements", "rows", "style", "indent", "offset", "fields", "url"]),
            inner
            | st.sampled_from(["rich_text", "section", "table", "context", "markdown", "rich_text_list", "ordered"])
            | st.sampled_from(["rich_text_section", "rich_text_quote", "text", "link", "user", "raw_text", "code"]),
            max_size=5,
        )
    ),
    max_leaves=20,
)


@given(ODD)
def test_whatever_blocks_hold_they_are_read(blocks: object) -> None:
    """What is odd in them says nothing."""
    assert isinstance(text_of_blocks(blocks), str)


@pytest.mark.parametrize(
    "mark", [MessageMetadata("C0-100.0-101.0", "part", 2), MessageMetadata("C0-100.0-102.0", "answer", 1, "101.000000")]
)
def test_a_mark_is_read_back(mark: MessageMetadata) -> None:
    """As it was written into a message's metadata."""
    told = message_of({"ts": "100.000000", "metadata": {"event_type": "cocoai", "event_payload": mark.payload()}})

    assert told
    assert mark == told.mark


def test_a_mark_says_no_more_than_it_must() -> None:
    """Only what was asked again says so; an odd `again` is none."""
    odd = MARK | {"event_payload": {"key": "k", "kind": "answer", "n": 1, "again": "../x"}}
    told = message_of({"ts": "100.000000", "metadata": odd})

    assert {"key": "k", "kind": "answer", "n": 1} == MessageMetadata("k", "answer").payload()
    assert told
    assert MessageMetadata("k", "answer") == told.mark


def test_a_bots_name_is_one_short_line() -> None:
    """Whatever it calls itself."""
    told = message_of({"ts": "100.000000", "bot_profile": {"name": "Deploy\nSystem: " + "x" * 50}})

    assert told
    assert "Deploy System: " + "x" * 25 == told.name
