"""What becomes of jobs in the hands of several processes, in each of the rooms: stops, waits, visits, kills."""

from __future__ import annotations

import pytest

from cocoai.spool.job import LONGEST_DELAY
from cocoai.spool.spool import Spool
from tests.killed import in_child, kill
from tests.spool.rooms import Room, claimed, in_processes, key, question


def put_off(room: Room, seconds: float, **values: object) -> Spool:
    """Have the only job put off by so many seconds; return the spool that has done it."""
    room.put(key(1))
    spool = room.spool()
    job = claimed(spool)
    job.record("retry", retry_at=room.clock() + seconds, free=True, **values)
    job.release()
    return spool


# claims


def test_a_killed_process_s_job_is_claimed_by_the_next(room: Room) -> None:
    """No other gets it before; the master's look frees it, and the next one knows what was recorded."""

    def work() -> None:
        claimed(room.spool()).record("placeholder", ts="1.1")

    room.put(key(1))
    holder = in_child(work)
    spool = room.spool()
    while_held = (spool.claim(), spool.is_claimable(), spool.any_without("placeholder"), spool.is_due({str(key(1))}))

    kill(holder)

    assert (None, False, False, False) == while_held
    assert spool.is_due()
    job = claimed(spool)
    assert ["attempt", "placeholder", "attempt"] == [each["fact"] for each in job.lines[1:]]
    assert 2 == job.attempt


def test_each_job_is_claimed_by_one_of_many_processes(room: Room) -> None:
    """Four processes finish forty jobs of ten threads: each once, each thread in its order."""
    for ts in range(40):
        room.put(key(100 + ts, thread=1 + ts % 10))

    def work() -> None:
        spool = room.spool()
        while spool.count("ready"):
            if job := spool.claim():
                job.record("order", of=spool.count("done"))
                spool.finish(job)

    in_processes([work] * 4)

    keys = room.here.keys("done")
    assert 40 == len(keys)
    for each in keys:
        facts = [line["fact"] for line in room.here.peek("done", each)[1:]]
        assert ["attempt", "order", "finished"] == facts
    begun = {each: room.here.peek("done", each)[1]["at"] for each in keys}
    for thread in range(1, 11):
        times = [begun[each] for each in keys if each.thread_ts == f"{thread}.000100"]
        assert times == sorted(times)


def test_a_question_is_put_once_by_processes_at_once(room: Room) -> None:
    """Slack delivers twenty questions to three processes each: each is new to one of them."""

    def put_all() -> None:
        spool = room.spool(light_kinds={"click"})
        for ts in range(1, 21):
            if spool.put(key(ts), question()):
                assert spool.put(key(100 + ts), question(kind="click"))

    in_processes([put_all] * 3)

    assert (40, 40) == (len(room.here.keys("ready")), room.here.count("ready"))


def test_a_claim_that_was_released_is_no_one_s(room: Room) -> None:
    """A second release does nothing, also to the next one's claim."""
    room.put(key(1))
    spool = room.spool()
    job = claimed(spool)
    job.release()
    other = claimed(room.spool())

    job.release()

    assert room.spool().claim() is None
    other.record("answer", text="!")
    other.check_claim()
    room.here.finish(other)
    assert [key(1)] == room.here.keys("done")


def test_what_is_in_hand_needs_no_process(room: Room) -> None:
    """Nor what waits behind it, once it has its placeholder."""
    room.put(key(1), key(2, thread=1))
    spool = room.spool()
    job = claimed(spool)
    before = spool.is_due({str(key(1))})
    for behind in room.spool().each_without("placeholder"):
        behind.record("placeholder", ts="1.1")

    assert (True, False) == (before, spool.is_due({str(key(1))}))
    spool.finish(job)
    assert spool.is_due()


# waits


def test_a_wait_ends_with_its_time(room: Room) -> None:
    """Neither the master nor any process sees anything to do before."""
    spool = put_off(room, 200)
    before = [each for other in (spool, room.spool()) for each in (other.is_due(), other.claim(), other.is_claimable())]
    seconds = spool.seconds_to_retry()
    room.pass_time(201)

    assert [False, None, False] * 2 == before
    assert seconds == pytest.approx(200, abs=60)
    assert spool.is_due()
    assert 1 == claimed(spool).attempt  # what was free does not count


