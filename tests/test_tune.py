"""`cocoai tune`: the reckoning, from figures that are given. What is measured is tested in tests/rehearsal/."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cocoai.tune import KERNEL, SPARE, SYSTEM, Machine, Measured, advise, planned_machine, report

pytestmark = pytest.mark.pure

MEASURED = Measured(
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
    """512 MB less the kernel, the system, the spare, supervisord, nginx and the pool, by 4 MiB a slot."""
    left = 512 - KERNEL - SYSTEM - SPARE - 16 - 4 - 30

    advice = advise(MEASURED, SMALLEST)

    assert left == advice.for_answers
    assert left // 4 == advice.slots
    assert "2" == advice.workers
    assert not advice.is_bound_by_cpu


def test_swap_gives_what_would_be_kept_free() -> None:
    """With swap less memory has to lie idle, so there are more slots."""
    with_swap = planned_machine(512, swap=True)

    assert advise(MEASURED, SMALLEST).slots < advise(MEASURED, with_swap).slots


def test_a_tight_machine_has_its_workers_on_demand() -> None:
    """Where two workers would leave nothing for answers, they come when they are wanted."""
    tight = replace(SMALLEST, others=SMALLEST.memory - SPARE - 16 - 4 - 30 - 7)

    advice = advise(MEASURED, tight)

    assert "0..2" == advice.workers
    assert (7 + 9) // 4 == advice.slots


def test_a_machine_that_bears_no_answer_is_told_so() -> None:
    """No settings are advised that would not hold."""
    full = replace(SMALLEST, others=SMALLEST.memory)

    lines = list(report(MEASURED, full))

    assert 0 == advise(MEASURED, full).slots
    assert any("does not bear one answer" in line for line in lines)
    assert "[pool]" not in lines


def test_where_the_processor_is_the_limit_it_says_so() -> None:
    """6 CPU-seconds a minute are 150 questions of 40 ms; at 20 s each they keep 50 slots busy, however much memory."""
    roomy = Machine("roomy", 4000.0, 100.0, 1024.0, 2, 5.0)

    lines = list(report(MEASURED, roomy))

    assert 50 == advise(MEASURED, roomy).slots
    assert any(line.startswith("WARNING: the CPU is the limit") for line in lines)
    assert "slots = 50" in lines


def test_where_memory_is_the_limit_nothing_is_warned_of() -> None:
    """A machine of its own processors is bounded by its memory."""
    lines = list(report(MEASURED, Machine("own", 400.0, 100.0, 1024.0, 4, 100.0)))

    assert not any("WARNING" in line for line in lines)
    assert not any("guaranteed" in line for line in lines)


@pytest.mark.parametrize(("megabytes", "baseline"), [(512, 5.0), (1024, 10.0), (2048, 20.0), (8192, 100.0)])
def test_a_plan_brings_its_share_of_the_processor(megabytes: int, baseline: float) -> None:
    """Lightsail's smaller plans guarantee only a part of each processor."""
    assert baseline == planned_machine(megabytes, swap=False).baseline


def test_what_others_name_apart_is_named_apart() -> None:
    """PSS, RSS and supervisord each have a line, and the lack of swap is spoken of."""
    text = "\n".join(report(MEASURED, SMALLEST))

    for words in ("PSS", "RSS", "supervisord", "no swap", "There is no swap"):
        assert words in text
