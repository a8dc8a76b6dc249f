"""response_urls: what can be posted to one, where it is shown, and when it ends."""

from __future__ import annotations

import json
import ssl
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs

import pytest
import requests
from slack_sdk.webhook import WebhookClient, WebhookResponse

from cocoai.rehearsal.certificates import Certificates
from cocoai.rehearsal.slack.practice_slack import PracticeSlack
from cocoai.rehearsal.slack.slack_faults import SlackFault
from cocoai.rehearsal.slack.slack_switches import SlackSwitches
from tests.rehearsal.slack.bot import Bot
from tests.rehearsal.slack.conftest import Act

BY = "U0ASKER01"
BUTTON = {"type": "button", "text": {"type": "plain_text", "text": "Stop"}, "action_id": "stop"}
ROW = [{"type": "actions", "elements": [BUTTON]}]
Respond = Callable[..., WebhookResponse]


class Clock:
    """A clock that a test sets forward; so all that is signed has this time too."""

    now = 1_900_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def slack(bot: Bot, certificates: Certificates, clock: Clock) -> Iterator[PracticeSlack]:
    """Start a practice Slack that delivers what people do to the bot."""
    with PracticeSlack(certificates, switches=SlackSwitches(timeout=60), clock=clock) as server:
        server.subscribe(bot.url, bot.url, bot.url)
        yield server


@pytest.fixture
def respond(certificates: Certificates, monkeypatch: pytest.MonkeyPatch) -> Respond:
    """Return a function that posts to a response_url as slack_sdk's client does."""
    for name in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"):
        monkeypatch.delenv(name, raising=False)
    context = ssl.create_default_context(cafile=certificates.ca_file)
    return lambda url, **body: WebhookClient(url, ssl=context, retry_handlers=[]).send_dict(body)


def url_of_a_shortcut(slack: PracticeSlack, channel: str = "C0OUTSIDE") -> str:
    """Use a shortcut on a new message in a channel, and return the payload's response_url."""
    ts = slack.say("U0ASKER02", "hi", channel=channel).ts
    return str(slack.shortcut(BY, ts, "cocoai_ask", channel).payload["response_url"])


def url_of_a_click(slack: PracticeSlack, bot: Bot, ts: str) -> str:
    """Press the button of a message, and return the payload's response_url."""
    delivery = slack.click(BY, "C0PRACTICE", ts, "stop")
    return str(json.loads(parse_qs(delivery.body.decode())["payload"][0])["response_url"])


def test_a_reply_that_one_person_sees(slack: PracticeSlack, respond: Respond) -> None:
    """It is shown to who acted, where the bot is no member; the response is `ok`, and the post is recorded."""
    reply = respond(url_of_a_shortcut(slack), text="a <b>", blocks=ROW)

    assert (200, "ok") == (reply.status_code, reply.body)
    (whisper,) = slack.ephemeral_messages("C0OUTSIDE")
    assert (BY, "U0COCOAI", "a &lt;b&gt;", None) == (whisper.only_for, whisper.user, whisper.text, whisper.thread_ts)
    assert ["actions"] == [block["type"] for block in whisper.blocks]
    assert [("response_url", "ok", "a <b>")] == [
        (call.method, call.outcome, call.arguments["text"]) for call in slack.calls
    ]


def test_a_reply_in_the_channel_or_a_thread(slack: PracticeSlack, respond: Respond) -> None:
    """With response_type in_channel everybody sees it; thread_ts puts either kind into a thread."""
    url = url_of_a_shortcut(slack)
    (opening,) = slack.messages("C0OUTSIDE")
    respond(url, text="all", response_type="in_channel", thread_ts=opening.ts)
    respond(url, text="nowhere", response_type="in_channel", thread_ts="1.000000")
    respond(url, text="one", thread_ts=opening.ts)

    assert [("all", opening.ts), ("nowhere", None)] == [
        (message.text, message.thread_ts) for message in slack.messages("C0OUTSIDE")[1:]
    ]
    assert [("one", opening.ts)] == [(each.text, each.thread_ts) for each in slack.ephemeral_messages("C0OUTSIDE")]


