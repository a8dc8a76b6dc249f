"""Faults that a test requests in advance: the practice OpenAI's next answers or pictures fail in these ways."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Literal

FOREVER = 3600.0
"""Seconds; a server that is stopped ends such a wait at once."""

FaultKind = Literal[
    "rate limited",
    "no credit",
    "bad key",
    "filtered",
    "server error",
    "overloaded",
    "broken",
    "gone",
    "silent",
    "pause",
    "error",
    "cut",
    "unfinished",
    "empty",
    "refusal",
    "withheld",
    "wordless",
    "unexplained",
    "moderated",
    "too large",
    "another type",
    "not a picture",
    "no usage",
]


@dataclass(frozen=True)
class OpenAIFault:
    """A fault that one chat completion, or one picture, is to meet.

    rate limited  429 rate_limit_exceeded, with `seconds` as Retry-After
    no credit     429 insufficient_quota, or `code` in its place
    bad key       401 invalid_api_key
    filtered      400 content_policy_violation, or `code` in its place: a filter rejects the question
    server error  500
    overloaded    503 server_is_overloaded
    broken        502 with HTML, as a proxy sends it
    gone          the connection is closed without a response
    silent        nothing is sent for `seconds`, not even a status; then the answer follows
    pause         nothing is sent for `seconds` after `after` pieces; then the rest follows
    error         an error is sent inside the stream after `after` pieces, with `code`, which may be a number
    cut           the connection is closed after `after` pieces
    unfinished    the stream ends regularly after `after` pieces, without finish_reason and [DONE]
    empty         no text: all tokens went into reasoning, finish_reason length
    refusal       the model refuses, in delta.refusal
    withheld      a filter withholds the answer after `after` pieces, finish_reason content_filter
    wordless      no text: the model has nothing to say, finish_reason stop
    unexplained   the answer ends with [DONE] alone, without finish_reason, as some servers do

    Of a picture, those above that come in place of an answer, `silent`, and `cut`, in the middle of the picture; and:

    moderated      400 moderation_blocked, once its input is billed
    too large      far more bytes than a picture has
    another type   a picture in another format than was asked for
    not a picture  bytes that are no picture
    no usage       the picture without its usage, as some servers send it
    """

    kind: FaultKind
    after: int = 0
    seconds: float = FOREVER
    code: str | int = ""


class OpenAIFaults:
    """The faults to come, in the order in which they were added; the last one may be permanent."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pending: list[OpenAIFault] = []
        self._permanent: OpenAIFault | None = None

    def add(self, fault: OpenAIFault, times: int | None) -> None:
        """Let `times` requests meet a fault, after the faults added before; None: all that follow these.

        A permanent fault replaces the one before.
        """
        with self._lock:
            if times is None:
                self._permanent = fault
            else:
                self._pending += [fault] * times

    def take(self) -> OpenAIFault | None:
        """Remove and return the next fault; if there is none, return the permanent one (it stays), or None."""
        with self._lock:
            return self._pending.pop(0) if self._pending else self._permanent

    def clear(self) -> None:
        """Remove all faults to come, the permanent one too."""
        with self._lock:
            self._pending.clear()
            self._permanent = None
