"""Every disk image that a power cut can leave, at every step of every history, recovers without breaking a law.

tests/crash/test_enumeration_deeper.py cuts some of them twice, and has those of two processes. `python -m tests.crash`
goes further: more cuts in a row, finer tears, more preemptions.
"""

from __future__ import annotations

from functools import partial

import pytest
from _pytest.mark import ParameterSet

from tests.crash.enumeration import Enumeration, quick_depth
from tests.crash.histories import HISTORIES, History
from tests.crash.scheduler import Choice, Scheduler, every_interleaving

AT_LEAST = 180
"""Different images that each history leaves at least: fewer would mean missing power cuts."""


LONG = {
    "two threads",
    "done/ refuses for a while",
    "stopped, and the model is busy",
    "asked again before it is answered",
    "a click on an answer whose process was killed",
    "stopped before it is answered",
    "two questions of one thread",
    "a click on an answer in the making",
    "a click on a reply that is given up",
    "a forgotten stop request is swept",
    "asked again",
    "thanked while Slack is away",
    "Slack is away when the reply is to be deleted",
}
"""Those that take longest, and whose steps are those of others in another order."""


def as_case(history: History) -> ParameterSet:
    """Return a history as a parameter; a coarse one takes as long as ten others, and is marked so."""
    is_long = history.is_coarse or history.name in LONG
    return pytest.param(history, id=history.name, marks=[pytest.mark.long] if is_long else [])


def test_each_long_history_is_one() -> None:
    """A name that is none would leave a history out of both runs, or none out of the short one."""
    assert {history.name for history in HISTORIES} >= LONG


@pytest.mark.parametrize("history", [as_case(history) for history in HISTORIES])
def test_every_image_after_a_power_cut_recovers(history: History) -> None:
    """No law is broken: nothing that was answered 200 is lost, and nothing is posted or paid twice."""
    done = Enumeration(history, quick_depth(history)).run()

    assert [] == done.violations[:3]
    assert done.checked >= AT_LEAST
    assert done.recoveries == 2 * done.checked


# the scheduler


def interleave(first: str, second: str, choices: list[int]) -> tuple[str, list[Choice]]:
    """Run two tasks that each write one letter a step; return what they have written, and the choices made."""
    scheduler = Scheduler(choices)
    written: list[str] = []

    def write(word: str) -> None:
        for letter in word:
            scheduler.step()
            written.append(letter)

    scheduler.run([partial(write, first), partial(write, second)])
    return "".join(written), scheduler.made


def test_every_interleaving_is_run_once() -> None:
    """With enough preemptions, two tasks of three steps have 6! / 3! / 3! = 20 interleavings."""
    seen = []

    def perform(choices: list[int]) -> list[Choice]:
        written, made = interleave("abc", "xyz", choices)
        seen.append(written)
        return made

    runs = every_interleaving(perform, preemptions=9)

    assert 20 == len(set(seen))
    assert len(seen) == runs


def test_preemptions_are_bounded() -> None:
    """Without preemptions each task runs to its end, in one order or the other."""
    seen = []

    def perform(choices: list[int]) -> list[Choice]:
        written, made = interleave("abc", "xyz", choices)
        seen.append(written)
        return made

    every_interleaving(perform, preemptions=0)

    assert {"abcxyz", "xyzabc"} == set(seen)


def test_one_task_at_a_time_holds_the_lock() -> None:
    """A task that wants the lock waits for it, whatever the choices."""
    inside: list[int] = []
    most: list[int] = []

    def perform(choices: list[int]) -> list[Choice]:
        scheduler = Scheduler(choices)

        def enter() -> None:
            with scheduler.lock():
                inside.append(1)
                scheduler.step()
                most.append(len(inside))
                inside.pop()

        scheduler.run([enter, enter])
        return scheduler.made

    runs = every_interleaving(perform, preemptions=9)

    assert {1} == set(most)
    assert 2 * runs == len(most)


def test_an_error_ends_the_run_and_is_raised() -> None:
    """The other task ends, too."""
    scheduler = Scheduler()

    def fail() -> None:
        scheduler.step()
        raise ZeroDivisionError

    def wait() -> None:
        while True:
            scheduler.step()

    with pytest.raises(ZeroDivisionError):
        scheduler.run([fail, wait])
