"""What every set of file operations does, and every spool on it: one contract, for the real folder and the double.

A double that behaves otherwise than the disk would prove nothing of the spool. Run in test_contract.py.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from cocoai.spool.admin import RETENTION
from cocoai.spool.disk import Disk
from cocoai.spool.job import Job, encode_line
from cocoai.spool.key import Key
from cocoai.spool.spool import Spool

NOW = 1_763_822_100.0


def key(ts: int, thread: int | None = None, channel: str = "C0PRACTICE") -> Key:
    """The key of the message at second `ts`, in the thread that `thread` opens (else its own)."""
    return Key(channel, f"{ts if thread is None else thread}.000100", f"{ts}.000100")


@dataclass
class Subject:
    """A folder, the operations on it, a spool in it, and its clock, which stands still until it is set."""

    var: str
    files: Disk
    now: float = NOW
    spool: Spool = field(init=False)

    def __post_init__(self) -> None:
        self.spool = self.other_spool()
        self.spool.make_folders()

    def other_spool(self) -> Spool:
        """Another process's."""
        return Spool(self.var, clock=lambda: self.now, disk=self.files)

    def path(self, *names: str) -> str:
        return "/".join((self.var, *names))

    def write(self, path: str, data: bytes = b"") -> None:
        """A new file with these bytes."""
        fd = self.files.create(path)
        self.files.append(fd, data)
        self.files.close(fd)

    def read(self, path: str) -> bytes:
        fd = self.files.open(path)
        try:
            return self.files.read(fd)
        finally:
            self.files.close(fd)

    def claimed(self) -> Job:
        """The next job, which there must be."""
        job = self.spool.claim()
        assert job is not None
        return job

    def put(self, *keys: Key) -> None:
        for each in keys:
            self.spool.put(each, {"text": "?"})


class FilesContract:
    """The thin set of file operations."""

    def test_a_name_is_created_once(self, subject: Subject) -> None:
        """By create, by link, by touch: a name that is taken is taken."""
        subject.write(subject.path("a"))
        subject.write(subject.path("b"))

        with pytest.raises(FileExistsError):
            subject.files.create(subject.path("a"))
        with pytest.raises(FileExistsError):
            subject.files.link(subject.path("b"), subject.path("a"))
        assert subject.files.touch(subject.path("a")) is False
        assert subject.files.touch(subject.path("c")) is True

    def test_what_is_not_there_is_not_found(self, subject: Subject) -> None:
        """Whatever is to be done with it."""
        nothing, elsewhere = subject.path("nothing"), subject.path("elsewhere")
        files = subject.files

        for attempt in (
            lambda: files.open(nothing),
            lambda: files.link(nothing, elsewhere),
            lambda: files.rename(nothing, elsewhere),
            lambda: files.unlink(nothing),
            lambda: files.modified(nothing),
            lambda: files.names(nothing),
            lambda: files.fsync_folder(nothing),
            lambda: files.create(f"{nothing}/a"),
        ):
            with pytest.raises(FileNotFoundError):
                attempt()
        assert files.exists(nothing) is False

    def test_appended_bytes_are_read(self, subject: Subject) -> None:
        """At once, fsynced or not, by whoever opens the file; cut off where it is truncated."""
        path = subject.path("a")
        subject.write(path, b"one ")
        fd = subject.files.open(path)

        subject.files.append(fd, b"two three")
        subject.files.truncate(fd, 7)
        subject.files.append(fd, b"!")
        subject.files.fsync(fd)

        assert b"one two!" == subject.files.read(fd) == subject.read(path)
        subject.files.close(fd)

    def test_a_file_has_as_many_names_as_it_is_given(self, subject: Subject) -> None:
        """What is written under one is read under the other, and goes with the last."""
        first, second, third = (subject.path(name) for name in "abc")
        subject.write(first, b"?")
        subject.files.link(first, second)
        fd = subject.files.open(first)
        subject.files.append(fd, b"!")
        subject.files.unlink(first)
        subject.files.rename(second, third)

        assert (False, False, True) == tuple(subject.files.exists(path) for path in (first, second, third))
        assert b"?!" == subject.read(third)
        assert subject.files.is_at(fd, third)
        assert not subject.files.is_at(fd, second)
        subject.files.close(fd)

    def test_another_file_of_the_same_name_is_another(self, subject: Subject) -> None:
        """`is_at` asks for this very file."""
        subject.write(subject.path("a"))
        fd = subject.files.open(subject.path("a"))
        subject.files.unlink(subject.path("a"))
        subject.write(subject.path("a"))

        assert not subject.files.is_at(fd, subject.path("a"))
        subject.files.close(fd)

    def test_a_lock_belongs_to_who_opened_the_file(self, subject: Subject) -> None:
        """Another opening has to wait for its closing; it may be taken twice by its holder."""
        subject.write(subject.path("a"))
        one, other = (subject.files.open(subject.path("a")) for _ in range(2))

        first = [subject.files.lock(one), subject.files.lock(one), subject.files.lock(other)]
        subject.files.close(one)

        assert [True, True, False] == first
        assert subject.files.lock(other)
        subject.files.close(other)

    def test_a_closed_descriptor_is_bad(self, subject: Subject) -> None:
        """Nothing can be done through it any more."""
        subject.write(subject.path("a"))
        fd = subject.files.open(subject.path("a"))
        subject.files.close(fd)

        with pytest.raises(OSError, match="Bad file descriptor"):
            subject.files.append(fd, b"?")

    def test_folders_are_made_with_those_above_them(self, subject: Subject) -> None:
        """Once; and each names what lies in it, and no more."""
        subject.files.make_folder(subject.path("x", "y"))
        subject.files.make_folder(subject.path("x", "y"))
        subject.write(subject.path("x", "y", "a"))
        subject.files.fsync_folder(subject.path("x"))

        assert ["y"] == subject.files.names(subject.path("x"))
        assert ["a"] == subject.files.names(subject.path("x", "y"))


