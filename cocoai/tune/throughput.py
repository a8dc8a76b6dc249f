"""Calculate how many questions a minute a machine bears: by its CPU, by the memory of its slots, and by Slack's limits.

The least of them is the bottleneck. Nothing is measured here: machine.py knows the machine, observed.py the pool.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cocoai.slack.api.live_message import PER_MINUTE
from cocoai.tune.machine import WHOLE, Machine
from cocoai.tune.observed import Observed

ANSWER_SECONDS = 20.0
"""Seconds that an answer usually takes, and occupies a slot, where no pool has seen how long."""

WRITING_SECONDS = 15.0
"""Seconds from the placeholder to the model's last word, where no pool has seen how long: as in bench.question."""

REST_SECONDS = 0.05
"""CPU seconds that the pool and supervisord take in a minute without a question (bench.question rest)."""

UPDATES = 50
MESSAGES = 60
"""Calls a minute of chat.update in a workspace (tier 3), and of chat.postMessage in a channel ("one a second"):
docs.slack.dev/apis/web-api/rate-limits."""


@dataclass(frozen=True)
class Bound:
    """How many questions a minute one resource bears, why, and what becomes of more."""

    resource: str
    questions: float
    why: str
    beyond: str


def questions_by_cpu(question_ms: float, machine: Machine) -> float:
    """Return how many questions a minute the CPU bears permanently, of so many milliseconds each."""
    return max(0.0, machine.cpu_seconds - REST_SECONDS) * 1000 / question_ms


def bounds(question_ms: float, machine: Machine, slots: int, seen: Observed | None = None) -> list[Bound]:
    """Return the bound of each resource; memory bears so many slots.

    What a pool has seen of how long its answers take counts; else it is assumed.
    """
    seen = seen or Observed()
    return [_by_cpu(question_ms, machine), _by_memory(slots, seen), _by_updates(seen), _by_messages()]


def bottleneck(found: Sequence[Bound]) -> Bound:
    """Return the bound that is reached first."""
    return min(found, key=_questions)


def report_throughput(found: Sequence[Bound]) -> Iterator[str]:
    """Yield a line for each bound, then the bottleneck, and what happens beyond it."""
    yield "Questions a minute that it bears permanently:"
    for each in found:
        yield f"  {each.resource:24}{each.questions:8.0f}   {each.why}"
    least = bottleneck(found)
    yield f"The bottleneck: {least.resource}, {least.questions:.0f} questions a minute. With more, {least.beyond}."


def _questions(bound: Bound) -> float:
    return bound.questions


def _by_cpu(question_ms: float, machine: Machine) -> Bound:
    """Divide the CPU time of a minute, less what the pool takes at rest, by that of a question."""
    part = f"{machine.baseline:g} % of each of {machine.processors} vCPU is guaranteed"
    whole = f"{machine.processors} processors"
    return Bound(
        "the CPU",
        questions_by_cpu(question_ms, machine),
        f"{part if machine.baseline < WHOLE else whole}, {machine.cpu_seconds:.1f} s a minute,"
        f" less {REST_SECONDS:g} at rest; a question takes {question_ms:.0f} ms",
        "every answer comes later, once saved-up CPU time is used up" if machine.baseline < WHOLE else "all are slower",
    )


def _by_memory(slots: int, seen: Observed) -> Bound:
    """Divide the slots that fit into memory by how long an answer occupies one."""
    seconds, source = ANSWER_SECONDS, "assumed"
    if seen.answering.number:
        seconds, source = max(seen.answering.median, 0.1), f"the median of {seen.answering.number}"
    why = f"{slots} slots; an answer takes {seconds:.1f} s ({source})"
    if 0 < seen.slots < slots:
        why += f"; with slots = {seen.slots}, {seen.slots * 60 / seconds:.0f}"
    return Bound("memory", slots * 60 / seconds, why, "questions wait for a slot, with a placeholder")


def _by_updates(seen: Observed) -> Bound:
    """Divide Slack's updates by those of an answer: while it grows, which share PER_MINUTE, and one at its end."""
    seconds = seen.writing.median if seen.writing.number else WRITING_SECONDS
    growing = max(1, math.ceil(seconds / seen.update_interval))
    why = (
        f"an answer of {seconds:.1f} s takes {growing} of {PER_MINUTE} a minute to grow, and 1 more of {UPDATES} in all"
    )
    beyond = f"replies grow in fewer steps; beyond {UPDATES} they come late"
    questions = min(PER_MINUTE / growing, UPDATES / (growing + 1))
    return Bound("Slack's updates", questions, why, beyond)


def _by_messages() -> Bound:
    """Return how many placeholders Slack takes in one channel."""
    why = "in each channel: one a second, of which an answer takes one"
    return Bound("Slack's messages", MESSAGES, why, "placeholders wait")
