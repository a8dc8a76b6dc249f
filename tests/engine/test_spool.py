"""The spool's laws, each by its own test; on a real folder, with real processes where two are needed."""

from __future__ import annotations

import errno
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from cocoai.engine import locks
from cocoai.engine.files import Files
from cocoai.engine.job import Job, Key
from cocoai.engine.spool import KEPT, Spool

NOW = 1_763_822_100.0


def key(ts: int, thread: int | None = None, channel: str = "C0PRACTICE") -> Key:
    """The key of the message at second `ts`, in the thread that `thread` opens (else its own)."""
    return Key(channel, f"{ts if thread is None else thread}.000100", f"{ts}.000100")


class Recorded(Files):
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
def files() -> Recorded:
    return Recorded()


@pytest.fixture
def spool(tmp_path: Path, clock: Clock, files: Recorded) -> Spool:
    made = Spool(str(tmp_path), clock=clock, files=files)
    made.make_folders()
    files.steps.clear()
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


def test_a_new_question_is_accepted_once(spool: Spool, folders: Callable[[str], list[str]]) -> None:
    """The same key a second time is a duplicate, and leaves nothing behind."""
    first = spool.put(key(1), {"text": "?"})
    second = spool.put(key(1), {"text": "?"})

    assert (True, False) == (first, second)
    assert [str(key(1))] == folders("ready")
    assert [] == folders("tmp")


def test_a_question_is_on_the_disk_before_it_is_accepted(spool: Spool, files: Recorded) -> None:
    """File, mark, link, folder: each is durable before the next may be seen."""
    spool.put(key(1), {"text": "?"})

    assert [
        "create tmp",
        "append tmp",
        "fsync tmp",
        "touch mark",
        "fsync threads/",
        "link",
        "fsync ready/",
        "unlink tmp",
    ] == files.steps


def test_a_duplicate_is_made_durable_too(spool: Spool, files: Recorded) -> None:
    """The first copy's writer may have died between its link and its fsync; its 200 was never sent, ours will be."""
    spool.put(key(1), {"text": "?"})
    files.steps.clear()

    spool.put(key(1), {"text": "?"})

    assert ["fsync ready/"] == files.steps


def test_no_fsync_happens_under_the_put_lock(spool: Spool, files: Recorded, tmp_path: Path) -> None:
    """A slow disk must not make every other worker wait for the lock."""
    held: list[str] = []

    def note_if_locked(step: str) -> bool:
        lock = locks.take(str(tmp_path / "locks" / "put.lock"))
        if lock is None:
            held.append(step)
        else:
            lock.release()
        return False

    files.broken = note_if_locked
    spool.put(key(1), {"text": "?"})
    spool.finish(claimed(spool))

    assert ["link", "rename done"] == held


@pytest.mark.parametrize("step", ["create tmp", "append tmp", "fsync tmp", "touch mark", "fsync threads/", "link"])
def test_what_cannot_be_kept_is_not_accepted(
    spool: Spool, files: Recorded, folders: Callable[[str], list[str]], step: str
) -> None:
    """An error before the link leaves nothing in ready/; once it has gone, the same question is new."""
    files.broken = lambda now: now == step

    with pytest.raises(OSError, match="No space"):
        spool.put(key(1), {"text": "?"})

    assert [] == folders("ready")
    files.broken = lambda now: False
    assert spool.put(key(1), {"text": "?"})


def test_an_error_after_the_link_is_no_acceptance_but_no_loss(spool: Spool, files: Recorded) -> None:
    """Slack is told 503 and sends it again: then it is known, and is answered once."""
    files.broken = lambda step: step == "fsync ready/"
    with pytest.raises(OSError, match="No space"):
        spool.put(key(1), {"text": "?"})
    files.broken = lambda step: False

    again = spool.put(key(1), {"text": "?"})

    assert again is False
    claimed(spool).release()


@pytest.mark.parametrize("end", ["done", "failed"])
def test_an_ended_question_stays_known(spool: Spool, end: str) -> None:
    """A redelivery of what was answered, or given up, is a duplicate."""
    spool.put(key(1), {"text": "?"})
    job = claimed(spool)
    spool.finish(job) if end == "done" else spool.fail(job, "reason")

    assert spool.put(key(1), {"text": "?"}) is False
    assert spool.claim() is None


