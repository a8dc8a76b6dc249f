"""The contract of file operations, and of a spool on them; test_contract.py runs it on a real folder and on the double.

If the double behaved otherwise than a disk, it would prove nothing about the spool.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial

import pytest

from cocoai.spool.admin import RETENTION
from cocoai.spool.disk import Disk
from cocoai.spool.file_job import FileJob
from cocoai.spool.file_spool import FileSpool
from cocoai.spool.job import Job, encode_line
from cocoai.spool.key import Key

NOW = 1_763_822_100.0


def key(ts: int, thread: int | None = None, channel: str = "C0PRACTICE") -> Key:
    """Return the key of the message at second `ts`, in the thread that second `thread` opens (else its own)."""
    return Key(channel, f"{ts if thread is None else thread}.000100", f"{ts}.000100")


@dataclass
class Subject:
    """A folder, the operations on it, a spool in it, and its clock, which stands still until `now` is set."""

    var: str
    files: Disk
    now: float = NOW
    spool: FileSpool = field(init=False)

    def __post_init__(self) -> None:
        self.spool = self.other_spool()
        self.spool.make_folders()

    def other_spool(self) -> FileSpool:
        """Return the spool of another process."""
        return FileSpool(self.var, clock=self.clock, disk=self.files)

    def clock(self) -> float:
        """Return the time at which the clock stands."""
        return self.now

    def path(self, *names: str) -> str:
        return "/".join((self.var, *names))

    def write(self, path: str, data: bytes = b"") -> None:
        """Make a file with these bytes."""
        fd = self.files.create(path)
        self.files.append(fd, data)
        self.files.close(fd)

    def read(self, path: str) -> bytes:
        """Return the file's bytes."""
        fd = self.files.open(path)
        try:
            return self.files.read(fd)
        finally:
            self.files.close(fd)

    def claim(self) -> Job:
        """Claim the next job; there must be one."""
        job = self.spool.claim()
        assert job is not None
        return job

    def put(self, *keys: Key) -> None:
        """Put a question for each of these keys."""
        for each in keys:
            self.spool.put(each, {"text": "?"})


