"""Spool: the store of jobs, as files that survive a crash. A job's state is the folder in which its file lies.

    folder    the job is                          after a crash
    tmp/      being written, under a random name  rubbish: nobody was told 200, so it is sent again; swept
    ready/    accepted: free, or claimed by       the lock is gone, so it is free; the next claim reads
              the process that holds its lock     its facts and goes on from there
    done/     answered                            the memory against redelivery
    failed/   given up, and the asker was told    kept for the operator, who may retry it

Beside them lie stop/, where a file by a job's name holds who has requested that it ends with what is there, and files/,
where a picture waits until it is in Slack.

A job is one file. Its name is its key, its first line the question, each further line a fact that has
happened (JSON, appended, fsynced). Its `flock` is the claim. **The link into ready/ is the instant that
commits.** No fsync happens under put.lock.
"""

from __future__ import annotations

import contextlib
import errno
import logging
import math
import os
import time
from collections.abc import Callable, Collection, Container, Iterator, Mapping
from typing import Any

from cocoai.json_values import text_at
from cocoai.spool.admin import SpoolAdmin
from cocoai.spool.admission import Admission, asked_at, limited_key
from cocoai.spool.disk import Disk
from cocoai.spool.files import DRAWING, SpooledFiles, kept_file
from cocoai.spool.folders import STATES
from cocoai.spool.job import LONGEST_DELAY, Job, encode_line
from cocoai.spool.key import Key
from cocoai.spool.limits import QuestionLimits
from cocoai.spool.ready import ReadyJobs
from cocoai.spool.store_error import StoreError, as_store_errors
from cocoai.spool.thread_marks import ThreadMarks

log = logging.getLogger(__name__)


