"""Which job is claimed next: light ones first, then by asker, then by age; and what a look at many jobs reads."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from cocoai.spool.disk import Disk
from cocoai.spool.file_spool import FileSpool
from cocoai.spool.job import Job
from cocoai.spool.key import Key
from cocoai.spool.spool import Spool
from cocoai.spool.waiting import HEAD_SIZE, waiting_job
from tests.spool.rooms import Room, claim_all, key, question

NOW = 1_763_822_100.0


class Clock:
    """A clock that stands still until `now` is set."""

    now = NOW

    def __call__(self) -> float:
        return self.now


class CountingDisk(Disk):
    """The real disk without fsync; it counts the files that are opened."""

    opened = 0
    damaged = "no file"
    """The end of the path of a file that cannot be written."""

    def append(self, fd: int, data: bytes) -> None:
        if os.readlink(f"/proc/self/fd/{fd}").endswith(self.damaged):
            raise OSError(errno.EIO, "Input/output error")
        super().append(fd, data)

    def open(self, path: str) -> int:
        self.opened += 1
        return super().open(path)

    def read_heads(self, folder: str, names: Iterable[str], size: int) -> Iterator[tuple[str, bytes | OSError]]:
        for name, head in super().read_heads(folder, names, size):
            self.opened += 1
            yield name, head

    def fsync(self, fd: int) -> None:
        del fd

    def fsync_folder(self, path: str) -> None:
        del path


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def disk() -> CountingDisk:
    return CountingDisk()


@pytest.fixture
def spool(room: Room) -> Spool:
    return room.spool(light_kinds={"delete"})


@pytest.fixture
def file_spool(tmp_path: Path, clock: Clock, disk: CountingDisk) -> FileSpool:
    made = FileSpool(str(tmp_path), clock=clock, disk=disk, light_kinds={"delete"})
    made.make_folders()
    return made


def keys_of(jobs: Iterable[Job]) -> list[Key]:
    return [job.key for job in jobs]


def test_who_has_fewest_in_hand_comes_first(spool: Spool) -> None:
    """One person's backlog does not hold up another's question; among equals the oldest is claimed."""
    for ts in range(1, 5):
        spool.put(key(ts), question("U0MANY"))
    spool.put(key(5), question("U0FEW"))
    spool.put(key(6), question("U0OTHER"))

    claimed = keys_of(claim_all(spool))

    assert [key(1), key(5), key(6), key(2), key(3), key(4)] == claimed


def test_with_one_slot_people_take_turns(spool: Spool) -> None:
    """One question after another, with none in hand between them: whoever was answered longest ago comes next."""
    for ts, user in enumerate(("U0A", "U0A", "U0A", "U0B", "U0B", "U0C"), 1):
        spool.put(key(ts), question(user))
    order = []

    while (job := spool.claim()) is not None:
        order.append(job.question["user"])
        spool.finish(job)

    assert ["U0A", "U0B", "U0C", "U0A", "U0B", "U0A"] == order


def test_the_head_of_a_thread_counts_for_whoever_waits_behind_it(spool: Spool) -> None:
    """A person with nothing in hand waits behind somebody's question: that one is claimed before their others."""
    for ts in (1, 2, 3):
        spool.put(key(ts), question("U0MANY"))
    spool.put(key(4, thread=3), question("U0FEW"))

    assert [key(1), key(3), key(2)] == keys_of(claim_all(spool))


def test_light_jobs_come_first_and_wait_for_no_thread(spool: Spool) -> None:
    """A click is claimed before older questions, and beside the question of its own thread that is in hand."""
    spool.put(key(1), question("U0A"))
    first = spool.claim()
    assert first is not None
    spool.put(key(2), question("U0B"))
    spool.put(key(3, thread=1), question("U0A", "delete"))
    spool.put(key(4, thread=3), question("U0A"))

    assert [key(3, thread=1)] == keys_of(filter(None, [spool.claim(only_light=True)]))
    assert spool.claim(only_light=True) is None
    assert [key(2), key(4, thread=3)] == keys_of(claim_all(spool))


def test_a_light_job_does_not_hold_up_its_thread(room: Room, spool: Spool) -> None:
    """The thread's question is claimed while a click in the same thread is put off."""
    spool.put(key(1), question("U0A", "delete"))
    spool.put(key(2, thread=1), question("U0A"))
    click = spool.claim()
    assert click is not None
    click.record("retry", retry_at=room.clock() + 200, free=True)
    click.release()

    assert [key(2, thread=1)] == keys_of(claim_all(spool))
    assert spool.seconds_to_light() == pytest.approx(200.0, abs=60)


def test_the_first_placeholder_of_each_channel_and_person_comes_first(spool: Spool) -> None:
    """A person's second question in a channel waits until everybody has a first one; a paused channel is left out."""
    for ts in (1, 2):
        spool.put(key(ts), question("U0MANY"))
    spool.put(key(3), question("U0FEW"))
    spool.put(key(4, channel="C0QUIET"), question("U0MANY"))
    paused: set[str] = set()
    order = []

    for job in spool.each_without("placeholder", paused):
        order.append(job.key)
        if len(order) == 2:
            paused.add("C0QUIET")

    assert [key(1), key(3), key(2)] == order