class FilesContract:
    """The contract of the file operations."""

    def test_a_name_is_created_once(self, subject: Subject) -> None:
        """A name that exists is not created again: create and link raise FileExistsError, touch returns False."""
        subject.write(subject.path("a"))
        subject.write(subject.path("b"))

        with pytest.raises(FileExistsError):
            subject.files.create(subject.path("a"))
        with pytest.raises(FileExistsError):
            subject.files.link(subject.path("b"), subject.path("a"))
        assert subject.files.touch(subject.path("a")) is False
        assert subject.files.touch(subject.path("c")) is True

    def test_an_operation_on_a_missing_path_raises(self, subject: Subject) -> None:
        """Every operation on it raises FileNotFoundError, but `exists` returns False."""
        nothing, elsewhere = subject.path("nothing"), subject.path("elsewhere")
        files = subject.files

        for attempt in (
            partial(files.open, nothing),
            partial(files.link, nothing, elsewhere),
            partial(files.rename, nothing, elsewhere),
            partial(files.unlink, nothing),
            partial(files.modified, nothing),
            partial(files.names, nothing),
            partial(files.fsync_folder, nothing),
            partial(files.create, f"{nothing}/a"),
        ):
            with pytest.raises(FileNotFoundError):
                attempt()
        assert files.exists(nothing) is False

    def test_appended_bytes_are_read(self, subject: Subject) -> None:
        """Appended bytes are read at once through every descriptor, fsynced or not; truncated ones are gone."""
        path = subject.path("a")
        subject.write(path, b"one ")
        fd = subject.files.open(path)

        subject.files.append(fd, b"two three")
        subject.files.truncate(fd, 7)
        subject.files.append(fd, b"!")
        subject.files.fsync(fd)

        assert b"one two!" == subject.files.read(fd) == subject.read(path)
        subject.files.close(fd)

    def test_a_linked_file_has_two_names(self, subject: Subject) -> None:
        """What is written through one name is read through another, until the last name is gone."""
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

    def test_a_new_file_of_the_same_name_is_another_file(self, subject: Subject) -> None:
        """`is_at` is False for a descriptor of the old file."""
        subject.write(subject.path("a"))
        fd = subject.files.open(subject.path("a"))
        subject.files.unlink(subject.path("a"))
        subject.write(subject.path("a"))

        assert not subject.files.is_at(fd, subject.path("a"))
        subject.files.close(fd)

    def test_a_lock_belongs_to_the_descriptor(self, subject: Subject) -> None:
        """Its holder may take it twice; another descriptor gets it once the holder is closed."""
        subject.write(subject.path("a"))
        one, other = (subject.files.open(subject.path("a")) for _ in range(2))

        first = [subject.files.lock(one), subject.files.lock(one), subject.files.lock(other)]
        subject.files.close(one)

        assert [True, True, False] == first
        assert subject.files.lock(other)
        subject.files.close(other)

    def test_a_closed_descriptor_is_bad(self, subject: Subject) -> None:
        """An operation through a closed descriptor raises OSError."""
        subject.write(subject.path("a"))
        fd = subject.files.open(subject.path("a"))
        subject.files.close(fd)

        with pytest.raises(OSError, match="Bad file descriptor"):
            subject.files.append(fd, b"?")

    def test_folders_are_made_with_those_above_them(self, subject: Subject) -> None:
        """A folder that exists is left as it is, and `names` lists only what lies in the folder itself."""
        subject.files.make_folder(subject.path("x", "y"))
        subject.files.make_folder(subject.path("x", "y"))
        subject.write(subject.path("x", "y", "a"))
        subject.files.fsync_folder(subject.path("x"))

        assert ["y"] == subject.files.names(subject.path("x")) == list(subject.files.each_name(subject.path("x")))
        assert ["a"] == subject.files.names(subject.path("x", "y"))


