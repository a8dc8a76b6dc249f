"""Run one kind of fuzz over many mutations: tally the outcomes, and hold time and memory to their bounds."""

from __future__ import annotations

import logging
import resource
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from bench.fuzz.check import require
from bench.fuzz.commands import COMMANDS, CommandChecker
from bench.fuzz.events import CLICKS, CORPUS, ClickChecker, EventChecker
from bench.fuzz.mutations import mutated
from bench.fuzz.payloads import PAYLOADS, PayloadChecker
from bench.fuzz.streams import STREAMS, StreamChecker
from bench.fuzz.texts import TEXTS, TextChecker

MOST_KINDS, EXAMPLES = 20, 3
"""Kinds of finds after which a process stops, and how many of each kind are kept."""

MOST_GROWTH = 96 * 1024
"""KiB by which one input may raise the process's peak of memory."""

AGAIN = 3
"""How often an input that was slow is timed once more."""

MOST_SHOWN = 2000
"""Bytes of an input that are printed with a find."""


class Checker(Protocol):
    """A function that checks what comes of a mutation, and returns the outcome in a word; any exception is a find."""

    kept: int
    """How many questions went through a spool."""

    slow: float
    """The seconds of CPU that the last input may have taken."""

    def __call__(self, body: bytes) -> str: ...


MakeChecker = Callable[[Path], Checker]

FUZZED: Mapping[str, tuple[MakeChecker, Sequence[dict[str, Any]]]] = {
    "payloads": (PayloadChecker, PAYLOADS),
    "streams": (StreamChecker, STREAMS),
    "events": (EventChecker, CORPUS),
    "clicks": (ClickChecker, CLICKS),
    "commands": (CommandChecker, COMMANDS),
    "texts": (TextChecker, TEXTS),
}
"""For each kind of input, its checker and what is mutated."""


@dataclass
class Tally:
    """The outcomes of some mutations: how often each came, and what was found.

    `slowest` and `cpu` are in seconds, `peak` in KiB.
    """

    outcomes: Counter[str] = field(default_factory=Counter)
    kept: int = 0
    slowest: float = 0.0
    cpu: float = 0.0
    peak: int = 0
    finds: list[str] = field(default_factory=list)
    kinds: Counter[str] = field(default_factory=Counter)

    def add_find(self, name: str, error: Exception, body: bytes) -> None:
        """Count a find, and keep the first few of its kind."""
        kind = _kind(error)
        self.kinds[kind] += 1
        if self.kinds[kind] <= EXAMPLES:
            self.finds.append(f"{name}: {error!r} for {body[:MOST_SHOWN]!r}")

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            self.outcomes + other.outcomes,
            self.kept + other.kept,
            max(self.slowest, other.slowest),
            self.cpu + other.cpu,
            max(self.peak, other.peak),
            self.finds + other.finds,
            self.kinds + other.kinds,
        )


def fuzz(seed: int, numbers: Sequence[int], seconds: float, of: str = "events") -> Tally:
    """Check these mutations of one kind of input (a key of `FUZZED`) until the time is up or too much is found."""
    tally = Tally()
    deadline = time.monotonic() + seconds
    meter = Meter()
    with _quiet(), tempfile.TemporaryDirectory(prefix="fuzz-", dir=_in_memory()) as var:
        make, corpus = FUZZED[of]
        check = make(Path(var))
        for number in numbers:
            if time.monotonic() > deadline or len(tally.kinds) >= MOST_KINDS:
                break
            _check(check, mutated(seed, number, corpus), f"seed {seed} number {number}", tally, meter)
        tally.kept = check.kept
    tally.cpu, tally.peak = meter.seconds - meter.began, meter.peak
    return tally


def _kind(error: Exception) -> str:
    """Return what is the same for all finds of a kind: the exception and where it was raised, or the broken law."""
    if isinstance(error, AssertionError):
        return str(error).partition(":")[0]
    frames = traceback.extract_tb(error.__traceback__)
    return f"{type(error).__name__} in {frames[-1].name}, line {frames[-1].lineno}" if frames else type(error).__name__


class Meter:
    """The seconds of CPU that this process has taken, and its peak of memory in KiB, as last read."""

    def __init__(self) -> None:
        self.began = self.seconds = time.process_time()
        self.peak = _peak()

    def read(self) -> tuple[float, int]:
        """Read both; return how much they have grown since the last time."""
        seconds, peak = time.process_time(), _peak()
        grown = (seconds - self.seconds, peak - self.peak)
        self.seconds, self.peak = seconds, peak
        return grown


def _check(check: Checker, body: bytes, name: str, tally: Tally, meter: Meter) -> None:
    """Check one mutation, and add its outcome or the find to the tally."""
    meter.read()
    try:
        outcome = check(body)
        seconds, grown = meter.read()
        for _ in range(AGAIN):  # another process may have been in the way
            if seconds < check.slow:
                break
            check(body)
            seconds, _grown = meter.read()
        tally.slowest = max(tally.slowest, seconds)
        require(seconds < check.slow, f"slow: {seconds:.1f} s")
        require(grown < MOST_GROWTH, f"memory: {grown // 1024} MiB")
        tally.outcomes[outcome] += 1
    except Exception as error:  # noqa: BLE001 (whatever is not expected is a find)
        tally.outcomes["FIND"] += 1
        tally.add_find(name, error, body)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep warnings out of the log: each odd input is one."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(before)


def _peak() -> int:
    """Return the process's peak of resident memory so far, in KiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def _in_memory() -> str | None:
    """Return a folder in memory, if the system has one."""
    return "/dev/shm" if Path("/dev/shm").is_dir() else None
