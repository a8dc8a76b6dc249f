"""The clock jumps by an hour or a day, ahead or back: no question is lost, waits for ever, or is forgotten early.

The spool's clock and the times of its files are set by each test.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cocoai.app import sweep
from cocoai.engine.process.scoreboard import Scoreboard
from cocoai.engine.web.request import Request
from cocoai.errors import Refused
from cocoai.rehearsal.certificates import Certificates
from cocoai.rehearsal.openai.practice_openai import PracticeOpenAI
from cocoai.rehearsal.slack.practice_slack import SIGNING_SECRET, PracticeSlack
from cocoai.rehearsal.slack.slack_faults import SlackFault as Fault
from cocoai.slack.api.identity_cache import FRESH, IdentityCache
from cocoai.slack.inbound.events import SlackEventAnalyzer
from cocoai.slack.inbound.signature import MAX_AGE
from cocoai.slack.model.identity import Identity
from cocoai.spool.admin import RETENTION
from cocoai.spool.disk import Disk
from cocoai.spool.file_job import FileJob
from cocoai.spool.file_spool import FileSpool
from cocoai.spool.job import LONGEST_DELAY, Job, encode_line
from cocoai.spool.key import Key
from cocoai.webhook import EventsHandler
from tests.answer_harness import AnswerHarness
from tests.books import books
from tests.deployment import payload
from tests.job_runner import RecordingRunner

NOW = 1_763_822_100.0
HOUR, DAY = 3600.0, 86400.0
JUMPS = (-DAY, -HOUR, HOUR, DAY)
SLACK_REDELIVERS = DAY
"""Seconds for which Slack may redeliver an event."""

KEY = Key("C0PRACTICE", "1763822000.000100", "1763822000.000100")

jumps = pytest.mark.parametrize("jump", JUMPS, ids=["a day back", "an hour back", "an hour ahead", "a day ahead"])


class Clock:
    """The machine's clock, which stands still until it is set."""

    now = NOW

    def __call__(self) -> float:
        return self.now


