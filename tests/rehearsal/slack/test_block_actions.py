"""Clicks on buttons, as a bot receives them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import parse_qs

import pytest
from slack_sdk.signature import SignatureVerifier

from cocoai.rehearsal.certificates import Certificates
from cocoai.rehearsal.slack.practice_slack import PracticeSlack
from cocoai.rehearsal.slack.slack_switches import SlackSwitches
from cocoai.rehearsal.slack.workspace import PracticeMessage
from tests.processes import wait_until
from tests.rehearsal.slack.bot import Bot, Reply, hang, status, vanish
from tests.rehearsal.slack.conftest import Act

BUTTON = {
    "type": "button",
    "text": {"type": "plain_text", "text": "Stop"},
    "action_id": "stop",
    "value": "KEY U0ASKER01",
}
BLOCKS = [
    {"type": "section", "text": {"type": "mrkdwn", "text": "hello"}, "accessory": BUTTON | {"action_id": "beside"}},
    {"type": "actions", "block_id": "row", "elements": [BUTTON, BUTTON | {"action_id": "again", "style": "primary"}]},
]


@pytest.fixture
def slack(bot: Bot) -> Iterator[PracticeSlack]:
    """Start a practice Slack that delivers events and clicks to the bot."""
    with PracticeSlack(switches=SlackSwitches(echoes=False, retry_waits=(), timeout=60)) as server:
        server.subscribe(f"{bot.url}/slack/events", f"{bot.url}/slack/interactions")
        yield server


@pytest.fixture
def question(slack: PracticeSlack, bot: Bot) -> PracticeMessage:
    """Post a person's message, and clear the bot's record of it."""
    message = slack.say("U0ASKER01", "hi")
    slack.wait_for_deliveries()
    bot.received.clear()
    return message


@pytest.fixture
def reply(question: PracticeMessage, act: Act) -> str:
    """Post a reply with buttons in the question's thread, and return its ts."""
    posted = act("chat.postMessage", channel="C0PRACTICE", text="hello", thread_ts=question.ts, blocks=BLOCKS)
    return str(posted["ts"])


def read(body: bytes) -> dict[str, Any]:
    """Return the payload of a form, which must have no other field."""
    form = parse_qs(body.decode(), strict_parsing=True)
    assert {"payload"} == form.keys()
    payload: dict[str, Any] = json.loads(form["payload"][0])
    return payload


def test_payload_of_a_click(slack: PracticeSlack, bot: Bot, question: PracticeMessage, reply: str) -> None:
    """A click's payload names the user, the button and the place, and has the message in its present form."""
    delivery = slack.click("U0ASKER02", "C0PRACTICE", reply, "stop")
    payload = read(bot.received[0].body)
    (action,) = payload["actions"]

    assert ("block_actions", "A0COCOAI", "T0PRACTICE") == (
        payload["type"],
        payload["api_app_id"],
        payload["team"]["id"],
    )
    assert {"id": "U0ASKER02", "username": "second.asker", "name": "second.asker", "team_id": "T0PRACTICE"} == payload[
        "user"
    ]
    container = {"type": "message", "message_ts": reply, "channel_id": "C0PRACTICE", "is_ephemeral": False}
    assert container | {"thread_ts": question.ts} == payload["container"]
    assert {"id": "C0PRACTICE", "name": "practice"} == payload["channel"]
    assert ("stop", "row", "KEY U0ASKER01", "button", delivery.action_ts) == tuple(
        action[name] for name in ("action_id", "block_id", "value", "type", "action_ts")
    )
    assert {"type": "plain_text", "text": "Stop", "emoji": True} == action["text"]
    message = payload["message"]
    assert (reply, question.ts, "U0COCOAI", "row") == (
        message["ts"],
        message["thread_ts"],
        message["user"],
        message["blocks"][1]["block_id"],
    )
    assert {"state", "token", "trigger_id", "response_url"} <= payload.keys()
    assert "metadata" not in message


