"""Ready jobs that another version put there: they are left where they lie, and hold up no other job."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from cocoai import cli
from cocoai.slack.model.job_kinds import JOB_KINDS
from cocoai.spool.admin import RETENTION
from cocoai.spool.file_spool import FileSpool
from cocoai.spool.spool import Spool
from tests.spool.rooms import FilesRoom, Room, claimed, key

DAY = 86_400.0

UNKNOWN_NAMES = ("C0X-1.1-1.1-flag-jp", "C0PRACTICE-1.000100-1.000100-memo-2", "core.1234", "line\nbreak")

UNKNOWN_QUESTIONS: dict[str, dict[str, Any]] = {
    "a new kind": {"kind": "flag", "channel": "C0PRACTICE", "ts": "1.000100", "text": "?"},
    "no kind": {"text": "?"},
    "a kind that is no text": {"kind": ["mention"]},
}


@pytest.fixture
def spool(room: Room) -> Spool:
    """Return a spool that knows the kinds of this version."""
    return room.spool(kinds=JOB_KINDS)


def everything(spool: Spool) -> list[object]:
    """Return what every process would find to do in ready/."""
    visited = [job.key for job in spool.each_without("placeholder")]
    return [spool.claim(), spool.is_claimable(), spool.any_without("placeholder"), spool.is_due(), *visited]


NOTHING: list[object] = [None, False, False, False]


@pytest.mark.parametrize("name", UNKNOWN_NAMES)
def test_a_job_whose_name_is_no_key_is_left_alone(room: Room, spool: Spool, name: str) -> None:
    """It is not claimed, not changed, not moved and not swept, however old it is; it is counted."""
    room.write(name, {"kind": "mention", "text": "?"})
    written = room.stored("ready", name)
    room.pass_time(90 * DAY)

    found = everything(spool)
    spool.sweep()

    assert NOTHING == found
    assert [name] == spool.unknown()
    assert written == room.stored("ready", name)
    assert 0 == spool.count("failed")


@pytest.mark.parametrize("case", UNKNOWN_QUESTIONS)
def test_a_job_of_an_unknown_kind_is_left_alone(room: Room, spool: Spool, case: str) -> None:
    """It is not claimed, not changed, not failed and not swept; not even its torn last line is cut off."""
    lines = (UNKNOWN_QUESTIONS[case], {"fact": "attempt", "at": 1.0, "n": 1})
    room.write(str(key(1)), *lines, tail=b'{"fact":"ans')
    written = room.stored("ready", str(key(1)))
    room.pass_time(90 * DAY)

    found = everything(spool)
    spool.sweep()

    assert NOTHING == found
    assert [str(key(1))] == spool.unknown()
    assert written == room.stored("ready", str(key(1)))
    assert [] == spool.keys("failed")


def test_an_unknown_job_does_not_hold_up_its_thread(room: Room, spool: Spool) -> None:
    """It is not counted as the thread's oldest question: the next known one is, and those behind that wait."""
    room.write(str(key(1)), {"kind": "flag"})
    room.write("C0PRACTICE-1.000100-1.000100-flag-jp", {"kind": "flag"})
    for ts in (2, 3):
        assert spool.put(key(ts, thread=1), {"kind": "follow_up", "text": "?"})

    assert spool.is_due()
    assert spool.is_claimable()
    first = claimed(spool)
    assert spool.claim() is None
    spool.finish(first)
    second = claimed(spool)

    assert [key(2, thread=1), key(3, thread=1)] == [first.key, second.key]
    assert [key(1)] == spool.keys("ready")[:1]


def test_behind_a_question_in_hand_an_unknown_job_needs_no_placeholder(room: Room, spool: Spool) -> None:
    """The tick forks no process for it; for a known question there it does."""
    assert spool.put(key(1), {"kind": "mention", "text": "?"})
    room.write(str(key(2, thread=1)), {"kind": "flag"})
    with_unknown = spool.is_due({str(key(1))})

    assert spool.put(key(3, thread=1), {"kind": "follow_up", "text": "?"})

    assert not with_unknown
    assert spool.is_due({str(key(1))})


@pytest.mark.parametrize("kind", sorted(JOB_KINDS))
def test_every_kind_of_this_version_is_known(spool: Spool, kind: str) -> None:
    """Questions of each kind, and clicks of each kind, are claimed."""
    assert spool.put(key(1), {"kind": kind})

    assert [] == spool.unknown()
    assert key(1) == claimed(spool).key


def test_the_kinds_of_this_version() -> None:
    """What the analyzers make is known to the spool."""
    questions = {"mention", "direct", "follow_up", "again", "continue", "ask", "translate", "summarize", "proofread"}
    light = {"delete", "up", "down", "thanks", "report", "limited", "declined", "command", "home", "shortcut"}
    assert questions | light | {"stop"} == JOB_KINDS


@pytest.mark.parametrize("line", [b"\0\0\0\n", b'["mention"]\n', b'{"kind":"flag"'])
def test_a_torn_first_line_is_no_unknown_kind(
    room: Room, spool: Spool, line: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """Such a file was never accepted whole: it goes to failed/, so that its thread goes on."""
    room.write(str(key(1)), tail=line)

    assert [] == spool.unknown()
    assert spool.claim() is None

    assert [key(1)] == spool.keys("failed")
    assert "outcome=unreadable" in caplog.text


def test_an_unknown_job_is_logged_once(room: Room, spool: Spool, caplog: pytest.LogCaptureFixture) -> None:
    """The master's look logs each name when it is first met, and no other process logs any."""
    room.write(str(key(1)), {"kind": "flag", "text": "private"})
    room.write("line\nbreak", {"kind": "flag"})
    other_process = room.spool(kinds=JOB_KINDS)
    assert other_process.claim() is None
    before = list(caplog.records)

    for _ in range(3):
        assert not spool.is_due()
    once = [record.getMessage() for record in caplog.records]
    room.write("C0X-1.1-1.1-flag-jp", {"kind": "flag"})
    assert not spool.is_due()

    assert [] == before
    names = [str(key(1)), "line\nbreak", "C0X-1.1-1.1-flag-jp"]
    expected = [f"job={name!r} outcome=left-alone reason=unknown-to-this-version" for name in names]
    assert expected[:2] == once
    assert expected == [record.getMessage() for record in caplog.records]
    assert {"WARNING"} == {record.levelname for record in caplog.records}


def test_the_status_counts_unknown_jobs_apart(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """They are neither waiting questions nor the oldest of them."""
    file = tmp_path / "cocoai.ini"
    file.write_text(f"[paths]\nvar = {tmp_path}\n")
    file.chmod(0o600)
    spool = FileSpool(str(tmp_path), kinds=JOB_KINDS)
    spool.make_folders()
    room = FilesRoom(tmp_path)
    room.write(str(key(1)), {"kind": "flag"})
    room.write("C0X-1.1-1.1-flag-jp", {"kind": "flag"})
    assert spool.put(key(2), {"kind": "mention", "text": "?"})

    cli.main(["status", "--config", str(file), "--json"])
    as_json = json.loads(capsys.readouterr().out)["spool"]
    cli.main(["status", "--config", str(file)])
    as_text = capsys.readouterr().out

    assert (2, 0, str(key(2))) == (as_json["unknown"], as_json["in_hand"], as_json["oldest"])
    assert re.search(r"Left alone \(ready\) +2 +another version's jobs", as_text)
    assert re.search(r"To be answered \(ready\) +1 +0 in hand", as_text)


def test_retention_has_no_time_for_ready() -> None:
    """What waits is never swept."""
    assert "ready" not in RETENTION
