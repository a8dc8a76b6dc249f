"""The scoreboard: what one process writes and another reads, over kills, reloads and files of another layout."""

from __future__ import annotations

import os
import signal
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, cast

import pytest

from cocoai.engine.process import fork
from cocoai.engine.process.proc import start_time
from cocoai.engine.process.scoreboard import Scoreboard
from cocoai.engine.process.scoreboard_records import MOST_REASONS, PoolRecord, RowRecord
from cocoai.engine.process.scoreboard_row import (
    BUSY,
    FIRST_WORKER,
    IDLE,
    MOST_WORKERS,
    STARTING,
    Row,
)
from cocoai.engine.process.scoreboard_snapshot import Snapshot, read_snapshot
from tests.processes import wait_until

REASONS = ("not found", "the signature is stale")

KEY = "C0PRACTICE-1.0-1.0"


class ScoreboardSetup:
    """A scoreboard in a folder of the test, begun as the master begins it."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "scoreboard"
        self.board = self.begin()

    def begin(self, *, slots: int = 2, reasons: tuple[str, ...] = REASONS, least: int = 1, most: int = 4) -> Scoreboard:
        """Begin it anew, as another master or one after a reload."""
        self.board = Scoreboard(str(self.path), slots=slots, reasons=reasons)
        self.board.begin(least, most)
        return self.board

    def look(self) -> Snapshot:
        """Read the file as a program outside does."""
        return read_snapshot(str(self.path), slots=2, reasons=REASONS)

    @contextmanager
    def process_in(self, row: Row, run: Callable[[Row], None]) -> Iterator[int]:
        """Yield the pid of a process that has taken the row and called `run`; kill it afterwards."""
        reader, writer = os.pipe()

        def live() -> None:
            self.board.take_row(row)
            run(row)
            os.write(writer, b"+")
            signal.pause()

        pid = fork.fork(live, name="in-a-row", keep=frozenset({writer}), detach=False)
        assert os.read(reader, 1) == b"+"
        try:
            yield pid
        finally:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            os.close(reader)
            os.close(writer)


@pytest.fixture
def made(tmp_path: Path) -> ScoreboardSetup:
    """Return a scoreboard that has begun."""
    return ScoreboardSetup(tmp_path)


be_idle = Row.wait
be_busy = partial(Row.busy, key="K")


def finish_one(row: Row) -> None:
    """Be busy with a job, then idle."""
    row.busy("K")
    row.idle()


# what a process shows


def test_a_pool_that_has_begun_is_seen(made: ScoreboardSetup) -> None:
    """The file shows its master, when it began, and how many workers it may have."""
    seen = made.look()

    assert (os.getpid(), 1, 4, 0.0) == (seen.pid, seen.least, seen.most, seen.reloaded)
    assert seen.started > 1e9
    assert () == seen.processes + seen.last_errors
    assert {} == seen.refused


def test_what_the_master_says_of_memory_is_seen(made: ScoreboardSetup) -> None:
    """The outcome that the master knew when it began stands in the file."""
    made.board.memory_sharing = "off: by setting"
    made.board.begin(1, 4)

    assert "off: by setting" == made.look().memory_sharing


def test_the_code_that_the_master_runs_is_seen(made: ScoreboardSetup) -> None:
    """A master that has executed new code in its place shows that; whatever else is set later, nobody sees."""
    made.board.version, made.board.commit = "0.1.0", "a" * 40
    made.board.begin(1, 4)
    first = made.look()
    made.board.version, made.board.commit = "0.2.0", ""
    before_reload = made.look()
    made.board.begin(1, 4)

    second = made.look()

    assert ("0.1.0", "a" * 40) == (first.version, first.commit) == (before_reload.version, before_reload.commit)
    assert ("0.2.0", "") == (second.version, second.commit)
    assert second.reloaded


def test_a_worker_is_seen_by_other_programs(made: ScoreboardSetup) -> None:
    """The file shows what a worker does, with its key, and what it has done before."""

    def work(row: Row) -> None:
        row.wait()
        row.busy()
        row.idle()
        row.busy()
        row.note(KEY)

    with made.process_in(made.board.worker_row(()), work) as pid:
        (worker,) = made.look().processes
        accepted = made.look().accepted

    assert ("worker", 0, pid, "busy") == (worker.kind, worker.number, worker.pid, worker.state)
    assert (KEY, 1, 1) == (worker.key, worker.requests, accepted)
    assert 0 <= worker.duration < 60
    assert 0 <= worker.cpu < 60
    assert 0 <= worker.since < 60


def test_a_request_does_not_show_the_key_of_the_one_before(made: ScoreboardSetup) -> None:
    """A request that has no key shows none, though the one before had."""

    def work(row: Row) -> None:
        row.busy(KEY)
        row.idle()
        row.busy()

    with made.process_in(made.board.worker_row(()), work):
        (worker,) = made.look().processes

    assert "" == worker.key


def test_a_row_that_is_taken_over_does_not_show_the_last_key(made: ScoreboardSetup) -> None:
    """A process killed in the middle of a job leaves its key in the row; the next process there has none."""
    row = made.board.worker_row(())
    with made.process_in(row, be_busy):
        pass
    with made.process_in(row, be_idle):
        (worker,) = made.look().processes

    assert ("idle", "") == (worker.state, worker.key)


class WriteLog:
    """A record that notes the order in which its fields are written."""

    def __init__(self, record: RowRecord) -> None:
        self.__dict__.update(record=record, written=[])

    def __getattr__(self, name: str) -> Any:
        return getattr(self.record, name)

    def __setattr__(self, name: str, value: Any) -> None:
        self.written.append((name, value))
        setattr(self.record, name, value)

    def order_of(self, *fields: tuple[str, Any]) -> list[int]:
        """Return when each of these fields was last written; a value None stands for any."""
        return [
            max(at for at, (name, value) in enumerate(self.written) if name == field and expected in (None, value))
            for field, expected in fields
        ]


def test_each_request_is_counted_with_its_own_duration_and_cpu_time() -> None:
    """Time and CPU time are not the process's so far, and every request counts."""
    record = RowRecord()
    row = Row(record, FIRST_WORKER, "worker", REASONS)
    cpu = time.process_time()
    finish_one(row)
    now = time.monotonic()
    finish_one(row)

    assert 0 <= record.cpu <= time.process_time() - cpu
    assert 0 < record.duration <= time.monotonic() - now
    assert 2 == record.requests


