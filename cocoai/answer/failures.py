"""Deal with the errors of an attempt: the job is tried again later, or the asker is told and the job fails.

Once there is an answer, no error text takes its place: the job is tried again, or it fails and what stands stays.
"""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol, TypeVar

from cocoai.answer.aside import NO_PERMISSION, THREAD_GONE
from cocoai.answer.attempt import Attempt
from cocoai.answer.reply import Reply
from cocoai.answer.retry import cause, delay, disk_delay, has_waited_for_budget, is_free, is_slacks_fault, tries
from cocoai.errors import CocoAIError, Permanent, Temporary
from cocoai.ledger.caps import OverBudget, PayLater
from cocoai.slack.api.api_errors import is_shut_out
from cocoai.spool.job import EXPIRED, SHUT_OUT, Fact, Job
from cocoai.spool.spool import Spool
from cocoai.spool.store_error import ClaimLost, StoreError
from cocoai.troubles.store import NO_TROUBLES, Troubles
from cocoai.troubles.watch import note_given_up, note_put_off

MAX_ATTEMPTS = 5
"""Attempts at one job. At the next claim it is given up: it has probably killed its process each time.

A recorded answer is not given up then, but delivered as text alone.
"""

MOST_CLAIMS = 9
"""Attempts at a job with an answer. At the next claim nothing more is delivered."""

_BUDGET = frozenset({"budget_channel", "budget_off", "budget_person", "budget_team"})
"""Codes of `OverBudget`."""

_PICTURES = frozenset({"picture_refused", "picture_none", "picture_broken", "pictures_today", "not_shared"})
"""Codes of what keeps a picture from being drawn, or shown."""

FOR_THE_ASKER = (
    _BUDGET
    | _PICTURES
    | {
        "context_length_exceeded",
        "refused",
        "attempts",
        "attachment",
        EXPIRED,
        "again_gone",
        "continue_gone",
    }
)
"""Codes of `Permanent` about which the asker can do something, and is told what; the others are the operator's."""

REFUSALS = FOR_THE_ASKER - {"attempts", EXPIRED, "picture_broken", "not_shared"}
"""Those of them with which nothing has failed: a rule holds, or what was sent cannot be used."""

Content = TypeVar("Content")
log = logging.getLogger(__name__)


class Failures(Protocol):
    """The handler of the errors of one attempt, at a question or a click."""

    def handle(self, error: CocoAIError) -> None:
        """Give the job a time to be tried again, or move it to failed/. Raise StoreError if that cannot be recorded."""


@contextlib.contextmanager
def handled(job: Job, failures: Failures, clock: Callable[[], float] = time.time) -> Iterator[None]:
    """Give the errors of an attempt that runs inside to `failures` instead of raising them, as a context manager.

    An unexpected exception is logged as a bug and given to `failures` as `Temporary`. After a StoreError, also one that
    `failures` raises, the job is put off: see put_off_by_disk().
    """
    with put_off_by_disk(job, clock):
        try:
            try:
                yield
            except (Temporary, Permanent) as error:
                failures.handle(error)
        except StoreError:
            raise
        except Exception:
            log.exception("answer key=%s outcome=bug", job.key)
            failures.handle(Temporary("bug"))


@contextlib.contextmanager
def put_off_by_disk(job: Job, clock: Callable[[], float]) -> Iterator[None]:
    """Put the job off if a StoreError is raised inside, instead of raising it, as a context manager.

    That counts as no attempt, and the job is never given up for it. One that is no longer ours is left alone. `clock`
    gives seconds since the epoch.
    """
    try:
        yield
    except ClaimLost:
        log.warning("answer key=%s outcome=claim-lost", job.key)
    except StoreError as error:
        log.exception("answer key=%s outcome=not-kept", job.key)
        seconds = disk_delay(job)
        # If not even this can be recorded, the job is free again once it is released, and the master's tick comes back.
        with contextlib.suppress(StoreError):
            job.record("retry", retry_at=clock() + seconds, why=str(error), free=True, sent=False, disk=True)
            log.warning("answer key=%s outcome=postponed seconds=%d reason=%s", job.key, seconds, error)


def read_or_fail(
    job: Job, read: Callable[[Mapping[str, Any]], Content], spool: Spool, clock: Callable[[], float] = time.time
) -> Content | None:
    """Return what `read` makes of the job's first line, such as a `Question`.

    If `read` raises KeyError or TypeError, log that, move the job to failed/ and return None. Nobody can be told, since
    the line does not say who asked; and nobody else must wait behind such a job. If the disk fails, put it off.
    """
    try:
        return read(job.question)
    except (KeyError, TypeError):
        log.exception("answer key=%s outcome=unreadable", job.key)
        with put_off_by_disk(job, clock):
            spool.fail(job, "unreadable")
        return None


def postpone(job: Job, error: CocoAIError, now: float, troubles: Troubles = NO_TROUBLES) -> bool:
    """Record a `retry` fact with the time to try the job again, note Slack's trouble in `troubles`, and return True.

    Return False, with nothing recorded, if delay() says that it is not tried again. `now` is in seconds since the
    epoch. Raise StoreError if the fact cannot be kept.
    """
    seconds = delay(job, error)
    if seconds is None:
        return False
    log.warning("answer key=%s outcome=postponed seconds=%d reason=%s", job.key, seconds, error)
    note_put_off(troubles, error)
    marks: Fact = {"held": True} if isinstance(error, PayLater) else {}
    marks |= {SHUT_OUT: job.generation} if is_shut_out(error) else {}
    job.record("retry", retry_at=now + seconds, why=str(error), free=is_free(error), sent=error.sent, **marks)
    return True


