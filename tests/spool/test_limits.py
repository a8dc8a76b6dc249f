"""How many questions a person may ask in a minute, one repetition at a time, and one gesture that has two ts."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from cocoai.spool.file_spool import FileSpool
from cocoai.spool.key import Key

NOW = 1_763_822_100.0
MOST = 3


def key(ts: float, thread: float | None = None) -> Key:
    """Return the key of the message at second `ts`, in the thread that `thread` opens (else its own)."""
    return Key("C0PRACTICE", f"{ts if thread is None else thread:.6f}", f"{ts:.6f}")


def question(ts: float, user: str = "U0ASKER", **others: str) -> dict[str, str]:
    """Return the first line of a mention at second `ts`."""
    return {"kind": "mention", "ts": f"{ts:.6f}", "user": user, "text": "?"} | others


@pytest.fixture
def spool(tmp_path: Path) -> FileSpool:
    made = FileSpool(str(tmp_path), clock=lambda: NOW, light_kinds={"limited"}, questions_per_minute=MOST)
    made.make_folders()
    return made


def first_line(spool: FileSpool, job: Key) -> dict[str, object]:
    """Return the first line of a job in ready/."""
    return spool.peek("ready", job)[0]


def put(spool: FileSpool, *seconds: float, user: str = "U0ASKER") -> list[str]:
    """Put mentions at these seconds; return what kind each was kept as."""
    for ts in seconds:
        assert spool.put(key(ts), question(ts, user))
    return [str(first_line(spool, key(ts))["kind"]) for ts in seconds]


def test_a_question_over_the_limit_is_kept_as_limited(spool: FileSpool) -> None:
    """It says how long to wait; another person asks on, and the first one too when the minute is over."""
    kinds = put(spool, 100, 110, 120, 130.5)

    limited = first_line(spool, key(130.5))

    assert ["mention", "mention", "mention", "limited"] == kinds
    assert ("rate", 30) == (limited["why"], limited["seconds"])
    assert ["mention"] == put(spool, 131, user="U0OTHER")
    assert ["mention", "limited"] == put(spool, 160.1, 160.2)


@pytest.mark.parametrize("kind", ["again", "continue"])
def test_a_click_that_asks_counts_as_a_question(spool: FileSpool, kind: str) -> None:
    """It is over the limit behind the person's questions of that minute, and one of them itself before it."""
    put(spool, 100, 101)
    for ts in (102, 103):
        assert spool.put(key(ts, thread=90), question(ts, kind=kind, again=f"{ts - 50}.000000"))

    assert [kind, "limited"] == [first_line(spool, key(ts, thread=90))["kind"] for ts in (102, 103)]


def test_the_twin_and_the_redelivery_of_a_limited_question_are_known(spool: FileSpool) -> None:
    """Neither is asked after all, nor kept twice."""
    put(spool, 100, 101, 102, 103)

    assert not spool.put(key(103), question(103))
    assert 4 == len(spool.keys("ready"))


def test_the_twin_of_a_question_is_not_counted(spool: FileSpool) -> None:
    """Both copies of a mention have one ts, and are one question."""
    for _ in range(2):
        put_once = [spool.put(key(ts), question(ts)) for ts in (100, 101, 102)]

    assert [False] * 3 == put_once
    assert "limited" not in {first_line(spool, each)["kind"] for each in spool.keys("ready")}


def test_a_late_delivery_is_judged_by_its_own_time(spool: FileSpool) -> None:
    """Slack redelivers a message an hour later: it is not counted among those of today's minute."""
    put(spool, 5000, 5001, 5002)

    assert ["mention"] == put(spool, 1400)
    assert ["limited"] == put(spool, 5003)


def test_questions_that_arrive_in_another_order_are_counted_alike(spool: FileSpool) -> None:
    """No minute has more than the limit, whichever of its questions Slack delivers first."""
    assert ["mention", "mention", "mention", "limited"] == put(spool, 100, 120, 110, 105)
    assert ["mention"] == put(spool, 45)
    assert ["limited", "mention"] == put(spool, 159.9, 170.1)


def test_no_limit(tmp_path: Path) -> None:
    """With 0 nothing is counted, and no file is written."""
    spool = FileSpool(str(tmp_path))
    spool.make_folders()

    kinds = put(spool, *range(100, 130))

    assert {"mention"} == set(kinds)
    assert [] == os.listdir(tmp_path / "asked")


def test_a_limited_question_leaves_the_limit_alone(spool: FileSpool) -> None:
    """Who goes on asking does not shut himself out for longer."""
    put(spool, 100, 101, 102, *range(103, 150))

    assert ["mention"] == put(spool, 160.5)


def test_a_limited_question_leaves_no_mark_on_its_thread(spool: FileSpool) -> None:
    """Nobody is answered in that thread, so that what people write there is no question to us."""
    put(spool, 100, 101, 102, 103)

    assert spool.mark_of("C0PRACTICE", key(102).thread_ts) is not None
    assert spool.mark_of("C0PRACTICE", key(103).thread_ts) is None


