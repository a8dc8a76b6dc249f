"""The steps of the spool's protocol on a real folder, in their order, with real processes where two are needed.

What the spool does, whatever its disk, is tested in tests/crash/contract.py.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from cocoai.engine.process import locks
from cocoai.spool.disk import Disk
from cocoai.spool.file_spool import FileSpool
from cocoai.spool.job import Job
from cocoai.spool.key import Key
from cocoai.spool.store_error import StoreError
from tests.killed import in_child, kill

NOW = 1_763_822_100.0


def key(ts: int, thread: int | None = None, channel: str = "C0PRACTICE") -> Key:
    """Return the key of the message at second `ts`, in the thread that `thread` opens (else its own)."""
    return Key(channel, f"{ts if thread is None else thread}.000100", f"{ts}.000100")


def is_never(step: str) -> bool:
    """Let no step fail."""
    return False


class RecordingDisk(Disk):
    """The real operations; each is noted with the last part of its path, and fails if `is_broken` says so."""

    def __init__(self) -> None:
        self.steps: list[str] = []
        self.paths: dict[int, str] = {}
        self.is_broken: Callable[[str], bool] = is_never
        self.error = errno.ENOSPC

    def _note(self, step: str) -> None:
        self.steps.append(step)
        self._fail_at(step)

    def _fail_at(self, step: str) -> None:
        if self.is_broken(step):
            raise OSError(self.error, os.strerror(self.error))

    def read(self, fd: int) -> bytes:
        self._fail_at("read")
        return super().read(fd)

    def create(self, path: str) -> int:
        self._note("create tmp")
        fd = super().create(path)
        self.paths[fd] = "tmp"
        return fd

    def open(self, path: str) -> int:
        self._fail_at(f"open {Path(path).name}")
        fd = super().open(path)
        self.paths[fd] = "job"
        return fd

    def append(self, fd: int, data: bytes) -> None:
        self._note(f"append {self.paths[fd]}")
        super().append(fd, data)

    def fsync(self, fd: int) -> None:
        self._note(f"fsync {self.paths[fd]}")
        super().fsync(fd)

    def link(self, source: str, target: str) -> None:
        self._note("link")
        super().link(source, target)

    def rename(self, source: str, target: str) -> None:
        self._note(f"rename {Path(target).parent.name}")
        super().rename(source, target)

    def unlink(self, path: str) -> None:
        self._note(f"unlink {Path(path).parent.name}")
        super().unlink(path)

    def touch(self, path: str) -> bool:
        self._note("touch mark")
        return super().touch(path)

    def fsync_folder(self, path: str) -> None:
        self._note(f"fsync {Path(path).name}/")
        super().fsync_folder(path)


class Clock:
    """A clock that stands still."""

    now = NOW

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def disk() -> RecordingDisk:
    return RecordingDisk()


@pytest.fixture
def spool(tmp_path: Path, clock: Clock, disk: RecordingDisk) -> FileSpool:
    made = FileSpool(str(tmp_path), clock=clock, disk=disk)
    made.make_folders()
    disk.steps.clear()
    return made


@pytest.fixture
def folders(tmp_path: Path) -> Callable[[str], list[str]]:
    """Return a function that lists a folder of the spool."""
    return lambda name: sorted(os.listdir(tmp_path / "spool" / name))


def claimed(spool: FileSpool) -> Job:
    """Claim the next job, which there must be."""
    job = spool.claim()
    assert job is not None
    return job


# put


def test_a_question_is_on_the_disk_before_it_is_accepted(spool: FileSpool, disk: RecordingDisk) -> None:
    """The file, then the link, then its folder: each is durable before the next is visible."""
    spool.put(key(1), {"text": "?"})

    assert [
        "touch mark",
        "create tmp",
        "append tmp",
        "fsync tmp",
        "link",
        "fsync ready/",
        "unlink tmp",
    ] == disk.steps


def test_a_duplicate_is_made_durable_too(spool: FileSpool, disk: RecordingDisk) -> None:
    """The first copy's writer may have died between its link and its fsync, before its 200; ours will be sent."""
    spool.put(key(1), {"text": "?"})
    disk.steps.clear()

    spool.put(key(1), {"text": "?"})

    assert ["fsync ready/"] == disk.steps


def test_no_fsync_happens_under_the_put_lock(spool: FileSpool, disk: RecordingDisk, tmp_path: Path) -> None:
    """On a slow disk every other worker would wait for the lock."""
    held: list[str] = []

    def note_if_locked(step: str) -> bool:
        lock = locks.take(str(tmp_path / "locks" / "put.lock"))
        if lock is None:
            held.append(step)
        else:
            lock.release()
        return False

    disk.is_broken = note_if_locked
    spool.put(key(1), {"text": "?"})
    spool.finish(claimed(spool))

    assert ["link", "rename done"] == held


@pytest.mark.parametrize("step", ["create tmp", "append tmp", "fsync tmp", "touch mark", "link"])
def test_a_question_that_cannot_be_kept_is_not_accepted(
    spool: FileSpool, disk: RecordingDisk, folders: Callable[[str], list[str]], step: str
) -> None:
    """An error before the link leaves nothing in ready/; after the error the same question is new."""
    disk.is_broken = lambda now: now == step

    with pytest.raises(OSError, match="No space"):
        spool.put(key(1), {"text": "?"})

    assert [] == folders("ready")
    disk.is_broken = is_never
    assert spool.put(key(1), {"text": "?"})


