"""Spool: the store of jobs: what may be done with them, and in which order, wherever they lie.

It is in one of two rooms: files below `var` (file_spool.py), or a database that several machines share (mariadb/). Both
keep the same promises, and the same tests run on both. **put() commits**: from then on the job is answered.
"""

from __future__ import annotations

import contextlib
import errno
import logging
from abc import abstractmethod
from collections.abc import Callable, Collection, Container, Iterator, Mapping
from typing import Any

from cocoai.json_values import text_at
from cocoai.spool.files import JobFiles
from cocoai.spool.job import LONGEST_DELAY, STATES, Fact, Job
from cocoai.spool.key import Key
from cocoai.spool.ready import ReadyJobs
from cocoai.spool.store_error import ClaimLost, NoSuchJob, StoreError, as_store_errors

log = logging.getLogger(__name__)


class Spool(ReadyJobs):
    """All jobs: each is put, claimed, and finished or failed, and may be requested to stop.

    A `state` is one of STATES. Its methods raise `StoreError` if the store cannot be read or written; `NoSuchJob`,
    `JobInUse` and `StoreUnreachable` are such errors too.
    """

    files: JobFiles
    """What jobs have beside their lines."""

    # put: what the worker does before it answers 200

    @abstractmethod
    def put(self, key: Key, question: Mapping[str, Any]) -> bool:
        """Store a question as a ready job, and wait until that is durable.

        Return True if it is new, False if a job of this key, or of the same gesture, exists already, whatever its
        state. A question over a limit is kept as a job of kind LIMITED, with `why` and `seconds`. After a StoreError it
        is not accepted: Slack must be told 503, so that it sends the question again.
        """

    @abstractmethod
    def seconds_to_wait(self, user: str, ts: str) -> int:
        """Return the seconds after `ts` until this person may ask again, 0 for at once, as it looks before put()."""

    @abstractmethod
    def is_to_be_told(self, user: str, key: Key) -> bool:
        """Check whether this limited job is the one that tells its asker to wait, and note it: one a minute is."""

    # claim: what a job process and the placeholder process do

    @as_store_errors()
    def claim(self, in_hand: Collection[str] = (), *, only_light: bool = False) -> Job | None:
        """Lock the next claimable job, record an `attempt` fact in it, and return it; None if there is none.

        Claimable are light jobs, and the oldest question of each thread, if they are due and no process holds them.
        Light jobs come first, then questions of people of whom the fewest jobs are in hand, then of those of whom this
        process has claimed none for the longest time, then the oldest; `in_hand` are the keys of the jobs that
        processes work on now. The caller ends the job by finish() or fail(), or releases
        it to be claimed again. After a StoreError no job is locked.
        """
        for job in self._claimable(in_hand, only_light=only_light):
            if self._open_claim(job, "attempt", n=job.attempt + 1):
                self._waiting.note_claim(str(job.key))
                return job
        return None

    @as_store_errors()
    def hold(self, key: Key) -> Job | None:
        """Lock and read a ready job, whether it is its turn or not; None if a process holds it, or it is not ready.

        Nothing is recorded. Where jobs are rows, it is ours by the first fact that is recorded. One whose question is
        damaged is left to claim().
        """
        job = self._opened(key)
        if job is None:
            return None
        with contextlib.suppress(ValueError):
            if job.take():
                return job
        job.release()
        return None

    def each_without(self, fact: str, paused: Container[str] = ()) -> Iterator[Job]:
        """Lock and yield, once, each free question that is due and has no fact of this name (`placeholder`) yet.

        Channels and askers take turns, the oldest question first; questions behind an older one of their thread are
        yielded too, those in a `paused` channel are not. Who comes next is decided when it is asked for, and then
        the last one is released. Each gets a `visit` fact, which is no attempt: if this process dies, the next one must
        know that it may have posted something.
        """
        visited: dict[str, tuple[str, str]] = {}
        with as_store_errors():
            while (job := self._next_without(fact, visited, paused)) is not None:
                visited[str(job.key)] = (job.key.channel, text_at(job.question, "user"))
                if self._open_claim(job, "visit"):
                    try:
                        yield job
                    finally:
                        job.release()

    def _open_claim(self, job: Job, fact: str, **values: Any) -> bool:
        """Record the first fact of a claim, durably, and return True; else release the job.

        Return False if this job's own file is damaged: it is put off, and the others go on. Else raise OSError.
        """
        try:
            self._make_sure_it_is_kept()
            return self._is_recorded(job, fact, **values)
        except ClaimLost:  # another process was faster
            job.release()
            return False
        except OSError:
            job.release()
            raise

    def _make_sure_it_is_kept(self) -> None:
        """Make sure that no job that was seen can be lost any more: from the claim on we speak outside."""

    def _is_recorded(self, job: Job, fact: str, **values: Any) -> bool:
        """Record a fact; return True. If only this job's file cannot be written, put it off, release it, return False.

        It is put off for this process alone, since the file can tell no other. Raise OSError if the disk fails.
        """
        try:
            job.record(fact, **values)
        except StoreError as error:
            if error.errno != errno.EIO:
                raise
            log.exception("job=%s outcome=not-written", job.key)
            self._waiting.put_off(str(job.key), self._clock() + LONGEST_DELAY)
            job.release()
            return False
        return True

    # finish and fail: the end of a job

    def finish(self, job: Job) -> None:
        """Record `finished` in a claimed job, move it to done/, and release it."""
        self._end(job, "done", "finished")

    def fail(self, job: Job, reason: str, *, is_refusal: bool = False) -> None:
        """Record `failed` and the reason in a claimed job, or `refused`, move it to failed/, and release it.

        Call it once the asker was told, or if Slack will never let us tell. `is_refusal`: nothing has failed, the asker
        may not have it, or sent what cannot be used.
        """
        self._end(job, "failed", "refused" if is_refusal else "failed", reason=reason)

    @abstractmethod
    def _end(self, job: Job, state: str, fact: str, **values: Any) -> None:
        """Record the last fact if the store takes it, move the job to `state`, and release it.

        Then remove its files, but for kept_file() in `failed`, and its stop requests, and renew its thread's mark.
        Raise StoreError if it cannot be moved.
        """

    # stop: what somebody asks for while a job is in hand

    @abstractmethod
    def request_stop(self, key: Key, user: str) -> bool:
        """Leave this user's request that the job's answer ends with the text written so far; its process looks for it.

        Return False if the job is not ready: it has ended. After a StoreError no process will see the request.
        """

    @abstractmethod
    def stop_requesters(self, key: Key) -> tuple[str, ...]:
        """Return who has requested a stop of this job, first one first; () if nobody has or the store fails.

        An earlier version's request names nobody: "" stands for it.
        """

    # threads: what is known of those in which CocoAI was asked

    @abstractmethod
    def mark_of(self, channel: str, thread_ts: str) -> Mapping[str, Any] | None:
        """Return what was noted of a thread in which a question was put, or ended, in the last 30 days; else None.

        {} if nothing was noted, or it is lost. `thread_ts` is "" for a direct message's own box.
        """

    @abstractmethod
    def note(self, channel: str, thread_ts: str, change: Callable[[Mapping[str, Any]], Mapping[str, Any]]) -> None:
        """Note of a thread the facts that `change` returns for those that are known ({} if none are), if they differ.

        Facts that it leaves out stay as they are.
        """

    # the pool, the operator, the status page and the hourly sweep

    @abstractmethod
    def prepare(self) -> None:
        """Make what is missing of the store, and make sure that jobs can be stored and moved there."""

    @abstractmethod
    def begin(self) -> None:
        """Mend, in a master before it forks, what a crash may have left behind. Raise StoreError if that fails."""

    @abstractmethod
    def keys(self, state: str) -> list[Key]:
        """Return the keys of the jobs in a state, oldest question first; other names are left out."""

    @abstractmethod
    def peek(self, state: str, key: Key) -> list[Fact]:
        """Return every whole line of a job, its question first; [] if not even that is whole. Claim nothing.

        Raise NoSuchJob if the job is not in this state.
        """

    def find(self, key: Key) -> tuple[str, list[Fact]]:
        """Return a job's state and its lines, as peek() does. Raise NoSuchJob if it is in none of the STATES."""
        for state in STATES:
            with contextlib.suppress(NoSuchJob):
                return state, self.peek(state, key)
        raise NoSuchJob(f"there is no job {key}")

    @abstractmethod
    def lines_at_rest(self, key: Key) -> list[Fact]:
        """Return every whole line of a job that no process works on; [] if there is none, or it is damaged.

        Raise JobInUse if one works on it.
        """

    @abstractmethod
    def since(self, state: str, moment: float) -> list[Key]:
        """Return the keys of the jobs in a state that changed after `moment` (epoch seconds), last one first."""

    @abstractmethod
    def moments(self, state: str, key: Key) -> list[tuple[str, float]]:
        """Return the name and the time (epoch seconds) of each fact of a job, oldest first: cheaper than peek().

        Claim nothing. Raise NoSuchJob if the job is not in this state.
        """

    @abstractmethod
    def count(self, state: str) -> int:
        """Return how many jobs are in a state, whatever their names, or files of what `RETENTION` names."""

    @abstractmethod
    def annotate(self, key: Key, fact: str, **values: Any) -> bool:
        """Append a fact to a job that has ended; the time of its last change stays.

        That time says when the job ended, and so how long it is kept. Return False if it has not ended, or was swept.
        Raise JobInUse if another process holds it, ValueError if it is damaged.
        """

    @abstractmethod
    def retry(self, key: Key) -> None:
        """Make a failed job ready again, so that it is answered with a full count of attempts.

        Raise NoSuchJob if it has not failed, JobInUse if another process holds it, ValueError if it is damaged,
        WordsForgotten if nothing of its question is left.
        """

    @abstractmethod
    def rewrite(self, state: str, key: Key, change: Callable[[list[Fact]], list[Fact] | None]) -> bool:
        """Put what `change` returns for a job's lines in their place, for good; the time of its last change stays.

        For None, nothing is changed. Return False then, and if the job is not in this state. Raise JobInUse if another
        process holds it, ValueError if it is damaged.
        """

    @abstractmethod
    def drop_rubbish(self) -> None:
        """Remove what killed processes have left half stored, where a question may stand."""

    @abstractmethod
    def sweep(self) -> int:
        """Remove what is older than is kept, and what killed processes have left. Return how many things that were."""
