"""The blocks that the practice Slack accepts, the form in which it stores them, and its errors for the others."""

from __future__ import annotations

from typing import Any

import pytest

from cocoai.rehearsal.slack.api_call import SlackApiError
from cocoai.rehearsal.slack.block_rules import stored_blocks

pytestmark = [pytest.mark.pure, pytest.mark.thorough]

Block = dict[str, Any]


def plain(text: object) -> Block:
    """Return a plain_text object."""
    return {"type": "plain_text", "text": text}


def mrkdwn(text: str) -> Block:
    """Return a mrkdwn object."""
    return {"type": "mrkdwn", "text": text}


def markdown(text: str) -> Block:
    """Return a markdown block."""
    return {"type": "markdown", "text": text}


def button(**more: object) -> Block:
    """Return a button, with other fields if given."""
    return {"type": "button", "text": plain("Stop"), "action_id": "stop", **more}


def actions(*elements: object) -> Block:
    """Return an actions block."""
    return {"type": "actions", "elements": list(elements)}


def confirm(**more: object) -> Block:
    """Return a button with a confirmation dialog, with other fields of the dialog if given."""
    whole = {"title": plain("Sure?"), "text": plain("It goes."), "confirm": plain("Yes"), "deny": plain("No")}
    return button(confirm={**whole, **more})


def table(rows: int = 2, cells: int = 2) -> Block:
    """Return a table block of this size."""
    return {"type": "table", "rows": [[{"type": "raw_text", "text": "x"}] * cells] * rows}


def refused(*blocks: Block, unknown: tuple[str, ...] = ()) -> tuple[str, list[str]]:
    """Return the code and the errors with which the blocks are refused."""
    with pytest.raises(SlackApiError) as caught:
        stored_blocks(blocks, unknown=unknown)
    assert caught.value.more.get("response_metadata", {"messages": []})["messages"] == [
        f"[ERROR] {each}" for each in caught.value.more.get("errors", [])
    ]
    return caught.value.code, caught.value.more.get("errors", [])


