"""Runner: starts the processes that work on the spool: job processes, each with a slot, and a placeholder process.

What each of them does is job_process.py's. How a job is answered is handed in: this file knows only jobs.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial

from cocoai.engine.process import fork, locks
from cocoai.engine.process.locks import FileLock, Slot, Slots
from cocoai.engine.process.proc import send_signal
from cocoai.engine.process.scoreboard import Scoreboard
from cocoai.engine.process.wakeup import SIGNAL, WakeupPipe
from cocoai.spool.generation import Generation
from cocoai.spool.job_process import (
    JOB_PROCESS,
    PLACEHOLDER_PROCESS,
    JobHandler,
    JobProcess,
    wake_placeholder_process,
)
from cocoai.spool.key import Key
from cocoai.spool.spool import Spool
from cocoai.spool.store_error import StoreError, StoreUnreachable

log = logging.getLogger(__name__)


def _always() -> bool:
    return True


@dataclass
class PeriodicTask:
    """A short task that a process of its own runs from time to time, such as the sweep."""

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


class Runner:
    """The starter of the processes that work on the spool. Made in the master; each method says where it runs.

    `connect`, `limit` and `linger` are those of JobProcess. There are `slots` slots, whose locks lie in `folder`.
    `generation` is raised whenever a master starts or ends.
    """

    def __init__(
        self,
        spool: Spool,
        *,
        folder: str,
        slots: int,
        generation: Generation,
        connect: Callable[[WakeupPipe], JobHandler],
        tasks: Sequence[PeriodicTask],
        limit: float,
        scoreboard: Scoreboard,
        linger: float = 0.0,
    ) -> None:
        self._spool = spool
        self._slots = Slots(folder, slots)
        self._placeholder_lock = os.path.join(folder, "placeholder.lock")
        self._linger_lock = os.path.join(folder, "linger.lock")
        self._linger = linger
        self._generation = generation
        self._connect = connect
        self._tasks = tasks
        self._limit = limit
        self._scoreboard = scoreboard
        self._born = generation.read()

    def begin(self) -> None:
        """Raise the generation, in the master before it forks, so that job processes of older code take no more jobs.

        What waits for an operator since an earlier one is due now, and what a power cut has taken of the threads' marks
        is made anew. A failure is only logged.
        """
        try:
            self._spool.begin()
        except StoreError:
            log.exception("spool outcome=not-mended")
        try:
            earlier = self._born
            self._born = self._spool.generation = self._generation.increment()
            self._wake_lingering(earlier)  # it sees that it is of an earlier generation, and ends
        except OSError:
            # A full disk must not keep the pool away: it says 503 until there is room. Old job processes go on a while.
            log.exception("generation outcome=not-raised")
            with contextlib.suppress(OSError):
                # The master before us may have raised it at its end, since this Runner was made: our own processes
                # would take no job.
                self._born = self._spool.generation = self._generation.read()

    def end(self) -> None:
        """Raise the generation, in the master as it stops: job processes finish the job in hand and end.

        Raise OSError if it cannot be written.
        """
        self._generation.increment()
        self._wake_lingering(self._born)

    def wake(self) -> None:
        """Wake or fork a process for a job just put, in a worker, after Slack has its 200. Do not wait for the process.

        A process that lingers is sent a signal, and takes a slot as any other does. Else one is forked: with a slot
        free a job process, else a placeholder process. With the placeholder lock taken too, none is: a process that
        holds one of these locks looks for more jobs when it has released it, and the placeholder process, which may be
        waiting for a channel, is sent a signal to look at once.
        """
        if self._wake_lingering(self._born):
            return
        lock: FileLock | None = self._slots.take()
        if lock is None:
            self._scoreboard.own_row.count_no_slot()
            lock = locks.take(self._placeholder_lock)
        if lock is not None:
            self._fork(lock)
        else:
            wake_placeholder_process(self._scoreboard)

    def _wake_lingering(self, generation: int) -> bool:
        """Send a signal to the process of this generation that lingers. Return False if there is none.

        It is sure to look for jobs: it frees its row before, and from then on none is found here.
        """
        process = self._scoreboard.lingering_process(str(generation))
        return process is not None and send_signal(*process, SIGNAL)

    def stop(self, key: str, user: str) -> bool:
        """Request for `user`, in a worker, that the answer to the question `key` ends with the text written so far.

        The process that writes it is sent a signal. Return False if the question has ended already. Raise StoreError
        if the request cannot be kept, ValueError if `key` is not the text of a Key.
        """
        if not self._spool.request_stop(Key.parse(key), user):
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

    def seconds_to_due(self) -> float:
        """Return, in the master, 0.0 if is_due(), else the seconds until a job is tried again; infinity if none is.

        A task is not foretold: it has time until the next tick.
        """
        return 0.0 if self.is_due() else self._spool.seconds_to_retry()

    def attend(self) -> None:
        """Fork, in the master, one process that runs the tasks that are due and then works on jobs. Do not wait for it.

        Those tasks count as tried now, whatever becomes of them. Raise OSError if no process can be forked.
        """
        tasks = [task for task in self._tasks if task.is_due()]
        for task in tasks:
            task.tried = time.monotonic()
        run = partial(_run, self._job_process(), None, [task.run for task in tasks])
        fork.fork(run, name=JOB_PROCESS)

    def _fork(self, lock: FileLock) -> None:
        """Fork a process that inherits `lock`, a slot or the placeholder lock, and works on jobs. Do not wait for it.

        This process's own hold on the lock is released. If no process can be forked, that is logged.
        """
        name = JOB_PROCESS if isinstance(lock, Slot) else PLACEHOLDER_PROCESS
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # this process waits for no child of its own
        try:
            fork.fork(partial(_run, self._job_process(), lock), name=name, keep=frozenset({lock.fd}))
        except OSError:
            # No process can be forked now. The question is safe, and the master's tick comes back to it.
            log.exception("process=%s outcome=not-forked", name)
        finally:
            # The child holds the lock through its own copy; this closes ours.
            lock.release()

    def _job_process(self) -> JobProcess:
        return JobProcess(
            self._spool,
            self._slots,
            self._placeholder_lock,
            self._linger_lock,
            self._scoreboard,
            generation=self._born,
            linger=self._linger,
            connect=self._connect,
            limit=self._limit,
            is_wanted=self._is_newest,
            fork_with_slot=self._fork,
        )

    def _is_newest(self) -> bool:
        """Check whether no master has started or ended since this Runner began."""
        return self._generation.read() == self._born


def _run(process: JobProcess, lock: FileLock | None, tasks: Iterable[Callable[[], object]] = ()) -> None:
    """Run a job process until it ends; where the store is away, that is its end, and no error of its own."""
    try:
        process.run(lock, tasks)
    except StoreUnreachable as error:
        # The master begins another one every few seconds: a stack each time would bury what else the log says.
        log.info("process outcome=ended reason=%s", error)