class SpoolContract:
    """The spool's contract, as far as one process sees it."""

    def test_a_new_question_is_accepted_once(self, subject: Subject) -> None:
        """The same key a second time is a duplicate, and leaves no temporary file."""
        first = subject.spool.put(key(1), {"text": "?"})
        second = subject.spool.put(key(1), {"text": "?"})

        assert (True, False) == (first, second)
        assert [key(1)] == subject.spool.keys("ready")
        assert [] == subject.files.names(subject.path("spool", "tmp"))

    @pytest.mark.parametrize("end", ["done", "failed"])
    def test_an_ended_question_stays_known(self, subject: Subject, end: str) -> None:
        """A redelivered question that was answered, or given up, is a duplicate."""
        subject.put(key(1))
        job = subject.claim()
        subject.spool.finish(job) if end == "done" else subject.spool.fail(job, "reason")

        assert subject.spool.put(key(1), {"text": "?"}) is False
        assert [key(1)] == subject.spool.keys(end)
        assert subject.spool.claim() is None

    def test_a_thread_is_marked_when_it_is_asked_in(self, subject: Subject) -> None:
        """A thread is known once a question in it was put, so that a worker need not ask Slack about a follow-up."""
        before = subject.spool.mark_of("C0PRACTICE", "1.000100") is not None
        subject.put(key(2, thread=1))

        assert (False, True) == (before, subject.spool.mark_of("C0PRACTICE", "1.000100") is not None)

    def test_the_oldest_is_claimed_first(self, subject: Subject) -> None:
        """Across threads, the oldest question is claimed first, whatever order they were put in."""
        subject.put(key(3), key(1), key(2))

        taken = [subject.claim() for _ in range(3)]

        assert [key(1), key(2), key(3)] == [job.key for job in taken]
        assert subject.spool.claim() is None

    def test_a_thread_is_answered_in_order_one_question_at_a_time(self, subject: Subject) -> None:
        """The second question of a thread waits for the first; other threads do not."""
        subject.put(key(1), key(2, thread=1), key(3))

        first, elsewhere = subject.claim(), subject.claim()
        nothing = subject.spool.claim()
        subject.spool.finish(first)
        second = subject.claim()

        assert [key(1), key(3)] == [first.key, elsewhere.key]
        assert nothing is None
        assert key(2, thread=1) == second.key

    def test_a_claimed_job_is_not_claimed_again_until_it_is_released(self, subject: Subject) -> None:
        """The next process then reads what the first has recorded."""
        subject.put(key(1))
        job = subject.claim()
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
        """Another process may finish the job in between, and a lock on a file in done/ has no meaning."""
        subject.put(key(1))
        path = subject.path("spool", "ready", str(key(1)))
        late = FileJob(key(1), path, disk=subject.files, clock=subject.clock)
        subject.spool.finish(subject.claim())

        assert late.take() is False
        late.release()

    def test_a_job_waits_for_its_time(self, subject: Subject) -> None:
        """Until `retry_at`, neither the job nor the jobs behind it in its thread are claimed."""
        subject.put(key(1), key(2, thread=1))
        job = subject.claim()
        job.record("retry", retry_at=subject.now + 30, free=False)
        job.release()

        due_now, claimed_now = subject.spool.is_due(), subject.spool.claim()
        subject.now += 31

        assert (False, None) == (due_now, claimed_now)
        assert subject.spool.is_due()
        assert key(1) == subject.claim().key

    def test_a_torn_line_is_cut_off_by_the_next_claim(self, subject: Subject) -> None:
        """Facts that are recorded after the claim can be read again."""
        torn = encode_line({"text": "?"}) + encode_line({"fact": "attempt", "n": 1}) + b'{"fact":"pla\0\0'
        subject.write(subject.path("spool", "ready", str(key(1))), torn)

        subject.claim().release()

        facts = [line.get("fact") for line in subject.spool.peek("ready", key(1))]
        assert [None, "attempt", "attempt"] == facts

    def test_an_unreadable_job_goes_to_failed(self, subject: Subject, caplog: pytest.LogCaptureFixture) -> None:
        """It is not tried for ever, and does not hold up its thread. Only a damaged disk leaves such a job."""
        subject.write(subject.path("spool", "ready", str(key(1))), b"\0\0\0")
        subject.put(key(2, thread=1))

        first_look = subject.spool.claim()

        assert first_look is None
        assert [key(1)] == subject.spool.keys("failed")
        assert "outcome=unreadable" in caplog.text
        assert key(2, thread=1) == subject.claim().key

    def test_strange_names_in_ready_are_left_alone(self, subject: Subject) -> None:
        """A file whose name is no key is not claimed."""
        subject.write(subject.path("spool", "ready", "core.1234"), b"{}")

        assert subject.spool.claim() is None

    def test_jobs_without_a_fact_are_seen_out_of_turn_and_without_an_attempt(self, subject: Subject) -> None:
        """A question behind another of its thread gets its placeholder, too, and that is no attempt to answer it."""
        subject.put(key(1), key(2, thread=1), key(3))

        seen = []
        for job in subject.spool.each_without("placeholder"):
            job.record("placeholder", ts="1.0")
            seen.append(job.key)

        assert [key(1), key(2, thread=1), key(3)] == seen
        assert subject.spool.any_without("placeholder") is False
        job = subject.claim()
        assert 1 == job.attempt
        assert ["visit", "placeholder", "attempt"] == [fact["fact"] for fact in job.lines[1:]]

    def test_a_claimed_job_is_not_seen_out_of_turn(self, subject: Subject) -> None:
        """Its own process posts the placeholder."""
        subject.put(key(1))
        assert subject.claim()

        assert [] == list(subject.spool.each_without("placeholder"))

    def test_a_look_leaves_the_job_unlocked(self, subject: Subject) -> None:
        """A job that `is_claimable` has found can be claimed."""
        subject.put(key(1))

        assert subject.spool.is_claimable()
        assert subject.spool.any_without("placeholder")
        assert subject.claim().attempt == 1

    def test_a_failed_job_can_be_retried(self, subject: Subject) -> None:
        """Its attempts are counted from 1 again; a job that has not failed cannot be retried."""
        subject.put(key(1))
        subject.spool.fail(subject.claim(), "reason")

        subject.spool.retry(key(1))

        job = subject.claim()
        assert (1, []) == (job.attempt, subject.spool.keys("failed"))
        with pytest.raises(FileNotFoundError):
            subject.spool.retry(key(2))

    def test_a_waiting_job_can_be_asked_to_stop(self, subject: Subject) -> None:
        """Every process sees the request, whether the job is claimed or not, and the job stays where it is."""
        subject.put(key(1), key(2))

        before = subject.spool.stop_requesters(key(1))
        asked = subject.other_spool().request_stop(key(1), "U0ASKER01")
        job = subject.claim()
        again = subject.other_spool().request_stop(key(1), "U0ASKER01")

        assert ((), True, True) == (before, asked, again)
        assert (key(1), 1) == (job.key, job.attempt)
        assert subject.spool.stop_requesters(key(1))
        assert not subject.spool.stop_requesters(key(2))

    @pytest.mark.parametrize("end", ["done", "failed"])
    def test_an_ended_job_is_not_asked_to_stop(self, subject: Subject, end: str) -> None:
        """Nor is an unknown job; and the end of a job removes the request for it."""
        subject.put(key(1))
        subject.spool.request_stop(key(1), "U0ASKER01")
        job = subject.claim()
        subject.spool.finish(job) if end == "done" else subject.spool.fail(job, "reason")

        assert not subject.spool.stop_requesters(key(1))
        assert [False, False] == [subject.spool.request_stop(each, "U0ASKER01") for each in (key(1), key(2))]
        assert [] == subject.files.names(subject.path("spool", "stop"))

    def test_a_retried_job_is_not_stopped_by_an_earlier_request(self, subject: Subject) -> None:
        """A retry removes a request that was left behind."""
        # A worker may look for the job just before it fails, and write the request just after.
        subject.put(key(1))
        subject.spool.fail(subject.claim(), "reason")
        subject.files.touch(subject.path("spool", "stop", str(key(1))))

        subject.spool.retry(key(1))

        assert not subject.spool.stop_requesters(key(1))

    def test_a_stop_request_survives_a_delayed_job(self, subject: Subject) -> None:
        """The request outlives the process that had claimed the job."""
        subject.put(key(1))
        job = subject.claim()
        subject.spool.request_stop(key(1), "U0ASKER01")
        job.record("retry", retry_at=subject.now + 30, free=False)
        job.release()

        assert subject.spool.stop_requesters(key(1))

    @pytest.mark.parametrize("end", ["done", "failed"])
    def test_an_ended_job_can_be_annotated(self, subject: Subject, end: str) -> None:
        """It stays where it is; a waiting or unknown job cannot be annotated."""
        subject.put(key(1), key(2))
        job = subject.claim()
        subject.spool.finish(job) if end == "done" else subject.spool.fail(job, "reason")

        noted = [subject.spool.annotate(each, "opinion", opinion="up") for each in (key(1), key(2), key(3))]

        assert [True, False, False] == noted
        assert ("opinion", "up") == tuple(subject.spool.peek(end, key(1))[-1][name] for name in ("fact", "opinion"))

    @pytest.mark.parametrize("folder", list(RETENTION))
    def test_a_sweep_deletes_what_was_kept_long_enough(self, subject: Subject, folder: str) -> None:
        """Each folder has a time of its own, but nothing in ready/ is deleted."""
        old = subject.path(folder, "old") if folder in ("threads", "asked") else subject.path("spool", folder, "old")
        subject.files.touch(old)
        subject.files.touch(subject.path("spool", "ready", str(key(1))))
        subject.now = subject.files.modified(old) + RETENTION[folder] - 1
        early = subject.spool.sweep()
        subject.now += 2

        assert (0, 1) == (early, subject.spool.sweep())
        assert [key(1)] == subject.spool.keys("ready")
