"""The handler of `POST /slack/interactions`: presses of our buttons, our shortcuts, and the form that one opens.

As webhook.py's it must not know how a question is answered.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Protocol

from cocoai.clicked_question import find_question, repeat_question
from cocoai.engine.process.scoreboard import Scoreboard
from cocoai.engine.web.response import Response
from cocoai.errors import CannotKeep, CannotRead
from cocoai.slack.inbound.interactions import InteractionOutcome
from cocoai.slack.inbound.shortcuts import FormRefused
from cocoai.slack.model.click import ASKING, Click
from cocoai.slack.model.question import Ignored, Question
from cocoai.slack.model.shortcut import Shortcut
from cocoai.spool.key import Key
from cocoai.spool.spool import Spool
from cocoai.spool.store_error import StoreError, StoreUnreachable
from cocoai.troubles.watch import SignatureWatch
from cocoai.webhook import OK, Analyzer, JobRunner, RequestInbox, SlackHandler

JSON_TYPE = (("Content-Type", "application/json; charset=utf-8"),)
"""The header of a response that says something to Slack."""

log = logging.getLogger(__name__)


class Forms(Protocol):
    """The opener of the form in which a question about a message is typed: `AskForms`."""

    def open(self, shortcut: Shortcut) -> None:
        """Show the form to whoever has used the shortcut, from a process of its own. Do not wait for it."""

    def refusal(self, refused: FormRefused) -> bytes:
        """Return the JSON of a response that shows in the form why it cannot be sent off."""


class InteractionsHandler(SlackHandler[InteractionOutcome]):
    """The handler of `POST /slack/interactions`: it stops an answer at once, and keeps every other click as a job.

    A shortcut is a job, too, and so is a question that was typed into our form, which `forms` opens.

    Slack sends no interaction again: after a 503 it shows the person that it did not work. A request that is replayed
    is a duplicate, since its job is named by the click's or the shortcut's own time, or by the form's id.
    """

    subject = "click"

    def __init__(
        self,
        analyzer: Analyzer[InteractionOutcome],
        spool: Spool,
        runner: JobRunner,
        scoreboard: Scoreboard,
        forms: Forms,
        *,
        signatures: SignatureWatch | None = None,
        clock: Callable[[], float] = time.time,
        inbox: RequestInbox | None = None,
    ) -> None:
        super().__init__(analyzer, spool, runner, scoreboard, signatures=signatures, clock=clock, inbox=inbox)
        self._forms = forms

    def _accept(self, posted: InteractionOutcome) -> Response:
        """Keep what the interaction asks for, or do at once what cannot wait."""
        self._note(str(posted.key))
        if isinstance(posted, Shortcut):
            return self._use(posted)
        return self._ask_typed(posted) if isinstance(posted, Question) else self._click(posted)

    def _pass_over(self, ignored: Ignored) -> Response:
        """Return a 200; for a form that is refused, one that shows why."""
        if not isinstance(ignored, FormRefused):
            return OK
        log.info("form outcome=refused why=%s", ignored.why)
        return Response(200, self._forms.refusal(ignored), JSON_TYPE)

    def _use(self, shortcut: Shortcut) -> Response:
        """Put the use of a shortcut into the spool; one that asks for the form, which lives for 3 s, opens it instead.

        Raise `CannotKeep` if it cannot be kept.
        """
        if shortcut.task == "ask" and not shortcut.why:
            log.info("shortcut key=%s outcome=form", shortcut.key)
            return Response(200, after=partial(self._forms.open, shortcut))
        return self._put(shortcut.key, shortcut.facts())

    def _ask_typed(self, question: Question) -> Response:
        """Put a question that was typed into our form into the spool; the 200 closes the form.

        One too many in this minute stays there, and says how long to wait. Raise `CannotRead` or `CannotKeep` if the
        disk fails.
        """
        try:
            seconds = self._spool.seconds_to_wait(question.user, question.asked_at)
        except StoreError:
            log.exception("question key=%s outcome=not-read", question.key)
            raise CannotRead from None
        if seconds:
            reason = "one too many in this minute"
            return self._pass_over(FormRefused(reason, "limited", question.user, question.text, seconds))
        try:
            response = self._put(Key.parse(question.key), question.facts())
        except StoreUnreachable as error:
            # The 503 leaves the form open, with what was typed: whoever sent it off knows, and can do so again.
            log.warning("question key=%s outcome=not-kept reason=%s", question.key, error)
            raise CannotKeep from None
        return response if response.after is None else replace(response, after=partial(self._wake_and_note, question))

    def _click(self, posted: Click) -> Response:
        """Stop an answer, ask a question, or put another click into the spool, by the click's action."""
        log.info("click key=%s action=%s", posted.key, posted.action)
        if posted.action == "stop":
            return self._stop(posted)
        if posted.action in ASKING:
            return self._ask(posted)
        # With the clicked message for its thread, the job waits for no question of the real thread.
        key = Key(posted.channel, posted.message_ts, posted.ts)
        return self._put(key, posted.facts())

    def _stop(self, click: Click) -> Response:
        """Request a stop of the question under the click; return 200, also if that has ended already.

        If it waits to be tried again, a process is started for it once the response was sent.

        Raise `CannotKeep` if the request cannot be kept.
        """
        try:
            is_in_time = self._runner.stop(click.key, click.user)
        except StoreUnreachable:
            raise
        except StoreError:
            log.exception("click key=%s outcome=not-kept", click.key)
            raise CannotKeep from None
        log.info("click key=%s outcome=%s", click.key, "stop-asked" if is_in_time else "too-late")
        return Response(200, after=self._runner.wake) if is_in_time else OK

    def _ask(self, click: Click) -> Response:
        """Put what the click asks into the spool, behind the questions that wait in its thread; return 200.

        Raise `CannotRead` if the first question cannot be read, `CannotKeep` if the new one cannot be kept.
        """
        try:
            question = repeat_question(click, find_question(self._spool, Key.parse(click.key)))
        except StoreUnreachable:
            raise
        except StoreError:
            log.exception("click key=%s outcome=not-read", click.key)
            raise CannotRead from None
        return self._put(Key.parse(question.key), question.facts())
