"""Slack in trouble: what passes is waited out, and the answer is kept; what does not pass is for the operator."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from cocoai.rehearsal.slack.slack_faults import SlackFault as Fault
from cocoai.rehearsal.slack.slack_switches import SCOPES
from cocoai.rehearsal.slack.workspace import PracticeChannel
from tests.failures.counter import QUESTIONS, Counter
from tests.processes import free_port

Act = Callable[[Counter], None]

ANSWERS = {"ja": "お茶です。", "en": "It is tea."}


def always(fault: Fault, method: str = "*") -> Act:
    """Slack meets every call with this fault."""
    return lambda desk: desk.slack.fail(method, fault, times=10_000)


def nobody_listens(desk: Counter) -> None:
    """At Slack's address."""
    desk.slack.api_url = f"https://127.0.0.1:{free_port()}/api/"


PASSING: dict[str, Act] = {
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
@pytest.mark.parametrize("trouble", PASSING)
def test_a_slack_that_comes_back_gets_the_answer(desk: Counter, trouble: str, language: str) -> None:
    """However often it was tried: the answer is there once, without a word of the trouble, and paid once."""
    address = desk.slack.api_url
    desk.openai.switches.answer = ANSWERS[language]
    PASSING[trouble](desk)
    question = desk.ask(QUESTIONS[language])
    for _ in range(5):
        desk.run()
        desk.wait()
    in_between = desk.ended()
    desk.slack.api_url = address
    desk.slack.clear_faults()

    desk.run_to_the_end()

    assert ((1, 0, 0), (0, 1, 0)) == (in_between, desk.ended())
    assert [ANSWERS[language]] == desk.paragraphs(question)
    assert 1 == len(desk.openai.requests)


def test_slack_is_asked_again_when_it_says(desk: Counter) -> None:
    """A Retry-After that is too long to be waited out is kept to; else it is tried again less and less often."""
    desk.slack.fail("chat.postMessage", Fault("limited", seconds=120))
    desk.slack.fail("chat.postMessage", Fault("broken"), times=2)

    desk.answered("what is this")

    waits = [fact["retry_at"] - fact["at"] for fact in desk.facts("done", "retry")]
    assert pytest.approx([120, 10, 20], abs=1) == waits


def archived(desk: Counter) -> None:
    desk.slack.add(PracticeChannel("C0PRACTICE", "practice", is_archived=True))


def put_out(desk: Counter) -> None:
    desk.slack.add(PracticeChannel("C0PRACTICE", "practice", is_member=False))


def may_not_write(desk: Counter) -> None:
    desk.slack.switches.scopes = SCOPES - {"chat:write"}


SHUT_OUT: dict[str, tuple[Act, str]] = {
    "channel gone": (always(Fault("refused", code="channel_not_found")), "Slack channel_not_found"),
    "archived": (archived, "Slack is_archived"),
    "not in the channel": (put_out, "Slack not_in_channel"),
    "token revoked": (always(Fault("refused", code="token_revoked")), "Slack token_revoked"),
    "account gone": (always(Fault("refused", code="account_inactive")), "Slack account_inactive"),
    "scope missing": (may_not_write, "Slack missing_scope:chat:write"),
}
"""By what has happened: how, and what the operator is told."""


@pytest.mark.parametrize("name", SHUT_OUT)
@pytest.mark.parametrize("placed", [False, True], ids=["at once", "behind the placeholder"])
def test_a_slack_that_has_shut_us_out_is_the_operators(
    desk: Counter, name: str, placed: bool, caplog: pytest.LogCaptureFixture
) -> None:
    """Failed, and logged with what can be mended; nobody can be told, and nothing is tried again."""
    act, evidence = SHUT_OUT[name]
    question = desk.ask("what is this")
    if placed:
        for job in desk.spool.each_without("placeholder"):
            desk.answerer().post_placeholder(job)
    before = desk.paragraphs(question)
    act(desk)

    desk.run_to_the_end()

    assert (0, 0, 1) == desk.ended()
    (failed,) = desk.facts("failed", "failed")
    assert failed["reason"].startswith(evidence)
    assert evidence in caplog.text
    assert [] == desk.facts("failed", "retry")
    assert before == desk.paragraphs(question)
    assert placed == bool(before)
