"""The scoreboard: what one process writes and another reads, over kills, reloads and boards of another shape."""

from __future__ import annotations

import os
import signal
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cocoai.engine.process import fork
from cocoai.engine.process.proc import start_time
from cocoai.engine.process.scoreboard import Scoreboard, Snapshot, read_snapshot
from cocoai.engine.process.scoreboard_row import BUSY, DIED, IDLE, MOST_REACHED, MOST_REASONS, MOST_WORKERS, Row
from tests.processes import wait_until

REASONS = ("not found", "the signature is stale")


class Board:
    """A board in a folder of the test, begun as the master begins it."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "scoreboard"
        self.board = self.begin()

    def begin(self, *, slots: int = 2, reasons: tuple[str, ...] = REASONS, least: int = 1, most: int = 4) -> Scoreboard:
        self.board = Scoreboard(str(self.path), slots=slots, reasons=reasons)
        self.board.begin(least, most)
        return self.board

    def look(self) -> Snapshot:
        return read_snapshot(str(self.path), slots=2, reasons=REASONS)

    @contextmanager
    def seated(self, seat: Row, run: Callable[[Row], None]) -> Iterator[int]:
        """A process that sits there, has run this, and waits to be killed."""
        reader, writer = os.pipe()

        def live() -> None:
            self.board.take_row(seat)
            run(seat)
            os.write(writer, b"+")
            signal.pause()

        pid = fork.fork(live, name="seated", keep=frozenset({writer}), detach=False)
        assert os.read(reader, 1) == b"+"
        try:
            yield pid
        finally:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            os.close(reader)
            os.close(writer)


@pytest.fixture
def made(tmp_path: Path) -> Board:
    return Board(tmp_path)


def asleep(seat: Row) -> None:
    seat.wait()


def answered(seat: Row) -> None:
    seat.busy("K")
    seat.idle()


# what a process shows


def test_a_pool_that_has_begun_is_seen(made: Board) -> None:
    """Who its master is, since when, and how many workers it may have."""
    picture = made.look()

    assert (os.getpid(), 1, 4, 0.0) == (picture.pid, picture.least, picture.most, picture.reloaded)
    assert picture.started > 1e9
    assert () == picture.processes + picture.mishaps
    assert {} == picture.refused


def test_a_worker_is_seen_by_anybody(made: Board) -> None:
    """What it is at, with the question's key, and what it has done before."""

    def work(seat: Row) -> None:
        seat.wait()
        seat.busy()
        seat.idle()
        seat.busy()
        seat.note("C0PRACTICE-1.0-1.0")

    with made.seated(made.board.worker_row(()), work) as pid:
        (worker,) = made.look().processes
        accepted = made.look().accepted

    assert ("worker", 0, pid, "busy") == (worker.kind, worker.number, worker.pid, worker.state)
    assert ("C0PRACTICE-1.0-1.0", 1, 1) == (worker.key, worker.requests, accepted)
    assert 0 <= worker.duration < 60
    assert 0 <= worker.cpu < 60
    assert 0 <= worker.since < 60


def test_a_request_does_not_show_the_key_of_the_one_before(made: Board) -> None:
    """A message that is nothing to us has none."""

    def work(seat: Row) -> None:
        seat.busy("C0PRACTICE-1.0-1.0")
        seat.idle()
        seat.busy()

    with made.seated(made.board.worker_row(()), work):
        (worker,) = made.look().processes

    assert "" == worker.key


@pytest.mark.parametrize(
    ("text", "shown"),
    [("k" * 500, "k" * 72), ("é" * 500, "é" * 36), ("x" + "é" * 500, "x" + "é" * 35), ("\udcff", "?"), ("a\0b", "a")],
)
def test_a_text_of_any_kind_stays_in_its_place(made: Board, text: str, shown: str) -> None:
    """Too long, cut in the middle of a letter, or no text at all: the row beside it is not touched."""
    seat = made.board.worker_row(())
    other = made.board.worker_row({seat.row})
    with made.seated(other, asleep), made.seated(seat, lambda seat: seat.busy(text)):
        first, second = made.look().processes

    assert (shown, "") == (first.key, second.key)


def test_the_job_processes_and_the_usher_have_rows_of_their_own(made: Board) -> None:
    """A job process has its slot's; who they are is known for asking them for their stacks."""
    with (
        made.seated(made.board.job_row(1), lambda seat: seat.busy("K")) as job,
        made.seated(made.board.placeholder_row(), asleep) as usher,
    ):
        seen = {(process.kind, process.number, process.pid, process.key) for process in made.look().processes}
        pids = made.board.job_pids()

    assert {("job", 1, job, "K"), ("usher", 0, usher, "")} == seen
    assert {job, usher} == set(pids)
    assert [] == made.board.job_pids()


