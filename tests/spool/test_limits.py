"""How many questions a person may ask in a minute, one repetition at a time, and one gesture that has two ts."""

from __future__ import annotations

import functools
from pathlib import Path

import pytest

from cocoai.spool.file_spool import FileSpool
from cocoai.spool.key import Key
from cocoai.spool.spool import Spool
from tests.spool.rooms import Room, claimed, in_processes

NOW = 1_763_822_100.0
MOST = 3


def key(ts: float, thread: float | None = None) -> Key:
    """Return the key of the message at second `ts`, in the thread that `thread` opens (else its own)."""
    return Key("C0PRACTICE", f"{ts if thread is None else thread:.6f}", f"{ts:.6f}")


def question(ts: float, user: str = "U0ASKER", **others: str) -> dict[str, str]:
    """Return the first line of a mention at second `ts`."""
    return {"kind": "mention", "ts": f"{ts:.6f}", "user": user, "text": "?"} | others


@pytest.fixture
def spool(room: Room) -> Spool:
    return room.spool(light_kinds={"limited"}, questions_per_minute=MOST)


@pytest.fixture
def files(tmp_path: Path) -> FileSpool:
    made = FileSpool(str(tmp_path), clock=lambda: NOW, light_kinds={"limited"}, questions_per_minute=MOST)
    made.make_folders()
    return made


def first_line(spool: Spool, job: Key) -> dict[str, object]:
    """Return the first line of a job in ready/."""
    return spool.peek("ready", job)[0]


def put(spool: Spool, *seconds: float, user: str = "U0ASKER") -> list[str]:
    """Put mentions at these seconds; return what kind each was kept as."""
    for ts in seconds:
        assert spool.put(key(ts), question(ts, user))
    return [str(first_line(spool, key(ts))["kind"]) for ts in seconds]


def test_a_question_over_the_limit_is_kept_as_limited(spool: Spool) -> None:
    """It says how long to wait; another person asks on, and the first one too when the minute is over."""
    kinds = put(spool, 100, 110, 120, 130.5)

    limited = first_line(spool, key(130.5))

    assert ["mention", "mention", "mention", "limited"] == kinds
    assert ("rate", 30) == (limited["why"], limited["seconds"])
    assert ["mention"] == put(spool, 131, user="U0OTHER")
    assert ["mention", "limited"] == put(spool, 160.1, 160.2)


@pytest.mark.parametrize("kind", ["again", "continue"])
def test_a_click_that_asks_counts_as_a_question(spool: Spool, kind: str) -> None:
    """It is over the limit behind the person's questions of that minute, and one of them itself before it."""
    put(spool, 100, 101)
    for ts in (102, 103):
        assert spool.put(key(ts, thread=90), question(ts, kind=kind, again=f"{ts - 50}.000000"))

    assert [kind, "limited"] == [first_line(spool, key(ts, thread=90))["kind"] for ts in (102, 103)]


def test_the_twin_and_the_redelivery_of_a_limited_question_are_known(spool: Spool) -> None:
    """Neither is asked after all, nor kept twice."""
    put(spool, 100, 101, 102, 103)

    assert not spool.put(key(103), question(103))
    assert 4 == len(spool.keys("ready"))


def test_the_twin_of_a_question_is_not_counted(spool: Spool) -> None:
    """Both copies of a mention have one ts, and are one question."""
    for _ in range(2):
        put_once = [spool.put(key(ts), question(ts)) for ts in (100, 101, 102)]

    assert [False] * 3 == put_once
    assert "limited" not in {first_line(spool, each)["kind"] for each in spool.keys("ready")}


def test_a_late_delivery_is_judged_by_its_own_time(spool: Spool) -> None:
    """Slack redelivers a message an hour later: it is not counted among those of today's minute."""
    put(spool, 5000, 5001, 5002)

    assert ["mention"] == put(spool, 1400)
    assert ["limited"] == put(spool, 5003)


