"""StopRequests: decide whether an answer that is being written is to stop, by who has requested it."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from cocoai.answer.attempt import Attempt
from cocoai.answer.options import AnswerOptions
from cocoai.engine.process.wakeup import WakeupPipe
from cocoai.errors import CocoAIError
from cocoai.slack.api.chat import SlackChat
from cocoai.spool.job import Job
from cocoai.spool.spool import Spool

MOST_JUDGED = 3
"""Requests of one person for one answer that are looked into; the others are refused without a word."""

log = logging.getLogger(__name__)


class StopRequests:
    """The stop requests for the answers of one process. `wakeup` becomes readable when there may be a new one.

    The asker may stop an answer, whoever has written in its thread, and the operators.
    """

    def __init__(self, spool: Spool, options: AnswerOptions, slack: SlackChat, wakeup: WakeupPipe | None) -> None:
        self._spool = spool
        self._options = options
        self._slack = slack
        self._wakeup = wakeup
        self._refused: tuple[Job, tuple[str, ...]] | None = None  # see refused()

    @property
    def fd(self) -> int | None:
        """Return the descriptor that becomes readable when there may be a new request; None if there is no pipe."""
        return self._wakeup.fd if self._wakeup else None

    def is_stopped(self, attempt: Attempt, *, is_interrupted: bool = False) -> bool:
        """Check whether somebody who may do so has requested a stop of this answer; tell anybody else that it does not.

        Each request is judged once, and of one person no more than MOST_JUDGED: the answer waits for Slack meanwhile.
        Empty the wake-up pipe first if the last wait was interrupted.
        """
        # A wake-up may have been missed, or meant for an earlier question: the request itself decides.
        if self._wakeup and is_interrupted:
            self._wakeup.drain()
        for user in self._new_requesters(attempt.job):
            refused = self.refused(attempt.job)
            if refused.count(user) < MOST_JUDGED:
                if self._may_stop(attempt, user):
                    return True
                self._tell(attempt, user)
            self._refused = attempt.job, (*refused, user)
        return False

    def refused(self, job: Job) -> tuple[str, ...]:
        """Return whose requests for this job were refused, one by one: here, and as its last `retry` fact has it."""
        # Of this claim alone: before the next one, another process may have had the job in hand, and refused more.
        if self._refused is None or self._refused[0] is not job:
            recorded = (job.last("retry") or {}).get("refused")
            self._refused = job, tuple(map(str, recorded)) if isinstance(recorded, list) else ()
        return self._refused[1]

    def _new_requesters(self, job: Job) -> Sequence[str]:
        """Return the users of those requests for this job that were not refused yet, the first one first."""
        users, refused = self._spool.stop_requesters(job.key), self.refused(job)
        if users[: len(refused)] == refused:
            return users[len(refused) :]
        self._refused = job, ()  # after the operator's retry the requests begin anew
        return users

    def _may_stop(self, attempt: Attempt, user: str) -> bool:
        """Check whether this user may stop the answer; for somebody who did not ask, look into the thread."""
        # An earlier version let anybody stop, and kept nobody's name.
        is_known = user in ("", attempt.question.user) or user in self._options.operators
        return is_known or self._has_written_in_thread(attempt, user)

    def _has_written_in_thread(self, attempt: Attempt, user: str) -> bool:
        """Check whether this user has written in the question's thread. Return False if Slack does not give that."""
        question = attempt.question
        try:
            return any(message.user == user for message in self._slack.thread(question.channel, question.thread_ts))
        except CocoAIError as error:
            log.warning("answer key=%s outcome=stop-not-checked reason=%s", attempt.job.key, error)
            return False

    def _tell(self, attempt: Attempt, user: str) -> None:
        """Tell this user that only others may stop the answer; that Slack does not take it is only logged."""
        question = attempt.question
        try:
            self._slack.post_ephemeral(question.channel, user, attempt.texts.only_participants, attempt.reply_thread)
        except CocoAIError as error:
            log.warning("answer key=%s outcome=stop-refused-untold reason=%s", attempt.job.key, error)