def test_who_has_a_question_in_hand_can_be_found(made: Board) -> None:
    """By its key, as long as it is being answered and its process lives: with the pid, and the start that proves it."""
    with made.seated(made.board.job_row(1), lambda seat: seat.busy("K")) as busy:
        found = made.board.process_answering("K")
        other = made.board.process_answering("L")
        expected = (busy, start_time(busy))
    with made.seated(made.board.job_row(1), answered):
        idle = made.board.process_answering("K")

    assert (expected, None, None) == (found, other, idle)
    assert made.board.process_answering("K") is None


def test_an_usher_and_a_worker_answer_nobody(made: Board) -> None:
    """Though a question's key stands in their rows."""
    with (
        made.seated(made.board.placeholder_row(), lambda seat: seat.busy("K")),
        made.seated(made.board.worker_row(()), lambda seat: seat.busy("K")),
    ):
        assert made.board.process_answering("K") is None


def test_errors_are_kept_the_newest_first(made: Board) -> None:
    """One for each row, whoever has sat there since."""
    seat = made.board.worker_row(())
    with made.seated(seat, lambda seat: seat.record_error("first")):
        pass
    with made.seated(seat, asleep):
        made.board.own_row.record_error("second")
        mishaps = made.look().mishaps

    assert [("master", "second"), ("worker 0", "first")] == [(mishap.who, mishap.text) for mishap in mishaps]
    assert mishaps[0].at >= mishaps[1].at > 1e9


def test_refusals_are_counted_by_reason(made: Board) -> None:
    """A reason that nobody has listed counts as `other`."""

    def work(seat: Row) -> None:
        for reason in ("not found", "not found", "whatever"):
            seat.count_refusal(reason)

    with made.seated(made.board.worker_row(()), work):
        assert {"not found": 2, "other": 1} == made.look().refused


def test_more_reasons_than_a_row_holds_are_refused() -> None:
    """Thirteen, and `other`."""
    Scoreboard("", slots=1, reasons=["reason"] * (MOST_REASONS - 1))

    with pytest.raises(ValueError, match="at most 13 reasons, not 14"):
        Scoreboard("", slots=1, reasons=["reason"] * MOST_REASONS)


# death


def test_a_killed_process_is_not_seen(made: Board) -> None:
    """Not from the moment of its death, though nobody has buried it; what it counted still counts."""
    seat = made.board.worker_row(())

    def work(seat: Row) -> None:
        seat.busy()
        seat.idle()
        seat.busy()

    with made.seated(seat, work) as pid:
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: made.look().processes == ())
        unburied = made.look()

    made.board.merge_counters(seat)
    assert 1 == unburied.accepted
    assert 1 == made.look().accepted


def test_a_pid_that_is_somebody_elses_now_means_nobody(made: Board) -> None:
    """Its start time is another."""
    with made.seated(made.board.worker_row(()), asleep) as pid:
        words = memoryview(bytearray(made.path.read_bytes())).cast("q")
        assert pid == words[64]
        words[64] = os.getpid()
    made.path.write_bytes(words)

    assert () == made.look().processes


def test_a_row_is_given_to_one_worker_only(made: Board) -> None:
    """Not to two that are being born, and not while its worker lives; the rows of the dead are given again."""
    first = made.board.worker_row(())
    second = made.board.worker_row({first.row})
    with made.seated(first, asleep) as pid:
        third = made.board.worker_row({second.row})
        found = made.board.row_of(pid)

    assert 3 == len({first.row, second.row, third.row})
    assert found is not None
    assert first.row == found.row
    assert first.row == made.board.worker_row(()).row


def test_there_are_rows_for_twice_the_most_workers(made: Board) -> None:
    """A reload has the old ones beside the new."""
    for _ in range(2 * MOST_WORKERS):
        made.board.worker_row(()).take()

    with pytest.raises(LookupError):
        made.board.worker_row(())


def test_the_rows_of_dead_strangers_are_freed(made: Board) -> None:
    """A worker whose master was killed is nobody's to bury: it must not pass for one that is idle for ever."""
    seat = made.board.worker_row(())
    with made.seated(seat, asleep):
        made.board.free_dead_rows(())
        alive = made.board.is_anyone_idle()
    made.board.free_dead_rows({seat.row})
    known = made.board.is_anyone_idle()
    made.board.free_dead_rows(())

    assert (True, True, False) == (alive, known, made.board.is_anyone_idle())


# a child


def test_a_forked_child_that_stands_writes_nobodys_row(made: Board) -> None:
    """It has its parent's seat in its memory."""
    seat = made.board.worker_row(())

    def fork_child(_: Row) -> None:
        def release_row() -> None:
            made.board.release_row()
            made.board.own_row.busy("K")
            made.board.own_row.count_refusal("not found")
            made.board.own_row.record_error("a child's")

        asleep(seat)
        os.waitpid(fork.fork(release_row, name="child"), 0)

    with made.seated(seat, fork_child):
        (worker,) = made.look().processes

    assert ("idle", "", 0) == (worker.state, worker.key, worker.requests)
    assert ({}, ()) == (made.look().refused, made.look().mishaps)


