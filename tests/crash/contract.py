"""The contract of file operations, and of a spool on them; test_contract.py runs it on a real folder and on the double.

What a spool keeps to wherever its jobs lie is in tests/spool/contract.py.

If the double behaved otherwise than a disk, it would prove nothing about the spool.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pytest

from cocoai.spool.admin import RETENTION
from cocoai.spool.disk import Disk
from cocoai.spool.file_job import FileJob
from cocoai.spool.file_spool import FileSpool
from cocoai.spool.job import Job, encode_line
from cocoai.spool.key import Key
from tests.spool.rooms import Room, key

NOW = 1_763_822_100.0


class SimulatedRoom(Room):
    """A spool on a disk whose clock stands, unless time is made to pass."""

    def __init__(self, var: str, blank_disk: Callable[[Callable[[], float]], Disk]) -> None:
        super().__init__()
        self._var = var
        self._disk = blank_disk(self.clock)

    def clock(self) -> float:
        return NOW + self._passed

    def spool(self, **options: Any) -> FileSpool:
        made = FileSpool(self._var, clock=self.clock, disk=self._disk, **options)
        made.make_folders()
        return made

    def write(self, name: str, *lines: dict[str, Any], tail: bytes = b"") -> None:
        self.spool()
        fd = self._disk.create(f"{self._var}/spool/ready/{name}")
        self._disk.append(fd, b"".join(map(encode_line, lines)) + tail)
        self._disk.close(fd)

    def people(self) -> int:
        return len(self._disk.names(f"{self._var}/asked"))

    def files(self) -> list[str]:
        return sorted(self._disk.names(f"{self._var}/spool/files"))

    def stored(self, state: str, name: str) -> bytes:
        fd = self._disk.open(f"{self._var}/spool/{state}/{name}")
        try:
            return self._disk.read(fd)
        finally:
            self._disk.close(fd)


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


class FileSpoolContract:
    """What a spool in files keeps to beside the SpoolContract, as far as one process sees it."""

    def test_a_job_that_moved_between_opening_and_locking_is_not_taken(self, subject: Subject) -> None:
        """Another process may finish the job in between, and a lock on a file in done/ has no meaning."""
        subject.put(key(1))
        path = subject.path("spool", "ready", str(key(1)))
        late = FileJob(key(1), path, disk=subject.files, clock=subject.clock)
        subject.spool.finish(subject.claim())

        assert late.take() is False
        late.release()

    def test_a_torn_line_is_cut_off_by_the_next_claim(self, subject: Subject) -> None:
        """Facts that are recorded after the claim can be read again."""
        torn = encode_line({"text": "?"}) + encode_line({"fact": "attempt", "n": 1}) + b'{"fact":"pla\0\0'
        subject.write(subject.path("spool", "ready", str(key(1))), torn)

        subject.claim().release()

        facts = [line.get("fact") for line in subject.spool.peek("ready", key(1))]
        assert [None, "attempt", "attempt"] == facts

    def test_a_retried_job_is_not_stopped_by_an_earlier_request(self, subject: Subject) -> None:
        """A retry removes a request that was left behind."""
        # A worker may look for the job just before it fails, and write the request just after.
        subject.put(key(1))
        subject.spool.fail(subject.claim(), "reason")
        subject.files.touch(subject.path("spool", "stop", str(key(1))))

        subject.spool.retry(key(1))

        assert not subject.spool.stop_requesters(key(1))

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
