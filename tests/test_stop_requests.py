"""Requests to stop an answer that its process refuses: what they cost it, and that they hide no later one."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from cocoai.answer.stops import MOST_JUDGED, StopRequests
from cocoai.spool.file_spool import FileSpool
from cocoai.spool.key import Key

KEY = Key("C0PRACTICE", "1.000100", "1.000100")


class CountingSlack:
    """A Slack with an empty thread; it counts the calls, each of which keeps the answer waiting."""

    calls = 0

    def thread(self, *_: str) -> tuple[()]:
        self.calls += 1
        return ()

    def post_ephemeral(self, *_: str) -> None:
        self.calls += 1


@pytest.fixture
def spool(tmp_path: Path) -> FileSpool:
    made = FileSpool(str(tmp_path))
    made.make_folders()
    made.put(KEY, {"kind": "mention", "user": "U0ASKER", "text": "?"})
    return made


def attempt(spool: FileSpool) -> Any:
    """Claim the question, and return what an Attempt says of it."""
    question = SimpleNamespace(user="U0ASKER", channel=KEY.channel, thread_ts=KEY.thread_ts)
    texts = SimpleNamespace(only_participants="no")
    return SimpleNamespace(job=spool.claim(), question=question, texts=texts, reply_thread=KEY.thread_ts)


def requests(spool: FileSpool, slack: CountingSlack) -> StopRequests:
    return StopRequests(spool, cast(Any, SimpleNamespace(operators=())), cast(Any, slack), None)


def test_a_person_who_presses_on_is_looked_into_a_few_times(spool: FileSpool) -> None:
    """Thirty presses of somebody else do not keep the answer waiting; the asker's own stops it."""
    slack = CountingSlack()
    stops, running = requests(spool, slack), attempt(spool)
    for _ in range(30):
        spool.request_stop(KEY, "U0OUTSIDER")

    assert not stops.is_stopped(running)
    assert not stops.is_stopped(running)
    assert 2 * MOST_JUDGED == slack.calls
    spool.request_stop(KEY, "U0ASKER")
    assert stops.is_stopped(running)


def test_requests_before_the_operators_retry_hide_none_after_it(spool: FileSpool) -> None:
    """The same process answers the question once more, and the asker stops that."""
    stops, first = requests(spool, CountingSlack()), attempt(spool)
    spool.request_stop(KEY, "U0OUTSIDER")
    assert not stops.is_stopped(first)
    spool.fail(first.job, "gone")
    spool.retry(KEY)
    again = attempt(spool)

    spool.request_stop(KEY, "U0ASKER")

    assert stops.is_stopped(again)


def test_what_another_process_has_refused_is_not_refused_again(spool: FileSpool) -> None:
    """This process had the job in hand before, and has it again after that one."""
    first, other = CountingSlack(), CountingSlack()
    stops, stops_of_other = requests(spool, first), requests(spool, other)
    for looking in (stops, stops_of_other, stops):
        if looking is not stops or first.calls == 0:
            spool.request_stop(KEY, "U0OUTSIDER")
        running = attempt(spool)
        assert not looking.is_stopped(running)
        running.job.record("retry", retry_at=0.0, refused=list(looking.refused(running.job)))
        running.job.release()

    assert (2, 2) == (first.calls, other.calls)
