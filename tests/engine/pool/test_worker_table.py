"""The table of workers and the monitor's look at it, by a clock of the test's: no pool, and hardly a process."""

from __future__ import annotations

import itertools
import math
import os
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from cocoai.engine.pool import workers as workers_module
from cocoai.engine.pool.monitor import Monitor
from cocoai.engine.pool.workers import QUEUING, YOUNG, WorkerLimits, WorkerProcess, Workers
from cocoai.engine.process import fork
from cocoai.engine.process.proc import memory_use
from cocoai.engine.process.scoreboard import Scoreboard
from cocoai.engine.process.scoreboard_row import IDLE, MOST_WORKERS

PID = 1 << 23
"""The pid of the first worker that there is in the table only: greater than any process's."""


class Clock:
    """The clock of the table, in the place of the module `time`."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        """Return the time that the test has set."""
        return self.now


def end_at_once(_: socket.socket, __: socket.socket) -> None:
    """Be a worker that ends at once."""


class Table:
    """A table of workers over a listening socket, with a scoreboard that only this test sees."""

    def __init__(self, folder: Path) -> None:
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.listener.bind(str(folder / "socket"))
        self.listener.listen()
        self.board = Scoreboard(None, slots=0)
        self.clients: list[socket.socket] = []
        self.workers = self.limited(1, 2)

    def limited(self, least: int, most: int, *, slow_request: float = 60.0) -> Workers:
        """Begin a table anew, with these limits."""
        limits = WorkerLimits(least, most, slow_request=slow_request)
        self.workers = Workers(self.listener, end_at_once, limits, self.board)
        return self.workers

    def add(self, *, is_accepting: bool = True, started: float = 0.0) -> WorkerProcess:
        """Add a worker without a process; it is busy since now."""
        row = self.board.worker_row({worker.row.number for worker in self.workers if worker.row})
        row.busy()
        pid = PID + row.number
        worker = WorkerProcess(pid, socket.socket(), row, started, is_accepting=is_accepting)
        self.workers.current[pid] = worker
        return worker

    def connect(self) -> None:
        """Let a client connect, which waits until it is accepted."""
        self.clients.append(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
        self.clients[-1].connect(self.listener.getsockname())

    def close(self) -> None:
        """Reap what the table has forked, and close the sockets."""
        for worker in self.workers:
            worker.lifeline.close()
            if worker.pid < PID:
                os.waitpid(worker.pid, 0)
        for each in (self.listener, *self.clients):
            each.close()


@pytest.fixture
def table(tmp_path: Path) -> Iterator[Table]:
    """Yield a table without workers; close it afterwards."""
    made = Table(tmp_path)
    yield made
    made.close()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Return the clock by which the table of workers goes."""
    made = Clock()
    monkeypatch.setattr(workers_module, "time", made)
    return made


def pauses(caplog: pytest.LogCaptureFixture) -> list[int]:
    """Return the pauses before the next spawn that were logged, in seconds."""
    return [int(text.rpartition("=")[2]) for text in caplog.messages if "outcome=back-off" in text]


# on demand


def test_a_connection_queues_for_a_moment_before_a_worker_is_spawned(table: Table, clock: Clock) -> None:
    """Most requests take less; a later connection has the whole time again."""
    workers = table.workers
    table.add()
    table.connect()
    first = workers.spawn_missing()
    clock.now += 0.75 * QUEUING
    second = workers.spawn_missing()
    connection, _ = table.listener.accept()
    connection.close()
    nothing = workers.spawn_missing()
    table.connect()
    later = workers.spawn_missing()
    queuing = len(workers.current)
    clock.now += 1.25 * QUEUING
    over = workers.spawn_missing()

    assert [QUEUING, 0.25 * QUEUING] == pytest.approx([first, second])
    assert [math.inf, pytest.approx(QUEUING), math.inf] == [nothing, later, over]
    assert (1, 2) == (queuing, len(workers.current))


