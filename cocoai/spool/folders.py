"""SpoolFolders: the paths of the spool's files, the keys of the jobs in a folder, and how a job is opened and moved.

What it means that a job lies in a folder is file_spool.py's.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator

from cocoai.engine.process import locks
from cocoai.spool.disk import Disk
from cocoai.spool.file_job import FileJob
from cocoai.spool.job import STATES, Job
from cocoai.spool.key import Key
from cocoai.spool.store_error import NoSuchJob, StoreError, as_store_errors

FOLDERS = ("tmp", "ready", "done", "failed", "stop", "gestures", "files")
"""The folders below spool/; file_spool.py says what each is for."""

PUT_LOCK_PATIENCE = 1.0
"""Seconds. put.lock is held for two look-ups and a link; the engine ends a request after 2 s (request_timeout)."""


class SpoolFolders:
    """The folders below `var`: spool/{tmp,ready,done,failed,stop,gestures,files}, threads/ and asked/, with put.lock.

    `clock` returns epoch seconds. `generation` is the pool's, once it is known; see job.SHUT_OUT.
    """

    generation: int
    _clock: Callable[[], float]

    def __init__(self, var: str, disk: Disk | None = None) -> None:
        self._disk = disk or Disk()
        self._folders = {name: os.path.join(var, "spool", name) for name in FOLDERS}
        self._folders |= {name: os.path.join(var, name) for name in ("threads", "asked")}
        self._put_lock = os.path.join(var, "locks", "put.lock")

    @as_store_errors()
    def make_folders(self) -> None:
        """Make the missing folders, for this user only, and fsync the folders in which they lie.

        `var` is made too if it is missing, but its own name is not made durable: that is its maker's to do.
        """
        folders = (*self._folders.values(), os.path.dirname(self._put_lock))
        for folder in folders:
            self._disk.make_folder(folder)
        # A file whose folder a power cut forgets is forgotten with it, fsynced or not.
        for parent in sorted({os.path.dirname(folder) for folder in folders}, reverse=True):
            self._disk.fsync_folder(parent)

    @as_store_errors()
    def check_moves(self) -> None:
        """Move a file as jobs are moved: linked from tmp/ to ready/, renamed to done/ and to failed/; then remove it.

        Raise StoreError, with both folders, if the file system refuses one of these: each may be a mount of its own.
        """
        # Not by Disk: it is no step of the protocol, and must not be taken for one.
        name = os.urandom(12).hex()
        moves = ((os.link, "tmp", "ready"), (os.rename, "ready", "done"), (os.rename, "done", "failed"))
        try:
            os.close(os.open(self._path("tmp", name), os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600))
            for move, source, target in moves:
                _check_move(move, self._path(source, name), self._path(target, name))
        finally:
            for folder in ("tmp", *STATES):
                with contextlib.suppress(OSError):
                    os.unlink(self._path(folder, name))

    @as_store_errors()
    def keys(self, state: str) -> list[Key]:
        """Return the keys of the jobs in a state (one of STATES), oldest question first; other names are left out."""
        return self._keys_and_other_names(state)[0]

    def _keys_and_other_names(self, folder: str) -> tuple[list[Key], list[str]]:
        """Return the keys in a folder, oldest question first, and the names there that are no key, in no order."""
        keys, others = [], []
        for name in self._disk.names(self._folders[folder]):
            try:
                keys.append(Key.parse(name))
            except ValueError:
                others.append(name)
        return sorted(keys, key=_age), others

    def _knows(self, key: Key, *folders: str) -> bool:
        """Check whether a job of this key lies in one of these folders."""
        return any(self._disk.exists(self._path(folder, str(key))) for folder in folders)

    def _job(self, folder: str, key: Key) -> FileJob:
        """Open a job's file, without reading or locking it. Raise FileNotFoundError if it is not in that folder."""
        path = self._path(folder, str(key))
        return FileJob(key, path, disk=self._disk, clock=self._clock, generation=self.generation)

    def _existing_job(self, folder: str, key: Key) -> FileJob:
        """Open a job's file, without reading or locking it. Raise NoSuchJob if it is not in that folder."""
        try:
            return self._job(folder, key)
        except FileNotFoundError as error:
            raise NoSuchJob(error.errno, error.strerror, error.filename) from error

    def _move(self, job: Job, source: str, target: str) -> None:
        """Move a locked job from folder `source` to `target`, fsync both, and release it.

        It waits for put.lock. Raise OSError if that takes too long or the disk fails: the job then stays locked.
        """
        with self._putting():
            self._disk.rename(self._path(source, str(job.key)), self._path(target, str(job.key)))
        self._sync(target)
        self._sync(source)
        job.release()

    def _forget_stop_request(self, key: Key) -> None:
        """Remove the file that requests a stop of this job, if there is one and the disk lets us."""
        with contextlib.suppress(OSError):  # most jobs have none; what stays is swept
            self._disk.unlink(self._path("stop", str(key)))

    @contextlib.contextmanager
    def _putting(self) -> Iterator[None]:
        """Wait for put.lock and hold it inside, as a context manager. Raise TimeoutError after PUT_LOCK_PATIENCE.

        Under it no process moves a job, so that none is missed while it goes from one folder to the next.
        """
        lock = locks.wait_for(self._put_lock, PUT_LOCK_PATIENCE)
        try:
            yield
        finally:
            lock.release()

    def _path(self, folder: str, name: str) -> str:
        return f"{self._folders[folder]}/{name}"

    def _sync(self, folder: str) -> None:
        self._disk.fsync_folder(self._folders[folder])


def _check_move(move: Callable[[str, str], None], source: str, target: str) -> None:
    """Link or rename a file by `move`. Raise StoreError, with the folders of both paths, if that is refused."""
    try:
        move(source, target)
    except OSError as error:
        folders = f"{os.path.dirname(source)} to {os.path.dirname(target)}"
        raise StoreError(error.errno, f"no job can go from {folders}: {error.strerror}") from error


def _age(key: Key) -> tuple[int, str, str]:
    return key.age
