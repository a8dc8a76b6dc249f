"""Message shortcuts and the slash command, as a bot receives them, and what its response shows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, parse_qsl

import pytest
from slack_sdk.signature import SignatureVerifier

from cocoai.rehearsal.practice_server import Incoming, Outgoing
from cocoai.rehearsal.slack.practice_slack import PracticeSlack
from cocoai.rehearsal.slack.shortcuts import SHORTCUTS
from cocoai.rehearsal.slack.slack_switches import SCOPES, SlackSwitches
from tests.rehearsal.slack.bot import Bot, Reply, hang, status, vanish

BY = "U0ASKER02"
VERIFIER = SignatureVerifier("practice-signing-secret")


@pytest.fixture
def slack(bot: Bot) -> Iterator[PracticeSlack]:
    """Start a practice Slack that delivers all but events to the bot."""
    with PracticeSlack(switches=SlackSwitches(timeout=60)) as server:
        server.subscribe(f"{bot.url}/slack/events", f"{bot.url}/slack/interactions", f"{bot.url}/slack/commands")
        server.switches.retry_waits = ()
        yield server


def say(slack: PracticeSlack, bot: Bot, text: str = "hi", **more: Any) -> str:
    """Post a person's message, clear the bot's record of it, and return its ts."""
    ts = slack.say("U0ASKER01", text, **more).ts
    slack.wait_for_deliveries()
    bot.received.clear()
    return ts


def replying(body: str, number: int = 200) -> Reply:
    """Return a reply with a body."""

    def reply(*_: object) -> Outgoing:
        return Outgoing(number, body.encode())

    return reply


def payload_of(incoming: Incoming) -> dict[str, Any]:
    """Return the payload of a form, which must have no other field and be signed."""
    assert ("POST", "application/x-www-form-urlencoded") == (incoming.method, incoming.headers["content-type"])
    assert VERIFIER.is_valid_request(incoming.body, dict(incoming.headers))
    form = parse_qs(incoming.body.decode(), strict_parsing=True)
    assert {"payload"} == form.keys()
    payload: dict[str, Any] = json.loads(form["payload"][0])
    return payload


@pytest.mark.parametrize("callback_id", SHORTCUTS)
def test_payload_of_a_shortcut(slack: PracticeSlack, bot: Bot, callback_id: str) -> None:
    """It has the whole message with its thread, who chose what, and two ways to reply."""
    parent = say(slack, bot)
    reply = say(slack, bot, "a <b> & c", thread_ts=parent)
    used = slack.shortcut(BY, reply, callback_id)
    (incoming,) = bot.received
    payload = payload_of(incoming)

    assert "/slack/interactions" == incoming.path
    assert ("message_action", callback_id, reply) == tuple(payload[k] for k in ("type", "callback_id", "message_ts"))
    assert {"id": BY, "name": "second.asker", "team_id": "T0PRACTICE"} == payload["user"]
    assert {"id": "C0PRACTICE", "name": "practice"} == payload["channel"]
    assert {"id": "T0PRACTICE", "domain": "practice"} == payload["team"]
    assert (parent, "a <b> & c", "U0ASKER01", reply) == tuple(
        payload["message"][name] for name in ("thread_ts", "text", "user", "ts")
    )
    assert payload["action_ts"] > reply
    assert payload["response_url"].startswith(f"{slack.url}/app/T0PRACTICE/")
    assert {"api_app_id", "locale"}.isdisjoint(payload)
    assert (200, "", True) == (used.status, used.failure, used.seconds > 0)
    assert [used] == slack.interactions


def test_a_shortcut_where_the_bot_is_no_member(slack: PracticeSlack, bot: Bot) -> None:
    """The message comes along all the same, also with files; in a direct conversation only the kind is named."""
    outside = say(slack, bot, "secret plans", channel="C0OUTSIDE")
    direct = say(slack, bot, channel="D0PRACTICE")
    slack.shortcut(BY, outside, "cocoai_ask", "C0OUTSIDE")
    slack.shortcut("U0ASKER01", direct, "cocoai_ask", "D0PRACTICE")
    payloads = [payload_of(each) for each in bot.received]

    assert ["secret plans", "hi"] == [each["message"]["text"] for each in payloads]
    assert ["outside", "directmessage"] == [each["channel"]["name"] for each in payloads]


def test_shortcuts_without_the_scope(slack: PracticeSlack, bot: Bot) -> None:
    """Slack offers none: nothing is sent."""
    ts = say(slack, bot)
    slack.switches.scopes = SCOPES - {"commands"}
    used, sent = slack.shortcut(BY, ts, "cocoai_ask"), slack.command(BY, "help")

    assert [(0, "not_offered")] * 2 == [(each.status, each.failure) for each in (used, sent)]
    assert [] == bot.received
    assert [] == slack.interactions


@pytest.mark.parametrize(
    ("user", "ts", "callback_id", "channel"),
    [
        (BY, "", "cocoai_dance", "C0PRACTICE"),
        (BY, "1.000000", "cocoai_ask", "C0PRACTICE"),
        (BY, "", "cocoai_ask", "D0PRACTICE"),
        ("U0OTHER01", "", "cocoai_ask", "C0PRACTICE"),
    ],
)
def test_no_such_shortcut(slack: PracticeSlack, bot: Bot, user: str, ts: str, callback_id: str, channel: str) -> None:
    """The app has none of this name, or the person sees no such message."""
    said = say(slack, bot)
    with pytest.raises(ValueError, match=r"no message shortcut|sees no menu"):
        slack.shortcut(user, ts or said, callback_id, channel)
    assert [] == bot.received


def test_an_ephemeral_message_has_no_menu(slack: PracticeSlack, bot: Bot) -> None:
    """Nobody can use a shortcut on it."""
    whisper = slack.workspace.post_ephemeral("C0PRACTICE", "U0COCOAI", BY, "psst")

    with pytest.raises(ValueError, match="sees no menu"):
        slack.shortcut(BY, whisper.ts, "cocoai_ask")


@pytest.mark.parametrize(
    ("answer", "failure", "error"),
    [
        (status(500), "http_error", "http_service_error"),
        (vanish, "connection_failed", "dispatch_failed"),
        (hang, "http_timeout", "operation_timeout"),
    ],
)
def test_what_failed_is_not_sent_again(slack: PracticeSlack, bot: Bot, answer: Reply, failure: str, error: str) -> None:
    """Of a command that failed the person reads a line of Slack's own."""
    ts = say(slack, bot)
    slack.switches.timeout = 0.5 if answer is hang else 60.0
    slack.switches.retry_waits = (0.0, 0.0, 0.0)
    bot.replies = [answer, answer]
    used, sent = slack.shortcut(BY, ts, "cocoai_ask"), slack.command(BY, "help")

    assert [failure] * 2 == [each.failure for each in (used, sent)]
    assert 2 == len(bot.received)
    (whisper,) = slack.ephemeral_messages()
    assert ("USLACKBOT", BY, f'/cocoai failed with the error "{error}"') == (
        whisper.user,
        whisper.only_for,
        whisper.text,
    )


