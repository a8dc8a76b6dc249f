"""Failures of Slack: passing ones are waited for, with the answer kept; a closed place is for the operator.

What Slack refuses wherever it is posted is in test_shut_out.py.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from cocoai.rehearsal.slack.slack_faults import SlackFault as Fault
from cocoai.rehearsal.slack.workspace import PracticeChannel
from tests.failures.harness import QUESTIONS, LocalizedHarness
from tests.processes import free_port

Failure = Callable[[LocalizedHarness], None]
"""Makes the practice Slack fail."""

ANSWERS = {"ja": "お茶です。", "en": "It is tea."}


def always(fault: Fault, method: str = "*") -> Failure:
    """Return the failure in which every call of this method meets the fault."""

    def fail(harness: LocalizedHarness) -> None:
        harness.slack.fail(method, fault, times=10_000)

    return fail


def nobody_listens(harness: LocalizedHarness) -> None:
    """Have nothing listen at Slack's address."""
    harness.slack.api_url = f"https://127.0.0.1:{free_port()}/api/"


PASSING: dict[str, Failure] = {
    "rate limited": always(Fault("limited", seconds=30)),
    "rate limited at the answer": always(Fault("limited", seconds=30), "chat.update"),
    "broken": always(Fault("broken")),
    "broken at the answer": always(Fault("broken"), "chat.update"),
    "an error of its own": always(Fault("refused", code="internal_error")),
    "hung up": always(Fault("gone")),
    "hung up at the answer": always(Fault("gone"), "chat.update"),
    "refused connection": nobody_listens,
}


@pytest.mark.parametrize("language", QUESTIONS)
@pytest.mark.parametrize("failure", PASSING)
def test_the_answer_is_posted_once_slack_works_again(harness: LocalizedHarness, failure: str, language: str) -> None:
    """After five attempts the answer is there once, without a word of the failure, and the model was called once."""
    address = harness.slack.api_url
    harness.openai.switches.answer = ANSWERS[language]
    PASSING[failure](harness)
    question = harness.ask(QUESTIONS[language])
    for _ in range(5):
        harness.run()
        harness.wait()
    in_between = harness.ended()
    harness.slack.api_url = address
    harness.slack.clear_faults()

    harness.run_to_the_end()

    assert ((1, 0, 0), (0, 1, 0)) == (in_between, harness.ended())
    assert [ANSWERS[language]] == harness.paragraphs(question)
    assert 1 == len(harness.openai.requests)


def test_slack_is_called_again_when_retry_after_is_over(harness: LocalizedHarness) -> None:
    """A Retry-After that is too long to be slept through delays the job; without one the pauses double."""
    harness.slack.fail("chat.postMessage", Fault("limited", seconds=120))
    harness.slack.fail("chat.postMessage", Fault("broken"), times=2)

    harness.ask_and_run("what is this")

    waits = [fact["retry_at"] - fact["at"] for fact in harness.facts("done", "retry")]
    assert pytest.approx([120, 10, 20], abs=1) == waits


def archived(harness: LocalizedHarness) -> None:
    harness.slack.add(PracticeChannel("C0PRACTICE", "practice", is_archived=True))


def removed_from_channel(harness: LocalizedHarness) -> None:
    harness.slack.add(PracticeChannel("C0PRACTICE", "practice", is_member=False))


CLOSED: dict[str, tuple[Failure, str]] = {
    "channel gone": (always(Fault("refused", code="channel_not_found")), "Slack channel_not_found"),
    "archived": (archived, "Slack is_archived"),
    "not in the channel": (removed_from_channel, "Slack not_in_channel"),
}
"""Places that take nothing of ours: how each is produced, and the reason that the operator reads."""


@pytest.mark.parametrize("name", CLOSED)
@pytest.mark.parametrize("has_placeholder", [False, True], ids=["at once", "after the placeholder"])
def test_a_lasting_refusal_of_slack_fails_for_the_operator(
    harness: LocalizedHarness, name: str, has_placeholder: bool, caplog: pytest.LogCaptureFixture
) -> None:
    """The job fails without another attempt, its reason is logged, and nothing is added to the thread."""
    fail, evidence = CLOSED[name]
    question = harness.ask("what is this")
    if has_placeholder:
        for job in harness.spool.each_without("placeholder"):
            harness.answerer().post_placeholder(job)
    before = harness.paragraphs(question)
    fail(harness)

    harness.run_to_the_end()

    assert (0, 0, 1) == harness.ended()
    (failed,) = harness.facts("failed", "failed")
    assert failed["reason"].startswith(evidence)
    assert evidence in caplog.text
    assert [] == harness.facts("failed", "retry")
    assert before == harness.paragraphs(question)
    assert has_placeholder == bool(before)
