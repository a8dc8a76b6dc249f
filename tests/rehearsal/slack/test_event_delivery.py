"""Delivery of the practice Slack's events, as a bot receives them."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from slack_sdk.signature import SignatureVerifier

from cocoai.rehearsal.certificates import Certificates
from cocoai.rehearsal.practice_server import Outgoing
from cocoai.rehearsal.slack.practice_slack import PracticeSlack
from cocoai.rehearsal.slack.slack_switches import SlackSwitches, Twins
from cocoai.rehearsal.slack.workspace import Person, PracticeChannel
from tests.rehearsal.slack.bot import Bot, Reply, hang, status, vanish
from tests.rehearsal.slack.conftest import Act

AT_ONCE = (0.0, 0.0, 0.0)


@pytest.fixture
def slack(bot: Bot) -> Iterator[PracticeSlack]:
    """Start a practice Slack that delivers its events to the bot, with redeliveries at once."""
    switches = SlackSwitches(retry_waits=AT_ONCE, timeout=60)
    with PracticeSlack(request_url=f"{bot.url}/slack/events", switches=switches) as server:
        yield server


# What is delivered


def test_events_are_signed(slack: PracticeSlack, bot: Bot) -> None:
    """slack_sdk's verifier accepts every delivered request with our secret, and none with another."""
    slack.say("U0ASKER01", "<@U0COCOAI> 日本語 & more")
    slack.wait_for_deliveries()
    ours, other = SignatureVerifier("practice-signing-secret"), SignatureVerifier("another-secret")

    assert [True, True] == [ours.is_valid_request(each.body, dict(each.headers)) for each in bot.received]
    assert [False, False] == [other.is_valid_request(each.body, dict(each.headers)) for each in bot.received]
    assert [("POST", "/slack/events", "application/json")] * 2 == [
        (each.method, each.path, each.headers["content-type"]) for each in bot.received
    ]


def test_signatures_for_any_body(slack: PracticeSlack) -> None:
    """A test can sign any body: with another time, with another secret, and without JSON in it."""
    verifier = SignatureVerifier("practice-signing-secret")

    assert verifier.is_valid_request(b"{}", slack.signed(b"{}"))
    assert not verifier.is_valid_request(b"{}", slack.signed(b"{}", at=time.time() - 301))
    assert not verifier.is_valid_request(b"{}", slack.signed(b"{}", secret="another-secret"))


def test_envelope(slack: PracticeSlack, bot: Bot) -> None:
    """An event's envelope has all fields that the documentation names."""
    message = slack.say("U0ASKER01", "hi")
    slack.wait_for_deliveries()
    payload = bot.payloads[0]
    authorization = payload["authorizations"][0]

    assert ("event_callback", "T0PRACTICE", "A0COCOAI") == (
        payload["type"],
        payload["team_id"],
        payload["api_app_id"],
    )
    assert ("U0COCOAI", True, "T0PRACTICE") == (
        authorization["user_id"],
        authorization["is_bot"],
        authorization["team_id"],
    )
    assert payload["event_id"].startswith("Ev")
    assert int(float(message.ts)) <= payload["event_time"] <= time.time()
    assert {"token", "event_context", "is_ext_shared_channel"} <= set(payload)
    assert slack.payloads == bot.payloads


def test_message_event(slack: PracticeSlack, bot: Bot) -> None:
    """A person's message has no subtype and no bot_id; a reply names its thread and the parent's author."""
    parent = slack.say("U0ASKER01", "hi")
    slack.wait_for_deliveries()
    slack.say("U0ASKER02", "and <@U0ASKER01>?", thread_ts=parent.ts)
    slack.wait_for_deliveries()
    first, second = bot.events

    assert ("message", "hi", "U0ASKER01", "channel", parent.ts, parent.ts) == tuple(
        first[name] for name in ("type", "text", "user", "channel_type", "ts", "event_ts")
    )
    assert not {"subtype", "bot_id", "thread_ts"} & set(first)
    assert (parent.ts, "U0ASKER01") == (second["thread_ts"], second["parent_user_id"])
    assert {"type": "user", "user_id": "U0ASKER01"} in second["blocks"][0]["elements"][0]["elements"]


