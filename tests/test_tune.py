"""`cocoai tune`: the advice for a given measurement. tests/test_tune_measure.py tests the measurement."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from cocoai.config.settings import settings_of
from cocoai.engine.process.cgroup import MemoryLimit
from cocoai.errors import CocoAIError
from cocoai.status.answers import Phase
from cocoai.tune.advice import MOST_WORKERS, Measurement, advise, report
from cocoai.tune.machine import KEPT_FREE, KERNEL, SYSTEM, Machine, check_options, described, planned_machine
from cocoai.tune.observed import Observed
from cocoai.tune.proposal import propose

pytestmark = [pytest.mark.pure, pytest.mark.thorough]

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
    """6 CPU-seconds a minute are 149 questions of 40 ms; at 20 s each they keep 49 slots busy, however much memory."""
    roomy = Machine("roomy", 4000.0, 100.0, 1024.0, 2, 5.0)

    lines = list(report(MEASURED, roomy))

    assert 49 == advise(MEASURED, roomy).slots
    assert any(line.startswith("WARNING: the CPU is the limit") for line in lines)
    assert "slots = 49" in lines


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


# from what the pool has seen

DAY = 86_400.0
SEEN = Observed(
    seconds=4 * DAY,
    requests=1000,
    least=0,
    most=4,
    idle_timeout=60.0,
    slots=4,
    busy=2,
    absences=(1, 1, 1, 1, 1),
    slots_taken=3,
    waited=Phase("asked to begun", 50, 0.1, 4.0, 31.0),
)
"""A pool that had no trouble in four days."""


def proposed(seen: Observed, workers: int = 10, slots: int = 20) -> dict[str, str]:
    """Return the proposed settings on a machine that bears so many workers and slots."""
    return {each.key: each.value for each in propose(seen, workers=workers, slots=slots)}


def test_a_pool_without_trouble_keeps_its_settings() -> None:
    """What is not used costs nothing: workers and slots come on demand."""
    assert {"workers": "0..4", "idle_timeout": "60", "slots": "4"} == proposed(SEEN)


@pytest.mark.parametrize(
    ("changes", "bound", "workers"),
    [
        ({"full": 3}, 10, "0..8"),
        ({"full": 3}, 6, "0..6"),
        ({"full": 3}, 4, "0..4"),
        ({"full": 1, "least": 4}, 10, "4..8"),
        ({"full": 1, "most": 40}, 99, "0..64"),
        ({"least": 4}, 10, "4"),
        ({"least": 2}, 3, "2..3"),
        ({"least": 4}, 2, "2"),
    ],
)
def test_workers_are_doubled_if_all_were_busy_within_what_fits(
    changes: dict[str, Any], bound: int, workers: str
) -> None:
    """And fewer are proposed if those that are allowed do not fit."""
    assert workers == proposed(replace(SEEN, **changes), workers=bound)["workers"]


@pytest.mark.parametrize(
    ("no_slot", "bound", "slots"), [(12, 20, "8"), (12, 6, "6"), (12, 4, "4"), (0, 20, "4"), (0, 2, "2"), (12, 2, "2")]
)
def test_slots_are_doubled_if_a_question_found_none_within_what_fits(no_slot: int, bound: int, slots: str) -> None:
    """And fewer are proposed if those that are allowed do not fit."""
    assert slots == proposed(replace(SEEN, no_slot=no_slot), slots=bound)["slots"]


@pytest.mark.parametrize(
    ("absences", "seconds"),
    [
        ((600, 300, 0, 0, 0), "120"),
        ((100, 500, 100, 0, 0), "360"),
        ((0, 0, 600, 0, 0), "960"),
        ((0, 0, 0, 900, 0), "60"),
        ((100, 100, 0, 0, 900), "60"),
        ((200, 200, 0, 0, 0), "60"),
        ((0, 0, 0, 0, 0), "60"),
    ],
)
def test_a_worker_stays_longer_if_that_spares_half_of_many_starts(absences: tuple[int, ...], seconds: str) -> None:
    """Six an hour are many. None stays for over an hour."""
    assert seconds == proposed(replace(SEEN, absences=absences))["idle_timeout"]


def test_idle_timeout_is_left_alone_where_a_worker_is_always_there() -> None:
    """No question finds none."""
    assert "60" == proposed(replace(SEEN, absences=(900, 0, 0, 0, 0), least=1))["idle_timeout"]


def test_what_was_seen_and_the_lines_to_paste_stand_in_the_report() -> None:
    """With a reason for each, and what the machine bears as the bound."""
    seen = replace(SEEN, full=2, no_slot=12, absences=(300, 400, 0, 0, 0))

    lines = list(report(MEASURED, SMALLEST, seen))

    assert ["[pool]", "workers = 0..8", "idle_timeout = 360", "slots = 8", ""] == lines[lines.index("[pool]") :][:5]
    assert "What the pool has seen in 4 days, 1000 requests:" in lines
    for part in (
        "2   of 4; a request waited for one: 2 times",
        "700 times   after up to 1 min: 300, 5 min: 400",
        "3   of 4; a question found none: 12 times",
        "0.1 s   95 of 100 at most 4.0 s, the longest 31.0 s",
        "all 4 were busy, and 8 fit",
        "700 of 700 starts came within 5 min",
        "all 4 were taken, and 8 fit",
    ):
        assert any(part in line for line in lines), part


def test_the_slots_that_fit_are_those_beside_the_proposed_workers() -> None:
    """Four more workers of 9 MiB take the room of nine answers."""
    tight = replace(SMALLEST, others=SMALLEST.memory - KEPT_FREE - 16 - 4 - (12 + 8 * 9 + 5 * 4))

    lines = list(report(MEASURED, tight, replace(SEEN, full=1, no_slot=1)))

    assert "At most workers = 0..4 and slots = 14 fit." in lines
    assert ["workers = 0..8", "slots = 5"] == [line for line in lines if line.startswith(("workers =", "slots ="))]


@pytest.mark.parametrize(
    ("seen", "words"),
    [
        (Observed(), "No pool of these settings runs here"),
        (replace(SEEN, seconds=DAY - 1), "The pool has run for 24 hours and had 1000 requests: too little to propose"),
        (replace(SEEN, seconds=300.0), "The pool has run for 5 minutes and had 1000 requests: too little"),
        (replace(SEEN, requests=99), "The pool has run for 4 days and had 99 requests: too little"),
    ],
)
def test_from_too_little_nothing_is_proposed(seen: Observed, words: str) -> None:
    """The report says so, and what fits, in a sentence that is no line of the settings."""
    lines = list(report(MEASURED, SMALLEST, replace(seen, full=9, no_slot=9)))

    assert any(line.startswith(words) for line in lines)
    assert not [line for line in lines if line.startswith(("[pool]", "workers =", "slots =", "idle_timeout ="))]


def test_rss_pss_and_cpu_stand_apart() -> None:
    """A line each, with its unit and what it means; PSS is that of nginx and the master."""
    lines = list(report(MEASURED, SMALLEST))

    (rss,) = (line for line in lines if line.startswith("  RSS"))
    (pss,) = (line for line in lines if line.startswith("  PSS"))
    (cpu,) = (line for line in lines if line.startswith("  CPU"))
    assert "90.0 MiB = 94.4 MB   as `ps` adds it up" in rss
    assert "16.0 MiB = 16.8 MB   such a page is counted once" in pss
    assert "40 ms for a question, 0.25 ms for a message" in cpu
