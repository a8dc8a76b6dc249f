"""The door to Slack: a request is read, judged, kept, and answered 200; what follows is for afterwards.

It knows nothing of answering. A question goes into the spool, and `wake` is run once Slack has its answer.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from cocoai.engine.job import Key
from cocoai.engine.request import Request
from cocoai.engine.response import Response, line
from cocoai.engine.spool import Spool
from cocoai.slack.events import Challenge, Ignored, Question, SlackEventAnalyzer

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
        return self._accept(event)

    def _accept(self, question: Question) -> Response:
        self._note(question.key)
        began = time.monotonic()
        try:
            new = self._spool.put(Key.parse(question.key), question.facts())
        except OSError:
            # Not kept, so not accepted: Slack sends it again.
            log.exception("question key=%s outcome=not-kept", question.key)
            return line(503, "cannot keep it now")
        log.info(
            "question key=%s kind=%s outcome=%s ms=%.1f",
            question.key,
            question.kind,
            "accepted" if new else "duplicate",
            (time.monotonic() - began) * 1000,
        )
        return Response(200, after=self._wake if new else None)
