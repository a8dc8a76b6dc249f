"""How the spool keeps its laws, step by step, on a real folder, and with real processes where two are needed.

The laws themselves are in tests/crash/contract.py, where the simulated disk is held to them too.
"""

from __future__ import annotations

import errno
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from cocoai.engine.process import locks
from cocoai.spool.disk import Disk
from cocoai.spool.job import Job
from cocoai.spool.key import Key
from cocoai.spool.spool import Spool

NOW = 1_763_822_100.0


def key(ts: int, thread: int | None = None, channel: str = "C0PRACTICE") -> Key:
    """The key of the message at second `ts`, in the thread that `thread` opens (else its own)."""
    return Key(channel, f"{ts if thread is None else thread}.000100", f"{ts}.000100")


class Recorded(Disk):
    """The real operations, each noted by its name and the last part of its path."""

    def __init__(self) -> None:
        self.steps: list[str] = []
        self.paths: dict[int, str] = {}
        self.broken: Callable[[str], bool] = lambda step: False

    def _note(self, step: str) -> None:
        self.steps.append(step)
        if self.broken(step):
            raise OSError(errno.ENOSPC, "No space left on device")

    def create(self, path: str) -> int:
        self._note("create tmp")
        fd = super().create(path)
        self.paths[fd] = "tmp"
        return fd

    def open(self, path: str) -> int:
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
    """A clock that stands still until it is set."""

    now = NOW

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def disk() -> Recorded:
    return Recorded()


@pytest.fixture
def spool(tmp_path: Path, clock: Clock, disk: Recorded) -> Spool:
    made = Spool(str(tmp_path), clock=clock, disk=disk)
    made.make_folders()
    disk.steps.clear()
    return made


@pytest.fixture
def folders(tmp_path: Path) -> Callable[[str], list[str]]:
    return lambda name: sorted(os.listdir(tmp_path / "spool" / name))


def claimed(spool: Spool) -> Job:
    """The next job, which there must be."""
    job = spool.claim()
    assert job is not None
    return job


def in_child(run: Callable[[], object]) -> int:
    """Fork a child that does `run` and then stays until it is killed; its pid, once `run` is done."""
    ready, done = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            run()
            os.write(done, b"+")
            signal.pause()
        finally:
            os._exit(1)
    os.close(done)
    assert os.read(ready, 1) == b"+"
    os.close(ready)
    return pid


def kill(pid: int) -> None:
    """kill -9, and wait for it."""
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)


# put


def test_a_question_is_on_the_disk_before_it_is_accepted(spool: Spool, disk: Recorded) -> None:
    """File and mark, link, folder: each is durable before the next may be seen."""
    spool.put(key(1), {"text": "?"})

    assert [
        "touch mark",
        "create tmp",
        "append tmp",
        "fsync tmp",
        "fsync threads/",
        "link",
        "fsync ready/",
        "unlink tmp",
    ] == disk.steps


def test_a_duplicate_is_made_durable_too(spool: Spool, disk: Recorded) -> None:
    """The first copy's writer may have died between its link and its fsync; its 200 was never sent, ours will be."""
    spool.put(key(1), {"text": "?"})
    disk.steps.clear()

    spool.put(key(1), {"text": "?"})

    assert ["fsync ready/"] == disk.steps


def test_no_fsync_happens_under_the_put_lock(spool: Spool, disk: Recorded, tmp_path: Path) -> None:
    """A slow disk must not make every other worker wait for the lock."""
    held: list[str] = []

    def note_if_locked(step: str) -> bool:
        lock = locks.take(str(tmp_path / "locks" / "put.lock"))
        if lock is None:
            held.append(step)
        else:
            lock.release()
        return False

    disk.broken = note_if_locked
    spool.put(key(1), {"text": "?"})
    spool.finish(claimed(spool))

    assert ["link", "rename done"] == held


@pytest.mark.parametrize("step", ["create tmp", "append tmp", "fsync tmp", "touch mark", "fsync threads/", "link"])
def test_what_cannot_be_kept_is_not_accepted(
    spool: Spool, disk: Recorded, folders: Callable[[str], list[str]], step: str
) -> None:
    """An error before the link leaves nothing in ready/; once it has gone, the same question is new."""
    disk.broken = lambda now: now == step

    with pytest.raises(OSError, match="No space"):
        spool.put(key(1), {"text": "?"})

    assert [] == folders("ready")
    disk.broken = lambda now: False
    assert spool.put(key(1), {"text": "?"})


def test_an_error_after_the_link_is_no_acceptance_but_no_loss(spool: Spool, disk: Recorded) -> None:
    """Slack is told 503 and sends it again: then it is known, and is answered once."""
    disk.broken = lambda step: step == "fsync ready/"
    with pytest.raises(OSError, match="No space"):
        spool.put(key(1), {"text": "?"})
    disk.broken = lambda step: False

    again = spool.put(key(1), {"text": "?"})

    assert again is False
    claimed(spool).release()


def test_files_are_for_their_owner_only(spool: Spool, tmp_path: Path) -> None:
    """Folders 0700, files 0600: questions are nobody else's business."""
    spool.put(key(1), {"text": "?"})

    modes = {path.stat().st_mode & 0o777 for path in (tmp_path / "spool").rglob("*")}

    assert {0o700, 0o600} == modes


# claim


def test_a_job_is_claimed_by_one_process_only(spool: Spool) -> None:
    """Its flock is the claim, and the kernel gives it back however the holder dies."""
    spool.put(key(1), {"text": "?"})
    holder = in_child(lambda: claimed(spool))

    while_held = spool.claim()
    kill(holder)
    afterwards = claimed(spool)

    assert while_held is None
    assert afterwards.attempt == 2


def test_a_claim_is_recorded_before_anything_can_be_said(spool: Spool, disk: Recorded) -> None:
    """The folder first, since the link's writer may not have come to it; then the attempt."""
    spool.put(key(1), {"text": "?"})
    disk.steps.clear()

    claimed(spool).release()

    assert ["fsync ready/", "append job", "fsync job"] == disk.steps


def test_a_claim_that_cannot_be_recorded_is_none(spool: Spool, disk: Recorded) -> None:
    """With a full disk nothing is ours, and the job is free for later."""
    spool.put(key(1), {"text": "?"})
    disk.broken = lambda step: step == "append job"

    with pytest.raises(OSError, match="No space"):
        spool.claim()

    disk.broken = lambda step: False
    assert claimed(spool).attempt == 1


# ends


@pytest.mark.parametrize(("end", "other"), [("done", "failed"), ("failed", "done")])
def test_an_end_is_recorded_moved_and_made_durable(
    spool: Spool, disk: Recorded, folders: Callable[[str], list[str]], end: str, other: str
) -> None:
    """Fact, rename, both folders."""
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
    spool: Spool, disk: Recorded, folders: Callable[[str], list[str]]
) -> None:
    """A fact that cannot be kept must not leave it in ready/, where it would be answered again."""
    spool.put(key(1), {"text": "?"})
    job = claimed(spool)
    disk.broken = lambda step: step.startswith("append")

    spool.finish(job)

    assert [str(key(1))] == folders("done")