def test_what_a_command_has_shown_is_replaced(slack: PracticeSlack, respond: Respond) -> None:
    """A command or a shortcut has no message of its own at first: the first post makes it."""
    url = str(slack.command(BY, "usage").payload["response_url"])
    respond(url, text="wait", replace_original=True)
    respond(url, text="done", replace_original=True)
    shown = [message.text for message in slack.ephemeral_messages()]
    respond(url, delete_original=True)

    assert ["done"] == shown
    assert () == slack.ephemeral_messages()
    # No event tells of an ephemeral message.
    assert [] == slack.payloads


def test_the_message_that_was_pressed_is_replaced(slack: PracticeSlack, bot: Bot, respond: Respond, act: Act) -> None:
    """A click's response_url changes or deletes the message, and posts a new one if it says neither."""
    first, second = (act("chat.postMessage", channel="C0PRACTICE", text="1", blocks=ROW)["ts"] for _ in range(2))
    respond(url_of_a_click(slack, bot, first), text="2", replace_original=True)
    respond(url_of_a_click(slack, bot, second), text="new")
    respond(url_of_a_click(slack, bot, second), delete_original=True)

    assert [(first, "2", ())] == [(each.ts, each.text, each.blocks) for each in slack.messages()]
    assert ["new"] == [message.text for message in slack.ephemeral_messages()]


def test_five_posts(slack: PracticeSlack, respond: Respond) -> None:
    """A refused post does not count; the sixth is told that the URL is used."""
    url = url_of_a_shortcut(slack)
    replies = [respond(url, text=text) for text in ("1", "2", "", "3", "4", "5", "6")]

    assert [200, 200, 400, 200, 200, 200, 404] == [reply.status_code for reply in replies]
    assert '{"ok": false, "error": "used_url"}' == replies[-1].body
    assert 5 == len(slack.ephemeral_messages("C0OUTSIDE"))


def test_thirty_minutes(slack: PracticeSlack, respond: Respond, clock: Clock) -> None:
    """It lives for half an hour from the act, not from its last use."""
    url = url_of_a_shortcut(slack)
    clock.now += 1790
    in_time = respond(url, text="1")
    clock.now += 20
    late = respond(url, text="2")

    assert [(200, "ok"), (404, '{"ok": false, "error": "expired_url"}')] == [
        (reply.status_code, reply.body) for reply in (in_time, late)
    ]


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"text": ""}, "no_text"),
        ({"text": "a" * 40_001}, "msg_too_long"),
        ({"text": "a", "blocks": [{"type": "input"}]}, "invalid_blocks"),
        ({"text": "a", "blocks": "no list"}, "invalid_blocks_format"),
    ],
)
def test_refused_posts(slack: PracticeSlack, respond: Respond, body: dict[str, Any], error: str) -> None:
    """What no message may be is refused with a word, and nothing is shown."""
    reply = respond(url_of_a_shortcut(slack), **body)

    assert (400, error) == (reply.status_code, reply.body)
    assert () == slack.ephemeral_messages("C0OUTSIDE")


def test_other_requests(slack: PracticeSlack, session: requests.Session) -> None:
    """No JSON object, another method, and an address that nobody was given are refused."""
    url = url_of_a_shortcut(slack)
    replies = [session.post(url, b"[1]"), session.post(url, b"text=hi"), session.get(url), session.post(f"{url}x")]

    assert [(400, "invalid_payload")] * 2 + [(404, "no_service")] * 2 == [
        (reply.status_code, reply.text) for reply in replies
    ]


def test_faults_of_a_response_url(slack: PracticeSlack, respond: Respond) -> None:
    """A test can let posts to it fail as calls of a method do."""
    url = url_of_a_shortcut(slack)
    slack.fail("response_url", SlackFault("broken"))
    slack.fail("response_url", SlackFault("limited", seconds=3))

    assert [500, 429, 200] == [respond(url, text="hi").status_code for _ in range(3)]