def test_a_question_is_kept_though_its_last_fsync_failed(spool: FileSpool, disk: RecordingDisk) -> None:
    """It is not accepted, so Slack gets 503 and sends it again: then it is known, and is answered once."""
    disk.is_broken = lambda step: step == "fsync ready/"
    with pytest.raises(OSError, match="No space"):
        spool.put(key(1), {"text": "?"})
    disk.is_broken = is_never

    again = spool.put(key(1), {"text": "?"})

    assert again is False
    claimed(spool).release()


def test_files_are_for_their_owner_only(spool: FileSpool, tmp_path: Path) -> None:
    """Folders have mode 0700 and files 0600, since questions are private."""
    spool.put(key(1), {"text": "?"})

    modes = {path.stat().st_mode & 0o777 for path in (tmp_path / "spool").rglob("*")}

    assert {0o700, 0o600} == modes


# claim


def test_a_job_is_claimed_by_one_process_only(spool: FileSpool) -> None:
    """Its flock is the claim, and the kernel frees it when the holder dies."""
    spool.put(key(1), {"text": "?"})
    holder = in_child(lambda: claimed(spool))

    while_held = spool.claim()
    kill(holder)
    afterwards = claimed(spool)

    assert while_held is None
    assert afterwards.attempt == 2


def test_a_claim_is_recorded_before_it_is_returned(spool: FileSpool, disk: RecordingDisk) -> None:
    """The folder is fsynced first, since the link's writer may not have done it; then the attempt is recorded."""
    spool.put(key(1), {"text": "?"})
    disk.steps.clear()

    claimed(spool).release()

    assert ["fsync ready/", "append job", "fsync job"] == disk.steps


def test_a_claim_that_cannot_be_recorded_is_none(spool: FileSpool, disk: RecordingDisk) -> None:
    """On a full disk the job stays free, and its next attempt is the first."""
    spool.put(key(1), {"text": "?"})
    disk.is_broken = lambda step: step == "append job"

    with pytest.raises(OSError, match="No space"):
        spool.claim()

    disk.is_broken = is_never
    assert claimed(spool).attempt == 1


@pytest.mark.parametrize("error", [errno.EMFILE, errno.ENFILE, errno.ENOMEM], ids=errno.errorcode.get)
def test_an_error_of_the_whole_system_ends_the_look(spool: FileSpool, disk: RecordingDisk, error: int) -> None:
    """It says nothing about the job at which it occurred: the job is not passed over."""
    spool.put(key(1), {"text": "?"})
    spool.put(key(2), {"text": "?"})
    disk.error = error
    disk.is_broken = f"open {key(1)}".__eq__

    with pytest.raises(StoreError) as raised:
        spool.claim()

    assert error == raised.value.errno
    disk.is_broken = is_never
    assert key(1) == claimed(spool).key


def test_a_job_that_cannot_be_read_is_passed_over(
    spool: FileSpool, disk: RecordingDisk, caplog: pytest.LogCaptureFixture
) -> None:
    """The others are claimed, it stays in ready/, and no descriptor of it stays open."""
    spool.put(key(1), {"text": "?"})
    spool.put(key(2), {"text": "?"})
    disk.error = errno.EIO
    disk.is_broken = f"open {key(1)}".__eq__
    job = claimed(spool)
    before = os.listdir("/proc/self/fd")

    disk.is_broken = "read".__eq__
    nothing = (spool.claim(), spool.is_claimable(), spool.is_due({str(job.key)}))

    assert key(2) == job.key
    assert (None, False, False) == nothing
    assert before == os.listdir("/proc/self/fd")
    assert f"job={key(1)} outcome=not-read" in caplog.text
    job.release()


# ends


@pytest.mark.parametrize(("end", "other"), [("done", "failed"), ("failed", "done")])
def test_an_end_is_recorded_moved_and_made_durable(
    spool: FileSpool, disk: RecordingDisk, folders: Callable[[str], list[str]], end: str, other: str
) -> None:
    """The fact is recorded, the file renamed, and both folders fsynced."""
    spool.put(key(1), {"text": "?"})
    job = claimed(spool)
    disk.steps.clear()

    spool.finish(job) if end == "done" else spool.fail(job, "reason")

    expected = [
        "append job",
        "fsync job",
        f"rename {end}",
        f"fsync {end}/",
        "fsync ready/",
        "unlink stop",
        "touch mark",
    ]
    assert expected == disk.steps
    assert ([], [str(key(1))], []) == (folders("ready"), folders(end), folders(other))


def test_an_answered_question_ends_even_with_a_full_disk(
    spool: FileSpool, disk: RecordingDisk, folders: Callable[[str], list[str]]
) -> None:
    """The last fact cannot be recorded, but in ready/ the question would be answered again."""
    spool.put(key(1), {"text": "?"})
    job = claimed(spool)
    disk.is_broken = lambda step: step.startswith("append")

    spool.finish(job)

    assert [str(key(1))] == folders("done")
