"""`cocoai tune` says how many questions a minute a machine bears, and which resource is the bottleneck."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cocoai.config.settings import settings_of
from cocoai.rehearsal.slack.rate_limits import PER_MINUTE as TIERS
from cocoai.slack.api.live_message import PER_MINUTE
from cocoai.status.answers import Phase
from cocoai.tune.advice import advise, report
from cocoai.tune.machine import Machine, planned_machine
from cocoai.tune.observed import UPDATE_INTERVAL, Observed
from cocoai.tune.throughput import UPDATES, Bound, bottleneck, bounds, report_throughput
from tests.test_tune import MEASURED, SEEN

pytestmark = [pytest.mark.pure, pytest.mark.thorough]

SMALLEST = planned_machine(512, swap=True)
OWN = Machine("own", 4000.0, 100.0, 1024.0, 4, 100.0)


def questions(
    seen: Observed | None = None, *, machine: Machine = SMALLEST, question_ms: float = 40.0, slots: int = 10
) -> dict[str, float]:
    """Return the questions a minute of each resource."""
    return {each.resource: each.questions for each in bounds(question_ms, machine, slots, seen)}


def lasting(seconds: float, number: int = 9) -> Phase:
    """Return a phase of so many answers that all took so long."""
    return Phase("", number, seconds, seconds, seconds)


def test_without_a_pool_the_usual_answer_is_assumed() -> None:
    """6 s of CPU less those at rest, by 40 ms; 10 slots of 20 s; 5 of 40 updates; one of 60 messages."""
    assert {"the CPU": 148.75, "memory": 30.0, "Slack's updates": 8.0, "Slack's messages": 60.0} == pytest.approx(
        questions()
    )


def test_all_processors_count_where_none_is_rationed() -> None:
    """Four of them have 240 seconds a minute."""
    assert (240 - 0.05) / 0.04 == pytest.approx(questions(machine=OWN)["the CPU"])


def test_how_long_answers_took_counts_where_a_pool_has_seen_some() -> None:
    """The median, of the slot and of the writing, and the pool's own interval."""
    seen = replace(SEEN, answering=lasting(5.0), writing=lasting(4.0), update_interval=2.0)

    found = questions(seen)

    assert (120.0, UPDATES / 3) == (found["memory"], found["Slack's updates"])


@pytest.mark.parametrize(
    ("seconds", "expected"), [(0.0, 25.0), (3.0, 25.0), (3.1, UPDATES / 3), (15.0, 8.0), (30.0, 4.0), (180.0, 40 / 60)]
)
def test_an_answer_takes_an_update_at_its_end_and_shares_the_others(seconds: float, expected: float) -> None:
    """At least one while it grows; a long answer is bound by what growing replies share, a short one by the tier."""
    assert expected == pytest.approx(questions(replace(SEEN, writing=lasting(seconds)))["Slack's updates"])


def test_the_least_is_the_bottleneck() -> None:
    """Each resource may be."""

    def least(seen: Observed | None = None, *, question_ms: float = 40.0, slots: int = 10) -> str:
        return bottleneck(bounds(question_ms, SMALLEST, slots, seen)).resource

    assert "Slack's updates" == least()
    assert "memory" == least(slots=2)
    assert "the CPU" == least(question_ms=1000.0)


def test_the_report_shows_all_bounds_and_what_happens_beyond_the_least() -> None:
    """A line each, in the present form of the report."""
    found = [Bound("the CPU", 148.75, "why", "it is late"), Bound("memory", 30.0, "so", "they wait")]

    assert [
        "Questions a minute that it bears permanently:",
        "  the CPU                      149   why",
        "  memory                        30   so",
        "The bottleneck: memory, 30 questions a minute. With more, they wait.",
    ] == list(report_throughput(found))


def test_the_command_reports_the_throughput_of_its_own_slots() -> None:
    """As many as fit into memory, whatever the CPU can keep busy; where the pool has fewer, what those bear, too."""
    slots = advise(MEASURED, SMALLEST).by_memory

    lines = list(report(MEASURED, SMALLEST, replace(SEEN, answering=lasting(6.0), writing=lasting(5.0))))

    for part in (
        "5 % of each of 2 vCPU is guaranteed, 6.0 s a minute, less 0.05 at rest; a question takes 40 ms",
        f"{slots * 10}   {slots} slots; an answer takes 6.0 s (the median of 9); with slots = 4, 40",
        "17   an answer of 5.0 s takes 2 of 40 a minute to grow, and 1 more of 50 in all",
        "60   in each channel",
        "The bottleneck: Slack's updates, 17 questions a minute. With more, replies grow in fewer steps; beyond 50",
    ):
        assert any(part in line for line in lines), part


def test_the_figures_are_those_of_the_rest_of_the_house() -> None:
    """The default interval, and Slack's tier as the practice Slack has it; growing replies leave some of it."""
    assert f"{UPDATE_INTERVAL:g}" == settings_of("slack")["update_interval"].default
    assert PER_MINUTE < UPDATES == TIERS["chat.update"]
