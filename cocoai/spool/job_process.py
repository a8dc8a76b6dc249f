"""JobProcess: the work of one forked process on the spool's jobs, with a slot or with the placeholder lock.

It answers one question after another while it has a slot. The placeholder lock is for what must not wait for a slot:
light jobs, such as clicks, and the placeholders of questions, with every slot taken or behind an older question of the
same thread. It looks once more after it has released either lock, so that no question arrives unnoticed between its
last look and its end. Then one such process lingers: a worker that has put a question wakes it instead of forking,
which saves half of a question's CPU. How a job is answered, and a placeholder posted, is handed in: this file knows
only jobs.
"""

from __future__ import annotations

import math
import signal
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Protocol, TypeVar

from cocoai.engine.process import fork, locks
from cocoai.engine.process.locks import FileLock, Slot, Slots
from cocoai.engine.process.proc import anonymous_memory, send_signal
from cocoai.engine.process.scoreboard import Scoreboard
from cocoai.engine.process.scoreboard_row import Row
from cocoai.engine.process.wakeup import SIGNAL, WakeupPipe
from cocoai.spool.job import Job
from cocoai.spool.spool import Spool

MOST_QUESTIONS = 20
"""How many questions one process answers before a fresh one, forked from clean memory, goes on."""

JOB_PROCESS, PLACEHOLDER_PROCESS, LINGERING_PROCESS = "cocoai-job", "cocoai-notify", "cocoai-linger"
"""The names of the processes in `ps` and `top`."""

LONGEST_WAIT = 5.0
"""Seconds after which a placeholder process that waits for a channel looks whether it is still wanted."""

MOST_GROWTH = 4 * 1024 * 1024
"""Bytes of memory that a process may have taken for its jobs if it is to linger: then it keeps no more than these."""

Result = TypeVar("Result")


class JobHandler(Protocol):
    """The work on a claimed job, done on connections of the calling process: the `Answerer`."""

    def answer(self, job: Job) -> None:
        """Run one attempt at a claimed job: it ends finished, failed, or with a time to try again."""

    def post_placeholder(self, job: Job) -> float:
        """Post the placeholder of a waiting job, so that its asker sees that it was received, and record it.

        Return 0.0. If its channel takes no message now, do not wait for that: return the seconds until it will.
        """

    def rest(self) -> None:
        """Forget the jobs that are done, before this process waits for others."""


class PausedChannels:
    """The channels in which no message can be posted now, each until a time of the monotonic clock."""

    def __init__(self) -> None:
        self._until: dict[object, float] = {}

    def add(self, channel: str, seconds: float) -> None:
        """Note that this channel takes no message for so many seconds; 0.0 notes nothing."""
        if seconds:
            self._until[channel] = time.monotonic() + seconds

    def __contains__(self, channel: object) -> bool:
        """Check whether this channel is paused still."""
        return self._until.get(channel, 0.0) > time.monotonic()

    def seconds(self) -> float:
        """Return the seconds until the first pause ends, at most LONGEST_WAIT; 0.0 if no channel is paused."""
        now = time.monotonic()
        left = [until - now for until in self._until.values() if until > now]
        return min([*left, LONGEST_WAIT]) if left else 0.0


def wake_placeholder_process(scoreboard: Scoreboard) -> None:
    """Have the placeholder process, if there is one, look at the jobs at once: it may be waiting for a channel."""
    if process := scoreboard.helper_process():
        send_signal(*process, SIGNAL)


