"""The enumeration can find something: each way in which the spool could be a little wrong is caught by it, by a law.

Each variant is the real thing with one line of its care taken away; the real one passes the same history.
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
from cocoai.answer.reply import Reply
from cocoai.engine.process import fork
from cocoai.slack.model.click import Click
from cocoai.spool.job import Fact, Job, encode_line
from cocoai.spool.key import Key
from cocoai.spool.spool import Spool
from tests.crash.enumeration import AT_ONCE, ONCE, TWICE, Depth, Enumeration
from tests.crash.histories import named
from tests.crash.machine import Cast, StagedSpool
from tests.crash.world import Law


class LinksBeforeTheFsync(StagedSpool):
    """The file is made durable, but only when it can be seen already."""

    def _write(self, question: Mapping[str, Any]) -> str:
        path = self._path("tmp", os.urandom(12).hex())
        fd = self._disk.create(path)
        self._disk.append(fd, encode_line(dict(question)))
        self._disk.close(fd)
        return path

    def _commit(self, temporary: str, key: Key) -> bool:
        new = super()._commit(temporary, key)
        fd = self._disk.open(temporary)
        self._disk.fsync(fd)
        self._disk.close(fd)
        return new


class Skips(StagedSpool):
    """Forgets the fsync of one folder while it does one thing."""

    method = ""
    folder = ""
    _skips = False

    @contextlib.contextmanager
    def _skipping(self, method: str) -> Iterator[None]:
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

    def _open_claim(self, job: Job, fact: str, **values: Any) -> None:
        with self._skipping("claim"):
            super()._open_claim(job, fact, **values)

    def _move(self, job: Job, source: str, target: str) -> None:
        with self._skipping("end"):
            super()._move(job, source, target)


class AnswersBeforeReadyIsDurable(Skips):
    """200 while the link may still be forgotten."""

    method, folder = "put", "ready"


class SpeaksBeforeReadyIsDurable(Skips):
    """The claim trusts the link's writer to have come to its fsync."""

    method, folder = "claim", "ready"


class ForgetsTheMark(Skips):
    """The link is durable, the thread's mark may not be."""

    method, folder = "put", "threads"


class TrustsAMarkThatIsThere(StagedSpool):
    """Fsyncs the marks' folder only for a mark of its own making: as the spool did before this enumeration."""

    def _commit(self, temporary: str, key: Key) -> bool:
        if self._disk.touch(self._path("threads", key.thread)):
            self._sync("threads")
        return self._linked(temporary, key)

    def _linked(self, temporary: str, key: Key) -> bool:
        with self._putting(), contextlib.suppress(FileExistsError):
            if not self._knows(key, "done", "failed"):
                self._disk.link(temporary, self._path("ready", str(key)))
                return True
        return False


class TrustsItsFolders(StagedSpool):
    """Makes folders and never fsyncs what they lie in: as the spool did before this enumeration."""

    def make_folders(self) -> None:
        for folder in self._folders.values():
            self._disk.make_folder(folder)


class LooksOutsideTheLock(TrustsAMarkThatIsThere):
    """By the time it links, the question may have gone from ready/ to done/."""

    def _linked(self, temporary: str, key: Key) -> bool:
        known = self._knows(key, "done", "failed")
        with self._putting(), contextlib.suppress(FileExistsError):
            if not known:
                self._disk.link(temporary, self._path("ready", str(key)))
                return True
        return False


class EndsWithoutTheLock(StagedSpool):
    """Unlinks and links instead of one rename: for a moment the question lies nowhere."""

    def _move(self, job: Job, source: str, target: str) -> None:
        path = self._path(source, str(job.key))
        self._disk.link(path, self._path("tmp", "moving"))
        self._disk.unlink(path)
        self._disk.link(self._path("tmp", "moving"), self._path(target, str(job.key)))
        self._disk.unlink(self._path("tmp", "moving"))
        self._sync(target)
        self._sync(source)
        job.release()


class LeavesTornLines(StagedSpool):
    """The next fact is written onto what a power cut left of the last one."""

    class TornJob(Job):
        def take(self) -> bool:
            if not (self._disk.lock(self._fd) and self._disk.is_at(self._fd, self._path)):
                return False
            self.read()
            if not self._lines:
                raise ValueError(f"{self.key}: no question in it")
            return True

    def _job(self, folder: str, key: Key) -> Job:
        return self.TornJob(key, self._path(folder, str(key)), disk=self._disk, clock=self._clock)


class TakesHalfAJob(StagedSpool):
    """Records without an fsync what it goes on from."""

    class HastyJob(Job):
        def record(self, fact: str, **values: Any) -> None:
            line = {"fact": fact, **values}
            self._disk.append(self._fd, encode_line(line))
            self._lines.append(line)

    def _job(self, folder: str, key: Key) -> Job:
        return self.HastyJob(key, self._path(folder, str(key)), disk=self._disk, clock=self._clock)


