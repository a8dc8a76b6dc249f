"""The two doors of a whole house, behind real nginx: what is refused in one line, what cannot be kept, what is counted.

And OpenAI out of credit behind it, in both languages, as the asker and as the operator see that.
"""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from cocoai import config, status
from cocoai.rehearsal.certificates import Certificates
from cocoai.rehearsal.slack.slack_switches import SlackSwitches
from cocoai.rehearsal.slack.workspace import PracticeMessage as Message
from cocoai.status.report import report
from cocoai.status.text import render
from tests import test_failures
from tests.failures.counter import QUESTIONS
from tests.failures.seen import betrayals, read, shown
from tests.failures.table import refused_in, told_in
from tests.house import House, house, payload
from tests.processes import wait_until
from tests.test_interactions import click, form
from tests.test_journey import envelope, request, said

REFUSED = refused_in(test_failures.__doc__ or "")
TOLD = told_in(test_failures.__doc__ or "")

CONTENT_TYPES = {"/slack/events": "application/json", "/slack/interactions": "application/x-www-form-urlencoded"}
DOORS: dict[str, Callable[[], bytes]] = {
    "/slack/events": lambda: json.dumps(envelope(said())).encode(),
    "/slack/interactions": lambda: form(click()),
}
"""By path: a request that would be kept, each time another."""

HOW: dict[str, dict[str, Any]] = {
    "forged": {"secret": "forged"},
    "stale": {"at": -301.0},
    "unsigned": {"headers": {}},
    "too big": {"body": b"payload=" + b" " * (513 * 1024)},
    "no JSON": {"body": b"payload=not+JSON"},
    "no form": {"body": b"not a form"},
    "an unknown path": {"behind": "/no/further"},
    "another method": {"method": "GET"},
}
"""By row of the table: in what the request differs from one that would be kept."""

WRONG = [(row, door) for row in HOW for door in DOORS if (row, door) != ("no form", "/slack/events")]

ENDS_AT_NGINX = {"too big", "an unknown path", "another method"}
"""The pool hears nothing of them."""


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory, certificates: Certificates) -> Iterator[House]:
    """One house for all of them, which knows who it is; nothing of ours alone has reached its Slack in the end."""
    patient = SlackSwitches(retry_waits=(1.0, 5.0, 25.0))
    with house(tmp_path_factory.mktemp("house"), certificates, manner=patient) as built:
        wait_until((built.var / "identity.json").exists)
        yield built
        words = [shown(call) for call in built.slack.calls if call.method.startswith("chat.")]

    assert [] == [(text, found) for text in words if (found := betrayals(text))]


@pytest.fixture(autouse=True)
def _rest(standing: House) -> None:
    """What the test before has set going has come to its end."""
    wait_until(lambda: not standing.spool.keys("ready") and not standing.held_locks())


def heard(built: House, door: str, **how: Any) -> tuple[int, str]:
    """The status and the body that the sender of a request gets."""
    body = how.get("body", DOORS[door]())
    signed = built.slack.signed(body, at=time.time() + how.get("at", 0.0), secret=how.get("secret"))
    headers = {**how.get("headers", signed), "Content-Type": CONTENT_TYPES[door]}
    path = door + how.get("behind", "")
    code, told = request(built.address, how.get("method", "POST"), path, body, headers)
    return code, told.decode()


def kept(built: House) -> set[str]:
    """All that is stored: jobs, marks of threads, wishes to stop."""
    return {str(path) for folder in ("spool", "threads") for path in (built.var / folder).rglob("*")}


def looked(built: House) -> status.Status:
    """What `cocoai status` collects."""
    return status.collect(config.read(str(built.var / "cocoai.ini"), {}))


def counted(built: House) -> dict[str, int]:
    """Refusals, by their line."""
    picture = looked(built).snapshot
    assert picture
    return dict(picture.refused)


