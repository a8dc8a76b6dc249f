"""Job processes and the usher: real forks, real locks; answering and welcoming leave their trace in the jobs."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cocoai.engine.process.scoreboard import Scoreboard
from cocoai.engine.process.scoreboard_snapshot import Process, read_snapshot
from cocoai.engine.process.wakeup import WakeupPipe
from cocoai.spool import runner as jobs_module
from cocoai.spool.generation import Generation
from cocoai.spool.job import Job
from cocoai.spool.key import Key
from cocoai.spool.runner import PeriodicTask, Runner
from cocoai.spool.spool import Spool
from tests.processes import PATIENCE, is_held, wait_until


def key(ts: int, thread: int | None = None) -> Key:
    """The key of the message at second `ts`, in the thread that `thread` opens (else its own)."""
    return Key("C0PRACTICE", f"{ts if thread is None else thread}.000100", f"{ts}.000100")


class House:
    """A spool with its jobs, and what their processes did."""

    def __init__(self, folder: Path, *, slots: int = 2, limit: float = PATIENCE) -> None:
        self.folder = folder
        self.spool = Spool(str(folder))
        self.spool.make_folders()
        self.generation = Generation(str(folder / "generation"))
        self.slots = slots
        self.ran: list[PeriodicTask] = []
        self.board = Scoreboard(str(folder / "scoreboard"), slots=slots)
        self.board.begin(1, 1)
        self.jobs = Runner(
            self.spool,
            folder=str(folder / "locks"),
            slots=slots,
            generation=self.generation,
            connect=self.connect,
            errands=self.ran,
            limit=limit,
            board=self.board,
        )
        self.jobs.begin()

    def trace(self, word: str) -> None:
        with open(self.folder / "trace", "a", encoding="ascii") as file:
            file.write(f"{word} {os.getpid()}\n")

    def traced(self, word: str) -> list[str]:
        """The pids that left this word, in order."""
        path = self.folder / "trace"
        lines = path.read_text().splitlines() if path.exists() else []
        return [line.split()[1] for line in lines if line.split()[0] == word]

    def connect(self) -> House:
        """Make what a job process needs of its own."""
        self.bell = WakeupPipe()
        self.bell.install()
        self.trace("start")
        self.board.own_row.record_error("nobody's")
        return self

    def answer(self, job: Job) -> None:
        """Answer once the file `hold` is gone; a question `hang` never."""
        self.trace(f"answering-{job.question['text']}")
        if job.question["text"] == "stoppable":
            self.answer_until_stopped(job)
            return
        while (self.folder / "hold").exists() or (job.question["text"] == "hang" and job.attempt == 1):
            time.sleep(0.005)
        self.trace("answered")
        self.spool.finish(job)

    def answer_until_stopped(self, job: Job) -> None:
        """As whoever waits for the model's next word: between two looks, only the bell wakes him."""
        while not self.spool.is_stop_requested(job.key):
            select.select([self.bell.fd], [], [])
            self.bell.drain()
        self.trace("stopped")
        self.spool.finish(job)

    def post_placeholder(self, job: Job) -> None:
        job.record("placeholder", ts="1.0")
        self.trace(f"welcomed-{job.question['text']}")

    def put(self, ts: int, text: str = "q", thread: int | None = None) -> None:
        """As a worker does: keep the question, then wake."""
        assert self.spool.put(key(ts, thread), {"text": text})
        self.jobs.wake()

    def seen(self, kind: str) -> list[Process]:
        """Those of this kind whom the board shows."""
        board = read_snapshot(str(self.folder / "scoreboard"), slots=self.slots)
        return [process for process in board.processes if process.kind == kind]

    def hold(self) -> None:
        (self.folder / "hold").touch()

    def let_go(self) -> None:
        (self.folder / "hold").unlink(missing_ok=True)

    def held(self) -> list[str]:
        """The lock files that some process holds."""
        names = [f"slot-{n}" for n in range(10)] + ["usher.lock"]
        paths = [self.folder / "locks" / name for name in names]
        return [path.name for path in paths if path.exists() and is_held(path)]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Callable[..., House]]:
    """Make a house; when the test is over, no process of it may be left."""
    before = signal.getsignal(signal.SIGCHLD)
    houses: list[House] = []

    def build(**settings: float) -> House:
        houses.append(House(tmp_path, **settings))  # type: ignore[arg-type]
        return houses[-1]

    yield build
    for house in houses:
        house.let_go()
        house.jobs.end()
        wait_until(lambda house=house: house.held() == [])  # type: ignore[misc]
    signal.signal(signal.SIGCHLD, before)