class ForgetsWhatIsUnwanted(StagedSpool):
    """Takes the wish that a question ends for leave to forget it."""

    def request_stop(self, key: Key) -> bool:
        self._disk.unlink(self._path("ready", str(key)))
        return True


class FinishesBeforePosting(Answerer):
    """The job is done when the answer is recorded; then it is delivered."""

    def _ask(self, run: Attempt, reply: Reply, ts: str) -> Fact:
        answer = super()._ask(run, reply, ts)
        self._spool.finish(run.job)
        return answer

    def _finish(self, run: Attempt, outcome: str) -> None:
        pass


class FinishesBeforeObeying(Answerer):
    """The click's job is done; then it is done."""

    def _obey(self, job: Job, click: Click) -> None:
        self._spool.finish(job)
        self._clicks.handle(click)


class NeverSeeks(Answerer):
    """Posts whatever is not recorded."""

    class reply(Reply):  # noqa: N801 (the name of what it takes the place of)
        def _sought(self, *args: object, **kwargs: object) -> str | None:
            return None


@dataclass(frozen=True)
class Variant:
    """Who is broken, in which history it shows, and which law catches it."""

    broken: type[StagedSpool] | type[Answerer]
    history: str
    law: Law
    depth: Depth = ONCE

    @property
    def cast(self) -> Cast:
        if issubclass(self.broken, Answerer):
            return Cast(answerer=self.broken)
        return Cast(spool=self.broken)


VARIANTS = [
    Variant(LinksBeforeTheFsync, "one question", Law.ANSWERED),
    Variant(LinksBeforeTheFsync, "the mention and its twin at once", Law.KEPT, AT_ONCE),
    Variant(AnswersBeforeReadyIsDurable, "one question", Law.KEPT),
    Variant(SpeaksBeforeReadyIsDurable, "claimed while it is put", Law.SPOKEN, AT_ONCE),
    Variant(SpeaksBeforeReadyIsDurable, "claimed while it is put", Law.ONCE, AT_ONCE),
    Variant(ForgetsTheMark, "one question", Law.MARKED),
    Variant(TrustsAMarkThatIsThere, "the mention and its twin at once", Law.MARKED, AT_ONCE),
    Variant(TrustsItsFolders, "one question", Law.KEPT),
    Variant(LooksOutsideTheLock, "a twin that comes in late", Law.KNOWN, AT_ONCE),
    Variant(EndsWithoutTheLock, "redelivered while it is answered", Law.KNOWN, AT_ONCE),
    Variant(LeavesTornLines, "one question", Law.PAID, TWICE),
    Variant(TakesHalfAJob, "one question", Law.ONCE),
    Variant(ForgetsWhatIsUnwanted, "stopped before it is answered", Law.KEPT),
    Variant(FinishesBeforePosting, "one question", Law.ANSWERED),
    Variant(NeverSeeks, "one question", Law.ONCE),
    Variant(NeverSeeks, "asked again", Law.ONCE),
    Variant(FinishesBeforeObeying, "taken away by its asker, in three parts", Law.ANSWERED),
]


def first_found(variant: Variant, cast: Cast) -> set[Law]:
    """The laws that were broken until the one looked for was."""
    enumeration = Enumeration(
        named(variant.history),
        variant.depth,
        cast,
        until=lambda so_far: any(wrong.law == variant.law for wrong in so_far.wrong),
    )
    return {wrong.law for wrong in enumeration.run().wrong}


@pytest.mark.parametrize("variant", VARIANTS, ids=lambda variant: f"{variant.broken.__name__}: {variant.law.name}")
def test_a_broken_variant_is_caught(variant: Variant) -> None:
    """By the law that it breaks."""
    assert variant.law in first_found(variant, variant.cast)


def claims_twice(folder: Path, close: Callable[[], None]) -> bool:
    """In a child: whether a claimed job can be claimed again once `close` has closed the inherited file."""
    spool = Spool(str(folder))
    job = spool.claim()
    assert job is not None
    close()
    return spool.claim() is not None


@pytest.mark.parametrize("lays_over", [True, False], ids=["laid over", "closed"])
def test_closing_what_was_inherited_drops_a_claim(tmp_path: Path, *, lays_over: bool) -> None:
    """Why a child lays /dev/null over it: closed, its number is the claim's, and whoever closes it late drops that.

    No simulated disk has descriptors of its parent: these are real processes, on a real folder.
    """
    spool = Spool(str(tmp_path))
    spool.make_folders()
    spool.put(Key("C0PRACTICE", "1.000100", "1.000100"), {"text": "?"})
    inherited = (tmp_path / "inherited").open("w")

    def work() -> None:
        if not lays_over:
            os.close(inherited.fileno())
        os._exit(2 + claims_twice(tmp_path, inherited.close))

    pid = fork.fork(work, name="claiming")
    _, status = os.waitpid(pid, 0)
    inherited.close()

    assert (2 if lays_over else 3) == os.waitstatus_to_exitcode(status)
