"""The spool: the folder of waiting work. State is where the file lies.

    folder    the job is                          after a crash
    tmp/      being written, under a random name  rubbish: nobody was told 200, so it is sent again; swept
    ready/    accepted: free, or claimed by       the lock is gone, so it is free; the next claim reads
              whoever holds its lock              its facts and goes on from there
    done/     answered                            the memory against redelivery
    failed/   given up, and the asker was told    kept for the operator, who may retry it

Beside them lies stop/: an empty file by a job's name is somebody's wish that it ends with what is there.

A job is one file. Its name is its key, its first line the question, each further line a fact that has
happened (JSON, appended, fsynced). Its `flock` is the claim. **The link into ready/ is the instant that
commits.** No fsync happens under put.lock.
"""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

from cocoai.engine.process import locks
from cocoai.spool.disk import Disk
from cocoai.spool.job import Fact, Job, encode_line, moments
from cocoai.spool.key import Key

FOLDERS = ("tmp", "ready", "done", "failed", "stop")
"""Below spool/."""

RETENTION = {"tmp": 3600.0, "stop": 3600.0, "done": 48 * 3600.0, "failed": 30 * 86400.0, "threads": 30 * 86400.0}
"""Seconds until sweep() forgets a file. done/ outlasts the 24 h in which Slack may redeliver, and a clock's jump."""

PUT_LOCK_PATIENCE = 1.0
"""Seconds. put.lock is held for two look-ups and a link; the engine ends a request after 2 s (request_timeout)."""

SYSTEM_WIDE_ERRORS = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOMEM})
"""Errors that say nothing of the file that met them."""

log = logging.getLogger(__name__)


