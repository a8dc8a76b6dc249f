"""The handler of `POST /slack/events`, and what it has in common with that of interactions (interactions.py).

A request is analyzed, kept in the spool as a job if something is to be done about it, and responded to with 200; a job
process is started only after that. The handlers must not know how a question is answered.
"""

from __future__ import annotations

import logging
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from cocoai.engine.process.scoreboard import Scoreboard
from cocoai.engine.web.request import Request
from cocoai.engine.web.response import Response
from cocoai.errors import CannotKeep, CannotRead, ClickNotAllowed, StaleSignature, WrongSignature
from cocoai.slack.inbound.events import EventOutcome
from cocoai.slack.model.question import (
    Challenge,
    DocumentsChanged,
    Ignored,
    NotAllowed,
    Overheard,
    Question,
    RateLimited,
)
from cocoai.slack.model.talk import note_talk, place
from cocoai.spool.key import Key
from cocoai.spool.spool import Spool
from cocoai.spool.store_error import StoreError, StoreUnreachable
from cocoai.troubles.store import NO_TROUBLES
from cocoai.troubles.watch import SignatureWatch

OK = Response(200)
"""The response to requests that need nothing but a 200: most that Slack sends."""

Posted = TypeVar("Posted")
Posted_co = TypeVar("Posted_co", covariant=True)

log = logging.getLogger(__name__)


class Analyzer(Protocol[Posted_co]):
    """The analyzer of one handler's requests: slack/inbound has one for events and one for interactions."""

    def analyze(self, headers: Mapping[str, str], body: bytes, now: float) -> Posted_co | Ignored:
        """Return what the request is, such as a `Question`, or `Ignored` if nothing is to be done about it.

        `now` is in seconds since the epoch. Raise `Refused` if Slack did not send the request or it cannot be parsed,
        StoreError if the disk fails.
        """


class JobRunner(Protocol):
    """The starter and stopper of job processes: the spool's `Runner`."""

    def wake(self) -> None:
        """Start a process for a job that was just put into the spool, if one more may run. Do not wait for it."""

    def stop(self, key: str, user: str) -> bool:
        """Request for `user` that the answer to the question with this key ends with the text written so far.

        Return False if the question has ended already. Raise StoreError if the request cannot be kept.
        """


class RequestInbox(Protocol):
    """Where requests wait while the store cannot be reached: the `Inbox`."""

    def refuse_while_waiting(self) -> None:
        """Raise StoreUnreachable while any request waits there, StoreError if the disk fails."""

    def keep(self, request: Request, at: float) -> None:
        """Keep a request that was received at this time (epoch seconds). Raise StoreError if that fails."""


class SlackHandler(ABC, Generic[Posted]):
    """The base of both handlers, called with each request: it analyzes it, and can put a job into the spool.

    With an `inbox` a request waits there while the store cannot be reached, or while earlier ones do.

    The key of the question that a request is about is noted in this process's row of `scoreboard`, so that an operator
    sees which one a slow request is about. `signatures` is told of right and wrong ones. `clock` gives seconds since
    the epoch.
    """

    subject: ClassVar[str]
    """The word for a request of this handler in the log, such as `event` or `click`."""

    def __init__(
        self,
        analyzer: Analyzer[Posted],
        spool: Spool,
        runner: JobRunner,
        scoreboard: Scoreboard,
        *,
        signatures: SignatureWatch | None = None,
        clock: Callable[[], float] = time.time,
        inbox: RequestInbox | None = None,
    ) -> None:
        self._analyzer = analyzer
        self._spool = spool
        self._runner = runner
        self._scoreboard = scoreboard
        self._signatures = signatures or SignatureWatch(NO_TROUBLES)
        self._clock = clock
        self._inbox = inbox

    def __call__(self, request: Request) -> Response:
        """Analyze a request and do or keep what it asks for; return the response, a 200.

        Raise `CannotRead` or `CannotKeep` (503, so that Slack sends an event again) if the disk fails, another
        `Refused` if Slack did not send the request or it cannot be parsed, or if a click is not allowed.
        """
        now = self._clock()
        try:
            return self.take_in(request, now)
        except StoreUnreachable as error:
            return self._keep(request, now, error)

    def take_in(self, request: Request, now: float) -> Response:
        """Do as a call does with a request that was received at `now` (epoch seconds), but keep none in the inbox.

        Raise StoreUnreachable if the store cannot be reached and the request is one that may wait.
        """
        try:
            posted = self._analyzer.analyze(request.headers, request.body, now)
        except (WrongSignature, StaleSignature) as error:
            self._signatures.refused(error, now)
            raise
        except StoreUnreachable:
            raise
        except StoreError:
            # Whether a reply in a thread is a question depends on a mark on the disk.
            log.exception("%s outcome=not-read", self.subject)
            raise CannotRead from None
        # We ask a challenge of ourselves, too, with our own secret and clock: it proves nothing of Slack's.
        if not isinstance(posted, Challenge):
            self._signatures.accepted(now)
        if isinstance(posted, NotAllowed):
            log.info("%s outcome=not-allowed reason=%r", self.subject, posted.reason)
            raise ClickNotAllowed
        if isinstance(posted, Ignored):
            log.debug("%s outcome=ignored reason=%r", self.subject, posted.reason)
            return self._pass_over(posted)
        return self._accept(posted)

    def _keep(self, request: Request, now: float, error: StoreUnreachable) -> Response:
        """Keep a request in the inbox, and return a 200. Raise `CannotKeep` if there is none, or it fails."""
        if self._inbox is None:
            log.warning("%s outcome=not-kept reason=%s", self.subject, error)
            raise CannotKeep from None
        try:
            self._inbox.keep(request, now)
        except StoreError:
            log.exception("%s outcome=not-kept", self.subject)
            raise CannotKeep from None
        log.info("%s outcome=in-inbox reason=%r", self.subject, str(error))
        return OK

    @abstractmethod
    def _accept(self, posted: Posted) -> Response:
        """Do what was posted, or put it into the spool as a job; then return the response.

        Raise `CannotRead` or `CannotKeep` if the disk fails, StoreUnreachable as take_in() does.
        """

    def _pass_over(self, ignored: Ignored) -> Response:
        """Return the response to what is ignored, a 200."""
        del ignored
        return OK

    def _note(self, key: str) -> None:
        """Show a question's key in this process's row of the scoreboard."""
        self._scoreboard.own_row.note(key)

    def _put(self, key: Key, facts: Mapping[str, Any]) -> Response:
        """Put a job with this key into the spool, log that, and return a 200. `facts` are its first line.

        If the job is new, a process is started for it once the response was sent. Raise `CannotKeep` if the job cannot
        be kept, StoreUnreachable as take_in() does.
        """
        began = time.monotonic()
        try:
            if self._inbox is not None:
                self._inbox.refuse_while_waiting()
            is_new = self._spool.put(key, facts)
        except StoreUnreachable:
            raise
        except StoreError:
            # What is not kept must not be accepted, so that Slack sends an event again.
            log.exception("question key=%s outcome=not-kept", key)
            raise CannotKeep from None
        log.info(
            "question key=%s kind=%s outcome=%s ms=%.1f",
            key,
            facts["kind"],
            "accepted" if is_new else "duplicate",
            (time.monotonic() - began) * 1000,
        )
        return Response(200, after=self._runner.wake) if is_new else OK

    def _wake_and_note(self, question: Question) -> None:
        """Start a process for a question, and note who has asked, in whose talk with us we are now."""
        self._runner.wake()
        note_talk(self._spool, *place(question), lambda talk: talk.asked(question.user))


