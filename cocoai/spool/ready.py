"""ReadyJobs: find the ready jobs that may be worked on now, and in which order, wherever they are stored.

Light jobs come first: they need no model and are done in a moment. The others are claimed fairly: whoever has fewest in
hand comes first, then the oldest. A thread is answered in order, so only its oldest waiting job is claimable. What is
no key, or a job of a kind that this version does not know, belongs to another version: it is left where it lies and
holds up no other.
"""

from __future__ import annotations

import contextlib
import errno
import logging
import math
import time
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Collection, Container, Iterable, Iterator, Mapping

from cocoai.spool.admission import LIMITED
from cocoai.spool.job import Job
from cocoai.spool.key import Key
from cocoai.spool.store_error import StoreUnreachable, as_store_errors
from cocoai.spool.waiting import WaitingJob, WaitingJobs, in_turn

SYSTEM_WIDE_ERRORS = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOMEM})
"""Error numbers that say nothing about the file at which they occurred: no descriptors or memory are left."""

log = logging.getLogger(__name__)


class ReadyJobs(ABC):
    """The ready jobs as they are looked at and chosen, before one is claimed.

    A job is free if no process holds it, and due if it need not wait for a time to be tried again. spool.py claims it.
    `kinds` are the kinds of job that this version can do, None stands for all; `light_kinds` are those that are light.
    `clock` returns epoch seconds. `generation` is the pool's, once it is known; see job.SHUT_OUT. What is abstract here
    is done by whoever stores the jobs.
    """

    generation = 0

    def __init__(
        self,
        *,
        clock: Callable[[], float] = time.time,
        kinds: Collection[str] | None = None,
        light_kinds: Collection[str] = (),
    ) -> None:
        self._clock = clock
        self._light_kinds = frozenset((*light_kinds, LIMITED))
        self._waiting = WaitingJobs(self._heads, kinds, self._light_kinds)
        self._stops: frozenset[str] | None = None  # _names_to_stop() since the last look, once they are needed
        self._held: frozenset[str] = frozenset()  # see _ready_names()
        self._logged: frozenset[str] = frozenset()  # the unknown names that `is_due` has logged, each once

    @property
    def seen_in_hand(self) -> frozenset[str]:
        """Return the names of the jobs that were seen in hand at the last look, where the store itself tells that."""
        return self._held

    def is_light(self, job: Job) -> bool:
        """Check whether a claimed job needs no model."""
        return job.kind in self._light_kinds

    @abstractmethod
    def _ready_names(self) -> Iterable[str]:
        """Return the names of all ready jobs, whatever they are.

        Set `_held` to the names of those that are known to be in hand, if that costs nothing here.
        """

    @abstractmethod
    def _heads(self, names: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        """Yield each of these ready jobs with the first HEAD_SIZE bytes of its lines; not those that cannot be read."""

    @abstractmethod
    def _ready_job(self, key: Key) -> Job:
        """Return a ready job that is neither read nor taken. Raise FileNotFoundError if it is no longer ready."""

    @abstractmethod
    def _set_aside(self, job: Job) -> None:
        """Move a job that was taken, and whose question is damaged, to `failed`."""

    @abstractmethod
    def _names_to_stop(self) -> Iterable[str]:
        """Return the names of the jobs for which a stop was requested."""

    @abstractmethod
    def _has_new_stop(self, job: Job) -> bool:
        """Check whether a stop was requested since the last attempt at this job, which was read just now."""

    @as_store_errors()
    def is_claimable(self, in_hand: Collection[str] = (), *, only_light: bool = False) -> bool:
        """Check whether claim() would find a job now. For that it locks jobs for a moment, and waits for none."""
        return _is_any(self._claimable(in_hand, only_light=only_light))

    @as_store_errors()
    def any_without(self, fact: str) -> bool:
        """Check whether each_without() would yield a job without such a fact now. It locks jobs for a moment."""
        return _is_any(self._free(self._lacking(fact), lacking=fact))

    @as_store_errors()
    def has_light_work(self, seconds: float, lacking: str) -> bool:
        """Check whether there is work without a slot: a light job that is due within `seconds`, or a question.

        Of questions those count that have no fact named `lacking`. It looks once, and locks jobs for a moment.
        """
        questions, light = self._lacking(lacking), self._waiting.light()
        is_soon = self._seconds_to_first(light) <= seconds
        return is_soon or _is_any(self._free(light)) or _is_any(self._free(questions, lacking=lacking))

    @as_store_errors()
    def seconds_to_light(self) -> float | None:
        """Return the seconds until the first light job that was put off is due; None if none is put off."""
        self._refresh()
        seconds = self._seconds_to_first(self._waiting.light())
        return None if seconds == math.inf else seconds

    @as_store_errors()
    def is_due(self, in_hand: Collection[str] = ()) -> bool:
        """Check whether any job in ready/ needs a process. Touch no lock, since the master calls this.

        `in_hand` are the keys of the jobs on which processes are known to work. Any other job needs one if it is due
        and light or the oldest of its thread, or if it is due, behind one in hand, and has no placeholder yet. A name
        that this version does not know is logged when it is first met.
        """
        self._refresh()
        in_hand = self._held.union(in_hand)
        self._log_unknown(self._waiting.unknown_names)
        light = (job for job in self._waiting.light() if job.name not in in_hand)
        if any(map(self._needs_process, (*light, *self._waiting.heads(in_hand)))):
            return True
        # Behind a question in hand nothing is claimable, but the asker must see a placeholder at once.
        behind = self._waiting.behind(in_hand)
        return any(self._needs_process(job, lacking="placeholder") for job in behind)

    def seconds_to_retry(self) -> float:
        """Return the seconds until the first job that was seen to wait for a later time is due; infinity if none waits.

        For the master, behind is_due(): it does not look again.
        """
        return self._seconds_to_first((*self._waiting.light(), *self._waiting.questions()))

    def _seconds_to_first(self, jobs: Iterable[WaitingJob]) -> float:
        """Return the seconds until the first of these jobs that was seen to be put off is due; infinity if none is."""
        now = self._clock()
        return min((job.retry_at - now for job in jobs if job.is_put_off(now)), default=math.inf)

    @as_store_errors()
    def unknown(self) -> list[str]:
        """Return the names in ready/ that are no key, or whose job has a kind unknown to this version, sorted."""
        self._refresh()
        return sorted(self._waiting.unknown_names)

    def _next_without(self, fact: str, visited: Mapping[str, tuple[str, str]], paused: Container[str]) -> Job | None:
        """Lock and return the next job without a fact of this name, neither visited yet nor in a paused channel.

        `visited` are the names of jobs, each with its channel and asker: who was visited least often comes first.
        """
        jobs = [job for job in self._lacking(fact) if job.name not in visited and job.channel not in paused]
        return next(self._free(in_turn(jobs, Counter(visited.values())), lacking=fact), None)

    def _claimable(self, in_hand: Collection[str], *, only_light: bool = False) -> Iterator[Job]:
        """Lock and yield each job that may be claimed now: the light ones, then the heads of threads, fairly."""
        self._refresh()
        yield from self._free(self._waiting.light())
        if not only_light:
            yield from self._free(self._waiting.heads(self._held.union(in_hand)))

    def _lacking(self, fact: str) -> list[WaitingJob]:
        """Return the jobs that need a fact of this name, oldest first. Light jobs need none."""
        self._refresh()
        return [job for job in self._waiting.questions() if fact not in job.facts]

    def _free(self, candidates: Iterable[WaitingJob], *, lacking: str = "") -> Iterator[Job]:
        """Lock and yield those of the candidates that are free and due, in their order. The caller releases them.

        With `lacking`, only jobs without a fact of that name are yielded.
        """
        for waiting in candidates:
            if waiting.name in self._held or self._is_put_off(waiting) or lacking in waiting.facts:
                continue
            job = self._taken(waiting)
            if job is not None and self._is_due(waiting, job) and not (lacking and job.last(lacking)):
                yield job
            elif job is not None:
                job.release()

    def _taken(self, waiting: WaitingJob) -> Job | None:
        """Lock and read a job in ready/ without waiting. Return None if another process holds it or has moved it.

        Return None too if it cannot be read, which is logged, or is of a kind that turns out to be unknown. A job whose
        question is damaged is moved to failed/. Raise OSError for one of SYSTEM_WIDE_ERRORS.
        """
        job = self._opened(waiting.key)
        if job is None:
            return None
        try:
            if job.take() and self._waiting.update(waiting, job):
                return job
        except ValueError:
            # Only a damaged disk does this: the link was made after the fsync.
            log.exception("job=%s outcome=unreadable", job.key)
            with contextlib.suppress(FileNotFoundError):
                self._set_aside(job)
        except OSError as error:
            job.release()
            pass_over(job.key, error)
        job.release()
        return None

    def _needs_process(self, waiting: WaitingJob, *, lacking: str = "") -> bool:
        """Check, without a lock, whether a job is due by what its file says now, and has no fact of this name."""
        if self._is_put_off(waiting) or lacking in waiting.facts:
            return False
        job = self._opened(waiting.key)
        if job is None:
            return False
        try:
            job.read()
            is_due = self._waiting.update(waiting, job) and self._is_due(waiting, job)
            return is_due and not (lacking and job.last(lacking))
        except FileNotFoundError:  # it has moved on
            return False
        except OSError as error:
            pass_over(waiting.key, error)
            return False
        finally:
            job.release()

    def _opened(self, key: Key) -> Job | None:
        """Open a job in ready/ without reading or locking it. Return None if it is no longer there, or cannot be.

        Raise OSError for one of SYSTEM_WIDE_ERRORS.
        """
        try:
            return self._ready_job(key)
        except FileNotFoundError:
            return None
        except OSError as error:
            pass_over(key, error)
            return None

    def _refresh(self) -> None:
        self._waiting.refresh(self._ready_names(), self.generation)
        self._stops = None

    def _is_to_stop(self, waiting: WaitingJob) -> bool:
        """Check whether somebody has requested a stop of this job, by a list that is made at most once a look."""
        if self._stops is None:
            self._stops = frozenset(self._names_to_stop())
        return waiting.name in self._stops

    def _is_put_off(self, waiting: WaitingJob) -> bool:
        """Check whether a job was seen to wait for a later time, and nobody may have requested that it stops."""
        return waiting.is_put_off(self._clock()) and not self._is_to_stop(waiting)

    def _is_due(self, waiting: WaitingJob, job: Job) -> bool:
        """Check whether an open job need not wait: its time has come, or somebody has requested a stop meanwhile.

        Whether that person may is judged by whoever claims the job. A request ends one wait, not those that follow:
        whatever keeps the stop from being obeyed must not be tried again without a pause.
        """
        return job.is_due() or (self._is_to_stop(waiting) and self._has_new_stop(job))

    def _log_unknown(self, names: Iterable[str]) -> None:
        """Log each of these names in ready/ that was not logged before."""
        new = frozenset(names) - self._logged
        for name in sorted(new):
            log.warning("job=%r outcome=left-alone reason=unknown-to-this-version", name)
        self._logged |= new


def _is_any(jobs: Iterator[Job]) -> bool:
    """Check whether there is any job; it is released at once."""
    for job in jobs:
        job.release()
        return True
    return False


def pass_over(job: Key | str, error: OSError) -> None:
    """Log that one job cannot be read, so that the others go on. Raise `error` if none can be."""
    if error.errno in SYSTEM_WIDE_ERRORS or isinstance(error, StoreUnreachable):
        raise error
    log.warning("job=%s outcome=not-read reason=%s", job, error)
