"""One file of the spool: what is read of it, and what is written."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cocoai.spool.disk import Disk
from cocoai.spool.job import LONGEST_DELAY, Job, encode_line, whole_lines
from cocoai.spool.key import Key

pytestmark = pytest.mark.pure

KEY = Key("C0PRACTICE", "1763822000.000100", "1763822000.000200")
NOW = 1_763_822_100.0


def written(folder: Path, *lines: dict[str, Any], tail: bytes = b"") -> Job:
    """A taken job whose file holds these lines, and `tail`."""
    path = folder / str(KEY)
    path.write_bytes(b"".join(encode_line(line) for line in lines) + tail)
    job = Job(KEY, str(path), disk=Disk(), clock=lambda: NOW)
    assert job.take()
    return job


@pytest.mark.parametrize(
    "name",
    [
        "",
        "C0PRACTICE",
        "C0PRACTICE-1.0",
        "c0practice-1.0-1.0",
        "C0PRACTICE-1.0-1.0-1.0",
        "C0PRACTICE-1.0-../../etc",
        "C0PRACTICE-1-1.0",
        "C0PRACTICE-1.0-1.0\n",
        "C0PRACTICE-١.٠-1.0",
        "C-1.0-1.0",
        "C0PRACTICE-1234567890123.0-1.0",
    ],
)
def test_a_name_that_is_no_key_is_refused(name: str) -> None:
    """Only CHANNEL-THREAD_TS-TS in Slack's own letters and digits can name a file."""
    with pytest.raises(ValueError, match="not a job's key"):
        Key.parse(name)


def test_a_key_reads_back_as_it_was_written() -> None:
    """The file's name is the whole key."""
    assert Key.parse(str(KEY)) == KEY


def test_keys_sort_by_time_not_by_text() -> None:
    """999.9 is older than 1000.1, and .0001 older than .001, whatever the letters say."""
    times = ["1000.1", "999.9", "1000.001", "1000.0001"]

    ordered = sorted((Key("C0", "1.0", ts) for ts in times), key=lambda key: key.age)

    assert [key.ts for key in ordered] == ["999.9", "1000.0001", "1000.001", "1000.1"]


@pytest.mark.parametrize("tail", [b"{", b'{"fact": "answer", "text": "half', b"\0\0\0\0\n", b"null\n", b'{"fact":"x"}'])
def test_a_torn_last_line_is_cut_off(tmp_path: Path, tail: bytes) -> None:
    """What a power cut left of a line is not a fact, and the next fact does not grow onto it."""
    job = written(tmp_path, {"text": "?"}, {"fact": "attempt", "n": 1}, tail=tail)

    job.record("placeholder", ts="1.0")

    lines = (tmp_path / str(KEY)).read_text().splitlines()
    assert ["attempt", "placeholder"] == [json.loads(line)["fact"] for line in lines[1:]]


def test_a_file_without_a_question_is_refused(tmp_path: Path) -> None:
    """A file whose first line is not whole was never accepted."""
    path = tmp_path / str(KEY)
    path.write_bytes(b'{"text": "half')
    job = Job(KEY, str(path), disk=Disk(), clock=lambda: NOW)

    with pytest.raises(ValueError, match="no question"):
        job.take()
    job.release()


@given(st.lists(st.dictionaries(st.text(), st.text() | st.integers() | st.none()), max_size=5), st.binary(max_size=40))
def test_whole_lines_are_read_whatever_follows_them(lines: list[dict[str, object]], tail: bytes) -> None:
    """Facts that were written whole survive any rubbish behind them."""
    whole = b"".join(encode_line(line) for line in lines)

    read, size = whole_lines(whole + tail)

    assert read[: len(lines)] == lines
    assert len(whole) <= size <= len(whole + tail)


def test_a_record_that_fails_leaves_no_trace(tmp_path: Path) -> None:
    """After a short write and an error the file is as it was: the fact was never said."""

    class FullDisk(Disk):
        def append(self, fd: int, data: bytes) -> None:
            super().append(fd, data[:5])
            raise OSError(28, "No space left on device")

    written(tmp_path, {"text": "?"}).release()
    path = tmp_path / str(KEY)
    before = path.read_bytes()
    job = Job(KEY, str(path), disk=FullDisk(), clock=lambda: NOW)
    assert job.take()

    with pytest.raises(OSError, match="No space"):
        job.record("answer", text="long")

    assert before == path.read_bytes()
    assert job.last("answer") is None
    job.release()


def test_attempts_that_ended_for_slacks_sake_are_not_counted(tmp_path: Path) -> None:
    """Slack's absence counts for nothing; OpenAI's and our own deaths do."""
    attempt = {"fact": "attempt"}
    free = {"fact": "retry", "free": True, "retry_at": 0}
    paid = {"fact": "retry", "free": False, "retry_at": 0}

    job = written(tmp_path, {"text": "?"}, attempt, free, attempt, paid, attempt)

    assert job.attempt == 2


@pytest.mark.parametrize(
    ("ahead", "due"),
    [(-1.0, True), (0.0, True), (1.0, False), (LONGEST_DELAY, False), (LONGEST_DELAY + 1, True), (86400.0, True)],
)
def test_a_retry_at_beyond_the_longest_delay_counts_as_due(tmp_path: Path, ahead: float, due: bool) -> None:
    """Such a time was written by a clock that has jumped since: nothing waits for ever."""
    job = written(tmp_path, {"text": "?"}, {"fact": "retry", "retry_at": NOW + ahead})

    assert job.is_due() is due


def test_a_retry_by_the_operator_forgets_all_but_what_stands_in_slack(tmp_path: Path) -> None:
    """Attempts, waits and errors begin anew; the placeholder and a paid answer are still there."""
    job = written(
        tmp_path,
        {"text": "?"},
        {"fact": "attempt"},
        {"fact": "placeholder", "ts": "1.0"},
        {"fact": "retry", "retry_at": NOW + 10, "free": False},
        {"fact": "error", "code": "busy"},
        {"fact": "retried"},
        {"fact": "attempt"},
    )

    assert job.attempt == 1
    assert job.is_due()
    assert job.last("error") is None
    assert (job.last("placeholder") or {})["ts"] == "1.0"
    assert job.may_have_posted


def test_text_with_half_a_surrogate_pair_can_be_kept(tmp_path: Path) -> None:
    """Nothing that somebody writes makes a job unwritable."""
    job = written(tmp_path, {"text": "?"})

    job.record("answer", text="\ud83d")

    assert (tmp_path / str(KEY)).read_bytes().isascii()