@pytest.mark.parametrize(
    ("twins", "kinds"),
    [
        ("mention first", ["app_mention", "message"]),
        ("message first", ["message", "app_mention"]),
        ("mention only", ["app_mention"]),
        ("message only", ["message"]),
    ],
)
def test_mention_is_delivered_twice(slack: PracticeSlack, bot: Bot, twins: Twins, kinds: list[str]) -> None:
    """A mention is delivered as two events with one channel and ts, but two event_ids; one has no channel_type."""
    slack.switches.twins = twins
    message = slack.say("U0ASKER01", "hi <@U0COCOAI|cocoai>")
    slack.wait_for_deliveries()

    assert kinds == [event["type"] for event in bot.events]
    assert {("C0PRACTICE", message.ts)} == {(event["channel"], event["ts"]) for event in bot.events}
    assert len(kinds) == len({payload["event_id"] for payload in bot.payloads})
    assert all(("channel_type" in event) == (event["type"] == "message") for event in bot.events)


def test_second_event_does_not_wait_for_a_slow_bot(slack: PracticeSlack, bot: Bot) -> None:
    """A mention's second event is sent after the gap, though the first was not answered yet."""
    slack.switches.twin_gap, slack.switches.timeout = 0.05, 3600
    bot.replies = [hang]
    slack.say("U0ASKER01", "<@U0COCOAI> hi")

    assert ["message"] == [delivery.kind for delivery in slack.wait_for(lambda: slack.deliveries)]
    assert ["app_mention", "message"] == [event["type"] for event in bot.events]


@pytest.mark.parametrize(("channel", "kind"), [("D0PRACTICE", "im"), ("G0PRIVATE", "group")])
def test_mentions_in_other_kinds_of_channel(slack: PracticeSlack, bot: Bot, channel: str, kind: str) -> None:
    """A direct message is never an app_mention, even if it mentions the bot; one in a private channel is."""
    slack.say("U0ASKER01", "<@U0COCOAI> hi", channel=channel)
    slack.wait_for_deliveries()

    assert {"im": ["message"], "group": ["app_mention", "message"]}[kind] == [event["type"] for event in bot.events]
    assert kind == bot.events[-1]["channel_type"]


def test_no_events_of_channels_without_the_bot(slack: PracticeSlack, bot: Bot) -> None:
    """A channel that the bot is not in causes no events."""
    slack.say("U0ASKER01", "<@U0COCOAI> hi", channel="C0OUTSIDE")

    assert [] == slack.wait_for_deliveries()
    assert [] == bot.received


def test_shared_channel(slack: PracticeSlack, bot: Bot) -> None:
    """In a shared channel the event names the author's team; the envelope's team is that of the installation."""
    slack.say("U0OTHER01", "hi", channel="C0SHARED")
    slack.wait_for_deliveries()
    slack.add(PracticeChannel("C0PRACTICE", "practice", is_shared=True))
    slack.say("U0ASKER01", "hi")
    slack.wait_for_deliveries()
    outside, inside = bot.payloads

    assert (True, "T0PRACTICE", "T0OTHER") == (
        outside["is_ext_shared_channel"],
        outside["team_id"],
        outside["event"]["user_team"],
    )
    assert (True, "T0PRACTICE") == (inside["is_ext_shared_channel"], inside["event"]["user_team"])


def test_people_and_channels_can_be_added(slack: PracticeSlack, bot: Bot) -> None:
    """A test can add people and channels."""
    slack.add(PracticeChannel("C0MORE", "more", "mpim"))
    slack.add(Person("U0ASKER03", "Third asker"))
    slack.say("U0ASKER03", "hi", channel="C0MORE")
    slack.wait_for_deliveries()

    assert ("mpim", "U0ASKER03") == (bot.events[0]["channel_type"], bot.events[0]["user"])


def test_own_messages_are_delivered(slack: PracticeSlack, bot: Bot, act: Act) -> None:
    """The bot's own posts, edits and deletions are delivered; a post has its bot's ids, and no subtype."""
    posted = act("chat.postMessage", channel="C0PRACTICE", text="wait")
    slack.wait_for_deliveries()
    act("chat.update", channel="C0PRACTICE", ts=posted["ts"], text="done")
    slack.wait_for_deliveries()
    slack.delete("C0PRACTICE", posted["ts"])
    slack.wait_for_deliveries()
    post, edit, deletion = bot.events

    assert ("B0COCOAI", "A0COCOAI", "U0COCOAI") == (post["bot_id"], post["app_id"], post["user"])
    assert "subtype" not in post
    assert post["bot_profile"]["id"] == "B0COCOAI"
    assert ("message_changed", True) == (edit["subtype"], edit["hidden"])
    assert ("done", "wait") == (edit["message"]["text"], edit["previous_message"]["text"])
    assert ("message_deleted", posted["ts"]) == (deletion["subtype"], deletion["deleted_ts"])


