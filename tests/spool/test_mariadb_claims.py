"""Claims in the database: who is faster has the job, and whoever was stopped for too long says nothing more of it.

What a claim rests on is left out in each of the broken variants, and seen to be missed.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable

import pytest

from cocoai.spool.job import Job
from cocoai.spool.store_error import ClaimLost
from tests.killed import in_child, kill
from tests.spool.rooms import MariaDBRoom, claimed, key

OVER = 31.0
"""Seconds after which a lease is over that nobody has renewed."""


def seen(room: MariaDBRoom) -> Job:
    """Return the only job as a process has read it that is about to claim it."""
    (job,) = room.spool(machine="slow")._claimable(())
    return job


def facts(room: MariaDBRoom, state: str = "ready") -> list[str]:
    """Return the names of all facts of the only job, in their order."""
    return [line["fact"] for line in room.here.peek(state, key(1))[1:]]


def stopped(room: MariaDBRoom) -> Job:
    """Return a job as its process finds it that was stopped for longer than its lease."""
    job = claimed(room.spool(machine="stopped"))
    job.record("placeholder", ts="1.1")
    room.pass_time(OVER)
    return job


# who is faster


def check_who_is_faster(room: MariaDBRoom) -> None:
    """Two processes have read a job, and one claims it first: the other is told so, and nothing of its fact is kept."""
    room.put(key(1))
    late = seen(room)
    job = claimed(room.spool(machine="fast"))

    with pytest.raises(ClaimLost):
        late.record("attempt", n=1)
    late.release()

    job.record("answer", text="!")
    assert ["attempt", "answer"] == facts(room)


def check_nothing_is_missed(room: MariaDBRoom) -> None:
    """Who has read a job before another process has claimed, noted and released it must read it again."""
    room.put(key(1))
    late = seen(room)
    for job in room.spool(machine="fast").each_without("placeholder"):
        job.record("placeholder", ts="1.1")

    with pytest.raises(ClaimLost):
        late.record("attempt", n=1)

    assert ["visit", "placeholder"] == facts(room)


# who was stopped


def check_a_stopped_one_records_nothing(room: MariaDBRoom) -> None:
    """Another one has the job: what the first one has to say is not kept, nor does it end the job."""
    room.put(key(1))
    first, second = stopped(room), claimed(room.spool(machine="other"))

    with pytest.raises(ClaimLost):
        first.record("answer", text="old")
    with pytest.raises(ClaimLost):
        room.here.finish(first)
    first.release()

    second.check_claim()
    second.record("answer", text="new")
    assert ["attempt", "placeholder", "attempt", "answer"] == facts(room)


def check_a_stopped_one_ends_no_other_s_lease(room: MariaDBRoom) -> None:
    """Give up a claim that is another one's now: that one has it still."""
    room.put(key(1))
    first, second = stopped(room), claimed(room.spool(machine="other"))

    first.release()

    assert room.spool(machine="third").claim() is None
    second.check_claim()


def check_a_stopped_one_is_told_before_it_posts(room: MariaDBRoom) -> None:
    """Another one has the job, or has finished it, meanwhile."""
    room.put(key(1))
    first = stopped(room)
    other = room.spool(machine="other")
    second = claimed(other)

    with pytest.raises(ClaimLost):
        first.check_claim()
    other.finish(second)
    with pytest.raises(ClaimLost):
        room.here.finish(first)
    assert ["attempt", "placeholder", "attempt", "finished"] == facts(room, "done")


def check_a_lease_keeps_others_away(room: MariaDBRoom) -> None:
    """Also one that has read the job before it was leased, or looks at it by itself."""
    room.put(key(1))
    job = claimed(room.spool(machine="one"))
    other = room.spool(machine="other")

    assert not other._ready_job(key(1)).take()
    assert (None, False) == (other.claim(), other.is_due())
    room.pass_time(OVER - 5)
    assert other.claim() is None
    job.record("answer", text="!")  # which renews the lease
    room.pass_time(OVER - 5)
    assert other.claim() is None


LAWS = [
    check_who_is_faster,
    check_nothing_is_missed,
    check_a_stopped_one_records_nothing,
    check_a_stopped_one_ends_no_other_s_lease,
    check_a_stopped_one_is_told_before_it_posts,
    check_a_lease_keeps_others_away,
]


@pytest.mark.parametrize("law", LAWS)
def test_a_law_of_claims(mariadb_room: MariaDBRoom, law: Callable[[MariaDBRoom], None]) -> None:
    """Each of these is kept."""
    law(mariadb_room)


