"""Attempt: one run at one question, from a claim of its job to the release, and the facts that it records."""

from __future__ import annotations

import logging
import time
from typing import Any

from cocoai.answer.earlier_runs import is_after_cut, may_have_posted
from cocoai.slack.model.messages import MessageMetadata
from cocoai.slack.model.question import Question
from cocoai.spool.job import Job
from cocoai.spool.store_error import ClaimLost, StoreError
from cocoai.texts import Texts

MESSAGE_DELAY = 2.0
"""Seconds after a claim before unrecorded messages of the last process are sought: if it was killed, a message may
still be on its way to Slack."""

log = logging.getLogger(__name__)


class Attempt:
    """One run at one job: the job, its question, the texts in the asker's language, and the reply's first message.

    `reply_thread` is the ts of the thread into which we reply; "" if the reply stands in a direct message's own box.

    `first_message` is the ts of the message that is or will be the reply; empty while there is none. `has_answer` tells
    whether the model has answered, in this attempt or an earlier one, `is_first` whether no attempt was made before,
    not even one that does not count.
    """

    def __init__(self, job: Job, question: Question, texts: Texts, reply_thread: str) -> None:
        self.job = job
        self.question = question
        self.texts = texts
        self.reply_thread = reply_thread
        self._began = time.monotonic()
        placeholder = job.last("placeholder")
        self.first_message: str = placeholder["ts"] if placeholder else ""
        self.has_answer = job.last("answer") is not None
        self.is_first = len(job.facts("attempt")) <= 1
        self._is_after_cut = is_after_cut(job.lines)

    @property
    def ms(self) -> float:
        """Return the milliseconds since this object was made, which is when the attempt began."""
        return (time.monotonic() - self._began) * 1000

    @property
    def ephemeral_thread(self) -> str:
        """Return the ts of the thread in which the asker sees an ephemeral message; "" for the channel itself.

        Slack shows one in a thread only if there is a thread by now.
        """
        return self.reply_thread if self.question.in_thread or self.first_message else ""

    @property
    def settling_time(self) -> float:
        """Return the seconds to wait until a message of the previous attempt, if that was killed, has reached Slack.

        0.0 if it was not killed, or if MESSAGE_DELAY is over.
        """
        return max(0.0, MESSAGE_DELAY - self.ms / 1000) if self._is_after_cut else 0.0

    def may_have_posted(self, n: int) -> bool:
        """Return True if an earlier run at the job may have posted part `n` of the reply without recording it."""
        return may_have_posted(self.job.lines, n)

    def metadata(self, kind: str, n: int = 1) -> MessageMetadata:
        """Return the metadata for a message about this question: `kind` is one of KINDS, `n` the part of the answer.

        A later attempt finds the message again by it.
        """
        return MessageMetadata(self.question.key, kind, n, self.question.again)

    def record(self, fact: str, **values: Any) -> bool:
        """Append a fact to the job; return True if it is on the disk. If the disk fails, log that and return False.

        Steps that are harmless to repeat go on without their fact. The ts of a `placeholder` becomes `first_message`,
        and an `answer` makes `has_answer` True, recorded or not. Raise `ClaimLost` if the job is no longer ours.
        """
        if fact == "placeholder":
            self.first_message = values["ts"]
        self.has_answer = self.has_answer or fact == "answer"
        try:
            self.job.record(fact, **values)
        except ClaimLost:
            raise
        except StoreError:
            log.exception("answer key=%s outcome=fact-not-kept fact=%s", self.job.key, fact)
            return False
        return True