def test_a_deleted_opener(slack: PracticeSlack, bot: Bot) -> None:
    """The deletion of a message with replies is told as its change into a tombstone; of its last reply, as two."""
    question = slack.say("U0ASKER01", "hi")
    reply = slack.say("U0ASKER02", "hello", thread_ts=question.ts)
    slack.wait_for_deliveries()
    slack.delete("C0PRACTICE", question.ts)
    slack.wait_for_deliveries()
    slack.delete("C0PRACTICE", reply.ts)
    slack.wait_for_deliveries()
    change = bot.events[2]
    deletions = [each["event"] for each in slack.payloads[-2:]]  # the bot may get two at once in either order

    assert ("message_changed", True) == (change["subtype"], change["hidden"])
    now, before = change["message"], change["previous_message"]
    assert ("tombstone", True, "USLACKBOT", question.ts) == (now["subtype"], now["hidden"], now["user"], now["ts"])
    assert ("hi", "U0ASKER01") == (before["text"], before["user"])
    assert [reply.ts, question.ts] == [each["deleted_ts"] for each in deletions]


def test_echoes_can_be_switched_off(slack: PracticeSlack, bot: Bot, act: Act) -> None:
    """Without `echoes` only the messages of others are delivered."""
    slack.switches.echoes = False
    act("chat.postMessage", channel="C0PRACTICE", text="wait")
    question = slack.say("U0ASKER01", "hi")
    slack.edit("C0PRACTICE", question.ts, "hello")
    slack.wait_for_deliveries()

    assert {None, "message_changed"} == {event.get("subtype") for event in bot.events}


def test_raw_payloads(slack: PracticeSlack, bot: Bot) -> None:
    """A payload that a test builds is signed and delivered unchanged."""
    slack.deliver({"type": "app_rate_limited", "minute_rate_limited": 1763822000, "team_id": "T0PRACTICE"})
    slack.wait_for_deliveries()

    assert "app_rate_limited" == bot.payloads[0]["type"] == slack.deliveries[0].kind


# Responses and redeliveries


@pytest.mark.parametrize("form", ["{0}", "challenge={0}", '{{"challenge": "{0}"}}'])
def test_url_verification(slack: PracticeSlack, bot: Bot, form: str) -> None:
    """The bot may return the challenge in three forms."""
    bot.replies = [lambda _, incoming: Outgoing(body=form.format(json.loads(incoming.body)["challenge"]).encode())]

    assert slack.verify_url()


def test_url_verification_fails(slack: PracticeSlack, free_port: Callable[[], int]) -> None:
    """A bot that returns no challenge, or cannot be reached, is not verified."""
    assert not slack.verify_url()

    slack.subscribe(f"http://127.0.0.1:{free_port()}/")
    assert not slack.verify_url()


def test_accepted_event_is_delivered_once(slack: PracticeSlack, bot: Bot) -> None:
    """An event that is answered with 200 in time is delivered once, and recorded."""
    message = slack.say("U0ASKER01", "hi")
    deliveries = slack.wait_for_deliveries()
    delivery = deliveries[0]

    assert 1 == len(deliveries) == len(bot.received)
    assert (0, 200, "", message.ts) == (delivery.attempt, delivery.status, delivery.failure, delivery.ts)
    assert delivery.milliseconds > 0
    assert delivery.is_accepted


@pytest.mark.parametrize(
    ("reply", "reason", "number"),
    [
        (status(500), "http_error", 500),
        (status(302, ("Location", "/elsewhere")), "http_error", 302),
        (vanish, "connection_failed", 0),
        (hang, "http_timeout", 0),
    ],
)
def test_redeliveries(slack: PracticeSlack, bot: Bot, reply: Reply, reason: str, number: int) -> None:
    """A failed event is redelivered up to three times, with number and reason; the same body is signed anew."""
    slack.switches.timeout = 0.5 if reply is hang else 60.0
    bot.replies = [reply] * 4
    slack.say("U0ASKER01", "hi")
    deliveries = slack.wait_for_deliveries()
    headers = [
        (each.headers.get("x-slack-retry-num"), each.headers.get("x-slack-retry-reason")) for each in bot.received
    ]

    assert [(None, None), ("1", reason), ("2", reason), ("3", reason)] == headers
    assert [(n, number, reason) for n in range(4)] == [(each.attempt, each.status, each.failure) for each in deliveries]
    assert 1 == len({each.body for each in bot.received}) == len({each.event_id for each in deliveries})
    verifier = SignatureVerifier("practice-signing-secret")
    assert all(verifier.is_valid_request(each.body, dict(each.headers)) for each in bot.received)


