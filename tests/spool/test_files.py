"""The files of a job: whole under their name or not there, of a bounded size, and gone with the job."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cocoai.spool.admin import RETENTION
from cocoai.spool.disk import Disk
from cocoai.spool.file_spool import FileSpool
from cocoai.spool.files import DRAWING, FileTooBig
from cocoai.spool.key import Key
from cocoai.spool.spool import Spool
from cocoai.spool.store_error import StoreError
from tests.spool.rooms import Room, claimed, end

KEY = Key("C0PRACTICE", "1700000000.000100", "1700000000.000100")
OTHER = Key("C0PRACTICE", "1700000000.000100", "1700000000.0001009")


class FailingDisk(Disk):
    """A disk on which one operation fails, from the moment when it is named."""

    failing = ""

    def append(self, fd: int, data: bytes) -> None:
        self._check("append")
        super().append(fd, data)

    def fsync(self, fd: int) -> None:
        self._check("fsync")
        super().fsync(fd)

    def rename(self, source: str, target: str) -> None:
        self._check("rename")
        super().rename(source, target)

    def _check(self, name: str) -> None:
        if name == self.failing:
            raise OSError(28, "No space left on device")


@pytest.fixture
def disk() -> FailingDisk:
    """Return a disk that works."""
    return FailingDisk()


@pytest.fixture
def spool(room: Room) -> Spool:
    return room.here


@pytest.fixture
def file_spool(tmp_path: Path, disk: FailingDisk) -> FileSpool:
    """Return a spool with its folders."""
    spool = FileSpool(str(tmp_path), disk=disk)
    spool.make_folders()
    return spool


def names(tmp_path: Path) -> list[str]:
    """Return the names of all files beside the jobs."""
    return sorted(os.listdir(tmp_path / "spool" / "files"))


def keep(spool: Spool, key: Key = KEY, name: str = "picture.jpeg", data: bytes = b"picture") -> str:
    """Write a job's file and return its path."""
    with spool.files.new(key, 1000) as file:
        file.write(data)
        return file.keep(name)


def put(spool: Spool, *keys: Key) -> None:
    """Put questions that may have files."""
    for each in keys:
        assert spool.put(each, {"kind": "mention", "user": "U1", "text": "draw a cat"})


def test_a_file_has_its_name_once_it_is_whole(room: Room, spool: Spool) -> None:
    """Before that it has another one; nobody but its owner can read it."""
    put(spool, KEY)
    with spool.files.new(KEY, 1000) as file:
        file.write(b"pic")
        file.write(b"ture")
        assert "" == spool.files.path(KEY, "picture.jpeg")
        path = file.keep("picture.jpeg")

    assert path == spool.files.path(KEY, "picture.jpeg")
    assert (b"picture", 0o100600) == (Path(path).read_bytes(), os.stat(path).st_mode)
    assert [f"{KEY}.picture.jpeg"] == room.files()


def test_a_second_file_takes_the_first_one_s_place(spool: Spool) -> None:
    """It is never half of each."""
    keep(spool, data=b"a picture")

    assert b"new" == Path(keep(spool, data=b"new")).read_bytes()


def test_a_file_that_is_not_kept_is_gone(room: Room, spool: Spool) -> None:
    """Nothing is left of it."""
    with spool.files.new(KEY, 1000) as file:
        file.write(b"pic")

    assert [] == room.files()


def test_a_file_has_a_bound(room: Room, spool: Spool) -> None:
    """What is beyond it is not written."""
    with spool.files.new(KEY, 10) as file:
        file.write(bytes(10))
        with pytest.raises(FileTooBig):
            file.write(b"x")
        assert 10 == file.size

    assert [] == room.files()


@pytest.mark.parametrize("failing", ["append", "fsync", "rename"])
def test_a_failing_disk_leaves_nothing(file_spool: FileSpool, disk: FailingDisk, tmp_path: Path, failing: str) -> None:
    """The error is the store's."""
    disk.failing = failing
    with pytest.raises(StoreError):
        keep(file_spool)

    assert [] == names(tmp_path)


