"""Some histories with a second power cut during the recovery, or a tear at every byte, and those of two processes."""

from __future__ import annotations

import pytest
from _pytest.mark import ParameterSet

from tests.crash.enumeration import EVERY_BYTE, TWICE, Depth, Enumeration, quick_depth
from tests.crash.histories import TOGETHER, History, history_named

CASES: list[tuple[History, Depth, int]] = [
    (history_named("one question"), EVERY_BYTE, 2000),
    (history_named("one question"), TWICE, 1400),
    (history_named("Slack posts the placeholder and its response is lost"), TWICE, 2500),
    *((history, quick_depth(history), 130) for history in TOGETHER),
]
"""A history, how far to go, and how many different images there are at least: fewer would mean missing power cuts."""

LONG = {
    "one question, every byte",
    "one question, twice",
    "clicked while it is answered",
    "Slack posts the placeholder and its response is lost, twice",
    "a twin that comes in late",
    "asked again twice at once",
    "one gesture with two ts at once",
    "stopped while it is answered",
    "a limited question and its twin at once",
    "a click and its replay at once",
}
"""The cases that take longest: they take six times as long as the others together."""


NAMES = {EVERY_BYTE: ", every byte", TWICE: ", twice"}


def case(history: History, depth: Depth, at_least: int) -> ParameterSet:
    """Return a case as a parameter, named for its history and depth, and marked if it is one of LONG."""
    name = history.name + NAMES.get(depth, "")
    return pytest.param(history, depth, at_least, id=name, marks=[pytest.mark.long] if name in LONG else [])


@pytest.mark.parametrize(("history", "depth", "at_least"), [case(*each) for each in CASES])
def test_every_image_after_a_power_cut_recovers(history: History, depth: Depth, at_least: int) -> None:
    """No law is broken: nothing that was answered 200 is lost, and nothing is posted or paid twice."""
    done = Enumeration(history, depth).run()

    assert [] == done.violations[:3]
    assert done.checked >= at_least
    assert done.recoveries == 2 * done.checked