def test_a_question_is_answered_by_a_process_of_its_own(make: Callable[..., House]) -> None:
    """wake() forks, and returns at once."""
    house = make()

    house.put(1)
    wait_until(lambda: house.spool.keys("done") == [key(1)])

    assert [str(os.getpid())] != house.traced("answered")
    assert house.traced("answered") == house.traced("start")


def test_never_more_than_the_slots_answer_at_once(make: Callable[..., House]) -> None:
    """The others are welcomed by one usher, and answered as slots become free."""
    house = make(slots=2)
    house.hold()

    for ts in range(1, 11):
        house.put(ts)
    # Eight, or more: one whose process is being born may be welcomed before it is claimed.
    wait_until(lambda: len(house.traced("welcomed-q")) >= 8 and len(house.traced("answering-q")) == 2)

    assert ["slot-0", "slot-1"] == [name for name in house.held() if name != "usher.lock"]
    assert len(house.traced("answering-q")) == 2
    house.let_go()
    wait_until(lambda: len(house.spool.keys("done")) == 10)
    assert len(house.traced("answered")) == 10


def test_who_waits_behind_a_question_of_the_same_thread_is_welcomed(make: Callable[..., House]) -> None:
    """There is a slot for it, but not its turn: it waits, though not in silence."""
    house = make(slots=4)
    house.hold()
    house.put(1, "first")
    wait_until(lambda: len(house.traced("answering-first")) == 1)

    house.put(2, "second", thread=1)
    wait_until(lambda: len(house.traced("welcomed-second")) == 1)

    assert [] == house.traced("answering-second")
    house.let_go()
    wait_until(lambda: house.spool.keys("done") == [key(1), key(2, thread=1)])


def test_no_wake_up_is_lost(make: Callable[..., House]) -> None:
    """However arrivals and ends fall together, nothing is left lying with nobody at work: no tick is needed."""
    house = make(slots=2)

    for ts in range(1, 151):
        house.put(ts, thread=ts % 7)
        time.sleep(0.001 * (ts % 4))
    wait_until(lambda: len(house.spool.keys("done")) == 150)

    assert len(house.traced("answered")) == 150


def test_a_hung_job_ends_by_its_own_timer(make: Callable[..., House]) -> None:
    """And its question goes on at the master's next look."""
    house = make(slots=1, limit=0.3)
    house.put(1, "hang")
    wait_until(lambda: len(house.traced("answering-hang")) == 1)
    wait_until(lambda: house.held() == [])

    assert house.jobs.is_due()
    house.jobs.attend()
    wait_until(lambda: house.spool.keys("done") == [key(1)])

    assert len(house.traced("answering-hang")) == 2


def test_who_has_a_slot_or_the_ushers_lock_is_seen(make: Callable[..., House]) -> None:
    """Each with the question in hand, in the slot's own row; and nobody any more once the lock is free."""
    house = make(slots=2)
    house.hold()
    for ts in range(1, 4):
        house.put(ts)
    wait_until(lambda: len(house.traced("answering-q")) == 2 and len(house.traced("welcomed-q")) >= 1)

    seen = {(each.number, each.key, each.pid) for each in house.seen("job")}

    assert {0, 1} == {number for number, _, _ in seen}
    assert 2 == len({name for _, name, _ in seen} & {str(key(ts)) for ts in range(1, 4)})
    assert set(map(int, house.traced("answering-q"))) == {pid for _, _, pid in seen}
    assert {"busy"} == {each.state for each in house.seen("job")}
    assert {pid for _, _, pid in seen} <= set(house.board.job_pids())
    house.let_go()
    wait_until(lambda: house.held() == [])
    assert [] == house.seen("job") + house.seen("placeholder")


