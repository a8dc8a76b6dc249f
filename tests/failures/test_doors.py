"""Requests to the two endpoints through a real nginx: refused ones, ones that cannot be kept, and how they are counted.

And OpenAI out of credit behind them, in both languages, as the asker and as the operator see it.
"""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from cocoai import config
from cocoai.engine.web.request import MAX_BODY
from cocoai.rehearsal.certificates import Certificates
from cocoai.rehearsal.slack.slack_switches import SlackSwitches
from cocoai.rehearsal.slack.workspace import PracticeMessage as Message
from cocoai.status import status
from cocoai.status.report import report
from cocoai.status.text import render
from tests.deployment import Deployment, deploy, payload
from tests.failures.harness import QUESTIONS
from tests.failures.table import OPERATOR, REFUSALS, TEXTS
from tests.failures.visible import leaks, text_shown_by, visible_text
from tests.http_client import request
from tests.processes import wait_until
from tests.slack_payloads import click, envelope, form, message_event

EVENTS, CLICKS = "/slack/events", "/slack/interactions"
ENDPOINTS = (EVENTS, CLICKS)
CONTENT_TYPES = {EVENTS: "application/json", CLICKS: "application/x-www-form-urlencoded"}

VERIFICATION = b'{"type":"url_verification","challenge":"x"}'

GARBLED = {"X-Slack-Signature": "v0=\xfc", "X-Slack-Request-Timestamp": "1763822001"}

Refused = tuple[str, str, dict[str, Any]]
"""A failure in REFUSALS, the endpoint, and in what the request differs from one that would be kept."""

REFUSED_BY_POOL: dict[str, Refused] = {
    "event, forged": ("forged", EVENTS, {"secret": "forged"}),
    "event, stale": ("stale", EVENTS, {"at": -301.0}),
    "event, from the future": ("stale", EVENTS, {"at": 330.0}),
    "event, signed with a letter that is not ASCII": ("unsigned", EVENTS, {"headers": GARBLED}),
    "event, no JSON": ("no JSON", EVENTS, {"body": b"payload=not+JSON"}),
    "event, no text": ("no JSON", EVENTS, {"body": b"\xff\xfe"}),
    "verification, forged": ("forged", EVENTS, {"body": VERIFICATION, "secret": "forged"}),
    "verification, stale": ("stale", EVENTS, {"body": VERIFICATION, "at": -301.0}),
    "verification, from the future": ("stale", EVENTS, {"body": VERIFICATION, "at": 330.0}),
    "click, forged": ("forged", CLICKS, {"secret": "forged"}),
    "click, stale": ("stale", CLICKS, {"at": -301.0}),
    "click, from the future": ("stale", CLICKS, {"at": 330.0}),
    "click, signed with a letter that is not ASCII": ("unsigned", CLICKS, {"headers": GARBLED}),
    "click, no JSON": ("no JSON", CLICKS, {"body": b"payload=not+JSON"}),
    "click, half of its JSON": ("no JSON", CLICKS, {"body": b"payload=%7B"}),
    "click, no form": ("no form", CLICKS, {"body": b"not a form"}),
    "click, JSON instead of a form": ("no form", CLICKS, {"body": json.dumps(click()).encode()}),
    "click, empty": ("no form", CLICKS, {"body": b""}),
    "click, no text": ("no form", CLICKS, {"body": b"\xff\xfe\x00"}),
}

REFUSED_BY_NGINX: dict[str, Refused] = {
    "event, unsigned": ("unsigned", EVENTS, {"headers": {}}),
    "click, unsigned": ("unsigned", CLICKS, {"headers": {}}),
    "event, too big": ("too big", EVENTS, {"body": b" " * (MAX_BODY + 1)}),
    "event, an unknown path": ("an unknown path", EVENTS, {"behind": "/no/further"}),
    "event, another method": ("another method", EVENTS, {"method": "GET"}),
    "click, too big": ("too big", CLICKS, {"body": b"payload=" + b"+" * MAX_BODY}),
    "click, an unknown path": ("an unknown path", CLICKS, {"behind": "/no/further"}),
    "click, another method": ("another method", CLICKS, {"method": "GET"}),
}
"""The pool never gets these requests, and so does not count them."""

