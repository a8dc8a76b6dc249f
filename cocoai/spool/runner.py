"""Who works on what lies in the spool: job processes, each with a slot, and one usher.

A job process answers one question after another. The usher is for everybody who waits: with every slot
taken, or behind an older question of the same thread, a question still gets its placeholder at once.
Either looks once more after it has let go of its lock, so that no question arrives unnoticed between
its last look and its end. What answering and welcoming mean is handed in: this file knows only jobs.
"""

from __future__ import annotations

import logging
import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

from cocoai.engine.process import fork, locks
from cocoai.engine.process.locks import FileLock, Slot, Slots
from cocoai.engine.process.proc import send_signal
from cocoai.engine.process.scoreboard import Scoreboard
from cocoai.engine.process.scoreboard_row import Row
from cocoai.engine.process.wakeup import SIGNAL
from cocoai.spool.generation import Generation
from cocoai.spool.job import Job
from cocoai.spool.key import Key
from cocoai.spool.spool import Spool

MOST_QUESTIONS = 20
"""How many questions one process answers before a fresh one, forked from clean memory, goes on."""

log = logging.getLogger(__name__)


@dataclass
class PeriodicTask:
    """Something small that the usher does every now and then, such as the sweep."""

    run: Callable[[], object]
    every: float
    """Seconds between two tries."""
    is_wanted: Callable[[], bool] = lambda: True
    """Asked in the master: quick, and without a call to anybody."""
    tried: float = float("-inf")

    def is_due(self) -> bool:
        return time.monotonic() - self.tried > self.every and self.is_wanted()


class JobHandler(Protocol):
    """What a job process does with the jobs that it claims, on connections of its own."""

    def answer(self, job: Job) -> None:
        """Run one attempt at a claimed job: it ends finished, failed, or with a time to try again."""

    def post_placeholder(self, job: Job) -> None:
        """Let the asker of a waiting job see that it was heard."""


