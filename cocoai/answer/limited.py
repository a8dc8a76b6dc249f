"""LimitedQuestions: tell people that they have to wait, when they have asked more than the settings allow.

Such a question is a job of its own kind, so that its twin and its redeliveries are known. It costs no model.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import replace

from cocoai.answer.light_job import LightJobHandler
from cocoai.answer.options import AnswerOptions
from cocoai.answer.private_messages import private_messages, whisper
from cocoai.errors import Permanent
from cocoai.slack.api.api_errors import is_shut_out
from cocoai.slack.api.chat import SlackChat
from cocoai.slack.model.question import Question
from cocoai.spool.job import Job
from cocoai.spool.spool import Spool
from cocoai.troubles.store import NO_TROUBLES, Troubles

log = logging.getLogger(__name__)


class LimitedQuestions(LightJobHandler[Question]):
    """An object that ends jobs of kind LIMITED: their asker is told to wait, once a minute."""

    def __init__(
        self,
        spool: Spool,
        options: AnswerOptions,
        slack: SlackChat,
        *,
        troubles: Troubles = NO_TROUBLES,
        clock: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(spool, Question.from_facts, troubles=troubles, clock=clock)
        self._options = options
        self._slack = slack

    def _run(self, job: Job, content: Question) -> None:
        """Tell the asker to wait, unless that was done in this minute, and finish the job."""
        if job.last("told") is None and self._spool.is_to_be_told(content.user, job.key):
            self._tell(job, content)
            job.record("told")  # or, while the move to done/ is refused, it would be said again and again
        self._spool.finish(job)
        log.info("answer key=%s outcome=limited why=%s", job.key, job.question.get("why"))

    def _tell(self, job: Job, question: Question) -> None:
        """Show the asker alone how long to wait, or that the answer is on its way.

        A permanent error of Slack's is ignored: a person who has left the channel need not hear of it. It is raised if
        Slack takes nothing of ours: then the asker hears of it later.
        """
        texts = self._options.texts(question.sample)
        is_pending = job.question.get("why") == "pending"
        text = texts.pending if is_pending else texts.too_many.format(seconds=job.question.get("seconds", 60))
        messages = private_messages(job, self._slack, question)
        if question.in_thread:  # in one that has no reply yet nobody would see it
            messages = replace(messages, thread_ts=question.thread_ts)
        try:
            whisper(messages, question.channel, text)
        except Permanent as error:
            if is_shut_out(error):
                raise
