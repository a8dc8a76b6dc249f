"""Job processes and the placeholder process: real forks and real locks; the work itself leaves traces in a file."""

from __future__ import annotations

import errno
import math
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from cocoai.engine.process import locks
from cocoai.engine.process.scoreboard import Scoreboard
from cocoai.engine.process.scoreboard_snapshot import Process, Snapshot, read_snapshot
from cocoai.engine.process.wakeup import WakeupPipe
from cocoai.spool import job_process
from cocoai.spool.file_spool import FileSpool
from cocoai.spool.generation import Generation
from cocoai.spool.job import Job
from cocoai.spool.key import Key
from cocoai.spool.runner import PeriodicTask, Runner
from tests.engine.conftest import is_alive
from tests.processes import PATIENCE, is_held, wait_until


def key(ts: int, thread: int | None = None) -> Key:
    """Return the key of the message at second `ts`, in the thread that `thread` opens (else its own)."""
    return Key("C0PRACTICE", f"{ts if thread is None else thread}.000100", f"{ts}.000100")


class JobSetup:
    """A spool with its runner, and a trace of what the runner's processes did."""

    pause = 0.05
    """Seconds for which a channel is limited each time."""

    def __init__(self, folder: Path, *, slots: int = 2, limit: float = PATIENCE, linger: float = 0.0) -> None:
        self._on_child = signal.getsignal(signal.SIGCHLD)  # the runner sets it when it forks
        self.folder = folder
        self.spool = FileSpool(str(folder), light_kinds={"click"})
        self.spool.make_folders()
        self.generation = Generation(str(folder / "generation"))
        self.slots = slots
        self.tasks: list[PeriodicTask] = []
        self.scoreboard = Scoreboard(str(folder / "scoreboard"), slots=slots)
        self.scoreboard.begin(1, 1)
        self.runner = Runner(
            self.spool,
            folder=str(folder / "locks"),
            slots=slots,
            generation=self.generation,
            connect=self.connect,
            tasks=self.tasks,
            limit=limit,
            scoreboard=self.scoreboard,
            linger=linger,
        )
        self.runner.begin()

    def trace(self, word: str) -> None:
        """Append the word and this process's pid to the trace."""
        with open(self.folder / "trace", "a", encoding="ascii") as file:
            file.write(f"{word} {os.getpid()}\n")

    def traced(self, word: str) -> list[str]:
        """Return the pids that left this word, in order."""
        path = self.folder / "trace"
        lines = path.read_text().splitlines() if path.exists() else []
        return [line.split()[1] for line in lines if line.split()[0] == word]

    def connect(self, wakeup: WakeupPipe) -> JobSetup:
        """Begin as each forked process does; the error must reach no row of the scoreboard."""
        self.wakeup = wakeup
        self.trace("start")
        self.scoreboard.own_row.record_error("nobody's")
        return self

    def answer(self, job: Job) -> None:
        """Answer once no `answers` are held; hang at the first attempt at a question `hang`."""
        self.trace(f"answering-{job.question['text']}")
        if job.question["text"] == "put-off":
            job.record("retry", retry_at=time.time() + 0.05, free=True)
            self.trace("putting-off")
            return
        if job.question["text"] == "stoppable":
            self.answer_until_stopped(job)
            return
        if job.question["text"] == "puts":
            assert self.spool.put(key(99), {"kind": "mention", "text": "q"})
        while self.is_held_back("answers") or (job.question["text"] == "hang" and job.attempt == 1):
            time.sleep(0.005)
        self.trace("answered")
        self.spool.finish(job)

    def answer_until_stopped(self, job: Job) -> None:
        """Wait as for the model's next word, looking for a stop request only when a signal comes."""
        while not self.spool.stop_requesters(job.key):
            select.select([self.wakeup.fd], [], [])
            self.wakeup.drain()
        self.trace("stopped")
        self.spool.finish(job)

    def rest(self) -> None:
        """Note that this process begins to linger."""
        self.trace("rest")

    def post_placeholder(self, job: Job) -> float:
        """Record a placeholder once those of this text are not held; a channel that is held is limited for `pause`."""
        text = job.question["text"]
        self.trace(f"posting-{text}")
        if self.is_held_back(f"channel-{job.key.channel}"):
            return self.pause
        while self.is_held_back(f"placeholder-{text}"):
            time.sleep(0.005)
        job.record("placeholder", ts="1.0")
        self.trace(f"placeholder-{text}")
        return 0.0

    def put(self, ts: int, text: str = "q", thread: int | None = None, *, kind: str = "mention") -> None:
        """Put a question, or a job of another kind, and wake the runner, as a worker does."""
        assert self.spool.put(key(ts, thread), {"kind": kind, "text": text})
        self.runner.wake()

    def snapshot(self) -> Snapshot:
        """Return what the scoreboard shows now."""
        return read_snapshot(str(self.folder / "scoreboard"), slots=self.slots)

    def shown(self, kind: str) -> list[Process]:
        """Return the processes of this kind on the scoreboard."""
        return [process for process in self.snapshot().processes if process.kind == kind]

    def hold(self, what: str = "answers") -> None:
        """Make every process wait at this step until `let_go`."""
        (self.folder / f"hold-{what}").touch()

    def let_go(self, what: str = "answers") -> None:
        """Let processes go on from this step."""
        (self.folder / f"hold-{what}").unlink(missing_ok=True)

    def is_held_back(self, what: str) -> bool:
        """Check whether processes wait at this step."""
        return (self.folder / f"hold-{what}").exists()

    def locked(self) -> list[str]:
        """Return the names of the lock files that some process holds."""
        names = [f"slot-{n}" for n in range(10)] + ["placeholder.lock", "linger.lock"]
        paths = [self.folder / "locks" / name for name in names]
        return [path.name for path in paths if path.exists() and is_held(path)]

    def is_at_rest(self) -> bool:
        """Check whether no process works."""
        return self.locked() == []

    def are_done(self, *keys: Key) -> bool:
        """Check whether exactly these questions are answered."""
        return self.spool.keys("done") == list(keys)

    def wait_for(self, word: str) -> None:
        """Wait until a process has left this word in the trace."""
        wait_until(partial(self.traced, word))

    def wait_until_done(self, *keys: Key) -> None:
        """Wait until exactly these questions are answered."""
        wait_until(partial(self.are_done, *keys))

    def wait_until_number_done(self, number: int) -> None:
        """Wait until so many questions are answered."""
        wait_until(lambda: len(self.spool.keys("done")) == number)

    def wait_until_in_hand(self, *keys: Key) -> None:
        """Wait until the scoreboard shows exactly these questions in hand."""
        wait_until(lambda: {str(key) for key in keys} == self.scoreboard.in_hand())

    def attempts(self, state: str, key: Key) -> int:
        """Return how many attempts are recorded in a job."""
        return sum(1 for line in self.spool.peek(state, key) if line.get("fact") == "attempt")

    def close(self) -> None:
        """End the generation, wait until no process works, and set the signal handler back."""
        for held in self.folder.glob("hold-*"):
            held.unlink()
        self.runner.end()
        wait_until(self.is_at_rest)
        signal.signal(signal.SIGCHLD, self._on_child)


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Callable[..., JobSetup]]:
    """Return a function that makes a setup in one and the same folder; the last is closed first after the test."""
    made: list[JobSetup] = []

    def build(**settings: float) -> JobSetup:
        made.append(JobSetup(tmp_path, **settings))  # type: ignore[arg-type]
        return made[-1]

    yield build
    for setup in reversed(made):
        setup.close()


