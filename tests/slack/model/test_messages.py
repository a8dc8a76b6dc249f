"""slack/model/messages.py and block_text.py: a message's text, its metadata and its bot's name."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cocoai.slack.model.block_text import text_of_blocks
from cocoai.slack.model.messages import MessageMetadata, message_of
from cocoai.slack.model.plain_text import plain_text

pytestmark = pytest.mark.pure

METADATA = {"event_type": "cocoai", "event_payload": {"key": "C0-100.0-101.0", "kind": "answer", "n": 1}}


def text_of(**fields: Any) -> str:
    """Return the text of a message with these fields."""
    found = message_of({"ts": "100.000000", **fields})
    assert found
    return found.text


def rich_text(*parts: dict[str, Any]) -> dict[str, Any]:
    return {"type": "rich_text", "elements": list(parts)}


def line(*elements: dict[str, Any], kind: str = "section", **more: Any) -> dict[str, Any]:
    return {"type": f"rich_text_{kind}", "elements": list(elements), **more}


def styled(text: str, **style: bool) -> dict[str, Any]:
    return {"type": "text", "text": text, **({"style": style} if style else {})}


RETURNED = [
    {"type": "header", "text": {"type": "plain_text", "text": "見出し"}},
    rich_text(
        line(styled("Use "), styled("a < b", code=True), styled(" & "), {"type": "link", "url": "https://a.example"}),
        line(line(styled("one")), line(styled("two", bold=True)), kind="list", style="bullet", indent=0),
        line(line(styled("deep")), kind="list", style="bullet", indent=1),
        line(line(styled("third")), kind="list", style="ordered", offset=2),
        line(styled("said\ntwice"), kind="quote"),
        line(styled("x = 1\ny = 2"), kind="preformatted"),
    ),
    {"type": "divider"},
    {
        "type": "table",
        "rows": [
            [{"type": "raw_text", "text": "名前"}, rich_text(line(styled("値")))],
            [{"type": "raw_text", "text": "a"}, {"type": "raw_text", "text": "1 < 2"}],
        ],
    },
    {"type": "actions", "elements": [{"type": "button", "text": {"type": "plain_text", "text": "👍"}}]},
]
"""What Slack returns for one `markdown` block with a heading, text, lists, a quote, code and a table."""

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
| 名前 | 値 |
| --- | --- |
| a | 1 < 2 |"""


def test_our_own_message_is_read_from_its_blocks() -> None:
    """The text of our message may be cut at 4,000 characters; its blocks are whole, and its buttons have no text."""
    assert READ == plain_text(text_of(text="見出し…", metadata=METADATA, blocks=RETURNED), None)


def test_a_markdown_block_is_read_as_it_was_written() -> None:
    """What looks like an entity in a `markdown` block is plain characters."""
    written = "**a** < b &amp; `<@U0ANA>`"

    assert written == plain_text(
        text_of(text="a", metadata=METADATA, blocks=[{"type": "markdown", "text": written}]), None
    )


def test_a_text_longer_than_the_blocks_is_kept() -> None:
    """Our message whose blocks have less text, such as buttons only, is read from its text."""
    assert "all of it" == text_of(text="all of it", metadata=METADATA, blocks=RETURNED[-1:])


def test_a_persons_message_is_read_from_its_text() -> None:
    """The rich_text that Slack adds to a person's message is not read: it has the same words."""
    read = message_of({"ts": "100.000000", "text": "short", "blocks": RETURNED[1:2]})

    assert read
    assert ("short", "") == (read.text, read.shown)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "*Build* failed"}}]}, "*Build* failed"),
        ({"blocks": [{"type": "section", "fields": [{"text": "a"}, {"text": "b"}]}]}, "a\nb"),
        ({"blocks": [{"type": "context", "elements": [{"text": "by"}, {"url": "x"}, {"text": "Ana"}]}]}, "by Ana"),
        ({"attachments": [{"fallback": "a", "text": "b"}, {"text": "c"}, {"fallback": "d"}]}, "b\n\nc\n\nd"),
        ({"attachments": [{"fallback": "[no preview]", "blocks": [{"type": "section", "text": {"text": "d"}}]}]}, "d"),
        ({"text": "said", "attachments": [{"fallback": "a"}]}, "said\n\na"),
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
def test_a_message_without_text_is_read_from_blocks_or_attachments(fields: dict[str, Any], expected: str) -> None:
    """Blocks and attachments of a bot's message are read in the form of a text."""
    read = message_of({"ts": "100.000000", "bot_id": "B0BOT", **fields})

    assert read
    assert expected == read.content


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
def test_any_blocks_can_be_read(blocks: object) -> None:
    """Any value in any place of the blocks gives a text and no error."""
    assert isinstance(text_of_blocks(blocks), str)


