"""FileSide: the jobs and threads in files below `var`, as they are moved from or to a database."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterator

from cocoai.slack.model.job_kinds import UNMARKED_KINDS
from cocoai.slack_ids import is_id, is_ts
from cocoai.spool.disk import Disk, write_file
from cocoai.spool.files import SpooledFiles, owner_of
from cocoai.spool.folders import SpoolFolders
from cocoai.spool.job import STATES, encode_line
from cocoai.spool.key import Key
from cocoai.spool.store_error import JobInUse, NoSuchJob, as_store_errors
from cocoai.spool.thread_marks import ThreadMarks
from cocoai.store.job_copy import JobCopy, ThreadCopy

ORDER = ("done", "failed", "ready")
"""The states in the order in which jobs are moved."""


class FileSide(ThreadMarks):
    """The store below `var`, a Side. `clock` returns epoch seconds."""

    def __init__(self, var: str, *, disk: Disk | None = None, clock: Callable[[], float] = time.time) -> None:
        SpoolFolders.__init__(self, var, disk)
        self._clock = clock
        self.generation = 0
        self._unmarked_kinds = UNMARKED_KINDS
        self._files = SpooledFiles(self._folders["files"], self._disk)
        self.make_folders()

    def jobs(self) -> Iterator[tuple[str, Key]]:
        """Yield the state and the key of each job."""
        self.restore_marks()
        for state in ORDER:
            yield from ((state, key) for key in self.keys(state))

    @contextlib.contextmanager
    def taken(self, state: str, key: Key) -> Iterator[JobCopy | None]:
        """Lock a job, and yield it."""
        try:
            job = self._existing_job(state, key)
        except NoSuchJob:
            yield None
            return
        try:
            if not job.take():
                raise JobInUse(f"{key} is in hand")
            changed = self._disk.modified(self._path(state, str(key)))
            yield JobCopy(key, state, job.lines, changed, job.retry_at, self._stops(key))
        finally:
            job.release()

    @as_store_errors()
    def give(self, copy: JobCopy) -> None:
        """Store a job: what belongs to it comes first, its own file last."""
        there = self._there(copy.key)
        if there is not None and not copy.is_ahead_of(there):
            self._sync(there.state)  # the name may be one that a killed process has not waited for
            return
        name = str(copy.key)
        if copy.stops:
            self._replace(self._path("stop", name), "".join(f"{user}\n" for user in copy.stops).encode(), copy.changed)
        if copy.gesture:
            self._replace(self._path("gestures", copy.gesture), name.encode(), copy.changed)
        if copy.leaves_mark:
            self._touch_mark(copy.key.thread, copy.changed)
        self._replace(self._path(copy.state, name), copy.data, copy.changed)
        self._sync(copy.state)
        if there is not None and there.state != copy.state:
            self._disk.unlink(self._path(there.state, name))
            self._sync(there.state)

    def drop(self, copy: JobCopy) -> None:
        """Remove a job, then what belongs to it: as long as the job is here, that is too."""
        self._disk.unlink(self._path(copy.state, str(copy.key)))
        self._sync(copy.state)
        self._forget_stop_request(copy.key)
        with contextlib.suppress(FileNotFoundError):
            if copy.gesture:
                self._disk.unlink(self._path("gestures", copy.gesture))
        self._files.remove(copy.key)

    def threads(self) -> Iterator[ThreadCopy]:
        """Yield what is known of each thread."""
        with as_store_errors():
            for name in self._disk.names(self._folders["threads"]):
                channel, thread_ts = _place(name)
                if is_id(channel) and (is_ts(thread_ts) or name == channel):
                    changed = self._disk.modified(self._path("threads", name))
                    yield ThreadCopy(name, changed, self.mark_of(channel, thread_ts) or {})

    @as_store_errors()
    def give_thread(self, thread: ThreadCopy) -> None:
        """Store what is known of a thread."""
        path = self._path("threads", thread.name)
        if thread.facts and not self.mark_of(*_place(thread.name)):
            self._replace(path, encode_line(dict(thread.facts)), thread.changed)
        self._touch_mark(thread.name, thread.changed)
        self._sync("threads")

    @as_store_errors()
    def clear(self) -> None:
        """Remove what is left of threads, of gestures, and of how often people asked."""
        for folder in ("threads", "gestures", "asked", "stop", "tmp"):
            for name in self._disk.names(self._folders[folder]):
                self._disk.unlink(self._path(folder, name))
        for name in self._disk.names(self._folders["files"]):
            key = owner_of(name)
            if key is not None and not self._knows(key, *STATES):
                self._disk.unlink(self._path("files", name))

    def _touch_mark(self, thread: str, changed: float) -> None:
        """Make the mark of a thread, or make it as young as one of its jobs."""
        path = self._path("threads", thread)
        if not self._disk.exists(path) or self._disk.modified(path) < changed:
            self._disk.touch(path)
            self._disk.set_modified(path, changed)

    def _there(self, key: Key) -> JobCopy | None:
        """Return the job as it is here already; None if it is not."""
        for state in STATES:
            with contextlib.suppress(NoSuchJob, ValueError), self.taken(state, key) as copy:
                if copy is not None:
                    return copy
        return None

    def _stops(self, key: Key) -> tuple[str, ...]:
        with contextlib.suppress(FileNotFoundError), open(self._path("stop", str(key)), "rb") as file:
            return tuple(file.read().decode("ascii", "ignore").split())
        return ()

    def _replace(self, path: str, data: bytes, changed: float) -> None:
        """Put a file of these bytes at `path`, in one step; it is as old as `changed` says."""
        temporary = self._path("tmp", os.urandom(12).hex())
        write_file(self._disk, temporary, data)
        self._disk.set_modified(temporary, changed)
        self._disk.rename(temporary, path)


def _place(thread: str) -> tuple[str, str]:
    """Return the channel and the ts of a thread; "" for the ts of a direct message's own box."""
    channel, _, thread_ts = thread.partition("-")
    return channel, thread_ts
