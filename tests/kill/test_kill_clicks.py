"""Every kill point on the way of a click: a process is killed there, and the click still has its effect, once."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from operator import attrgetter

import pytest

from cocoai.rehearsal.openai.openai_switches import OpenAISwitches as Model
from cocoai.rehearsal.slack.workspace import PracticeMessage as Message
from cocoai.spool.key import Key
from cocoai.texts import ENGLISH
from tests.deployment import Deployment, payload
from tests.footer import pressing
from tests.kill.points import CLICKS, Point
from tests.kill.stack import LONG, arm, is_idle, posted
from tests.processes import wait_until


@pytest.mark.parametrize("point", CLICKS, ids=attrgetter("name"))
def test_a_click_has_its_effect_once_despite_a_kill(built: Deployment, point: Point) -> None:
    """Slack shows the user no warning, the model is called no more than necessary, and no process is left."""
    has_its_effect_once(built, point)


def has_its_effect_once(built: Deployment, point: Point) -> None:
    """Play a point's scene, and check that the click has had its effect once in the end."""
    calls_before = len(built.openai.requests)

    SCENES[point.scene](built, point)
    wait_until(lambda: is_idle(built) and not built.spool.keys("ready"))
    built.slack.wait_for_deliveries()

    assert [] == os.listdir(built.var / "points")
    assert 200 == built.slack.clicks[-1].status
    assert point.paid == len(built.openai.requests) - calls_before


# the scenes, each with its expected effect


def removed(built: Deployment, point: Point) -> None:
    """Delete a reply of three messages: all of them must be gone."""
    question, replies = answered(built, LONG)
    click(built, point, replies[-1], "delete")

    assert 3 == len(replies)
    wait_until(lambda: not built.replies(question))


def praised(built: Deployment, point: Point) -> None:
    """Praise a reply: the feedback must be kept with the answer, and the user thanked."""
    question, replies = answered(built, "A short answer.")
    thanked = len(built.slack.ephemeral_messages())
    click(built, point, replies[-1], "up")
    wait_until(lambda: is_idle(built) and not built.spool.keys("ready"))

    assert {("U0ASKER02", "up")} == feedback(built, question)
    # Slack shows the vote by itself, so the message has changed in that alone.
    assert replies == [replace(each, votes={}, change=replies[0].change) for each in built.replies(question)]
    assert thanked < len(built.slack.ephemeral_messages())


def again(built: Deployment, point: Point) -> None:
    """Ask a question again: there must be one more answer, under a key of its own, and the first one must stay."""
    asked(built, point, "again")


def continued(built: Deployment, point: Point) -> None:
    """Ask for the rest of an answer: there must be one more, under a key of its own, and the first one must stay."""
    built.openai.fail("unexplained")
    asked(built, point, "continue")


def asked(built: Deployment, point: Point, action: str) -> None:
    """Press a button that asks the model under an answer; expect one more answer in the thread, and the first one."""
    question, replies = answered(built, "A short answer.")
    before = posted(built)
    click(built, point, replies[-1], action)
    action_ts = built.slack.clicks[-1].action_ts
    key = Key(question.channel, question.ts, action_ts)
    wait_until(lambda: key in built.spool.keys("done"))

    thread = built.slack.thread(question.channel, question.ts)
    assert replies == built.replies(question)
    assert ["answer"] == [payload(each)["kind"] for each in thread if payload(each).get("key") == str(key)]
    assert 1 == posted(built) - before


def stopped(built: Deployment, point: Point) -> None:
    """Stop an answer: its beginning must stay, in one reply with the notice that it was stopped."""
    built.openai.switches = Model(answer="word " * 400, piece_delay=0.3)
    question = built.ask("at length?")
    built.slack.wait_for(lambda: any("word" in reply.text for reply in built.replies(question)))
    click(built, point, built.replies(question)[0], "stop", user="U0ASKER01")
    wait_until(lambda: key_of(question) in built.spool.keys("done"))

    (reply,) = built.replies(question)
    assert "answer" == payload(reply)["kind"]
    assert ENGLISH.stopped in reply.text
    assert 200 > reply.text.count("word")


SCENES: dict[str, Callable[[Deployment, Point], None]] = {
    "removed": removed,
    "praised": praised,
    "again": again,
    "continued": continued,
    "stopped": stopped,
}


def answered(built: Deployment, answer: str) -> tuple[Message, list[Message]]:
    """Ask a question, wait until the stack is idle again, and return the question and the whole reply."""
    built.openai.switches = Model(answer=answer)
    question = built.ask("one?")
    wait_until(lambda: key_of(question) in built.spool.keys("done"))
    wait_until(lambda: is_idle(built))
    return question, built.replies(question)


def click(built: Deployment, point: Point, message: Message, action: str, user: str = "") -> None:
    """Arm the point and click a button, as another user than the asker; but only the asker may delete a reply."""
    user = user or ("U0ASKER01" if action == "delete" else "U0ASKER02")
    arm(built, point)
    built.slack.click(user, message.channel, message.ts, **pressing(message, action))


def key_of(question: Message) -> Key:
    return Key(question.channel, question.thread_ts or question.ts, question.ts)


def feedback(built: Deployment, question: Message) -> set[tuple[str, str]]:
    """Return user and opinion of each feedback that is kept with the question's job."""
    facts = built.spool.peek("done", key_of(question))
    return {(fact["user"], fact["opinion"]) for fact in facts if fact.get("fact") == "opinion"}
