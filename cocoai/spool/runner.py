"""The processes that work on the spool: job processes, each with a slot, and one placeholder process.

A job process answers one question after another. The placeholder process is for the questions that must wait: with
every slot taken, or behind an older question of the same thread, a question still gets its placeholder at once.
Either process looks once more after it has released its lock, so that no question arrives unnoticed between its last
look and its end. How a job is answered, and a placeholder posted, is handed in: this file knows only jobs.
"""

from __future__ import annotations

import logging
import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
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

JOB_PROCESS, PLACEHOLDER_PROCESS = "cocoai-job", "cocoai-notify"
"""The names of the processes in `ps` and `top`."""

log = logging.getLogger(__name__)


def _always() -> bool:
    return True


@dataclass
class PeriodicTask:
    """A short task that the placeholder process does from time to time, such as the sweep."""

    run: Callable[[], object]
    every: float
    """Seconds between two tries."""
    is_wanted: Callable[[], bool] = _always
    """Called in the master at each tick: it must be quick, and call no other machine."""
    tried: float = float("-inf")
    """When it was last tried, by the monotonic clock."""

    def is_due(self) -> bool:
        """Check whether it is time for the next try, and the task is wanted."""
        return time.monotonic() - self.tried > self.every and self.is_wanted()


class JobHandler(Protocol):
    """What a job process does with the jobs that it claims, on connections of its own."""

    def answer(self, job: Job) -> None:
        """Run one attempt at a claimed job: it ends finished, failed, or with a time to try again."""

    def post_placeholder(self, job: Job) -> None:
        """Let the asker of a waiting job see that it was heard."""


