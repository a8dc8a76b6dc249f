"""Kill points of a task: a flag under a message is one translation in its thread, wherever a process is killed."""

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
