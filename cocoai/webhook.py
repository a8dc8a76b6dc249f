"""The doors to Slack: a request is read, judged, kept, and answered 200; what follows is for afterwards.

They know nothing of answering. A question, or a click that wants more than a word, goes into the spool as a job, and
`wake` is run once Slack has its answer.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from cocoai.engine.web.request import Request
from cocoai.engine.web.response import Response, line
from cocoai.slack.inbound.events import SlackEventAnalyzer
from cocoai.slack.inbound.interactions import InteractionAnalyzer
from cocoai.slack.model.click import Click
from cocoai.slack.model.question import Challenge, Ignored, Question
from cocoai.spool.key import Key
from cocoai.spool.spool import Spool

HEARD = Response(200)
"""For all that Slack sends and that wants no more: most of what comes."""

log = logging.getLogger(__name__)


class Webhook:
    """The handler of `POST /slack/events`. `wake` starts the work on what was put; `note` hears a question's key."""

    def __init__(
        self,
        analyzer: SlackEventAnalyzer,
        spool: Spool,
        *,
        wake: Callable[[], None],
        note: Callable[[str], None] = lambda _: None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._analyzer = analyzer
        self._spool = spool
        self._wake = wake
        self._note = note
        self._clock = clock

    def __call__(self, request: Request) -> Response:
        """200 for all that Slack need not send again; 401 and 400 are raised as `Refused`; 503 if it cannot be kept."""
        try:
            event = self._analyzer.analyze(request.headers, request.body, self._clock())
        except OSError:
            # Whether the thread is ours could not be read.
            log.exception("event outcome=not-read")
            return line(503, "cannot read it now")
        if isinstance(event, Ignored):
            log.debug("event outcome=ignored reason=%r", event.reason)
            return HEARD
        if isinstance(event, Challenge):
            return Response(200, event.text.encode())
        self._note(event.key)
        return kept(self._spool, Key.parse(event.key), event.facts(), wake=self._wake)


class Interactions:
    """The handler of `POST /slack/interactions`. `stop` is given a question's key, and says whether it was in time.

    A replayed click is a duplicate: its job is named by the click's own time.
    """

    def __init__(
        self,
        analyzer: InteractionAnalyzer,
        spool: Spool,
        *,
        stop: Callable[[str], bool],
        wake: Callable[[], None],
        note: Callable[[str], None] = lambda _: None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._analyzer = analyzer
        self._spool = spool
        self._stop = stop
        self._wake = wake
        self._note = note
        self._clock = clock

    def __call__(self, request: Request) -> Response:
        """As `Webhook`. After a 503 Slack tells whoever clicked that it did not work: it sends no click again."""
        click = self._analyzer.analyze(request.headers, request.body, self._clock())
        if isinstance(click, Ignored):
            log.debug("click outcome=ignored reason=%r", click.reason)
            return HEARD
        self._note(click.key)
        log.info("click key=%s action=%s", click.key, click.action)
        if click.action == "stop":
            return self._stopped(click)
        if click.action == "again":
            return self._asked_again(click)
        key = Key(click.channel, click.message_ts, click.ts)  # a lane of its own: it waits for nobody
        return kept(self._spool, key, click.facts(), wake=self._wake)

    def _stopped(self, click: Click) -> Response:
        try:
            is_in_time = self._stop(click.key)
        except OSError:
            log.exception("click key=%s outcome=not-kept", click.key)
            return line(503, "cannot keep it now")
        log.info("click key=%s outcome=%s", click.key, "stop-asked" if is_in_time else "too-late")
        return HEARD

    def _asked_again(self, click: Click) -> Response:
        """A question of its own, behind whatever is asked in the thread already."""
        try:
            question = again(click, asked_before(self._spool, Key.parse(click.key)))
        except OSError:
            log.exception("click key=%s outcome=not-read", click.key)
            return line(503, "cannot read it now")
        return kept(self._spool, Key.parse(question.key), question.facts(), wake=self._wake)


def asked_before(spool: Spool, key: Key) -> Question | None:
    """The question of this key, if its job is still there."""
    for folder in ("ready", "done", "failed"):  # in the order in which it may be moving just now
        try:
            return Question.from_facts(spool.peek(folder, key)[0])
        except FileNotFoundError:
            continue
        except (IndexError, KeyError, TypeError):  # not written by us, or by another version
            return None
    return None


def again(click: Click, before: Question | None) -> Question:
    """What is asked by asking once more. Where the question is not known any more, its text is empty."""
    asked = Key.parse(click.key)
    known = before or Question("again", asked.channel, asked.thread_ts, asked.ts, "", "", "", "", 0)
    return replace(
        known,
        kind="again",
        ts=click.ts,
        user=click.user,
        team=click.team,
        event_id="",
        event_time=int(click.ts.partition(".")[0]),
        again=known.again or asked.ts,
        reply="" if known.text else click.reply,
    )


def kept(spool: Spool, key: Key, facts: Mapping[str, Any], *, wake: Callable[[], None]) -> Response:
    """Put it into the spool: 200, with `wake` to come if it is new; 503 if it cannot be kept."""
    began = time.monotonic()
    try:
        new = spool.put(key, facts)
    except OSError:
        # Not kept, so not accepted: Slack sends an event again.
        log.exception("question key=%s outcome=not-kept", key)
        return line(503, "cannot keep it now")
    log.info(
        "question key=%s kind=%s outcome=%s ms=%.1f",
        key,
        facts["kind"],
        "accepted" if new else "duplicate",
        (time.monotonic() - began) * 1000,
    )
    return Response(200, after=wake if new else None)
