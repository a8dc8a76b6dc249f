"""chatgpt/deadlines.py, on a clock that stands still until it is moved."""

from __future__ import annotations

import pytest

from cocoai.chatgpt.deadlines import Deadlines
from cocoai.errors import Temporary

pytestmark = pytest.mark.pure


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def deadlines(clock: Clock) -> Deadlines:
    deadlines = Deadlines(clock, total=180)
    deadlines.await_first_word(90)
    return deadlines


def struck(deadlines: Deadlines) -> tuple[str, bool]:
    with pytest.raises(Temporary) as raised:
        deadlines.left()
    return raised.value.code, raised.value.sent


def test_the_first_word_is_awaited_from_the_sending(clock: Clock, deadlines: Deadlines) -> None:
    """However often one looks, the end stays where it is."""
    clock.now += 60

    assert (30, 30) == (deadlines.left(), deadlines.left())
    clock.now += 30
    assert ("first_word_timeout", True) == struck(deadlines)


def test_silence_is_counted_while_we_wait(clock: Clock, deadlines: Deadlines) -> None:
    """What the caller does with a piece of text is no silence; the wait that follows is."""
    deadlines.allow_silence(30)
    clock.now += 100

    assert 30 == deadlines.left()
    clock.now += 20
    assert 10 == deadlines.left()
    clock.now += 10
    assert ("silence_timeout", True) == struck(deadlines)


def test_the_total_runs_on_whatever_happens(clock: Clock, deadlines: Deadlines) -> None:
    """Texts that keep coming do not make an answer endless, nor does sending again."""
    for _ in range(7):
        clock.now += 25
        deadlines.allow_silence(30)

    assert 5 == deadlines.left()
    deadlines.await_first_word(90)
    assert 5 == deadlines.left()
    clock.now += 5
    assert ("total_timeout", True) == struck(deadlines)


def test_what_strikes_first_is_named(clock: Clock, deadlines: Deadlines) -> None:
    """A wait that the network ends a little early is named for the nearest time-out all the same."""
    deadlines.left()
    clock.now += 89.99
    assert "first_word_timeout" == deadlines.struck().code

    deadlines.allow_silence(100)
    deadlines.left()
    assert "total_timeout" == deadlines.struck().code
