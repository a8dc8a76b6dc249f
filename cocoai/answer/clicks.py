"""Clicks: delete a reply or record feedback, when somebody has pressed that button. Each click is a job of its own.

Deleting twice, or recording feedback twice, changes nothing: so a second run needs no care.
"""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Callable, Iterator, Sequence

from cocoai.answer.light_job import LightJobHandler, wait_for_question
from cocoai.answer.options import AnswerOptions
from cocoai.errors import Permanent
from cocoai.slack.api.chat import SlackChat
from cocoai.slack.api.identity_cache import IdentityCache
from cocoai.slack.model.click import Click
from cocoai.slack.model.messages import Message
from cocoai.spool.job import Job
from cocoai.spool.key import Key, file_stem
from cocoai.spool.spool import Spool
from cocoai.spool.store_error import NoSuchJob, StoreError
from cocoai.texts import Texts
from cocoai.troubles.store import NO_TROUBLES, Troubles

ACTIONS = frozenset({"delete", "up", "down"})
"""The kinds of job that are clicks, not questions: *Delete*, and the two of feedback."""

log = logging.getLogger(__name__)


class Clicks(LightJobHandler[Click]):
    """An object that does what claimed clicks ask for."""

    def __init__(
        self,
        spool: Spool,
        options: AnswerOptions,
        slack: SlackChat,
        identity: IdentityCache,
        *,
        troubles: Troubles = NO_TROUBLES,
        clock: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(spool, Click.from_facts, troubles=troubles, clock=clock)
        self._options = options
        self._slack = slack
        self._identity = identity

    def _run(self, job: Job, content: Click) -> None:
        """Obey the click and finish its job, or put it off while its question has not ended."""
        if self._is_put_off(job, content):
            return
        if job.last("obeyed") is None:  # else only the move to done/ was refused
            self._obey(content)
            with contextlib.suppress(StoreError):  # a full disk: what was asked for is done all the same
                job.record("obeyed")
        self._spool.finish(job)
        log.info("click key=%s outcome=%s", job.key, content.action)

    def _is_put_off(self, job: Job, click: Click) -> bool:
        """Check whether the question under the click is still in ready/; if it is, put the click off for a moment.

        A click can be quicker than the answer's own last step: what is deleted now would be posted again if its
        process were killed just there. Feedback, too, is kept with a job that has ended. Whoever clicked is told once
        that it was heard.
        """
        with contextlib.suppress(NoSuchJob):
            self._spool.peek("ready", Key.parse(click.key))
            if job.last("heard") is None:
                self._post_ephemeral(click, self._texts(click).heard)
                job.record("heard")
            wait_for_question(job, self._clock())
            return True
        return False

    def _obey(self, click: Click) -> None:
        """Record feedback, or delete the reply if the asker wants that; tell anybody else that only the asker may.

        Raise `Temporary` or `Permanent` as SlackChat does.
        """
        texts = self._texts(click)
        if click.action != "delete":
            self._record_feedback(click, texts)
        elif click.user == click.asker:
            self._delete(click)
        else:
            self._post_ephemeral(click, texts.only_asker)

    def _delete(self, click: Click) -> None:
        """Delete every message of our reply in Slack, and the picture behind it.

        A QA copy of CocoAI may have replied too: its messages stay.
        """
        own_user = self._identity.user_id()
        # The setting may have been another when we replied, so both places are looked at.
        places = ("", click.thread_ts) if click.may_be_in_box else (click.thread_ts,)
        for place in places:
            for message in self._slack.replies_to(click.channel, place, click.key, wait=False):
                if message.user == own_user:
                    self._slack.delete(click.channel, message.ts, wait=False)
        for file_id, ts in self._pictures(click, own_user):
            self._slack.uploads.delete(file_id)
            self._slack.delete(click.channel, ts, wait=False)

    def _pictures(self, click: Click, own_user: str) -> Iterator[tuple[str, str]]:
        """Yield the file's id and the message's ts of each picture of our reply.

        Slack takes no metadata with a file: its job knows it, or once that is swept, its name does.
        """
        key = Key.parse(click.key)
        with contextlib.suppress(StoreError):
            _, lines = self._spool.find(key)
            yield from ((line["file_id"], line["ts"]) for line in lines if line.get("fact") == "shared")
            return
        messages: Sequence[Message] = ()
        with contextlib.suppress(Permanent):  # the words are deleted by now
            messages = self._slack.thread(click.channel, click.thread_ts)
        for message in messages:
            if message.user == own_user:
                yield from ((each.id, message.ts) for each in message.files if each.name.startswith(file_stem(key)))

    def _record_feedback(self, click: Click, texts: Texts) -> None:
        """Add an `opinion` fact to the answer's job, if that is still kept, and thank the person who clicked.

        The click's own job has the feedback too. Raise `JobInUse` if another process holds the answer's job.
        """
        self._spool.annotate(Key.parse(click.key), "opinion", user=click.user, opinion=click.action)
        self._post_ephemeral(click, texts.thanks)

    def _post_ephemeral(self, click: Click, text: str) -> None:
        """Show a text to the person who clicked, and nobody else. Ignore a permanent error of Slack's."""
        with contextlib.suppress(Permanent):  # a person who has left the channel need not hear of it
            self._slack.post_ephemeral(click.channel, click.user, text, click.thread_ts, wait=False)

    def _texts(self, click: Click) -> Texts:
        """Return the fixed texts in the language of the question, or of our reply if the question is no longer kept."""
        with contextlib.suppress(StoreError, IndexError):
            _, lines = self._spool.find(Key.parse(click.key))
            return self._options.texts(str(lines[0].get("text") or click.reply))
        return self._options.texts(click.reply)
