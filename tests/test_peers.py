"""bench/peers: each server that is measured beside CocoAI does the same work. What is not installed here is skipped."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from _pytest.mark import ParameterSet

from bench.peers import ALONE, MINIMAL, NAMES, Subject, missing, subject
from cocoai.rehearsal.certificates import Certificates
from cocoai.rehearsal.slack.json_shapes import envelope
from cocoai.rehearsal.slack.workspace import PracticeMessage as Message
from tests.processes import PATIENCE, wait_until


def unless_missing(name: str) -> ParameterSet:
    """Return a subject's name as a parameter that is skipped where the subject is not installed."""
    return pytest.param(name, marks=pytest.mark.skipif(bool(missing(name)), reason=missing(name)))


SERVERS = [unless_missing(name) for name in NAMES if name != ALONE]
"""The subjects that can be asked something, and answer it."""

KEEPERS = [*SERVERS, unless_missing(MINIMAL)]
"""The subjects that keep questions."""

NOW = int(time.time())
THREAD = f"{NOW}.000000"
"""The thread that the mention opens."""

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
    "a message without a mention": {"ts": f"{NOW}.000010", "text": "hello"},
    "a reply in a thread without a mention": {"ts": f"{NOW}.000011", "thread_ts": "1700000000.000002", "text": "so"},
    "a follow-up to somebody else": {"ts": f"{NOW}.000012", "thread_ts": THREAD, "text": "<@U0ASKER02> and you?"},
    "our own message": {"ts": f"{NOW}.000013", "thread_ts": THREAD, "text": "hello", "user": "U0COCOAI"},
    "a bot's": {"ts": f"{NOW}.000014", "thread_ts": THREAD, "text": "<@U0COCOAI>", "bot_id": "B0OTHER"},
    "Slackbot's": {"ts": f"{NOW}.000015", "thread_ts": THREAD, "text": "<@U0COCOAI>", "user": "USLACKBOT"},
    "an edit": {"ts": f"{NOW}.000016", "text": "", "subtype": "message_changed", "hidden": True},
    "a joined channel": {"ts": f"{NOW}.000017", "text": "<@U0COCOAI>", "subtype": "channel_join"},
}


@pytest.fixture(params=KEEPERS)
def silent_server(
    request: pytest.FixtureRequest, short_folder: Callable[[], Path], certificates: Certificates
) -> Iterator[Subject]:
    """Start a server that keeps questions and does not answer them."""
    with subject(request.param, short_folder() / "v", certificates, answers=False) as server:
        yield server


def test_every_server_keeps_the_same_events_as_questions(silent_server: Subject) -> None:
    """Each event is answered 200, and ready/ has one file for each question, under CocoAI's own key.

    The minimal one marks no threads, and so knows no follow-up that does not name us.
    """
    statuses = {name: post(silent_server, event) for name, event in (KEPT | LEFT_ALONE).items()}
    spool = silent_server.var / "spool"
    kept = {key(event) for name, event in KEPT.items() if silent_server.name != MINIMAL or name != "a follow-up"}

    assert dict.fromkeys(KEPT | LEFT_ALONE, 200) == statuses
    assert sorted(kept) == sorted(file.name for file in (spool / "ready").iterdir())
    assert [] == list((spool / "tmp").iterdir())


def test_every_server_refuses_a_forged_and_a_stale_signature(silent_server: Subject) -> None:
    """Both are answered 401, and nothing is kept."""
    statuses = (post(silent_server, MENTION, secret="forged"), post(silent_server, MENTION, at=time.time() - 3600))

    assert (401, 401) == statuses
    assert 0 == silent_server.kept()


@pytest.mark.parametrize("name", SERVERS)
def test_every_server_answers_a_mention_and_its_twin_once(
    name: str, short_folder: Callable[[], Path], certificates: Certificates
) -> None:
    """The thread has one reply with the model's whole answer, the job is done, and every process is found."""
    with subject(name, short_folder() / "v", certificates) as server:
        question = server.slack.say("U0ASKER01", "<@U0COCOAI> hello?")
        answer = server.slack.wait_for(lambda: answer_to(server, question), PATIENCE)
        server.slack.wait_for_deliveries(PATIENCE)
        wait_until(lambda: server.kept() == 0)

        assert "practice OpenAI" in answer.text
        assert [answer.ts] == [message.ts for message in server.slack.thread(question.channel, question.ts)[1:]]
        assert 4 <= len(server.pids())


def post(server: Subject, event: dict[str, Any], **signing: Any) -> int:
    """Deliver an event and return the status; `signing` goes to PracticeSlack.signed."""
    workspace = server.slack.workspace
    whole = {"type": "message", "channel": "C0PRACTICE", "channel_type": "channel", "user": "U0ASKER01", **event}
    payload = envelope(whole, workspace.channels["C0PRACTICE"], workspace.installation, NOW)
    body = json.dumps(payload).encode()
    connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=PATIENCE)
    try:
        connection.request("POST", "/slack/events", body, server.slack.signed(body, **signing))
        return connection.getresponse().status
    finally:
        connection.close()


def key(event: dict[str, Any]) -> str:
    """Return the key under which a question is kept."""
    return f"{event.get('channel', 'C0PRACTICE')}-{event.get('thread_ts', event['ts'])}-{event['ts']}"


def answer_to(server: Subject, question: Message) -> Message | None:
    """Return the reply once it is the answer; None until then."""
    replies = server.slack.thread(question.channel, question.ts)[1:]
    found = [each for each in replies if (each.metadata or {}).get("event_payload", {}).get("kind") == "answer"]
    return found[0] if found else None
