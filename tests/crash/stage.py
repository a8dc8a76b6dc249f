"""Several processes at once, one step at a time: who moves next is chosen, not left to chance.

Each actor runs in a thread of its own and stands still at each step until it is its turn, so a play is repeated
exactly by repeating its choices. It knows nothing of disks.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

Run = Callable[[], None]


class Choice(NamedTuple):
    """Which of so many actors moved; `free` if the one before could not go on, so that somebody had to be chosen."""

    chosen: int
    options: int
    free: bool


class Abandoned(BaseException):
    """Ends an actor whose play has been broken off."""


class Actor:
    """One process of a play."""

    def __init__(self, stage: Stage, run: Run) -> None:
        self._stage = stage
        self._run = run
        self.go = threading.Lock()
        self.go.acquire()
        self.is_done = False
        self.waits = False
        self.thread = threading.Thread(target=self._play, daemon=True)

    def _play(self) -> None:
        error: BaseException | None = None
        self.go.acquire()
        try:
            self._run()
        except BaseException as raised:  # noqa: BLE001 (told by play)
            error = raised
        self.is_done = True
        self._stage.leave(error)


class Stage:
    """Plays actors by the choices given, then lets each go on for as long as it can. `taken`: all that were made."""

    def __init__(self, choices: Sequence[int] = ()) -> None:
        self._choices = list(choices)
        self.taken: list[Choice] = []
        self._actors: list[Actor] = []
        self._now: Actor | None = None
        self._holder: Actor | None = None
        self._error: BaseException | None = None
        self._ended = threading.Semaphore(0)

    @property
    def is_new(self) -> bool:
        """Whether the choices given have all been made: what comes now, no play with fewer of them has seen."""
        return len(self.taken) >= len(self._choices)

    def play(self, runs: Sequence[Run]) -> None:
        """All of them to their ends; the first error of any ends the play and is raised."""
        if len(runs) == 1:
            runs[0]()
            return
        self._actors = [Actor(self, run) for run in runs]
        for actor in self._actors:
            actor.thread.start()
        self._let(self._chosen())
        self._ended.acquire()
        for actor in self._actors:
            actor.go.release()  # who has not ended by now finds that the play is broken off
            actor.thread.join()
        self._now = None
        if self._error is not None:
            raise self._error

    def step(self) -> bool:
        """In an actor: another may move here. True if another has."""
        actor = self._now
        if actor is None:
            return False
        self._go_on_unless_over()
        chosen = self._chosen()
        if chosen is actor:
            return False
        self._let(chosen)
        actor.go.acquire()
        self._go_on_unless_over()
        return True

    @contextmanager
    def lock(self) -> Iterator[None]:
        """In an actor: hold the one lock; whoever wants it meanwhile stands still until it is free."""
        self.step()
        while self._holder is not None:
            assert self._now is not None
            self._now.waits = True
            self.step()
        self._holder = self._now
        try:
            yield
        finally:
            self._holder = None

    def leave(self, error: BaseException | None) -> None:
        """In an actor, at its end: the next goes on, or the play is over."""
        self._error = self._error or error
        if self._error is not None or all(actor.is_done for actor in self._actors):
            self._ended.release()
        else:
            self._let(self._chosen())

    def _go_on_unless_over(self) -> None:
        if self._error is not None:
            raise Abandoned

    def _let(self, actor: Actor) -> None:
        self._now = actor
        actor.waits = False
        actor.go.release()

    def _chosen(self) -> Actor:
        """Who moves next. The first of those who can is whoever moved last."""
        able = [actor for actor in self._actors if not actor.is_done and not (actor.waits and self._holder)]
        able.sort(key=lambda actor: actor is not self._now)
        position = 0
        if len(able) > 1:
            made = len(self.taken)
            position = self._choices[made] if made < len(self._choices) else 0
            self.taken.append(Choice(position, len(able), free=able[0] is not self._now))
        return able[position]


def every_play(perform: Callable[[list[int]], list[Choice]], preemptions: int) -> int:
    """Perform once for each way to interleave the actors in which at most so many are stopped while they could go on.

    `perform` is given choices and returns all that were taken. Returns how many plays that was.
    """
    plays = 0
    waiting: list[list[int]] = [[]]
    while waiting:
        choices = waiting.pop()
        taken = perform(choices)
        plays += 1
        spent = sum(1 for choice in taken[: len(choices)] if choice.chosen and not choice.free)
        for position in range(len(choices), len(taken)):
            choice = taken[position]
            if choice.free or spent < preemptions:
                before = [earlier.chosen for earlier in taken[:position]]
                waiting.extend([*before, other] for other in range(1, choice.options))
    return plays