def test_a_question_is_answered_by_a_forked_process(make: Callable[..., JobSetup]) -> None:
    """wake() forks one process and returns at once."""
    setup = make()

    setup.put(1)
    setup.wait_until_done(key(1))

    assert [str(os.getpid())] != setup.traced("answered")
    assert setup.traced("answered") == setup.traced("start")


def test_never_more_answers_at_once_than_slots(make: Callable[..., JobSetup]) -> None:
    """The other questions get placeholders from one placeholder process, and answers as slots become free."""
    setup = make(slots=2)
    setup.hold()

    for ts in range(1, 11):
        setup.put(ts)
    # Eight, or more: a question whose process is being forked may get its placeholder before it is claimed.
    wait_until(lambda: len(setup.traced("placeholder-q")) >= 8 and len(setup.traced("answering-q")) == 2)

    assert ["slot-0", "slot-1"] == [name for name in setup.locked() if name != "placeholder.lock"]
    assert len(setup.traced("answering-q")) == 2
    setup.let_go()
    setup.wait_until_number_done(10)
    assert len(setup.traced("answered")) == 10


def test_a_job_that_finds_every_slot_taken_is_counted(make: Callable[..., JobSetup]) -> None:
    """In the row of the worker that put it, once; one that finds a slot is not."""
    setup = make(slots=1)
    setup.hold()
    setup.scoreboard.take_row(setup.scoreboard.worker_row(()))

    for ts in (1, 2, 3):
        setup.put(ts)
        wait_until(lambda: setup.traced("answering-q"))

    assert 2 == setup.snapshot().no_slot
    setup.let_go()
    setup.wait_until_number_done(3)


