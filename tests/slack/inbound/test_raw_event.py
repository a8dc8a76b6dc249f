"""slack/inbound/raw_event.py: what an event's bytes alone tell, and that the parsed JSON tells the same."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cocoai.slack.inbound.events import ASIDE, CHANGE
from cocoai.slack.inbound.raw_event import is_change, unaddressed_place
from cocoai.slack.model.question import Ignored, Question
from tests.slack.inbound.test_events import LATER, TS, US, KnownThreads, analyze_bytes
from tests.slack_payloads import JSON, envelope, mention_event, message_event

pytestmark = pytest.mark.pure

PERSON = [{"type": "rich_text_section", "elements": [{"type": "user", "user_id": US.user_id}]}]


def compact(payload: JSON, **options: Any) -> bytes:
    """Return the payload in bytes as Slack writes them: without blanks."""
    return json.dumps(payload, separators=(",", ":"), **options).encode()


def message(text: str = "hello", **changes: object) -> JSON:
    """Return a message's event with its keys in Slack's order: the channel and its type come last."""
    event = message_event(text, **{"ts": LATER} | changes)
    last = {key: event.pop(key) for key in ("channel", "event_ts", "channel_type") if key in event}
    return event | last


def escaped(body: bytes) -> bytes:
    """Return a body with the letters of our id escaped: the same JSON."""
    return body.replace(b"<@U0COCOAI>", b"<@\\u00550COCOAI>")


@pytest.mark.parametrize(
    ("event", "place"),
    [
        (message(), ("C0PRACTICE", "")),
        (message(thread_ts=TS), ("C0PRACTICE", TS)),
        (message("<@U0OTHER> and {braces}", thread_ts=TS), ("C0PRACTICE", TS)),
        (message(channel="G0PRACTICE", channel_type="group"), ("G0PRACTICE", "")),
        (message(channel_type="mpim"), ("C0PRACTICE", "")),
    ],
)
def test_a_message_among_people_is_known_by_its_bytes(event: JSON, place: tuple[str, str]) -> None:
    """Its channel and its thread are read without parsing."""
    assert place == unaddressed_place(compact(envelope(event)), US.user_id)


@pytest.mark.parametrize(
    "body",
    [
        compact(envelope(message("<@U0COCOAI> hello"))),
        escaped(compact(envelope(message("<@U0COCOAI> hello")))),
        compact(envelope(message(blocks=PERSON))),
        compact(envelope(mention_event("hello", ts=LATER))),
        compact(envelope(message(type="app_mention"))),
        compact(envelope(message(channel="D0PRACTICE", channel_type="im"))),
        compact(envelope(message(channel="D0PRACTICE"))),
        compact(envelope(message(channel_type="im"))),
        compact(envelope(message(thread_ts=TS, root={"thread_ts": TS}))),
        compact(envelope(message(thread_ts=None, root={"thread_ts": 5}))),
        compact(envelope(message(channel="../x"))),
        compact(envelope(message() | {"item": {}})),
        compact(envelope(message(), authorizations=None)),
        compact(envelope(message(), type="url_verification")),
        json.dumps(envelope(message())).encode(),
        b"",
        b"{}",
        b"not JSON",
    ],
)
def test_whatever_is_not_plain_is_parsed(body: bytes) -> None:
    """Nothing is said of it by its bytes."""
    assert unaddressed_place(body, US.user_id) is None


@pytest.mark.parametrize("follow_ups", ["asker", "answered", "mention"])
@pytest.mark.parametrize("thread_ts", [None, TS])
@pytest.mark.parametrize("text", ["hello", "<@U0COCOAI> hello", "<@U0OTHER> hello", "こんにちは", "a \\ b"])
def test_the_outcome_is_that_of_the_parsed_json(text: str, thread_ts: str | None, follow_ups: str) -> None:
    """In a thread of ours, in another, and in none, with Slack's escapes and without."""
    payload = envelope(message(text, thread_ts=thread_ts))
    for threads in (KnownThreads(), KnownThreads(("C0PRACTICE", TS))):
        settings: dict[str, Any] = {"mark_of": threads, "follow_ups": follow_ups}
        parsed = analyze_bytes(json.dumps(payload).encode(), **settings)
        outcomes = [analyze_bytes(compact(payload, ensure_ascii=plain), **settings) for plain in (False, True)]

        assert [type(parsed)] * 2 == [type(each) for each in outcomes]
        assert not isinstance(parsed, Question) or [parsed] * 2 == outcomes
        assert ASIDE in outcomes or "U0COCOAI" in text or threads.threads


def test_while_our_identity_is_unknown_all_is_parsed() -> None:
    """Then the payload says who we are."""
    outcome = analyze_bytes(compact(envelope(message("<@U0COCOAI> hello"))), None)

    assert isinstance(outcome, Question)
    assert ASIDE != analyze_bytes(compact(envelope(message(user="U0COCOAI"))), None)


def test_a_changed_message_is_known_by_its_bytes() -> None:
    """But not one whose text only says so."""
    changed = envelope({"type": "message", "subtype": "message_changed", "message": {"text": "<@U0COCOAI>"}})
    said = envelope(message('"event":{"type":"message","subtype":"message_changed",'))

    assert is_change(compact(changed))
    assert CHANGE == analyze_bytes(compact(changed))
    assert not is_change(compact(said))
    assert isinstance(analyze_bytes(compact(said)), Ignored)
