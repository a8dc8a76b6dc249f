"""Variants of the spool and the Answerer that are broken on purpose: the enumeration catches each of them, by a law.

Each variant lacks one precaution of the product's own class, which passes the same history.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cocoai.answer import Answerer
from cocoai.answer.attempt import Attempt
from cocoai.answer.clicks import Clicks
from cocoai.answer.reply import Reply
from cocoai.engine.process import fork
from cocoai.slack.model.click import Click
from cocoai.spool.job import Fact, Job, encode_line
from cocoai.spool.key import Key
from cocoai.spool.spool import Spool
from tests.crash.enumeration import AT_ONCE, ONCE, TWICE, Depth, Enumeration
from tests.crash.histories import history_named
from tests.crash.machine import ScheduledSpool, Variants
from tests.crash.world import Law


class LinksBeforeTheFsync(ScheduledSpool):
    """Makes the file durable only after it has become visible in ready/."""

    def _write(self, question: Mapping[str, Any]) -> str:
        path = self._path("tmp", os.urandom(12).hex())
        fd = self._disk.create(path)
        self._disk.append(fd, encode_line(dict(question)))
        self._disk.close(fd)
        return path

    def _commit(self, temporary: str, key: Key, question: Mapping[str, Any]) -> tuple[bool, Mapping[str, Any]]:
        new = super()._commit(temporary, key, question)
        fd = self._disk.open(temporary)
        self._disk.fsync(fd)
        self._disk.close(fd)
        return new


class Skips(ScheduledSpool):
    """Leaves out the fsync of `folder` while it does one thing: `method`."""

    method = ""
    folder = ""
    _skips = False

    @contextlib.contextmanager
    def _skipping(self, method: str) -> Iterator[None]:
        """Leave out the fsync inside this block if it is the method concerned."""
        self._skips = method == self.method
        try:
            yield
        finally:
            self._skips = False

    def _sync(self, folder: str) -> None:
        if not (self._skips and folder == self.folder):
            super()._sync(folder)

    def put(self, key: Key, question: Mapping[str, Any]) -> bool:
        with self._skipping("put"):
            return super().put(key, question)

    def _open_claim(self, job: Job, fact: str, **values: Any) -> bool:
        with self._skipping("claim"):
            return super()._open_claim(job, fact, **values)

    def _move(self, job: Job, source: str, target: str) -> None:
        with self._skipping("end"):
            super()._move(job, source, target)


class AnswersBeforeReadyIsDurable(Skips):
    """Answers 200 while a power cut may still take the link."""

    method, folder = "put", "ready"


class PostsBeforeReadyIsDurable(Skips):
    """Claims a job without an fsync of its own: the process that put it may not have come to its fsync yet."""

    method, folder = "claim", "ready"


class LosesTheMark(Skips):
    """Makes the link durable, but not the thread's mark."""

    method, folder = "put", "threads"


class TrustsAnExistingMark(ScheduledSpool):
    """Fsyncs the folder of marks only for a mark that it has made itself, as the spool did before this enumeration."""

    def _commit(self, temporary: str, key: Key, question: Mapping[str, Any]) -> tuple[bool, Mapping[str, Any]]:
        if self._disk.touch(self._path("threads", key.thread)):
            self._sync("threads")
        return self._linked(temporary, key), {}

    def _linked(self, temporary: str, key: Key) -> bool:
        with self._putting(), contextlib.suppress(FileExistsError):
            if not self._knows(key, "done", "failed"):
                self._disk.link(temporary, self._path("ready", str(key)))
                return True
        return False


class TrustsItsFolders(ScheduledSpool):
    """Makes folders without an fsync of the folder above, as the spool did before this enumeration."""

    def make_folders(self) -> None:
        for folder in self._folders.values():
            self._disk.make_folder(folder)


