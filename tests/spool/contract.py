"""The contract of a spool, wherever its jobs lie, as far as one process after another sees it.

It runs in each of the rooms, and on a disk that is simulated for what a power cut leaves.
"""

from __future__ import annotations

import pytest

from tests.spool.rooms import Room, claimed, key
from tests.spool.rooms import end as end_as


class SpoolContract:
    """What a spool keeps to."""

    def test_a_new_question_is_accepted_once(self, room: Room) -> None:
        """The same key a second time is a duplicate, and leaves no temporary file."""
        first = room.here.put(key(1), {"text": "?"})
        second = room.here.put(key(1), {"text": "?"})

        assert (True, False) == (first, second)
        assert [key(1)] == room.here.keys("ready")
        assert 0 == room.here.count("tmp")

    @pytest.mark.parametrize("end", ["done", "failed"])
    def test_an_ended_question_stays_known(self, room: Room, end: str) -> None:
        """A redelivered question that was answered, or given up, is a duplicate."""
        room.put(key(1))
        job = claimed(room.here)
        end_as(room.here, job, end)

        assert room.here.put(key(1), {"text": "?"}) is False
        assert [key(1)] == room.here.keys(end)
        assert room.here.claim() is None

    def test_a_thread_is_marked_when_it_is_asked_in(self, room: Room) -> None:
        """A thread is known once a question in it was put, so that a worker need not ask Slack about a follow-up."""
        before = room.here.mark_of("C0PRACTICE", "1.000100") is not None
        room.put(key(2, thread=1))

        assert (False, True) == (before, room.here.mark_of("C0PRACTICE", "1.000100") is not None)

    def test_the_oldest_is_claimed_first(self, room: Room) -> None:
        """Across threads, the oldest question is claimed first, whatever order they were put in."""
        room.put(key(3), key(1), key(2))

        taken = [claimed(room.here) for _ in range(3)]

        assert [key(1), key(2), key(3)] == [job.key for job in taken]
        assert room.here.claim() is None

    def test_a_thread_is_answered_in_order_one_question_at_a_time(self, room: Room) -> None:
        """The second question of a thread waits for the first; other threads do not."""
        room.put(key(1), key(2, thread=1), key(3))

        first, elsewhere = claimed(room.here), claimed(room.here)
        nothing = room.here.claim()
        room.here.finish(first)
        second = claimed(room.here)

        assert [key(1), key(3)] == [first.key, elsewhere.key]
        assert nothing is None
        assert key(2, thread=1) == second.key

    def test_a_question_below_a_line_of_a_direct_message_waits_for_that_line(self, room: Room) -> None:
        """The line itself waits for those before it in the box; once it is answered, its thread is one of its own."""
        above, line, last = (key(ts, channel="D0DIRECT") for ts in (1, 2, 4))
        below = key(3, thread=2, channel="D0DIRECT")
        room.put(above, line, below, last)

        order = []
        for _ in range(2):
            job = claimed(room.here)
            assert room.here.claim() is None
            order.append(job.key)
            room.here.finish(job)
        at_once = [claimed(room.here).key, claimed(room.here).key]

        assert [above, line] == order
        assert [below, last] == at_once

    def test_a_claimed_job_is_not_claimed_again_until_it_is_released(self, room: Room) -> None:
        """The next process then reads what the first has recorded."""
        room.put(key(1))
        job = claimed(room.here)
        job.record("placeholder", ts="1.0")
        other = room.spool()

        while_held = other.claim()
        job.release()
        afterwards = other.claim()

        assert while_held is None
        assert afterwards is not None
        assert 2 == afterwards.attempt
        assert "1.0" == (afterwards.last("placeholder") or {})["ts"]

    def test_a_job_waits_for_its_time(self, room: Room) -> None:
        """Until `retry_at`, neither the job nor the jobs behind it in its thread are claimed."""
        room.put(key(1), key(2, thread=1))
        job = claimed(room.here)
        job.record("retry", retry_at=room.clock() + 30, free=False)
        job.release()

        due_now, claimed_now = room.here.is_due(), room.here.claim()
        room.pass_time(31)

        assert (False, None) == (due_now, claimed_now)
        assert room.here.is_due()
        assert key(1) == claimed(room.here).key

    def test_an_unreadable_job_goes_to_failed(self, room: Room, caplog: pytest.LogCaptureFixture) -> None:
        """It is not tried for ever, and does not hold up its thread. Only a damaged disk leaves such a job."""
        room.write(str(key(1)), tail=b"\0\0\0")
        room.put(key(2, thread=1))

        first_look = room.here.claim()

        assert first_look is None
        assert [key(1)] == room.here.keys("failed")
        assert "outcome=unreadable" in caplog.text
        assert key(2, thread=1) == claimed(room.here).key

    def test_strange_names_in_ready_are_left_alone(self, room: Room) -> None:
        """A file whose name is no key is not claimed."""
        room.write("core.1234", {})

        assert room.here.claim() is None

    def test_jobs_without_a_fact_are_seen_out_of_turn_and_without_an_attempt(self, room: Room) -> None:
        """A question behind another of its thread gets its placeholder, too, and that is no attempt to answer it."""
        room.put(key(1), key(2, thread=1), key(3))

        seen = []
        for job in room.here.each_without("placeholder"):
            job.record("placeholder", ts="1.0")
            seen.append(job.key)

        assert [key(1), key(2, thread=1), key(3)] == seen
        assert room.here.any_without("placeholder") is False
        job = claimed(room.here)
        assert 1 == job.attempt
        assert ["visit", "placeholder", "attempt"] == [fact["fact"] for fact in job.lines[1:]]

    def test_a_claimed_job_is_not_seen_out_of_turn(self, room: Room) -> None:
        """Its own process posts the placeholder."""
        room.put(key(1))
        assert claimed(room.here)

        assert [] == list(room.here.each_without("placeholder"))

    def test_a_look_leaves_the_job_unlocked(self, room: Room) -> None:
        """A job that `is_claimable` has found can be claimed."""
        room.put(key(1))

        assert room.here.is_claimable()
        assert room.here.any_without("placeholder")
        assert claimed(room.here).attempt == 1

    def test_a_failed_job_can_be_retried(self, room: Room) -> None:
        """Its attempts are counted from 1 again; a job that has not failed cannot be retried."""
        room.put(key(1))
        room.here.fail(claimed(room.here), "reason")

        room.here.retry(key(1))

        job = claimed(room.here)
        assert (1, []) == (job.attempt, room.here.keys("failed"))
        with pytest.raises(FileNotFoundError):
            room.here.retry(key(2))

    def test_a_waiting_job_can_be_asked_to_stop(self, room: Room) -> None:
        """Every process sees the request, whether the job is claimed or not, and the job stays where it is."""
        room.put(key(1), key(2))

        before = room.here.stop_requesters(key(1))
        asked = room.spool().request_stop(key(1), "U0ASKER01")
        job = claimed(room.here)
        again = room.spool().request_stop(key(1), "U0ASKER01")
        room.pass_time(2)  # a process may look once a second

        assert ((), True, True) == (before, asked, again)
        assert (key(1), 1) == (job.key, job.attempt)
        assert room.here.stop_requesters(key(1))
        assert not room.here.stop_requesters(key(2))

    @pytest.mark.parametrize("end", ["done", "failed"])
    def test_an_ended_job_is_not_asked_to_stop(self, room: Room, end: str) -> None:
        """Nor is an unknown job; and the end of a job removes the request for it."""
        room.put(key(1))
        room.here.request_stop(key(1), "U0ASKER01")
        job = claimed(room.here)
        end_as(room.here, job, end)

        assert not room.here.stop_requesters(key(1))
        assert [False, False] == [room.here.request_stop(each, "U0ASKER01") for each in (key(1), key(2))]
        assert 0 == room.here.count("stop")

    def test_a_stop_request_survives_a_delayed_job(self, room: Room) -> None:
        """The request outlives the process that had claimed the job."""
        room.put(key(1))
        job = claimed(room.here)
        room.here.request_stop(key(1), "U0ASKER01")
        job.record("retry", retry_at=room.clock() + 30, free=False)
        job.release()

        assert room.here.stop_requesters(key(1))

    @pytest.mark.parametrize("end", ["done", "failed"])
    def test_an_ended_job_can_be_annotated(self, room: Room, end: str) -> None:
        """It stays where it is; a waiting or unknown job cannot be annotated."""
        room.put(key(1), key(2))
        job = claimed(room.here)
        end_as(room.here, job, end)

        noted = [room.here.annotate(each, "opinion", opinion="up") for each in (key(1), key(2), key(3))]

        assert [True, False, False] == noted
        assert ("opinion", "up") == tuple(room.here.peek(end, key(1))[-1][name] for name in ("fact", "opinion"))