@pytest.mark.parametrize(("row", "door"), WRONG)
def test_a_request_that_is_not_slacks_gets_one_line(standing: House, door: str, row: str) -> None:
    """Of the table; nothing is stored, and the operator's status counts what has reached the pool."""
    code, line = REFUSED[row]
    before, count = kept(standing), counted(standing)

    got = heard(standing, door, **HOW[row])

    assert (code, f"{line}\n") == got
    assert before == kept(standing)
    more = {} if row in ENDS_AT_NGINX else {line: count.get(line, 0) + 1}
    assert count | more == counted(standing)


@pytest.mark.parametrize("door", DOORS)
def test_the_same_request_without_a_fault_is_kept(standing: House, door: str) -> None:
    """So that it was for its fault, and nothing else, that each of the others was refused."""
    before = kept(standing)

    assert (200, "") == heard(standing, door)
    wait_until(lambda: before != kept(standing))


@contextlib.contextmanager
def unwritable(built: House) -> Iterator[None]:
    """As long as this lasts the spool can write nothing: its tmp/ is away. Unlike permissions, that stops root too."""
    tmp = built.var / "spool" / "tmp"
    away = tmp.rename(built.var / "away")
    try:
        yield
    finally:
        away.rename(tmp)


@pytest.mark.parametrize("door", DOORS)
def test_what_cannot_be_kept_is_a_503(standing: House, door: str) -> None:
    """Of the table; nothing is stored, it is counted, and the operator's log says why."""
    code, line = REFUSED["the spool cannot write"]
    count = counted(standing).get(line, 0)
    with unwritable(standing):
        before = jobs(standing)
        got = heard(standing, door)

        assert (code, f"{line}\n") == got
        assert before == jobs(standing)
    assert count + 1 == counted(standing)[line]
    assert "outcome=not-kept" in standing.log()
    assert "No such file or directory" in standing.log()


def jobs(built: House) -> set[str]:
    """The keys of all jobs."""
    return {str(key) for folder in ("ready", "done", "failed") for key in built.spool.keys(folder)}


def test_slack_sends_it_again_and_the_asker_reads_his_answer(standing: House) -> None:
    """A full disk costs him a wait, and nothing else: one answer, as if nothing had been."""
    with unwritable(standing):
        question = standing.ask(QUESTIONS["en"])
        refused = standing.slack.wait_for(lambda: statuses(standing, question))

    answer = standing.answer_to(question)

    assert {503} == refused
    assert [answer] == standing.replies(question)


def statuses(built: House, question: Message) -> set[int]:
    """What Slack has heard of both copies of this mention, once it has."""
    codes = [delivery.status for delivery in built.slack.deliveries if delivery.ts == question.ts]
    return set(codes) if len(codes) > 1 else set()


@pytest.mark.parametrize("language", QUESTIONS)
def test_without_credit_the_asker_is_told_and_the_operator_knows_why(standing: House, language: str) -> None:
    """One sentence in the asker's language; the log and `status` have code, type and request id, not OpenAI's words."""
    standing.openai.fail("no credit", code="credit_balance_exhausted")

    question = standing.ask(QUESTIONS[language])
    reply = standing.slack.wait_for(lambda: apology(standing, question))

    row = "no credit, a bad key, a model that is gone, a scope that is missing"
    assert TOLD[row].texts[language] == read(reply)
    assert [reply.ts] == [message.ts for message in standing.replies(question)]
    number = sum(1 for asked in standing.openai.requests if asked.path.endswith("/chat/completions"))
    evidence = f"OpenAI credit_balance_exhausted insufficient_quota 429 req_practice{number}"
    shown_by_status = "\n".join(render(report(looked(standing))))
    assert evidence in standing.log()
    assert evidence in shown_by_status
    assert {"OpenAI's own words", "a secret"}.isdisjoint(betrayals(standing.log() + shown_by_status))


def apology(built: House, question: Message) -> Message | None:
    """The reply, once it is one."""
    return next((each for each in built.replies(question) if payload(each)["kind"] == "error"), None)