def test_a_question_behind_another_of_its_thread_gets_a_placeholder(make: Callable[..., JobSetup]) -> None:
    """It waits for the older question though a slot is free, but its placeholder is posted at once."""
    setup = make(slots=4)
    setup.hold()
    setup.put(1, "first")
    setup.wait_for("answering-first")

    setup.put(2, "second", thread=1)
    setup.wait_for("placeholder-second")

    assert [] == setup.traced("answering-second")
    setup.let_go()
    setup.wait_until_done(key(1), key(2, thread=1))


def test_a_limited_channel_delays_no_other(make: Callable[..., JobSetup]) -> None:
    """A question in another channel gets its placeholder while one channel takes no message, and that one after it."""
    setup = make(slots=1)
    setup.hold()
    setup.put(1)
    setup.wait_until_in_hand(key(1))
    setup.hold("channel-C0PRACTICE")
    setup.put(2, "limited")
    setup.wait_for("posting-limited")

    assert setup.spool.put(Key("C0QUIET", "3.000100", "3.000100"), {"text": "quiet"})
    setup.runner.wake()
    setup.wait_for("placeholder-quiet")

    assert [] == setup.traced("placeholder-limited")
    setup.let_go("channel-C0PRACTICE")
    setup.wait_for("placeholder-limited")
    assert (
        setup.traced("posting-limited")[:1] == setup.traced("placeholder-quiet") == setup.traced("placeholder-limited")
    )


