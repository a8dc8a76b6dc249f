"""What the operator learns of a failure, and what OpenAI is spared: a code, a type, a request id; no more requests."""

from __future__ import annotations

import pytest

from cocoai.answer.retry import DELAYS
from cocoai.rehearsal.openai.openai_faults import FaultKind
from cocoai.spool.job import Fact
from tests.failures.counter import Counter
from tests.failures.scenarios import SCENARIOS
from tests.failures.seen import betrayals

EVIDENCE = {
    "no credit": "OpenAI insufficient_quota 429 req_practice1",
    "no credit, in newer words": "OpenAI credit_balance_exhausted insufficient_quota 429 req_practice1",
    "bad key": "OpenAI invalid_api_key invalid_request_error 401 req_practice1",
    "model gone": "OpenAI model_not_found invalid_request_error 404 req_practice1",
    "refused by a filter": "OpenAI refused content_policy_violation 400 req_practice1",
    "an unseen picture": "OpenAI attachment invalid_request_error 400 req_practice1",
    "too long": "OpenAI context_length_exceeded 400 req_practice1",
    "rate limited for longer than we wait": "OpenAI rate_limit_exceeded 429 req_practice1",
}
"""By scenario: what the log and the failed job say."""


def failed(desk: Counter) -> Fact:
    """The last fact of the only failed job."""
    (fact,) = desk.facts("failed", "failed")
    return fact


@pytest.mark.parametrize("name", EVIDENCE)
def test_the_log_and_the_job_say_why(desk: Counter, name: str, caplog: pytest.LogCaptureFixture) -> None:
    """By code, type, status and request id, once; OpenAI was asked once, and its own words stand nowhere."""
    SCENARIOS[name][1](desk, "what is this")

    assert 1 == caplog.text.count(EVIDENCE[name])
    assert EVIDENCE[name] == failed(desk)["reason"]
    assert 1 == len(desk.openai.requests)
    (key,) = desk.spool.keys("failed")
    told = f"{caplog.text} {desk.spool.peek('failed', key)}"
    assert {"OpenAI's own words", "a secret"}.isdisjoint(betrayals(told))


@pytest.mark.parametrize(
    ("kind", "seconds", "expected"),
    [
        ("rate limited", 60, [60, 60, 120]),
        ("rate limited", 200, [200, 200, 200]),
        ("rate limited", 1, DELAYS),
        ("rate limited", 301, []),
        ("overloaded", None, DELAYS),
        ("server error", None, DELAYS),
        ("broken", None, DELAYS),
    ],
)
def test_openai_is_asked_again_when_it_says_and_no_more_often(
    desk: Counter, kind: FaultKind, seconds: float | None, expected: list[float]
) -> None:
    """After 5, 30 and 120 s, or later if Retry-After says so; not at all if that is longer than anybody would wait."""
    desk.openai.fail(kind, times=None, seconds=seconds)

    desk.answered("what is this")

    waits = [fact["retry_at"] - fact["at"] for fact in desk.facts("failed", "retry")]
    assert pytest.approx(list(expected), abs=1) == waits
    assert len(expected) + 1 == len(desk.openai.requests)


@pytest.mark.parametrize(
    ("kind", "times"), [("rate limited", 3), ("overloaded", 3), ("server error", 3), ("broken", 3), ("gone", 1)]
)
def test_what_passes_in_time_is_never_heard_of(desk: Counter, kind: FaultKind, times: int) -> None:
    """The asker reads the answer, in the placeholder's place; what may have been billed is tried again only once."""
    desk.openai.fail(kind, times=times)
    desk.openai.switches.answer = "Here it is."

    question = desk.answered("what is this")

    assert ["Here it is."] == desk.paragraphs(question)
    assert (0, 1, 0) == desk.ended()
    assert times + 1 == len(desk.openai.requests)
