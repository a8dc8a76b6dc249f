"""Spools that are broken on purpose. Each lacks one precaution of the product's own."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping
from typing import Any

from cocoai.spool.admission import LIMITED
from cocoai.spool.file_job import FileJob
from cocoai.spool.job import Job, encode_line
from cocoai.spool.key import Key
from tests.crash.machine import ScheduledSpool


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


class LosesTheMark(ScheduledSpool):
    """Makes no mark anew that a power cut has taken."""

    def restore_marks(self) -> int:
        return 0


class TrustsItsFolders(ScheduledSpool):
    """Makes folders without an fsync of the folder above, as the spool did before this enumeration."""

    def make_folders(self) -> None:
        for folder in self._folders.values():
            self._disk.make_folder(folder)


class LooksOutsideTheLock(ScheduledSpool):
    """Looks for the question before it takes the lock: until it links, the job may have moved from ready/ to done/."""

    def _commit(self, temporary: str, key: Key, question: Mapping[str, Any]) -> tuple[bool, Mapping[str, Any]]:
        known = self._knows(key, "done", "failed")
        with self._putting(), contextlib.suppress(FileExistsError):
            if not known:
                self._disk.link(temporary, self._path("ready", str(key)))
                return True, {}
        return False, {}


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

    class TornJob(FileJob):
        """A job that is claimed without a check of its last line."""

        def take(self) -> bool:
            if not (self._disk.lock(self._fd) and self._disk.is_at(self._fd, self._path)):
                return False
            self.read()
            if not self._lines:
                raise ValueError(f"{self.key}: no question in it")
            return True

    def _job(self, folder: str, key: Key) -> FileJob:
        return self.TornJob(key, self._path(folder, str(key)), disk=self._disk, clock=self._clock)


class RecordsWithoutFsync(ScheduledSpool):
    """Records facts without an fsync, and goes on from them."""

    class HastyJob(FileJob):
        """A job whose facts are not fsynced."""

        def record(self, fact: str, **values: Any) -> None:
            line = {"fact": fact, **values}
            self._disk.append(self._fd, encode_line(line))
            self._lines.append(line)

    def _job(self, folder: str, key: Key) -> FileJob:
        return self.HastyJob(key, self._path(folder, str(key)), disk=self._disk, clock=self._clock)


class DeletesOnStopRequest(ScheduledSpool):
    """Deletes the job of a question that is to be stopped."""

    def request_stop(self, key: Key, user: str) -> bool:
        self._disk.unlink(self._path("ready", str(key)))
        return True


class ForgetsRequests(ScheduledSpool):
    """Keeps no record of the requests to the model, so that each new process sends another."""

    class ForgetfulJob(FileJob):
        """A job that keeps no `asked` fact."""

        def record(self, fact: str, **values: Any) -> None:
            if fact != "asked":
                super().record(fact, **values)

    def _job(self, folder: str, key: Key) -> FileJob:
        return self.ForgetfulJob(key, self._path(folder, str(key)), disk=self._disk, clock=self._clock)


class ChecksGesturesOutsideTheLock(ScheduledSpool):
    """Looks for another copy of the gesture before it takes the lock: until it links, that may be linked too."""

    def _commit(self, temporary: str, key: Key, question: Mapping[str, Any]) -> tuple[bool, Mapping[str, Any]]:
        if self._is_known_gesture(key, question):
            return False, {}
        return super()._commit(temporary, key, {**question, "client_msg_id": ""})


class ChecksRepetitionsOutsideTheLock(ScheduledSpool):
    """Looks for the same repetition in ready/ before it takes the lock."""

    def _commit(self, temporary: str, key: Key, question: Mapping[str, Any]) -> tuple[bool, Mapping[str, Any]]:
        if question["kind"] != LIMITED and (refusal := self._refusal(key, question)):
            return False, refusal
        return super()._commit(temporary, key, {**question, "again": ""})