def test_a_worker_that_begins_to_wait_has_been_idle_for_no_time() -> None:
    """The time in which it started is none in which it was idle."""
    log: Any = WriteLog(RowRecord(state=STARTING, since=1.0))
    Row(log, FIRST_WORKER, "worker", REASONS).wait()

    assert ["since", "state"] == [name for name, _ in log.written]


@pytest.mark.parametrize("key", ["", "K"])
def test_a_row_is_busy_only_when_key_and_time_are_written(made: ScoreboardSetup, key: str) -> None:
    """A reader that sees BUSY sees the key and the beginning of this request, not of the one before."""
    log: Any = WriteLog(RowRecord())
    Row(log, FIRST_WORKER, "worker", REASONS).busy(key)

    order = log.order_of(("key", key.encode()), ("since", None), ("state", BUSY))
    assert sorted(order) == order
    assert 3 == len(log.written)


def test_a_row_is_a_processes_own_only_when_all_else_is_reset(made: ScoreboardSetup) -> None:
    """A reader that finds the pid alive finds no key, count or time of the process that had the row before."""
    record = RowRecord(key=b"K", requests=7, state=BUSY, pid=1, since=1.0, duration=1.0, cpu=1.0)
    record.refused[0] = 7
    log: Any = WriteLog(record)
    Row(log, FIRST_WORKER, "worker", REASONS).take()

    fields = (("key", b""), ("requests", 0), ("duration", 0.0), ("cpu", 0.0), ("since", None), ("start", None))
    reset = log.order_of(*fields)
    (state, pid), last = log.order_of(("state", 0), ("pid", None)), len(log.written) - 1
    assert state < min(reset) <= max(reset) < pid < last
    assert 0 == record.refused[0]


@pytest.mark.parametrize(
    ("text", "shown"),
    [("k" * 500, "k" * 112), ("é" * 500, "é" * 56), ("x" + "é" * 500, "x" + "é" * 55), ("\udcff", "?"), ("a\0b", "a")],
)
def test_a_text_of_any_kind_stays_in_its_place(made: ScoreboardSetup, text: str, shown: str) -> None:
    """A text that is too long, cut in the middle of a character, or no text at all does not touch the next row."""
    row = made.board.worker_row(())
    other = made.board.worker_row({row.number})
    with made.process_in(other, be_idle), made.process_in(row, partial(Row.busy, key=text)):
        first, second = made.look().processes

    assert (shown, "") == (first.key, second.key)


