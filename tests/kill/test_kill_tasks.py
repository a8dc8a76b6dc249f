"""Kill points of tasks: a flag, or a choice in a message's menu, is one translation, wherever a process is killed."""

from __future__ import annotations

import os

import pytest

from cocoai.rehearsal.openai.openai_switches import OpenAISwitches as Model
from cocoai.spool.key import Key
from tests.deployment import Deployment, payload
from tests.kill.points import POINTS, Point
from tests.kill.stack import arm, is_idle
from tests.kill.test_kill_points import assert_nothing_is_left_open
from tests.processes import wait_until

FLAGGED = [point for point in POINTS if point.scene == "flagged"]
CHOSEN = [point for point in POINTS if point.scene == "chosen"]

OUTSIDE = "C0OUTSIDE"
"""A channel in which we are no member."""


@pytest.mark.parametrize("point", FLAGGED, ids=[point.name for point in FLAGGED])
def test_a_flag_is_one_translation_despite_a_kill(built: Deployment, point: Point) -> None:
    """It stands in the message's thread, quotes the message, and is paid no more than necessary."""
    built.openai.switches = Model(answer="こんにちは。")
    calls_before = len(built.openai.requests)
    opening = built.slack.say("U0OTHER01", "First.")
    message = built.slack.say("U0OTHER01", "Second.", thread_ts=opening.ts)
    built.slack.wait_for_deliveries()
    key = Key(message.channel, message.ts, message.ts, "translate_ja")

    arm(built, point)
    built.slack.react("U0ASKER01", message.ts, "jp")
    wait_until(lambda: (built.var / "spool" / "done" / str(key)).exists())
    wait_until(lambda: is_idle(built))
    deliveries = built.slack.wait_for_deliveries()

    (reply,) = (each for each in built.slack.thread(message.channel, opening.ts) if payload(each))
    assert [] == os.listdir(built.var / "points")
    assert (str(key), "answer") == (payload(reply)["key"], payload(reply)["kind"])
    assert "&gt; Second.\n\nこんにちは。" == reply.text
    assert point.paid == len(built.openai.requests) - calls_before
    assert {200} == {each.status for each in deliveries}
    assert_nothing_is_left_open(built)


@pytest.mark.parametrize("point", CHOSEN, ids=[point.name for point in CHOSEN])
def test_a_shortcut_is_one_private_translation_despite_a_kill(built: Deployment, point: Point) -> None:
    """It is shown to one person, and paid once; a message that nobody can look for is shown at most once more."""
    built.openai.switches = Model(answer="こんにちは。")
    calls_before, shown_before = len(built.openai.requests), len(built.slack.ephemeral_messages(OUTSIDE))
    message = built.slack.say("U0ASKER02", "Hello.", channel=OUTSIDE)
    done = built.var / "spool" / "done"
    key = Key(OUTSIDE, message.ts, message.ts, "translate_ja")

    arm(built, point)
    used = built.slack.shortcut("U0ASKER01", message.ts, "cocoai_translate", OUTSIDE)
    own = key._replace(ts=str(used.payload["action_ts"]), trigger="shortcut_translate")
    wait_until(lambda: (done / str(key)).exists() and (done / str(own)).exists())
    wait_until(lambda: is_idle(built))

    shown = built.slack.ephemeral_messages(OUTSIDE)[shown_before:]
    words = [each.text for each in shown if "こんにちは。" not in each.text]
    assert [] == os.listdir(built.var / "points")
    assert (200, {"U0ASKER01"}) == (used.status, {each.only_for for each in shown})
    assert 1 == len(shown) - len(words)
    assert 1 + (point.name == "the word shown") == len(words)
    assert point.paid == len(built.openai.requests) - calls_before
    assert_nothing_is_left_open(built)