def test_a_count_that_cannot_be_kept_loses_no_question(spool: FileSpool, tmp_path: Path) -> None:
    """The file of counts is a folder, say: the question is refused for now, and put once that is mended."""
    (tmp_path / "asked" / "U0ASKER").mkdir()

    with pytest.raises(OSError, match="U0ASKER"):
        spool.put(key(100), question(100))
    (tmp_path / "asked" / "U0ASKER").rmdir()

    assert ["mention"] == put(spool, 100)


def test_old_counts_are_swept(spool: FileSpool, tmp_path: Path) -> None:
    """A person's file goes an hour after the last question."""
    put(spool, 100)
    os.utime(tmp_path / "asked" / "U0ASKER", (NOW - 3601, NOW - 3601))

    spool.sweep()

    assert [] == os.listdir(tmp_path / "asked")


@pytest.mark.parametrize("kind", ["again", "continue"])
def test_one_repetition_at_a_time(spool: FileSpool, kind: str) -> None:
    """Fifteen clicks on *Ask again* or *Go on* are one question; when it has ended, it may be asked once more."""
    again = {"again": "100.000000", "kind": kind}
    for ts in range(200, 215):
        assert spool.put(key(ts, thread=100), question(ts, f"U0{ts}", **again))
    kinds = [first_line(spool, each)["kind"] for each in spool.keys("ready")]
    reasons = []
    while (job := spool.claim()) is not None:
        reasons.append(job.question.get("why"))
        spool.finish(job)
    assert spool.put(key(300, thread=100), question(300, "U0LATER", **again))

    assert [kind, *["limited"] * 14] == kinds
    assert [*["pending"] * 14, None] == reasons
    assert kind == first_line(spool, key(300, thread=100))["kind"]


def test_one_gesture_with_two_ts_is_one_question(spool: FileSpool) -> None:
    """The second ts with the same client_msg_id is a duplicate, also when the first was answered long ago."""
    same = {"client_msg_id": "4f1e9f2c-8a39-4a0b-a7f0-2f9d9d1e4a61"}
    assert spool.put(key(100), question(100, **same))

    at_once = spool.put(key(100.4), question(100.4, **same))
    job = spool.claim()
    assert job is not None
    spool.finish(job)
    later = spool.put(key(100.4), question(100.4, **same))

    assert (False, False) == (at_once, later)
    assert [key(100)] == spool.keys("done")
    assert not spool.put(key(100), question(100, **same))
    assert spool.put(key(101), question(101, client_msg_id="another"))


@pytest.mark.parametrize("noted", [str(key(100)), "", "C0PRACTICE-100.0", "\0" * 40])
def test_a_gesture_whose_first_writer_was_killed_is_put(spool: FileSpool, tmp_path: Path, noted: str) -> None:
    """It was noted, or half of it, but never linked: the copy with the other ts is the only one, and is not lost."""
    (tmp_path / "spool" / "gestures" / "C0PRACTICE-abc").write_text(noted)

    assert spool.put(key(100.4), question(100.4, client_msg_id="abc"))


def test_an_annotation_does_not_freshen_a_job(spool: FileSpool, tmp_path: Path) -> None:
    """Feedback a day later does not count the answer as one of today, nor keep it for longer."""
    spool.put(key(100), question(100))
    job = spool.claim()
    assert job is not None
    spool.finish(job)
    path = tmp_path / "spool" / "done" / str(key(100))
    os.utime(path, (NOW - 90_000, NOW - 90_000))

    assert spool.annotate(key(100), "opinion", user="U0ASKER", opinion="up")

    assert NOW - 90_000 == path.stat().st_mtime
    assert "opinion" == json.loads(path.read_text().splitlines()[-1])["fact"]


def test_a_light_job_leaves_no_mark_on_its_thread(tmp_path: Path) -> None:
    """A click must not make follow-ups in its thread questions for another 30 days."""
    spool = FileSpool(str(tmp_path), light_kinds={"delete"})
    spool.make_folders()

    spool.put(key(100), question(100, kind="delete"))
    job = spool.claim()
    assert job is not None
    spool.finish(job)

    assert [] == os.listdir(tmp_path / "threads")


def test_one_job_a_minute_tells_its_asker_to_wait(tmp_path: Path) -> None:
    """Of several limited questions the first one does; it does so again if its process was killed meanwhile."""
    first, second = key(100), key(101)
    spool = FileSpool(str(tmp_path))  # by the real clock, as the times of files are
    spool.make_folders()

    told = [spool.is_to_be_told("U0ASKER", each) for each in (first, second, first)]

    assert [True, False, True] == told
    assert spool.is_to_be_told("U0OTHER", second)