def test_form_of_a_command(slack: PracticeSlack, bot: Bot) -> None:
    """It has its own URL, names person and channel, and tells of no thread; the text is as it was typed."""
    sent = slack.command(BY, "usage <b> & @cocoai", "C0OUTSIDE")
    (incoming,) = bot.received
    form = dict(parse_qsl(incoming.body.decode(), keep_blank_values=True, strict_parsing=True))

    assert "/slack/commands" == incoming.path
    assert VERIFIER.is_valid_request(incoming.body, dict(incoming.headers))
    assert ("/cocoai", "usage <b> & @cocoai", BY, "second.asker", "C0OUTSIDE", "outside", "T0PRACTICE") == tuple(
        form[name] for name in ("command", "text", "user_id", "user_name", "channel_id", "channel_name", "team_id")
    )
    assert form["response_url"].startswith(f"{slack.url}/commands/T0PRACTICE/")
    assert {"thread_ts", "enterprise_id"}.isdisjoint(form)
    assert dict(sent.payload) == form
    assert () == slack.ephemeral_messages("C0OUTSIDE")


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        ("", []),
        ("{}", []),
        ("plain", [(BY, "plain")]),
        ('{"text": "a & b"}', [(BY, "a &amp; b")]),
        ('{"text": "hi", "response_type": "in_channel"}', [("", "hi")]),
        ('{"text": ""}', [(BY, '/cocoai failed with the error "dispatch_failed"')]),
    ],
)
def test_response_to_a_command(slack: PracticeSlack, bot: Bot, body: str, shown: list[tuple[str, str]]) -> None:
    """A message in the response is shown, to the person alone unless it says otherwise; what is none is told."""
    bot.replies = [replying(body)]
    sent = slack.command(BY, "")
    messages = [*slack.messages(), *slack.ephemeral_messages()]

    assert body.encode() == sent.reply
    assert shown == [(message.only_for, message.text) for message in messages]


def test_commands_in_threads_and_without_a_url(slack: PracticeSlack, bot: Bot) -> None:
    """Slack refuses a command in a thread before it is sent; without a URL the command fails."""
    in_thread = slack.command(BY, "help", in_thread=True)
    slack.subscribe(f"{bot.url}/slack/events", f"{bot.url}/slack/interactions")
    nowhere = slack.command(BY, "help")

    assert ["not_supported_in_threads", "interactivity_off"] == [in_thread.failure, nowhere.failure]
    assert [] == bot.received
    assert [
        "/cocoai is not supported in threads. Sorry!",
        '/cocoai failed with the error "dispatch_failed"',
    ] == [message.text for message in slack.ephemeral_messages()]


@pytest.mark.parametrize(("user", "channel"), [(BY, "D0PRACTICE"), (BY, "C0ARCHIVED"), ("U0NOBODY", "C0PRACTICE")])
def test_nobody_writes_a_command_elsewhere(slack: PracticeSlack, user: str, channel: str) -> None:
    """The person is not in the conversation, or it is archived."""
    with pytest.raises(ValueError, match="cannot write"):
        slack.command(user, "help", channel)