def test_a_thread_is_marked_when_it_is_asked_in(spool: Spool) -> None:
    """That is how a worker knows a follow-up without asking Slack."""
    before = spool.asked_in("C0PRACTICE", "1.000100")
    spool.put(key(2, thread=1), {"text": "?"})

    assert (False, True) == (before, spool.asked_in("C0PRACTICE", "1.000100"))


def test_files_are_for_their_owner_only(spool: Spool, tmp_path: Path) -> None:
    """Folders 0700, files 0600: questions are nobody else's business."""
    spool.put(key(1), {"text": "?"})

    modes = {path.stat().st_mode & 0o777 for path in (tmp_path / "spool").rglob("*")}

    assert {0o700, 0o600} == modes


# claim


def test_the_oldest_is_claimed_first(spool: Spool) -> None:
    """Across threads, whatever order they came in."""
    for ts in (3, 1, 2):
        spool.put(key(ts), {"text": "?"})

    taken = [claimed(spool) for _ in range(3)]

    assert [key(1), key(2), key(3)] == [job.key for job in taken]
    assert spool.claim() is None


def test_a_thread_is_answered_in_order_one_question_at_a_time(spool: Spool) -> None:
    """The second question of a thread waits for the first; other threads do not."""
    spool.put(key(1), {"text": "first"})
    spool.put(key(2, thread=1), {"text": "second"})
    spool.put(key(3), {"text": "elsewhere"})

    first, elsewhere = claimed(spool), claimed(spool)
    nothing = spool.claim()
    spool.finish(first)
    second = claimed(spool)

    assert [key(1), key(3)] == [first.key, elsewhere.key]
    assert nothing is None
    assert key(2, thread=1) == second.key


def test_a_job_is_claimed_by_one_process_only(spool: Spool) -> None:
    """Its flock is the claim, and the kernel gives it back however the holder dies."""
    spool.put(key(1), {"text": "?"})
    holder = in_child(lambda: claimed(spool))

    while_held = spool.claim()
    kill(holder)
    afterwards = claimed(spool)

    assert while_held is None
    assert afterwards.attempt == 2


def test_a_job_that_moved_between_opening_and_locking_is_not_taken(spool: Spool, clock: Clock, tmp_path: Path) -> None:
    """finish() may come in between: the lock of a file in done/ means nothing."""
    spool.put(key(1), {"text": "?"})
    path = str(tmp_path / "spool" / "ready" / str(key(1)))
    late = Job(key(1), path, files=Files(), clock=clock)
    job = claimed(spool)
    spool.finish(job)

    assert late.take() is False
    late.release()


def test_a_claim_is_recorded_before_anything_can_be_said(spool: Spool, files: Recorded) -> None:
    """The folder first, since the link's writer may not have come to it; then the attempt."""
    spool.put(key(1), {"text": "?"})
    files.steps.clear()

    claimed(spool).release()

    assert ["fsync ready/", "append job", "fsync job"] == files.steps


def test_a_claim_that_cannot_be_recorded_is_none(spool: Spool, files: Recorded) -> None:
    """With a full disk nothing is ours, and the job is free for later."""
    spool.put(key(1), {"text": "?"})
    files.broken = lambda step: step == "append job"

    with pytest.raises(OSError, match="No space"):
        spool.claim()

    files.broken = lambda step: False
    assert claimed(spool).attempt == 1


def test_a_job_waits_for_its_time(spool: Spool, clock: Clock) -> None:
    """retry_at holds it, and all of its thread behind it, and nobody else."""
    spool.put(key(1), {"text": "?"})
    spool.put(key(2, thread=1), {"text": "?"})
    job = claimed(spool)
    job.record("retry", retry_at=clock() + 30, free=False)
    job.release()

    due_now, claimed_now = spool.is_due(), spool.claim()
    clock.now += 31

    assert (False, None) == (due_now, claimed_now)
    assert spool.is_due()
    assert key(1) == claimed(spool).key


