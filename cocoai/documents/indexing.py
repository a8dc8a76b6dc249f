"""Indexing: compares what the sources have with what the index knows, and does a part of the difference at a time.

It holds the index open only while it writes: reading a document may fork, and no connection crosses a fork. Killed at
any step, it leaves an index in which each document is whole, old or missing, and the next slice sees which.
"""

from __future__ import annotations

import json
import logging
import os
import random
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from cocoai.documents.document import FOLDER, HISTORY, SLACK, Document, DocumentSection
from cocoai.documents.index import DocumentIndex
from cocoai.documents.source import DocumentSource, Unreadable
from cocoai.errors import CocoAIError, Temporary

MOST_CPU = 1.0
"""Seconds of CPU after which a slice begins no further document."""

MOST_SECONDS = 30.0
"""Seconds after which it begins none either: a source far away costs little CPU, and the lock is wanted by others."""

WRITTEN_AT_ONCE = 100
"""Documents that are written in one transaction."""

PAUSE_PER_CPU = 30.0
"""Seconds of pause for each second of CPU: a slice takes a third of what the smallest machine is guaranteed."""

IDLE_PAUSE = 60.0
"""Seconds until the sources are looked at again when there is nothing more to do."""

IDLE_PAUSE_PER_CPU = 300.0
"""The same for each second of CPU that looking has taken: many files are looked at less often."""

FAILED_PAUSE = 60.0
"""Seconds until the next try when the index could not be written. One that was found broken is made anew then."""

MOST_FAILURES = 3
"""Documents of one source that fail for now in a slice, until the others of it wait for the next one."""

MOST_HELD = 500_000
"""Characters that are held in memory until they are written."""

REMOVED_AT_ONCE = 500
"""Documents that are forgotten in one transaction."""

log = logging.getLogger(__name__)


@dataclass
class SliceResult:
    """What a slice has done: documents that were put, removed and could not be read; the seconds of CPU that it took.

    `is_more`: there are documents that it has not tried.
    """

    put: int = 0
    removed: int = 0
    unreadable: int = 0
    cpu: float = 0.0
    is_more: bool = False

    @property
    def pause(self) -> float:
        """Return the seconds until the next slice."""
        if self.is_more:
            return PAUSE_PER_CPU * self.cpu
        is_idle = not (self.put or self.removed or self.unreadable)
        return max(IDLE_PAUSE, (IDLE_PAUSE_PER_CPU if is_idle else PAUSE_PER_CPU) * self.cpu)


def problems_key(source: str) -> str:
    """Return the index's meta key under which a source's own problems stand: JSON, how many by code; "" for none."""
    return f"problems.{source}"


def try_slice(path: str, sources: Sequence[DocumentSource]) -> float:
    """Do a slice, and log it if it has changed something; return the seconds until the next. A failure is logged."""
    try:
        done = index_slice(path, sources)
    except (OSError, CocoAIError) as error:
        log.warning("index outcome=failed reason=%s", error)
        return FAILED_PAUSE
    if done.put or done.removed or done.unreadable:
        log.info(
            "index outcome=done put=%d removed=%d unreadable=%d more=%s cpu=%.1f",
            *(done.put, done.removed, done.unreadable, done.is_more, done.cpu),
        )
    return done.pause


def index_slice(path: str, sources: Sequence[DocumentSource], *, cpu: Callable[[], float] | None = None) -> SliceResult:
    """Bring the index at `path` a slice nearer to its sources; what has gone is forgotten at once, and for good.

    The caller holds the index's lock. Documents of sources that are not given are forgotten. `cpu` returns seconds of
    CPU of this process and its children. Raise OSError or `CocoAIError` if it cannot be written.
    """
    used = cpu or _cpu
    began = used()
    work = _Slice(path)
    for source in sources:
        work.look_at(source)
    work.compare([name for name in (FOLDER, SLACK, HISTORY) if name not in {source.name for source in sources}])
    deadline = time.monotonic() + MOST_SECONDS
    work.read(lambda: used() - began < MOST_CPU and time.monotonic() < deadline)
    work.finish()
    work.result.cpu = used() - began
    return work.result