REFUSED = REFUSED_BY_POOL | REFUSED_BY_NGINX


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory, certificates: Certificates) -> Iterator[Deployment]:
    """Yield one running CocoAI for all tests, once it knows its identity.

    At the end, nothing private may have reached its Slack.
    """
    patient = SlackSwitches(retry_waits=(1.0, 5.0, 25.0))
    with deploy(tmp_path_factory.mktemp("house"), certificates, manner=patient) as built:
        wait_until((built.var / "identity.json").exists)
        yield built
        texts = [text_shown_by(call) for call in built.slack.calls if call.method.startswith("chat.")]

    assert [] == [(text, found) for text in texts if (found := leaks(text))]


@pytest.fixture(autouse=True)
def _idle(standing: Deployment) -> None:
    """Wait until nothing is left of the test before."""
    wait_until(lambda: not standing.spool.keys("ready") and not standing.held_locks())


def valid_body(endpoint: str) -> bytes:
    """Return the body of a request that would be kept, each time another."""
    return json.dumps(envelope(message_event())).encode() if endpoint == EVENTS else form(click())


def post(built: Deployment, endpoint: str, **changes: Any) -> tuple[int, str]:
    """Send a request that would be kept but for its `changes`, and return status and body.

    `at` is the time of the signature in seconds from now, and `behind` what is appended to the path.
    """
    body = changes.get("body", valid_body(endpoint))
    signed = built.slack.signed(body, at=time.time() + changes.get("at", 0.0), secret=changes.get("secret"))
    headers = {**changes.get("headers", signed), "Content-Type": CONTENT_TYPES[endpoint]}
    path = endpoint + changes.get("behind", "")
    code, response = request(built.address, changes.get("method", "POST"), path, body, headers)
    return code, response.decode()


def stored(built: Deployment) -> set[str]:
    """Return the paths of everything that is stored: jobs, thread marks, stop requests."""
    return {str(path) for folder in ("spool", "threads") for path in (built.var / folder).rglob("*")}


def collected(built: Deployment) -> status.Status:
    """Return what `cocoai status` collects."""
    return status.collect(config.read(str(built.var / "cocoai.ini"), {}))


def refusals(built: Deployment) -> dict[str, int]:
    """Return the pool's counts of refusals, by their line."""
    snapshot = collected(built).snapshot
    assert snapshot
    return dict(snapshot.refused)


@pytest.mark.parametrize("name", REFUSED)
def test_a_request_that_is_not_slacks_gets_one_line(standing: Deployment, name: str) -> None:
    """It gets the status and line of the table, nothing is stored, and `status` counts it if it reached the pool."""
    failure, endpoint, changes = REFUSED[name]
    code, line = REFUSALS[failure]
    before, count = stored(standing), refusals(standing)

    response = post(standing, endpoint, **changes)

    assert (code, f"{line}\n") == response
    assert before == stored(standing)
    more = {line: count.get(line, 0) + 1} if name in REFUSED_BY_POOL else {}
    assert count | more == refusals(standing)


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_the_same_request_without_a_fault_is_kept(standing: Deployment, endpoint: str) -> None:
    """A request without changes is kept, so each of the others was refused for its change alone."""
    before = stored(standing)

    assert (200, "") == post(standing, endpoint)
    wait_until(lambda: before != stored(standing))


def test_slacks_check_of_the_address_is_answered(standing: Deployment) -> None:
    """A signed url_verification gets its challenge back, and nothing is stored."""
    before = stored(standing)

    assert (200, "x") == post(standing, EVENTS, body=VERIFICATION)
    assert before == stored(standing)


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE"])
@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_an_endpoint_accepts_post_only(standing: Deployment, endpoint: str, method: str) -> None:
    """Every other method is answered 405."""
    assert 405 == request(standing.address, method, endpoint)[0]