class AnswerFailures:
    """The handler of the errors of one attempt at a question: the asker is told before the job fails.

    What is wrong for an operator is noted in `troubles`. `clock` gives seconds since the epoch.
    """

    def __init__(
        self,
        spool: Spool,
        attempt: Attempt,
        reply: Reply,
        *,
        troubles: Troubles = NO_TROUBLES,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._spool = spool
        self._attempt = attempt
        self._reply = reply
        self._troubles = troubles
        self._clock = clock

    def handle(self, error: CocoAIError) -> None:
        """Record a `retry` fact if the error may pass and tries are left; else tell the asker and fail the job.

        While Slack takes nothing of ours at all, the job waits for an operator. If there is an answer, fail the job
        with it: what stands of the answer in Slack stays. The asker is told privately if Slack refuses it because of
        its place.
        """
        if isinstance(error, PayLater) and has_waited_for_budget(self._attempt.job, self._clock()):
            error = error.final
        if self._postpone(error):
            self._tell_wait(error)
        elif isinstance(error, Permanent) and (self._attempt.has_answer or error.code == NO_PERMISSION):
            self._end_untold(error, error)
        elif self._attempt.has_answer:
            self._fail("failed-with-its-answer", error)
        elif isinstance(error, Temporary):
            self._end_retries(error)
        else:
            self._give_up(error, error.code if error.code in FOR_THE_ASKER else "operator")

    def _postpone(self, error: CocoAIError) -> bool:
        return postpone(self._attempt.job, error, self._clock(), self._troubles)

    def _tell_wait(self, error: CocoAIError) -> None:
        """Tell the asker what the matter is, when the model is asked again, and which try that is.

        Not while Slack is in trouble or nothing can be paid just now, nor once there is an answer.
        """
        job = self._attempt.job
        retry = job.last("retry")
        if self._attempt.has_answer or is_free(error) or not retry:
            return
        texts, seconds = self._attempt.texts, max(1, round(retry["retry_at"] - self._clock()))
        self._reply.show_wait(texts.retry.format(why=texts.waits[cause(error)], seconds=seconds, n=tries(job)))

    def report(self, error: Fact) -> None:
        """Show the asker the text for `error["code"]` as the reply, then move the job to failed/.

        `error` is an `error` fact; `again` in it is the month in which the budget starts again. An answer that stands
        is left there, even if the disk refused to record it. Raise `Temporary` or `Permanent` if Slack does not take
        the text, or does not give the thread.
        """
        stands, is_refusal = self._reply.shows_answer(by_others=error["code"] == EXPIRED), error["code"] in REFUSALS
        if not stands:
            again = error.get("again", "")
            self._reply.replace_with(self._attempt.texts.error_text(error["code"], again), "error")
        self._spool.fail(self._attempt.job, error["reason"], is_refusal=is_refusal)
        outcome = "failed-with-its-answer" if stands else "told-why" if is_refusal else "told-that-it-failed"
        log.info("answer key=%s outcome=%s ms=%d", self._attempt.job.key, outcome, self._attempt.ms)

    def _end_retries(self, error: Temporary) -> None:
        """Fail the job after a temporary error that is not tried again; tell the asker unless Slack is away."""
        if is_slacks_fault(error):  # then the asker cannot be told either
            self._fail("failed", error)
        else:
            self._give_up(error, "busy" if cause(error) else "")

    def _give_up(self, error: CocoAIError, code: str) -> None:
        """Record an `error` fact, show the asker the text for `code`, then fail the job.

        If Slack is in trouble, or takes nothing of ours, put the job off, to tell the asker later. If Slack refuses the
        text for good, the asker is told privately, or not at all.
        """
        if code in REFUSALS:
            log.info("answer key=%s outcome=refused reason=%s", self._attempt.job.key, error)
        else:
            log.error("answer key=%s outcome=giving-up reason=%s", self._attempt.job.key, error)
        if code in ("operator", "busy"):
            note_given_up(self._troubles, error)
        fact: Fact = {"code": code, "reason": str(error)}
        if isinstance(error, OverBudget):
            fact["again"] = error.again
        self._attempt.record("error", **fact)
        if isinstance(error, Permanent) and error.code == THREAD_GONE and not self._attempt.first_message:
            self._end_untold(error, error)  # a second post would stand in the channel for a moment, too
            return
        try:
            self.report(fact)
        except Temporary as slack_error:
            if not self._postpone(slack_error):
                self._fail("failed", slack_error)
        except Permanent as refusal:
            self._end_untold(error, refusal)

    def _end_untold(self, error: CocoAIError, refusal: Permanent) -> None:
        """Tell the asker privately that Slack refuses the reply for good, where that can be, and fail the job.

        While Slack takes nothing of ours at all, put the job off.
        """
        is_told = False
        try:
            if self._postpone(refusal):
                return
            is_told = self._reply.tell_aside(refusal)
        except (Temporary, Permanent) as slack_error:
            if self._postpone(slack_error):
                return
        outcome = "told-aside" if is_told else "failed-untold"
        self._fail("failed-with-its-answer" if self._attempt.has_answer else outcome, error, refusal)

    def _fail(self, outcome: str, error: CocoAIError, refusal: CocoAIError | None = None) -> None:
        """Log `outcome` with Slack's refusal, or the error if there is none, and move the job to failed/."""
        log.error("answer key=%s outcome=%s reason=%s", self._attempt.job.key, outcome, refusal or error)
        self._spool.fail(self._attempt.job, str(error))