def test_an_unreadable_job_goes_to_failed(
    spool: Spool, tmp_path: Path, folders: Callable[[str], list[str]], caplog: pytest.LogCaptureFixture
) -> None:
    """Only a damaged disk makes one; it must not be tried for ever, nor hold up its thread."""
    (tmp_path / "spool" / "ready" / str(key(1))).write_bytes(b"\0\0\0")
    spool.put(key(2, thread=1), {"text": "?"})

    first_look = spool.claim()

    assert first_look is None
    assert [str(key(1))] == folders("failed")
    assert "outcome=unreadable" in caplog.text
    assert key(2, thread=1) == claimed(spool).key


def test_strange_names_in_ready_are_left_alone(spool: Spool, tmp_path: Path) -> None:
    """Nobody but put() names a job."""
    (tmp_path / "spool" / "ready" / "core.1234").write_text("{}")

    assert spool.claim() is None


# visit


def test_a_visit_sees_jobs_whatever_their_turn_and_is_no_attempt(spool: Spool) -> None:
    """The usher welcomes also those who stand behind another of their thread."""
    for waiting in (key(1), key(2, thread=1), key(3)):
        spool.put(waiting, {"text": "?"})

    seen = []
    for job in spool.visit("placeholder"):
        job.record("placeholder", ts="1.0")
        seen.append(job.key)

    assert [key(1), key(2, thread=1), key(3)] == seen
    assert spool.is_lacking("placeholder") is False
    job = claimed(spool)
    assert (1, True) == (job.attempt, job.was_visited)


def test_a_held_job_is_not_visited(spool: Spool) -> None:
    """Its holder sees to its placeholder."""
    spool.put(key(1), {"text": "?"})
    job = claimed(spool)

    assert [] == list(spool.visit("placeholder"))
    assert job.was_visited is False


def test_looking_leaves_the_job_free(spool: Spool) -> None:
    """is_claimable() lets go of what it found."""
    spool.put(key(1), {"text": "?"})

    assert spool.is_claimable()
    assert spool.is_lacking("placeholder")
    assert claimed(spool).attempt == 1


# ends


@pytest.mark.parametrize(("end", "other"), [("done", "failed"), ("failed", "done")])
def test_an_end_is_recorded_moved_and_made_durable(
    spool: Spool, files: Recorded, folders: Callable[[str], list[str]], end: str, other: str
) -> None:
    """Fact, rename, both folders."""
    spool.put(key(1), {"text": "?"})
    job = claimed(spool)
    files.steps.clear()

    spool.finish(job) if end == "done" else spool.fail(job, "reason")

    expected = ["append job", "fsync job", f"rename {end}", f"fsync {end}/", "fsync ready/", "touch mark"]
    assert expected == files.steps
    assert ([], [str(key(1))], []) == (folders("ready"), folders(end), folders(other))


def test_an_answered_question_ends_even_with_a_full_disk(
    spool: Spool, files: Recorded, folders: Callable[[str], list[str]]
) -> None:
    """A fact that cannot be kept must not leave it in ready/, where it would be answered again."""
    spool.put(key(1), {"text": "?"})
    job = claimed(spool)
    files.broken = lambda step: step.startswith("append")

    spool.finish(job)

    assert [str(key(1))] == folders("done")


def test_a_failed_job_can_be_given_a_new_life(spool: Spool) -> None:
    """By the operator; its attempts begin anew."""
    spool.put(key(1), {"text": "?"})
    spool.fail(claimed(spool), "reason")

    spool.retry(key(1))

    job = claimed(spool)
    assert (1, []) == (job.attempt, spool.keys("failed"))
    with pytest.raises(FileNotFoundError):
        spool.retry(key(2))


@pytest.mark.parametrize("folder", list(KEPT))
def test_sweeping_forgets_what_was_kept_long_enough(spool: Spool, clock: Clock, tmp_path: Path, folder: str) -> None:
    """Each folder has its own time, and ready/ has none."""
    place = tmp_path / "threads" if folder == "threads" else tmp_path / "spool" / folder
    (place / "old").touch()
    (tmp_path / "spool" / "ready" / str(key(1))).touch()
    clock.now = (place / "old").stat().st_mtime + KEPT[folder] - 1
    early = spool.sweep()
    clock.now += 2

    assert (0, 1) == (early, spool.sweep())
    assert [key(1)] == spool.keys("ready")
