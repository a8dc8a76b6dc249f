"""`cocoai tune`: the advice for a given measurement. tests/test_tune_measure.py tests the measurement."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cocoai.config.settings import settings_of
from cocoai.engine.process.cgroup import MemoryLimit
from cocoai.errors import CocoAIError
from cocoai.tune.advice import MOST_WORKERS, Measurement, advise, report
from cocoai.tune.machine import KEPT_FREE, KERNEL, SYSTEM, Machine, check_options, described, planned_machine

pytestmark = pytest.mark.pure

MEASURED = Measurement(
    nginx=4.0,
    supervisord=16.0,
    master=12.0,
    worker=9.0,
    job=4.0,
    rss=90.0,
    question_ms=40.0,
    message_ms=0.25,
)
SMALLEST = planned_machine(512, swap=False)


def test_what_is_left_of_the_smallest_machine_goes_to_answers() -> None:
    """The slots are 512 MB less kernel, system, free memory, supervisord, nginx and pool, divided by 4 MiB."""
    left = 512 - KERNEL - SYSTEM - KEPT_FREE - 16 - 4 - (12 + 4 * 9)

    advice = advise(MEASURED, SMALLEST)

    assert left == advice.for_answers
    assert left // 4 == advice.slots
    assert "0..4" == advice.workers
    assert not advice.is_bound_by_cpu


def test_swap_allows_more_slots() -> None:
    """With swap less memory has to stay free."""
    with_swap = planned_machine(512, swap=True)

    assert advise(MEASURED, SMALLEST).slots < advise(MEASURED, with_swap).slots


@pytest.mark.parametrize(
    ("room", "workers", "slots"),
    [
        (100, "0..4", 13),
        (12 + 4 * 9 + 8, "0..4", 2),
        (12 + 4 * 9 + 7, "0..3", 4),
        (12 + 9 + 8, "0..1", 2),
        (25, "0..1", 1),
    ],
)
def test_a_tight_machine_gets_fewer_workers(room: int, workers: str, slots: int) -> None:
    """Two answers must fit beside all workers; one worker is the least that there may be."""
    tight = replace(SMALLEST, others=SMALLEST.memory - KEPT_FREE - 16 - 4 - room)

    advice = advise(MEASURED, tight)

    assert (workers, slots) == (advice.workers, advice.slots)


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


MIB = 1024 * 1024
MEMINFO = {"MemTotal": 8000.0, "MemAvailable": 7000.0, "SwapTotal": 1024.0}


@pytest.mark.parametrize(
    ("limit", "memory", "others", "swap", "group"),
    [
        pytest.param(None, 8000.0, 950.0, 1024.0, "", id="none"),
        pytest.param(MemoryLimit("/box", 512 * MIB, 120 * MIB), 512.0, 70.0, 1024.0, "/box", id="smaller"),
        pytest.param(MemoryLimit("/box", 512 * MIB, 20 * MIB), 512.0, 0.0, 1024.0, "/box", id="pool elsewhere"),
        pytest.param(MemoryLimit("/box", 512 * MIB, 120 * MIB, 0), 512.0, 70.0, 0.0, "/box", id="no swap"),
        pytest.param(MemoryLimit("/box", 9000 * MIB, 120 * MIB), 8000.0, 950.0, 1024.0, "", id="greater"),
    ],
)
def test_a_control_groups_limit_counts_where_it_is_smaller(
    limit: MemoryLimit | None, memory: float, others: float, swap: float, group: str
) -> None:
    """Then what is in use in the group counts, and not what is in use on the machine; 50 MiB of either are ours."""
    machine = described(MEMINFO, limit, own=50.0)

    assert (memory, others, swap, group) == (machine.memory, machine.others, machine.swap, machine.limited_by)


def test_the_report_says_that_a_control_group_sets_the_limit() -> None:
    """An operator would look for the machine's whole memory otherwise."""
    limited = described(MEMINFO, MemoryLimit("/system.slice/cocoai.service", 400 * MIB, 0), own=0.0)

    lines = list(report(MEASURED, limited))

    assert any("a control group's limit" in line and "400.0   /system.slice/cocoai.service" in line for line in lines)
    assert not any("what Linux has" in line for line in lines)


def test_the_advice_for_the_most_workers_is_the_default() -> None:
    """Where there is room, no setting has to be changed."""
    assert settings_of("pool")["workers"].default == f"0..{MOST_WORKERS}"


@pytest.mark.parametrize(("memory", "cpu"), [(KERNEL, None), (None, 0.0), (None, 101.0)])
def test_options_out_of_bounds_are_refused(memory: int | None, cpu: float | None) -> None:
    """Linux alone takes that much, and no processor has more than 100 %."""
    with pytest.raises(CocoAIError):
        check_options(memory, cpu)
