"""What is seen of a pool without asking it: running, killed, of other code, or not ours to see."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cocoai import board, config
from cocoai.engine.process import fork, locks, proc
from cocoai.engine.process.scoreboard import Scoreboard
from cocoai.spool.spool import Spool
from cocoai.status import RUNNING, STOPPED, UNKNOWN, as_json, collect
from tests.engine.conftest import ended
from tests.status.made_up import asked, claimed

NOW = 1_763_822_000.0

MIB = 1024 * 1024


@contextmanager
def process(run: Callable[[], object]) -> Iterator[int]:
    """A process of ours that has run this, and then does nothing. Its pid."""
    reader, writer = os.pipe()

    def work() -> None:
        run()
        os.write(writer, b"+")
        signal.pause()

    pid = fork.fork(work, name="made-up", keep=frozenset({writer}))
    os.close(writer)
    try:
        assert os.read(reader, 1) == b"+"
        yield pid
    finally:
        os.close(reader)
        os.kill(pid, signal.SIGKILL)
        ended(pid)


def pool_of(settings: config.Settings) -> Scoreboard:
    """A board whose master and first worker are we."""
    made = board.new(settings)
    made.begin(1, 4)
    made.take_row(made.worker_row(()))
    made.own_row.wait()
    return made


def test_a_running_pool_is_seen_with_its_processes(settings: config.Settings) -> None:
    """The master first, and whoever looks last, each with what it takes."""
    pool_of(settings)

    status = collect(settings)

    assert (RUNNING, "") == (status.state, status.trouble)
    assert ["master", "worker", "look"] == [member.process.kind for member in status.members]
    assert all(member.pss is not None for member in status.members)
    assert ["idle"] == [worker.state for worker in status.of_kind("worker")]


def test_a_pool_that_never_ran_is_told(settings: config.Settings) -> None:
    """The spool is shown all the same."""
    status = collect(settings)

    assert (STOPPED, None, ()) == (status.state, status.picture, status.members)
    assert 0 == status.waiting.files["ready"]


def test_a_killed_pool_leaves_its_figures(settings: config.Settings) -> None:
    """Nobody has to be asked: its pid is nobody's now."""

    def run() -> None:
        pool_of(settings).own_row.count_refusal("not found")

    with process(run) as pid:
        running = collect(settings)
    killed = collect(settings)

    assert (RUNNING, pid) == (running.state, running.picture and running.picture.pid)
    assert STOPPED == killed.state
    assert killed.picture is not None
    assert {"not found": 1} == killed.picture.refused
    assert () == killed.members


def test_a_board_of_other_code_is_not_read(settings: config.Settings) -> None:
    """It says so: whether the pool runs cannot be known."""
    Scoreboard(board.path(settings), slots=4, reasons=("another",)).begin(1, 1)

    status = collect(settings)

    assert UNKNOWN == status.state
    assert "other code" in status.trouble


@pytest.mark.parametrize("size", [0, 8, 512, 5000])
def test_a_damaged_board_is_not_read(settings: config.Settings, size: int) -> None:
    """Cut off, wherever that may be."""
    pool_of(settings)
    with open(board.path(settings), "r+b") as file:
        whole = file.read()
    Path(board.path(settings)).unlink()
    Path(board.path(settings)).write_bytes(whole[:size])

    status = collect(settings)

    assert (UNKNOWN, None) == (status.state, status.picture)
    assert "" != status.trouble


def test_who_may_not_look_is_told(settings: config.Settings) -> None:
    """An error of the system, which names the folder."""
    var = Path(settings.paths.var)
    var.chmod(0o700 if os.geteuid() == 0 else 0)
    reader, writer = os.pipe()

    def look() -> None:
        if os.geteuid() == 0:
            os.setuid(65_534)
        try:
            collect(settings)
        except PermissionError as error:
            os.write(writer, str(error.filename).encode())

    pid = fork.fork(look, name="stranger", keep=frozenset({writer}))
    os.close(writer)
    with open(reader) as words:
        told = words.read()
    var.chmod(0o700)

    assert 0 == ended(pid)
    assert str(var / "spool/ready") == told


def test_what_the_look_shares_counts_in_full(settings: config.Settings) -> None:
    """A page that two processes share counts half against each: what we take from the pool is given back to it."""
    shared = b"x" * (32 * MIB)

    with process(lambda: board.new(settings).begin(1, 1)) as pid:
        beside_us = proc.memory_use(pid).pss
        status = collect(settings)

    # In KiB; the bytes are half the child's and half ours. A few pages may have gone their own way meanwhile.
    assert len(shared) / 1024 / 2 < status.pool_pss - beside_us + 1024


def test_the_oldest_that_waits_is_nobody_s(settings: config.Settings, spool: Spool) -> None:
    """What a job process has in hand waits no longer."""
    first, second = asked(spool, NOW), asked(spool, NOW + 1)
    asked(spool, NOW + 2)
    made = board.new(settings)
    made.begin(1, 1)
    made.take_row(made.job_row(0))
    made.own_row.busy(first)

    status = collect(settings)

    assert (3, 1, second) == (status.waiting.files["ready"], status.waiting.in_hand, status.waiting.oldest)
    assert pytest.approx(status.at - NOW - 1) == status.waiting.seconds


def test_a_look_touches_no_lock_and_no_file(settings: config.Settings, spool: Spool) -> None:
    """With every lock held by another it sees the same, and leaves no trace."""
    var = Path(settings.paths.var)
    asked(spool, NOW)
    pool_of(settings)

    def traces() -> dict[Path, tuple[int, int]]:
        return {path: (path.stat().st_mtime_ns, path.stat().st_size) for path in var.rglob("*")}

    job = claimed(spool)
    with_lock = locks.take(str(var / "locks" / "put.lock"))
    before = traces()
    status = collect(settings)

    assert with_lock is not None
    assert 1 == status.waiting.files["ready"]
    assert before == traces()
    with_lock.release()
    job.release()


def test_programs_are_told_the_same(settings: config.Settings) -> None:
    """As JSON, with php-fpm's figures: accepted, idle, active, total, most active, most reached, slow, started."""
    pool_of(settings).own_row.count_refusal("not found")

    told = json.loads(json.dumps(as_json(collect(settings))))

    assert ("running", 1, 0, 1) == (told["state"], *(told["pool"][name] for name in ("idle", "active", "total")))
    assert {"accepted", "most_active", "most_reached", "slow", "started"} <= told["pool"].keys()
    assert {"not found": 1} == told["pool"]["refused"]
    assert {"used": 0, "of": 4} == told["slots"]
    assert told["memory"]["pool_pss_kib"] == sum(each["pss_kib"] for each in told["processes"])