def test_a_job_process_leaves_the_row_of_its_worker_alone(make: Callable[..., House]) -> None:
    """It is forked with the worker's seat in its memory: what it does is not the worker's doing."""
    house = make()
    house.board.take_row(house.board.worker_row(()))
    house.board.own_row.wait()
    house.put(1)
    wait_until(lambda: house.spool.keys("done") == [key(1)] and house.held() == [])

    (worker,) = house.seen("worker")

    assert () == read_snapshot(str(house.folder / "scoreboard"), slots=house.slots).last_errors
    assert (os.getpid(), "idle", 0) == (worker.pid, worker.state, worker.requests)


def test_a_question_in_hand_is_stopped_at_once(make: Callable[..., House]) -> None:
    """The bell wakes its process, which looks at the wish, and no other's: the other question goes on."""
    house = make(slots=2)
    house.hold()
    house.put(1, "stoppable")
    house.put(2)
    wait_until(lambda: {str(key(ts)) for ts in (1, 2)} == house.board.in_hand())

    asked = house.jobs.stop(str(key(1)))
    wait_until(lambda: {str(key(2))} == house.board.in_hand())

    assert asked
    assert [key(1)] == house.spool.keys("done")
    assert house.traced("stopped") == house.traced("answering-stoppable")


def test_a_question_that_nobody_has_in_hand_yet_is_asked_to_stop(make: Callable[..., House]) -> None:
    """It waits behind another of its thread: the wish lies there when its turn has come."""
    house = make(slots=2)
    house.hold()
    house.put(1)
    wait_until(lambda: {str(key(1))} == house.board.in_hand())
    house.put(2, "stoppable", thread=1)

    asked = house.jobs.stop(str(key(2, thread=1)))
    house.let_go()
    wait_until(lambda: len(house.spool.keys("done")) == 2)

    assert asked
    assert 1 == len(house.traced("stopped"))


def test_a_question_that_has_ended_cannot_be_stopped(make: Callable[..., House]) -> None:
    """Nor one that never was; and no process is nudged for it."""
    house = make()
    house.put(1)
    wait_until(lambda: house.spool.keys("done") == [key(1)])

    assert not house.jobs.stop(str(key(1)))
    assert not house.jobs.stop(str(key(9)))
    with pytest.raises(ValueError, match="not a job's key"):
        house.jobs.stop("../../etc/passwd")


def test_a_wish_for_a_question_whose_process_was_killed_is_kept(make: Callable[..., House]) -> None:
    """Nobody is nudged, whoever has its pid now; the next process that takes the question up finds the wish."""
    house = make(slots=1)
    house.hold()
    house.put(1, "stoppable")
    wait_until(lambda: {str(key(1))} == house.board.in_hand())
    os.kill(int(house.traced("answering-stoppable")[0]), signal.SIGKILL)
    wait_until(lambda: house.held() == [])

    asked = house.jobs.stop(str(key(1)))
    house.jobs.attend()
    wait_until(lambda: house.spool.keys("done") == [key(1)])

    assert asked
    assert 1 == len(house.traced("stopped"))


def test_a_killed_job_process_is_not_seen(make: Callable[..., House]) -> None:
    """What it wrote still stands in its row; it says nothing of anybody who lives."""
    house = make(slots=1)
    house.hold()
    house.put(1)
    wait_until(lambda: [each.key for each in house.seen("job")] == [str(key(1))])

    os.kill(int(house.traced("answering-q")[0]), signal.SIGKILL)
    wait_until(lambda: house.held() == [])

    assert [] == house.seen("job")
    assert [] == house.board.job_pids()


def test_a_killed_job_process_frees_slot_and_claim(make: Callable[..., House]) -> None:
    """kill -9 in the middle: the next look finds the question free."""
    house = make(slots=1)
    house.hold()
    house.put(1)
    wait_until(lambda: len(house.traced("answering-q")) == 1)

    os.kill(int(house.traced("answering-q")[0]), signal.SIGKILL)
    wait_until(lambda: house.held() == [])
    house.let_go()
    house.jobs.attend()

    wait_until(lambda: house.spool.keys("done") == [key(1)])


