"""What a failure leaves for the operator (code, type, request id), and how often OpenAI is called again."""

from __future__ import annotations

import pytest

from cocoai.answer.retry import DELAYS
from cocoai.rehearsal.openai.openai_faults import FaultKind
from cocoai.spool.job import Fact
from tests.failures.harness import LocalizedHarness
from tests.failures.scenarios import SCENARIOS
from tests.failures.visible import leaks

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
"""By scenario: the text in the log and in the failed job."""


REFUSED = ("refused by a filter", "an unseen picture", "too long")
"""Those of them with which nothing has failed: the asker is told, and no operator need look."""


def last_fact(harness: LocalizedHarness) -> Fact:
    """Return the last fact of the only job in failed/."""
    (key,) = harness.spool.keys("failed")
    return harness.spool.peek("failed", key)[-1]


@pytest.mark.parametrize("name", EVIDENCE)
def test_the_log_and_the_job_give_the_reason(
    harness: LocalizedHarness, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Both have code, type, status and request id once, and no words of OpenAI's, which was called once."""
    caplog.set_level("INFO", "cocoai.answer.failures")
    SCENARIOS[name][1](harness, "what is this")
    end = last_fact(harness)

    assert 1 == caplog.text.count(EVIDENCE[name])
    assert ("refused" if name in REFUSED else "failed", EVIDENCE[name]) == (end["fact"], end["reason"])
    assert (name in REFUSED) == ("ERROR" not in caplog.text)
    assert 1 == len(harness.openai.requests)
    (key,) = harness.spool.keys("failed")
    written = f"{caplog.text} {harness.spool.peek('failed', key)}"
    assert {"OpenAI's own words", "a secret"}.isdisjoint(leaks(written))


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
def test_openai_is_called_again_no_sooner_than_it_asks(
    harness: LocalizedHarness, kind: FaultKind, seconds: float | None, expected: list[float]
) -> None:
    """OpenAI is called after 5, 30 and 120 s, or later if Retry-After is longer, and not at all if it exceeds 300 s."""
    harness.openai.fail(kind, times=None, seconds=seconds)

    harness.ask_and_run("what is this")

    waits = [fact["retry_at"] - fact["at"] for fact in harness.facts("failed", "retry")]
    assert pytest.approx(list(expected), abs=1) == waits
    assert len(expected) + 1 == len(harness.openai.requests)


@pytest.mark.parametrize(
    ("kind", "times"), [("rate limited", 3), ("overloaded", 3), ("server error", 3), ("broken", 3), ("gone", 1)]
)
def test_a_passing_failure_is_invisible(harness: LocalizedHarness, kind: FaultKind, times: int) -> None:
    """The asker reads the answer in the placeholder's place."""
    # A request that may have been billed ("gone") is made again only once.
    harness.openai.fail(kind, times=times)
    harness.openai.switches.answer = "Here it is."

    question = harness.ask_and_run("what is this")

    assert ["Here it is."] == harness.paragraphs(question)
    assert (0, 1, 0) == harness.ended()
    assert times + 1 == len(harness.openai.requests)
