"""DeclinedQuestions: tell people of ours whom the settings leave out that they are not answered, once a day.

Such a question is a job of its own kind, named by its asker and the day, so that all others of that day are known.
"""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Callable

from cocoai.answer.light_job import LightJobHandler
from cocoai.answer.options import AnswerOptions
from cocoai.errors import Permanent
from cocoai.slack.api.chat import SlackChat
from cocoai.slack.model.question import Question
from cocoai.spool.job import Job
from cocoai.spool.spool import Spool

log = logging.getLogger(__name__)


class DeclinedQuestions(LightJobHandler[Question]):
    """An object that ends jobs of kind DECLINED: their asker reads why there is no answer, and whom to ask."""

    def __init__(
        self, spool: Spool, options: AnswerOptions, slack: SlackChat, *, clock: Callable[[], float] = time.time
    ) -> None:
        super().__init__(spool, Question.from_facts, clock=clock)
        self._options = options
        self._slack = slack

    def _run(self, job: Job, content: Question) -> None:
        """Tell the asker, unless an earlier attempt has, and finish the job."""
        if job.last("declined") is None:
            self._tell(job, content)
            job.record("declined")  # or, while the move to done/ is refused, it would be said again and again
        self._spool.finish(job)
        log.info("answer key=%s outcome=declined why=%s", job.key, job.question.get("why"))

    def _tell(self, job: Job, question: Question) -> None:
        """Tell the asker where the message stands: in a direct message, or in a channel so that nobody else sees it.

        A permanent error of Slack's is ignored: tomorrow is another day.
        """
        words = self._options.texts(question.sample).declined
        text = words.get(str(job.question.get("why")), words["place"])
        with contextlib.suppress(Permanent):
            if question.channel.startswith("D"):
                self._slack.post_direct(question.user, text, wait=False)
            else:
                thread_ts = question.thread_ts if question.in_thread else ""
                self._slack.post_ephemeral(question.channel, question.user, text, thread_ts, wait=False)