def test_a_busy_old_worker_is_none_that_may_soon_be_idle(table: Table, clock: Clock) -> None:
    """An old worker after a reload has accepted before: with no other worker, a connection that queues gets one."""
    old = table.add()
    assert old.row is not None
    old.row.record.pid = old.pid
    workers = table.limited(0, 1)
    workers.adopt({old.pid: old.lifeline})
    table.connect()

    assert QUEUING == pytest.approx(workers.spawn_missing())


def test_workers_that_have_not_written_their_rows_yet_have_different_ones(
    table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until a worker runs, only the table knows that its row is taken; each that was forked is counted."""
    pids = itertools.count(PID)
    monkeypatch.setattr(fork, "fork", lambda *_, **__: next(pids))
    workers = table.limited(3, 3)
    workers.spawn_missing()

    assert [PID, PID + 1, PID + 2] == list(workers.current)
    assert 3 == len({worker.row.number for worker in workers if worker.row})
    assert 3 == table.board.counters.spawned


def test_without_a_free_row_no_worker_is_spawned(table: Table, caplog: pytest.LogCaptureFixture) -> None:
    """The master goes on, and tries again after a pause."""
    for _ in range(2 * MOST_WORKERS):
        table.board.worker_row(()).take()
    table.workers.spawn_missing()

    assert "worker outcome=not-forked" in caplog.messages
    assert [1] == pauses(caplog)
    assert {} == table.workers.current


# who is to stop


def test_the_worker_that_has_been_idle_longest_is_stopped(table: Table) -> None:
    """A busy one is not, however long, nor one that has become idle just now, nor one that does not accept yet."""
    workers = table.limited(1, 5)
    busy, recent, longest, long = (table.add() for _ in range(4))
    starting = table.add(is_accepting=False)
    for worker in (busy, starting):
        assert worker.row is not None
        worker.row.record.since -= 2000.0
    assert starting.row is not None
    starting.row.record.state = IDLE
    for worker, seconds in ((recent, 0.0), (longest, 900.0), (long, 600.0)):
        assert worker.row is not None
        worker.row.idle()
        worker.row.record.since -= seconds
    after = []
    for _ in range(3):
        workers.stop_idle()
        after.append(list(workers.current.values()))

    others = [busy, recent, starting]
    assert [[busy, recent, long, starting], others, others] == after


def test_the_lifelines_of_all_that_serve_are_handed_over(table: Table) -> None:
    """A second reload may come before the old workers have stopped; one that is to stop has no lifeline any more."""
    current, old, stopping = (table.add() for _ in range(3))
    table.workers.old[old.pid] = table.workers.current.pop(old.pid)
    table.workers.stop(stopping)

    assert {current.pid: current.lifeline, old.pid: old.lifeline} == table.workers.lifelines()


# deaths


@pytest.mark.parametrize(
    ("status", "is_accepting", "age", "expected"),
    [
        (0, False, 0.0, []),
        (-signal.SIGALRM, True, 0.0, []),
        (-signal.SIGKILL, True, 0.0, []),
        (-signal.SIGKILL, False, 0.0, [1]),
        (-signal.SIGSEGV, True, 0.0, [1]),
        (1, True, 0.9 * YOUNG, [1]),
        (1, True, 1.1 * YOUNG, []),
    ],
)
def test_only_a_young_worker_that_failed_by_itself_delays_the_next(
    table: Table,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
    status: int,
    is_accepting: bool,
    age: float,
    expected: list[int],
) -> None:
    """One that was told to end, took too long, had accepted before it was killed, or is older, is replaced at once."""
    worker = table.add(is_accepting=is_accepting, started=clock.now - age)
    table.workers.on_exit(worker.pid, status)

    assert expected == pauses(caplog)


def test_what_a_worker_counted_that_was_to_stop_before_a_reload_is_kept(table: Table) -> None:
    """It is not in the new master's table, but its row has its pid; a child without a row is no worker."""
    worker = table.add()
    assert worker.row is not None
    worker.row.record.pid = worker.pid
    worker.row.idle()
    del table.workers.current[worker.pid]
    worker.lifeline.close()
    table.workers.on_exit(worker.pid, 1)
    table.workers.on_exit(worker.pid + 1, 1)

    assert (1, 1) == (table.board.counters.requests, table.board.counters.died)


def test_the_pause_is_short_again_after_a_worker_that_served(
    table: Table, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    """The deaths in a row count, and not all that ever were."""
    for age in (0.0, 0.0, 2 * YOUNG, 0.0):
        table.workers.on_exit(table.add(started=clock.now - age).pid, 1)

    assert [1, 2, 1] == pauses(caplog)


# the monitor


def test_the_next_look_comes_when_a_request_may_be_slow(table: Table) -> None:
    """It does not wait for the heartbeat, which may be later; nothing is reported yet. At rest looks are rarer."""
    monitor = Monitor(table.limited(1, 1, slow_request=60.0), table.board, heartbeat=1000.0)
    idle = monitor.report_slow()
    table.add()

    assert 4000.0 == idle
    assert 0 < monitor.report_slow() <= 60.0
    assert 0 == table.board.counters.slow


def test_a_slow_request_is_reported_of_any_worker(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    """An old worker is looked at, and one that is to stop, as any other; each writes its stack once."""
    sent: list[tuple[int, int]] = []
    monkeypatch.setattr(os, "kill", lambda pid, number: sent.append((pid, number)))
    workers = table.limited(1, 3, slow_request=0.0)
    first, second, third = (table.add() for _ in range(3))
    workers.old[second.pid] = workers.current.pop(second.pid)
    workers.stop(third)
    monitor = Monitor(workers, table.board, heartbeat=1000.0)

    assert [1000.0, 1000.0] == [monitor.report_slow(), monitor.report_slow()]
    assert [(worker.pid, signal.SIGUSR2) for worker in (first, second, third)] == sent
    assert 3 == table.board.counters.slow


def test_a_look_remembers_how_many_were_busy(table: Table) -> None:
    """Where no connection has to queue, nothing else counts them."""
    for _ in range(2):
        table.add()
    monitor = Monitor(table.workers, table.board, heartbeat=1000.0)

    assert [1000.0, 2000.0] == [monitor.look(), monitor.look()]
    assert 2 == table.board.counters.most_active


def test_memory_that_a_worker_shares_does_not_count_as_its_own(table: Table) -> None:
    """Its PSS decides: a forked worker has all its parent's pages in its RSS."""
    pid = fork.fork(lambda: time.sleep(600), name="child", detach=False)
    table.workers.current[pid] = WorkerProcess(pid, socket.socket(), None, 0.0)
    monitor = Monitor(table.workers, table.board, heartbeat=1000.0)
    counts = []
    try:
        use = memory_use(pid)
        for kib in ((use.pss + use.rss) / 2, use.pss / 2):
            table.workers.limits = WorkerLimits(1, 1, max_worker_mib=kib / 1024)
            monitor.check_memory()
            counts.append(table.board.counters.outgrown)
    finally:
        os.kill(pid, signal.SIGKILL)

    assert [0, 1] == counts


def test_a_worker_that_has_just_died_takes_no_memory(table: Table) -> None:
    """The look at memory may come before the master has reaped it: that is no error."""
    pid = fork.fork(lambda: None, name="child", detach=False)
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    table.workers.current[pid] = WorkerProcess(pid, socket.socket(), None, 0.0)
    Monitor(table.workers, table.board, heartbeat=1000.0).check_memory()

    assert pid in table.workers.current
    assert 0 == table.board.counters.outgrown


def test_a_dead_worker_in_the_table_keeps_its_row(table: Table) -> None:
    """What it has counted is added up when it is reaped; the rows of others that are dead are freed."""
    known, other = table.add(), table.add()
    for worker in (known, other):
        assert worker.row is not None
        worker.row.record.pid, worker.row.record.start = worker.pid, 1
        worker.row.idle()
    del table.workers.current[other.pid]
    other.lifeline.close()
    Monitor(table.workers, table.board, heartbeat=1000.0).free_dead_rows()
    states = [worker.row.record.state for worker in (known, other) if worker.row]
    table.workers.on_exit(known.pid, 0)

    assert [IDLE, 0] == states
    assert 1 == table.board.counters.requests
