"""Every kill point: SIGKILL there, then all goes on by itself, and in the end everything has happened once.

One real house serves them all: nginx, supervisor, pool, practice Slack (which sends again what was not accepted) and
OpenAI. It has one slot, so a slot or a lock that a dead process kept would be seen at the next point.
"""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest

from cocoai.rehearsal.openai.openai_switches import OpenAISwitches as Model
from cocoai.rehearsal.slack.slack_switches import Twins
from cocoai.rehearsal.slack.workspace import PracticeMessage as Message
from cocoai.spool.key import Key
from tests.house import House, payload
from tests.kill.points import CLICKS, POINTS, Point
from tests.kill.stack import LONG, arm, is_at_rest, posted
from tests.processes import wait_until

REPLIES = {
    "short": [("answer", 1)],
    "long": [("answer", 1), ("part", 2), ("part", 3)],
    "waiting": [("answer", 1)],
    "note": [("note", 1)],
    "refused": [("error", 1)],
    "deleted": [("answer", 1)],
}
"""What stands under the question in the end: kind and part of each message."""


@pytest.mark.parametrize("twins", ["mention only", "message first"])
@pytest.mark.parametrize("point", POINTS, ids=lambda point: point.name)
def test_killed_there_everything_happens_once(built: House, point: Point, twins: Twins) -> None:
    """One reply, each part of it once, the model paid no more than it must; nothing waits, nobody is left.

    With one event for the mention, and with two, whose second may overtake the first's redelivery.
    """
    built.slack.switches.twins = twins
    asked_before, posted_before = len(built.openai.requests), posted(built)

    question = SCENES[point.scene](built, point)
    wait_until(lambda: ended(built, question))
    wait_until(lambda: is_at_rest(built))
    deliveries = built.slack.wait_for_deliveries()

    assert [] == os.listdir(built.var / "points")
    assert REPLIES[point.scene] == [(payload(reply)["kind"], payload(reply)["n"]) for reply in built.replies(question)]
    assert point.paid == len(built.openai.requests) - asked_before
    assert len(REPLIES[point.scene]) + MORE_POSTS.get(point.scene, 0) == posted(built) - posted_before
    # nginx asks another worker at once: Slack has never seen that one died.
    assert {200} == {each.status for each in deliveries if each.ts == question.ts}
    assert [] == built.spool.keys("ready")


MORE_POSTS = {"waiting": 1, "deleted": 1}
"""The other question's reply; the placeholder that was taken away."""


def ended(built: House, question: Message) -> bool:
    key = Key(question.channel, question.thread_ts or question.ts, question.ts)
    return any(key in built.spool.keys(folder) for folder in ("done", "failed"))


# the scenes


def short(built: House, point: Point) -> Message:
    built.openai.switches = Model(answer="A short answer.")
    arm(built, point)
    return built.ask("one?")


def long(built: House, point: Point) -> Message:
    built.openai.switches = Model(answer=LONG)
    arm(built, point)
    return built.ask("at length?")


def waiting(built: House, point: Point) -> Message:
    """The only slot is taken by somebody else's question."""
    built.openai.switches = Model(first_delay=1.0)
    asked = len(built.openai.requests)
    built.ask("slowly?")
    wait_until(lambda: len(built.openai.requests) == asked + 1)
    arm(built, point)
    return built.ask("and I?")


def note(built: House, point: Point) -> Message:
    arm(built, point)
    return built.ask("")


def refused(built: House, point: Point) -> Message:
    built.openai.fail("no credit")
    arm(built, point)
    return built.ask("for money?")


def deleted(built: House, point: Point) -> Message:
    """Somebody takes the placeholder away while the model thinks."""
    built.openai.switches = Model(first_delay=0.5, answer="A short answer.")
    asked = len(built.openai.requests)
    arm(built, point)
    question = built.ask("one?")
    wait_until(lambda: len(built.openai.requests) == asked + 1)
    (placeholder,) = built.replies(question)
    built.slack.delete(placeholder.channel, placeholder.ts)
    return question


SCENES: dict[str, Callable[[House, Point], Message]] = {
    "short": short,
    "long": long,
    "waiting": waiting,
    "note": note,
    "refused": refused,
    "deleted": deleted,
}


def test_no_point_is_left_out() -> None:
    """Their number, so that a lost line is noticed; and no two share a file."""
    assert (51, 16) == (len(POINTS), len(CLICKS))
    assert 67 == len({point.name for point in (*POINTS, *CLICKS)})