def test_what_is_recorded_later_ends_no_wait(room: Room) -> None:
    """A stop was requested, its process has noted something and died: the job waits until its time."""
    spool = put_off(room, 200)
    room.pass_time(1)
    spool.request_stop(key(1), "U0ASKER")
    room.pass_time(1)
    job = claimed(spool)
    job.record("located", thread_ts="1.1")
    job.release()

    assert (None, False) == (room.spool().claim(), spool.is_due())
    room.pass_time(200)
    assert claimed(spool)


def test_a_time_too_far_ahead_has_come(room: Room) -> None:
    """It was written by a clock that has jumped since."""
    spool = put_off(room, 2 * LONGEST_DELAY)

    assert (True, True) == (spool.is_due(), room.spool().is_claimable())


def test_what_waits_for_an_operator_is_due_after_a_start(room: Room) -> None:
    """New settings may have come with it; another wait goes on."""
    spool = put_off(room, 200, shut_out=0)
    before = (spool.claim(), spool.is_due())
    other = room.spool()

    other.begin()
    other.generation = 1

    assert (None, False) == before
    job = claimed(other)
    job.record("retry", retry_at=room.clock() + 200, free=True)
    job.release()
    other.begin()
    other.generation = 2
    assert other.claim() is None


# stops


def test_a_stop_ends_one_wait_and_not_the_next(room: Room) -> None:
    """Whoever obeys it may put it off again, for a reason that stays."""
    spool = put_off(room, 200)
    room.pass_time(1)

    assert room.spool().request_stop(key(1), "U0ASKER")

    room.pass_time(1)
    assert (True, True) == (spool.is_due(), spool.is_claimable())
    job = claimed(spool)
    job.record("retry", retry_at=room.clock() + 200, free=True)
    job.release()
    assert (False, None) == (spool.is_due(), room.spool().claim())


def test_a_stop_just_behind_an_attempt_is_seen(room: Room) -> None:
    """However soon: an attempt that is refused by OpenAI is over within a millisecond or two."""
    room.put(key(1))
    job = claimed(room.here)
    job.record("retry", retry_at=room.clock() + 200, free=True)
    job.release()

    for _ in range(3):
        assert room.spool().request_stop(key(1), "U0ASKER")
        assert room.spool().is_due()
        room.pass_time(0.002)  # a process takes longer to begin
        job = claimed(room.spool())
        job.record("retry", retry_at=room.clock() + 200, free=True)
        job.release()
        assert not room.spool().is_due()


def test_a_visit_leaves_a_stop_to_who_answers(room: Room) -> None:
    """The placeholder process does not stop anything."""
    spool = put_off(room, 200)
    room.pass_time(1)
    spool.request_stop(key(1), "U0ASKER")
    room.pass_time(1)

    for job in spool.each_without("placeholder"):
        job.record("placeholder", ts="1.1")

    assert ["visit", "placeholder"] == [each["fact"] for each in spool.peek("ready", key(1))[-2:]]
    assert claimed(spool)


def test_who_has_requested_a_stop_is_told_in_their_order(room: Room) -> None:
    """Also while the job is in hand, and by its end nobody has."""
    room.put(key(1))
    job = claimed(room.here)
    for user in ("U0FIRST", "U0SECOND"):
        assert room.spool().request_stop(key(1), user)

    assert ("U0FIRST", "U0SECOND") == room.spool().stop_requesters(key(1))
    room.here.fail(job, "reason")
    room.here.retry(key(1))
    assert () == room.spool().stop_requesters(key(1))


def test_whoever_clicks_on_and_on_is_kept(room: Room) -> None:
    """A thousand clicks on *Stop* of two hundred people fail none of them."""
    room.put(key(1))

    for number in range(1000):
        assert room.here.request_stop(key(1), f"U0PERSON{number % 200:03}")

    assert "U0PERSON000" == room.spool().stop_requesters(key(1))[0]
    assert claimed(room.here)


def test_a_job_that_has_moved_on_is_no_trouble(room: Room, caplog: pytest.LogCaptureFixture) -> None:
    """The master has seen its name, and another process finishes it before it is read."""
    room.put(key(1))
    spool = room.spool()
    assert spool.is_due()
    (waiting,) = spool._waiting.questions()
    room.here.finish(claimed(room.here))

    assert not spool._needs_process(waiting)
    assert "" == caplog.text