def test_redeliveries_end_when_one_is_accepted(slack: PracticeSlack, bot: Bot) -> None:
    """No redelivery follows one that was accepted."""
    bot.replies = [status(503)]
    slack.say("U0ASKER01", "hi")

    assert [503, 200] == [delivery.status for delivery in slack.wait_for_deliveries()]


@pytest.mark.parametrize("number", [500, 404, 503])
def test_no_retry_is_honoured(slack: PracticeSlack, bot: Bot, number: int) -> None:
    """The header x-slack-no-retry on a response other than 200 ends the redeliveries."""
    bot.replies = [status(number, ("X-Slack-No-Retry", "1"))]
    slack.say("U0ASKER01", "hi")

    assert [number] == [delivery.status for delivery in slack.wait_for_deliveries()]


def test_default_schedule() -> None:
    """By default redeliveries follow at once, after one minute and after five more; each attempt has three seconds."""
    assert ((0.0, 60.0, 300.0), 3.0) == (SlackSwitches().retry_waits, SlackSwitches().timeout)


def test_bot_that_cannot_be_reached(free_port: Callable[[], int]) -> None:
    """A refused connection is a failed delivery; without a subscription nothing is delivered."""
    with PracticeSlack(switches=SlackSwitches(retry_waits=())) as slack:
        slack.say("U0ASKER01", "hi")
        assert [] == slack.wait_for_deliveries()

        slack.subscribe(f"http://127.0.0.1:{free_port()}/slack/events")
        slack.say("U0ASKER01", "hi")
        assert ["connection_failed"] == [delivery.failure for delivery in slack.wait_for_deliveries()]


def test_events_over_tls(slack: PracticeSlack, certificates: Certificates) -> None:
    """An https request URL is used only if its certificate's authority is trusted."""
    slack.switches.retry_waits = ()
    with Bot(certificates) as bot:
        slack.subscribe(bot.url, ca_file=certificates.ca_file)
        slack.say("U0ASKER01", "hi")
        assert [200] == [delivery.status for delivery in slack.wait_for_deliveries()]

        slack.subscribe(bot.url)
        slack.say("U0ASKER01", "hi")
        assert slack.wait_for_deliveries()[-1].failure == "ssl_error"


def test_accepted_event_is_delivered_again(slack: PracticeSlack, bot: Bot) -> None:
    """With `repeat`, or on request, an accepted event is redelivered, as if the bot's 200 had been lost."""
    slack.switches.repeat = 2
    slack.say("U0ASKER01", "hi")
    event_id = slack.wait_for_deliveries()[0].event_id
    slack.redeliver(event_id, number=3, reason="unknown_error")
    deliveries = slack.wait_for_deliveries()

    assert [(event_id, n, 200) for n in range(4)] == [(each.event_id, each.attempt, each.status) for each in deliveries]
    assert [None, "http_timeout", "http_timeout", "unknown_error"] == [
        each.headers.get("x-slack-retry-reason") for each in bot.received
    ]
    with pytest.raises(KeyError):
        slack.redeliver("Ev0NEVER")


def test_posting_does_not_wait_for_the_bot(slack: PracticeSlack, bot: Bot) -> None:
    """Posting does not wait for a bot that never answers; stopping cuts its deliveries off."""
    slack.switches.timeout = 3600
    bot.replies = [hang] * 20
    started = time.monotonic()
    for n in range(20):
        slack.say("U0ASKER01", f"question {n}")
    slack.stop()

    assert time.monotonic() - started < 20


def test_many_events_at_once(slack: PracticeSlack, bot: Bot) -> None:
    """Fifty mentions at once are delivered and recorded, each with both events."""
    stamps = {slack.say("U0ASKER01", f"<@U0COCOAI> {n}").ts for n in range(50)}
    deliveries = slack.wait_for_deliveries(60)

    assert stamps == {delivery.ts for delivery in deliveries}
    assert 100 == len(deliveries) == len({delivery.event_id for delivery in deliveries})
    assert [200] * 100 == [delivery.status for delivery in deliveries]


def test_records_cannot_be_changed(slack: PracticeSlack) -> None:
    """The list of deliveries is a copy, and its entries are frozen."""
    slack.say("U0ASKER01", "hi")
    slack.wait_for_deliveries()
    slack.deliveries.clear()

    assert replace(slack.deliveries[0]) == slack.deliveries[0]
