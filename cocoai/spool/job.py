"""Job: one job with its question and the facts recorded since, as lines of JSON, and the claim to it.

How it is stored is file_job.py's: this file knows what the lines say.
"""

from __future__ import annotations

import json
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from typing import Any

from cocoai.spool.key import Key
from cocoai.spool.store_error import as_store_errors

Fact = dict[str, Any]
"""One line of a job's file. The first is the question; each further one has `fact` (its name) and `at` (epoch)."""

STATES = ("ready", "done", "failed")
"""The states of an accepted job, in the order in which one may move while it is looked for."""

LONGEST_DELAY = 300.0
"""Seconds. A `retry_at` further ahead than this was written by a clock that has since jumped: it counts as due."""

SHUT_OUT = "shut_out"
"""What a `retry` fact has if the job waits until an operator mends something: the generation of the pool by then.

New settings come with a new generation, so a job of an earlier one is due at once.
"""

SURVIVE_RETRY = frozenset(
    {"placeholder", "answer", "part", "delivered", "located", "drawing", "worded", "picture", "uploaded", "shared"}
    | {"searching", "searched", "material"}
)
"""Facts about the world outside, and of what was paid: they stay true when the operator retries the job."""

FORGOTTEN = "forgotten"
"""The fact of an ended job in which no words are left, since somebody wanted them to be forgotten."""

EXPIRED = "expired"
"""The code of the `error` fact of a question that an operator has given up: its asker is told so.

Another machine may have answered it, of which the job says nothing, if the store is an old copy.
"""

FACT_HEADER = re.compile(rb'\n\{"fact":"([a-z]+)","at":([0-9]{1,12}(?:\.[0-9]{1,6})?)[,}]')
"""How the line of a fact begins, as record() writes it. JSON escapes newlines, so no text can contain this."""