@pytest.mark.parametrize(
    ("method", "path", "code"),
    [
        ("GET", "/healthz", 200),
        ("HEAD", "/healthz", 200),
        ("POST", "/healthz", 405),
        ("POST", "/", 404),
        ("GET", "/status", 404),
    ],
)
def test_other_paths_have_nothing_but_a_health_check(standing: Deployment, method: str, path: str, code: int) -> None:
    """/healthz may be read; no other path exists, and the status page is not served here."""
    assert code == request(standing.address, method, path)[0]


@contextlib.contextmanager
def unwritable(built: Deployment) -> Iterator[None]:
    """Let the spool write nothing: its tmp/ is moved away. Unlike permissions, this stops root, too."""
    tmp = built.var / "spool" / "tmp"
    away = tmp.rename(built.var / "away")
    try:
        yield
    finally:
        away.rename(tmp)


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_a_request_that_cannot_be_kept_is_answered_503(standing: Deployment, endpoint: str) -> None:
    """It gets the line of the table, nothing is stored, it is counted, and the log has the reason."""
    code, line = REFUSALS["the spool cannot write"]
    count = refusals(standing).get(line, 0)
    with unwritable(standing):
        before = jobs(standing)
        response = post(standing, endpoint)

        assert (code, f"{line}\n") == response
        assert before == jobs(standing)
    assert count + 1 == refusals(standing)[line]
    assert "outcome=not-kept" in standing.log()
    assert "No such file or directory" in standing.log()


def jobs(built: Deployment) -> set[str]:
    """Return the keys of all jobs."""
    return {str(key) for folder in ("ready", "done", "failed") for key in built.spool.keys(folder)}


def test_a_mention_that_was_answered_503_is_answered_once_in_the_end(standing: Deployment) -> None:
    """Slack delivers the mention again, and the asker reads one answer."""
    with unwritable(standing):
        question = standing.ask(QUESTIONS["en"])
        refused = standing.slack.wait_for(lambda: statuses(standing, question))

    answer = standing.answer_to(question)

    assert {503} == refused
    assert [answer] == standing.replies(question)


def statuses(built: Deployment, question: Message) -> set[int]:
    """Return the statuses that Slack got for both events of this mention; set() until it has both."""
    codes = [delivery.status for delivery in built.slack.deliveries if delivery.ts == question.ts]
    return set(codes) if len(codes) > 1 else set()


@pytest.mark.parametrize("language", QUESTIONS)
def test_without_credit_the_asker_is_told_and_the_operator_knows_why(standing: Deployment, language: str) -> None:
    """The asker reads one sentence; log and `status` have code, type and request id, and no words of OpenAI's."""
    standing.openai.fail("no credit", code="credit_balance_exhausted")

    question = standing.ask(QUESTIONS[language])
    reply = standing.slack.wait_for(lambda: apology(standing, question))

    assert TEXTS[OPERATOR].by_language[language] == visible_text(reply)
    assert [reply.ts] == [message.ts for message in standing.replies(question)]
    number = sum(1 for each in standing.openai.requests if each.path.endswith("/chat/completions"))
    evidence = f"OpenAI credit_balance_exhausted insufficient_quota 429 req_practice{number}"
    shown_by_status = "\n".join(render(report(collected(standing))))
    assert evidence in standing.log()
    assert evidence in shown_by_status
    assert {"OpenAI's own words", "a secret"}.isdisjoint(leaks(standing.log() + shown_by_status))


def apology(built: Deployment, question: Message) -> Message | None:
    """Return the reply once it is an error; None until then."""
    return next((each for each in built.replies(question) if payload(each)["kind"] == "error"), None)
