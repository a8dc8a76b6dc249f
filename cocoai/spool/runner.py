"""Runner: starts the processes that work on the spool: job processes, each with a slot, and a placeholder process.

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
"""How many jobs one process answers before a fresh one, forked from clean memory, goes on."""

JOB_PROCESS, PLACEHOLDER_PROCESS = "cocoai-job", "cocoai-notify"
"""The names of the processes in `ps` and `top`."""

log = logging.getLogger(__name__)


def _always() -> bool:
    return True


@dataclass
class PeriodicTask:
    """A short task that the placeholder process runs from time to time, such as the sweep."""

    run: Callable[[], object]
    every: float
    """Seconds between two tries."""
    is_wanted: Callable[[], bool] = _always
    """Return False while there is no need to run. Called in the master at each tick: quick, and without network."""
    tried: float = float("-inf")
    """When it was last tried, in seconds of the monotonic clock; minus infinity before the first time."""

    def is_due(self) -> bool:
        """Check whether more than `every` seconds have passed since the last try, and the task is wanted."""
        return time.monotonic() - self.tried > self.every and self.is_wanted()


class JobHandler(Protocol):
    """The work on a claimed job, done on connections of the calling process: the `Answerer`."""

    def answer(self, job: Job) -> None:
        """Run one attempt at a claimed job: it ends finished, failed, or with a time to try again."""

    def post_placeholder(self, job: Job) -> None:
        """Post the placeholder of a waiting job, so that its asker sees that it was received, and record it."""


class Runner:
    """The starter of the processes that work on the spool. Made in the master; each method says where it runs.

    Each forked process calls `connect` first, which returns the handler of its jobs on new connections: those of the
    parent must not be used. `limit` is the longest that a job or a task may take, in seconds: a process past it is
    ended by its own timer, and another one goes on with the job. There are `slots` slots, whose locks lie in `folder`.
    A process that holds a slot or the placeholder lock has its own row of the `scoreboard`; others are not shown there.
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
        """Raise the generation, in the master before it forks, so that job processes of older code take no more jobs.

        A failure is only logged.
        """
        try:
            self._born = self._generation.increment()
        except OSError:
            # A full disk must not keep the pool away: it says 503 until there is room. Old job processes go on a while.
            log.exception("generation outcome=not-raised")

    def end(self) -> None:
        """Raise the generation, in the master as it stops: job processes finish the job in hand and end.

        Raise OSError if it cannot be written.
        """
        self._generation.increment()

    def wake(self) -> None:
        """Fork a process for a job just put, in a worker, after Slack has its 200. It does not wait for the process.

        With a slot free it is a job process, else a placeholder process. With the placeholder lock taken too, none is
        forked: a process that holds one of these locks looks for more jobs when it has released it.
        """
        if (slot := self._slots.take()) is not None:
            self._fork(JOB_PROCESS, slot, partial(self._answer_jobs, slot))
        elif (lock := locks.take(self._placeholder_lock)) is not None:
            self._fork(PLACEHOLDER_PROCESS, lock, partial(self._post_placeholders, lock))

    def stop(self, key: str) -> bool:
        """Request, in a worker, that the answer to the question `key` ends with the text written so far.

        The process that writes it is sent a signal. Return False if the question has ended already. Raise StoreError
        if the request cannot be kept, ValueError if `key` is not the text of a Key.
        """
        if not self._spool.request_stop(Key.parse(key)):
            return False
        # The request in the spool is what counts; the signal only makes a job process look for it at once.
        if process := self._scoreboard.process_of_job(key):
            send_signal(*process, SIGNAL)
        return True

    def is_due(self) -> bool:
        """Check, in the master, whether attend() has anything to do: a task is due, or a job needs a process.

        No lock is touched.
        """
        return any(task.is_due() for task in self._tasks) or self._spool.is_due(self._scoreboard.in_hand())

    def attend(self) -> None:
        """Fork, in the master, one process that runs the tasks that are due and then works on jobs. Do not wait for it.

        Those tasks count as tried now, whatever becomes of them. Raise OSError if no process can be forked.
        """
        tasks = [task for task in self._tasks if task.is_due()]
        for task in tasks:
            task.tried = time.monotonic()
        fork.fork(partial(self._attend, tasks), name=PLACEHOLDER_PROCESS)

    def _fork(self, name: str, lock: FileLock, run: Callable[[], None]) -> None:
        """Fork a process that inherits `lock`, calls `run` (which releases it) and goes on with _go_on().

        This process's own hold on the lock is released. If no process can be forked, that is logged.
        """

        def work() -> None:
            """Connect and work, in the child."""
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
        """Run the tasks, in the process that attend() has forked, and then work on jobs with _go_on().

        The tasks are left out if another process holds the placeholder lock.
        """
        self._scoreboard.release_row()
        self._handler = self._connect()
        if tasks and (lock := locks.take(self._placeholder_lock)) is not None:
            with self._holding(lock, self._scoreboard.helper_row("placeholder")):
                for task in tasks:
                    with self._time_limit():
                        task.run()
        self._go_on()

    def _go_on(self) -> None:
        """Answer jobs while a slot is free, else post placeholders while that lock is free, until neither has any work.

        It looks again after each release of a lock: a job may have been put while other processes saw the lock taken.
        """
        while self._is_current():
            if self._spool.is_claimable() and (slot := self._slots.take()) is not None:
                self._answer_jobs(slot)
            elif self._spool.any_without("placeholder") and (lock := locks.take(self._placeholder_lock)) is not None:
                self._post_placeholders(lock)
            else:
                return

    def _is_current(self) -> bool:
        """Check whether this process may take another job: it answered fewer than MOST_QUESTIONS, in its generation."""
        return self._left > 0 and self._generation.read() == self._born

    def _answer_jobs(self, slot: Slot) -> None:
        """Claim and answer one job after another until none is claimable or _is_current() is False.

        Then release the slot.
        """
        with self._holding(slot, self._scoreboard.job_row(slot.number)):
            while (job := self._spool.claim()) is not None:
                self._fork_if_claimable()  # after a restart every slot may have work, and no worker to wake them
                self._work_on(job, self._handler.answer)
                self._left -= 1
                if not self._is_current():
                    break

    def _post_placeholders(self, lock: FileLock) -> None:
        """Post the placeholder of each free job that has none, until _is_current() is False; release the lock."""
        with self._holding(lock, self._scoreboard.helper_row("placeholder")):
            for job in self._spool.each_without("placeholder"):
                self._work_on(job, self._handler.post_placeholder)
                # A job process may have looked, and left, while we held the only claimable job.
                self._fork_if_claimable()
                if not self._is_current():
                    break

    @contextmanager
    def _holding(self, lock: FileLock, row: Row) -> Iterator[None]:
        """Write this row of the scoreboard inside, as a context manager; at the end free the row and release the lock.

        The row is freed first, so that the lock's next holder finds it free.
        """
        self._scoreboard.take_row(row)
        try:
            yield
        finally:
            row.clear()
            self._scoreboard.release_row()
            lock.release()

    def _work_on(self, job: Job, run: Callable[[Job], None]) -> None:
        """Call `run` with a claimed job, within the time limit and shown as busy on the scoreboard; release the job."""
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
        """End this process by SIGALRM if the block takes more than `limit` seconds, as a context manager."""
        # SIGALRM has its default action here: a hung process simply ends, and the kernel frees its locks.
        signal.setitimer(signal.ITIMER_REAL, self._limit)
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
