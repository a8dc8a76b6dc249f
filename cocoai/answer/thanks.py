"""ThanksReactions: put a reaction on a message that only thanks, in place of an answer that nobody needs."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from cocoai.answer.light_job import LightJobHandler
from cocoai.errors import Permanent
from cocoai.slack.api.chat import SlackChat
from cocoai.slack.model.question import Question
from cocoai.spool.job import Job
from cocoai.spool.spool import Spool

EMOJI = "smile_cat"
"""The name of the emoji of the reaction."""

log = logging.getLogger(__name__)


class ThanksReactions(LightJobHandler[Question]):
    """An object that does jobs of the kind `thanks`. A second run needs no care: the reaction may stand already.

    Where the app may not add reactions (the scope reactions:write), nothing is done.
    """

    def __init__(self, spool: Spool, slack: SlackChat, *, clock: Callable[[], float] = time.time) -> None:
        super().__init__(spool, Question.from_facts, clock=clock)
        self._slack = slack

    def _run(self, job: Job, content: Question) -> None:
        """Add the reaction, and finish the job, also if Slack refuses it."""
        outcome = "thanked"
        try:
            self._slack.reactions.add(content.channel, content.ts, EMOJI)
        except Permanent as refusal:
            outcome = f"thanked-silently reason={refusal}"
        self._spool.finish(job)
        log.info("answer key=%s outcome=%s", job.key, outcome)
