"""spool/thread_marks.py: the marks that a power cut has taken are made anew from the jobs that are kept."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from cocoai.spool.disk import Disk
from cocoai.spool.file_spool import FileSpool
from cocoai.spool.key import Key
from cocoai.spool.store_error import StoreError

OLD = 1_000_000.0

FIRST, SECOND = Key("C0PRACTICE", "1.000100", "1.000100"), Key("C0PRACTICE", "2.000100", "3.000100")


class BrokenDisk(Disk):
    """A disk on which the beginnings of files cannot be read while `is_broken`."""

    is_broken = False

    def read_heads(self, folder: str, names: Iterable[str], size: int) -> Iterator[tuple[str, bytes | OSError]]:
        if self.is_broken:
            raise OSError(5, "Input/output error", folder)
        return super().read_heads(folder, names, size)


@pytest.fixture
def spool(tmp_path: Path) -> FileSpool:
    return made(tmp_path, Disk())


def made(var: Path, disk: Disk) -> FileSpool:
    spool = FileSpool(str(var), disk=disk, light_kinds=["thanks"])
    spool.make_folders()
    return spool


def cut_power(var: Path) -> None:
    """Take every mark, as a power cut may: nothing has made them durable."""
    for mark in (var / "threads").iterdir():
        mark.unlink()


def test_marks_are_made_anew_as_old_as_their_jobs(spool: FileSpool, tmp_path: Path) -> None:
    """Those of jobs in every state; a mark that is there stays as it is."""
    spool.put(FIRST, {"kind": "mention", "text": "?"})
    job = spool.claim()
    assert job is not None
    spool.finish(job)
    spool.put(SECOND, {"kind": "mention", "text": "?"})
    os.utime(tmp_path / "spool" / "done" / str(FIRST), (OLD, OLD))
    cut_power(tmp_path)

    restored, again = spool.restore_marks(), spool.restore_marks()

    assert (2, 0) == (restored, again)
    assert OLD == (tmp_path / "threads" / FIRST.thread).stat().st_mtime
    assert {} == spool.mark_of(SECOND.channel, SECOND.thread_ts)


def test_what_left_no_mark_gets_none(spool: FileSpool, tmp_path: Path) -> None:
    """Neither a light job nor a limited one: nobody is answered in their threads."""
    spool.put(FIRST, {"kind": "thanks", "text": "?"})
    spool.put(SECOND, {"kind": "limited", "text": "?"})

    assert 0 == spool.restore_marks()
    assert [] == os.listdir(tmp_path / "threads")


def test_while_marks_cannot_be_made_the_jobs_tell(tmp_path: Path) -> None:
    """A follow-up is known all the same; in another thread it is not, nor in a direct message's own box."""
    disk = BrokenDisk()
    spool = made(tmp_path, disk)
    spool.put(FIRST, {"kind": "mention", "text": "?"})
    cut_power(tmp_path)
    disk.is_broken = True
    with pytest.raises(StoreError):
        spool.restore_marks()
    disk.is_broken = False

    known = [spool.mark_of("C0PRACTICE", thread_ts) for thread_ts in ("1.000100", "2.000100", "")]

    assert [{}, None, None] == known


def test_marks_are_on_the_disk_before_their_jobs_are_swept(tmp_path: Path) -> None:
    """From then on nothing could make them anew."""
    steps = []

    class NotingDisk(Disk):
        def fsync_folder(self, path: str) -> None:
            steps.append(os.path.basename(path))
            super().fsync_folder(path)

        def unlink(self, path: str) -> None:
            steps.append("unlink")
            super().unlink(path)

    spool = made(tmp_path, NotingDisk())
    spool.put(FIRST, {"kind": "mention", "text": "?"})
    job = spool.claim()
    assert job is not None
    spool.finish(job)
    os.utime(tmp_path / "spool" / "done" / str(FIRST), (OLD, OLD))
    steps.clear()

    assert 1 == spool.sweep()
    assert ["threads", "unlink"] == steps