def test_nobody_is_sent_for_a_question_in_hand(make: Callable[..., House]) -> None:
    """To find it claimed would cost a process at each tick; but one whose process was killed needs somebody at once."""
    house = make(slots=2)
    house.hold()
    house.put(1)
    wait_until(lambda: {str(key(1))} == house.board.in_hand())
    while_answered = house.jobs.is_due()
    assert house.spool.put(key(2, thread=1), {"text": "behind"})
    with_one_in_silence = house.jobs.is_due()
    house.jobs.attend()
    wait_until(lambda: len(house.traced("welcomed-behind")) == 1)
    with_all_welcomed = house.jobs.is_due()

    os.kill(int(house.traced("answering-q")[0]), signal.SIGKILL)
    wait_until(lambda: house.held() == [])

    assert (False, True, False) == (while_answered, with_one_in_silence, with_all_welcomed)
    assert house.jobs.is_due()


def test_a_new_generation_finishes_the_question_in_hand_and_leaves(make: Callable[..., House]) -> None:
    """No old code takes up new work: the second question is for the next generation."""
    house = make(slots=1)
    house.hold()
    house.put(1)
    wait_until(lambda: len(house.traced("answering-q")) == 1)
    house.put(2)
    wait_until(lambda: len(house.traced("welcomed-q")) == 1)

    house.jobs.end()
    house.let_go()
    wait_until(lambda: house.held() == [])

    assert [key(2)] == house.spool.keys("ready")
    house.jobs.begin()
    house.jobs.attend()
    wait_until(lambda: len(house.spool.keys("done")) == 2)


def test_a_process_answers_a_bounded_number_of_questions(
    make: Callable[..., House], monkeypatch: pytest.MonkeyPatch
) -> None:
    """After that a fresh one, forked from clean memory, goes on."""
    monkeypatch.setattr(jobs_module, "MOST_QUESTIONS", 3)
    house = make(slots=1)
    house.hold()
    for ts in range(1, 6):
        house.put(ts)
    wait_until(lambda: len(house.traced("welcomed-q")) >= 4)
    house.let_go()
    wait_until(lambda: len(house.spool.keys("done")) == 3)
    wait_until(lambda: house.held() == [])

    house.jobs.attend()
    wait_until(lambda: len(house.spool.keys("done")) == 5)

    assert len(set(house.traced("answered"))) == 2


def test_errands_are_run_by_whoever_is_sent(make: Callable[..., House]) -> None:
    """Not in the master; and not again before their time."""
    house = make()
    house.ran.append(PeriodicTask(lambda: house.trace("errand"), every=3600))
    wanted_later = PeriodicTask(lambda: house.trace("unwanted"), every=0, is_wanted=lambda: False)
    house.ran.append(wanted_later)

    assert house.jobs.is_due()
    house.jobs.attend()
    wait_until(lambda: len(house.traced("errand")) == 1)

    assert house.jobs.is_due() is False
    assert [] == house.traced("unwanted")
    assert str(os.getpid()) not in house.traced("errand")


def test_a_job_process_outlives_the_worker_that_forked_it(tmp_path: Path) -> None:
    """The worker is killed as soon as it has woken; the question is answered all the same."""
    script = tmp_path / "worker.py"
    script.write_text(
        "import os, signal, sys; from pathlib import Path; sys.path.insert(0, sys.argv[2]);"
        "from tests.spool.test_runner import House; house = House(Path(sys.argv[1])); house.put(1);"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    root = str(Path(__file__).parents[2])

    ended = subprocess.run([sys.executable, str(script), str(tmp_path / "var"), root], check=False, timeout=PATIENCE)
    spool = Spool(str(tmp_path / "var"))

    assert ended.returncode == -signal.SIGKILL
    wait_until(lambda: spool.keys("done") == [key(1)])
