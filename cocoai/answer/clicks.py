"""Clicks: what somebody asked for with a button under a reply, other than an answer. Each is a job of its own.

Deleting twice, or recording feedback twice, changes nothing: so a second run needs no care.
"""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Callable

from cocoai.answer.failures import MAX_ATTEMPTS, handled, postpone, read_or_fail
from cocoai.answer.options import AnswerOptions
from cocoai.errors import CocoAIError, Permanent, Temporary
from cocoai.slack.api.chat import SlackChat
from cocoai.slack.api.identity_cache import IdentityCache
from cocoai.slack.model.click import Click
from cocoai.spool.job import Job
from cocoai.spool.key import Key
from cocoai.spool.spool import Spool
from cocoai.spool.store_error import NoSuchJob, StoreError
from cocoai.texts import Texts

ACTIONS = frozenset({"delete", "up", "down"})
"""The kinds of job that are no question."""

log = logging.getLogger(__name__)


class Clicks:
    """Does what a click asks for, in one process."""

    def __init__(
        self,
        spool: Spool,
        options: AnswerOptions,
        slack: SlackChat,
        identity: IdentityCache,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._spool = spool
        self._options = options
        self._slack = slack
        self._identity = identity
        self._clock = clock

    def handle(self, job: Job) -> None:
        """Run one attempt at a click's job: it ends finished, failed, or with a time to try again."""
        click = read_or_fail(job, Click.from_facts, self._spool)
        if click is None:
            return
        with handled(job, _ClickFailures(self._spool, job, self._clock)):
            if job.attempt > MAX_ATTEMPTS:
                raise Permanent("attempts")
            self._run(click)
            with contextlib.suppress(StoreError):  # a full disk: what was asked for is done all the same
                job.record("obeyed")
            self._spool.finish(job)
            log.info("click key=%s outcome=%s", job.key, click.action)

    def _run(self, click: Click) -> None:
        self._await_end(click)
        texts = self._texts(click)
        if click.action != "delete":
            self._record_feedback(click, texts)
        elif click.user == click.asker:
            self._delete(click)
        else:
            self._post_ephemeral(click, texts.only_asker)

    def _await_end(self, click: Click) -> None:
        """Raise `Temporary` while the question under the click has not ended.

        A click can be quicker than the answer's own last step: what is deleted now would be posted again if its
        process were killed just there. Feedback, too, is kept with a job that has ended.
        """
        with contextlib.suppress(NoSuchJob):
            self._spool.peek("ready", Key.parse(click.key))
            raise Temporary("not_ended")

    def _delete(self, click: Click) -> None:
        """Delete all parts of our reply. A QA copy of CocoAI may have replied too: its messages stay."""
        own_user = self._identity.user_id()
        for message in self._slack.thread(click.channel, click.thread_ts):
            if message.metadata is not None and message.metadata.key == click.key and message.user == own_user:
                self._slack.delete(click.channel, message.ts)

    def _record_feedback(self, click: Click, texts: Texts) -> None:
        """Record the feedback in the answer's job, as long as that is kept; the click's own job has it too."""
        self._spool.annotate(Key.parse(click.key), "opinion", user=click.user, opinion=click.action)
        self._post_ephemeral(click, texts.thanks)

    def _post_ephemeral(self, click: Click, text: str) -> None:
        with contextlib.suppress(Permanent):  # a person who has left the channel need not hear of it
            self._slack.post_ephemeral(click.channel, click.user, text, click.thread_ts)

    def _texts(self, click: Click) -> Texts:
        """Return the texts in the question's language, or the reply's if the question is no longer kept."""
        with contextlib.suppress(StoreError, IndexError):
            _, lines = self._spool.find(Key.parse(click.key))
            return self._options.texts(str(lines[0].get("text") or click.reply))
        return self._options.texts(click.reply)


class _ClickFailures:
    """The failures of one attempt at a click. Nobody is told: people see that nothing happened, and click again."""

    def __init__(self, spool: Spool, job: Job, clock: Callable[[], float]) -> None:
        self._spool = spool
        self._job = job
        self._clock = clock

    def handle(self, error: CocoAIError) -> None:
        """Give a temporary failure a time to be tried again; fail the job otherwise."""
        if isinstance(error, Temporary) and postpone(self._job, error, self._clock()):
            return
        log.error("click key=%s outcome=failed reason=%s", self._job.key, error)
        self._spool.fail(self._job, str(error))
