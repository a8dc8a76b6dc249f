"""`cocoai tune`: the advice for a given measurement. tests/test_tune_measure.py tests the measurement."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cocoai.tune.advice import KEPT_FREE, KERNEL, SYSTEM, Machine, Measurement, advise, planned_machine, report

pytestmark = pytest.mark.pure

MEASURED = Measurement(
    nginx=4.0,
    supervisord=16.0,
    master=12.0,
    worker=9.0,
    workers=2,
    job=4.0,
    rss=90.0,
    question_ms=40.0,
    message_ms=0.25,
)
SMALLEST = planned_machine(512, swap=False)


def test_what_is_left_of_the_smallest_machine_goes_to_answers() -> None:
    """The slots are 512 MB less kernel, system, free memory, supervisord, nginx and pool, divided by 4 MiB."""
    left = 512 - KERNEL - SYSTEM - KEPT_FREE - 16 - 4 - 30

    advice = advise(MEASURED, SMALLEST)

    assert left == advice.for_answers
    assert left // 4 == advice.slots
    assert "2" == advice.workers
    assert not advice.is_bound_by_cpu


def test_swap_allows_more_slots() -> None:
    """With swap less memory has to stay free."""
    with_swap = planned_machine(512, swap=True)

    assert advise(MEASURED, SMALLEST).slots < advise(MEASURED, with_swap).slots


def test_a_tight_machine_starts_workers_on_demand() -> None:
    """Where two workers would leave too little for answers, the advice is `workers = 0..2`."""
    tight = replace(SMALLEST, others=SMALLEST.memory - KEPT_FREE - 16 - 4 - 30 - 7)

    advice = advise(MEASURED, tight)

    assert "0..2" == advice.workers
    assert (7 + 9) // 4 == advice.slots


def test_a_machine_without_room_for_one_answer_gets_no_settings() -> None:
    """The report says that not even one answer fits."""
    full = replace(SMALLEST, others=SMALLEST.memory)

    lines = list(report(MEASURED, full))

    assert 0 == advise(MEASURED, full).slots
    assert any("does not bear one answer" in line for line in lines)
    assert "[pool]" not in lines


def test_the_cpu_may_limit_the_slots() -> None:
    """6 CPU-seconds a minute are 150 questions of 40 ms; at 20 s each they keep 50 slots busy, however much memory."""
    roomy = Machine("roomy", 4000.0, 100.0, 1024.0, 2, 5.0)

    lines = list(report(MEASURED, roomy))

    assert 50 == advise(MEASURED, roomy).slots
    assert any(line.startswith("WARNING: the CPU is the limit") for line in lines)
    assert "slots = 50" in lines


def test_there_is_no_warning_where_memory_is_the_limit() -> None:
    """A machine with unlimited processors is limited by its memory alone."""
    lines = list(report(MEASURED, Machine("own", 400.0, 100.0, 1024.0, 4, 100.0)))

    assert not any("WARNING" in line for line in lines)
    assert not any("guaranteed" in line for line in lines)


@pytest.mark.parametrize(("megabytes", "baseline"), [(512, 5.0), (1024, 10.0), (2048, 20.0), (8192, 100.0)])
def test_the_baseline_follows_from_the_plan(megabytes: int, baseline: float) -> None:
    """Lightsail's smaller plans guarantee only a part of each processor."""
    assert baseline == planned_machine(megabytes, swap=False).baseline


def test_the_report_names_every_kind_of_memory() -> None:
    """The report mentions PSS, RSS, supervisord and the lack of swap."""
    text = "\n".join(report(MEASURED, SMALLEST))

    for term in ("PSS", "RSS", "supervisord", "no swap", "There is no swap"):
        assert term in text
