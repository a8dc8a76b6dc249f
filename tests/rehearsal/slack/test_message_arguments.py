"""Messages with blocks, deleted messages and ephemeral ones, through the Web API."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from slack_sdk import WebClient

from cocoai.rehearsal.slack.practice_slack import PracticeSlack
from cocoai.rehearsal.slack.slack_switches import SlackSwitches
from cocoai.rehearsal.slack.workspace import PracticeChannel
from tests.rehearsal.slack.bot import Bot
from tests.rehearsal.slack.conftest import Act
from tests.rehearsal.slack.refusals import refusal

HERE = "C0PRACTICE"
MARKDOWN = [{"type": "markdown", "text": "**hello**"}]


# Blocks


def test_blocks_are_returned(slack: PracticeSlack, web: WebClient) -> None:
    """Blocks are in the response, in the workspace and in conversations.replies, with their new ids."""
    posted = web.chat_postMessage(channel=HERE, text="hello", blocks=MARKDOWN)
    (stored,) = slack.messages()
    (read,) = web.conversations_replies(channel=HERE, ts=stored.ts)["messages"]

    assert posted["message"]["blocks"] == list(stored.blocks) == read["blocks"]
    assert ("**hello**", "hello", True) == (
        read["blocks"][0]["text"],
        read["text"],
        bool(read["blocks"][0]["block_id"]),
    )


def test_blocks_in_events(bot: Bot) -> None:
    """The events of the bot's messages have their blocks; message_changed has the earlier ones too."""
    with PracticeSlack(request_url=bot.url, switches=SlackSwitches(timeout=60)) as slack:
        message = slack.workspace.post("C0PRACTICE", "U0COCOAI", "one", blocks=({"type": "divider", "block_id": "a"},))
        slack.wait_for_deliveries()
        slack.workspace.edit(message, "two", blocks=())
        slack.wait_for_deliveries()
    posted, changed = bot.events

    assert [{"type": "divider", "block_id": "a"}] == posted["blocks"] == changed["previous_message"]["blocks"]
    assert ("two", False) == (changed["message"]["text"], "blocks" in changed["message"])


@pytest.mark.parametrize("arguments", [{}, {"blocks": "[]"}])
def test_update_with_text_only_removes_the_blocks(slack: PracticeSlack, act: Act, arguments: dict[str, Any]) -> None:
    """An update without blocks, or with an empty list, removes the blocks."""
    ts = act("chat.postMessage", channel=HERE, text="hello", blocks=MARKDOWN)["ts"]
    act("chat.update", channel=HERE, ts=ts, text="bye", **arguments)

    assert [("bye", ())] == [(message.text, message.blocks) for message in slack.messages()]


def test_update_of_blocks(slack: PracticeSlack, act: Act) -> None:
    """An update may replace text and blocks; the limit of the text applies beside blocks too."""
    ts = act("chat.postMessage", channel=HERE, text="hello", blocks=MARKDOWN)["ts"]
    other = [{"type": "divider", "block_id": "line"}]

    assert act("chat.update", channel=HERE, ts=ts, text="bye", blocks=other)["ok"]
    assert "msg_too_long" == act("chat.update", channel=HERE, ts=ts, text="x" * 4_001, blocks=other)["error"]
    assert [("bye", "line")] == [(message.text, message.blocks[0]["block_id"]) for message in slack.messages()]


@pytest.mark.parametrize("method", ["chat.postMessage", "chat.postEphemeral", "chat.update"])
def test_invalid_blocks_in_each_method(slack: PracticeSlack, act: Act, method: str) -> None:
    """Each method refuses invalid blocks with a line for each error, and stores nothing."""
    ts = act("chat.postMessage", channel=HERE, text="hello", blocks=MARKDOWN)["ts"]
    answer = act(method, channel=HERE, ts=ts, user="U0ASKER01", text="bye", blocks=[{"type": "shout"}])
    error = "unsupported type: shout [json-pointer:/blocks/0/type]"

    assert {"ok": False, "error": "invalid_blocks", "errors": [error]} | {
        "response_metadata": {"messages": [f"[ERROR] {error}"]}
    } == answer
    assert (["hello"], ()) == ([message.text for message in slack.messages()], slack.ephemeral_messages())


