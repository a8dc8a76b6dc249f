"""chatgpt/deadlines.py, on a clock that stands still until the test moves it."""

from __future__ import annotations

import math

import pytest

from cocoai.chatgpt.deadlines import Deadlines
from cocoai.errors import Temporary

pytestmark = pytest.mark.pure


class Clock:
    """A clock that stands still until the test sets `now`."""

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


def expired(deadlines: Deadlines) -> tuple[str, bool]:
    """Return the code and `sent` of the error that `left` raises."""
    with pytest.raises(Temporary) as raised:
        deadlines.left()
    return raised.value.code, raised.value.sent


def test_the_first_word_time_out_runs_from_the_sending(clock: Clock, deadlines: Deadlines) -> None:
    """The first-word time-out ends at the same moment, however often `left` is called."""
    clock.now += 60

    assert (30, 30) == (deadlines.left(), deadlines.left())
    clock.now += 30
    assert ("first_word_timeout", True) == expired(deadlines)


def test_silence_is_counted_from_the_next_wait(clock: Clock, deadlines: Deadlines) -> None:
    """The silence time-out begins with the next call of `left`, not while the caller is busy."""
    deadlines.allow_silence(30)
    clock.now += 100

    assert 30 == deadlines.left()
    clock.now += 20
    assert 10 == deadlines.left()
    clock.now += 10
    assert ("silence_timeout", True) == expired(deadlines)


def test_the_total_time_out_is_never_extended(clock: Clock, deadlines: Deadlines) -> None:
    """Neither words that keep coming nor another request make the total time-out longer."""
    for _ in range(7):
        clock.now += 25
        deadlines.allow_silence(30)

    assert 5 == deadlines.left()
    deadlines.await_first_word(90)
    assert 5 == deadlines.left()
    clock.now += 5
    assert ("total_timeout", True) == expired(deadlines)


def test_the_nearest_time_out_is_named(clock: Clock, deadlines: Deadlines) -> None:
    """A wait that the network ends a little too early is reported as the nearest time-out."""
    deadlines.left()
    clock.now += 89.99
    assert "first_word_timeout" == deadlines.expired().code

    deadlines.allow_silence(100)
    deadlines.left()
    assert "total_timeout" == deadlines.expired().code


def test_the_reader_is_interrupted_once(clock: Clock) -> None:
    """The patience runs from the construction; an earlier interruption does not end it, and a later one does."""
    deadlines = Deadlines(clock, total=180, patience=10)
    left = [deadlines.patience()]
    clock.now += 4
    deadlines.note_interruption()
    left.append(deadlines.patience())
    clock.now += 8
    left.append(deadlines.patience())

    assert [10, 6, 0] == left
    deadlines.note_interruption()
    assert math.inf == deadlines.patience()


def test_nobody_is_impatient_by_default(deadlines: Deadlines) -> None:
    """Without a patience no wait is interrupted by it."""
    assert math.inf == deadlines.patience()