def test_a_board_that_has_not_begun_is_seen_by_nobody() -> None:
    """Whoever has no pool writes it all the same."""
    board = Scoreboard("", slots=2, reasons=REASONS)
    for seat in (board.own_row, board.placeholder_row(), board.job_row(1)):
        board.take_row(seat)
        board.own_row.busy("K")
        board.own_row.idle()
        board.own_row.count_refusal("not found")
        board.own_row.clear()

    assert [] == board.job_pids()


# the master's own


def test_the_master_reads_what_its_workers_do(made: Board) -> None:
    """State, seconds, requests and key; and how many are busy, of which the most is kept."""
    first = made.board.worker_row(())
    second = made.board.worker_row({first.row})
    with made.seated(first, lambda seat: seat.busy("K")):
        with made.seated(second, lambda seat: seat.busy()):
            states = [made.board.state(seat)[0] for seat in (first, second)]
            active = [made.board.active()]
            idle = made.board.is_anyone_idle()
            key = made.board.key(first)
        made.board.merge_counters(second)
        active.append(made.board.active())

    assert [BUSY, BUSY] == states
    assert ([2, 1], False, "K") == (active, idle, key)
    assert 2 == made.look().most_active


def test_what_the_master_counts_is_seen(made: Board) -> None:
    """Each by itself."""
    made.board.count(MOST_REACHED)
    made.board.count(DIED, 2)

    assert (1, 2, 0) == (made.look().most_reached, made.look().died, made.look().slow)


# another pool, other code, no room


def test_a_reload_goes_on_counting(made: Board) -> None:
    """The same process begins again: nothing is forgotten, and when it was is seen."""

    def work(seat: Row) -> None:
        seat.busy()
        seat.idle()
        seat.count_refusal("not found")

    with made.seated(made.board.worker_row(()), work):
        before = made.look()
        made.begin(most=8)
        after = made.look()

    assert (before.started, 1, 8) == (after.started, after.accepted, after.most)
    assert ({"not found": 1}, before.processes[0].pid) == (after.refused, after.processes[0].pid)
    assert after.reloaded >= after.started > before.reloaded


def test_another_pool_begins_at_0_and_leaves_the_living_their_rows(tmp_path: Path) -> None:
    """A job process goes on when its master was killed; errors are what somebody will look for."""
    made = Board(tmp_path)
    with made.seated(made.board.job_row(0), lambda seat: seat.busy("K")) as job:

        def be_master(seat: Row) -> None:
            board = made.begin()
            board.count(DIED)
            board.own_row.record_error("why it died")

        with made.seated(made.board.worker_row(()), be_master) as master:
            earlier = made.look()
        made.begin()
        picture = made.look()

    assert (master, 1) == (earlier.pid, earlier.died)
    assert (os.getpid(), 0) == (picture.pid, picture.died)
    assert [job] == [process.pid for process in picture.processes]
    assert ["why it died"] == [mishap.text for mishap in picture.mishaps]


def test_a_pool_that_is_not_running_is_said_to_be_none(made: Board) -> None:
    """Its board is still there, for whoever asks what happened."""
    made.board.count(DIED)
    made.board.own_row.clear()

    assert (0, 1) == (made.look().pid, made.look().died)


def test_a_board_of_other_code_is_not_read(made: Board) -> None:
    """Its words may mean something else. The new code's pool makes a new one."""
    made.begin(reasons=("another",))

    with pytest.raises(ValueError, match="reload"):
        made.look()
    made.begin()
    assert os.getpid() == made.look().pid


@pytest.mark.parametrize("content", [b"", b"x", b"x" * 512, b"x" * 70_001])
def test_a_file_that_is_no_board_is_not_read_and_is_replaced(made: Board, content: bytes) -> None:
    """Whatever has happened to it."""
    made.path.write_bytes(content)

    with pytest.raises(ValueError, match=r"scoreboard|reload"):
        made.look()
    made.begin()
    assert os.getpid() == made.look().pid


def test_more_slots_than_before_make_it_longer(made: Board) -> None:
    """Whoever is seated at the shorter one is still seen."""
    with made.seated(made.board.worker_row(()), asleep) as worker:
        made.begin(slots=40)
        with made.seated(made.board.job_row(39), lambda seat: seat.busy("K")) as job:
            seen = read_snapshot(str(made.path), slots=40, reasons=REASONS).processes

    assert [(worker, ""), (job, "K")] == [(process.pid, process.key) for process in seen]


def test_without_a_place_to_lie_it_is_shared_all_the_same(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The pool goes on, and its master sees its workers; nobody outside does."""
    made = Board(tmp_path)
    made.path = tmp_path / "gone" / "scoreboard"
    seat = made.begin().worker_row(())
    with made.seated(seat, asleep):
        state = made.board.state(seat)[0]

    assert IDLE == state
    assert "scoreboard outcome=not-kept" in caplog.messages
    with pytest.raises(OSError, match="No such"):
        made.look()


def test_nobody_else_may_read_it(made: Board) -> None:
    """It holds keys of questions, and errors."""
    assert 0o600 == stat.S_IMODE(made.path.stat().st_mode)