def test_job_processes_and_the_helper_have_rows_of_their_own(made: ScoreboardSetup) -> None:
    """A job process has its slot's row; the helper is called as its caller says; the master knows their pids."""
    with (
        made.process_in(made.board.job_row(1), be_busy) as job,
        made.process_in(made.board.helper_row("sweeper"), be_idle) as helper,
    ):
        seen = {(process.kind, process.number, process.pid, process.key) for process in made.look().processes}
        pids = made.board.job_pids()

    assert {("job", 1, job, "K"), ("sweeper", 0, helper, "")} == seen
    assert {job, helper} == set(pids)
    assert [] == made.board.job_pids()


def test_the_process_of_a_job_is_found_by_its_key(made: ScoreboardSetup) -> None:
    """It is found with its start time while it works on the job and lives, and not otherwise."""
    with made.process_in(made.board.job_row(1), be_busy) as busy:
        found = made.board.process_of_job("K")
        other = made.board.process_of_job("L")
        in_hand, number = made.board.in_hand(), made.board.busy_jobs()
        expected = (busy, start_time(busy))
    killed = made.board.process_of_job("K"), made.board.in_hand()
    with made.process_in(made.board.job_row(1), finish_one):
        idle = made.board.process_of_job("K")

    assert (expected, None, None) == (found, other, idle)
    assert (frozenset({"K"}), 1) == (in_hand, number)
    assert (None, frozenset()) == killed
    assert made.board.process_of_job("K") is None


def test_a_killed_job_process_does_not_count_as_busy(made: ScoreboardSetup) -> None:
    """Its row stays busy until the slot is used again, but a lone reply must not grow at the pace of two."""
    with made.process_in(made.board.job_row(0), be_busy):
        with made.process_in(made.board.job_row(1), be_busy):
            both = made.board.busy_jobs()
        alone = made.board.busy_jobs()

    assert BUSY == made.board.job_row(1).record.state
    assert (2, 1, 0) == (both, alone, made.board.busy_jobs())


class WritesInOrder:
    """A row's record that notes the names of its fields in the order in which they are written."""

    def __init__(self) -> None:
        self.written: list[str] = []
        self.since = 0.0
        self.requests = 0
        self.written.clear()

    def __setattr__(self, name: str, value: object) -> None:
        if name != "written":
            self.written.append(name)
        super().__setattr__(name, value)


def test_a_row_says_last_that_its_process_is_idle() -> None:
    """A reader in between sees a busy process, for no longer than it is, and no slow request under the next number."""
    record = WritesInOrder()
    row = Row(cast("RowRecord", record), 0, "worker", REASONS)

    row.idle()

    assert "state" == record.written[-1]
    assert record.written.index("since") < record.written.index("requests")


def test_helper_and_workers_work_on_no_job(made: ScoreboardSetup) -> None:
    """A key in their rows does not make them the job's process."""
    with (
        made.process_in(made.board.helper_row("sweeper"), be_busy),
        made.process_in(made.board.worker_row(()), be_busy),
    ):
        assert made.board.process_of_job("K") is None


def test_errors_are_kept_the_newest_first(made: ScoreboardSetup) -> None:
    """Each row keeps its last error, whichever process has taken it since."""
    row = made.board.worker_row(())
    with made.process_in(row, partial(Row.record_error, text="first")):
        pass
    with made.process_in(row, be_idle):
        made.board.own_row.record_error("second")
        errors = made.look().last_errors

    assert [("master", "second"), ("worker 0", "first")] == [(error.who, error.text) for error in errors]
    assert errors[0].at >= errors[1].at > 1e9


def test_an_error_of_each_kind_of_process_names_it(made: ScoreboardSetup) -> None:
    """Workers and jobs are numbered, the one helper is not."""
    for row in (made.board.job_row(1), made.board.helper_row("sweeper"), made.board.worker_row({1})):
        with made.process_in(row, partial(Row.record_error, text="an error")):
            pass

    assert {"job 1", "sweeper", "worker 1"} == {error.who for error in made.look().last_errors}


def test_refusals_are_counted_by_reason(made: ScoreboardSetup) -> None:
    """A reason that is not listed counts as `other`."""

    def work(row: Row) -> None:
        for reason in ("not found", "not found", "whatever"):
            row.count_refusal(reason)

    with made.process_in(made.board.worker_row(()), work):
        assert {"not found": 2, "other": 1} == made.look().refused


