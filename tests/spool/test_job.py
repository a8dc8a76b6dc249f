"""One job: what is read from its file, and what is written."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cocoai.spool.disk import Disk
from cocoai.spool.file_job import FileJob
from cocoai.spool.job import LONGEST_DELAY, Job, encode_line, whole_lines
from cocoai.spool.key import Key

pytestmark = pytest.mark.pure

KEY = Key("C0PRACTICE", "1763822000.000100", "1763822000.000200")
NOW = 1_763_822_100.0


def written(folder: Path, *lines: dict[str, Any], tail: bytes = b"") -> Job:
    """Return a locked job whose file holds these lines, and `tail`."""
    path = folder / str(KEY)
    path.write_bytes(b"".join(encode_line(line) for line in lines) + tail)
    job = FileJob(KEY, str(path), disk=Disk(), clock=lambda: NOW)
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
    """A file is named CHANNEL-THREAD_TS-TS, in the letters and digits of Slack's ids."""
    with pytest.raises(ValueError, match="not a job's key"):
        Key.parse(name)


def test_a_key_is_parsed_as_it_was_written() -> None:
    """The file's name holds all parts of the key."""
    assert Key.parse(str(KEY)) == KEY


def test_keys_sort_by_time_and_not_as_text() -> None:
    """999.9 is older than 1000.1, and .0001 is older than .001."""
    times = ["1000.1", "999.9", "1000.001", "1000.0001"]

    ordered = sorted((Key("C0", "1.0", ts) for ts in times), key=lambda key: key.age)

    assert [key.ts for key in ordered] == ["999.9", "1000.0001", "1000.001", "1000.1"]


@pytest.mark.parametrize("tail", [b"{", b'{"fact": "answer", "text": "half', b"\0\0\0\0\n", b"null\n", b'{"fact":"x"}'])
def test_a_torn_last_line_is_cut_off(tmp_path: Path, tail: bytes) -> None:
    """A part of a line is no fact, and the next fact is not appended to it."""
    job = written(tmp_path, {"text": "?"}, {"fact": "attempt", "n": 1}, tail=tail)

    job.record("placeholder", ts="1.0")

    lines = (tmp_path / str(KEY)).read_text().splitlines()
    assert ["attempt", "placeholder"] == [json.loads(line)["fact"] for line in lines[1:]]


def test_a_file_without_a_question_is_refused(tmp_path: Path) -> None:
    """A question whose line is not whole was never accepted."""
    path = tmp_path / str(KEY)
    path.write_bytes(b'{"text": "half')
    job = FileJob(KEY, str(path), disk=Disk(), clock=lambda: NOW)

    with pytest.raises(ValueError, match="no question"):
        job.take()
    job.release()


@given(st.lists(st.dictionaries(st.text(), st.text() | st.integers() | st.none()), max_size=5), st.binary(max_size=40))
def test_whole_lines_are_read_with_any_bytes_behind_them(lines: list[dict[str, object]], tail: bytes) -> None:
    """Facts that were written whole are read, and the size ends behind them."""
    whole = b"".join(encode_line(line) for line in lines)

    read, size = whole_lines(whole + tail)

    assert read[: len(lines)] == lines
    assert len(whole) <= size <= len(whole + tail)


def test_a_failed_record_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    """After a short write and an error the part is cut off, and the job does not have the fact."""

    class FullDisk(Disk):
        def append(self, fd: int, data: bytes) -> None:
            super().append(fd, data[:5])
            raise OSError(28, "No space left on device")

    written(tmp_path, {"text": "?"}).release()
    path = tmp_path / str(KEY)
    before = path.read_bytes()
    job = FileJob(KEY, str(path), disk=FullDisk(), clock=lambda: NOW)
    assert job.take()

    with pytest.raises(OSError, match="No space"):
        job.record("answer", text="long")

    assert before == path.read_bytes()
    assert job.last("answer") is None
    job.release()


def test_attempts_that_ended_because_slack_was_away_are_not_counted(tmp_path: Path) -> None:
    """Attempts that ended because of OpenAI, or with their process, are counted."""
    attempt = {"fact": "attempt"}
    free = {"fact": "retry", "free": True, "retry_at": 0}
    paid = {"fact": "retry", "free": False, "retry_at": 0}

    job = written(tmp_path, {"text": "?"}, attempt, free, attempt, paid, attempt)

    assert job.attempt == 2


def test_a_visit_that_was_put_off_takes_no_attempt_away(tmp_path: Path) -> None:
    """The placeholder process claims no attempt, so a `retry` of its own counts for none."""
    visit, attempt = {"fact": "visit"}, {"fact": "attempt"}
    free = {"fact": "retry", "free": True, "retry_at": 0}

    job = written(tmp_path, {"text": "?"}, attempt, visit, free, visit, free, attempt)

    assert job.attempt == 2


@pytest.mark.parametrize(
    ("ahead", "due"),
    [(-1.0, True), (0.0, True), (1.0, False), (LONGEST_DELAY, False), (LONGEST_DELAY + 1, True), (86400.0, True)],
)
def test_a_retry_at_beyond_the_longest_delay_counts_as_due(tmp_path: Path, ahead: float, due: bool) -> None:
    """Such a time was written by a clock that has jumped since, and no job waits for ever."""
    job = written(tmp_path, {"text": "?"}, {"fact": "retry", "retry_at": NOW + ahead})

    assert job.is_due() is due


def test_a_retry_by_the_operator_keeps_only_the_facts_about_slack_and_the_answer(tmp_path: Path) -> None:
    """Attempts, waits and errors begin anew; the placeholder and a paid answer still count."""
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


def test_text_with_a_lone_surrogate_can_be_recorded(tmp_path: Path) -> None:
    """The file is ASCII, so no text makes a job unwritable."""
    job = written(tmp_path, {"text": "?"})

    job.record("answer", text="\ud83d")

    assert (tmp_path / str(KEY)).read_bytes().isascii()