def test_questions_that_arrive_in_another_order_are_counted_alike(spool: Spool) -> None:
    """No minute has more than the limit, whichever of its questions Slack delivers first."""
    assert ["mention", "mention", "mention", "limited"] == put(spool, 100, 120, 110, 105)
    assert ["mention"] == put(spool, 45)
    assert ["limited", "mention"] == put(spool, 159.9, 170.1)


def test_no_limit(room: Room) -> None:
    """With 0 nothing is counted, and nothing is noted of anybody."""
    kinds = put(room.here, *range(100, 130))

    assert {"mention"} == set(kinds)
    assert 0 == room.people()


def test_a_limited_question_leaves_the_limit_alone(spool: Spool) -> None:
    """Who goes on asking does not shut himself out for longer."""
    put(spool, 100, 101, 102, *range(103, 150))

    assert ["mention"] == put(spool, 160.5)


def test_a_limited_question_leaves_no_mark_on_its_thread(spool: Spool) -> None:
    """Nobody is answered in that thread, so that what people write there is no question to us."""
    put(spool, 100, 101, 102, 103)

    assert spool.mark_of("C0PRACTICE", key(102).thread_ts) is not None
    assert spool.mark_of("C0PRACTICE", key(103).thread_ts) is None


def test_a_count_that_cannot_be_kept_loses_no_question(files: FileSpool, tmp_path: Path) -> None:
    """The file of counts is a folder, say: the question is refused for now, and put once that is mended."""
    (tmp_path / "asked" / "U0ASKER").mkdir()

    with pytest.raises(OSError, match="U0ASKER"):
        files.put(key(100), question(100))
    (tmp_path / "asked" / "U0ASKER").rmdir()

    assert ["mention"] == put(files, 100)


def test_old_counts_are_swept(room: Room, spool: Spool) -> None:
    """What is known of a person goes an hour after the last question."""
    put(spool, 100)
    room.pass_time(3599)
    spool.sweep()
    before = room.people()
    room.pass_time(2)

    spool.sweep()

    assert (1, 0) == (before, room.people())


@pytest.mark.parametrize("kind", ["again", "continue"])
def test_one_repetition_at_a_time(spool: Spool, kind: str) -> None:
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


def test_one_gesture_with_two_ts_is_one_question(spool: Spool) -> None:
    """The second ts with the same client_msg_id is a duplicate, also when the first was answered long ago."""
    same = {"client_msg_id": "4f1e9f2c-8a39-4a0b-a7f0-2f9d9d1e4a61"}
    assert spool.put(key(100), question(100, **same))

    at_once = spool.put(key(100.4), question(100.4, **same))
    spool.finish(claimed(spool))
    later = spool.put(key(100.4), question(100.4, **same))

    assert (False, False) == (at_once, later)
    assert [key(100)] == spool.keys("done")
    assert not spool.put(key(100), question(100, **same))
    assert spool.put(key(101), question(101, client_msg_id="another"))


@pytest.mark.parametrize("noted", [str(key(100)), "", "C0PRACTICE-100.0", "\0" * 40])
def test_a_gesture_whose_first_writer_was_killed_is_put(files: FileSpool, tmp_path: Path, noted: str) -> None:
    """It was noted, or half of it, but never linked: the copy with the other ts is the only one, and is not lost."""
    (tmp_path / "spool" / "gestures" / "C0PRACTICE-abc").write_text(noted)

    assert files.put(key(100.4), question(100.4, client_msg_id="abc"))


def test_an_annotation_does_not_freshen_a_job(room: Room, spool: Spool) -> None:
    """Feedback a day later does not count the answer as one of today, nor keep it for longer."""
    spool.put(key(100), question(100))
    spool.finish(claimed(spool))
    room.pass_time(90_000)

    assert spool.annotate(key(100), "opinion", user="U0ASKER", opinion="up")

    assert [] == spool.since("done", room.clock() - 80_000)
    assert [key(100)] == spool.since("done", room.clock() - 100_000)
    assert "opinion" == spool.peek("done", key(100))[-1]["fact"]