class EventsHandler(SlackHandler[EventOutcome]):
    """The handler of `POST /slack/events`: it puts questions into the spool, and returns the text of a challenge.

    `note_change(id)` notes that a channel or a file of Slack's has changed, and returns False if that is no concern of
    ours; it may raise OSError.
    """

    subject = "event"

    def __init__(
        self,
        analyzer: Analyzer[EventOutcome],
        spool: Spool,
        runner: JobRunner,
        scoreboard: Scoreboard,
        *,
        signatures: SignatureWatch | None = None,
        clock: Callable[[], float] = time.time,
        inbox: RequestInbox | None = None,
        note_change: Callable[[str], bool] | None = None,
    ) -> None:
        super().__init__(analyzer, spool, runner, scoreboard, signatures=signatures, clock=clock, inbox=inbox)
        self._note_change = note_change

    def _accept(self, posted: EventOutcome) -> Response:
        """Return a challenge's text at once; put a question, one declined, or a look at our Home tab into the spool.

        Raise `CannotKeep` if that fails.

        That Slack holds events back is logged as a warning, which `cocoai status` shows too.
        """
        if isinstance(posted, Challenge):
            return Response(200, posted.text.encode())
        if isinstance(posted, RateLimited):
            log.warning("event outcome=held-back-by-slack minute_rate_limited=%d", posted.minute)
            return OK
        if isinstance(posted, DocumentsChanged):
            return self._documents_changed(posted)
        self._note(posted.key)
        response = self._put(Key.parse(posted.key), posted.facts())
        if not isinstance(posted, Question) or response.after is None or posted.kind == "thanks" or posted.is_task:
            return response
        return replace(response, after=partial(self._wake_and_note, posted))

    def _documents_changed(self, posted: DocumentsChanged) -> Response:
        """Note what has changed, and return a 200: Slack is asked for it later, by another process.

        A note that fails is only logged: Slack is asked every ten minutes all the same.
        """
        try:
            is_ours = self._note_change is not None and self._note_change(posted.id)
        except OSError as error:
            log.warning("event outcome=change-not-noted reason=%s", error.strerror)
        else:
            log.log(
                logging.INFO if is_ours else logging.DEBUG, "event outcome=change id=%s ours=%s", posted.id, is_ours
            )
        return OK

    def _pass_over(self, ignored: Ignored) -> Response:
        """Return a 200; if a line was put to others in a thread of ours, note that after it."""
        if not isinstance(ignored, Overheard):
            return OK
        return Response(200, after=partial(self._note_overheard, ignored))

    def _note_overheard(self, line: Overheard) -> None:
        """Note that people have spoken among themselves in a thread of ours."""
        note_talk(self._spool, line.channel, line.thread_ts, lambda talk: talk.overheard(line.user))
