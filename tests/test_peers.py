"""bench/peers: whoever is measured beside CocoAI does the same work. Those that are not installed here are left out."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from bench.peers import ALONE, NAMES, Subject, missing, subject
from cocoai.rehearsal.certificates import Certificates
from cocoai.rehearsal.slack.json_shapes import envelope
from cocoai.rehearsal.slack.workspace import PracticeMessage as Message
from tests.processes import PATIENCE, wait_until

HERE = [
    pytest.param(name, marks=pytest.mark.skipif(bool(missing(name)), reason=missing(name)))
    for name in NAMES
    if name != ALONE
]
"""Those that can be asked something."""

NOW = int(time.time())
THREAD = f"{NOW}.000000"
"""The mention's own."""

MENTION = {"type": "app_mention", "ts": THREAD, "text": "<@U0COCOAI> hello?"}

KEPT: dict[str, dict[str, Any]] = {
    "a mention": MENTION,
    "a mention in a thread": {**MENTION, "ts": f"{NOW}.000001", "thread_ts": "1700000000.000001"},
    "a message that names us": {"ts": f"{NOW}.000002", "text": "hello, <@U0COCOAI>"},
    "a direct message": {"ts": f"{NOW}.000003", "text": "hello", "channel": "D0PRACTICE", "channel_type": "im"},
    "a follow-up": {"ts": f"{NOW}.000004", "thread_ts": THREAD, "text": "and then?"},
}

LEFT_ALONE: dict[str, dict[str, Any]] = {
    "the mention's twin": {**MENTION, "type": "message"},
    "a message to all": {"ts": f"{NOW}.000010", "text": "hello"},
    "a reply in a thread that is not ours": {"ts": f"{NOW}.000011", "thread_ts": "1700000000.000002", "text": "so"},
    "a follow-up to somebody else": {"ts": f"{NOW}.000012", "thread_ts": THREAD, "text": "<@U0ASKER02> and you?"},
    "our own message": {"ts": f"{NOW}.000013", "thread_ts": THREAD, "text": "hello", "user": "U0COCOAI"},
    "a bot's": {"ts": f"{NOW}.000014", "thread_ts": THREAD, "text": "<@U0COCOAI>", "bot_id": "B0OTHER"},
    "Slackbot's": {"ts": f"{NOW}.000015", "thread_ts": THREAD, "text": "<@U0COCOAI>", "user": "USLACKBOT"},
    "an edit": {"ts": f"{NOW}.000016", "text": "", "subtype": "message_changed", "hidden": True},
    "somebody's coming": {"ts": f"{NOW}.000017", "text": "<@U0COCOAI>", "subtype": "channel_join"},
}


@pytest.fixture(params=HERE)
def silent(
    request: pytest.FixtureRequest, short_folder: Callable[[], Path], certificates: Certificates
) -> Iterator[Subject]:
    """One that keeps questions, and does not answer them."""
    with subject(request.param, short_folder() / "v", certificates, answers=False) as one:
        yield one


def test_the_same_events_are_questions_to_all(silent: Subject) -> None:
    """Each event has its 200, and what lies in ready/ is one file for each question, under CocoAI's own key."""
    statuses = {name: post(silent, event) for name, event in (KEPT | LEFT_ALONE).items()}

    assert dict.fromkeys(KEPT | LEFT_ALONE, 200) == statuses
    assert sorted(map(key, KEPT.values())) == sorted(file.name for file in (silent.var / "spool" / "ready").iterdir())
    assert [] == list((silent.var / "spool" / "tmp").iterdir())


def test_a_forged_signature_and_a_stale_one_are_refused_by_all(silent: Subject) -> None:
    """401 for both, and nothing is kept."""
    statuses = (post(silent, MENTION, secret="forged"), post(silent, MENTION, at=time.time() - 3600))

    assert (401, 401) == statuses
    assert 0 == silent.kept()


@pytest.mark.parametrize("name", HERE)
def test_a_mention_that_comes_twice_is_answered_once_by_all(
    name: str, short_folder: Callable[[], Path], certificates: Certificates
) -> None:
    """One reply in the thread, with the model's whole answer; the job is done, and all of its processes are known."""
    with subject(name, short_folder() / "v", certificates) as one:
        question = one.slack.say("U0ASKER01", "<@U0COCOAI> hello?")
        answer = one.slack.wait_for(lambda: answered(one, question), PATIENCE)
        one.slack.wait_for_deliveries(PATIENCE)
        wait_until(lambda: one.kept() == 0)

        assert "practice OpenAI" in answer.text
        assert [answer.ts] == [message.ts for message in one.slack.thread(question.channel, question.ts)[1:]]
        assert 4 <= len(one.pids())


def post(one: Subject, event: dict[str, Any], **signing: Any) -> int:
    """Deliver this event, and say what came of it."""
    workspace = one.slack.workspace
    whole = {"type": "message", "channel": "C0PRACTICE", "channel_type": "channel", "user": "U0ASKER01", **event}
    payload = envelope(whole, workspace.channels["C0PRACTICE"], workspace.installation, NOW)
    body = json.dumps(payload).encode()
    connection = http.client.HTTPConnection(urlsplit(one.url).netloc, timeout=PATIENCE)
    try:
        connection.request("POST", "/slack/events", body, one.slack.signed(body, **signing))
        return connection.getresponse().status
    finally:
        connection.close()


def key(event: dict[str, Any]) -> str:
    """Under which a question is kept."""
    return f"{event.get('channel', 'C0PRACTICE')}-{event.get('thread_ts', event['ts'])}-{event['ts']}"


def answered(one: Subject, question: Message) -> Message | None:
    """The reply, once it is the answer."""
    replies = one.slack.thread(question.channel, question.ts)[1:]
    found = [each for each in replies if (each.metadata or {}).get("event_payload", {}).get("kind") == "answer"]
    return found[0] if found else None
