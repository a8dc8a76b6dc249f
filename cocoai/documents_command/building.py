"""Build the index anew, in this process and without the pool's pauses, also while the pool runs."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from cocoai.documents.database import IndexUnavailable, throw_away
from cocoai.documents.index_reader import IndexReader
from cocoai.documents.index_task import IF_KILLED, index_lock_path, set_due
from cocoai.documents.indexing import SliceResult, index_slice
from cocoai.documents.source import DocumentSource
from cocoai.documents_command.view import IndexView
from cocoai.engine.process import locks
from cocoai.errors import CocoAIError
from cocoai.status.units import number, seconds

PATIENCE = 60.0
"""Seconds to wait for the pool's slice to end."""

PAUSE = 0.1
"""Seconds between two tries of the lock."""


def rebuild(
    view: IndexView,
    var: str,
    sources: Callable[[], Sequence[DocumentSource]],
    tell: Callable[[str], None],
    *,
    patience: float = PATIENCE,
) -> str:
    """Throw the index away, build it from its sources, and return a sentence about it.

    `tell` is told of the progress. The pool's own slices wait meanwhile, and answers go on with what is there by then.
    Broken off at any step, it leaves an index that the pool completes. Raise CocoAIError if another process has the
    index for longer than `patience` seconds, or if it cannot be written.
    """
    try:
        with _index_lock(var, tell, patience):
            began = time.monotonic()
            set_due(var, IF_KILLED)
            throw_away(view.path)
            done = _build(view.path, var, sources(), tell)
            set_due(var, done.pause)
        return _sentence(IndexReader(view.path), seconds(time.monotonic() - began))
    except OSError as error:
        raise CocoAIError(f"cannot build the index: {error.strerror}: {error.filename}") from None
    except IndexUnavailable as error:
        raise CocoAIError(f"cannot build the index: {error}") from None


def _build(path: str, var: str, sources: Sequence[DocumentSource], tell: Callable[[str], None]) -> SliceResult:
    """Do one slice after another until nothing more is to be read; return the last one's result."""
    documents = unreadable = 0
    while True:
        done = index_slice(path, sources)
        documents, unreadable = documents + done.put, unreadable + done.unreadable
        tell(f"{number(documents)} documents, and {number(unreadable)} that cannot be read")
        if not done.is_more or not (done.put or done.unreadable):
            return done
        set_due(var, IF_KILLED)


@contextmanager
def _index_lock(var: str, tell: Callable[[str], None], patience: float) -> Iterator[None]:
    """Hold the index's lock, as a context manager. Raise CocoAIError if another process has it for too long."""
    path, deadline = index_lock_path(var), time.monotonic() + patience
    while (lock := locks.take(path)) is None:
        if time.monotonic() >= deadline:
            raise CocoAIError("the index is being written by another process: try again in some minutes")
        tell("waiting for the process that is writing the index ...")
        time.sleep(PAUSE)
    try:
        yield
    finally:
        lock.release()


def _sentence(reader: IndexReader, took: str) -> str:
    figures = reader.figures()
    problems = sum(figures.problems.values())
    more = f"; {number(problems)} cannot be read: cocoai documents list --problems" if problems else ""
    return f"{number(figures.documents)} documents, {number(figures.passages)} passages, in {took}{more}"


class Progress:
    """The progress of a long command on stderr: one line that changes in a terminal, else nothing until the end."""

    def __init__(self) -> None:
        self._is_shown = sys.stderr.isatty()

    def tell(self, text: str) -> None:
        """Show how far it is, in the place of what was shown before."""
        if self._is_shown:
            sys.stderr.write(f"\r{text}\x1b[K")
            sys.stderr.flush()

    def end(self) -> None:
        """Begin a new line, if anything was shown."""
        if self._is_shown:
            sys.stderr.write("\n")
