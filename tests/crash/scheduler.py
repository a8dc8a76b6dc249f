"""Several tasks at once, one step at a time: which of them runs next is chosen, not left to chance.

Each task runs in a thread of its own and waits at each step until it is its turn, so a run is repeated exactly by
repeating its choices. The scheduler knows nothing of disks.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

Action = Callable[[], None]
"""What a task does from its start to its end."""


class Choice(NamedTuple):
    """Which of so many tasks runs next; 0 is the one that ran last, if it can go on.

    `is_forced` is True if it cannot go on, so that another had to be chosen.
    """

    chosen: int
    options: int
    is_forced: bool


class Abandoned(BaseException):
    """Ends a task whose run has been broken off."""


class Task:
    """One process of a run. `turn` is locked while the task has to wait."""

    def __init__(self, scheduler: Scheduler, action: Action) -> None:
        self._scheduler = scheduler
        self._action = action
        self.turn = threading.Lock()
        self.turn.acquire()
        self.is_done = False
        self.waits = False
        self.thread = threading.Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        """Wait for the first turn, act, and report the end."""
        error: BaseException | None = None
        self.turn.acquire()
        try:
            self._action()
        except BaseException as raised:  # noqa: BLE001 (Scheduler.run raises it again)
            error = raised
        self.is_done = True
        self._scheduler.end_task(error)


class Scheduler:
    """Runs tasks by the choices that it is given, then lets each go on for as long as it can.

    `made` has all choices, the given ones first.
    """

    def __init__(self, choices: Sequence[int] = ()) -> None:
        self._choices = list(choices)
        self.made: list[Choice] = []
        self._tasks: list[Task] = []
        self._current: Task | None = None
        self._holder: Task | None = None
        self._error: BaseException | None = None
        self._ended = threading.Semaphore(0)

    @property
    def is_new(self) -> bool:
        """Return True once all given choices have been made: no run with fewer of them has come this far."""
        return len(self.made) >= len(self._choices)

    def run(self, actions: Sequence[Action]) -> None:
        """Run all actions at once, to their ends; the first error of any of them ends the run and is raised."""
        if len(actions) == 1:
            actions[0]()
            return
        self._tasks = [Task(self, action) for action in actions]
        for task in self._tasks:
            task.thread.start()
        self._resume(self._choose())
        self._ended.acquire()
        for task in self._tasks:
            task.turn.release()  # a task that has not ended yet raises Abandoned
            task.thread.join()
        self._current = None
        if self._error is not None:
            raise self._error

    def step(self) -> bool:
        """Let another task run here. To be called by a task; return True if another one has run."""
        task = self._current
        if task is None:  # a single action runs without tasks
            return False
        self._raise_if_abandoned()
        chosen = self._choose()
        if chosen is task:
            return False
        self._resume(chosen)
        task.turn.acquire()
        self._raise_if_abandoned()
        return True

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the one lock. To be called by a task; any other that wants the lock waits until it is free."""
        self.step()
        while self._holder is not None:
            assert self._current is not None
            self._current.waits = True
            self.step()
        self._holder = self._current
        try:
            yield
        finally:
            self._holder = None

    def end_task(self, error: BaseException | None) -> None:
        """Let the next task go on, or end the run. To be called by a task at its end, with its error if it has one."""
        self._error = self._error or error
        if self._error is not None or all(task.is_done for task in self._tasks):
            self._ended.release()
        else:
            self._resume(self._choose())

    def _raise_if_abandoned(self) -> None:
        if self._error is not None:
            raise Abandoned

    def _resume(self, task: Task) -> None:
        """Give the turn to a task."""
        self._current = task
        task.waits = False
        task.turn.release()

    def _choose(self) -> Task:
        """Return the task that runs next, by the given choices first, and note the choice if there was one."""
        able = [task for task in self._tasks if not task.is_done and not (task.waits and self._holder)]
        able.sort(key=self._is_another)
        position = 0
        if len(able) > 1:
            made = len(self.made)
            position = self._choices[made] if made < len(self._choices) else 0
            self.made.append(Choice(position, len(able), is_forced=able[0] is not self._current))
        return able[position]

    def _is_another(self, task: Task) -> bool:
        """Return True unless the task is the one that ran last: sorted by it, that task comes first."""
        return task is not self._current


def every_interleaving(perform: Callable[[list[int]], list[Choice]], preemptions: int) -> int:
    """Perform one run for each interleaving of the tasks with at most so many preemptions; return the number of runs.

    A preemption stops a task that could have gone on. `perform` gets the first choices of a run and returns all.
    """
    runs = 0
    waiting: list[list[int]] = [[]]
    while waiting:
        choices = waiting.pop()
        made = perform(choices)
        runs += 1
        spent = sum(1 for choice in made[: len(choices)] if choice.chosen and not choice.is_forced)
        # Branch at each choice that was made freely, i.e. after the given ones.
        for position in range(len(choices), len(made)):
            choice = made[position]
            if choice.is_forced or spent < preemptions:
                before = [earlier.chosen for earlier in made[:position]]
                waiting.extend([*before, other] for other in range(1, choice.options))
    return runs
