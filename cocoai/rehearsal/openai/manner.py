"""How this OpenAI behaves: its switches, and the faults that a test can order."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

FOREVER = 3600.0
"""Seconds; a server that is stopped wakes up earlier."""

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
]


@dataclass
class Manner:
    """Every switch may be turned while the server runs.

    first_delay       seconds before the first piece, after the headers
    piece_delay       seconds between two pieces
    piece_size        characters of a piece; `pieces`, where given, says how many there are instead
    keep_alives       comments are sent while it waits, as some servers do
    says_done         a stream ends with [DONE]
    ignores_stream    a whole answer is sent even where a stream was asked for
    context_tokens    more than this is context_length_exceeded
    vision            its models see pictures and PDFs; not all those of other servers do
    file_bytes        a bigger picture or PDF is refused
    refuses           parameters that it refuses by name, as any newer or older server may
    refuses_in_words  parameters that it refuses as old servers do: only the message tells which
    answer            what it says, instead of the practice answer; or what makes it out of the question
    """

    first_delay: float = 0.0
    piece_delay: float = 0.0
    piece_size: int = 16
    pieces: int | None = None
    keep_alives: bool = False
    says_done: bool = True
    ignores_stream: bool = False
    context_tokens: int = 128_000
    vision: bool = True
    file_bytes: int = 32 * 1024 * 1024
    refuses: frozenset[str] = frozenset()
    refuses_in_words: frozenset[str] = frozenset()
    answer: str | Callable[[str], str] | None = None


@dataclass(frozen=True)
class Fault:
    """What goes wrong with one chat completion, on command.

    rate limited  429 rate_limit_exceeded, Retry-After `seconds`
    no credit     429 insufficient_quota, or `code` in its place
    bad key       401 invalid_api_key
    filtered      400 content_policy_violation, or `code` in its place: a filter will not have the question
    server error  500
    overloaded    503 server_is_overloaded
    broken        502 with HTML, as a proxy sends it
    gone          the connection is closed without a word
    silent        nothing at all for `seconds`, not even a status; then all goes on
    pause         silence for `seconds` after `after` pieces; then all goes on
    error         an error inside the stream after `after` pieces, with `code`, which may be a number
    cut           the connection is closed after `after` pieces
    unfinished    the stream ends, in good order, after `after` pieces: no finish_reason, no [DONE]
    empty         not a word: all the allowance went into thinking, finish_reason length
    refusal       the model refuses, in delta.refusal
    withheld      not a word: a filter keeps the answer back, finish_reason content_filter
    """

    kind: FaultKind
    after: int = 0
    seconds: float = FOREVER
    code: str | int = ""


class Faults:
    """Faults in waiting, taken in the order in which they were given; the last may stay for good."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[Fault] = []
        self._always: Fault | None = None

    def add(self, fault: Fault, times: int | None) -> None:
        """`times` None: from then on always."""
        with self._lock:
            if times is None:
                self._always = fault
            else:
                self._waiting += [fault] * times

    def take(self) -> Fault | None:
        with self._lock:
            return self._waiting.pop(0) if self._waiting else self._always

    def clear(self) -> None:
        with self._lock:
            self._waiting.clear()
            self._always = None
