"""Messages with blocks, deleted ones and those for one person only, through the Web API and back."""

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


def test_blocks_come_back(slack: PracticeSlack, web: WebClient) -> None:
    """In the reply, in the workspace and in conversations.replies, with the ids that Slack gave; `text` beside them."""
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
    """The bot hears its own blocks, and in message_changed those before too."""
    with PracticeSlack(request_url=bot.url, switches=SlackSwitches(timeout=60)) as slack:
        message = slack.workspace.post("C0PRACTICE", "U0COCOAI", "one", blocks=({"type": "divider", "block_id": "a"},))
        slack.wait_for_deliveries()
        slack.workspace.edit(message, "two", blocks=())
        slack.wait_for_deliveries()
    posted, changed = bot.events

    assert [{"type": "divider", "block_id": "a"}] == posted["blocks"] == changed["previous_message"]["blocks"]
    assert ("two", False) == (changed["message"]["text"], "blocks" in changed["message"])


@pytest.mark.parametrize("given", [{}, {"blocks": "[]"}])
def test_an_update_with_text_only_takes_the_blocks_away(slack: PracticeSlack, act: Act, given: dict[str, Any]) -> None:
    """And so does one with an empty list."""
    ts = act("chat.postMessage", channel=HERE, text="hello", blocks=MARKDOWN)["ts"]
    act("chat.update", channel=HERE, ts=ts, text="bye", **given)

    assert [("bye", ())] == [(message.text, message.blocks) for message in slack.messages()]


def test_an_update_may_change_the_blocks(slack: PracticeSlack, act: Act) -> None:
    """Text and blocks together; the text's limit holds beside blocks too."""
    ts = act("chat.postMessage", channel=HERE, text="hello", blocks=MARKDOWN)["ts"]
    other = [{"type": "divider", "block_id": "line"}]

    assert act("chat.update", channel=HERE, ts=ts, text="bye", blocks=other)["ok"]
    assert "msg_too_long" == act("chat.update", channel=HERE, ts=ts, text="x" * 4_001, blocks=other)["error"]
    assert [("bye", "line")] == [(message.text, message.blocks[0]["block_id"]) for message in slack.messages()]


@pytest.mark.parametrize("method", ["chat.postMessage", "chat.postEphemeral", "chat.update"])
def test_bad_blocks_are_refused_in_each_method(slack: PracticeSlack, act: Act, method: str) -> None:
    """With a line for each fault, and nothing is stored."""
    ts = act("chat.postMessage", channel=HERE, text="hello", blocks=MARKDOWN)["ts"]
    told = act(method, channel=HERE, ts=ts, user="U0ASKER01", text="bye", blocks=[{"type": "shout"}])
    said = "unsupported type: shout [json-pointer:/blocks/0/type]"

    assert {"ok": False, "error": "invalid_blocks", "errors": [said]} | {
        "response_metadata": {"messages": [f"[ERROR] {said}"]}
    } == told
    assert (["hello"], ()) == ([message.text for message in slack.messages()], slack.ephemeral_messages())


def test_a_slack_without_markdown_blocks(slack: PracticeSlack, act: Act) -> None:
    """The switch holds for what is posted from then on."""
    slack.switches.markdown_blocks = False

    assert "invalid_blocks" == act("chat.postMessage", channel=HERE, text="hello", blocks=MARKDOWN)["error"]
    assert act("chat.postMessage", channel=HERE, text="hello", blocks=[{"type": "divider"}])["ok"]


# chat.delete


def test_delete(slack: PracticeSlack, web: WebClient) -> None:
    """Our own message goes; a second time there is none."""
    question = slack.say("U0ASKER01", "hi")
    ts = web.chat_postMessage(channel=HERE, text="hello", thread_ts=question.ts)["ts"]
    told = web.chat_delete(channel=HERE, ts=ts)

    assert ("C0PRACTICE", ts) == (told["channel"], told["ts"])
    assert [question.ts] == [message.ts for message in slack.messages()]
    assert (200, "message_not_found") == refusal(lambda: web.chat_delete(channel=HERE, ts=ts))


def test_deleting_a_parent_of_ours(slack: PracticeSlack, web: WebClient) -> None:
    """With replies it leaves a tombstone, which can be neither updated nor deleted."""
    ts = web.chat_postMessage(channel=HERE, text="hello", blocks=MARKDOWN)["ts"]
    slack.say("U0ASKER01", "thanks", thread_ts=ts)
    web.chat_delete(channel=HERE, ts=ts)
    grave = slack.messages()[0]

    assert ("tombstone", ()) == (grave.subtype, grave.blocks)
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
    """Somebody else's message is theirs; each other refusal has Slack's word for it."""
    arguments = {"channel": HERE, "ts": slack.say("U0ASKER01", "hi").ts, **change}

    assert (200, error) == refusal(lambda: web.api_call("chat.delete", data=arguments))
    assert 1 == len(slack.messages())


# chat.postEphemeral


def test_a_whisper(slack: PracticeSlack, web: WebClient) -> None:
    """One person sees it; it is in no history, and no event tells of it."""
    question = slack.say("U0ASKER01", "hi")
    ts = web.chat_postEphemeral(channel=HERE, user="U0ASKER01", text="a & b", thread_ts=question.ts)["message_ts"]
    (whisper,) = slack.ephemeral_messages()

    assert (ts, "U0ASKER01", "a &amp; b", question.ts) == (
        whisper.ts,
        whisper.only_for,
        whisper.text,
        whisper.thread_ts,
    )
    assert (question,) == slack.messages() == slack.thread("C0PRACTICE", question.ts)
    assert 1 == len(web.conversations_replies(channel=HERE, ts=question.ts)["messages"])
    assert whisper in slack.workspace.changed_since(question.change)
    assert 1 == len(slack.payloads)


def test_a_whisper_cannot_be_found_again(slack: PracticeSlack, web: WebClient) -> None:
    """It can be neither updated nor deleted nor read."""
    ts = web.chat_postEphemeral(channel=HERE, user="U0ASKER01", text="psst")["message_ts"]

    for call in (partial(web.chat_update, text="x"), web.chat_delete):
        assert (200, "message_not_found") == refusal(partial(call, channel=HERE, ts=ts))
    assert (200, "thread_not_found") == refusal(lambda: web.conversations_replies(channel=HERE, ts=ts))
    with pytest.raises(KeyError):
        slack.delete("C0PRACTICE", ts)
    assert [ts] == [whisper.ts for whisper in slack.ephemeral_messages()]


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
def test_whispers_refused(slack: PracticeSlack, web: WebClient, change: dict[str, str], error: str) -> None:
    """The one whom it is for must be there to hear it."""
    slack.add(PracticeChannel("C0PRACTICE", "practice", absent=frozenset({"U0ASKER02"})))
    arguments = {"channel": HERE, "user": "U0ASKER01", "text": "psst", **change}

    assert (200, error) == refusal(lambda: web.api_call("chat.postEphemeral", data=arguments))
    assert () == slack.ephemeral_messages()


def test_a_visitor_hears_whispers_in_a_shared_channel(slack: PracticeSlack, web: WebClient) -> None:
    """There the other organisation's people are at home."""
    web.chat_postEphemeral(channel="C0SHARED", user="U0OTHER01", text="psst")

    assert ["U0OTHER01"] == [whisper.only_for for whisper in slack.ephemeral_messages("C0SHARED")]
