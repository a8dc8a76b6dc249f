"""LightJobHandler: the base of what does jobs that need no model. Such a job is done in a moment, before all others.

No limit of Slack's is waited for, as other channels' placeholders wait meanwhile: the job is put off.
"""

from __future__ import annotations

import logging
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar

from cocoai.answer.failures import MAX_ATTEMPTS, handled, postpone, read_or_fail
from cocoai.errors import CocoAIError, Permanent
from cocoai.spool.job import Job
from cocoai.spool.spool import Spool
from cocoai.troubles.store import NO_TROUBLES, Troubles

QUESTION_WAIT, MOST_SHORT_WAITS, LONG_WAIT = 1.0, 300, 60.0
"""Seconds for which such a job waits for a question to end, how often it does so, and for how long after that."""

Content = TypeVar("Content")

log = logging.getLogger(__name__)


class LightJobHandler(ABC, Generic[Content]):
    """An object that does claimed jobs of one kind, in one process. `clock` gives seconds since the epoch.

    `read` returns what a job's first line holds. It raises KeyError or TypeError if that cannot be understood.
    """

    def __init__(
        self,
        spool: Spool,
        read: Callable[[Mapping[str, Any]], Content],
        *,
        troubles: Troubles = NO_TROUBLES,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._spool = spool
        self._read = read
        self._troubles = troubles
        self._clock = clock

    def handle(self, job: Job) -> None:
        """Run one attempt at a claimed job: it ends in done/ or failed/, or with a `retry` fact (time to try again).

        Errors of Slack and the disk are not raised: see handled().
        """
        content = read_or_fail(job, self._read, self._spool, self._clock)
        if content is None:
            return
        with handled(job, LightJobFailures(self._spool, job, self._clock, self._troubles), self._clock):
            if job.attempt > MAX_ATTEMPTS:
                raise Permanent("attempts")
            self._run(job, content)

    @abstractmethod
    def _run(self, job: Job, content: Content) -> None:
        """Do what the job asks for, and finish it or put it off.

        Raise `Temporary` or `Permanent` if Slack fails, StoreError if the disk does.
        """


def wait_for_question(job: Job, now: float, **more: str) -> None:
    """Put the job off for a moment, as the question that it is about has not ended; `now` is in epoch seconds.

    `more` is recorded with it. Raise StoreError if that cannot be recorded.
    """
    wait = QUESTION_WAIT if len(job.facts("retry")) < MOST_SHORT_WAITS else LONG_WAIT
    job.record("retry", retry_at=now + wait, why="not ended", free=True, sent=False, **more)


class LightJobFailures:
    """The handler of the errors of one attempt at a job without a model.

    Nobody is told: people see that nothing happened, and click again. What is wrong for an operator is noted in
    `troubles`. `clock` gives seconds since the epoch.
    """

    def __init__(self, spool: Spool, job: Job, clock: Callable[[], float], troubles: Troubles = NO_TROUBLES) -> None:
        self._spool = spool
        self._job = job
        self._clock = clock
        self._troubles = troubles

    def handle(self, error: CocoAIError) -> None:
        """Record a `retry` fact if the error may pass and tries are left; otherwise log it and fail the job."""
        if postpone(self._job, error, self._clock(), self._troubles):
            return
        log.error("%s key=%s outcome=failed reason=%s", self._job.kind, self._job.key, error)
        self._spool.fail(self._job, str(error))