def test_clicks_are_signed(slack: PracticeSlack, bot: Bot, reply: str) -> None:
    """slack_sdk's verifier accepts a click with our secret, and not with another."""
    slack.click("U0ASKER01", "C0PRACTICE", reply, "again")
    (incoming,) = bot.received
    ours, other = SignatureVerifier("practice-signing-secret"), SignatureVerifier("another-secret")

    assert ("POST", "/slack/interactions", "application/x-www-form-urlencoded") == (
        incoming.method,
        incoming.path,
        incoming.headers["content-type"],
    )
    assert ours.is_valid_request(incoming.body, dict(incoming.headers))
    assert not other.is_valid_request(incoming.body, dict(incoming.headers))
    form = slack.signed(b"payload=%7B%7D", content_type="application/x-www-form-urlencoded")
    assert ours.is_valid_request(b"payload=%7B%7D", form)


def test_clicks_are_recorded(slack: PracticeSlack, bot: Bot, reply: str) -> None:
    """Each click is recorded with its body, its outcome and its time, and has its own action_ts."""
    first, second = (slack.click("U0ASKER01", "C0PRACTICE", reply, action) for action in ("stop", "beside"))

    assert [first, second] == slack.clicks
    assert [each.body for each in bot.received] == [first.body, second.body]
    assert [(reply, "stop", 0, 200, True), (reply, "beside", 0, 200, True)] == [
        (each.ts, each.action, each.copy, each.status, each.is_accepted) for each in slack.clicks
    ]
    assert first.milliseconds > 0
    assert first.action_ts < second.action_ts


def test_replay(slack: PracticeSlack, bot: Bot, reply: str) -> None:
    """A replay sends the same bytes with the same signature."""
    last = slack.click("U0ASKER01", "C0PRACTICE", reply, "stop", repeat=2)
    signatures = {each.headers["x-slack-signature"] for each in bot.received}

    assert [0, 1, 2] == [each.copy for each in slack.clicks]
    assert last == slack.clicks[-1]
    assert (3, 1, 1) == (len(bot.received), len({each.body for each in bot.received}), len(signatures))


@pytest.mark.parametrize(
    ("answer", "failure", "number"),
    [
        (status(500), "http_error", 500),
        (status(302, ("Location", "/elsewhere")), "http_error", 302),
        (vanish, "connection_failed", 0),
        (hang, "http_timeout", 0),
    ],
)
def test_a_click_that_fails_is_not_sent_again(
    slack: PracticeSlack, bot: Bot, reply: str, answer: Reply, failure: str, number: int
) -> None:
    """A click that failed is not sent again, unlike an event."""
    slack.switches.retry_waits = (0.0, 0.0, 0.0)
    slack.switches.timeout = 0.5 if answer is hang else 60.0
    bot.replies = [answer]
    delivery = slack.click("U0ASKER01", "C0PRACTICE", reply, "stop")
    wait_until(lambda: bot.received)

    assert (number, failure, False) == (delivery.status, delivery.failure, delivery.is_accepted)
    assert 1 == len(bot.received) == len(slack.clicks)


def test_clicks_without_a_request_url(slack: PracticeSlack, bot: Bot, reply: str) -> None:
    """Without interactivity, or without a request URL for clicks, a click is not sent."""
    slack.switches.interactivity = False
    first = slack.click("U0ASKER01", "C0PRACTICE", reply, "stop")
    slack.switches.interactivity = True
    slack.subscribe(f"{bot.url}/slack/events")
    second = slack.click("U0ASKER01", "C0PRACTICE", reply, "stop")

    assert [(0, "interactivity_off")] * 2 == [(each.status, each.failure) for each in (first, second)]
    assert [] == bot.received


@pytest.mark.parametrize(
    ("user", "channel", "ts", "action"),
    [
        ("U0ASKER01", "C0PRACTICE", "", "shout"),
        ("U0ASKER01", "C0PRACTICE", "1.0", "stop"),
        ("U0ASKER01", "D0PRACTICE", "", "stop"),
        ("U0ASKER02", "D0PRACTICE", "", "stop"),
        ("U0NOBODY", "C0PRACTICE", "", "stop"),
        ("U0OTHER01", "C0PRACTICE", "", "stop"),
    ],
)
def test_no_such_button(
    slack: PracticeSlack, bot: Bot, reply: str, user: str, channel: str, ts: str, action: str
) -> None:
    """A button that does not exist, or that the user does not see, cannot be pressed."""
    with pytest.raises(ValueError, match=r"no button|no message"):
        slack.click(user, channel, ts or reply, action)
    assert [] == bot.received