class DatedDisk(Disk):
    """A disk whose files have their times from that clock."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def create(self, path: str) -> int:
        fd = super().create(path)
        os.utime(fd, (self._clock.now, self._clock.now))
        return fd

    def append(self, fd: int, data: bytes) -> None:
        super().append(fd, data)
        os.utime(fd, (self._clock.now, self._clock.now))

    def touch(self, path: str) -> bool:
        new = super().touch(path)
        os.utime(path, (self._clock.now, self._clock.now))
        return new


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def spool(tmp_path: Path, clock: Clock) -> FileSpool:
    made = FileSpool(str(tmp_path), clock=clock, disk=DatedDisk(clock))
    made.make_folders()
    return made


def claimed(spool: FileSpool) -> Job:
    """Claim the next job, which there must be."""
    job = spool.claim()
    assert job is not None
    return job


# no question waits for ever


@jumps
def test_a_question_put_before_a_jump_is_claimed_after_it(spool: FileSpool, clock: Clock, jump: float) -> None:
    """After a jump back it is claimed again and finished."""
    spool.put(KEY, {"text": "?"})
    clock.now += jump

    assert spool.is_due()
    job = claimed(spool)
    clock.now -= 2 * jump
    job.release()
    assert spool.is_due()
    spool.finish(claimed(spool))
    assert [KEY] == spool.keys("done")


@jumps
@pytest.mark.parametrize("delay", [5.0, 120.0, LONGEST_DELAY])
def test_a_retry_time_set_before_a_jump_comes(spool: FileSpool, clock: Clock, jump: float, delay: float) -> None:
    """The job is due at once, and by the new clock within the longest delay."""
    spool.put(KEY, {"text": "?"})
    job = claimed(spool)
    job.record("retry", retry_at=clock() + delay, free=False, sent=False)
    job.release()

    clock.now += jump
    due_at_once = spool.is_due()
    clock.now += LONGEST_DELAY

    assert due_at_once
    assert spool.is_due()
    assert 2 == claimed(spool).attempt


@given(delay=st.floats(0, LONGEST_DELAY), jump=st.floats(-400 * DAY, 400 * DAY))
def test_the_wait_for_a_retry_is_bounded_after_any_jump(
    tmp_path_factory: pytest.TempPathFactory, delay: float, jump: float
) -> None:
    """A small jump leaves the retry time believable; then the longest delay bounds it."""
    path = tmp_path_factory.getbasetemp() / "one-job"
    path.write_bytes(encode_line({"text": "?"}) + encode_line({"fact": "retry", "retry_at": NOW + delay}))
    clock = Clock()
    job = FileJob(KEY, str(path), disk=Disk(), clock=clock)
    job.read()
    job.release()

    clock.now = NOW + jump
    at_once = job.is_due()
    clock.now += LONGEST_DELAY + 0.001

    assert at_once or job.is_due()


def test_the_order_of_a_thread_is_that_of_slacks_ts(spool: FileSpool, clock: Clock) -> None:
    """Our clock jumps back a day between two questions, and the second still comes second."""
    second = KEY._replace(ts="1763822001.000100")
    spool.put(KEY, {"text": "first"})
    clock.now -= DAY
    spool.put(second, {"text": "second"})

    first = claimed(spool)

    assert KEY == first.key
    assert spool.claim() is None
    spool.finish(first)
    assert second == claimed(spool).key


# no known question is forgotten early


@jumps
@pytest.mark.parametrize("end", ["done", "failed"])
def test_an_ended_question_stays_known_as_long_as_slack_may_redeliver_it(
    spool: FileSpool, clock: Clock, jump: float, end: str
) -> None:
    """The clock jumps just after its end, and the spool is swept every hour for a day."""
    spool.put(KEY, {"text": "?"})
    job = claimed(spool)
    spool.finish(job) if end == "done" else spool.fail(job, "reason")
    clock.now += jump

    for _ in range(int(SLACK_REDELIVERS / HOUR)):
        clock.now += HOUR - 1
        spool.sweep()

    assert spool.put(KEY, {"text": "?"}) is False
    assert spool.mark_of(KEY.channel, KEY.thread_ts) is not None
    assert spool.claim() is None


@jumps
def test_a_question_that_waits_is_never_swept(spool: FileSpool, clock: Clock, jump: float) -> None:
    """ready/ has no retention time."""
    spool.put(KEY, {"text": "?"})
    for _ in range(40):
        clock.now += jump + DAY
        spool.sweep()

    assert KEY == claimed(spool).key


def test_an_ended_question_is_forgotten_in_the_end_after_a_jump_back(spool: FileSpool, clock: Clock) -> None:
    """It stays longer by the jump, and no longer: the disk does not fill up."""
    spool.put(KEY, {"text": "?"})
    spool.finish(claimed(spool))
    clock.now -= DAY
    early = spool.sweep()
    clock.now += RETENTION["done"] + DAY + 1

    assert (0, 1) == (early, spool.sweep())


def test_the_hourly_sweep_removes_unfinished_files_wherever_small_files_lie(spool: FileSpool, tmp_path: Path) -> None:
    """A process that is killed while it replaces one leaves its contents beside it, under its pid."""
    left = [tmp_path / "identity.json.1.new", tmp_path / "run" / "generation.1.new", tmp_path / "people" / "U1.1.new"]
    for path in left:
        path.parent.mkdir(exist_ok=True)
        path.touch()
        os.utime(path, (NOW, NOW))

    sweep(spool, books(tmp_path), str(tmp_path))

    assert [] == [path.name for path in left if path.exists()]


@pytest.mark.parametrize("moment", ["link", "unlink"])
def test_a_sweep_in_the_middle_of_a_put_loses_nothing(tmp_path: Path, moment: str) -> None:
    """tmp/ is swept while a worker writes: the question is not accepted, or it is known when it is redelivered."""
    clock = Clock()

    class SweptDisk(DatedDisk):
        """A disk that is swept, a day ahead, just before the step `moment`."""

        def link(self, source: str, target: str) -> None:
            self._sweep_at("link")
            super().link(source, target)

        def unlink(self, path: str) -> None:
            self._sweep_at("unlink")
            super().unlink(path)

        def _sweep_at(self, step: str) -> None:
            if moment == step and clock.now == NOW:
                clock.now += DAY
                FileSpool(str(tmp_path), clock=clock).sweep()

    spool = FileSpool(str(tmp_path), clock=clock, disk=SweptDisk(clock))
    spool.make_folders()
    try:
        accepted = spool.put(KEY, {"text": "?"})
    except OSError:
        accepted = False
    known = spool.keys("ready")

    is_new_again = spool.put(KEY, {"text": "?"})

    assert accepted is bool(known)
    assert is_new_again is not accepted
    assert [KEY] == spool.keys("ready")
    claimed(spool).release()


# from put to finish


class JumpingDesk(AnswerHarness):
    """An Answerer whose clock jumps by `jump` when it is read for the time number `at`."""

    at = 0
    jump = 0.0
    readings = 0

    def clock(self) -> float:
        self.readings += 1
        if self.readings == self.at:
            self.ahead += self.jump
        return super().clock()


@pytest.fixture
def slack(certificates: Certificates) -> Iterator[PracticeSlack]:
    with PracticeSlack(certificates) as slack:
        yield slack


@pytest.fixture
def make(tmp_path: Path, certificates: Certificates, slack: PracticeSlack) -> Iterator[Callable[..., JumpingDesk]]:
    """Return a function that makes an Answerer for one question; its clock jumps at that reading."""
    with PracticeOpenAI(certificates) as openai:

        def build(at: int, jump: float) -> JumpingDesk:
            desk = JumpingDesk(tmp_path / f"{at}", certificates, slack, openai)
            desk.at, desk.jump = at, jump
            return desk

        yield build


def run_to_the_end(desk: JumpingDesk) -> None:
    """Ask one question, with a failure of OpenAI and one of Slack, and run job processes until it has ended."""
    desk.openai.switches.answer = "\n\n".join(["text " * 150] * 6)
    desk.openai.fail("server error")
    desk.slack.fail("chat.update", Fault("broken"))
    desk.changes = {"update_interval": 60.0}
    desk.ask()
    for _ in range(5):
        while (job := desk.spool.claim()) is not None:
            desk.answerer().answer(job)
            job.release()
        desk.wait()


@pytest.mark.parametrize(
    "jump", [JUMPS[0], JUMPS[3], *(pytest.param(jump, marks=pytest.mark.long) for jump in JUMPS[1:3])]
)
def test_a_jump_at_any_reading_of_the_clock_changes_no_outcome(make: Callable[..., JumpingDesk], jump: float) -> None:
    """There is one answer in its parts, paid once, and its question stays known."""
    quiet = make(0, 0.0)
    run_to_the_end(quiet)
    readings = quiet.readings
    assert readings > 10

    for at in range(1, readings + 1):
        desk = make(at, jump)
        messages, calls = len(desk.slack.messages()), len(desk.openai.requests)
        run_to_the_end(desk)
        _, *replies = desk.slack.messages()[messages:]
        (key,) = desk.spool.keys("done")

        assert (0, 1, 0) == desk.ended(), at
        assert [("answer", 1), ("part", 2)] == [(payload(reply)["kind"], payload(reply)["n"]) for reply in replies], at
        assert 2 == len(desk.openai.requests) - calls, at  # the one that failed, and the one that is paid
        assert desk.spool.put(key, {"text": "?"}) is False, at


@jumps
def test_a_jump_does_not_count_as_a_day_without_slack(make: Callable[..., JumpingDesk], jump: float) -> None:
    """Slack is away for a quarter of an hour, in which the clock jumps, and the answer is delivered afterwards."""
    desk = make(0, 0.0)
    desk.openai.switches.answer = "Kept."
    question = desk.ask()
    desk.slack.fail("chat.update", Fault("broken"), times=100)
    for seconds in (0.0, jump, 0.0):
        desk.run()
        desk.wait()
        desk.ahead += seconds
    desk.slack.clear_faults()

    desk.run()

    assert "answer" == desk.reply(question)[0]
    assert 1 == len(desk.openai.requests)


# the webhook


US = Identity("T0PRACTICE", "U0COCOAI", "B0COCOAI")


class ClockedWebhook:
    """The webhook with the machine's clock; Slack's own clock does not jump."""

    def __init__(self, spool: FileSpool, slack: PracticeSlack, clock: Clock) -> None:
        analyzer = SlackEventAnalyzer(SIGNING_SECRET, who=lambda: US, mark_of=spool.mark_of)
        self._slack = slack
        self._handler = EventsHandler(analyzer, spool, RecordingRunner(spool), Scoreboard(None, slots=0), clock=clock)

    def deliver(self, at: float) -> int:
        """Post the event as Slack does at `at`, by its own clock. Return the status."""
        event = {"type": "message", "user": "U0ASKER01", "team": "T0PRACTICE", "channel": "C0PRACTICE"}
        event |= {"ts": KEY.ts, "channel_type": "channel", "text": "<@U0COCOAI> hello?"}
        body = json.dumps({"type": "event_callback", "team_id": "T0PRACTICE", "event": event}).encode()
        headers = {name.lower(): value for name, value in self._slack.signed(body, at=at).items()}
        try:
            return self._handler(Request("POST", "/slack/events", headers, body)).status
        except Refused as refused:
            return refused.status


@pytest.mark.parametrize("jump", [*JUMPS, -MAX_AGE - 1, MAX_AGE + 1])
def test_an_event_is_refused_after_a_large_jump_and_its_redelivery_is_kept(
    spool: FileSpool, slack: PracticeSlack, clock: Clock, jump: float
) -> None:
    """Beyond the signature's window no event is accepted, so none is lost; a redelivery is signed anew."""
    webhook = ClockedWebhook(spool, slack, clock)

    clock.now += jump
    while_wrong = webhook.deliver(NOW)
    kept = spool.keys("ready")
    clock.now = NOW + 60
    again = webhook.deliver(NOW + 60)

    assert (401, [], 200) == (while_wrong, kept, again)
    assert [KEY] == spool.keys("ready")


