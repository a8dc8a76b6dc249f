"""Kill points of what needs no model: a command's reply, a Home tab, and the process that shows a form."""

from __future__ import annotations

import os

import pytest

from cocoai.rehearsal.slack.workspace import Person
from cocoai.slack.model.ask_form import CALLBACK_ID
from cocoai.texts import ENGLISH
from tests.deployment import Deployment
from tests.kill.light_points import LIGHT
from tests.kill.points import Point
from tests.kill.stack import arm, is_idle, zombies
from tests.processes import wait_until

BY, AUTHOR = "U0ASKER01", "U0ASKER02"
"""Whose Slack is in Japanese; and whose is in English."""

OUTSIDE = "C0OUTSIDE"
"""A channel in which we are no member."""


ALIKE = ("not yet kept", "not yet linked", "accepted", "claimed", "moved")
"""The ends of names of points that a look at the Home tab has in common with a command: for the long run."""


def of(scene: str) -> pytest.MarkDecorator:
    """Parametrize a test by the points of a scene."""
    points = [point for point in LIGHT if point.scene == scene]
    long = [scene == "looked" and point.name.endswith(ALIKE) for point in points]
    marked = zip(points, long, strict=True)
    cases = [pytest.param(each, id=each.name, marks=[pytest.mark.long] * is_long) for each, is_long in marked]
    return pytest.mark.parametrize("point", cases)


@of("typed")
def test_a_command_is_replied_to_despite_a_kill(built: Deployment, point: Point) -> None:
    """Once; twice where the reply was shown and that is not recorded, as Slack has no way to look for it."""
    calls_before, shown_before = len(built.openai.requests), len(built.slack.ephemeral_messages(OUTSIDE))
    done_before = set(built.spool.keys("done"))

    arm(built, point)
    sent = built.slack.command(AUTHOR, "model", OUTSIDE)
    wait_until(lambda: set(built.spool.keys("done")) - done_before)
    wait_until(lambda: is_idle(built))

    shown = built.slack.ephemeral_messages(OUTSIDE)[shown_before:]
    times = 2 if point.name in ("a command, shown", "a command, half recorded") else 1
    assert [] == os.listdir(built.var / "points")
    assert (200, b"", "") == (sent.status, sent.reply, sent.failure)
    assert [(AUTHOR, ENGLISH.model.format(model="gpt-6-luna"))] * times == [
        (each.only_for, each.text) for each in shown
    ]
    assert [] == built.spool.keys("ready") + built.spool.keys("failed")
    assert calls_before == len(built.openai.requests)


@of("looked")
def test_a_home_tab_is_filled_despite_a_kill(built: Deployment, point: Point) -> None:
    """A second run shows the same; Slack sends an event again that was not accepted."""
    calls_before, done_before = len(built.openai.requests), set(built.spool.keys("done"))
    person = f"U0LOOK{LIGHT.index(point)}"  # of one person several looks may be one
    built.slack.add(Person(person, "Somebody", locale="en-US"))

    arm(built, point)
    built.slack.open_home(person)
    wait_until(lambda: set(built.spool.keys("done")) - done_before)
    wait_until(lambda: is_idle(built))
    deliveries = built.slack.wait_for_deliveries()

    view = built.slack.home(person)
    assert [] == os.listdir(built.var / "points")
    assert view is not None
    assert ENGLISH.home["month"] == view["blocks"][0]["text"]["text"]
    assert {200} == {each.status for each in deliveries}
    assert [] == built.spool.keys("ready") + built.spool.keys("failed")
    assert calls_before == len(built.openai.requests)


SHOWN = ("a form, not yet accepted", "a form, forked", "a form, shown")
"""The points at which a kill leaves the form shown all the same: another worker, or the form's own process, goes on."""


@of("form")
def test_after_a_kill_the_form_can_be_asked_for_again(built: Deployment, point: Point) -> None:
    """Slack has its 200, and waits for nothing: whoever sees no form presses again. No lock is left, and no zombie."""
    message = built.slack.say(AUTHOR, "We move on Friday.")
    built.slack.wait_for_deliveries()

    arm(built, point)
    used = built.slack.shortcut(BY, message.ts, "cocoai_ask")
    wait_until(lambda: not os.listdir(built.var / "points"))
    # A worker has sent its 200 before it forks.
    wait_until(lambda: len(built.slack.views_of(BY)) == (1 if point.name in SHOWN else 0) and is_idle(built))
    after_the_kill = built.slack.views_of(BY)
    built.slack.shortcut(BY, message.ts, "cocoai_ask")
    form = built.slack.wait_for(lambda: built.slack.views_of(BY)[len(after_the_kill) :])[0]
    wait_until(lambda: is_idle(built))
    dead, views = zombies(built), built.slack.views_of(BY)
    for each in views:
        built.slack.close_view(BY, each.id)

    assert (200, b"") == (used.status, used.reply)
    assert 1 == len(views) - len(after_the_kill)
    assert CALLBACK_ID == form.view["callback_id"]
    assert [] == dead
    assert [] == built.spool.keys("ready")