def test_a_channel_that_is_waited_for_delays_no_question_behind_another(
    make: Callable[..., JobSetup], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A slot is free when it is put, but it must wait for its thread: the placeholder process is told to look."""
    monkeypatch.setattr(job_process, "LONGEST_WAIT", 3 * PATIENCE)
    setup = make(slots=3)
    setup.pause = 3 * PATIENCE
    setup.hold()
    setup.hold("channel-C0PRACTICE")
    setup.put(1)
    setup.wait_until_in_hand(key(1))
    setup.put(2, "limited", thread=1)
    setup.wait_for("posting-limited")
    quiet = [Key("C0QUIET", "3.000100", f"{ts}.000100") for ts in (3, 4)]
    assert setup.spool.put(quiet[0], {"text": "in-hand"})
    setup.runner.wake()
    setup.wait_until_in_hand(key(1), quiet[0])

    assert setup.spool.put(quiet[1], {"text": "quiet"})
    setup.runner.wake()
    setup.wait_for("placeholder-quiet")

    (pid,) = setup.traced("placeholder-quiet")
    assert {pid} == set(setup.traced("posting-limited"))
    os.kill(int(pid), signal.SIGTERM)  # or it would wait until the channel's pause is over


def test_a_light_job_needs_no_slot(make: Callable[..., JobSetup]) -> None:
    """With every slot taken and questions waiting, it is done by the placeholder process, as an attempt."""
    setup = make(slots=1)
    setup.hold()
    setup.put(1)
    setup.wait_until_in_hand(key(1))
    setup.put(2, "waiting")
    setup.wait_for("placeholder-waiting")
    light = key(3)

    setup.put(3, "click", kind="click")
    setup.wait_for("answering-click")

    assert [] == setup.traced("answering-waiting")
    assert 1 == setup.attempts("ready", light)


def test_a_light_job_that_is_put_off_is_done_when_it_is_due(make: Callable[..., JobSetup]) -> None:
    """The placeholder process waits for it, so that nobody waits for the master's tick."""
    setup = make(slots=1)
    setup.hold()
    setup.put(1)
    setup.wait_until_in_hand(key(1))

    setup.put(2, "put-off", kind="click")
    setup.wait_for("putting-off")
    wait_until(lambda: len(setup.traced("answering-put-off")) >= 3)

    assert 1 == len(set(setup.traced("answering-put-off")))


def test_after_term_a_process_finishes_the_job_in_hand_and_takes_no_more(make: Callable[..., JobSetup]) -> None:
    """A service manager sends TERM to every process: what is being answered is paid, and must not be lost."""
    setup = make(slots=1)
    setup.hold()
    setup.put(1)
    setup.wait_for("answering-q")
    setup.put(2, "second")
    setup.wait_for("placeholder-second")
    (pid,) = setup.traced("answering-q")

    os.kill(int(pid), signal.SIGTERM)
    setup.let_go()
    setup.wait_until_done(key(1))
    wait_until(setup.is_at_rest)

    # The process that posted the placeholder may fork another one that answers it, where it has seen the free slot.
    assert pid not in setup.traced("answering-second")
    assert 1 == setup.attempts("done", key(1))


def test_a_job_process_is_forked_after_each_placeholder(make: Callable[..., JobSetup]) -> None:
    """A slot became free while the placeholder process held the only claimable question: it is answered at once.

    The placeholder process still has others to post; the question must not wait for its end.
    """
    setup = make(slots=1)
    for text in ("first", "second"):
        setup.hold(f"placeholder-{text}")
    slot = locks.take(str(setup.folder / "locks" / "slot-0"))
    assert slot is not None
    setup.put(1, "first")
    setup.put(2, "second")
    setup.wait_for("posting-first")
    slot.release()

    setup.let_go("placeholder-first")
    wait_until(lambda: key(1) in setup.spool.keys("done"))

    assert [] == setup.traced("placeholder-second")


def test_after_a_restart_every_slot_is_used(make: Callable[..., JobSetup]) -> None:
    """No worker wakes the runner for the questions that wait, and the master forks one process: that forks the next."""
    setup = make(slots=2)
    setup.hold()
    for ts in (1, 2, 3):
        assert setup.spool.put(key(ts), {"text": "q"})

    setup.runner.attend()

    setup.wait_until_in_hand(key(1), key(2))


def test_a_placeholder_process_leaves_with_its_generation(make: Callable[..., JobSetup]) -> None:
    """It ends with the placeholder in hand, and posts no other one with old code."""
    setup = make(slots=1)
    setup.hold()
    setup.put(1)
    setup.wait_until_in_hand(key(1))
    setup.hold("placeholder-first")
    assert setup.spool.put(key(2), {"text": "first"})
    assert setup.spool.put(key(3), {"text": "second"})
    setup.runner.wake()
    setup.wait_for("posting-first")

    setup.runner.end()
    setup.let_go("placeholder-first")
    wait_until(lambda: "placeholder.lock" not in setup.locked())

    assert 1 == len(setup.traced("placeholder-first"))
    assert [] == setup.traced("posting-second")


def test_no_wake_up_is_lost(make: Callable[..., JobSetup], monkeypatch: pytest.MonkeyPatch) -> None:
    """However arrivals and ends coincide, every question is answered without the master's tick."""
    # A process at its limit leaves the rest to the tick, and there is none here.
    monkeypatch.setattr(job_process, "MOST_QUESTIONS", 1000)
    setup = make(slots=2)

    for ts in range(1, 151):
        setup.put(ts, thread=ts % 7)
        time.sleep(0.001 * (ts % 4))
    setup.wait_until_number_done(150)

    assert len(setup.traced("answered")) == 150


def test_a_hung_job_ends_by_its_own_timer(make: Callable[..., JobSetup]) -> None:
    """Its question is answered after the master's next look."""
    hanging = make(slots=1, limit=0.3)
    hanging.put(1, "hang")
    wait_until(lambda: hanging.attempts("ready", key(1)) == 1)
    wait_until(hanging.is_at_rest)

    # The second attempt may take its time: a busy machine is slower than that limit.
    setup = make(slots=1)
    assert setup.runner.is_due()
    setup.runner.attend()
    setup.wait_until_done(key(1))

    assert 2 == setup.attempts("done", key(1))


def test_the_scoreboard_shows_the_processes_that_hold_a_lock(make: Callable[..., JobSetup]) -> None:
    """Each is shown with its question, in its slot's row, until the lock is free."""
    setup = make(slots=2)
    setup.hold()
    for ts in range(1, 4):
        setup.put(ts)
    wait_until(lambda: len(setup.traced("answering-q")) == 2 and len(setup.traced("placeholder-q")) >= 1)

    shown = {(each.number, each.key, each.pid) for each in setup.shown("job")}

    assert {0, 1} == {number for number, _, _ in shown}
    assert 2 == len({name for _, name, _ in shown} & {str(key(ts)) for ts in range(1, 4)})
    assert set(map(int, setup.traced("answering-q"))) == {pid for _, _, pid in shown}
    assert {"busy"} == {each.state for each in setup.shown("job")}
    assert {pid for _, _, pid in shown} <= set(setup.scoreboard.job_pids())
    setup.let_go()
    wait_until(setup.is_at_rest)
    assert () == setup.snapshot().processes


def test_a_job_process_leaves_the_row_of_its_worker_alone(make: Callable[..., JobSetup]) -> None:
    """It is forked with the worker's row in its memory, and what it does must not be counted as the worker's."""
    setup = make()
    setup.scoreboard.take_row(setup.scoreboard.worker_row(()))
    setup.scoreboard.own_row.wait()
    setup.put(1)
    setup.wait_until_done(key(1))
    wait_until(setup.is_at_rest)

    (worker,) = setup.shown("worker")

    assert () == setup.snapshot().last_errors
    assert (os.getpid(), "idle", 0) == (worker.pid, worker.state, worker.requests)


def test_a_question_in_hand_is_stopped_at_once(make: Callable[..., JobSetup]) -> None:
    """A signal makes its process look for the stop request; the other question goes on."""
    setup = make(slots=2)
    setup.hold()
    setup.put(1, "stoppable")
    setup.put(2)
    setup.wait_until_in_hand(key(1), key(2))

    is_in_time = setup.runner.stop(str(key(1)), "U0ASKER01")
    setup.wait_until_in_hand(key(2))

    assert is_in_time
    assert setup.are_done(key(1))
    assert setup.traced("stopped") == setup.traced("answering-stoppable")


def test_a_question_that_waits_can_be_stopped(make: Callable[..., JobSetup]) -> None:
    """It waits behind another of its thread; the stop request is there when its turn comes."""
    setup = make(slots=2)
    setup.hold()
    setup.put(1)
    setup.wait_until_in_hand(key(1))
    setup.put(2, "stoppable", thread=1)

    is_in_time = setup.runner.stop(str(key(2, thread=1)), "U0ASKER01")
    setup.let_go()
    setup.wait_until_number_done(2)

    assert is_in_time
    assert 1 == len(setup.traced("stopped"))


def test_a_question_that_has_ended_cannot_be_stopped(make: Callable[..., JobSetup]) -> None:
    """Neither can one that never was."""
    setup = make()
    setup.put(1)
    setup.wait_until_done(key(1))

    assert not setup.runner.stop(str(key(1)), "U0ASKER01")
    assert not setup.runner.stop(str(key(9)), "U0ASKER01")
    with pytest.raises(ValueError, match="not a job's key"):
        setup.runner.stop("../../etc/passwd", "U0ASKER01")


def test_a_stop_request_outlives_a_killed_process(make: Callable[..., JobSetup]) -> None:
    """No process is signalled, whichever has that pid now; the next one that claims the question finds the request."""
    setup = make(slots=1)
    setup.hold()
    setup.put(1, "stoppable")
    setup.wait_until_in_hand(key(1))
    kill_the_answerer_of(setup, "stoppable")

    is_in_time = setup.runner.stop(str(key(1)), "U0ASKER01")
    setup.runner.attend()
    setup.wait_until_done(key(1))

    assert is_in_time
    assert 1 == len(setup.traced("stopped"))


def kill_the_answerer_of(setup: JobSetup, text: str) -> None:
    """Kill the process that answers this question, once it has left its trace, and wait until its locks are free."""
    setup.wait_for(f"answering-{text}")
    os.kill(int(setup.traced(f"answering-{text}")[0]), signal.SIGKILL)
    wait_until(setup.is_at_rest)


def test_a_killed_job_process_is_not_shown(make: Callable[..., JobSetup]) -> None:
    """What it wrote still stands in its row, but its pid and start time belong to no living process."""
    setup = make(slots=1)
    setup.hold()
    setup.put(1)
    wait_until(lambda: [each.key for each in setup.shown("job")] == [str(key(1))])

    kill_the_answerer_of(setup, "q")

    assert [] == setup.shown("job")
    assert [] == setup.scoreboard.job_pids()


def test_a_killed_job_process_frees_slot_and_claim(make: Callable[..., JobSetup]) -> None:
    """After kill -9 in the middle of an answer the master's next look finds the question free."""
    setup = make(slots=1)
    setup.hold()
    setup.put(1)

    kill_the_answerer_of(setup, "q")
    setup.let_go()
    setup.runner.attend()

    setup.wait_until_done(key(1))


def test_the_tick_forks_no_process_for_a_question_in_hand(make: Callable[..., JobSetup]) -> None:
    """A process that only finds it claimed would cost CPU at each tick; once its process is killed, one is due."""
    setup = make(slots=2)
    setup.hold()
    setup.put(1)
    setup.wait_until_in_hand(key(1))
    while_answered = setup.runner.is_due()
    assert setup.spool.put(key(2, thread=1), {"text": "behind"})
    without_placeholder = setup.runner.is_due()
    setup.runner.attend()
    setup.wait_for("placeholder-behind")
    with_placeholder = setup.runner.is_due()
    # In its last look it would go on with the question whose process is killed.
    wait_until(lambda: not is_alive(int(setup.traced("placeholder-behind")[0])))

    kill_the_answerer_of(setup, "q")

    assert (False, True, False) == (while_answered, without_placeholder, with_placeholder)
    assert setup.runner.is_due()


def test_the_tick_comes_when_a_job_is_to_be_tried_again(make: Callable[..., JobSetup]) -> None:
    """The asker was told the seconds: the next tick may be later."""
    setup = make(slots=1)
    assert setup.spool.put(key(1), {"text": "q"})
    assert 0.0 == setup.runner.seconds_to_due()
    job = setup.spool.claim()
    assert job is not None
    job.record("retry", retry_at=time.time() + 3, why="busy", free=False, sent=False)
    job.release()

    seconds = setup.runner.seconds_to_due()

    assert 2 < seconds <= 3


def test_nothing_that_waits_makes_the_tick_come_sooner(make: Callable[..., JobSetup]) -> None:
    """Without a job the next tick comes in its own time."""
    assert math.inf == make().runner.seconds_to_due()


def test_a_new_generation_lets_the_question_in_hand_end_and_no_more(make: Callable[..., JobSetup]) -> None:
    """Old code takes up no new work: the second question is answered by the next generation."""
    setup = make(slots=1)
    setup.hold()
    setup.put(1)
    setup.wait_for("answering-q")
    setup.put(2)
    setup.wait_for("placeholder-q")

    setup.runner.end()
    setup.let_go()
    wait_until(setup.is_at_rest)

    assert [key(2)] == setup.spool.keys("ready")
    setup.runner.begin()
    setup.runner.attend()
    setup.wait_until_number_done(2)


def test_a_full_disk_at_the_start_does_not_stop_the_work(
    make: Callable[..., JobSetup], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The master before had ended meanwhile, and raised the generation; this one cannot, and its processes work."""
    setup = make()
    setup.generation.increment()

    def refuse() -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as full:
        full.setattr(setup.generation, "increment", refuse)
        setup.runner.begin()
    setup.put(1)

    wait_until(lambda: setup.traced("answered"))


def test_a_process_answers_a_bounded_number_of_questions(
    make: Callable[..., JobSetup], monkeypatch: pytest.MonkeyPatch
) -> None:
    """After its limit a fresh process, forked from clean memory, goes on."""
    monkeypatch.setattr(job_process, "MOST_QUESTIONS", 3)
    setup = make(slots=1)
    setup.hold()
    for ts in range(1, 6):
        setup.put(ts)
    wait_until(lambda: len(setup.traced("placeholder-q")) >= 4)
    setup.let_go()
    setup.wait_until_number_done(3)
    wait_until(setup.is_at_rest)

    setup.runner.attend()
    setup.wait_until_number_done(5)

    assert len(set(setup.traced("answered"))) == 2


def test_what_a_light_job_puts_waits_for_nobody(make: Callable[..., JobSetup], monkeypatch: pytest.MonkeyPatch) -> None:
    """No worker wakes a process for it: the one that has put it goes on, as a light job is none of its questions."""
    monkeypatch.setattr(job_process, "MOST_QUESTIONS", 1)
    setup = make(slots=1)

    setup.put(1, "puts", kind="click")
    setup.wait_until_number_done(2)

    assert 1 == len(set(setup.traced("answered")))


def test_periodic_tasks_run_in_a_forked_process(make: Callable[..., JobSetup]) -> None:
    """They run neither in the master nor on its row, not before their time, and not while they are not wanted."""
    setup = make()
    setup.tasks.append(PeriodicTask(partial(setup.trace, "task"), every=3600))
    setup.tasks.append(PeriodicTask(partial(setup.trace, "unwanted"), every=0, is_wanted=lambda: False))

    assert setup.runner.is_due()
    setup.runner.attend()
    setup.wait_for("task")

    assert setup.runner.is_due() is False
    assert [] == setup.traced("unwanted")
    assert str(os.getpid()) not in setup.traced("task")
    assert () == setup.snapshot().last_errors


def test_a_job_process_outlives_the_worker_that_forked_it(tmp_path: Path) -> None:
    """A question is answered though the worker is killed right after it has woken the runner."""
    script = tmp_path / "worker.py"
    script.write_text(
        "import os, signal, sys; from pathlib import Path; sys.path.insert(0, sys.argv[2]);"
        "from tests.spool.test_runner import JobSetup; setup = JobSetup(Path(sys.argv[1])); setup.put(1);"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    root = str(Path(__file__).parents[2])

    ended = subprocess.run([sys.executable, str(script), str(tmp_path / "var"), root], check=False, timeout=PATIENCE)
    spool = FileSpool(str(tmp_path / "var"))

    assert ended.returncode == -signal.SIGKILL
    wait_until(lambda: spool.keys("done") == [key(1)])