class LooksOutsideTheLock(TrustsAnExistingMark):
    """Looks for the question before it takes the lock: until it links, the job may have moved from ready/ to done/."""

    def _linked(self, temporary: str, key: Key) -> bool:
        known = self._knows(key, "done", "failed")
        with self._putting(), contextlib.suppress(FileExistsError):
            if not known:
                self._disk.link(temporary, self._path("ready", str(key)))
                return True
        return False


class EndsWithoutTheLock(ScheduledSpool):
    """Unlinks and links instead of one rename, so that the job is in no folder for a moment."""

    def _move(self, job: Job, source: str, target: str) -> None:
        path = self._path(source, str(job.key))
        self._disk.link(path, self._path("tmp", "moving"))
        self._disk.unlink(path)
        self._disk.link(self._path("tmp", "moving"), self._path(target, str(job.key)))
        self._disk.unlink(self._path("tmp", "moving"))
        self._sync(target)
        self._sync(source)
        job.release()


class LeavesTornLines(ScheduledSpool):
    """Writes the next fact after what a power cut has left of the last one."""

    class TornJob(Job):
        """A job that is claimed without a check of its last line."""

        def take(self) -> bool:
            if not (self._disk.lock(self._fd) and self._disk.is_at(self._fd, self._path)):
                return False
            self.read()
            if not self._lines:
                raise ValueError(f"{self.key}: no question in it")
            return True

    def _job(self, folder: str, key: Key) -> Job:
        return self.TornJob(key, self._path(folder, str(key)), disk=self._disk, clock=self._clock)


class RecordsWithoutFsync(ScheduledSpool):
    """Records facts without an fsync, and goes on from them."""

    class HastyJob(Job):
        """A job whose facts are not fsynced."""

        def record(self, fact: str, **values: Any) -> None:
            line = {"fact": fact, **values}
            self._disk.append(self._fd, encode_line(line))
            self._lines.append(line)

    def _job(self, folder: str, key: Key) -> Job:
        return self.HastyJob(key, self._path(folder, str(key)), disk=self._disk, clock=self._clock)


class DeletesOnStopRequest(ScheduledSpool):
    """Deletes the job of a question that is to be stopped."""

    def request_stop(self, key: Key, user: str) -> bool:
        self._disk.unlink(self._path("ready", str(key)))
        return True


class FinishesBeforePosting(Answerer):
    """Finishes the job when the answer is recorded, and posts the answer afterwards."""

    _has_finished = False

    def _ask(self, attempt: Attempt, reply: Reply, ts: str) -> Fact:
        answer = super()._ask(attempt, reply, ts)
        self._spool.finish(attempt.job)
        self._has_finished = True
        return answer

    def _finish(self, attempt: Attempt, outcome: str) -> None:
        if not self._has_finished:
            super()._finish(attempt, outcome)


class ClicksThatFinishFirst(Clicks):
    """Clicks whose job is finished before what was clicked is done."""

    def handle(self, job: Job) -> None:
        self._spool.finish(job)
        self._run(Click.from_facts(job.question))


class FinishesBeforeHandling(Answerer):
    """Finishes the job of a click before it does what was clicked."""

    def answer(self, job: Job) -> None:
        self._clicks.__class__ = ClicksThatFinishFirst
        super().answer(job)


class ReplyThatFindsNothing(Reply):
    """A reply that finds no message of an earlier attempt."""

    def _find_posted(self, *args: object, **kwargs: object) -> str | None:
        return None


class NeverLooksForPosted(Answerer):
    """Posts every message that is not recorded, without a look whether it was posted already."""

    def _reply(self, attempt: Attempt) -> Reply:
        reply = super()._reply(attempt)
        reply.__class__ = ReplyThatFindsNothing
        return reply


@dataclass(frozen=True)
class Variant:
    """A broken class, the history in which it shows, and the law that catches it."""

    broken: type[ScheduledSpool] | type[Answerer]
    history: str
    law: Law
    depth: Depth = ONCE

    @property
    def variants(self) -> Variants:
        """Return the implementations to run: the broken class, and the product's own for the other."""
        if issubclass(self.broken, Answerer):
            return Variants(answerer=self.broken)
        return Variants(spool=self.broken)