def test_more_reasons_than_a_row_holds_are_refused() -> None:
    """There is room for thirteen, and `other`."""
    Scoreboard(None, slots=1, reasons=["reason"] * (MOST_REASONS - 1))

    with pytest.raises(ValueError, match="at most 15 reasons, not 16"):
        Scoreboard(None, slots=1, reasons=["reason"] * MOST_REASONS)


# death


def test_a_killed_process_is_not_seen(made: ScoreboardSetup) -> None:
    """It is gone from the moment of its death, reaped or not; what it counted still counts."""
    row = made.board.worker_row(())

    def work(row: Row) -> None:
        row.busy()
        row.idle()
        row.count_refusal("not found")
        row.busy()

    with made.process_in(row, work) as pid:
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: made.look().processes == ())
        unreaped = made.look()

    made.board.merge_counters(row)
    merged = made.look()
    assert (1, {"not found": 1}) == (unreaped.accepted, unreaped.refused)
    assert (1, {"not found": 1}) == (merged.accepted, merged.refused)


def test_a_pid_that_was_reused_is_not_the_process(made: ScoreboardSetup) -> None:
    """The process that has the pid now began at another time."""
    with made.process_in(made.board.worker_row(()), be_idle) as pid:
        content = bytearray(made.path.read_bytes())
    record = RowRecord.from_buffer(content, len(bytes(PoolRecord())) + FIRST_WORKER * len(bytes(RowRecord())))
    assert pid == record.pid
    record.pid = os.getpid()
    made.path.write_bytes(content)

    assert () == made.look().processes


def test_a_row_is_given_to_one_worker_only(made: ScoreboardSetup) -> None:
    """Two workers that are starting get two rows; a living worker keeps its row, a dead one's is given again."""
    first = made.board.worker_row(())
    second = made.board.worker_row({first.number})
    with made.process_in(first, be_idle) as pid:
        third = made.board.worker_row({second.number})
        found = made.board.row_of(pid)

    assert 3 == len({first.number, second.number, third.number})
    assert found is not None
    assert first.number == found.number
    assert first.number == made.board.worker_row(()).number


def test_a_killed_workers_state_does_not_pass_for_the_next_ones(made: ScoreboardSetup) -> None:
    """A row that is given again is free until its new worker writes it."""
    row = made.board.worker_row(())
    with made.process_in(row, be_idle):
        pass
    before = made.board.has_idle_worker()
    made.board.worker_row(())

    assert (True, False) == (before, made.board.has_idle_worker())


def test_there_are_rows_for_twice_the_most_workers(made: ScoreboardSetup) -> None:
    """A reload has the old workers beside the new ones."""
    for _ in range(2 * MOST_WORKERS):
        made.board.worker_row(()).take()

    with pytest.raises(LookupError):
        made.board.worker_row(())


def test_the_rows_of_an_earlier_masters_dead_workers_are_freed(made: ScoreboardSetup) -> None:
    """No master reaps them, and they must not pass for workers that are idle for ever."""
    row = made.board.worker_row(())
    with made.process_in(row, be_idle):
        made.board.free_dead_rows(())
        alive = made.board.has_idle_worker()
    made.board.free_dead_rows({row.number})
    known = made.board.has_idle_worker()
    made.board.free_dead_rows(())

    assert (True, True, False) == (alive, known, made.board.has_idle_worker())


# a child


def test_a_forked_child_that_releases_the_row_writes_no_row(made: ScoreboardSetup) -> None:
    """It has its parent's row in its memory."""
    row = made.board.worker_row(())

    def fork_child(_: Row) -> None:
        def release_row() -> None:
            made.board.release_row()
            made.board.own_row.busy("K")
            made.board.own_row.count_refusal("not found")
            made.board.own_row.record_error("a child's")

        row.wait()
        os.waitpid(fork.fork(release_row, name="child"), 0)

    with made.process_in(row, fork_child):
        (worker,) = made.look().processes

    assert ("idle", "", 0) == (worker.state, worker.key, worker.requests)
    assert ({}, ()) == (made.look().refused, made.look().last_errors)


def test_a_scoreboard_that_has_not_begun_is_private() -> None:
    """A process without a pool can write it all the same."""
    board = Scoreboard(None, slots=2, reasons=REASONS)
    for row in (board.own_row, board.helper_row("sweeper"), board.job_row(1)):
        board.take_row(row)
        board.own_row.busy("K")
        board.own_row.idle()
        board.own_row.count_refusal("not found")
        board.own_row.clear()

    assert [] == board.job_pids()