class Runner:
    """The spool's processes. Made in the master before it forks; each method says in which process it runs.

    `start` is called first in each forked process: it makes the connections anew, since those of the parent must not
    be used. `answer` and `post_placeholder` are given a claimed job; `limit` is the longest either may take, in
    seconds. A process past it is ended by its own timer, and another one goes on with the question. A process that
    holds a slot or the placeholder lock has its own row of the `scoreboard`; others are not shown there.
    """

    def __init__(
        self,
        spool: Spool,
        *,
        folder: str,
        slots: int,
        generation: Generation,
        connect: Callable[[], JobHandler],
        tasks: Sequence[PeriodicTask],
        limit: float,
        scoreboard: Scoreboard,
    ) -> None:
        self._spool = spool
        self._slots = Slots(folder, slots)
        self._placeholder_lock = os.path.join(folder, "placeholder.lock")
        self._generation = generation
        self._connect = connect
        self._handler: JobHandler
        self._tasks = tasks
        self._limit = limit
        self._scoreboard = scoreboard
        self._born = generation.read()
        self._left = MOST_QUESTIONS

    def begin(self) -> None:
        """Begin a new generation: in the master, before it forks."""
        try:
            self._born = self._generation.increment()
        except OSError:
            # A full disk must not keep the pool away: it says 503 until there is room. Old job processes go on a while.
            log.exception("generation outcome=not-raised")

    def end(self) -> None:
        """End the generation: in the master, as it stops. Job processes finish the question in hand and leave."""
        self._generation.increment()

    def wake(self) -> None:
        """Fork a process for what was put, if none can take it up: in a worker, after Slack has its 200."""
        if (slot := self._slots.take()) is not None:
            self._fork(JOB_PROCESS, slot, partial(self._answer_jobs, slot))
        elif (lock := locks.take(self._placeholder_lock)) is not None:
            self._fork(PLACEHOLDER_PROCESS, lock, partial(self._post_placeholders, lock))

    def stop(self, key: str) -> bool:
        """Request that this question ends with what is there: in a worker. Return False if it has ended already.

        Raise StoreError if the request cannot be kept, ValueError if `key` is none.
        """
        if not self._spool.request_stop(Key.parse(key)):
            return False
        # The request in the spool is what counts; the signal only makes a job process look for it at once.
        if process := self._scoreboard.process_of_job(key):
            send_signal(*process, SIGNAL)
        return True

    def is_due(self) -> bool:
        """Check whether a process should be forked to attend(): in the master, which touches no lock."""
        return any(task.is_due() for task in self._tasks) or self._spool.is_due(self._scoreboard.in_hand())

    def attend(self) -> None:
        """Fork one process that runs the tasks that are due and works on the jobs that are free: in the master."""
        tasks = [task for task in self._tasks if task.is_due()]
        for task in tasks:
            task.tried = time.monotonic()
        fork.fork(partial(self._attend, tasks), name=PLACEHOLDER_PROCESS)

    def _fork(self, name: str, lock: FileLock, run: Callable[[], None]) -> None:
        def work() -> None:
            self._scoreboard.release_row()  # or we would write to the row of the process that forked us
            self._handler = self._connect()
            run()
            self._go_on()

        signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # this process waits for no child of its own
        try:
            fork.fork(work, name=name, keep=frozenset({lock.fd}))
        except OSError:
            # No process can be forked now. The question is safe, and the master's tick comes back to it.
            log.exception("process=%s outcome=not-forked", name)
        finally:
            # The child holds the lock through its own copy; this closes ours.
            lock.release()

    def _attend(self, tasks: Sequence[PeriodicTask]) -> None:
        self._scoreboard.release_row()
        self._handler = self._connect()
        if tasks and (lock := locks.take(self._placeholder_lock)) is not None:
            with self._holding(lock, self._scoreboard.helper_row("placeholder")):
                for task in tasks:
                    with self._time_limit():
                        task.run()
        self._go_on()

    def _go_on(self) -> None:
        """Work until nothing is left, or other processes do all there is: look again after each lock's release."""
        while self._is_current():
            if self._spool.is_claimable() and (slot := self._slots.take()) is not None:
                self._answer_jobs(slot)
            elif self._spool.any_without("placeholder") and (lock := locks.take(self._placeholder_lock)) is not None:
                self._post_placeholders(lock)
            else:
                return

    def _is_current(self) -> bool:
        return self._left > 0 and self._generation.read() == self._born

    def _answer_jobs(self, slot: Slot) -> None:
        """Claim and answer one job after another, then release the slot."""
        with self._holding(slot, self._scoreboard.job_row(slot.number)):
            while (job := self._spool.claim()) is not None:
                self._fork_if_claimable()  # after a restart every slot may have work, and no worker to wake them
                self._work_on(job, self._handler.answer)
                self._left -= 1
                if not self._is_current():
                    break

    def _post_placeholders(self, lock: FileLock) -> None:
        """Post the placeholder of each free job that has none, then release the lock."""
        with self._holding(lock, self._scoreboard.helper_row("placeholder")):
            for job in self._spool.each_without("placeholder"):
                self._work_on(job, self._handler.post_placeholder)
                # A job process may have looked, and left, while we held the only claimable job.
                self._fork_if_claimable()
                if not self._is_current():
                    break

    @contextmanager
    def _holding(self, lock: FileLock, row: Row) -> Iterator[None]:
        """Have this row of the scoreboard inside, and free it before the lock: its next holder finds it free."""
        self._scoreboard.take_row(row)
        try:
            yield
        finally:
            row.clear()
            self._scoreboard.release_row()
            lock.release()

    def _work_on(self, job: Job, run: Callable[[Job], None]) -> None:
        """Run one piece of work on a claimed job within the time limit, shown on the scoreboard, and release it."""
        self._scoreboard.own_row.busy(str(job.key))
        with self._time_limit():
            run(job)
        job.release()
        self._scoreboard.own_row.idle()

    def _fork_if_claimable(self) -> None:
        """Fork another job process if there is a claimable job and a free slot for it."""
        if self._spool.is_claimable() and (slot := self._slots.take()) is not None:
            self._fork(JOB_PROCESS, slot, partial(self._answer_jobs, slot))

    @contextmanager
    def _time_limit(self) -> Iterator[None]:
        # SIGALRM has its default action here: a hung process simply ends, and the kernel frees its locks.
        signal.setitimer(signal.ITIMER_REAL, self._limit)
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
