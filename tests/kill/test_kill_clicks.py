"""Every kill point on the way of a click: SIGKILL there, and what was wished happens all the same."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest

from cocoai.rehearsal.openai.openai_switches import OpenAISwitches as Model
from cocoai.rehearsal.slack.workspace import PracticeMessage as Message
from cocoai.spool.key import Key
from cocoai.texts import ENGLISH
from tests.house import House, payload
from tests.kill.points import CLICKS, Point
from tests.kill.stack import LONG, arm, is_at_rest, posted
from tests.processes import wait_until


@pytest.mark.parametrize("point", CLICKS, ids=lambda point: point.name)
def test_killed_there_a_click_is_obeyed_once(built: House, point: Point) -> None:
    """Whoever clicked sees no warning; the model is paid no more than it must, and nobody is left."""
    asked_before = len(built.openai.requests)

    SCENES[point.scene](built, point)
    wait_until(lambda: is_at_rest(built) and not built.spool.keys("ready"))
    built.slack.wait_for_deliveries()

    assert [] == os.listdir(built.var / "points")
    assert 200 == built.slack.clicks[-1].status
    assert point.paid == len(built.openai.requests) - asked_before


# the scenes, each with what has to come of it


def removed(built: House, point: Point) -> None:
    """All of the reply goes, however often that is begun."""
    question, replies = answered(built, LONG)
    click(built, point, replies[-1], "delete")

    assert 3 == len(replies)
    wait_until(lambda: not built.replies(question))


def praised(built: House, point: Point) -> None:
    """The opinion lies with the answer, and whoever has it is thanked."""
    question, replies = answered(built, "A short answer.")
    thanked = len(built.slack.ephemeral_messages())
    click(built, point, replies[-1], "up")
    wait_until(lambda: is_at_rest(built) and not built.spool.keys("ready"))

    assert {("U0ASKER02", "up")} == opinions(built, question)
    assert replies == built.replies(question)
    assert thanked < len(built.slack.ephemeral_messages())


def again(built: House, point: Point) -> None:
    """One more answer, under a key of its own, and the first one stands."""
    question, replies = answered(built, "A short answer.")
    before = posted(built)
    click(built, point, replies[-1], "again")
    asked = built.slack.clicks[-1]
    key = Key(question.channel, question.ts, asked.action_ts)
    wait_until(lambda: key in built.spool.keys("done"))

    thread = built.slack.thread(question.channel, question.ts)
    assert replies == built.replies(question)
    assert ["answer"] == [payload(each)["kind"] for each in thread if payload(each).get("key") == str(key)]
    assert 1 == posted(built) - before


def stopped(built: House, point: Point) -> None:
    """What is there stays: one reply, which says that it was stopped."""
    built.openai.switches = Model(answer="word " * 400, piece_delay=0.3)
    question = built.ask("at length?")
    built.slack.wait_for(lambda: any("word" in reply.text for reply in built.replies(question)))
    click(built, point, built.replies(question)[0], "stop", user="U0ASKER01")
    wait_until(lambda: key_of(question) in built.spool.keys("done"))

    (reply,) = built.replies(question)
    assert "answer" == payload(reply)["kind"]
    assert ENGLISH.stopped in reply.text
    assert 200 > reply.text.count("word")


SCENES: dict[str, Callable[[House, Point], None]] = {
    "removed": removed,
    "praised": praised,
    "again": again,
    "stopped": stopped,
}


def answered(built: House, answer: str) -> tuple[Message, list[Message]]:
    """A question, and its whole reply, with nobody at work any more."""
    built.openai.switches = Model(answer=answer)
    question = built.ask("one?")
    wait_until(lambda: key_of(question) in built.spool.keys("done"))
    wait_until(lambda: is_at_rest(built))
    return question, built.replies(question)


def click(built: House, point: Point, message: Message, action: str, user: str = "") -> None:
    """Arm the point, and press that button; only the asker may take a reply away."""
    user = user or ("U0ASKER01" if action == "delete" else "U0ASKER02")
    arm(built, point)
    built.slack.click(user, message.channel, message.ts, f"cocoai_{action}")


def key_of(question: Message) -> Key:
    return Key(question.channel, question.thread_ts or question.ts, question.ts)


def opinions(built: House, question: Message) -> set[tuple[str, str]]:
    facts = built.spool.peek("done", key_of(question))
    return {(fact["user"], fact["opinion"]) for fact in facts if fact.get("fact") == "opinion"}