def test_a_placeholder_that_comes_meanwhile_takes_its_place(spool: Spool) -> None:
    """Who is next is decided when it is asked for: a newcomer does not wait for one person's backlog."""
    for ts in range(1, 4):
        spool.put(key(ts), question("U0MANY"))
    order = []

    for job in spool.each_without("placeholder"):
        order.append(job.key)
        if len(order) == 1:
            spool.put(key(9), question("U0FEW"))

    assert [key(1), key(9), key(2), key(3)] == order


def test_placeholders_take_turns_though_the_first_are_known_to_be_posted(spool: Spool) -> None:
    """Between two, the placeholder process looks at all that is claimable, and so learns what it has posted."""
    for ts in range(1, 6):
        spool.put(key(ts), question("U0MANY"))
    spool.put(key(9), question("U0FEW"))
    order = []

    for job in spool.each_without("placeholder"):
        order.append(job.key)
        job.record("placeholder", ts="1.1")
        job.release()
        assert spool.is_claimable()

    assert [key(1), key(9), key(2), key(3), key(4), key(5)] == order


def test_a_click_is_no_turn(spool: Spool) -> None:
    """Who has just rated an answer is not put behind others for it, while it is in hand and after."""
    spool.put(key(1), question("U0A", "delete"))
    spool.put(key(2), question("U0A"))
    spool.put(key(3), question("U0B"))

    assert [key(1), key(2), key(3)] == keys_of(claim_all(spool))


def test_a_file_that_cannot_be_written_holds_up_nobody(file_spool: FileSpool, disk: CountingDisk) -> None:
    """The oldest job's file lies on a damaged block: the others are claimed and visited, and no process spins on it."""
    for ts in (1, 2):
        file_spool.put(key(ts), question(f"U0{ts}"))
    disk.damaged = str(key(1))

    visited = keys_of(file_spool.each_without("placeholder"))
    claimed = keys_of(claim_all(file_spool))

    assert ([key(2)], [key(2)]) == (visited, claimed)
    assert not file_spool.is_claimable({str(key(2))})
    assert not file_spool.any_without("placeholder")


def test_a_look_reads_no_file_twice(file_spool: FileSpool, disk: CountingDisk, clock: Clock, tmp_path: Path) -> None:
    """The first look at put-off jobs reads each once; the next reads none, until their time has come."""
    for ts in range(1, 101):
        file_spool.put(key(ts), question("U0A"))
    for job in claim_all(file_spool):
        job.record("retry", retry_at=NOW + 100, free=True)
        job.release()
    other = FileSpool(str(tmp_path), clock=clock, disk=disk, light_kinds={"delete"})

    disk.opened = 0
    first = (other.is_claimable(), disk.opened)
    disk.opened = 0
    again = (other.is_claimable(), other.is_due(), other.claim(), disk.opened)
    clock.now += 101

    assert (False, 100) == first
    assert (False, False, None, 0) == again
    assert other.is_due()
    assert key(1) == keys_of(claim_all(other))[0]


def test_a_job_that_comes_back_is_seen_again(room: Room, spool: Spool) -> None:
    """The operator retries a failed job: what this process remembers of its earlier life does not hide it."""
    spool.put(key(1), question("U0A"))
    (job,) = claim_all(spool)
    job.record("retry", retry_at=room.clock() + 200, free=True)
    job.release()
    assert not spool.is_claimable()
    other = room.spool()
    room.pass_time(201)
    (job,) = claim_all(other)
    room.pass_time(-201)
    other.fail(job, "gone")
    assert not spool.is_claimable()

    other.retry(key(1))

    assert [key(1)] == keys_of(claim_all(spool))


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (b'{"kind":"mention","channel":"C0","user":"U0A","text":"?"}\n', ("mention", "U0A")),
        (b'{"text":"?","user":"U0A","kind":"mention"}\n', ("mention", "U0A")),
        (b'{"text":"?"}\n', ("", "")),
        (b'{"kind":"mention","user":"U0A"', (None, "")),
        (b"\0\0\n", (None, "")),
        (b'["mention"]\n', (None, "")),
        (b'{"kind":"mention","user":"U0A","text":"' + b"x" * HEAD_SIZE, ("mention", "U0A")),
    ],
)
def test_kind_and_asker_are_read_from_the_beginning(head: bytes, expected: tuple[str | None, str]) -> None:
    """A line that is cut off by our own reading is understood; one that a power cut has cut off is not."""
    job = waiting_job(str(key(1)), head[:HEAD_SIZE])

    assert expected == (job.kind, job.asker)


def test_what_is_remembered_of_the_facts() -> None:
    """The time to try again counts only if it is the newest fact: else the file is looked at once more."""
    line = b'{"kind":"mention","user":"U0A","text":"?"}\n'
    retry = b'{"fact":"retry","at":1.5,"retry_at":200.5}\n'
    placeholder = b'{"fact":"placeholder","at":2.5,"ts":"1.1"}\n'

    put_off = waiting_job(str(key(1)), line + placeholder + retry)
    later = waiting_job(str(key(1)), line + retry + placeholder)

    assert (200.5, 0.0) == (put_off.retry_at, later.retry_at)
    assert {"placeholder", "retry"} == put_off.facts == later.facts