VARIANTS = [
    Variant(LinksBeforeTheFsync, "one question", Law.ANSWERED),
    Variant(LinksBeforeTheFsync, "the mention and its twin at once", Law.KEPT, AT_ONCE),
    Variant(AnswersBeforeReadyIsDurable, "one question", Law.KEPT),
    Variant(PostsBeforeReadyIsDurable, "claimed while it is put", Law.SPOKEN, AT_ONCE),
    Variant(PostsBeforeReadyIsDurable, "claimed while it is put", Law.ONCE, AT_ONCE),
    Variant(LosesTheMark, "one question", Law.MARKED),
    Variant(TrustsAnExistingMark, "the mention and its twin at once", Law.MARKED, AT_ONCE),
    Variant(TrustsItsFolders, "one question", Law.KEPT),
    Variant(LooksOutsideTheLock, "a twin that comes in late", Law.KNOWN, AT_ONCE),
    Variant(EndsWithoutTheLock, "redelivered while it is answered", Law.KNOWN, AT_ONCE),
    Variant(LeavesTornLines, "one question", Law.PAID, TWICE),
    Variant(RecordsWithoutFsync, "one question", Law.ONCE),
    Variant(DeletesOnStopRequest, "stopped before it is answered", Law.KEPT),
    Variant(FinishesBeforePosting, "one question", Law.ANSWERED),
    Variant(NeverLooksForPosted, "one question", Law.ONCE),
    Variant(NeverLooksForPosted, "asked again", Law.ONCE),
    Variant(FinishesBeforeHandling, "deleted by its asker, in three parts", Law.ANSWERED),
]


def title(variant: Variant) -> str:
    return f"{variant.broken.__name__}: {variant.law.name}"


def broken_laws(variant: Variant) -> set[Law]:
    """Enumerate the variant's history until its law is broken; return the laws that were broken so far."""

    def is_caught(so_far: Enumeration) -> bool:
        return any(violation.law == variant.law for violation in so_far.violations)

    history = history_named(variant.history)
    enumeration = Enumeration(history, variant.depth, variant.variants, stop_when=is_caught)
    return {violation.law for violation in enumeration.run().violations}


@pytest.mark.parametrize("variant", VARIANTS, ids=title)
def test_a_broken_variant_is_caught(variant: Variant) -> None:
    """The enumeration reports the law that the variant breaks."""
    assert variant.law in broken_laws(variant)


def claims_twice(folder: Path, close: Callable[[], None]) -> bool:
    """Check, in a child, whether a claimed job can be claimed again once `close` has closed the inherited file."""
    spool = Spool(str(folder))
    job = spool.claim()
    assert job is not None
    close()
    return spool.claim() is not None


@pytest.mark.parametrize("is_replaced", [True, False], ids=["replaced by /dev/null", "closed"])
def test_a_child_keeps_its_claim_only_if_inherited_descriptors_are_replaced(
    tmp_path: Path, *, is_replaced: bool
) -> None:
    """A descriptor that a child closes gives its number to the claim, which is lost when the file object is closed.

    That is why a child replaces inherited descriptors by /dev/null.
    """
    # The simulated disk has no descriptors of a parent, so these are real processes on a real folder.
    spool = Spool(str(tmp_path))
    spool.make_folders()
    spool.put(Key("C0PRACTICE", "1.000100", "1.000100"), {"text": "?"})
    inherited = (tmp_path / "inherited").open("w")

    def work() -> None:
        if not is_replaced:
            os.close(inherited.fileno())
        os._exit(2 + claims_twice(tmp_path, inherited.close))

    pid = fork.fork(work, name="claiming")
    _, status = os.waitpid(pid, 0)
    inherited.close()

    assert (2 if is_replaced else 3) == os.waitstatus_to_exitcode(status)