def test_a_slot_beyond_the_last_has_a_row_that_is_not_seen(made: ScoreboardSetup) -> None:
    """A job process of before a reload may hold a slot that there is no longer."""
    with made.process_in(made.board.job_row(2), be_busy):
        assert () == made.look().processes


def test_fewer_slots_than_before_hide_the_rows_beyond(made: ScoreboardSetup) -> None:
    """The file stays as long as it was, but a job process of before a reload is in no slot that there is."""
    made.begin(slots=40)
    with made.process_in(made.board.job_row(39), be_busy):
        made.begin(slots=2)
        assert () == made.look().processes


# the master's own


def test_the_master_reads_what_its_workers_do(made: ScoreboardSetup) -> None:
    """It reads their states and keys, and how many are busy, of which the most is kept."""
    first = made.board.worker_row(())
    second = made.board.worker_row({first.number})
    with made.process_in(first, be_busy):
        with made.process_in(second, Row.busy):
            states = [made.board.state(row)[0] for row in (first, second)]
            active = [made.board.count_active()]
            has_idle = made.board.has_idle_worker()
            key = made.board.key(first)
        made.board.merge_counters(second)
        active.append(made.board.count_active())

    assert [BUSY, BUSY] == states
    assert ([2, 1], False, "K") == (active, has_idle, key)
    assert 2 == made.look().most_active


def test_what_the_master_counts_is_seen(made: ScoreboardSetup) -> None:
    """Each counter counts by itself."""
    made.board.counters.most_reached += 1
    made.board.counters.died += 2

    seen = made.look()
    assert (1, 2, 0) == (seen.most_reached, seen.died, seen.slow)


# another pool, another layout, no room


def test_a_reload_goes_on_counting(made: ScoreboardSetup) -> None:
    """The same process begins again: it forgets nothing, and notes the time of the reload."""

    def work(row: Row) -> None:
        finish_one(row)
        row.count_refusal("not found")

    with made.process_in(made.board.worker_row(()), work):
        before = made.look()
        made.begin(most=8)
        after = made.look()

    assert (before.started, 1, 8) == (after.started, after.accepted, after.most)
    assert ({"not found": 1}, before.processes[0].pid) == (after.refused, after.processes[0].pid)
    assert after.reloaded >= after.started > before.reloaded


def test_another_pool_with_the_same_pid_begins_at_0(made: ScoreboardSetup) -> None:
    """In a container that was started again the new master has the old one's pid; its start time tells them apart."""
    made.board.counters.died += 1
    made.board.own_row.record.start -= 1
    made.begin()

    assert (os.getpid(), 0, 0.0) == (made.look().pid, made.look().died, made.look().reloaded)


def test_another_pool_begins_at_0_and_leaves_the_living_their_rows(tmp_path: Path) -> None:
    """A job process goes on when its master was killed; errors stay for the operator who will look for them."""
    made = ScoreboardSetup(tmp_path)
    with made.process_in(made.board.job_row(0), be_busy) as job:

        def be_master(_: Row) -> None:
            board = made.begin()
            board.counters.died += 1
            board.own_row.record_error("why it died")

        with made.process_in(made.board.worker_row(()), be_master) as master:
            earlier = made.look()
        made.begin()
        seen = made.look()

    assert (master, 1) == (earlier.pid, earlier.died)
    assert (os.getpid(), 0) == (seen.pid, seen.died)
    assert [job] == [process.pid for process in seen.processes]
    assert ["why it died"] == [error.text for error in seen.last_errors]


def test_a_pool_that_is_not_running_has_no_pid(made: ScoreboardSetup) -> None:
    """Its file is still there for an operator who asks what happened."""
    made.board.counters.died += 1
    made.board.own_row.clear()

    assert (0, 1) == (made.look().pid, made.look().died)


def test_a_file_of_another_layout_is_not_read(made: ScoreboardSetup) -> None:
    """Its counters may mean something else; the new code's pool makes a new file."""
    made.begin(reasons=("another",))

    with pytest.raises(ValueError, match="reload"):
        made.look()
    made.begin()
    assert os.getpid() == made.look().pid