class SpoolContract:
    """The spool's laws, as far as one process sees them."""

    def test_a_new_question_is_accepted_once(self, subject: Subject) -> None:
        """The same key a second time is a duplicate, and leaves nothing behind."""
        first = subject.spool.put(key(1), {"text": "?"})
        second = subject.spool.put(key(1), {"text": "?"})

        assert (True, False) == (first, second)
        assert [key(1)] == subject.spool.keys("ready")
        assert [] == subject.files.names(subject.path("spool", "tmp"))

    @pytest.mark.parametrize("end", ["done", "failed"])
    def test_an_ended_question_stays_known(self, subject: Subject, end: str) -> None:
        """A redelivery of what was answered, or given up, is a duplicate."""
        subject.put(key(1))
        job = subject.claimed()
        subject.spool.finish(job) if end == "done" else subject.spool.fail(job, "reason")

        assert subject.spool.put(key(1), {"text": "?"}) is False
        assert [key(1)] == subject.spool.keys(end)
        assert subject.spool.claim() is None

    def test_a_thread_is_marked_when_it_is_asked_in(self, subject: Subject) -> None:
        """That is how a worker knows a follow-up without asking Slack."""
        before = subject.spool.is_known_thread("C0PRACTICE", "1.000100")
        subject.put(key(2, thread=1))

        assert (False, True) == (before, subject.spool.is_known_thread("C0PRACTICE", "1.000100"))

    def test_the_oldest_is_claimed_first(self, subject: Subject) -> None:
        """Across threads, whatever order they came in."""
        subject.put(key(3), key(1), key(2))

        taken = [subject.claimed() for _ in range(3)]

        assert [key(1), key(2), key(3)] == [job.key for job in taken]
        assert subject.spool.claim() is None

    def test_a_thread_is_answered_in_order_one_question_at_a_time(self, subject: Subject) -> None:
        """The second question of a thread waits for the first; other threads do not."""
        subject.put(key(1), key(2, thread=1), key(3))

        first, elsewhere = subject.claimed(), subject.claimed()
        nothing = subject.spool.claim()
        subject.spool.finish(first)
        second = subject.claimed()

        assert [key(1), key(3)] == [first.key, elsewhere.key]
        assert nothing is None
        assert key(2, thread=1) == second.key

    def test_a_claim_is_one_process_s_until_it_lets_go(self, subject: Subject) -> None:
        """The next reads what it has recorded, and goes on from there."""
        subject.put(key(1))
        job = subject.claimed()
        job.record("placeholder", ts="1.0")
        other = subject.other_spool()

        while_held = other.claim()
        job.release()
        afterwards = other.claim()

        assert while_held is None
        assert afterwards is not None
        assert 2 == afterwards.attempt
        assert "1.0" == (afterwards.last("placeholder") or {})["ts"]

    def test_a_job_that_moved_between_opening_and_locking_is_not_taken(self, subject: Subject) -> None:
        """finish() may come in between: the lock of a file in done/ means nothing."""
        subject.put(key(1))
        path = subject.path("spool", "ready", str(key(1)))
        late = Job(key(1), path, disk=subject.files, clock=lambda: NOW)
        subject.spool.finish(subject.claimed())

        assert late.take() is False
        late.release()

    def test_a_job_waits_for_its_time(self, subject: Subject) -> None:
        """retry_at holds it, and all of its thread behind it, and nobody else."""
        subject.put(key(1), key(2, thread=1))
        job = subject.claimed()
        job.record("retry", retry_at=subject.now + 30, free=False)
        job.release()

        due_now, claimed_now = subject.spool.is_due(), subject.spool.claim()
        subject.now += 31

        assert (False, None) == (due_now, claimed_now)
        assert subject.spool.is_due()
        assert key(1) == subject.claimed().key

    def test_a_torn_line_is_cut_off_by_the_next_claim(self, subject: Subject) -> None:
        """What is recorded after it is read again."""
        torn = encode_line({"text": "?"}) + encode_line({"fact": "attempt", "n": 1}) + b'{"fact":"pla\0\0'
        subject.write(subject.path("spool", "ready", str(key(1))), torn)

        subject.claimed().release()

        facts = [line.get("fact") for line in subject.spool.peek("ready", key(1))]
        assert [None, "attempt", "attempt"] == facts

    def test_an_unreadable_job_goes_to_failed(self, subject: Subject, caplog: pytest.LogCaptureFixture) -> None:
        """Only a damaged disk makes one; it must not be tried for ever, nor hold up its thread."""
        subject.write(subject.path("spool", "ready", str(key(1))), b"\0\0\0")
        subject.put(key(2, thread=1))

        first_look = subject.spool.claim()

        assert first_look is None
        assert [key(1)] == subject.spool.keys("failed")
        assert "outcome=unreadable" in caplog.text
        assert key(2, thread=1) == subject.claimed().key

    def test_strange_names_in_ready_are_left_alone(self, subject: Subject) -> None:
        """Nobody but put() names a job."""
        subject.write(subject.path("spool", "ready", "core.1234"), b"{}")

        assert subject.spool.claim() is None

    def test_a_visit_sees_jobs_whatever_their_turn_and_is_no_attempt(self, subject: Subject) -> None:
        """The usher welcomes also those who stand behind another of their thread."""
        subject.put(key(1), key(2, thread=1), key(3))

        seen = []
        for job in subject.spool.each_without("placeholder"):
            job.record("placeholder", ts="1.0")
            seen.append(job.key)

        assert [key(1), key(2, thread=1), key(3)] == seen
        assert subject.spool.any_without("placeholder") is False
        job = subject.claimed()
        assert (1, True) == (job.attempt, job.may_have_posted)

    def test_a_held_job_is_not_visited(self, subject: Subject) -> None:
        """Its holder sees to its placeholder."""
        subject.put(key(1))
        job = subject.claimed()

        assert [] == list(subject.spool.each_without("placeholder"))
        assert job.may_have_posted is False

    def test_looking_leaves_the_job_free(self, subject: Subject) -> None:
        """is_claimable() lets go of what it found."""
        subject.put(key(1))

        assert subject.spool.is_claimable()
        assert subject.spool.any_without("placeholder")
        assert subject.claimed().attempt == 1

    def test_a_failed_job_can_be_given_a_new_life(self, subject: Subject) -> None:
        """By the operator; its attempts begin anew."""
        subject.put(key(1))
        subject.spool.fail(subject.claimed(), "reason")

        subject.spool.retry(key(1))

        job = subject.claimed()
        assert (1, []) == (job.attempt, subject.spool.keys("failed"))
        with pytest.raises(FileNotFoundError):
            subject.spool.retry(key(2))

    def test_a_waiting_job_can_be_asked_to_stop(self, subject: Subject) -> None:
        """Claimed or not; it stays where it is, and every process sees the wish."""
        subject.put(key(1), key(2))

        before = subject.spool.is_stop_requested(key(1))
        asked = subject.other_spool().request_stop(key(1))
        job = subject.claimed()
        again = subject.other_spool().request_stop(key(1))

        assert (False, True, True) == (before, asked, again)
        assert (key(1), 1) == (job.key, job.attempt)
        assert subject.spool.is_stop_requested(key(1))
        assert not subject.spool.is_stop_requested(key(2))

    @pytest.mark.parametrize("end", ["done", "failed"])
    def test_an_ended_job_is_not_asked_to_stop(self, subject: Subject, end: str) -> None:
        """Nor is one that nobody knows; and the wish goes with the job."""
        subject.put(key(1))
        subject.spool.request_stop(key(1))
        job = subject.claimed()
        subject.spool.finish(job) if end == "done" else subject.spool.fail(job, "reason")

        assert not subject.spool.is_stop_requested(key(1))
        assert [False, False] == [subject.spool.request_stop(each) for each in (key(1), key(2))]
        assert [] == subject.files.names(subject.path("spool", "stop"))

    def test_a_job_that_is_tried_again_is_not_stopped_by_a_wish_that_came_too_late(self, subject: Subject) -> None:
        """Whoever wished it looked just before the job failed, and wrote just after: no sweep has taken that yet."""
        subject.put(key(1))
        subject.spool.fail(subject.claimed(), "reason")
        subject.files.touch(subject.path("spool", "stop", str(key(1))))

        subject.spool.retry(key(1))

        assert not subject.spool.is_stop_requested(key(1))

    def test_a_job_that_waits_for_another_try_is_still_asked_to_stop(self, subject: Subject) -> None:
        """The wish outlives the process that had the job in hand."""
        subject.put(key(1))
        job = subject.claimed()
        subject.spool.request_stop(key(1))
        job.record("retry", retry_at=subject.now + 30, free=False)
        job.release()

        assert subject.spool.is_stop_requested(key(1))

    @pytest.mark.parametrize("end", ["done", "failed"])
    def test_an_ended_job_takes_a_note(self, subject: Subject, end: str) -> None:
        """It stays where it is; one that waits, or that nobody knows, takes none."""
        subject.put(key(1), key(2))
        job = subject.claimed()
        subject.spool.finish(job) if end == "done" else subject.spool.fail(job, "reason")

        noted = [subject.spool.annotate(each, "opinion", opinion="up") for each in (key(1), key(2), key(3))]

        assert [True, False, False] == noted
        assert ("opinion", "up") == tuple(subject.spool.peek(end, key(1))[-1][name] for name in ("fact", "opinion"))

    @pytest.mark.parametrize("folder", list(RETENTION))
    def test_sweeping_forgets_what_was_kept_long_enough(self, subject: Subject, folder: str) -> None:
        """Each folder has its own time, and ready/ has none."""
        old = subject.path("threads", "old") if folder == "threads" else subject.path("spool", folder, "old")
        subject.files.touch(old)
        subject.files.touch(subject.path("spool", "ready", str(key(1))))
        subject.now = subject.files.modified(old) + RETENTION[folder] - 1
        early = subject.spool.sweep()
        subject.now += 2

        assert (0, 1) == (early, subject.spool.sweep())
        assert [key(1)] == subject.spool.keys("ready")
