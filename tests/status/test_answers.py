"""The answers of the last day, out of the jobs' own files."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from cocoai import config
from cocoai.spool.spool import Spool
from cocoai.status.answers import DAY, LastDay, Phase, last_day
from tests.status.made_up import answered, asked, claimed

pytestmark = pytest.mark.pure

NOW = 1_763_822_000.0


def phase(day: LastDay, name: str) -> Phase:
    """The one of this name."""
    return next(each for each in day.phases if each.name == name)


def test_a_day_without_answers_has_no_times(spool: Spool) -> None:
    """And nothing is divided by nothing."""
    day = last_day(spool, time.time())

    assert (0, 0, 0, 0) == (day.answered, day.given_up, day.read, day.retried)
    assert {0} == {each.number for each in day.phases}


def test_each_phase_ends_where_the_next_begins(settings: config.Settings, spool: Spool) -> None:
    """From the moment that Slack has for the question, to its last fact."""
    answered(settings.paths.var, NOW, heard=0.25, written=4.0, delivered=4.5)

    day = last_day(spool, time.time())

    assert ["asked to heard", "heard to written", "written to delivered", "in all"] == [
        each.name for each in day.phases
    ]
    assert [0.25, 3.75, 0.5, 4.5] == [round(each.median, 3) for each in day.phases]


def test_the_median_and_the_others_are_times_that_an_answer_took(settings: config.Settings, spool: Spool) -> None:
    """By nearest rank: of 20, the tenth, the nineteenth and the last."""
    for number in range(1, 21):
        answered(settings.paths.var, NOW + number, written=number, delivered=number)

    found = phase(last_day(spool, time.time()), "in all")

    assert (20, 10, 19, 20) == (found.number, *map(round, (found.median, found.p95, found.most)))


def test_what_was_tried_again_is_counted(settings: config.Settings, spool: Spool) -> None:
    """Once, however often; and a text that looks like a fact is none."""
    answered(settings.paths.var, NOW)
    asked(spool, NOW + 1)
    for _ in range(2):
        claimed(spool).release()
    spool.finish(claimed(spool))

    day = last_day(spool, time.time())

    assert (2, 1) == (day.answered, day.retried)
    assert 1 == phase(day, "heard to written").number


def test_what_was_given_up_is_counted_apart(spool: Spool) -> None:
    """It has no times."""
    asked(spool, NOW)
    spool.fail(claimed(spool), "OpenAI insufficient_quota 429")

    day = last_day(spool, time.time())

    assert (0, 1) == (day.answered, day.given_up)


def test_a_day_is_24_hours(settings: config.Settings, spool: Spool) -> None:
    """What ended before is kept, but not told."""
    now = time.time()
    for number, age in enumerate((DAY - 60, DAY + 60)):
        os.utime(answered(settings.paths.var, NOW + number), (now - age, now - age))

    assert 1 == last_day(spool, now).answered


def test_only_the_newest_are_read(settings: config.Settings, spool: Spool) -> None:
    """The others are counted: a busy day must not keep a small machine busy once more."""
    now = time.time()
    for number in range(5):
        file = answered(settings.paths.var, NOW + number, delivered=10.0 * number)
        os.utime(file, (now - number, now - number))

    day = last_day(spool, now, most_read=2)

    assert (5, 2) == (day.answered, day.read)
    assert 10.0 == pytest.approx(phase(day, "in all").most, abs=1e-6)


def test_a_click_that_was_done_is_no_answer(settings: config.Settings, spool: Spool) -> None:
    """Its job lies among the others."""
    answered(settings.paths.var, NOW)
    asked(spool, NOW + 1)
    job = claimed(spool)
    job.record("obeyed")
    spool.finish(job)

    day = last_day(spool, time.time())

    assert (1, 1) == (day.answered, day.read)


def test_a_file_that_says_nothing_spoils_nothing(settings: config.Settings, spool: Spool) -> None:
    """Garbage, a folder in a file's place, a name that is no key."""
    done = Path(settings.paths.var, "spool", "done")
    answered(settings.paths.var, NOW)
    (done / "C0PRACTICE-1.0-1.0").write_bytes(b'\xff\n{"fact":"finished","at":1e999}\n{"fact":"answer","at":"x"}')
    (done / "C0PRACTICE-2.0-2.0").mkdir()
    (done / "nonsense").touch()

    day = last_day(spool, time.time())

    assert (3, 2) == (day.answered, day.read)
    assert 1 == phase(day, "in all").number
