"""An answer that was written is neither lost nor taken away, nor paid again and again, however often processes die.

The stack is that of the kill points; here the process is killed at the same point of each attempt.
"""

from __future__ import annotations

import time

import pytest

from cocoai.engine.process import locks
from cocoai.rehearsal.openai.openai_switches import OpenAISwitches as Model
from cocoai.rehearsal.slack.workspace import PracticeMessage as Message
from cocoai.spool.job import Fact
from cocoai.spool.key import Key
from cocoai.texts import ENGLISH
from tests.deployment import Deployment, payload
from tests.failures.visible import visible_text
from tests.held_answers import HeldAnswers
from tests.kill.points import POINTS, Point
from tests.kill.stack import arm, is_idle
from tests.kill.test_kill_points import ended
from tests.processes import wait_until

LONGER = "\n\n".join(f"Paragraph {n}: " + "text " * 150 for n in range(8))
"""An answer that takes one message in blocks, and three in text alone."""

TIMES = 5
"""Attempts that are killed: so many are allowed."""


def point(name: str) -> Point:
    """Return the kill point of this name."""
    (found,) = (each for each in POINTS if each.name == name)
    return found


def ask_and_kill(built: Deployment, name: str) -> tuple[Message, int]:
    """Ask a question, and kill each process that comes to this point, TIMES at most. Return it and the kills."""
    kills = 0
    arm(built, point(name))
    question = built.ask("and who pays?")
    while not ended(built, question):
        if not (built.var / "points" / name).exists() and kills < TIMES:
            kills += 1
            if kills < TIMES:
                arm(built, point(name))
        time.sleep(0.01)
    wait_until(lambda: is_idle(built))
    (built.var / "points" / name).unlink(missing_ok=True)
    return question, kills


def reply(built: Deployment, question: Message) -> tuple[list[object], str]:
    """Return the kinds of the messages of the reply, and all of their text."""
    messages = built.replies(question)
    return [payload(message)["kind"] for message in messages], "\n".join(map(visible_text, messages))


def facts(built: Deployment, question: Message, name: str) -> list[Fact]:
    """Return the facts of this name of the question's job."""
    _, lines = built.spool.find(Key(question.channel, question.ts, question.ts))
    return [line for line in lines if line.get("fact") == name]


def state(built: Deployment, question: Message) -> str:
    """Return the folder in which the question's job lies."""
    return built.spool.find(Key(question.channel, question.ts, question.ts))[0]


def test_a_question_that_kills_its_process_in_mid_answer_is_paid_twice(built: Deployment) -> None:
    """The model is asked twice and no more; then the asker is told."""
    built.openai.switches = Model(answer="word " * 400, piece_delay=0.02)
    calls = len(built.openai.requests)

    question, kills = ask_and_kill(built, "the first words shown")

    assert (2, 2) == (kills, len(built.openai.requests) - calls)
    assert (["error"], ENGLISH.sorry["attempts"]) == reply(built, question)
    assert "failed" == state(built, question)


@pytest.mark.parametrize(
    ("name", "expected"),
    [("after the last update", ["answer", "part", "part"]), ("before finish", ["answer"])],
    ids=["in its delivery", "behind it"],
)
def test_an_answer_whose_delivery_kills_its_process_is_there_in_the_end(
    built: Deployment, name: str, expected: list[str]
) -> None:
    """All of it can be read, the model was asked once, and no error text was ever shown."""
    built.openai.switches = Model(answer=LONGER)
    calls = len(built.openai.requests)
    before = len(built.slack.calls)

    question, kills = ask_and_kill(built, name)

    kinds, text = reply(built, question)
    assert (TIMES, 1) == (kills, len(built.openai.requests) - calls)
    assert expected == kinds
    assert [1] * 8 == [text.count(f"Paragraph {n}: ") for n in range(8)]
    assert "done" == state(built, question)
    assert ENGLISH.sorry["attempts"] not in {str(call.arguments.get("text")) for call in built.slack.calls[before:]}


def test_an_answer_stands_while_another_process_holds_the_put_lock(built: Deployment) -> None:
    """A try to move the job is no attempt: it is tried again later, and the answer stands meanwhile."""
    answers = HeldAnswers("Because of the tea.")
    built.openai.switches = Model(answer=answers)
    calls = len(built.openai.requests)
    question = built.ask("why?")
    wait_until(lambda: answers.asked)
    lock = locks.take(str(built.var / "locks" / "put.lock"))
    assert lock is not None
    answers.let_go.set()
    built.answer_to(question)
    wait_until(lambda: facts(built, question, "retry") or len(facts(built, question, "attempt")) > TIMES)
    held = reply(built, question)
    lock.release()
    wait_until(lambda: ended(built, question))

    assert (["answer"], "Because of the tea.") == held == reply(built, question)
    assert ("done", 1) == (state(built, question), len(built.openai.requests) - calls)