class Runner:
    """The spool's processes. Made in the master before it forks; each method says in which process it runs.

    `answer` and `welcome` are given a claimed job and see to its end; `limit` is the longest either may take, in
    seconds: a process past it is ended by its own timer, and its question goes on elsewhere. `start` comes first
    in each process: what its parent has open is not for it to use. Whoever has a slot or the usher's lock sits in its
    row of the `board`, and nobody else is seen there.
    """

    def __init__(
        self,
        spool: Spool,
        *,
        folder: str,
        slots: int,
        generation: Generation,
        connect: Callable[[], JobHandler],
        errands: Sequence[PeriodicTask],
        limit: float,
        board: Scoreboard,
    ) -> None:
        self._spool = spool
        self._slots = Slots(folder, slots)
        self._usher_path = os.path.join(folder, "usher.lock")
        self._generation = generation
        self._connect = connect
        self._handler: JobHandler
        self._errands = errands
        self._limit = limit
        self._board = board
        self._born = generation.read()
        self._left = MOST_QUESTIONS

    def begin(self) -> None:
        """In the master, before it forks: what it and its children do from here on is a new generation's work."""
        try:
            self._born = self._generation.raise_()
        except OSError:
            # A full disk must not keep the pool away: it says 503 until there is room. Old job processes go on a while.
            log.exception("generation outcome=not-raised")

    def end(self) -> None:
        """In the master, as it stops: its job processes finish the question in hand and leave."""
        self._generation.raise_()

    def wake(self) -> None:
        """In a worker, with Slack's 200 out: see to it that somebody works on what was put."""
        if (slot := self._slots.take()) is not None:
            self._fork("cocoai-job", slot, lambda: self._work(slot))
        elif (usher := locks.take(self._usher_path)) is not None:
            self._fork("cocoai-notify", usher, lambda: self._usher(usher))

    def stop(self, key: str) -> bool:
        """In a worker: wish that this question ends with what is there. False if it has ended; `OSError`, `ValueError`.

        The wish is the truth; its process, if one has it in hand, is only nudged so that it looks at once (bell.py).
        """
        if not self._spool.request_stop(Key.parse(key)):
            return False
        if process := self._board.process_of_job(key):
            send_signal(*process, SIGNAL)
        return True

    def is_due(self) -> bool:
        """In the master, which touches no lock: whether a process should be forked to attend()."""
        return any(errand.is_due() for errand in self._errands) or self._spool.is_due(self._board.in_hand())

    def attend(self) -> None:
        """In the master: fork one process that finds out what there is to do."""
        errands = [errand for errand in self._errands if errand.is_due()]
        for errand in errands:
            errand.tried = time.monotonic()
        fork.fork(lambda: self._attend(errands), name="cocoai-notify")

    def _fork(self, name: str, lock: FileLock, run: Callable[[], None]) -> None:
        def work() -> None:
            self._board.release_row()  # or we would write to the row of whoever forked us
            self._handler = self._connect()
            run()
            self._go_on()

        signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody here waits for it
        try:
            fork.fork(work, name=name, keep=frozenset({lock.fd}))
        except OSError:
            # No process to be had now. The question is safe, and the master's tick comes back to it.
            log.exception("process=%s outcome=not-forked", name)
        finally:
            # The child holds the lock through its own copy; this closes ours.
            lock.release()

    def _attend(self, errands: Sequence[PeriodicTask]) -> None:
        self._board.release_row()
        self._handler = self._connect()
        if errands and (usher := locks.take(self._usher_path)) is not None:
            with self._seated(self._board.helper_row("placeholder"), usher):
                for errand in errands:
                    with self._time_limit():
                        errand.run()
        self._go_on()

    def _go_on(self) -> None:
        """Look once more, and again after each piece of work, until all there is to do is being done."""
        while self._is_current():
            if self._spool.is_claimable() and (slot := self._slots.take()) is not None:
                self._work(slot)
            elif self._spool.any_without("placeholder") and (usher := locks.take(self._usher_path)) is not None:
                self._usher(usher)
            else:
                return

    def _is_current(self) -> bool:
        return self._left > 0 and self._generation.read() == self._born

    def _work(self, slot: Slot) -> None:
        """With a slot: claim and answer, one question after another."""
        with self._seated(self._board.job_row(slot.number), slot):
            while (job := self._spool.claim()) is not None:
                self._call_in()  # after a restart there may be work for every slot, and nobody else to say so
                self._see_to(job, self._handler.answer)
                self._left -= 1
                if not self._is_current():
                    break

    def _usher(self, usher: FileLock) -> None:
        """With the usher's lock: nobody waits in silence."""
        with self._seated(self._board.helper_row("placeholder"), usher):
            for job in self._spool.each_without("placeholder"):
                self._see_to(job, self._handler.post_placeholder)
                self._call_in()
                if not self._is_current():
                    break

    @contextmanager
    def _seated(self, seat: Row, lock: FileLock) -> Iterator[None]:
        """Inside, the row is ours as the lock is. Whoever takes the lock next finds the row free."""
        self._board.take_row(seat)
        try:
            yield
        finally:
            seat.clear()
            self._board.release_row()
            lock.release()

    def _see_to(self, job: Job, run: Callable[[Job], None]) -> None:
        self._board.own_row.busy(str(job.key))
        with self._time_limit():
            run(job)
        job.release()
        self._board.own_row.idle()

    def _call_in(self) -> None:
        """Call another job process, if there is a slot and something to do in it.

        As the usher: one may have looked while we held the only claimable job, and left.
        """
        if self._spool.is_claimable() and (slot := self._slots.take()) is not None:
            self._fork("cocoai-job", slot, lambda: self._work(slot))

    @contextmanager
    def _time_limit(self) -> Iterator[None]:
        # SIGALRM has its default action here: a hung process simply ends, and the kernel frees its locks.
        signal.setitimer(signal.ITIMER_REAL, self._limit)
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