def test_without_markdown_blocks(slack: PracticeSlack, act: Act) -> None:
    """The switch `markdown_blocks` applies to messages that are posted afterwards."""
    slack.switches.markdown_blocks = False

    assert "invalid_blocks" == act("chat.postMessage", channel=HERE, text="hello", blocks=MARKDOWN)["error"]
    assert act("chat.postMessage", channel=HERE, text="hello", blocks=[{"type": "divider"}])["ok"]


# Charts and tables of data

CHART = {
    "type": "data_visualization",
    "title": "Cost",
    "chart": {
        "type": "bar",
        "series": [{"name": "chat", "data": [{"label": "11/01", "value": 0.42}]}],
        "axis_config": {"categories": ["11/01"], "y_label": "USD"},
    },
}
DATA_TABLE = {
    "type": "data_table",
    "caption": "By model",
    "rows": [
        [{"type": "raw_text", "text": "model"}, {"type": "raw_text", "text": "USD"}],
        [{"type": "raw_text", "text": "gpt"}, {"type": "raw_number", "value": 0.42, "text": "$0.42"}],
    ],
}


def test_a_chart_is_posted_and_read(slack: PracticeSlack, web: WebClient) -> None:
    """A chart and a table that a client of Slack's own posts are read back as they were sent, each with an id."""
    ts = web.chat_postMessage(channel=HERE, text="$0.42", blocks=[CHART, DATA_TABLE])["ts"]
    web.chat_update(channel=HERE, ts=ts, text="$0.43", blocks=[CHART, DATA_TABLE])
    (read,) = web.conversations_replies(channel=HERE, ts=ts)["messages"]
    ids = [block.pop("block_id") for block in read["blocks"]]

    assert ("$0.43", [CHART, DATA_TABLE], 2) == (read["text"], read["blocks"], len(set(ids)))
    assert [ts] == [message.ts for message in slack.messages()]


@pytest.mark.parametrize("method", ["chat.postMessage", "chat.update"])
def test_without_charts(slack: PracticeSlack, act: Act, method: str) -> None:
    """The switches `charts` and `data_tables` let each be refused, which is told by its place."""
    ts = act("chat.postMessage", channel=HERE, text="hello", blocks=[CHART, DATA_TABLE])["ts"]
    slack.switches.charts = slack.switches.data_tables = False
    answer = act(method, channel=HERE, ts=ts, text="hello", blocks=[CHART, DATA_TABLE])

    assert ("invalid_blocks", ["data_visualization", "data_table"]) == (
        answer["error"],
        [error.split()[2] for error in answer["errors"]],
    )


def test_a_chart_is_not_ephemeral(act: Act) -> None:
    """An ephemeral message takes a table, but no chart."""
    there = {"channel": HERE, "user": "U0ASKER01", "text": "psst"}

    assert "invalid_blocks" == act("chat.postEphemeral", **there, blocks=[CHART])["error"]
    assert act("chat.postEphemeral", **there, blocks=[DATA_TABLE])["ok"]


# chat.delete


def test_delete(slack: PracticeSlack, web: WebClient) -> None:
    """The bot's own message is deleted; a second deletion is refused."""
    question = slack.say("U0ASKER01", "hi")
    ts = web.chat_postMessage(channel=HERE, text="hello", thread_ts=question.ts)["ts"]
    answer = web.chat_delete(channel=HERE, ts=ts)

    assert ("C0PRACTICE", ts) == (answer["channel"], answer["ts"])
    assert [question.ts] == [message.ts for message in slack.messages()]
    assert (200, "message_not_found") == refusal(lambda: web.chat_delete(channel=HERE, ts=ts))


