"""What is kept of jobs and threads, and for how long, in each of the rooms; and what an operator may do with jobs."""

from __future__ import annotations

import pytest

from cocoai.spool.store_error import NoSuchJob
from tests.spool.rooms import Room, claim_all, claimed, end, key, question

DAY = 86_400.0

# the operator


@pytest.mark.parametrize("state", ["done", "failed"])
def test_a_job_is_rewritten_where_it_lies(room: Room, state: str) -> None:
    """It stays as old as it was; None changes nothing, and in another state it is not found."""
    room.put(key(1))
    end(room.here, claimed(room.here), state)
    room.pass_time(1000)
    other = {"done": "failed", "failed": "done"}[state]

    done = [
        room.here.rewrite(state, key(1), lambda lines: [*lines, {"fact": "x", "at": 1.5}]),
        room.here.rewrite(state, key(1), lambda _: None),
        room.here.rewrite(other, key(1), lambda lines: lines),
    ]

    assert [True, False, False] == done
    assert ("x", 1.5) == room.here.moments(state, key(1))[-1]
    assert [] == room.here.since(state, room.clock() - 500)
    assert [key(1)] == room.here.since(state, room.clock() - 2000)


def test_a_damaged_job_at_rest_has_no_lines(room: Room) -> None:
    """Nor is there anything to rewrite, to annotate or to claim in it."""
    room.write(str(key(1)), tail=b"\0\0\0")

    assert [] == room.here.lines_at_rest(key(1)) == room.here.lines_at_rest(key(2))
    assert [] == room.here.peek("ready", key(1))
    assert room.here.claim() is None
    with pytest.raises(ValueError, match="no question"):
        room.here.annotate(key(1), "opinion")
    with pytest.raises(ValueError, match="no question"):
        room.here.retry(key(1))
    assert (0, 1) == (room.here.count("ready"), room.here.count("failed"))


def test_a_job_in_hand_is_not_at_rest(room: Room) -> None:
    """Its lines may change in any moment."""
    room.put(key(1))
    job = claimed(room.here)

    with pytest.raises(BlockingIOError):
        room.spool().lines_at_rest(key(1))
    with pytest.raises(BlockingIOError):
        room.spool().rewrite("ready", key(1), lambda lines: lines)
    job.release()
    assert 2 == len(room.spool().lines_at_rest(key(1)))


def test_jobs_are_told_by_their_last_change(room: Room) -> None:
    """The last one first."""
    for ts in (2, 1, 3):
        room.put(key(ts))
        room.here.finish(claimed(room.here))
        room.pass_time(100)

    assert [key(3), key(1)] == room.here.since("done", room.clock() - 250)
    assert [key(1), key(2), key(3)] == room.here.keys("done")
    with pytest.raises(NoSuchJob):
        room.here.moments("ready", key(1))


def test_what_was_kept_long_enough_is_swept(room: Room) -> None:
    """An answered question after two days, what failed and what is known of its thread after thirty; no ready job."""
    room.put(key(1), key(2), key(3))
    room.here.finish(claimed(room.here))
    room.here.fail(claimed(room.here), "reason")
    room.here.note("D0BOX", "", lambda _: {"n": 1})
    marks = ("D0BOX", ""), ("C0PRACTICE", "1.000100"), ("C0PRACTICE", "2.000100"), ("C0PRACTICE", "3.000100")

    def left() -> list[object]:
        room.here.sweep()
        known = [room.here.mark_of(*mark) is not None for mark in marks]
        return [[room.here.count(state) for state in ("ready", "done", "failed")], known]

    seen = [left()]
    for seconds in (2 * DAY - 100, 200, 28 * DAY - 200, 200):
        room.pass_time(seconds)
        seen.append(left())

    assert [[1, 1, 1], [True] * 4] == seen[0] == seen[1]
    assert [[1, 0, 1], [True] * 4] == seen[2] == seen[3]
    assert [[1, 0, 0], [False, False, False]] == [seen[4][0], seen[4][1][:3]]  # type: ignore[index]
    assert [key(3)] == [job.key for job in claim_all(room.here)]


# threads


def test_what_is_noted_of_a_thread_is_kept(room: Room) -> None:
    """Facts that a change leaves out stay; in another thread nothing is noted; a direct message's box has its own."""
    room.put(key(1))
    before = room.here.mark_of("C0PRACTICE", "1.000100")

    room.here.note("C0PRACTICE", "1.000100", lambda _: {"a": 1, "b": "題"})
    room.spool().note("C0PRACTICE", "1.000100", lambda known: {"b": len(known)})
    room.here.note("D0BOX", "", lambda _: {"c": 3})

    assert {} == before
    assert {"a": 1, "b": 2} == room.spool().mark_of("C0PRACTICE", "1.000100")
    assert {"c": 3} == room.spool().mark_of("D0BOX", "")
    assert room.here.mark_of("C0PRACTICE", "2.000100") is None


def test_what_left_no_mark_gets_none_at_a_start(room: Room) -> None:
    """Neither a light job nor a limited one: nobody is answered in their threads."""
    spool = room.spool(light_kinds={"thanks"})
    spool.put(key(1), question(kind="thanks"))
    spool.put(key(2), question(kind="limited"))

    spool.begin()

    assert [None, None] == [spool.mark_of("C0PRACTICE", f"{ts}.000100") for ts in (1, 2)]


def test_facts_of_a_thread_in_use_do_not_grow_old(room: Room) -> None:
    """A question ends in it a month after they were noted."""
    room.put(key(1))
    room.here.note("C0PRACTICE", "1.000100", lambda _: {"a": 1})
    room.pass_time(29 * DAY)
    room.here.finish(claimed(room.here))
    room.pass_time(2 * DAY)
    room.here.sweep()

    assert {"a": 1} == room.here.mark_of("C0PRACTICE", "1.000100")