@dataclass
class _Slice:
    """The work of one slice, in its steps: look_at() each source, compare(), read(), finish()."""

    path: str
    result: SliceResult = field(default_factory=SliceResult)
    _listed: dict[str, tuple[DocumentSource, Mapping[str, Document]]] = field(default_factory=dict)
    _problems: dict[str, Counter[str]] = field(default_factory=dict)
    _todo: list[tuple[DocumentSource, Document]] = field(default_factory=list)
    _known: dict[str, Mapping[str, str]] = field(default_factory=dict)
    _held: list[tuple[Document, list[DocumentSection] | str]] = field(default_factory=list)
    _held_characters: int = 0

    def look_at(self, source: DocumentSource) -> None:
        """List a source. One that cannot be listed now stays as it is known."""
        problems = self._problems[source.name] = Counter()
        try:
            self._listed[source.name] = (source, source.listed())
            problems.update(source.problems)
        except Temporary as error:
            problems[error.code] += 1

    def compare(self, others: Iterable[str]) -> None:
        """Note what is to be read, and forget what is gone, and all of the sources `others`."""
        gone: dict[str, list[str]] = {}
        with DocumentIndex(self.path) as index:
            for name, (source, listed) in self._listed.items():
                known = self._known[name] = index.known(name)
                gone[name] = [each for each in known if each not in listed and source.is_gone(each)]
                new = [document for each, document in listed.items() if known.get(each) != document.version]
                self._todo += [(source, document) for document in new]
            gone |= {name: list(index.known(name)) for name in others}
            for name, names in gone.items():
                for at in range(0, len(names), REMOVED_AT_ONCE):
                    index.remove(name, names[at : at + REMOVED_AT_ONCE])
                self.result.removed += len(names)

    def read(self, may_go_on: Callable[[], bool]) -> None:
        """Read documents and write them to the index, until a slice is full."""
        # In any order, so that some which change all the time, or fail, keep no others away for good.
        random.shuffle(self._todo)
        failures = Counter[str]()
        tried = 0
        for source, document in self._todo:
            if tried and not may_go_on():
                self.result.is_more = True
                break
            if failures[source.name] < MOST_FAILURES:
                tried += 1
                failures[source.name] += not self._read(source, document)
        self._write()

    def finish(self) -> None:
        """Write what the sources say of themselves, and make the index forget for good what was removed."""
        with DocumentIndex(self.path) as index:
            for name, problems in self._problems.items():
                told = json.dumps(problems, sort_keys=True) if problems else ""
                if index.meta(problems_key(name)) != told:  # each change is written to the disk
                    index.set_meta(problems_key(name), told)
            # What is gone must go at once; what was merely replaced can wait until all is current.
            if index.has_remains and (self.result.removed or not self.result.is_more):
                index.optimize()

    def _read(self, source: DocumentSource, document: Document) -> bool:
        """Read a document and hold what is to be written of it; return False if it failed for now."""
        try:
            sections = list(source.sections(document))
        except Unreadable as error:
            if error.code != "changed":
                self._hold(document, error.code)
            elif document.name not in self._known[source.name]:
                self._hold(replace(document, version=""), error.code)  # no version: it is tried again
            return True
        except Temporary as error:
            self._problems[source.name][error.code] += 1
            return False
        self._hold(document, sections)
        return True

    def _hold(self, document: Document, found: list[DocumentSection] | str) -> None:
        self._held.append((document, found))
        if not isinstance(found, str):
            self._held_characters += sum(len(section.text) for section in found)
        if len(self._held) >= WRITTEN_AT_ONCE or self._held_characters >= MOST_HELD:
            self._write()

    def _write(self) -> None:
        """Write what is held."""
        held, self._held, self._held_characters = self._held, [], 0
        if not held:
            return
        with DocumentIndex(self.path) as index, index.batch():
            for document, found in held:
                if isinstance(found, str):
                    index.note_problem(document, found)
                    self.result.unreadable += 1
                else:
                    index.put(document, found)
                    self.result.put += 1


def _cpu() -> float:
    return sum(os.times()[:4])