def test_delete_a_message_with_replies(slack: PracticeSlack, web: WebClient) -> None:
    """A message with replies leaves a tombstone, which can be neither updated nor deleted."""
    ts = web.chat_postMessage(channel=HERE, text="hello", blocks=MARKDOWN)["ts"]
    slack.say("U0ASKER01", "thanks", thread_ts=ts)
    web.chat_delete(channel=HERE, ts=ts)
    tombstone = slack.messages()[0]

    assert ("tombstone", ()) == (tombstone.subtype, tombstone.blocks)
    assert (200, "message_not_found") == refusal(lambda: web.chat_delete(channel=HERE, ts=ts))
    assert (200, "message_not_found") == refusal(lambda: web.chat_update(channel=HERE, ts=ts, text="again"))


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({}, "cant_delete_message"),
        ({"ts": "1.0"}, "message_not_found"),
        ({"ts": ""}, "invalid_arguments"),
        ({"channel": "D0PRACTICE"}, "message_not_found"),
        ({"channel": "C0NOWHERE"}, "channel_not_found"),
        ({"channel": "C0OUTSIDE"}, "not_in_channel"),
    ],
)
def test_deletions_refused(slack: PracticeSlack, web: WebClient, change: dict[str, str], error: str) -> None:
    """A deletion of another user's message, or an invalid one, is refused."""
    arguments = {"channel": HERE, "ts": slack.say("U0ASKER01", "hi").ts, **change}

    assert (200, error) == refusal(lambda: web.api_call("chat.delete", data=arguments))
    assert 1 == len(slack.messages())


# chat.postEphemeral


def test_ephemeral_message(slack: PracticeSlack, web: WebClient) -> None:
    """An ephemeral message is seen by one user; it is in no history and causes no event."""
    question = slack.say("U0ASKER01", "hi")
    ts = web.chat_postEphemeral(channel=HERE, user="U0ASKER01", text="a & b", thread_ts=question.ts)["message_ts"]
    (message,) = slack.ephemeral_messages()

    assert (ts, "U0ASKER01", "a &amp; b", question.ts) == (
        message.ts,
        message.only_for,
        message.text,
        message.thread_ts,
    )
    assert (question,) == slack.messages() == slack.thread("C0PRACTICE", question.ts)
    assert 1 == len(web.conversations_replies(channel=HERE, ts=question.ts)["messages"])
    assert message in slack.workspace.changed_since(question.change)
    assert 1 == len(slack.payloads)


def test_ephemeral_message_cannot_be_found(slack: PracticeSlack, web: WebClient) -> None:
    """An ephemeral message can be neither updated nor deleted nor read."""
    ts = web.chat_postEphemeral(channel=HERE, user="U0ASKER01", text="psst")["message_ts"]

    for call in (partial(web.chat_update, text="x"), web.chat_delete):
        assert (200, "message_not_found") == refusal(partial(call, channel=HERE, ts=ts))
    assert (200, "thread_not_found") == refusal(lambda: web.conversations_replies(channel=HERE, ts=ts))
    with pytest.raises(KeyError):
        slack.delete("C0PRACTICE", ts)
    assert [ts] == [message.ts for message in slack.ephemeral_messages()]


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"user": "U0NOBODY"}, "user_not_in_channel"),
        ({"user": "U0OTHER01"}, "user_not_in_channel"),
        ({"user": "U0ASKER02"}, "user_not_in_channel"),
        ({"user": ""}, "invalid_arguments"),
        ({"channel": "C0NOWHERE"}, "channel_not_found"),
        ({"channel": "C0OUTSIDE"}, "not_in_channel"),
        ({"channel": "C0ARCHIVED"}, "is_archived"),
        ({"text": ""}, "no_text"),
        ({"text": "x" * 40_001}, "msg_too_long"),
    ],
)
def test_ephemeral_messages_refused(slack: PracticeSlack, web: WebClient, change: dict[str, str], error: str) -> None:
    """An ephemeral message to a user who is not in the channel, or an invalid one, is refused."""
    slack.add(PracticeChannel("C0PRACTICE", "practice", absent=frozenset({"U0ASKER02"})))
    arguments = {"channel": HERE, "user": "U0ASKER01", "text": "psst", **change}

    assert (200, error) == refusal(lambda: web.api_call("chat.postEphemeral", data=arguments))
    assert () == slack.ephemeral_messages()


def test_ephemeral_message_in_a_shared_channel(slack: PracticeSlack, web: WebClient) -> None:
    """In a shared channel a user of the other organisation can get an ephemeral message."""
    web.chat_postEphemeral(channel="C0SHARED", user="U0OTHER01", text="psst")

    assert ["U0OTHER01"] == [message.only_for for message in slack.ephemeral_messages("C0SHARED")]