def test_a_light_job_leaves_no_mark_on_its_thread(room: Room) -> None:
    """A click must not make follow-ups in its thread questions for another 30 days."""
    spool = room.spool(light_kinds={"delete"})

    spool.put(key(100), question(100, kind="delete"))
    spool.finish(claimed(spool))

    assert spool.mark_of("C0PRACTICE", key(100).thread_ts) is None


def test_one_job_a_minute_tells_its_asker_to_wait(room: Room) -> None:
    """Of several limited questions the first one does; it does so again if its process was killed meanwhile."""
    first, second = key(100), key(101)

    told = [room.here.is_to_be_told("U0ASKER", each) for each in (first, second, first)]
    other = room.spool().is_to_be_told("U0OTHER", second)
    room.pass_time(61)

    assert ([True, False, True], True) == (told, other)
    assert room.here.is_to_be_told("U0ASKER", second)


def test_nobody_is_shut_out_by_asking_the_same_again(spool: Spool) -> None:
    """A repetition that is pending still is no question: who clicks too often may ask something else."""
    again = {"again": "100.000000", "kind": "again"}

    for ts in (200, 201, 202, 203):
        assert spool.put(key(ts, thread=100), question(ts, **again))

    reasons = [first_line(spool, key(ts, thread=100)).get("why") for ts in (200, 201, 202, 203)]
    assert [None, "pending", "pending", "pending"] == reasons
    assert ["mention", "mention"] == put(spool, 204, 205)


def test_the_twin_of_a_gesture_is_not_counted(spool: Spool) -> None:
    """One gesture with two ts is one question of that minute."""
    for ts in (100, 110):
        same = {"client_msg_id": f"gesture-{ts}"}
        assert [True, False] == [spool.put(key(each), question(each, **same)) for each in (ts, ts + 0.5)]

    assert ["mention", "limited"] == put(spool, 120, 121)


def test_a_retried_repetition_is_pending_again(spool: Spool) -> None:
    """The operator retries a job that asks a message once more: meanwhile nobody else does."""
    again = {"again": "100.000000", "kind": "again"}
    assert spool.put(key(200, thread=100), question(200, **again))
    spool.fail(claimed(spool), "reason")

    spool.retry(key(200, thread=100))
    assert spool.put(key(300, thread=100), question(300, "U0OTHER", **again))

    assert "pending" == first_line(spool, key(300, thread=100))["why"]


def test_a_repetition_is_retried_beside_another_one(spool: Spool) -> None:
    """That somebody has asked the same meanwhile does not keep the operator's job from being answered."""
    again = {"again": "100.000000", "kind": "again"}
    assert spool.put(key(200, thread=100), question(200, **again))
    spool.fail(claimed(spool), "reason")
    assert spool.put(key(300, thread=100), question(300, "U0OTHER", **again))

    spool.retry(key(200, thread=100))

    assert [key(200, thread=100), key(300, thread=100)] == spool.keys("ready")


def test_the_limit_is_exact_for_processes_that_put_at_once(room: Room) -> None:
    """Four processes put forty questions of two people, each of them twice: three of each are asked, once each."""
    seconds = [100 + number / 10 for number in range(20)]
    orders = [seconds, seconds[::-1], seconds[10:] + seconds[:10], seconds[::2] + seconds[1::2]]

    def put_all(order: list[float]) -> None:
        spool = room.spool(light_kinds={"limited"}, questions_per_minute=MOST)
        for ts in order:
            for user in ("U0ASKER", "U0OTHER"):
                job = key(ts, thread=1 if user == "U0ASKER" else 2)
                spool.put(job, question(ts, user))

    in_processes([functools.partial(put_all, order) for order in orders])

    jobs = [first_line(room.here, each) for each in room.here.keys("ready")]
    assert 2 * len(seconds) == len(jobs)
    for user in ("U0ASKER", "U0OTHER"):
        assert MOST == sum(each["kind"] == "mention" for each in jobs if each["user"] == user)
