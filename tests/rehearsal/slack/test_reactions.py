"""Reactions: under which messages, by whom, which events they cause, and what the bot's own methods do."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
from slack_sdk import WebClient
from slack_sdk.signature import SignatureVerifier

from cocoai.rehearsal.certificates import Certificates
from cocoai.rehearsal.slack.practice_slack import PracticeSlack
from cocoai.rehearsal.slack.slack_switches import EVENTS, SCOPES, SlackSwitches
from cocoai.rehearsal.slack.workspace import PracticeMessage
from tests.rehearsal.slack.bot import Bot, status
from tests.rehearsal.slack.refusals import refusal

US = "U0COCOAI"
BY = "U0ASKER01"


@pytest.fixture
def slack(bot: Bot, certificates: Certificates) -> Iterator[PracticeSlack]:
    """Start a practice Slack that delivers events to the bot, also of removed reactions."""
    switches = SlackSwitches(retry_waits=(0.0,), timeout=60, events=EVENTS | {"reaction_removed"})
    with PracticeSlack(certificates, switches=switches) as server:
        server.subscribe(f"{bot.url}/slack/events")
        yield server


def say(slack: PracticeSlack, bot: Bot, channel: str = "C0PRACTICE", **more: Any) -> PracticeMessage:
    """Post a person's message, and clear the bot's record of it."""
    message = slack.say("U0ASKER02", "hi", channel=channel, **more)
    slack.wait_for_deliveries()
    bot.received.clear()
    return message


def told(slack: PracticeSlack, bot: Bot) -> list[dict[str, Any]]:
    """Wait until all is delivered, and return the events that the bot has received."""
    slack.wait_for_deliveries()
    return bot.events


def test_event_of_a_reaction(slack: PracticeSlack, bot: Bot) -> None:
    """It names who, what and which message, but has neither its words nor its thread; it is signed."""
    reply = say(slack, bot, thread_ts=say(slack, bot).ts)
    slack.react(BY, reply.ts, "flag-jp")
    (event,) = told(slack, bot)
    (incoming,) = bot.received

    assert event.pop("event_ts") > reply.ts
    assert {
        "type": "reaction_added",
        "user": BY,
        "reaction": "flag-jp",
        "item_user": "U0ASKER02",
        "item": {"type": "message", "channel": "C0PRACTICE", "ts": reply.ts, "channel_type": "channel"},
    } == event
    assert SignatureVerifier("practice-signing-secret").is_valid_request(incoming.body, dict(incoming.headers))
    assert {"flag-jp": (BY,)} == slack.messages()[-1].reactions


def test_a_reaction_is_taken_away(slack: PracticeSlack, bot: Bot) -> None:
    """Each change is told once; a second reaction of the same person changes nothing."""
    ts = say(slack, bot).ts
    for act in (slack.react, slack.react, slack.unreact, slack.unreact):
        act(BY, ts, "memo")

    assert {"reaction_added", "reaction_removed"} == {event["type"] for event in told(slack, bot)}
    assert 2 == len(bot.events)
    assert {} == slack.messages()[0].reactions


def test_our_own_reaction_echoes(slack: PracticeSlack, bot: Bot, web: WebClient) -> None:
    """What the bot adds and removes is told to it too, unless the echoes are switched off."""
    message = say(slack, bot)
    item = {"channel": "C0PRACTICE", "timestamp": message.ts, "name": "eyes"}
    web.reactions_add(**item)
    slack.wait_for_deliveries()
    web.reactions_remove(**item)
    echoes = [(event["type"], event["user"], event["item_user"]) for event in told(slack, bot)]
    slack.switches.echoes = False
    web.reactions_add(**item)

    assert [("reaction_added", US, "U0ASKER02"), ("reaction_removed", US, "U0ASKER02")] == echoes
    assert 2 == len(told(slack, bot))


@pytest.mark.parametrize(
    ("channel", "switches"),
    [
        ("C0OUTSIDE", {}),
        ("C0PRACTICE", {"scopes": SCOPES - {"reactions:read"}}),
        ("C0PRACTICE", {"events": frozenset()}),
    ],
)
def test_reactions_that_are_not_told(
    slack: PracticeSlack, bot: Bot, channel: str, switches: dict[str, frozenset[str]]
) -> None:
    """Where the bot is no member, or for an app without the scope or the subscription, there is no event."""
    for name, value in switches.items():
        setattr(slack.switches, name, value)
    ts = slack.say("U0ASKER02", "hi", channel=channel).ts
    slack.react(BY, ts, "flag-jp", channel)
    slack.wait_for_deliveries()

    assert {"message"} >= {event["type"] for event in bot.events}
    assert {"flag-jp": (BY,)} == slack.messages(channel)[0].reactions


def test_a_reaction_is_redelivered(slack: PracticeSlack, bot: Bot) -> None:
    """As any event: with the same id until it is accepted."""
    ts = say(slack, bot).ts
    bot.replies = [status(500)]
    slack.react(BY, ts, "memo")
    slack.wait_for_deliveries()

    assert [None, "1"] == [each.headers.get("x-slack-retry-num") for each in bot.received]
    assert 1 == len({payload["event_id"] for payload in bot.payloads})


@pytest.mark.parametrize(
    ("user", "ts", "name", "channel"),
    [
        (BY, "1.000000", "memo", "C0PRACTICE"),
        (BY, "", "Memo!", "C0PRACTICE"),
        (BY, "", "memo", "D0SECOND"),
        ("U0OTHER01", "", "memo", "C0PRACTICE"),
        (BY, "1.000000", "memo", "C0ARCHIVED"),
    ],
)
def test_nobody_reacts_where_it_is_not_possible(
    slack: PracticeSlack, bot: Bot, user: str, ts: str, name: str, channel: str
) -> None:
    """There is no such message or emoji, the person does not see it, or the channel is archived."""
    message = say(slack, bot)
    with pytest.raises(ValueError, match=r"no message|no emoji|cannot react"):
        slack.react(user, ts or message.ts, name, channel)
    assert [] == told(slack, bot)


def test_a_message_without_a_user(slack: PracticeSlack, bot: Bot) -> None:
    """Of a message that names only a bot_id, as that of an uploaded file may, no author is told."""
    upload = slack.workspace.post("C0PRACTICE", US, "", subtype="file_share", upload="bot_id")
    slack.wait_for_deliveries()
    bot.received.clear()
    slack.react(BY, upload.ts, "memo")

    assert [False] == ["item_user" in event for event in told(slack, bot)]


def test_a_message_of_a_deleted_parent_has_no_reactions(slack: PracticeSlack, bot: Bot) -> None:
    """Nobody can react to the tombstone."""
    parent = say(slack, bot)
    say(slack, bot, thread_ts=parent.ts)
    slack.delete("C0PRACTICE", parent.ts)

    with pytest.raises(ValueError, match="no message"):
        slack.react(BY, parent.ts, "memo")


def test_reactions_remove_and_get(slack: PracticeSlack, bot: Bot, web: WebClient) -> None:
    """The bot removes only its own reaction; what is left is read with the message, by a form alone."""
    message = say(slack, bot)
    slack.react(BY, message.ts, "memo")
    item = {"channel": "C0PRACTICE", "timestamp": message.ts}
    no_reaction = refusal(lambda: web.reactions_remove(**item, name="memo"))
    web.reactions_add(**item, name="memo")
    web.reactions_remove(**item, name="memo")
    read: Any = web.api_call("reactions.get", data=item)["message"]

    assert (200, "no_reaction") == no_reaction
    assert ([{"name": "memo", "users": [BY], "count": 1}], "hi") == (read["reactions"], read["text"])
    assert (200, "no_item_specified") == refusal(lambda: web.api_call("reactions.get", json=item))


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"timestamp": "1.000000"}, "message_not_found"),
        ({"timestamp": ""}, "no_item_specified"),
        ({"name": "Eyes!"}, "invalid_name"),
        ({"channel": "C0NOWHERE"}, "channel_not_found"),
        ({"channel": "C0OUTSIDE"}, "not_in_channel"),
        ({"channel": "C0ARCHIVED"}, "is_archived"),
    ],
)
def test_reactions_remove_is_refused(
    slack: PracticeSlack, bot: Bot, web: WebClient, change: dict[str, str], error: str
) -> None:
    """Each invalid call is refused with Slack's code, and without the scope any is."""
    arguments = {"channel": "C0PRACTICE", "timestamp": say(slack, bot).ts, "name": "eyes"} | change
    remove = partial(web.api_call, "reactions.remove", data=arguments)
    first = refusal(remove)
    slack.switches.scopes = SCOPES - {"reactions:write"}

    assert [(200, error), (200, "missing_scope")] == [first, refusal(remove)]
