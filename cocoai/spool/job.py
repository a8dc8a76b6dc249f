"""One job of the spool: its question, the facts that have happened to it, and its lock.

A job knows one file and nothing of where it lies: what the folders mean is spool.py's.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Callable
from typing import Any

from cocoai.spool.disk import Disk
from cocoai.spool.key import Key
from cocoai.spool.store_error import as_store_errors

Fact = dict[str, Any]
"""One line of a job's file. The first is the question; each further one has `fact` (its name) and `at` (epoch)."""

LONGEST_DELAY = 300.0
"""Seconds. A `retry_at` further ahead than this was written by a clock that has since jumped: it counts as due."""

SURVIVE_RETRY = frozenset({"placeholder", "answer", "part"})
"""Facts about the world outside: they stay true when the operator retries the job."""

_FACT_HEADER = re.compile(rb'\n\{"fact":"([a-z]+)","at":([0-9]{1,12}(?:\.[0-9]{1,6})?)[,}]')
"""How the line of a fact begins, as record() writes it. JSON escapes newlines, so no text can contain this."""


class Job:
    """An open job file. It belongs to this process alone from the `take` that returned True until `release`."""

    def __init__(self, key: Key, path: str, *, disk: Disk, clock: Callable[[], float]) -> None:
        """Open the file. Raise FileNotFoundError if it has moved on."""
        self.key = key
        self._path = path
        self._disk = disk
        self._clock = clock
        self._fd = disk.open(path)
        self._size = 0
        self._lines: list[Fact] = []

    def take(self) -> bool:
        """Lock and read the job. Return False if another process has it, or if it is no longer at its path.

        Cut off what a crash left half-written. Raise ValueError if not even the question is whole.
        """
        # finish() may have moved the file between our opening and our locking: then the lock means nothing.
        if not (self._disk.lock(self._fd) and self._disk.is_at(self._fd, self._path)):
            return False
        size = self.read()
        if not self._lines:
            raise ValueError(f"{self.key}: no question in it")
        if self._size < size:
            self._disk.truncate(self._fd, self._size)
            self._disk.fsync(self._fd)
        return True

    def read(self) -> int:
        """Read the whole lines without changing the file. Return how many bytes the file has."""
        data = self._disk.read(self._fd)
        self._lines, self._size = whole_lines(data)
        return len(data)

    def moments(self) -> list[tuple[str, float]]:
        """Return the name and the time (epoch seconds) of each fact, without parsing the rest of the file."""
        return [(name.decode(), float(at)) for name, at in _FACT_HEADER.findall(self._disk.read(self._fd))]

    def release(self) -> None:
        """Give up the lock and close the file, which stays where it is. Calling it again does nothing."""
        if self._fd >= 0:
            self._disk.close(self._fd)
            self._fd = -1

    @property
    def lines(self) -> list[Fact]:
        """Return the question and all facts, in the order in which they were written."""
        return list(self._lines)

    @property
    def question(self) -> Fact:
        """Return the first line: what was put."""
        return self._lines[0]

    @property
    def kind(self) -> str | None:
        """Return the question's `kind`; "" if it has none, None if the file has no whole first line."""
        if not self._lines:
            return None
        kind = self.question.get("kind")
        return kind if isinstance(kind, str) else ""

    def facts(self, name: str) -> list[Fact]:
        """Return every fact of this name, oldest first.

        After the operator's last retry only newer facts count, except those in SURVIVE_RETRY.
        """
        retried = max((index for index, line in enumerate(self._lines) if line.get("fact") == "retried"), default=0)
        since = 1 if name in SURVIVE_RETRY else retried + 1
        return [line for line in self._lines[since:] if line.get("fact") == name]

    def last(self, name: str) -> Fact | None:
        """Return the newest fact of this name; None if there is none."""
        found = self.facts(name)
        return found[-1] if found else None

    @property
    def attempt(self) -> int:
        """Return how often the job was claimed, without the claims that ended because Slack was away."""
        return len(self.facts("attempt")) - sum(1 for retry in self.facts("retry") if retry.get("free"))

    @property
    def may_have_posted(self) -> bool:
        """Return True if an earlier process may have posted a message without being able to record it."""
        visits = sum(1 for line in self._lines if line.get("fact") in ("attempt", "visit"))
        # One of them is this process's own.
        return visits > 1

    def is_due(self) -> bool:
        """Check whether the job may be tried now: it has no `retry_at`, or that time has come."""
        retry = self.last("retry") or {}
        now = self._clock()
        is_ahead = now < _number(retry.get("retry_at")) <= now + LONGEST_DELAY
        return not is_ahead

    def record(self, fact: str, **values: Any) -> None:
        """Append a fact durably. Raise StoreError if it cannot be kept: then the file is as it was before."""
        line = {"fact": fact, "at": round(self._clock(), 3), **values}
        data = encode_line(line)
        with as_store_errors():
            self._append(data)
        self._size += len(data)
        self._lines.append(line)

    def _append(self, data: bytes) -> None:
        try:
            self._disk.append(self._fd, data)
            self._disk.fsync(self._fd)
        except OSError:
            # After a failed fsync the line may be there or not. It must not be, for we act as if it were not.
            with contextlib.suppress(OSError):
                self._disk.truncate(self._fd, self._size)
            raise


def _number(value: object) -> float:
    """Return `value` as a float, or 0.0 if it is not a number (another version may have written it)."""
    try:
        return float(value) if isinstance(value, (int, float)) else 0.0
    except OverflowError:
        return 0.0


def encode_line(line: Fact) -> bytes:
    """Return one line of JSON, its newline included."""
    # ASCII only: a lone surrogate in somebody's text must not make a job unwritable.
    return json.dumps(line, separators=(",", ":")).encode("ascii") + b"\n"


def whole_lines(data: bytes) -> tuple[list[Fact], int]:
    """Return the lines that were written whole, and how many bytes they take.

    The first line that is not a JSON object ends the file: a power cut may leave the last line short, or long but
    with a hole in it.
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
