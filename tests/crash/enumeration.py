"""Run a history, cut the power everywhere, and check that what was left recovers by the laws.

Before each step of each process, every disk image is built that a power cut could leave there. Each image, together
with what the outside knows by then, is checked as it lies, and then recovered from, in two orders: Slack's redeliveries
before the waiting work, and after it. In a recovery the power is cut again, up to `cuts` times in all.
The same image with the same outside is checked only once; hashes of those that were seen are kept, to save memory.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple

from cocoai.spool.job import LONGEST_DELAY
from tests.crash.histories import HISTORIES, History, Phase, Process, start
from tests.crash.laws import check_end, violations_of
from tests.crash.machine import BLANK, REAL, Machine, Variants
from tests.crash.power import Bound, DiskImage
from tests.crash.scheduler import Choice, Scheduler, every_interleaving
from tests.crash.world import Law, Outside, is_message

REDELIVERED_FOR = 24 * 3600.0
"""Seconds for which Slack may deliver an event again."""

MOST_WAITS = 8
"""How often a recovery lets time pass until what has to be tried again is due."""

MOST_JOBS = 30
"""How many claims a recovery makes at most between two waits: a job that never ends must not keep it for ever."""

ALL_OR_NOTHING = Bound(newest=0, tears=1, torn=1)


@dataclass(frozen=True)
class Depth:
    """How far to go: power cuts in a row, what is built at the first and at the later ones, and preemptions."""

    cuts: int
    first: Bound
    later: Bound = ALL_OR_NOTHING
    preemptions: int = 2


ONCE = Depth(cuts=1, first=Bound(newest=4, tears=1, torn=1))
EVERY_BYTE = Depth(cuts=1, first=Bound(newest=7, tears=-1, torn=1))
TWICE = Depth(cuts=2, first=Bound(newest=7, tears=1, torn=1))
AT_ONCE = Depth(cuts=1, first=Bound(newest=7, tears=1))
COARSE = Depth(cuts=1, first=Bound(newest=2, tears=1, torn=1))
COARSE_AT_ONCE = Depth(cuts=1, first=ALL_OR_NOTHING, preemptions=1)
"""How far the tests go: one process at a time, with one cut or two; and several processes at once."""

FURTHER = Depth(cuts=2, first=Bound(newest=7, tears=3, torn=1))
FURTHER_COARSE = Depth(cuts=1, first=Bound(newest=4, tears=3, torn=1))
FURTHER_AT_ONCE = Depth(cuts=2, first=Bound(newest=7, tears=1))
"""How far `python -m tests.crash` goes: each history is cut twice, and all is done in an hour on one core."""

EXHAUSTIVE = Depth(cuts=2, first=Bound(newest=12, tears=12), later=Bound(newest=4, tears=1))
EXHAUSTIVE_AT_ONCE = Depth(cuts=2, first=Bound(newest=12, tears=1), preemptions=3)
"""How far it goes with `--deep`: four times as many disks, in four times as long."""


def quick_depth(history: History) -> Depth:
    """Return how far the tests go into a history."""
    alone, together = (COARSE, COARSE_AT_ONCE) if history.is_coarse else (ONCE, AT_ONCE)
    return alone if history in HISTORIES else together


def further_depth(history: History) -> Depth:
    """Return how far `python -m tests.crash` goes into a history."""
    if history.is_coarse:
        return FURTHER_COARSE
    return FURTHER if history in HISTORIES else FURTHER_AT_ONCE


def exhaustive_depth(history: History) -> Depth:
    """Return how far `python -m tests.crash --deep` goes into a history."""
    if history.is_coarse:
        return FURTHER_COARSE
    return EXHAUSTIVE if history in HISTORIES else EXHAUSTIVE_AT_ONCE


class Aftermath(NamedTuple):
    """A disk image after a power cut, and the outside as it was then."""

    image: DiskImage
    outside: Outside


Trail = tuple[str, ...]
"""Where the power was cut, one text for each cut."""


class Violation(NamedTuple):
    """A law that was broken, the evidence, and how it came to that."""

    law: Law
    detail: str
    trail: Trail


def never(_: Enumeration) -> bool:
    """Return False: go on to the end."""
    return False


@dataclass
class Enumeration:
    """The enumeration of one history. `built` counts disk images, `checked` those of them that differ.

    `stop_when` may end it early; `newest_first` then checks what the last steps leave before what the first ones do.
    """

    history: History
    depth: Depth
    variants: Variants = REAL
    built: int = 0
    checked: int = 0
    recoveries: int = 0
    runs: int = 0
    violations: list[Violation] = field(default_factory=list)
    stop_when: Callable[[Enumeration], bool] = never
    newest_first: bool = False
    _states: set[int] = field(default_factory=set)
    _seen: set[int] = field(default_factory=set)
    _waiting: deque[tuple[Aftermath, int, Trail]] = field(default_factory=deque)

    def run(self) -> Enumeration:
        """Enumerate everything, or until `stop_when` holds, and return this object."""
        self.runs = every_interleaving(self._run_history, self.depth.preemptions)
        while self._waiting and not self.stop_when(self):
            aftermath, cuts, trail = self._waiting.pop() if self.newest_first else self._waiting.popleft()
            self._check(aftermath, trail)
            for order in (REDELIVERED_FIRST, REDELIVERED_LAST):
                self._recover(aftermath, cuts, trail, order)
        return self

    def _run_history(self, choices: list[int]) -> list[Choice]:
        """Run the history once, by these choices first, and return all choices."""
        scheduler = Scheduler(choices)
        if not self.stop_when(self):
            aftermath = Aftermath(BLANK, self.history.outside)
            self._run(aftermath, [*self.history.phases, [work_on]], scheduler, self.depth.cuts, ())
        return scheduler.made

    def _recover(self, aftermath: Aftermath, cuts: int, trail: Trail, order: Sequence[Process]) -> None:
        """Run a recovery, in which the power is cut up to `cuts` times more."""
        self.recoveries += 1
        self._run(aftermath, [[process] for process in order], Scheduler(), cuts, trail)

    def _run(
        self, aftermath: Aftermath, phases: Sequence[Phase], scheduler: Scheduler, cuts: int, trail: Trail
    ) -> None:
        """Run these phases on a machine that starts with the aftermath, and note the laws that it breaks."""

        def cut(machine: Machine, what: str) -> None:
            self._cut(machine, cuts, (*trail, f"step {machine.steps}, before: {what}"))

        machine = _machine(self.history, aftermath, self.variants, scheduler, cut if cuts else ignore)
        try:
            for number, phase in enumerate(phases):
                if self._is_repeated(machine, phases[number:], cuts):
                    break
                if trail and number:
                    machine.start_process()
                scheduler.run([partial(_call, process, machine) for process in phase])
            else:
                check_end(machine)
        except Exception as error:  # noqa: BLE001 (whatever is raised is a finding)
            machine.report(Law.RUNS, repr(error))
        self.violations.extend(Violation(law, detail, trail) for law, detail in machine.violations.items())

    def _is_repeated(self, machine: Machine, phases: Sequence[Phase], cuts: int) -> bool:
        """Check whether another run has been in the same state before these phases: this one would go on as that did.

        Until the scheduler has had a choice, and the power was never cut, there is no other run. What a process
        remembers does not count: in a recovery each phase is a new one.
        """
        if not (machine.scheduler.made or machine.outside.power_cuts):
            return False
        left = tuple(tuple(phase) for phase in phases)
        state = hash((cuts, left, frozenset(machine.newly_put), machine.disk.key(), machine.outside))
        is_repeated = state in self._states
        self._states.add(state)
        return is_repeated

    def _cut(self, machine: Machine, cuts: int, trail: Trail) -> None:
        """Build every disk image that a power cut could leave now, and queue those that are new."""
        if not machine.scheduler.is_new:
            return
        state = hash((cuts, machine.disk.key(), machine.outside))
        if state in self._states:
            return
        self._states.add(state)
        outside = machine.outside
        outside = outside._replace(interruptions=outside.interruptions + 1, power_cuts=outside.power_cuts + 1)
        for image in machine.disk.after_power_cut(self.depth.first if cuts == self.depth.cuts else self.depth.later):
            self.built += 1
            aftermath = Aftermath(image, outside)
            if (known := hash(aftermath)) not in self._seen:
                self._seen.add(known)
                self._waiting.append((aftermath, cuts - 1, trail))

    def _check(self, aftermath: Aftermath, trail: Trail) -> None:
        """Check a disk image as it lies."""
        self.checked += 1
        found = violations_of(*aftermath, self.history.inputs)
        self.violations.extend(Violation(law, detail, trail) for law, detail in found)


def play(history: History) -> Machine:
    """Run a history to its end with the power on, in each phase one process after the other; return the machine."""
    machine = _machine(history, Aftermath(BLANK, history.outside), REAL, Scheduler(), ignore)
    for phase in history.phases:
        for process in phase:
            process(machine)
    return machine


def _machine(
    history: History,
    aftermath: Aftermath,
    variants: Variants,
    scheduler: Scheduler,
    on_step: Callable[[Machine, str], None],
) -> Machine:
    """Return the machine of a history whose power comes on now."""
    return Machine(
        image=aftermath.image,
        outside=aftermath.outside,
        inputs=history.inputs,
        answers=history.answers,
        variants=variants,
        scheduler=scheduler,
        on_step=on_step,
    )


def _call(process: Process, machine: Machine) -> None:
    process(machine)


def ignore(machine: Machine, what: str) -> None:
    """Let the machine take its step without a power cut."""


# a recovery


def redeliver(machine: Machine) -> None:
    """Deliver every message of the last day again, but no click, which Slack sends once.

    Slack redelivers what was not answered 200; of what was, the twin event may still come.
    """
    for key in sorted(machine.outside.sent):
        item = machine.inputs[key]
        if is_message(item) and machine.outside.now - float(item.ts) <= REDELIVERED_FOR:
            machine.put(item)


def work_on(machine: Machine) -> None:
    """Run job processes until no job waits, and let time pass for what has to be tried again."""
    for _ in range(MOST_WAITS):
        for _ in range(MOST_JOBS):
            if not machine.work():
                break
        if not machine.spool.keys("ready"):
            return
        machine.wait(LONGEST_DELAY + 1)


REDELIVERED_FIRST: Sequence[Process] = (start, redeliver, Machine.post_placeholder, work_on)
REDELIVERED_LAST: Sequence[Process] = (start, work_on, redeliver, work_on)