class Spool:
    """All jobs below `var`: spool/{tmp,ready,done,failed,stop}, threads/, locks/put.lock."""

    def __init__(self, var: str, *, clock: Callable[[], float] = time.time, files: Disk | None = None) -> None:
        self._clock = clock
        self._files = files or Disk()
        self._folders = {name: os.path.join(var, "spool", name) for name in FOLDERS}
        self._folders["threads"] = os.path.join(var, "threads")
        self._put_lock = os.path.join(var, "locks", "put.lock")

    def make_folders(self) -> None:
        """Make what is missing below `var`, ours only, durably; that `var` itself lasts is its maker's care."""
        folders = (*self._folders.values(), os.path.dirname(self._put_lock))
        for folder in folders:
            self._files.make_folder(folder)
        # A file whose folder a power cut forgets is forgotten with it, fsynced or not.
        for parent in sorted({os.path.dirname(folder) for folder in folders}, reverse=True):
            self._files.fsync_folder(parent)

    # put: what the worker does before it answers 200

    def put(self, key: Key, question: Mapping[str, Any]) -> bool:
        """Accept a question durably. True if it is new, False if it is known already; `OSError`: it is not accepted."""
        if self._knows(key, "ready", "done", "failed"):
            # The first copy's writer may have died between its link and its fsync.
            self._sync("ready")
            return False
        # So early, the mark goes to the disk together with the file: a journal is written once for both.
        self._files.touch(self._path("threads", key.thread))
        temporary = self._write(question)
        try:
            new = self._commit(temporary, key)
            self._sync("ready")
        finally:
            self._drop(temporary)
        return new

    def _write(self, question: Mapping[str, Any]) -> str:
        path = self._path("tmp", os.urandom(12).hex())
        fd = self._files.create(path)
        try:
            try:
                self._files.append(fd, encode_line(dict(question)))
                self._files.fsync(fd)
            finally:
                self._files.close(fd)
        except OSError:
            # The disk may be full, and Slack sends it again and again: no rubbish of ours is to fill it further.
            self._drop(path)
            raise
        return path

    def _drop(self, temporary: str) -> None:
        with contextlib.suppress(OSError):  # then sweep() does it
            self._files.unlink(temporary)

    def _commit(self, temporary: str, key: Key) -> bool:
        # The mark comes before the link: a question that is known has its mark, whenever its writer died. Also one
        # that is there already may have been made just now, by somebody who has not come to his own fsync.
        self._sync("threads")
        with self._putting(), contextlib.suppress(FileExistsError):
            if not self._knows(key, "done", "failed"):
                self._files.link(temporary, self._path("ready", str(key)))
                return True
        return False

    def _knows(self, key: Key, *folders: str) -> bool:
        return any(self._files.exists(self._path(folder, str(key))) for folder in folders)

    def is_known_thread(self, channel: str, thread_ts: str) -> bool:
        """Whether a question was accepted in this thread before."""
        return self._files.exists(self._path("threads", f"{channel}-{thread_ts}"))

    # claim: what a job process and the usher do

    def claim(self) -> Job | None:
        """The oldest claimable job, taken, its attempt recorded; None if there is none. `OSError`: nothing is ours."""
        for job in self._free(_first_of_each_thread(self.keys("ready"))):
            self._open_claim(job, "attempt", n=job.attempt + 1)
            return job
        return None

    def each_without(self, lacking: str) -> Iterator[Job]:
        """Each free job without the fact `lacking`, whatever its turn, oldest first, released when the next is wanted.

        A visit is no attempt, but it is recorded: who comes after a visitor that died cannot know what it said.
        """
        for job in self._free(self.keys("ready"), lacking):
            self._open_claim(job, "visit")
            try:
                yield job
            finally:
                job.release()

    def is_claimable(self) -> bool:
        """Whether claim() would find something now."""
        return any(self._free_now(_first_of_each_thread(self.keys("ready"))))

    def any_without(self, fact: str) -> bool:
        """Whether visit() would find something now."""
        return any(self._free_now(self.keys("ready"), fact))

    def is_due(self, in_hand: Collection[str] = ()) -> bool:
        """Whether anything in ready/ needs somebody, claimed or not: for the master, which must touch no lock.

        Of the keys `in_hand` it is known that somebody has them.
        """
        keys = self.keys("ready")
        firsts = _first_of_each_thread(keys)
        free = [key for key in firsts if str(key) not in in_hand]
        # Behind a question in hand nothing is claimable, but nobody there must wait in silence.
        taken = {key.thread for key in firsts} - {key.thread for key in free}
        behind = [key for key in keys if key.thread in taken and str(key) not in in_hand]
        return any(self._reads(key, Job.is_due) for key in free) or any(self._reads(key, _is_silent) for key in behind)

    def _open_claim(self, job: Job, fact: str, **values: Any) -> None:
        try:
            # The link's writer may not have come to its own fsync, and from here on we speak outside.
            self._sync("ready")
            job.record(fact, **values)
        except OSError:
            job.release()
            raise

    def _free(self, keys: list[Key], lacking: str = "") -> Iterator[Job]:
        """Take each job that is free, still there, due, and without the fact `lacking`."""
        for key in keys:
            job = self._readable(key)
            if job is None:
                continue
            if self._take(job) and job.is_due() and not (lacking and job.last(lacking)):
                yield job
            else:
                job.release()

    def _free_now(self, keys: list[Key], lacking: str = "") -> Iterator[bool]:
        for job in self._free(keys, lacking):
            job.release()
            yield True

    def _take(self, job: Job) -> bool:
        try:
            return job.take()
        except ValueError:
            # Only a damaged disk does this: the link was made after the fsync.
            log.exception("job=%s outcome=unreadable", job.key)
            with contextlib.suppress(FileNotFoundError):
                self._move(job, "ready", "failed")
        except OSError as error:
            _pass_over(job.key, error)
        return False

    def _readable(self, key: Key) -> Job | None:
        """The job, opened; None if it has moved on, or if the disk or the rights on it will not let us."""
        try:
            return self._job("ready", key)
        except FileNotFoundError:
            return None
        except OSError as error:
            _pass_over(key, error)
            return None

    def _reads(self, key: Key, test: Callable[[Job], bool]) -> bool:
        job = self._readable(key)
        if job is None:
            return False
        try:
            job.read()
            return test(job)
        except OSError as error:
            _pass_over(key, error)
            return False
        finally:
            job.release()

    # finish and fail: the end of a job

    def finish(self, job: Job) -> None:
        """It was answered: on to done/."""
        self._end(job, "done", "finished")

    def fail(self, job: Job, reason: str) -> None:
        """It was given up, and the asker told (or Slack will never let us): on to failed/."""
        self._end(job, "failed", "failed", reason=reason)

    def _end(self, job: Job, folder: str, fact: str, **values: Any) -> None:
        # A full disk must not keep an answered question in ready/: it would be answered again.
        with contextlib.suppress(OSError):
            job.record(fact, **values)
        self._move(job, "ready", folder)
        self._forget_wish(job.key)
        with contextlib.suppress(OSError):
            self._files.touch(self._path("threads", job.key.thread))

    def _move(self, job: Job, source: str, target: str) -> None:
        with self._putting():
            self._files.rename(self._path(source, str(job.key)), self._path(target, str(job.key)))
        self._sync(target)
        self._sync(source)
        job.release()

    # stop: what somebody wishes while a job is in hand

    def request_stop(self, key: Key) -> bool:
        """Wish that this job ends with what is there. False if it has ended already; `OSError`: nobody will know.

        Nothing is fsynced: after a power cut the answer is written anew, and whoever still minds asks again.
        """
        if not self._knows(key, "ready"):
            return False
        # The job may end just now: then the wish lies there until it is swept, and concerns nobody.
        self._files.touch(self._path("stop", str(key)))
        return True

    def is_stop_requested(self, key: Key) -> bool:
        """Whether somebody wishes that: a single look. A disk that cannot be read has no wishes on it."""
        with contextlib.suppress(OSError):
            return self._files.exists(self._path("stop", str(key)))
        return False

    def _forget_wish(self, key: Key) -> None:
        with contextlib.suppress(OSError):  # most have none; else sweep() does it
            self._files.unlink(self._path("stop", str(key)))

    # what the operator and the master's hourly child do

    def keys(self, folder: str) -> list[Key]:
        """The jobs in `ready`, `done` or `failed`, oldest first."""
        found = []
        for name in self._files.names(self._folders[folder]):
            with contextlib.suppress(ValueError):
                found.append(Key.parse(name))
        return sorted(found, key=lambda key: key.age)

    def peek(self, folder: str, key: Key) -> list[Fact]:
        """Every line of a job, its question first, read without claiming it; `FileNotFoundError`: it is not there."""
        job = self._job(folder, key)
        try:
            job.read()
            return job.lines
        finally:
            job.release()

    def since(self, folder: str, moment: float) -> list[Key]:
        """The jobs of a folder to which something has happened after `moment` (epoch seconds), the last first."""
        found = []
        for key in self.keys(folder):
            with contextlib.suppress(FileNotFoundError):
                found.append((self._files.modified(self._path(folder, str(key))), key))
        return [key for modified, key in sorted(found, reverse=True) if modified > moment]

    def moments(self, folder: str, key: Key) -> list[tuple[str, float]]:
        """What has happened to a job, and when: a small part of what peek() reads."""
        fd = self._files.open(self._path(folder, str(key)))
        try:
            return moments(self._files.read(fd))
        finally:
            self._files.close(fd)

    def count(self, folder: str) -> int:
        """How many files are in a folder."""
        return len(self._files.names(self._folders[folder]))

    def annotate(self, key: Key, fact: str, **values: Any) -> bool:
        """Add a fact to a job that has ended; False if that is kept no more. `BlockingIOError`: somebody holds it."""
        for folder in ("done", "failed"):
            with contextlib.suppress(FileNotFoundError):
                job = self._job(folder, key)
                try:
                    if not job.take():
                        raise BlockingIOError(f"{key} is being moved by somebody else")
                    job.record(fact, **values)
                finally:
                    job.release()
                return True
        return False

    def retry(self, key: Key) -> None:
        """Give a failed job a new life. `FileNotFoundError`: not in failed/. `BlockingIOError`: somebody holds it."""
        job = self._job("failed", key)
        try:
            if not job.take():
                raise BlockingIOError(f"{key} is being moved by somebody else")
            self._forget_wish(key)  # one that came too late was not meant for this life
            job.record("retried")
            self._move(job, "failed", "ready")
        finally:
            job.release()

    def sweep(self) -> int:
        """Forget what has been kept long enough (KEPT). Returns how many files went."""
        gone = 0
        for folder, seconds in RETENTION.items():
            for name in self._files.names(self._folders[folder]):
                path = os.path.join(self._folders[folder], name)
                with contextlib.suppress(FileNotFoundError):
                    if self._clock() - self._files.modified(path) > seconds:
                        self._files.unlink(path)
                        gone += 1
        return gone

    # names

    @contextlib.contextmanager
    def _putting(self) -> Iterator[None]:
        """Hold put.lock, so that a key is never looked for while it is between two folders."""
        lock = locks.wait_for(self._put_lock, PUT_LOCK_PATIENCE)
        try:
            yield
        finally:
            lock.release()

    def _job(self, folder: str, key: Key) -> Job:
        return Job(key, self._path(folder, str(key)), files=self._files, clock=self._clock)

    def _path(self, folder: str, name: str) -> str:
        return os.path.join(self._folders[folder], name)

    def _sync(self, folder: str) -> None:
        self._files.fsync_folder(self._folders[folder])


def _first_of_each_thread(keys: list[Key]) -> list[Key]:
    """A thread is answered in order: only its oldest waiting question may be claimed. `keys` are oldest first."""
    firsts: dict[str, Key] = {}
    for key in keys:
        firsts.setdefault(key.thread, key)
    return list(firsts.values())


def _is_silent(job: Job) -> bool:
    return job.is_due() and job.last("placeholder") is None


def _pass_over(key: Key, error: OSError) -> None:
    """One bad file must not stop the others; it stays where it is, and is looked at again."""
    if error.errno in SYSTEM_WIDE_ERRORS:
        raise error
    log.warning("job=%s outcome=not-read reason=%s", key, error)
