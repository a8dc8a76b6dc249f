"""Propose `workers`, `idle_timeout` and `slots` from what the pool has seen, within what the machine bears."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cocoai.engine.process.scoreboard_records import ABSENCES
from cocoai.engine.process.scoreboard_row import MOST_WORKERS
from cocoai.tune.observed import Observed

MANY_RESTARTS = 6.0
"""Starts in an hour from which on it is worth keeping an idle worker: each costs 7 ms of CPU, and Slack waits 20 ms."""

PART_SPARED = 0.5
"""The part of these starts that a longer `idle_timeout` must spare."""

LONGEST_IDLE = 3600.0
"""The longest `idle_timeout` that is proposed, in seconds."""


@dataclass(frozen=True)
class Proposal:
    """The value of one setting as it stands in cocoai.ini, and why it is proposed."""

    key: str
    value: str
    why: str


def propose(seen: Observed, *, workers: int, slots: int) -> list[Proposal]:
    """Propose the three settings; at most `workers`, and beside them `slots`, fit on the machine."""
    return [_workers(seen, workers), _idle_timeout(seen), _slots(seen, slots)]


def wanted_workers(seen: Observed) -> int:
    """Return twice as many workers if all were busy and a request waited, else as many as there may be now."""
    return min(MOST_WORKERS, seen.most * 2) if seen.full else seen.most


def _workers(seen: Observed, bound: int) -> Proposal:
    """Propose the wanted workers, at most `bound`."""
    most = max(1, min(wanted_workers(seen), bound))
    least = min(seen.least, most)
    value = str(most) if least == most else f"{least}..{most}"
    if most < seen.most:
        why = f"no more than {most} fit beside the answers"
    elif seen.full:
        why = f"all {seen.most} were busy" + (f", and {most} fit" if most > seen.most else ", but no more fit")
    else:
        why = f"at most {seen.busy} were busy at once: enough"
    return Proposal("workers", value, why)


def _idle_timeout(seen: Observed) -> Proposal:
    """Propose a longer `idle_timeout` if many starts of a worker came soon after the last one had left."""
    proposal = f"{seen.idle_timeout:g}"
    if seen.least or seen.restarts_an_hour < MANY_RESTARTS:
        return Proposal("idle_timeout", proposal, "a worker is seldom started anew")
    total, spared = sum(seen.absences), 0
    for number, end in zip(seen.absences, ABSENCES, strict=False):
        spared += number
        if spared >= PART_SPARED * total and seen.idle_timeout + end <= LONGEST_IDLE:
            why = f"{spared} of {total} starts came within {end / 60:.0f} min after the last worker had left"
            return Proposal("idle_timeout", f"{seen.idle_timeout + end:g}", why)
    return Proposal("idle_timeout", proposal, "starts come too far apart to keep a worker for")


def _slots(seen: Observed, bound: int) -> Proposal:
    """Propose twice as many slots if questions found none, else as many as there are now."""
    slots = min(seen.slots * 2 if seen.no_slot else seen.slots, bound)
    if slots < seen.slots:
        why = f"no more than {slots} fit"
    elif seen.no_slot:
        why = f"all {seen.slots} were taken" + (f", and {slots} fit" if slots > seen.slots else ", but no more fit")
    else:
        why = f"at most {seen.slots_taken} were taken at once: enough"
    return Proposal("slots", str(slots), why)


def lines_to_paste(proposals: list[Proposal]) -> Iterator[str]:
    """Yield the reasons, then the lines for cocoai.ini."""
    yield "Proposed:"
    for each in proposals:
        yield f"  {each.key:24}{each.value:>10}   {each.why}"
    yield ""
    yield "[pool]"
    for each in proposals:
        yield f"{each.key} = {each.value}"
