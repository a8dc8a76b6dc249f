"""Play a history, cut the power everywhere, and see that what was left recovers as the laws have it.

Before each step of each process the disk is asked for all that a power cut may leave there. Each of those, together
with what the world outside knows by then, is judged as it lies, and then recovered on, in two orders: Slack's
redeliveries before the waiting work, and after it. In a recovery the power is cut again, up to `cuts` times.
The same disk with the same world outside is judged once; what was seen is kept as its hash, for memory's sake.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple

from cocoai.spool.job import LONGEST_DELAY
from tests.crash.histories import History, Process, Scene, start
from tests.crash.laws import judge_the_end, judged
from tests.crash.machine import BLANK, THE_REAL_ONES, Cast, Machine
from tests.crash.power import Bound, Left
from tests.crash.stage import Choice, Stage, every_play
from tests.crash.world import Law, Outside, is_message

REDELIVERED_FOR = 24 * 3600.0
"""Seconds for which Slack may send an event again."""

MOST_WAITS = 8


ALL_OR_NOTHING = Bound(newest=0, tears=1)


@dataclass(frozen=True)
class Depth:
    """How far to go: `cuts` of power in a row, what is built at the first and at the later ones, preemptions."""

    cuts: int
    first: Bound
    later: Bound = ALL_OR_NOTHING
    preemptions: int = 2


ONCE = Depth(cuts=1, first=Bound(newest=7, tears=3))
EVERY_BYTE = Depth(cuts=1, first=Bound(newest=7, tears=-1))
TWICE = Depth(cuts=2, first=Bound(newest=7, tears=1))
AT_ONCE = Depth(cuts=1, first=Bound(newest=7, tears=1))
"""What the tests go to: one process at a time, with one cut or two; several processes."""

EXHAUSTIVE = Depth(cuts=2, first=Bound(newest=12, tears=12), later=Bound(newest=4, tears=1))
EXHAUSTIVE_AT_ONCE = Depth(cuts=2, first=Bound(newest=12, tears=1), preemptions=3)
"""What `python -m tests.crash` goes to."""


class Remains(NamedTuple):
    """A disk after a power cut, and the world outside as it was then."""

    left: Left
    outside: Outside


class Wrong(NamedTuple):
    """A law that was broken, with what shows it, and how it came to that: where the power was cut."""

    law: Law
    detail: str
    way: tuple[str, ...]


@dataclass
class Enumeration:
    """All about one history. `built` counts disks that a power cut may leave, `judged` those that differ."""

    history: History
    depth: Depth
    cast: Cast = THE_REAL_ONES
    built: int = 0
    judged: int = 0
    recoveries: int = 0
    plays: int = 0
    wrong: list[Wrong] = field(default_factory=list)
    until: Callable[[Enumeration], bool] = lambda _: False
    _moments: set[int] = field(default_factory=set)
    _seen: set[int] = field(default_factory=set)
    _waiting: deque[tuple[Remains, int, tuple[str, ...]]] = field(default_factory=deque)

    def run(self) -> Enumeration:
        """To the end, or until `until`."""
        self.plays = every_play(self._play_once, self.depth.preemptions)
        while self._waiting and not self.until(self):
            remains, cuts, way = self._waiting.popleft()
            self._judge(remains, way)
            for order in (REDELIVERED_FIRST, REDELIVERED_LAST):
                self._recover(remains, cuts, way, order)
        return self

    def _play_once(self, choices: list[int]) -> list[Choice]:
        stage = Stage(choices)
        if not self.until(self):
            remains = Remains(BLANK, self.history.outside)
            self._play(remains, [*self.history.scenes, [work_on]], stage, self.depth.cuts, ())
        return stage.taken

    def _recover(self, remains: Remains, cuts: int, way: tuple[str, ...], order: Sequence[Process]) -> None:
        self.recoveries += 1
        self._play(remains, [[process] for process in order], Stage(), cuts, way)

    def _play(self, remains: Remains, scenes: Sequence[Scene], stage: Stage, cuts: int, way: tuple[str, ...]) -> None:
        def watch(machine: Machine, what: str) -> None:
            self._cut(machine, cuts, (*way, f"step {machine.steps}, before: {what}"))

        machine = Machine(
            *remains, self.history.questions, self.history.answers, self.cast, stage, watch if cuts else ignore
        )
        try:
            for number, scene in enumerate(scenes):
                if stage.taken and self._was_here(machine, number):
                    return
                stage.play([partial(_run, process, machine) for process in scene])
        except Exception as error:  # noqa: BLE001 (whatever it is, it is a finding)
            machine.blame(Law.RUNS, repr(error))
        else:
            judge_the_end(machine)
        self.wrong.extend(Wrong(law, detail, way) for law, detail in machine.wrong.items())

    def _was_here(self, machine: Machine, scene: int) -> bool:
        """Whether another play has come to the same before this scene: then it goes on as that one did."""
        moment = hash((scene, frozenset(machine.taken), machine.disk.key(), machine.outside))
        was_here = moment in self._moments
        self._moments.add(moment)
        return was_here

    def _cut(self, machine: Machine, cuts: int, way: tuple[str, ...]) -> None:
        if not machine.stage.is_new:
            return
        moment = hash((cuts, machine.disk.key(), machine.outside))
        if moment in self._moments:
            return
        self._moments.add(moment)
        for left in machine.disk.after_power_cut(self.depth.first if cuts == self.depth.cuts else self.depth.later):
            self.built += 1
            remains = Remains(left, machine.outside)
            if (known := hash(remains)) not in self._seen:
                self._seen.add(known)
                self._waiting.append((remains, cuts - 1, way))

    def _judge(self, remains: Remains, way: tuple[str, ...]) -> None:
        self.judged += 1
        self.wrong.extend(Wrong(law, detail, way) for law, detail in judged(*remains, self.history.questions))


def _run(process: Process, machine: Machine) -> None:
    process(machine)


def ignore(machine: Machine, what: str) -> None:
    pass


# a recovery


def redeliver(machine: Machine) -> None:
    """Slack sends again what it has not heard a 200 for; the twin of what it has may come too. It sends no click."""
    for key in sorted(machine.outside.asked):
        asked = machine.questions[key]
        if is_message(asked) and machine.outside.now - float(asked.ts) <= REDELIVERED_FOR:
            machine.put(asked)


def work_on(machine: Machine) -> None:
    """Job processes, until nothing waits; time passes for what has to be tried again."""
    for _ in range(MOST_WAITS):
        while machine.work():
            pass
        if not machine.spool.keys("ready"):
            return
        machine.wait(LONGEST_DELAY + 1)


REDELIVERED_FIRST: Sequence[Process] = (start, redeliver, Machine.post_placeholder, work_on)
REDELIVERED_LAST: Sequence[Process] = (start, work_on, redeliver, work_on)
