"""What processes have met in a database within a day: nothing is lost, and nothing is kept for long."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cocoai.engine.mariadb.tally import HOUR, HOURS, Tally
from tests.spool.rooms import in_processes

pytestmark = pytest.mark.pure


class Clock:
    """A clock that stands still."""

    now = 1_763_000_000.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


def test_each_is_counted_however_many_count_at_once(tmp_path: Path) -> None:
    """Of eight processes, in a folder that each may have to make."""
    tally = Tally(str(tmp_path / "store"), clock=Clock())

    def count() -> None:
        for _ in range(200):
            tally.count_error(2013)
            tally.count_error(1020)
            tally.count_error(1062)
            tally.count_duration(0.002)

    in_processes([count] * 8)

    found = tally.read()
    assert {1020: 1600, 1205: 0, 1213: 0, 2013: 1600} == found.errors
    assert 1600 == found.number


def test_the_durations_are_told_to_three_percent(tmp_path: Path) -> None:
    """The median and the 99th percentile; what is shorter or longer than can be told counts all the same."""
    tally = Tally(str(tmp_path), clock=Clock())
    assert (0, 0.0, 0.0) == (tally.read().number, tally.read().median, tally.read().p99)

    for number in range(1, 1001):
        tally.count_duration(number / 1000)
    found = tally.read()
    for extreme in (0.0, 1e9):
        tally.count_duration(extreme)

    assert 0.5 == pytest.approx(found.median, rel=0.03)
    assert 0.99 == pytest.approx(found.p99, rel=0.03)
    assert 1002 == tally.read().number


def test_what_is_older_than_a_day_is_left_out_and_removed(tmp_path: Path) -> None:
    """What a clock that was ahead has left, too."""
    clock = Clock()
    tally = Tally(str(tmp_path), clock=clock)
    for hours in (0, 1, HOURS, 3 * HOURS):
        clock.now = Clock.now + hours * HOUR
        tally.count_error(1213)
    clock.now = Clock.now + (HOURS + 1) * HOUR

    tally.sweep()

    assert 2 == tally.read().errors[1213]
    assert 2 == len(os.listdir(tmp_path))


def test_a_disk_that_takes_nothing_does_no_harm(tmp_path: Path) -> None:
    """The event is not counted."""
    (tmp_path / "store").touch()
    tally = Tally(str(tmp_path / "store"))

    tally.count_error(1020)
    Tally(str(tmp_path / "none" / "store")).count_error(1020)

    (tmp_path / "store").unlink()
    assert 0 == tally.read().errors[1020]
