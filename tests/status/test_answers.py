"""The figures of the last day's answers, read from the jobs' own files."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from cocoai import config
from cocoai.spool.file_spool import FileSpool
from cocoai.status.answers import DAY, LastDay, Phase, last_day
from tests.status.samples import claim, put_answer, put_question

pytestmark = pytest.mark.pure

NOW = 1_763_822_000.0


def phase(day: LastDay, name: str) -> Phase:
    """Return the phase of this name."""
    return next(each for each in day.phases if each.name == name)


def test_a_day_without_answers_has_no_times(spool: FileSpool) -> None:
    """An empty spool gives zeros, and no division by zero."""
    day = last_day(spool, time.time())

    assert (0, 0, 0, 0) == (day.answered, day.given_up, day.read, day.retried)
    assert {0} == {each.number for each in day.phases}


def test_each_phase_ends_where_the_next_begins(settings: config.Settings, spool: FileSpool) -> None:
    """The phases go from the time that Slack has for the question to the job's last fact."""
    put_answer(settings.paths.var, NOW, heard=0.25, written=4.0, delivered=4.5)

    day = last_day(spool, time.time())

    assert ["asked to heard", "heard to written", "written to delivered", "in all"] == [
        each.name for each in day.phases
    ]
    assert [0.25, 3.75, 0.5, 4.5] == [round(each.median, 3) for each in day.phases]


def test_quantiles_are_durations_of_real_answers(settings: config.Settings, spool: FileSpool) -> None:
    """Of 20 durations, the median is the tenth, p95 the nineteenth, and the maximum the last (nearest rank)."""
    for number in range(1, 21):
        put_answer(settings.paths.var, NOW + number, written=number, delivered=number)

    found = phase(last_day(spool, time.time()), "in all")

    assert (20, 10, 19, 20) == (found.number, *map(round, (found.median, found.p95, found.most)))


def test_an_answer_with_several_attempts_is_counted_as_retried(settings: config.Settings, spool: FileSpool) -> None:
    """It counts once, however many attempts there were; a text that looks like a fact is none."""
    put_answer(settings.paths.var, NOW)
    put_question(spool, NOW + 1)
    for _ in range(2):
        claim(spool).release()
    spool.finish(claim(spool))

    day = last_day(spool, time.time())

    assert (2, 1) == (day.answered, day.retried)
    assert 1 == phase(day, "heard to written").number


def test_a_failed_question_is_counted_as_given_up(spool: FileSpool) -> None:
    """It is not among the answers."""
    put_question(spool, NOW)
    spool.fail(claim(spool), "OpenAI insufficient_quota 429")

    day = last_day(spool, time.time())

    assert (0, 1) == (day.answered, day.given_up)


def test_a_refusal_is_no_failure(spool: FileSpool) -> None:
    """The asker was told why, and there is nothing for an operator to look at; retried, it may still fail."""
    for n in range(2):
        put_question(spool, NOW + n)
        spool.fail(claim(spool), "ledger: pictures_today", is_refusal=True)

    assert (0, 0, 2) == refused(spool)
    spool.retry(spool.keys("failed")[0])
    spool.fail(claim(spool), "OpenAI insufficient_quota 429")
    assert (0, 1, 1) == refused(spool)


def refused(spool: FileSpool) -> tuple[int, int, int]:
    """Return how many were answered, given up and refused."""
    day = last_day(spool, time.time())
    return day.answered, day.given_up, day.refused


def test_only_the_last_24_hours_count(settings: config.Settings, spool: FileSpool) -> None:
    """An answer that ended earlier is kept in the spool but not counted."""
    now = time.time()
    for number, age in enumerate((DAY - 60, DAY + 60)):
        os.utime(put_answer(settings.paths.var, NOW + number), (now - age, now - age))

    assert 1 == last_day(spool, now).answered


def test_only_the_newest_are_read(settings: config.Settings, spool: FileSpool) -> None:
    """The older answers are only counted, since reading all of a busy day would cost a small machine too much."""
    now = time.time()
    for number in range(5):
        file = put_answer(settings.paths.var, NOW + number, delivered=10.0 * number)
        os.utime(file, (now - number, now - number))

    day = last_day(spool, now, most_read=2)

    assert (5, 2) == (day.answered, day.read)
    assert 10.0 == pytest.approx(phase(day, "in all").most, abs=1e-6)


def test_a_handled_click_is_no_answer(settings: config.Settings, spool: FileSpool) -> None:
    """The click's job lies in done/, but is not counted."""
    put_answer(settings.paths.var, NOW)
    put_question(spool, NOW + 1)
    job = claim(spool)
    job.record("obeyed")
    spool.finish(job)

    day = last_day(spool, time.time())

    assert (1, 1) == (day.answered, day.read)


def test_unreadable_files_do_no_harm(settings: config.Settings, spool: FileSpool) -> None:
    """Garbage, a folder in a file's place, and a name that is no key leave the other figures correct."""
    done = Path(settings.paths.var, "spool", "done")
    put_answer(settings.paths.var, NOW)
    (done / "C0PRACTICE-1.0-1.0").write_bytes(b'\xff\n{"fact":"finished","at":1e999}\n{"fact":"answer","at":"x"}')
    (done / "C0PRACTICE-2.0-2.0").mkdir()
    (done / "nonsense").touch()

    day = last_day(spool, time.time())

    assert (3, 2) == (day.answered, day.read)
    assert 1 == phase(day, "in all").number
