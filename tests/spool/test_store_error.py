"""The spool's errors: each says what went wrong in the spool's words, and is still the `OSError` it was made of."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path

import pytest

from cocoai.engine.process import locks
from cocoai.spool.disk import Disk
from cocoai.spool.file_spool import FileSpool
from cocoai.spool.key import Key
from cocoai.spool.store_error import JobInUse, NoAccess, NoStore, NoSuchJob, StoreError, as_store_errors

KEY = Key("C0PRACTICE", "1.000100", "1.000100")


class FillingDisk(Disk):
    """A disk whose appends fail once `is_full` is set."""

    is_full = False

    def append(self, fd: int, data: bytes) -> None:
        if self.is_full:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        super().append(fd, data)


@pytest.fixture
def disk() -> FillingDisk:
    return FillingDisk()


@pytest.fixture
def spool(tmp_path: Path, disk: FillingDisk) -> FileSpool:
    made = FileSpool(str(tmp_path), disk=disk)
    made.make_folders()
    return made


@pytest.mark.parametrize(
    ("error", "expected", "number"),
    [
        (OSError(errno.EIO, "I/O error", "/a"), StoreError, errno.EIO),
        (FileNotFoundError(errno.ENOENT, "no such file", "/a"), NoStore, errno.ENOENT),
        (PermissionError(errno.EACCES, "denied", "/a"), NoAccess, errno.EACCES),
        (TimeoutError("held for 1 s"), StoreError, None),
        (NoSuchJob("gone"), NoSuchJob, None),
    ],
)
def test_every_os_error_becomes_a_store_error(error: OSError, expected: type[StoreError], number: int | None) -> None:
    """Number, text and path are those of the cause; a StoreError stays what it is."""
    with pytest.raises(OSError) as raised, as_store_errors():  # noqa: PT011 (its type is what is tested)
        raise error

    assert (expected, str(error)) == (raised.type, str(raised.value))
    assert (number, error.filename) == (raised.value.errno, raised.value.filename)


def test_a_full_disk_is_a_store_error(spool: FileSpool, disk: FillingDisk) -> None:
    """From put(), from claim() and from a job's record()."""
    spool.put(KEY, {"text": "?"})
    job = spool.claim()
    assert job is not None
    disk.is_full = True

    with pytest.raises(StoreError, match="No space left"):
        job.record("answer", text="!")
    job.release()
    with pytest.raises(StoreError, match="No space left"):
        spool.claim()
    with pytest.raises(StoreError, match="No space left"):
        next(spool.each_without("placeholder"))
    with pytest.raises(StoreError, match="No space left"):
        spool.put(KEY._replace(ts="2.000100"), {"text": "?"})


def test_a_held_put_lock_is_a_store_error(spool: FileSpool, tmp_path: Path) -> None:
    """put() gives up in time for Slack to hear 503."""
    lock = locks.take(str(tmp_path / "locks" / "put.lock"))
    assert lock is not None

    with pytest.raises(StoreError, match=r"put\.lock has been held"):
        spool.put(KEY, {"text": "?"})
    lock.release()


def test_a_job_that_is_not_there_is_no_such_job(spool: FileSpool) -> None:
    """Whichever way it is looked at."""
    with pytest.raises(NoSuchJob):
        spool.peek("ready", KEY)
    with pytest.raises(NoSuchJob):
        spool.moments("done", KEY)
    with pytest.raises(NoSuchJob):
        spool.retry(KEY)
    with pytest.raises(NoSuchJob, match=str(KEY)):
        spool.find(KEY)


def test_a_job_is_found_in_each_state(spool: FileSpool) -> None:
    """find() says where it is, and what was put and has happened."""
    spool.put(KEY, {"text": "?"})
    waiting = spool.find(KEY)
    job = spool.claim()
    assert job is not None
    spool.fail(job, "reason")

    state, (question, *facts) = spool.find(KEY)

    assert ("ready", [{"text": "?"}]) == waiting
    assert ("failed", {"text": "?"}, ["attempt", "failed"]) == (state, question, [fact["fact"] for fact in facts])


def test_a_job_that_another_process_moves_is_in_use(spool: FileSpool, tmp_path: Path) -> None:
    """It can be neither annotated nor retried."""
    spool.put(KEY, {"text": "?"})
    job = spool.claim()
    assert job is not None
    spool.fail(job, "reason")
    disk = Disk()
    fd = disk.open(str(tmp_path / "spool" / "failed" / str(KEY)))
    assert disk.lock(fd)

    with pytest.raises(JobInUse):
        spool.annotate(KEY, "opinion", opinion="up")
    with pytest.raises(JobInUse):
        spool.retry(KEY)
    disk.close(fd)
    assert spool.annotate(KEY, "opinion", opinion="up")


def test_without_its_folders_there_is_no_store(spool: FileSpool, tmp_path: Path) -> None:
    """The error names the missing folder."""
    shutil.rmtree(tmp_path / "spool")

    with pytest.raises(NoStore) as raised:
        spool.keys("ready")

    assert str(tmp_path / "spool" / "ready") == raised.value.filename