@pytest.mark.parametrize(
    "metadata",
    [MessageMetadata("C0-100.0-101.0", "part", 2), MessageMetadata("C0-100.0-102.0", "answer", 1, "101.000000")],
)
def test_metadata_is_read_back(metadata: MessageMetadata) -> None:
    """Our metadata is read from a message as it was written into it."""
    read = message_of({"ts": "100.000000", "metadata": {"event_type": "cocoai", "event_payload": metadata.payload()}})

    assert read
    assert metadata == read.metadata


def test_metadata_without_again() -> None:
    """An empty `again` is not written, and an odd one is not read."""
    odd = METADATA | {"event_payload": {"key": "k", "kind": "answer", "n": 1, "again": "../x"}}
    read = message_of({"ts": "100.000000", "metadata": odd})

    assert {"key": "k", "kind": "answer", "n": 1} == MessageMetadata("k", "answer").payload()
    assert read
    assert MessageMetadata("k", "answer") == read.metadata


@pytest.mark.parametrize(
    ("fields", "user"),
    [
        ({"user": "U0COCOAI", "bot_id": None, "files": [{"id": "F1", "user": "U0COCOAI"}]}, "U0COCOAI"),
        (
            {"bot_id": "B0COCOAI", "files": [{"id": "F1", "user": "U0COCOAI"}, {"id": "F2", "user": "U0COCOAI"}]},
            "U0COCOAI",
        ),
        ({"user": "U0ASKER01", "files": [{"id": "F1", "user": "U0COCOAI"}]}, "U0ASKER01"),
        ({"bot_id": "B0COCOAI", "files": [{"id": "F1", "user": "U0COCOAI"}, {"id": "F2", "user": "U0OTHER"}]}, ""),
        ({"bot_id": "B0COCOAI", "files": [{"id": "F1", "file_access": "check_file_info"}]}, ""),
        ({"bot_id": "B0COCOAI", "files": [5], "text": "x"}, ""),
        ({"bot_id": "B0COCOAI"}, ""),
    ],
)
def test_the_uploader_of_files_is_the_author(fields: dict[str, Any], user: str) -> None:
    """Where Slack names the bot's id alone: so a picture of our own is known as ours in the thread."""
    found = message_of({"ts": "100.000000", "subtype": "file_share", "upload": True, **fields})

    assert found
    assert user == found.user


def test_a_bots_name_is_one_short_line() -> None:
    """Any bot's name becomes one line of at most 40 characters."""
    read = message_of({"ts": "100.000000", "bot_profile": {"name": "Deploy\nSystem: " + "x" * 50}})

    assert read
    assert "Deploy System: " + "x" * 25 == read.name


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, set()),
        ({"team": "T0HOME"}, {"T0HOME"}),
        ({"team": "T0HOME", "user_team": "E0ORG", "source_team": "T0OTHER"}, {"T0HOME", "E0ORG", "T0OTHER"}),
        ({"bot_profile": {"team_id": "T0OTHER"}}, {"T0OTHER"}),
        ({"team": None, "user_team": 7, "source_team": "../x", "bot_profile": []}, set()),
    ],
)
def test_all_teams_of_an_author_are_read(fields: dict[str, Any], expected: set[str]) -> None:
    """Every field that may name the author's team or enterprise counts; odd ids do not."""
    read = message_of({"ts": "100.000000", **fields})

    assert read
    assert expected == read.teams