def test_removed_button(slack: PracticeSlack, act: Act, reply: str) -> None:
    """An update without blocks removes the buttons."""
    act("chat.update", channel="C0PRACTICE", ts=reply, text="hello")

    with pytest.raises(ValueError, match="has no button stop"):
        slack.click("U0ASKER01", "C0PRACTICE", reply, "stop")


def test_button_of_an_ephemeral_message(slack: PracticeSlack, bot: Bot, act: Act) -> None:
    """Only the user of an ephemeral message can press its button, and the payload does not have the message."""
    ts = act("chat.postEphemeral", channel="C0PRACTICE", user="U0ASKER01", text="hello", blocks=BLOCKS)["message_ts"]
    with pytest.raises(ValueError, match="sees no message"):
        slack.click("U0ASKER02", "C0PRACTICE", ts, "stop")
    slack.click("U0ASKER01", "C0PRACTICE", ts, "stop")
    payload = read(bot.received[0].body)

    assert (True, False) == (payload["container"]["is_ephemeral"], "message" in payload)


@pytest.mark.parametrize(("channel", "name"), [("D0THIRD", "directmessage"), ("G0PRIVATE", "privategroup")])
def test_names_of_private_conversations(slack: PracticeSlack, bot: Bot, act: Act, channel: str, name: str) -> None:
    """In a private conversation the payload names its kind in place of its name."""
    ts = act("chat.postMessage", channel=channel, text="hello", blocks=BLOCKS)["ts"]
    slack.click("U0ASKER04", channel, ts, "stop")
    payload = read(bot.received[0].body)

    assert (name, "u0asker04") == (payload["channel"]["name"], payload["user"]["username"])
    assert "thread_ts" not in payload["container"]


def test_click_of_another_organisation(slack: PracticeSlack, bot: Bot, act: Act) -> None:
    """In a shared channel a click has the user's team beside that of the installation."""
    ts = act("chat.postMessage", channel="C0SHARED", text="hello", blocks=BLOCKS)["ts"]
    slack.click("U0OTHER01", "C0SHARED", ts, "stop")
    payload = read(bot.received[0].body)

    assert ("T0OTHER", "T0PRACTICE") == (payload["user"]["team_id"], payload["team"]["id"])


def test_clicks_at_once(slack: PracticeSlack, bot: Bot, reply: str) -> None:
    """Each of many clicks at once gets its own outcome."""
    with ThreadPoolExecutor(8) as executor:
        deliveries = list(executor.map(lambda _: slack.click("U0ASKER01", "C0PRACTICE", reply, "stop"), range(24)))

    assert {each.body for each in bot.received} == {each.body for each in deliveries}
    assert 24 == len({each.action_ts for each in deliveries}) == len(slack.clicks)


def test_stopping_cuts_a_click_off(slack: PracticeSlack, bot: Bot, reply: str) -> None:
    """A click that waits for the bot ends when the practice Slack stops."""
    slack.switches.timeout = 3600
    bot.replies = [hang]
    with ThreadPoolExecutor(1) as executor:
        pressed = executor.submit(slack.click, "U0ASKER01", "C0PRACTICE", reply, "stop")
        wait_until(lambda: bot.received)
        slack.stop()

        assert "connection_failed" == pressed.result(20).failure


def test_clicks_over_tls(slack: PracticeSlack, act: Act, reply: str, certificates: Certificates) -> None:
    """An https request URL is used only if its certificate's authority is trusted."""
    with Bot(certificates) as bot:
        slack.subscribe(bot.url, bot.url, ca_file=certificates.ca_file)
        assert 200 == slack.click("U0ASKER01", "C0PRACTICE", reply, "stop").status

        slack.subscribe(bot.url, bot.url)
        assert "ssl_error" == slack.click("U0ASKER01", "C0PRACTICE", reply, "stop").failure