class Spool(ReadyJobs, Admission, ThreadMarks, SpoolAdmin):
    """All jobs below `var`: each is put, claimed, and finished or failed, and may be requested to stop.

    `kinds` are the kinds of job that this version can do, None stands for all; `light_kinds` are those that need no
    model, and come first. They, and those of `unmarked_kinds`, leave no mark on their thread. A person may ask
    `questions_per_minute`, 0 means no limit. `clock` returns epoch seconds. Its methods raise `StoreError` if the store
    cannot be read or written.
    """

    def __init__(
        self,
        var: str,
        *,
        clock: Callable[[], float] = time.time,
        disk: Disk | None = None,
        kinds: Collection[str] | None = None,
        light_kinds: Collection[str] = (),
        unmarked_kinds: Collection[str] = (),
        questions_per_minute: int = 0,
    ) -> None:
        super().__init__(var, clock=clock, disk=disk, kinds=kinds, light_kinds=light_kinds)
        self._unmarked_kinds = self._light_kinds | frozenset(unmarked_kinds)
        self.files = SpooledFiles(self._folders["files"], self._disk)
        self.limits = QuestionLimits(self._folders["asked"], self._disk, questions_per_minute)

    # put: what the worker does before it answers 200

    @as_store_errors()
    def put(self, key: Key, question: Mapping[str, Any]) -> bool:
        """Write a question as a job into ready/, and wait until it is on the disk.

        Return True if it is new, False if a job of this key, or of the same gesture, exists already, whatever its
        state. A question over a limit is kept as a job of kind LIMITED, with `why` and `seconds`. After a StoreError it
        is not accepted: Slack must be told 503, so that it sends the question again.
        """
        if self._knows(key, *STATES):
            # The first copy's writer may have died between its link and its fsync.
            self._sync("ready")
            return False
        if question.get("kind") in self._light_kinds:
            return self._write_and_link(key, question)[0]
        # A question that is seen to be over the limit leaves no mark: nobody is answered in its thread.
        refusal = self._rate_refusal(key, question)
        if not refusal:
            if question.get("kind") not in self._unmarked_kinds:
                # It is not fsynced, as restore_marks() makes it anew from the job: but no kill can take it any more.
                self._disk.touch(self._path("threads", key.thread))
            is_new, refusal = self._write_and_link(key, question)
        if refusal:
            log.info("question key=%s outcome=limited why=%s", key, refusal["why"])
            is_new, _ = self._write_and_link(limited_key(key, question), {**question, **refusal})
        return is_new

    def _write_and_link(self, key: Key, question: Mapping[str, Any]) -> tuple[bool, Mapping[str, Any]]:
        """Write the question to a file, and commit that as a job.

        Return whether there is a new job, and what _refusal() says: if that is not empty, there is no new job.
        """
        temporary = self._write(question)
        try:
            outcome = self._commit(temporary, key, question)
            self._sync("ready")
        finally:
            self._drop(temporary)
        return outcome

    def _write(self, question: Mapping[str, Any]) -> str:
        """Write the question to a new file in tmp/, fsync it, and return its path. If that fails, no file is left."""
        path = self._path("tmp", os.urandom(12).hex())
        fd = self._disk.create(path)
        try:
            try:
                self._disk.append(fd, encode_line(dict(question)))
                self._disk.fsync(fd)
            finally:
                self._disk.close(fd)
        except OSError:
            # The disk may be full, and Slack sends it again and again: no rubbish of ours is to fill it further.
            self._drop(path)
            raise
        return path

    def _drop(self, temporary: str) -> None:
        """Remove a path in tmp/; a failure is ignored."""
        with contextlib.suppress(OSError):  # then sweep() does it
            self._disk.unlink(temporary)

    def _commit(self, temporary: str, key: Key, question: Mapping[str, Any]) -> tuple[bool, Mapping[str, Any]]:
        """Link the file `temporary` into ready/ under put.lock, and count the question for its asker's limit.

        Return False, without a link, if another process has put this key or gesture meanwhile, or if there is a
        refusal, which is returned too ({} for none). A light job is not refused.
        """
        is_light = question.get("kind") in self._light_kinds
        with self._putting(), contextlib.suppress(FileExistsError):
            if self._knows(key, *STATES) or self._is_known_gesture(key, question):
                return False, {}
            if refusal := {} if is_light else self._refusal(key, question):
                return False, refusal
            self._disk.link(temporary, self._path("ready", str(key)))
            if not is_light:
                with contextlib.suppress(OSError):  # it is accepted; one question more in this minute does no harm
                    self.limits.count(text_at(question, "user"), asked_at(key, question))
            return True, {}
        return False, {}

    @as_store_errors()
    def seconds_to_wait(self, user: str, ts: str) -> int:
        """Return the seconds after `ts` until this person may ask again, 0 for at once, as it looks before put()."""
        return math.ceil(self.limits.seconds_to_wait(user, ts))

    @as_store_errors()
    def is_to_be_told(self, user: str, key: Key) -> bool:
        """Check whether this limited job is the one that tells its asker to wait, and note it: one a minute is."""
        with self._putting():
            return self.limits.is_to_be_told(user, str(key), self._clock())

    # claim: what a job process and the placeholder process do

    @as_store_errors()
    def claim(self, in_hand: Collection[str] = (), *, only_light: bool = False) -> Job | None:
        """Lock the next claimable job, record an `attempt` fact in it, and return it; None if there is none.

        Claimable are light jobs, and the oldest question of each thread, if they are due and no process holds them.
        Light jobs come first, then questions of people of whom the fewest jobs are in hand, then of those of whom this
        process has claimed none for the longest time, then the oldest; `in_hand` are the keys of the jobs that
        processes work on now. The caller ends the job by finish() or fail(), or releases
        it to be claimed again. After a StoreError no job is locked.
        """
        for job in self._claimable(in_hand, only_light=only_light):
            if self._open_claim(job, "attempt", n=job.attempt + 1):
                self._waiting.note_claim(str(job.key))
                return job
        return None

    def each_without(self, fact: str, paused: Container[str] = ()) -> Iterator[Job]:
        """Lock and yield, once, each free question that is due and has no fact of this name (`placeholder`) yet.

        Channels and askers take turns, the oldest question first; questions behind an older one of their thread are
        yielded too, those in a `paused` channel are not. Who comes next is decided when it is asked for, and then
        the last one is released. Each gets a `visit` fact, which is no attempt: if this process dies, the next one must
        know that it may have posted something.
        """
        visited: dict[str, tuple[str, str]] = {}
        with as_store_errors():
            while (job := self._next_without(fact, visited, paused)) is not None:
                visited[str(job.key)] = (job.key.channel, text_at(job.question, "user"))
                if self._open_claim(job, "visit"):
                    try:
                        yield job
                    finally:
                        job.release()

    def _open_claim(self, job: Job, fact: str, **values: Any) -> bool:
        """Record the first fact of a claim, durably, and return True; else release the job.

        Return False if this job's own file is damaged: it is put off, and the others go on. Else raise OSError.
        """
        try:
            # The link's writer may not have come to its own fsync, and from here on we speak outside.
            self._sync("ready")
            return self._is_recorded(job, fact, **values)
        except OSError:
            job.release()
            raise

    def _is_recorded(self, job: Job, fact: str, **values: Any) -> bool:
        """Record a fact; return True. If only this job's file cannot be written, put it off, release it, return False.

        It is put off for this process alone, since the file can tell no other. Raise OSError if the disk fails.
        """
        try:
            job.record(fact, **values)
        except StoreError as error:
            if error.errno != errno.EIO:
                raise
            log.exception("job=%s outcome=not-written", job.key)
            self._waiting.put_off(str(job.key), self._clock() + LONGEST_DELAY)
            job.release()
            return False
        return True

    # finish and fail: the end of a job

    def finish(self, job: Job) -> None:
        """Record `finished` in a claimed job, move it to done/, and release it."""
        self._end(job, "done", "finished")

    def fail(self, job: Job, reason: str, *, is_refusal: bool = False) -> None:
        """Record `failed` and the reason in a claimed job, or `refused`, move it to failed/, and release it.

        Call it once the asker was told, or if Slack will never let us tell. `is_refusal`: nothing has failed, the asker
        may not have it, or sent what cannot be used.
        """
        self._end(job, "failed", "refused" if is_refusal else "failed", reason=reason)

    @as_store_errors()
    def _end(self, job: Job, folder: str, fact: str, **values: Any) -> None:
        """Record the last fact if the disk takes it, move the job to `folder`, and release it.

        Then remove its files, but for kept_file() in failed/, and its stop request, and renew its thread's mark. Raise
        StoreError if it cannot be moved.
        """
        # A full disk must not keep an answered question in ready/: it would be answered again.
        with contextlib.suppress(OSError):
            job.record(fact, **values)
        self._move(job, "ready", folder)
        self._forget_stop_request(job.key)
        if any(line.get("fact") == DRAWING for line in job.lines):
            self.files.remove(job.key, but=kept_file(job.lines) if folder == "failed" else "")
        if job.kind not in self._unmarked_kinds:
            with contextlib.suppress(OSError):
                self._disk.touch(self._path("threads", job.key.thread))

    # stop: what somebody asks for while a job is in hand

    @as_store_errors()
    def request_stop(self, key: Key, user: str) -> bool:
        """Leave this user's request that the job's answer ends with the text written so far; its process looks for it.

        Return False if the job is not in ready/: it has ended. After a StoreError no process will see the request.
        """
        if not self._knows(key, "ready"):
            return False
        # The job may end just now: then the request lies there until it is swept, and concerns no other job.
        # Nothing is fsynced: after a power cut the answer is written anew, and whoever still minds asks again.
        path, temporary = self._path("stop", str(key)), self._path("tmp", os.urandom(12).hex())
        self._append_line(temporary, user)
        try:
            # So that the file is never seen empty: then it is an earlier version's, and counts whoever has left it.
            self._disk.link(temporary, path)
        except FileExistsError:
            self._append_line(path, user)
        finally:
            self._drop(temporary)
        return True

    def _append_line(self, path: str, text: str) -> None:
        """Append a line of text to a file, which is made if it is missing."""
        fd = self._disk.open_or_create(path)
        try:
            self._disk.append(fd, f"{text}\n".encode())
        finally:
            self._disk.close(fd)