@pytest.mark.parametrize("jump", [-MAX_AGE, -60.0, 60.0, MAX_AGE])
def test_an_event_is_accepted_after_a_small_jump(
    spool: FileSpool, slack: PracticeSlack, clock: Clock, jump: float
) -> None:
    """The signature's window is five minutes, either way."""
    clock.now += jump

    assert 200 == ClockedWebhook(spool, slack, clock).deliver(NOW)


@jumps
def test_a_question_accepted_before_a_jump_is_a_duplicate_after_it(
    spool: FileSpool, slack: PracticeSlack, clock: Clock, jump: float
) -> None:
    """Its redelivery gets 200 and no job, once the clock is right again."""
    webhook = ClockedWebhook(spool, slack, clock)
    statuses = [webhook.deliver(NOW)]
    spool.finish(claimed(spool))
    clock.now += jump
    spool.sweep()
    clock.now = NOW + 300

    statuses.append(webhook.deliver(NOW + 300))

    assert [200, 200] == statuses
    assert spool.claim() is None


# our identity


@pytest.mark.parametrize(
    ("written", "stale"),
    [(0.0, False), (-FRESH + 60, False), (-FRESH - 60, True), (HOUR, False), (2 * FRESH, True), (365 * DAY, True)],
)
def test_an_identity_from_the_future_is_stale(tmp_path: Path, written: float, stale: bool) -> None:
    """It was written by a clock that has jumped since, so its time is not waited for."""
    path = str(tmp_path / "identity.json")
    ticks = iter([0.0, 2 * FRESH])  # the pool was started two days ago
    who = IdentityCache(path, lambda: US, "bound", ticks=lambda: next(ticks))
    who.refresh()
    at = time.time() + written
    os.utime(path, (at, at))

    assert stale is who.is_stale()


def test_a_refreshed_identity_is_fresh(tmp_path: Path) -> None:
    """Its file has a new time, so Slack is not asked again every minute."""
    path = str(tmp_path / "identity.json")
    IdentityCache(path, lambda: US, "bound").refresh()
    os.utime(path, (time.time() + 365 * DAY,) * 2)
    who = IdentityCache(path, lambda: US, "bound")

    who.refresh()

    assert who.is_stale() is False