class JobProcess:
    """One forked process that works on jobs. It may be made before the fork; `run` is called behind it.

    `connect` returns the handler of its jobs on new connections: those of the parent must not be used. A signal makes
    the pipe that it is given readable. `limit` is the longest that a job or a task may take, in seconds: a process past
    it is ended by its own timer, and another one goes on with the job. `is_wanted` returns False once a newer master
    has its own processes. `fork_with_slot` starts another process with a slot that this one has taken. While it holds a
    slot or the placeholder lock it has its own row of the `scoreboard`. At TERM it finishes the job in hand and ends.
    With nothing to do it lingers for `linger` seconds after its last job, unless another does: `linger_lock` is that
    lock's path, and `generation` stands in its row meanwhile, by which workers of the same generation find it.
    """

    def __init__(
        self,
        spool: Spool,
        slots: Slots,
        placeholder_lock: str,
        linger_lock: str,
        scoreboard: Scoreboard,
        *,
        generation: int,
        linger: float,
        connect: Callable[[WakeupPipe], JobHandler],
        limit: float,
        is_wanted: Callable[[], bool],
        fork_with_slot: Callable[[Slot], None],
    ) -> None:
        self._spool = spool
        self._slots = slots
        self._placeholder_lock = placeholder_lock
        self._linger_lock = linger_lock
        self._scoreboard = scoreboard
        self._generation = generation
        self._linger_seconds = linger
        self._connect = connect
        self._limit = limit
        self._is_wanted = is_wanted
        self._fork_with_slot = fork_with_slot
        self._handler: JobHandler
        self._wakeup: WakeupPipe
        self._is_terminated = False
        self._left = MOST_QUESTIONS
        self._last_job = -math.inf  # when it ended, on the monotonic clock
        self._memory_at_first = 0

    def run(self, lock: FileLock | None, tasks: Iterable[Callable[[], object]] = ()) -> None:
        """Connect, run the tasks, then work on jobs until there is nothing to do: first with `lock`, if there is one.

        `lock` is a slot or the placeholder lock, and is released. Then linger, and work on what comes.
        """
        self._memory_at_first = anonymous_memory()
        self._scoreboard.release_row()  # or we would write to the row of the process that forked us
        self._wakeup = WakeupPipe()
        self._wakeup.install()
        signal.signal(signal.SIGTERM, self._on_term)
        self._handler = self._connect(self._wakeup)
        for task in tasks:
            with self._time_limit():
                task()
        if isinstance(lock, Slot):
            self._answer_jobs(lock)
        elif lock is not None:
            self._post_placeholders(lock)
        self._go_on()
        while self._linger():
            self._go_on()

    def _on_term(self, *_: object) -> None:
        """Note that this process is to take no more jobs; the one in hand is finished."""
        self._is_terminated = True

    def _go_on(self) -> None:
        """Answer jobs while a slot is free, else do what needs none while that lock is free, until there is no work.

        It looks again after each release of a lock: a job may have been put while other processes saw the lock taken.
        """
        while self._is_current():
            if self._is_claimable() and (slot := self._slots.take()) is not None:
                self._answer_jobs(slot)
            elif not self._spool.has_light_work(LONGEST_WAIT, "placeholder"):
                return
            elif (lock := locks.take(self._placeholder_lock)) is not None:
                self._post_placeholders(lock)
            else:
                wake_placeholder_process(self._scoreboard)  # whoever put this work saw a free slot, and told us alone
                return

    def _linger(self) -> bool:
        """Wait for a signal that there is a job, until `linger` seconds after the last one that this process did.

        Return False, at once, if that time is over, if another process lingers, or if this one is to end or has grown.
        """
        seconds = self._last_job + self._linger_seconds - time.monotonic()
        if seconds <= 0 or not self._is_current() or anonymous_memory() - self._memory_at_first > MOST_GROWTH:
            return False
        lock = locks.take(self._linger_lock)
        if lock is None:
            return False
        self._handler.rest()
        fork.name_process(LINGERING_PROCESS)
        with self._holding(lock, self._scoreboard.lingering_row()):
            self._scoreboard.own_row.note(str(self._generation))
            self._scoreboard.own_row.wait()  # from here on workers signal, and do not fork
            if self._is_current():  # asked again: a master that has raised the generation may not have seen the row
                self._wakeup.wait(seconds)
        # The caller looks now: whoever has put a job before the row was freed has forked no process for it.
        return True

    def _is_current(self) -> bool:
        """Check whether this process may take another job: it answered fewer than MOST_QUESTIONS, and is still wanted.

        After TERM it is not.
        """
        return self._left > 0 and not self._is_terminated and self._is_wanted()

    def _is_claimable(self) -> bool:
        return self._spool.is_claimable(self._scoreboard.in_hand())

    def _seconds_to_light(self) -> float | None:
        """Return the seconds until a light job is due, if that is at most LONGEST_WAIT; else None."""
        seconds = self._spool.seconds_to_light()
        return seconds if seconds is not None and seconds <= LONGEST_WAIT else None

    def _answer_jobs(self, slot: Slot) -> None:
        """Claim and answer one job after another until none is claimable or _is_current() is False.

        Then release the slot.
        """
        fork.name_process(JOB_PROCESS)
        with self._holding(slot, self._scoreboard.job_row(slot.number)):
            while self._is_current() and (job := self._spool.claim(self._scoreboard.in_hand())) is not None:
                self._fork_if_claimable()  # after a restart every slot may have work, and no worker to wake them
                self._work_on(job, self._handler.answer)
                if not self._spool.is_light(job):  # one that is may have put another job, which nobody is woken for
                    self._left -= 1

    def _post_placeholders(self, lock: FileLock) -> None:
        """Do light jobs, and post the placeholder of each free question that has none; then release the lock.

        A channel that takes no message now is left out until it does; for that, and for a light job that is put off for
        a moment, this process waits. It ends early if _is_current() is False.
        """
        fork.name_process(PLACEHOLDER_PROCESS)
        paused = PausedChannels()
        with self._holding(lock, self._scoreboard.helper_row("placeholder")):
            while self._is_current():
                self._do_light_jobs()
                for job in self._spool.each_without("placeholder", paused):
                    paused.add(job.key.channel, self._work_on(job, self._handler.post_placeholder))
                    self._do_light_jobs()
                    # A job process may have looked, and left, while we held the only claimable job.
                    self._fork_if_claimable()
                    if not self._is_current():
                        return
                waits = [self._seconds_to_light()]
                if self._spool.any_without("placeholder"):
                    waits.append(paused.seconds())
                seconds = min(filter(None, waits), default=0.0)
                if not seconds:
                    return
                self._wakeup.wait(seconds)

    def _do_light_jobs(self) -> None:
        """Do all light jobs that are claimable now, until _is_current() is False."""
        while self._is_current() and (job := self._spool.claim(only_light=True)) is not None:
            self._work_on(job, self._handler.answer)

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

    def _work_on(self, job: Job, run: Callable[[Job], Result]) -> Result:
        """Call `run` with a claimed job, within the time limit and shown as busy on the scoreboard; release the job.

        Return what it returns.
        """
        self._scoreboard.own_row.busy(str(job.key))
        with self._time_limit():
            result = run(job)
        job.release()
        self._last_job = time.monotonic()
        self._scoreboard.own_row.idle()
        return result

    def _fork_if_claimable(self) -> None:
        """Fork another job process if there is a claimable job and a free slot for it."""
        if self._is_claimable() and (slot := self._slots.take()) is not None:
            self._fork_with_slot(slot)

    @contextmanager
    def _time_limit(self) -> Iterator[None]:
        """End this process by SIGALRM if the block takes more than `limit` seconds, as a context manager."""
        # SIGALRM has its default action here: a hung process simply ends, and the kernel frees its locks.
        signal.setitimer(signal.ITIMER_REAL, self._limit)
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
