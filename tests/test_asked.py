"""No answer is paid more than twice: the facts `asked` and `unasked` of a job count its requests to the model.

tests/kill/test_kill_answers.py has the same with processes that are really killed.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cocoai.answer.retry import DELAYS, open_requests
from cocoai.rehearsal.certificates import Certificates
from cocoai.rehearsal.openai.practice_openai import PracticeOpenAI
from cocoai.rehearsal.slack.practice_slack import PracticeSlack
from cocoai.spool.job import Fact
from cocoai.texts import ENGLISH
from tests.answer_harness import AnswerHarness


def skip(seconds: float) -> None:
    """Return at once, in place of `time.sleep`."""


@pytest.fixture
def harness(tmp_path: Path, certificates: Certificates) -> Iterator[AnswerHarness]:
    """Yield an answerer that does not wait for what a killed process may have sent."""
    with PracticeSlack(certificates) as slack, PracticeOpenAI(certificates) as openai:
        made = AnswerHarness(tmp_path, certificates, slack, openai)
        made.sleep = skip
        yield made


def facts(harness: AnswerHarness, *names: str) -> list[Fact]:
    """Return the facts of these names of the only job, wherever it lies, in their order."""
    (lines,) = (
        harness.spool.peek(state, key) for state in ("ready", "done", "failed") for key in harness.spool.keys(state)
    )
    return [line for line in lines if line.get("fact") in names]


def names(harness: AnswerHarness) -> list[str]:
    """Return the names of the facts about the model, the answer and its delivery, in their order."""
    return [fact["fact"] for fact in facts(harness, "asked", "unasked", "answer", "delivered")]


def kill_in_mid_answer(harness: AnswerHarness) -> None:
    """Claim the job and leave it as a process does that is killed while the model writes."""
    job = harness.claim()
    job.record("asked", n=1 + len(facts(harness, "asked")))
    job.release()


def test_an_answered_question_was_asked_once(harness: AnswerHarness) -> None:
    """The request is recorded before the answer, and the delivery behind it."""
    harness.ask()

    harness.run()

    assert ["asked", "answer", "delivered"] == names(harness)
    assert [1] == [fact["n"] for fact in facts(harness, "asked")]


def test_refused_requests_are_closed(harness: AnswerHarness) -> None:
    """A refused parameter, a conversation that is too long and a rate limit cost nothing and count for nothing."""
    harness.openai.switches.refuses = frozenset({"store"})
    harness.openai.fail("rate limited", times=3, seconds=1)
    harness.ask()

    for _ in range(4):
        harness.run()
        harness.wait()

    assert (0, 1, 0) == harness.ended()
    assert ["asked", "unasked"] * 4 + ["asked", "answer", "delivered"] == names(harness)
    assert [1, 2, 3, 4] == [fact["n"] for fact in facts(harness, "unasked")]
    assert "OpenAI rate_limit_exceeded 429 req_practice1" == facts(harness, "unasked")[0]["why"]


def test_after_two_kills_in_mid_answer_no_third_request_is_sent(harness: AnswerHarness) -> None:
    """The asker reads that it did not work, at once, and the job fails."""
    question = harness.ask()
    kill_in_mid_answer(harness)
    kill_in_mid_answer(harness)

    harness.run()

    assert ("error", ENGLISH.sorry["attempts"]) == harness.reply(question)
    assert [] == list(harness.openai.requests)
    assert (0, 0, 1) == harness.ended()


def test_after_one_kill_in_mid_answer_the_model_is_asked_again(harness: AnswerHarness) -> None:
    """One payment may be lost."""
    question = harness.ask()
    kill_in_mid_answer(harness)

    harness.run()

    assert "answer" == harness.reply(question)[0]
    assert [1, 2] == [fact["n"] for fact in facts(harness, "asked")]


def test_a_kill_and_a_lost_connection_are_two(harness: AnswerHarness) -> None:
    """The asker is told at once: no time is spent on a try that would not be made."""
    harness.openai.fail("cut", after=1, times=None)
    question = harness.ask()
    kill_in_mid_answer(harness)

    harness.run()

    assert ("error", ENGLISH.sorry["busy"]) == harness.reply(question)
    assert 1 == len(harness.openai.requests)
    assert (0, 0, 1) == harness.ended()


def test_a_request_that_cannot_be_recorded_is_not_sent(harness: AnswerHarness) -> None:
    """The placeholder waits; with room on the disk again, the question is answered."""
    question = harness.ask()
    harness.disk.refuses = b'"asked"'
    harness.run()
    meanwhile = (harness.reply(question), list(harness.openai.requests), names(harness))
    harness.disk.refuses = b""
    harness.wait()

    harness.run()

    assert (("placeholder", ENGLISH.placeholder), [], []) == meanwhile
    assert "answer" == harness.reply(question)[0]


def test_a_refusal_that_cannot_be_recorded_counts_as_paid(harness: AnswerHarness) -> None:
    """So the limit holds on a failing disk too."""
    harness.openai.fail("overloaded", times=None)
    harness.disk.refuses = b'"unasked"'
    question = harness.ask()

    for _ in range(2):
        harness.run()
        harness.wait()

    assert ("error", ENGLISH.sorry["busy"]) == harness.reply(question)
    assert 2 == len(harness.openai.requests)


def test_the_operators_retry_begins_a_new_count(harness: AnswerHarness) -> None:
    """The numbers of the requests go on, so that each is told from the others."""
    question = harness.ask()
    kill_in_mid_answer(harness)
    kill_in_mid_answer(harness)
    harness.run()
    (key,) = harness.spool.keys("failed")
    harness.spool.retry(key)

    harness.run()

    assert "answer" == harness.reply(question)[0]
    assert [1, 2, 3] == [fact["n"] for fact in facts(harness, "asked")]


OLD_RETRY: dict[str, Any] = {"retry_at": 0.0, "why": "OpenAI silence_timeout", "free": False}


@pytest.mark.parametrize(("sent", "calls"), [(True, 1), (False, len(DELAYS))])
def test_a_time_out_that_an_earlier_version_recorded_counts(harness: AnswerHarness, sent: bool, calls: int) -> None:
    """That version recorded no request, but whether it had left whole: the model may have been paid for it."""
    harness.openai.fail("cut" if sent else "overloaded", after=1, times=None)
    harness.ask()
    job = harness.claim()
    job.record("retry", **OLD_RETRY, sent=sent)
    job.release()

    while harness.spool.keys("ready"):
        harness.run()
        harness.wait()

    assert calls == len(harness.openai.requests)


@pytest.mark.parametrize("fact", [{}, {"free": True, "sent": True}, {"free": False}])
def test_an_odd_retry_counts_for_nothing(harness: AnswerHarness, fact: dict[str, Any]) -> None:
    """A wait for Slack tells nothing of the model, whatever was sent to Slack."""
    harness.ask()
    job = harness.claim()
    job.record("retry", **fact)

    assert 0 == open_requests(job)
