"""The spool chooses rightly with two thousand questions waiting. How long that takes is measured by bench/soak.py."""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest

from cocoai.spool.disk import Disk
from cocoai.spool.file_spool import FileSpool
from cocoai.spool.job import Job
from cocoai.spool.key import Key

WAITING = 2000
THREADS = 400
FIRST = 1_763_822_000


class NoSync(Disk):
    """A disk without fsync, to fill a folder quickly."""

    def fsync(self, fd: int) -> None:
        del fd

    def fsync_folder(self, path: str) -> None:
        del path


def key(number: int) -> Key:
    """Return the key of question `number`, one a second; every four hundredth is in the same thread."""
    return Key("C0PRACTICE", f"{FIRST + number % THREADS}.000100", f"{FIRST + number}.000100")


@pytest.fixture(scope="module")
def spool(tmp_path_factory: pytest.TempPathFactory) -> FileSpool:
    """Return a spool with two thousand questions in four hundred threads."""
    return filled(tmp_path_factory.mktemp("load"), WAITING)


def filled(folder: Path, waiting: int) -> FileSpool:
    """Return a spool with so many questions in four hundred threads, put in random order."""
    made = FileSpool(str(folder), disk=NoSync())
    made.make_folders()
    numbers = list(range(waiting))
    random.Random(1).shuffle(numbers)
    for number in numbers:
        assert made.put(key(number), {"kind": "mention", "text": "?"})
    return made


def claimed(spool: FileSpool, number: int) -> list[Job]:
    """Claim the next jobs, and hold them all at once."""
    jobs = [job for _ in range(number) if (job := spool.claim()) is not None]
    assert number == len(jobs)
    return jobs


def test_the_oldest_question_of_each_thread_is_claimed_oldest_first(spool: FileSpool) -> None:
    """Fifty claims at once get the fifty oldest; the questions behind them in their threads wait."""
    jobs = claimed(spool, 50)
    keys = [job.key for job in jobs]
    for job in jobs:
        job.release()

    assert [key(number) for number in range(50)] == keys


def test_the_second_question_of_a_thread_takes_its_place_by_its_own_age(spool: FileSpool) -> None:
    """After the first was answered, the second waits behind all older questions of other threads."""
    first, second = claimed(spool, 2)
    spool.finish(first)
    second.release()
    (now,) = claimed(spool, 1)
    now.release()

    assert key(1) == now.key
    assert key(THREADS) in spool.keys("ready")
    assert WAITING - 1 == len(spool.keys("ready"))


def test_the_spool_is_due_until_every_question_is_put_off(tmp_path: Path) -> None:
    """Then there is nothing to claim; a duplicate is known before and after."""
    spool = filled(tmp_path, 3 * THREADS // 2)
    assert spool.is_due()
    assert spool.is_claimable()
    assert spool.put(key(521), {"text": "?"}) is False

    for job in spool.each_without("retry"):
        job.record("retry", retry_at=time.time() + 250, free=True, sent=False)

    assert not spool.is_due()
    assert not spool.is_claimable()
    assert spool.claim() is None
    assert spool.put(key(521), {"text": "?"}) is False
