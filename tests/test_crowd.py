"""A crowd, in the production shape with one slot: nobody waits behind another's backlog, and clicks wait for nobody."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from cocoai.rehearsal.certificates import Certificates
from cocoai.rehearsal.slack.slack_faults import SlackFault
from tests.deployment import Deployment, deploy
from tests.held_answers import HeldAnswers
from tests.processes import wait_until
from tests.test_controls import ended, press, wait_for_reply

MANY, FEW = "U0ASKER01", "U0ASKER02"
MOST = 3
"""Questions a person and minute, where there is a limit."""


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory, certificates: Certificates) -> Iterator[Deployment]:
    """Run the pool with one slot, behind nginx, for the tests without a limit."""
    with deploy(tmp_path_factory.mktemp("crowd"), certificates, COCOAI_POOL_SLOTS="1") as running:
        yield running


@pytest.fixture
def held(deployment: Deployment) -> Iterator[HeldAnswers]:
    """Hold the model's answers, so that one question stays in hand and all others wait."""
    deployment.openai.switches.answer = answers = HeldAnswers()
    yield answers
    answers.let_go.set()
    wait_until(lambda: not deployment.spool.keys("ready"))


def ask(deployment: Deployment, user: str, text: str, channel: str = "C0PRACTICE") -> str:
    """Mention CocoAI and wait until the question is kept; return its ts."""
    message = deployment.slack.say(user, f"<@U0COCOAI> {text}", channel=channel)
    wait_until(lambda: any(key.ts == message.ts for key in deployment.spool.keys("ready")))
    return message.ts


def test_one_question_waits_for_one_answer_of_somebody_elses_backlog(deployment: Deployment, held: HeldAnswers) -> None:
    """It is answered next, though four of another person wait longer."""
    before = len(held.asked)
    ask(deployment, MANY, "many 1")
    wait_until(lambda: len(held.asked) > before)
    for text in ("many 2", "many 3", "many 4", "many 5"):
        ask(deployment, MANY, text)
    ask(deployment, FEW, "few")
    # While a placeholder is posted its question is passed over.
    wait_until(lambda: len(deployment.slack.messages()) >= 2 * 6 and "placeholder.lock" not in deployment.held_locks())

    held.let_go.set()
    wait_until(lambda: len(held.asked) == before + 6)

    assert ["many 1", "few", "many 2", "many 3", "many 4", "many 5"] == held.asked[before:]


def test_a_limited_channel_delays_no_placeholder_in_another(deployment: Deployment, held: HeldAnswers) -> None:
    """Slack takes no message in one channel for eight seconds: the other's placeholder does not wait for that."""
    ask(deployment, MANY, "in hand")
    wait_until(lambda: deployment.slack.messages()[-1].user == "U0COCOAI")
    deployment.slack.fail("chat.postMessage", SlackFault("limited", seconds=8.0))
    limited = deployment.slack.say(MANY, "<@U0COCOAI> limited")
    wait_until(lambda: any(call.outcome == "ratelimited" for call in deployment.slack.calls))

    quiet = deployment.slack.say(MANY, "<@U0COCOAI> quiet", channel="G0PRIVATE")
    reply = wait_for_reply(deployment, quiet)

    assert [] == deployment.replies(limited)
    assert float(reply.ts) < float(wait_for_reply(deployment, limited).ts)


def test_a_click_waits_for_no_slot_and_no_backlog(deployment: Deployment, held: HeldAnswers) -> None:
    """The reply is deleted while the only slot is taken and questions wait; so is feedback recorded."""
    held.let_go.set()
    answered = [deployment.ask("to be deleted"), deployment.ask("to be liked")]
    replies = [ended(deployment, question) for question in answered]
    held.let_go.clear()
    for text in ("in hand", "waiting 1", "waiting 2"):
        ask(deployment, MANY, text)

    press(deployment, replies[0], "delete")
    press(deployment, replies[1], "up")
    wait_until(lambda: not deployment.replies(answered[0]))
    wait_until(lambda: deployment.slack.ephemeral_messages())
    wait_until(lambda: len(deployment.spool.keys("ready")) == 3)


def test_what_is_over_the_limit_is_told_once_and_costs_nothing(
    tmp_path_factory: pytest.TempPathFactory, certificates: Certificates
) -> None:
    """The questions up to the limit are answered; of the others the asker hears once, with the seconds to wait."""
    folder = tmp_path_factory.mktemp("limit")
    with deploy(folder, certificates, COCOAI_BUDGET_QUESTIONS_PER_MINUTE=str(MOST)) as running:
        for number in range(MOST + 3):
            running.ask(f"question {number}")
        other = running.slack.say(FEW, "<@U0COCOAI> mine")
        running.answer_to(other)
        wait_until(lambda: len(running.spool.keys("done")) == MOST + 4)

        told = running.slack.ephemeral_messages()
        asked = len(running.openai.requests)

    assert MOST + 1 == asked
    assert [MANY] == [message.only_for for message in told]
    assert " s: " in told[0].text


def test_asking_again_and_again_is_paid_once(deployment: Deployment, held: HeldAnswers) -> None:
    """Fifteen presses of *Ask again* by somebody else, while the first of them is in hand, are one question."""
    held.let_go.set()
    question = deployment.ask("once more?")
    reply = ended(deployment, question)
    held.let_go.clear()
    before = len(held.asked)

    for _ in range(15):
        press(deployment, reply, "again", FEW)
    wait_until(lambda: len(deployment.spool.keys("ready")) == 1)
    held.let_go.set()
    wait_until(lambda: not deployment.spool.keys("ready"))

    assert ["once more?"] == held.asked[before:]
