"""Job: one file of the spool, its question and the facts that have happened to it. Key: its name.

It knows one file and its lock. Where the file lies, and what that means, is spool.py's.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Callable
from typing import Any

from cocoai.spool.disk import Disk
from cocoai.spool.key import Key

Fact = dict[str, Any]
"""One line of a job's file. The first is the question; each further one has `fact` (its name) and `at` (epoch)."""

LONGEST_DELAY = 300.0
"""Seconds. A `retry_at` further ahead than this was written by a clock that has since jumped: it counts as due."""

SURVIVE_RETRY = frozenset({"placeholder", "answer", "part"})
"""Facts about the world outside: they stay true when the operator retries the job."""

_MOMENT = re.compile(rb'\n\{"fact":"([a-z]+)","at":([0-9]{1,12}(?:\.[0-9]{1,6})?)[,}]')
"""How the line of a fact begins, as record() writes it. No text holds a line's end unescaped."""


class Job:
    """An open job file. Ours alone once `take` has said True, until `release` or our death."""

    def __init__(self, key: Key, path: str, *, files: Disk, clock: Callable[[], float]) -> None:
        """Open the file; `FileNotFoundError` if it has moved on."""
        self.key = key
        self._path = path
        self._files = files
        self._clock = clock
        self._fd = files.open(path)
        self._size = 0
        self._lines: list[Fact] = []

    def take(self) -> bool:
        """Lock and read it, if nobody else has it and it is still there.

        What a crash left half-written is cut off. `ValueError` if not even a question is in it.
        """
        # finish() may have moved the file between our opening and our locking: then the lock means nothing.
        if not (self._files.lock(self._fd) and self._files.is_at(self._fd, self._path)):
            return False
        written = self.read()
        if not self._lines:
            raise ValueError(f"{self.key}: no question in it")
        if self._size < written:
            self._files.truncate(self._fd, self._size)
            self._files.fsync(self._fd)
        return True

    def read(self) -> int:
        """Read its whole lines, touching nothing. Returns how many bytes the file has."""
        data = self._files.read(self._fd)
        self._lines, self._size = whole_lines(data)
        return len(data)

    def release(self) -> None:
        """Give the claim up; the file stays where it is."""
        if self._fd >= 0:
            self._files.close(self._fd)
            self._fd = -1

    @property
    def lines(self) -> list[Fact]:
        """All of it: the question, then the facts."""
        return list(self._lines)

    @property
    def question(self) -> Fact:
        return self._lines[0]

    def facts(self, name: str) -> list[Fact]:
        """Every fact of this name, oldest first; those from before the operator's last retry only if STANDING."""
        retried = max((index for index, line in enumerate(self._lines) if line.get("fact") == "retried"), default=0)
        since = 1 if name in SURVIVE_RETRY else retried + 1
        return [line for line in self._lines[since:] if line.get("fact") == name]

    def last(self, name: str) -> Fact | None:
        """The newest fact of this name, if there is one."""
        found = self.facts(name)
        return found[-1] if found else None

    @property
    def attempt(self) -> int:
        """How often it was claimed. Claims that ended because the other side was away for nobody's fault are free."""
        return len(self.facts("attempt")) - sum(1 for retry in self.facts("retry") if retry.get("free"))

    @property
    def may_have_posted(self) -> bool:
        """Whether somebody before us may have spoken outside without being able to record it."""
        visits = sum(1 for line in self._lines if line.get("fact") in ("attempt", "visit"))
        return visits > 1

    def is_due(self) -> bool:
        """Whether its `retry_at`, if it has one, has come."""
        now = self._clock()
        return not now < _number((self.last("retry") or {}).get("retry_at")) <= now + LONGEST_DELAY

    def record(self, fact: str, **values: Any) -> None:
        """Append what has happened, durably. `OSError` if it cannot be kept: then it is as if never said."""
        line = {"fact": fact, "at": round(self._clock(), 3), **values}
        data = encode_line(line)
        try:
            self._files.append(self._fd, data)
            self._files.fsync(self._fd)
        except OSError:
            # After a failed fsync the line may be there or not. It must not be, for we act as if it were not.
            with contextlib.suppress(OSError):
                self._files.truncate(self._fd, self._size)
            raise
        self._size += len(data)
        self._lines.append(line)


def _number(value: object) -> float:
    """A number that is none, in a file that we have not written, is 0."""
    try:
        return float(value) if isinstance(value, (int, float)) else 0.0
    except OverflowError:
        return 0.0


def encode_line(line: Fact) -> bytes:
    """One line of JSON. ASCII only: a lone surrogate in somebody's text must not make a job unwritable."""
    return json.dumps(line, separators=(",", ":")).encode("ascii") + b"\n"


def whole_lines(data: bytes) -> tuple[list[Fact], int]:
    """The lines that were written whole, and how many bytes they take.

    A power cut may leave the last line short, or long but with a hole in it: the first line that is
    not a JSON object ends the file.
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


def moments(data: bytes) -> list[tuple[str, float]]:
    """The name of each fact in a job's file and when it happened, without a look at what else it says."""
    return [(name.decode(), float(at)) for name, at in _MOMENT.findall(data)]