READ = "AND fence = %s AND n = %s"
ANYTHING = "AND (fence = %s OR n = %s OR 1)"
# What is read is compared twice, as whoever raises the fence raises n too: each alone would do.
BROKEN: dict[str, tuple[str, str, str, Callable[[MariaDBRoom], None]]] = {
    "a claim that compares nothing": ("_CLAIM", READ, ANYTHING, check_nothing_is_missed),
    "a claim that raises nothing": (
        "_CLAIM",
        "SET fence = fence + 1, n = n + 1,",
        "SET",
        check_a_stopped_one_ends_no_other_s_lease,
    ),
    "a record without the fence": ("_RECORD", READ, ANYTHING, check_a_stopped_one_records_nothing),
    "an end without the fence": ("_END", READ, ANYTHING, check_a_stopped_one_records_nothing),
    "a renewal without the fence": (
        "_RENEW",
        "AND fence = %s AND owner = %s",
        "AND (fence = %s OR owner = %s OR 1)",
        check_a_stopped_one_is_told_before_it_posts,
    ),
    "a release without the fence": (
        "_RELEASE",
        "AND fence = %s AND owner = %s",
        "AND (fence = %s OR owner = %s OR 1)",
        check_a_stopped_one_ends_no_other_s_lease,
    ),
    "an end of which every line is ours": (
        "_HOLDS",
        "AND owner <=> %s\nAND RIGHT(lines_, %s) = %s",
        "AND (owner <=> %s OR RIGHT(lines_, %s) = %s OR 1)",
        check_who_is_faster,
    ),
    "a lease that nobody minds": (
        "_READ",
        "lease_until >= UTC_TIMESTAMP(6)",
        "0",
        check_a_lease_keeps_others_away,
    ),
}


@pytest.mark.parametrize("variant", BROKEN)
def test_a_broken_variant_is_caught(mariadb_room: MariaDBRoom, monkeypatch: pytest.MonkeyPatch, variant: str) -> None:
    """Where a statement leaves out what the claim rests on, a law is broken."""
    from cocoai.spool.mariadb import mariadb_job

    name, words, others, law = BROKEN[variant]
    statement = getattr(mariadb_job, name)
    assert words in statement
    monkeypatch.setattr(mariadb_job, name, statement.replace(words, others))

    with pytest.raises((AssertionError, ClaimLost, pytest.fail.Exception)):
        law(mariadb_room)


def test_a_loss_that_was_passed_over_is_told_again(mariadb_room: MariaDBRoom) -> None:
    """It was met while the process looked whether it is to stop: nothing more is posted, recorded or claimed anew."""
    room = mariadb_room
    room.put(key(1))
    spool = room.spool(machine="stopped")
    first = claimed(spool)
    room.pass_time(OVER)
    claimed(room.spool(machine="other")).release()

    assert () == spool.stop_requesters(key(1))

    for say in (first.check_claim, lambda: first.record("answer", text="old"), lambda: spool.fail(first, "why")):
        with pytest.raises(ClaimLost):
            say()
    assert ["attempt", "attempt"] == facts(room)


def test_a_stopped_one_goes_on_if_nobody_was_there(mariadb_room: MariaDBRoom) -> None:
    """Its lease was over, but nobody has claimed the job: what it has paid is not lost."""
    room = mariadb_room
    room.put(key(1))
    job = stopped(room)

    job.check_claim()
    job.record("answer", text="!")

    assert room.spool(machine="other").claim() is None
    room.here.finish(job)
    assert ["attempt", "placeholder", "answer", "finished"] == facts(room, "done")


def test_a_claim_is_renewed_while_its_process_looks_for_stops(mariadb_room: MariaDBRoom) -> None:
    """An answer of two minutes, of which nothing is recorded before its end."""
    room = mariadb_room
    room.put(key(1))
    spool = room.spool()
    job = claimed(spool)

    for _ in range(12):
        room.pass_time(10)
        assert () == spool.stop_requesters(key(1))
        assert room.spool(machine="other").claim() is None

    spool.finish(job)


# who has died


def test_a_dead_process_s_claims_are_freed_by_its_own_machine_alone(mariadb_room: MariaDBRoom) -> None:
    """By the next look of the master, or by a start. Another machine waits for the lease's end."""
    room = mariadb_room
    room.put(key(1))
    for verb in ("is_due", "begin"):
        kill(in_child(lambda: claimed(room.spool(machine="a"))))

        other = room.spool(machine="other")
        assert (False, None) == (other.is_due(), other.claim())
        other.begin()
        assert other.claim() is None
        getattr(room.spool(machine="a"), verb)()
        claimed(other).release()

    kill(in_child(lambda: claimed(room.spool(machine="a"))))
    room.pass_time(OVER)
    assert 4 < claimed(room.spool(machine="other")).attempt


def test_a_living_process_s_claim_lasts_as_long_as_its_master_looks(mariadb_room: MariaDBRoom) -> None:
    """It waits for a model in silence, for two minutes, or is stopped; a master of another machine renews nothing."""
    room = mariadb_room
    room.put(key(1))
    holder = in_child(lambda: claimed(room.spool(machine="a")))
    master, other = room.spool(machine="a"), room.spool(machine="other")
    try:
        os.kill(holder, signal.SIGSTOP)
        for _ in range(12):
            room.pass_time(10)
            assert not master.is_due()
            assert other.claim() is None
        assert not other.is_due()
        room.pass_time(OVER)
        assert other.is_due()
        assert 2 == claimed(other).attempt
    finally:
        os.kill(holder, signal.SIGCONT)
        kill(holder)


def test_a_zombie_is_dead(mariadb_room: MariaDBRoom) -> None:
    """Whoever should wait for it is busy."""
    room = mariadb_room
    room.put(key(1))
    holder = in_child(lambda: claimed(room.spool(machine="a")))
    os.kill(holder, signal.SIGKILL)
    os.waitid(os.P_PID, holder, os.WEXITED | os.WNOWAIT)

    assert room.spool(machine="a").is_due()
    os.waitpid(holder, 0)