@pytest.mark.parametrize("state", ["done", "failed"])
def test_the_files_of_a_job_go_with_it(room: Room, spool: Spool, state: str) -> None:
    """And no other job's."""
    put(spool, KEY, OTHER)
    job = claimed(spool)
    job.record(DRAWING)
    keep(spool)
    keep(spool, name="sent1.png")
    keep(spool, OTHER)

    end(spool, job, state)

    assert [f"{OTHER}.picture.jpeg"] == room.files()
    assert "" == spool.files.path(KEY, "picture.jpeg")


def test_an_unfinished_file_of_a_job_goes_with_it(file_spool: FileSpool, tmp_path: Path) -> None:
    """A killed process has left it."""
    put(file_spool, KEY)
    job = claimed(file_spool)
    job.record(DRAWING)
    (tmp_path / "spool" / "files" / f"{KEY}.0123.part").touch()

    file_spool.finish(job)

    assert [] == names(tmp_path)


def test_a_file_that_nobody_has_removed_is_swept(file_spool: FileSpool, tmp_path: Path) -> None:
    """Of a job that waits after a time that is longer than all its waits; one of a strange name then, too."""
    put(file_spool, KEY)
    paths = [keep(file_spool), str(tmp_path / "spool" / "files" / "strange")]
    Path(paths[1]).touch()
    file_spool.sweep()
    assert sorted(map(os.path.basename, paths)) == names(tmp_path)
    for path in paths:
        long_ago = os.stat(path).st_mtime - RETENTION["files"] - 1
        os.utime(path, (long_ago, long_ago))

    file_spool.sweep()

    assert [] == names(tmp_path)


@pytest.mark.parametrize("is_shared", [False, True])
def test_a_failed_job_keeps_a_picture_that_was_paid_and_is_not_in_slack(
    room: Room, spool: Spool, *, is_shared: bool
) -> None:
    """An operator may retry it. The pictures that it was made from go, and so does what stands in Slack."""
    put(spool, KEY)
    job = claimed(spool)
    job.record(DRAWING)
    keep(spool, name="sent1.png")
    keep(spool)
    job.record("picture", file="picture.jpeg")
    if is_shared:
        job.record("shared", file_id="F1", ts="1.1")
    spool.fail(job, "not_shared")
    kept = [] if is_shared else [f"{KEY}.picture.jpeg"]

    assert kept == room.files()
    keep(spool, name="sent1.png")  # as if its process had been killed before it could remove this
    assert 0 < spool.sweep()
    assert kept == room.files()
    assert bool(kept) == bool(spool.files.path(KEY, "picture.jpeg"))
    assert "" == spool.files.path(KEY, "sent1.png")
    spool.retry(KEY)
    assert 0 == spool.sweep()
    assert kept == room.files()


def test_a_file_whose_job_has_ended_is_swept_at_once(room: Room, spool: Spool) -> None:
    """Its process was killed behind the move; another job's file, whose key begins alike, stays."""
    put(spool, KEY, OTHER)
    spool.finish(claimed(spool))
    keep(spool)
    keep(spool, OTHER)

    assert 0 < spool.sweep()
    assert [f"{OTHER}.picture.jpeg"] == room.files()
    assert "" == spool.files.path(KEY, "picture.jpeg")


def test_an_unfinished_file_whose_job_has_ended_is_swept_at_once(file_spool: FileSpool, tmp_path: Path) -> None:
    """One file, of which there is nothing but a beginning."""
    put(file_spool, KEY)
    file_spool.finish(claimed(file_spool))
    (tmp_path / "spool" / "files" / f"{KEY}.0123.part").touch()

    assert 1 == file_spool.sweep()
    assert [] == names(tmp_path)