@pytest.mark.parametrize(
    "block",
    [
        markdown("x" * 12_000),
        {"type": "section", "text": mrkdwn("x" * 3_000), "expand": True},
        {"type": "section", "fields": [plain("x" * 2_000)] * 10},
        {"type": "section", "text": plain("x"), "accessory": button()},
        actions(*(button(action_id=f"{n}") for n in range(25))),
        actions(button(text=plain("x" * 75), value="x" * 2_000, action_id="x" * 255, style="danger")),
        actions(button(url="https://a.example/", accessibility_label="x" * 75)),
        actions(confirm(title=plain("x" * 100), text=mrkdwn("x" * 300), confirm=plain("x" * 30), style="danger")),
        {"type": "context", "elements": [mrkdwn("x"), plain("x")] * 5},
        {"type": "divider", "block_id": "x" * 255},
        {"type": "header", "text": plain("x" * 150)},
        {"type": "image", "image_url": "https://a.example/a.png", "alt_text": "x"},
        {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": []}]},
        table(100, 20),
    ],
)
def test_blocks_within_the_limits(block: Block) -> None:
    """Each block is accepted up to the limits that its page documents, and keeps all its fields."""
    (stored,) = stored_blocks([block])

    assert block["type"] == stored["type"]
    assert block.keys() <= stored.keys()


@pytest.mark.parametrize(
    ("block", "error"),
    [
        (markdown("x" * 12_001), "must be less than 12001 characters [json-pointer:/blocks/0/text]"),
        (markdown(""), "must be more than 0 characters [json-pointer:/blocks/0/text]"),
        ({"type": "markdown"}, "missing required field: text [json-pointer:/blocks/0]"),
        ({"type": "markdown", "text": 1}, "must be a string [json-pointer:/blocks/0/text]"),
        (
            {"type": "section", "text": mrkdwn("x" * 3_001)},
            "must be less than 3001 characters [json-pointer:/blocks/0/text/text]",
        ),
        ({"type": "section", "text": plain("")}, "must be more than 0 characters [json-pointer:/blocks/0/text/text]"),
        ({"type": "section", "text": "x"}, "must be an object [json-pointer:/blocks/0/text]"),
        ({"type": "section", "text": markdown("x")}, "unsupported type: markdown [json-pointer:/blocks/0/text/type]"),
        ({"type": "section"}, "must define either `text` or `fields` [json-pointer:/blocks/0]"),
        (
            {"type": "section", "fields": [plain("x")] * 11},
            "no more than 10 items allowed [json-pointer:/blocks/0/fields]",
        ),
        (actions(), "no fewer than 1 items allowed [json-pointer:/blocks/0/elements]"),
        ({"type": "actions", "elements": button()}, "must be an array [json-pointer:/blocks/0/elements]"),
        (
            actions(*(button(action_id=f"{n}") for n in range(26))),
            "no more than 25 items allowed [json-pointer:/blocks/0/elements]",
        ),
        (actions("x"), "must be an object [json-pointer:/blocks/0/elements/0]"),
        (actions({"text": plain("x")}), "missing required field: type [json-pointer:/blocks/0/elements/0]"),
        (actions(button(), button()), "`action_id` stop is not unique [json-pointer:/blocks/0/elements]"),
        (
            actions(button(action_id="x" * 256)),
            "must be less than 256 characters [json-pointer:/blocks/0/elements/0/action_id]",
        ),
        (
            actions(button(text=plain("x" * 76))),
            "must be less than 76 characters [json-pointer:/blocks/0/elements/0/text/text]",
        ),
        (
            actions(button(text=mrkdwn("x"))),
            "unsupported type: mrkdwn [json-pointer:/blocks/0/elements/0/text/type]",
        ),
        (
            actions(button(value="x" * 2_001)),
            "must be less than 2001 characters [json-pointer:/blocks/0/elements/0/value]",
        ),
        (
            actions(button(style="loud")),
            "must be one of: primary, danger [json-pointer:/blocks/0/elements/0/style]",
        ),
        (actions(button(colour="red")), "invalid additional property: colour [json-pointer:/blocks/0/elements/0]"),
        (
            actions(button(confirm={"text": plain("x"), "title": plain("x"), "confirm": plain("x")})),
            "missing required field: deny [json-pointer:/blocks/0/elements/0/confirm]",
        ),
        (
            actions(confirm(title=plain("x" * 101))),
            "must be less than 101 characters [json-pointer:/blocks/0/elements/0/confirm/title/text]",
        ),
        (
            actions(confirm(text=plain("x" * 301))),
            "must be less than 301 characters [json-pointer:/blocks/0/elements/0/confirm/text/text]",
        ),
        (
            actions(confirm(deny=plain("x" * 31))),
            "must be less than 31 characters [json-pointer:/blocks/0/elements/0/confirm/deny/text]",
        ),
        (
            {"type": "context", "elements": [mrkdwn("x")] * 11},
            "no more than 10 items allowed [json-pointer:/blocks/0/elements]",
        ),
        (
            {"type": "divider", "block_id": "x" * 256},
            "must be less than 256 characters [json-pointer:/blocks/0/block_id]",
        ),
        (
            {"type": "header", "text": plain("x" * 151)},
            "must be less than 151 characters [json-pointer:/blocks/0/text/text]",
        ),
        ({"type": "header", "text": mrkdwn("x")}, "unsupported type: mrkdwn [json-pointer:/blocks/0/text/type]"),
        ({"type": "image", "alt_text": "x"}, "must define either `image_url` or `slack_file` [json-pointer:/blocks/0]"),
        (table(101), "no more than 100 items allowed [json-pointer:/blocks/0/rows]"),
        (table(1, 21), "no more than 20 items allowed [json-pointer:/blocks/0/rows/0]"),
        ({"type": "shout"}, "unsupported type: shout [json-pointer:/blocks/0/type]"),
        ({"type": ["markdown"]}, "unsupported type: ['markdown'] [json-pointer:/blocks/0/type]"),
        ({}, "missing required field: type [json-pointer:/blocks/0]"),
    ],
)
def test_blocks_outside_the_limits(block: Block, error: str) -> None:
    """An invalid block is refused with invalid_blocks and a line that names the place and the limit."""
    assert ("invalid_blocks", [error]) == refused(block)


def test_all_errors_are_listed() -> None:
    """The refusal lists every error, not only the first."""
    code, errors = refused({"type": "shout"}, {"type": "divider"}, actions(button(text=plain(""), value=1)))

    assert "invalid_blocks" == code
    assert ["/blocks/0/type", "/blocks/2/elements/0/text/text", "/blocks/2/elements/0/value"] == [
        error.partition("json-pointer:")[2].rstrip("]") for error in errors
    ]


def test_at_most_fifty_blocks() -> None:
    """A message may have 50 blocks, and not one more."""
    assert 50 == len(stored_blocks([{"type": "divider"}] * 50))
    assert ("invalid_blocks", ["no more than 50 items allowed [json-pointer:/blocks]"]) == refused(
        *[{"type": "divider"}] * 51
    )


def test_block_ids_are_unique() -> None:
    """A block_id must be unique in its message."""
    twice = [{"type": "divider", "block_id": "line"}] * 2

    assert ("invalid_blocks", ["`block_id` line is not unique [json-pointer:/blocks]"]) == refused(*twice)


def test_action_ids_are_unique_in_a_block() -> None:
    """An action_id needs to be unique only in its own block."""
    assert 2 == len(stored_blocks([actions(button()), actions(button())]))


def test_markdown_blocks_share_their_limit() -> None:
    """All markdown blocks of a message share a limit of 12,000 characters, and all its texts another."""
    half, line = markdown("x" * 6_000), {"type": "section", "text": mrkdwn("x" * 1_300)}

    assert 2 == len(stored_blocks([half, half]))
    assert ("msg_blocks_too_long", []) == refused(half, half, markdown("x"))
    assert ("msg_blocks_too_long", []) == refused(half, half, line)
    assert 5 == len(stored_blocks([{"type": "section", "text": mrkdwn("x" * 3_000)}] * 5))


def test_at_most_one_table() -> None:
    """A message may have one table."""
    assert ("invalid_attachments", ["only_one_table_allowed [json-pointer:/blocks]"]) == refused(table(), table())


def test_without_markdown_blocks() -> None:
    """A Slack that does not know markdown blocks refuses each."""
    error = "unsupported type: markdown [json-pointer:/blocks/1/type]"

    assert ("invalid_blocks", [error]) == refused({"type": "divider"}, markdown("x"), unknown=("markdown",))
    assert 1 == len(stored_blocks([{"type": "divider"}], unknown=("markdown",)))


def test_defaults_that_slack_adds() -> None:
    """Blocks and buttons without an id get one, texts get their defaults; a markdown block's own id is ignored."""
    nameless = {"type": "button", "text": plain("Stop")}
    first, second, third = stored_blocks([markdown("x") | {"block_id": "mine"}, actions(nameless), {"type": "divider"}])
    (stored,) = second["elements"]

    assert 3 == len({first["block_id"], second["block_id"], third["block_id"], "mine"} - {"mine"})
    assert [5, 5, 5] == [len(each["block_id"]) for each in (first, second, third)]
    assert (5, {"type": "plain_text", "text": "Stop", "emoji": True}) == (len(stored["action_id"]), stored["text"])
    section, named = stored_blocks([{"type": "section", "text": mrkdwn("x")}, {"type": "divider", "block_id": "line"}])
    assert (False, "line") == (section["text"]["verbatim"], named["block_id"])