@pytest.mark.parametrize("content", [b"", b"x", b"x" * 512, b"x" * 70_001])
def test_a_file_that_is_no_scoreboard_is_not_read_and_is_replaced(made: ScoreboardSetup, content: bytes) -> None:
    """A pool begins with any file in its place, and leaves no other behind."""
    made.path.write_bytes(content)

    with pytest.raises(ValueError, match=r"scoreboard|reload"):
        made.look()
    made.begin()
    assert os.getpid() == made.look().pid
    assert [made.path.name] == os.listdir(made.path.parent)


def test_every_byte_of_the_file_is_written(made: ScoreboardSetup) -> None:
    """On a full disk the kernel would kill a process that writes to a mapped hole, in a longer file too."""

    def first_hole() -> int:
        with made.path.open("rb") as file:
            return os.lseek(file.fileno(), 0, os.SEEK_HOLE)

    new = first_hole()
    assert made.path.stat().st_size == new
    made.begin(slots=40)
    assert new < made.path.stat().st_size == first_hole()


def test_more_slots_than_before_make_it_longer(made: ScoreboardSetup) -> None:
    """A process that has a row of the shorter file is still seen."""
    with made.process_in(made.board.worker_row(()), be_idle) as worker:
        made.begin(slots=40)
        with made.process_in(made.board.job_row(39), be_busy) as job:
            seen = read_snapshot(str(made.path), slots=40, reasons=REASONS).processes

    assert [(worker, ""), (job, "K")] == [(process.pid, process.key) for process in seen]


@pytest.mark.parametrize("folder", ["gone", None], ids=["no folder", "no path"])
def test_without_a_file_it_is_shared_all_the_same(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, folder: str | None
) -> None:
    """The pool goes on and its master sees its workers; only a path that cannot be written is logged."""
    board = Scoreboard(folder and str(tmp_path / folder / "scoreboard"), slots=1)
    board.begin(1, 1)
    made = ScoreboardSetup(tmp_path)
    made.board = board
    row = board.worker_row(())
    with made.process_in(row, be_idle):
        state = board.state(row)[0]

    assert IDLE == state
    assert ("scoreboard outcome=not-kept" in caplog.messages) == (folder is not None)
    assert ["scoreboard"] == os.listdir(tmp_path)


def test_only_its_owner_may_read_it(made: ScoreboardSetup) -> None:
    """It holds keys and errors."""
    assert 0o600 == stat.S_IMODE(made.path.stat().st_mode)


# what is counted for `cocoai tune`


def test_the_most_slots_taken_at_once_are_seen_afterwards(made: ScoreboardSetup) -> None:
    """The first free one is taken each time, so the highest that was ever taken tells; a new pool begins anew."""
    assert 0 == made.look().most_slots
    with made.process_in(made.board.job_row(0), be_busy), made.process_in(made.board.job_row(1), be_busy):
        pass
    with made.process_in(made.board.job_row(0), be_busy):
        assert 2 == made.look().most_slots

    made.begin()
    assert 2 == made.look().most_slots  # a reload goes on counting
    made.board.own_row.record.start -= 1
    made.begin()
    assert 0 == made.look().most_slots


def test_jobs_that_found_no_slot_are_counted_beyond_their_worker(made: ScoreboardSetup) -> None:
    """In the worker's row while it lives, then in the pool's record, once."""
    row = made.board.worker_row(())

    def count(row: Row) -> None:
        for _ in range(3):
            row.count_no_slot()

    with made.process_in(row, count):
        assert 3 == made.look().no_slot
    made.board.merge_counters(row)
    made.board.worker_row(()).take()

    assert 3 == made.look().no_slot


@pytest.mark.parametrize(("seconds", "place"), [(1, 0), (100, 1), (600, 2), (3000, 3), (7200, 4)])
def test_times_without_a_worker_are_counted_by_their_length(made: ScoreboardSetup, seconds: float, place: int) -> None:
    """From the last one's end to the next one's beginning."""
    first = made.board.worker_row(())
    first.take()
    second = made.board.worker_row({first.number})
    second.take()
    made.board.merge_counters(first)
    made.board.worker_row({second.number})
    assert (0,) * 5 == made.look().absences  # one was there all the time

    made.board.merge_counters(second)
    made.board.counters.none_since -= seconds
    made.board.worker_row(())
    made.board.worker_row(())

    assert tuple(int(number == place) for number in range(5)) == made.look().absences


def test_the_first_worker_ends_no_time_without_one(made: ScoreboardSetup) -> None:
    """The pool has only begun."""
    made.board.worker_row(())

    assert (0,) * 5 == made.look().absences
