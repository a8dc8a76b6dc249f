"""FileSpool: the store of jobs as files that survive a crash. A job's state is the folder in which its file lies.

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
import logging
import math
import os
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any

from cocoai.json_values import text_at
from cocoai.spool.admin import SpoolAdmin
from cocoai.spool.admission import Admission, asked_at, limited_key
from cocoai.spool.disk import Disk, write_file
from cocoai.spool.file_job import FileJob
from cocoai.spool.files import DRAWING, SpooledFiles, kept_file
from cocoai.spool.folders import SpoolFolders
from cocoai.spool.job import STATES, Job, encode_line
from cocoai.spool.key import Key
from cocoai.spool.limits import QuestionLimits
from cocoai.spool.ready import pass_over
from cocoai.spool.spool import Spool
from cocoai.spool.store_error import as_store_errors
from cocoai.spool.thread_marks import ThreadMarks
from cocoai.spool.waiting import HEAD_SIZE

log = logging.getLogger(__name__)


class FileSpool(ThreadMarks, SpoolAdmin, Admission, Spool):
    """All jobs below `var`, as files.

    `kinds` are the kinds of job that this version can do, None stands for all; `light_kinds` are those that need no
    model, and come first. They, and those of `unmarked_kinds`, leave no mark on their thread. A person may ask
    `questions_per_minute`, 0 means no limit. `clock` returns epoch seconds.
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
        SpoolFolders.__init__(self, var, disk)
        Spool.__init__(self, clock=clock, kinds=kinds, light_kinds=light_kinds)
        self._unmarked_kinds = self._light_kinds | frozenset(unmarked_kinds)
        self.files = SpooledFiles(self._folders["files"], self._disk)
        self.limits = QuestionLimits(self._folders["asked"], self._disk, questions_per_minute)

    def prepare(self) -> None:
        """Make the missing folders, and try to move a file as jobs are moved. Raise StoreError if that fails."""
        self.make_folders()
        self.check_moves()

    def begin(self) -> None:
        """Make anew what a power cut has taken of the threads' marks. Raise StoreError if that fails."""
        if restored := self.restore_marks():
            log.info("spool outcome=marks-restored number=%d", restored)

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
        write_file(self._disk, path, encode_line(dict(question)))
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

    # ready: what is looked at before a claim

    def _ready_names(self) -> Iterable[str]:
        return self._disk.names(self._folders["ready"])

    def _heads(self, names: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        for name, head in self._disk.read_heads(self._folders["ready"], names, HEAD_SIZE):
            if isinstance(head, bytes):
                yield name, head
            elif not isinstance(head, FileNotFoundError):
                pass_over(name, head)

    def _ready_job(self, key: Key) -> FileJob:
        return self._job("ready", key)

    def _set_aside(self, job: Job) -> None:
        self._move(job, "ready", "failed")

    def _make_sure_it_is_kept(self) -> None:
        # The link's writer may not have come to its own fsync.
        self._sync("ready")

    def _names_to_stop(self) -> Iterable[str]:
        return self._disk.names(self._folders["stop"])

    def _has_new_stop(self, job: Job) -> bool:
        attempt = job.last("attempt")
        try:
            requested_at = self._disk.modified(self._path("stop", str(job.key)))
        except FileNotFoundError:  # the job has just ended
            return False
        # Facts have whole milliseconds: of the same one, a look in vain is better than a request that nobody sees.
        return attempt is None or round(requested_at, 3) >= attempt["at"]

    @as_store_errors()
    def seconds_to_wait(self, user: str, ts: str) -> int:
        """Return the seconds after `ts` until this person may ask again, 0 for at once, as it looks before put()."""
        return math.ceil(self.limits.seconds_to_wait(user, ts))

    @as_store_errors()
    def is_to_be_told(self, user: str, key: Key) -> bool:
        """Check whether this limited job is the one that tells its asker to wait, and note it: one a minute is."""
        with self._putting():
            return self.limits.is_to_be_told(user, str(key), self._clock())

    # finish and fail: the end of a job

    @as_store_errors()
    def _end(self, job: Job, state: str, fact: str, **values: Any) -> None:
        """End a job, as Spool._end() says."""
        # A full disk must not keep an answered question in ready/: it would be answered again.
        with contextlib.suppress(OSError):
            job.record(fact, **values)
        self._move(job, "ready", state)
        self._forget_stop_request(job.key)
        if any(line.get("fact") == DRAWING for line in job.lines):
            self.files.remove(job.key, but=kept_file(job.lines) if state == "failed" else "")
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
            # By the clock of the attempts: the disk's goes by ticks, and a request would seem to have come before them.
            self._disk.set_modified(temporary, self._clock())
            # So that the file is never seen empty: then it is an earlier version's, and counts whoever has left it.
            self._disk.link(temporary, path)
        except FileExistsError:
            self._append_line(path, user)
            with contextlib.suppress(FileNotFoundError):  # the job has just ended
                self._disk.set_modified(path, self._clock())
        finally:
            self._drop(temporary)
        return True

    def stop_requesters(self, key: Key) -> tuple[str, ...]:
        """Return who has requested a stop of this job, as Spool.stop_requesters() says."""
        with contextlib.suppress(OSError):
            fd = self._disk.open(self._path("stop", str(key)))
            try:
                return tuple(self._disk.read(fd).decode("ascii", "ignore").split()) or ("",)
            finally:
                self._disk.close(fd)
        return ()

    def _append_line(self, path: str, text: str) -> None:
        """Append a line of text to a file, which is made if it is missing."""
        fd = self._disk.open_or_create(path)
        try:
            self._disk.append(fd, f"{text}\n".encode())
        finally:
            self._disk.close(fd)