class Job(ABC):
    """A job that was put, wherever it is stored. `clock` returns epoch seconds, `generation` is this pool's.

    The job belongs to this process alone from the `take` that returned True until `release`. Without `take` it can
    only be read.
    """

    def __init__(self, key: Key, *, clock: Callable[[], float], generation: int = 0) -> None:
        self.key = key
        self.generation = generation
        self._clock = clock
        self._lines: list[Fact] = []

    @abstractmethod
    def take(self) -> bool:
        """Claim the job without waiting, and read it. Return True if this process holds the job now.

        Return False if another process holds it, or it is no longer in the state in which it was looked for. Raise
        ValueError if not even the question is whole, OSError if the store fails. In each case the caller must release
        the job.
        """

    @abstractmethod
    def read(self) -> int:
        """Read `lines`, up to the first that is not whole. Return the size of all that is stored of them in bytes."""

    @abstractmethod
    def moments(self) -> list[tuple[str, float]]:
        """Return the name and the time of each fact, such as `("attempt", 1767225600.5)` (epoch seconds), oldest first.

        The JSON is not parsed, which is cheaper than read().
        """

    @abstractmethod
    def release(self) -> None:
        """Give up the claim, if there is one. The job stays where it is. A second call does nothing."""

    @abstractmethod
    def check_claim(self) -> None:
        """Make sure, before a new message is posted, that the job is still this process's own.

        Raise `ClaimLost` if it is not, another StoreError if nobody can tell.
        """

    @abstractmethod
    def _append(self, data: bytes, line: Fact) -> None:
        """Store one more line, `data`, durably. If that fails, raise OSError: then it is not there."""

    @property
    def lines(self) -> list[Fact]:
        """Return the lines as last read: the question, then all facts in the order in which they were recorded."""
        return list(self._lines)

    @property
    def question(self) -> Fact:
        """Return the first line: the question, or the click, as it was put. Raise IndexError if nothing was read."""
        return self._lines[0]

    @property
    def kind(self) -> str | None:
        """Return the `kind` in the first line, such as `mention`; "" if it has none, None if there is no whole line."""
        if not self._lines:
            return None
        kind = self.question.get("kind")
        return kind if isinstance(kind, str) else ""

    def facts(self, name: str) -> list[Fact]:
        """Return every fact of this name, oldest first; [] if there is none.

        Facts from before the operator's last retry are left out, unless the name is in SURVIVE_RETRY.
        """
        retried = max((index for index, line in enumerate(self._lines) if line.get("fact") == "retried"), default=0)
        since = 1 if name in SURVIVE_RETRY else retried + 1
        return [line for line in self._lines[since:] if line.get("fact") == name]

    def last(self, name: str) -> Fact | None:
        """Return the newest fact that facts() has of this name; None if there is none."""
        found = self.facts(name)
        return found[-1] if found else None

    @property
    def attempt(self) -> int:
        """Return the number of attempts since the operator's last retry, the one in hand included.

        An attempt that Slack's or our disk's own troubles ended (`free` in its `retry` fact) does not count.
        """
        number, is_attempt = 0, False
        for line in self._lines[1:]:
            match line.get("fact"):
                case "attempt":
                    number, is_attempt = number + 1, True
                case "visit":  # a `retry` behind it ends no attempt
                    is_attempt = False
                case "retry" if line.get("free") and is_attempt:
                    number, is_attempt = number - 1, False
                case "retried":
                    number = 0
        return number

    def is_due(self) -> bool:
        """Check whether the job may be tried now: its last `retry` fact, if any, has a `retry_at` that has come.

        A time more than LONGEST_DELAY ahead counts as come.
        """
        return not is_ahead(self.retry_at, self._clock())

    @property
    def retry_at(self) -> float:
        """Return when the job is to be tried again (epoch seconds), by its last `retry` fact; 0.0 if there is none.

        Return 0.0 too if it waits for an operator (`shut_out`) since another generation: he may have come.
        """
        retry = self.last("retry") or {}
        if SHUT_OUT in retry and retry[SHUT_OUT] != self.generation:
            return 0.0
        return as_number(retry.get("retry_at"))

    def record(self, fact: str, **values: Any) -> None:
        """Append the line `{"fact": fact, "at": now, **values}` to the job, durably.

        Raise StoreError if it cannot be kept: then it is not in `lines` either.
        """
        line = {"fact": fact, "at": round(self._clock(), 3), **values}
        with as_store_errors():
            self._append(encode_line(line), line)
        self._lines.append(line)


def is_forgotten(lines: Iterable[Fact]) -> bool:
    """Check whether the words of a job with these lines were forgotten: then no text in them says anything."""
    return any(line.get("fact") == FORGOTTEN for line in lines)


def is_ahead(retry_at: float, now: float) -> bool:
    """Check whether `retry_at` is still to come; both are in epoch seconds. Over LONGEST_DELAY ahead counts as come."""
    return now < retry_at <= now + LONGEST_DELAY


def as_number(value: object) -> float:
    """Return `value` as a float, or 0.0 if it is not a number (another version may have written it)."""
    try:
        return float(value) if isinstance(value, (int, float)) else 0.0
    except OverflowError:
        return 0.0


def encode_line(line: Fact) -> bytes:
    """Return a fact or question as one line of JSON in ASCII, its newline included."""
    # ASCII only: a lone surrogate in somebody's text must not make a job unwritable.
    return json.dumps(line, separators=(",", ":")).encode("ascii") + b"\n"


def whole_lines(data: bytes) -> tuple[list[Fact], int]:
    """Parse a job's file; return its lines up to the first that is not whole, and how many bytes those take.

    Not whole is a line without its newline, or one that is no JSON object: a power cut may leave the last line short,
    or long but with a hole in it.
    """
    lines: list[Fact] = []
    size = 0
    for piece in data.splitlines(keepends=True):
        try:
            line = json.loads(piece)
        except (ValueError, RecursionError):
            break
        if not (piece.endswith(b"\n") and isinstance(line, dict)):
            break
        lines.append(line)
        size += len(piece)
    return lines, size
