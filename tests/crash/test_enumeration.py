"""Every disk that a power cut can leave, at every step of every history, recovers as the laws have it.

`python -m tests.crash` goes further: three cuts in a row, finer tears, more preemptions.
"""

from __future__ import annotations

import pytest

from tests.crash.enumeration import AT_ONCE, EVERY_BYTE, ONCE, TWICE, Depth, Enumeration
from tests.crash.histories import HISTORIES, TOGETHER, History, named
from tests.crash.stage import Choice, Stage, every_play

CASES: list[tuple[History, Depth, int]] = [
    *((history, ONCE, 180) for history in HISTORIES),
    (named("one question"), EVERY_BYTE, 2000),
    (named("one question"), TWICE, 1400),
    (named("Slack posts the placeholder and is not heard"), TWICE, 2500),
    (named("given up, told, and tried again by the operator"), TWICE, 1800),
    *((history, AT_ONCE, 130) for history in TOGETHER),
]
"""A history, how far to go, and at least so many different disks: fewer would mean that the power was not cut."""


@pytest.mark.parametrize(
    ("history", "depth", "at_least"), CASES, ids=[f"{history.name}, {depth.cuts}" for history, depth, _ in CASES]
)
def test_whatever_a_power_cut_leaves_recovers(history: History, depth: Depth, at_least: int) -> None:
    """What was answered 200 is there, nothing half-read is taken, nothing is said or paid twice."""
    done = Enumeration(history, depth).run()

    assert [] == done.wrong[:3]
    assert done.judged >= at_least
    assert done.recoveries == 2 * done.judged


# the stage


def letters(first: str, second: str, choices: list[int]) -> tuple[str, list[Choice]]:
    """What two actors write who each write one letter a step."""
    stage = Stage(choices)
    written: list[str] = []

    def write(word: str) -> None:
        for letter in word:
            stage.step()
            written.append(letter)

    stage.play([lambda: write(first), lambda: write(second)])
    return "".join(written), stage.taken


def test_every_interleaving_is_played_once() -> None:
    """With preemptions enough for all: of two actors of three steps there are 6! / 3! / 3! = 20."""
    seen = []

    def perform(choices: list[int]) -> list[Choice]:
        written, taken = letters("abc", "xyz", choices)
        seen.append(written)
        return taken

    plays = every_play(perform, preemptions=9)

    assert 20 == len(set(seen))
    assert len(seen) == plays


def test_preemptions_are_bounded() -> None:
    """With none, each goes on to its end: one order or the other."""
    seen = []

    def perform(choices: list[int]) -> list[Choice]:
        written, taken = letters("abc", "xyz", choices)
        seen.append(written)
        return taken

    every_play(perform, preemptions=0)

    assert {"abcxyz", "xyzabc"} == set(seen)


def test_the_lock_keeps_others_out() -> None:
    """Whoever wants it stands still; nobody is in it with another, whatever the choices."""
    inside: list[int] = []
    most: list[int] = []

    def perform(choices: list[int]) -> list[Choice]:
        stage = Stage(choices)

        def enter() -> None:
            with stage.lock():
                inside.append(1)
                stage.step()
                most.append(len(inside))
                inside.pop()

        stage.play([enter, enter])
        return stage.taken

    plays = every_play(perform, preemptions=9)

    assert {1} == set(most)
    assert 2 * plays == len(most)


def test_an_error_ends_the_play_and_is_told() -> None:
    """And no actor is left behind."""
    stage = Stage()

    def fail() -> None:
        stage.step()
        raise ZeroDivisionError

    def wait() -> None:
        while True:
            stage.step()

    with pytest.raises(ZeroDivisionError):
        stage.play([fail, wait])
