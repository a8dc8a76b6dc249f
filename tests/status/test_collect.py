"""Collect the status of a pool that runs, was killed, has other code, or belongs to another user."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cocoai import config
from cocoai.engine.process import fork, locks, proc
from cocoai.engine.process.cgroup import MemoryLimit
from cocoai.engine.process.scoreboard import Scoreboard
from cocoai.spool.file_spool import FileSpool
from cocoai.status.status import RUNNING, STOPPED, UNKNOWN, as_json, collect
from tests.engine.conftest import ended
from tests.status.samples import claim, put_question, scoreboard_of
from tests.status.samples import status as sample

NOW = 1_763_822_000.0

MIB = 1024 * 1024


@contextmanager
def process(run: Callable[[], object]) -> Iterator[int]:
    """Run `run` in a child process that then waits; yield its pid, and kill it in the end."""
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
    """Return a scoreboard whose master and first worker are this process."""
    made = scoreboard_of(settings)
    made.begin(1, 4)
    made.take_row(made.worker_row(()))
    made.own_row.wait()
    return made


def test_a_running_pool_is_listed_with_its_processes(settings: config.Settings) -> None:
    """The master comes first and the collecting process last, each with its memory."""
    pool_of(settings)

    status = collect(settings)

    assert (RUNNING, "") == (status.state, status.trouble)
    assert ["master", "worker", "look"] == [each.process.kind for each in status.processes]
    assert all(each.pss is not None for each in status.processes)
    assert ["idle"] == [worker.state for worker in status.of_kind("worker")]


def test_a_pool_that_never_ran_is_reported_as_stopped(settings: config.Settings) -> None:
    """The spool is shown all the same."""
    status = collect(settings)

    assert (STOPPED, None, ()) == (status.state, status.snapshot, status.processes)
    assert 0 == status.spool.files["ready"]


def test_a_killed_pool_leaves_its_figures(settings: config.Settings) -> None:
    """The pool is stopped once its pid is gone, and its counters can still be read."""

    def run() -> None:
        pool_of(settings).own_row.count_refusal("not found")

    with process(run) as pid:
        running = collect(settings)
    killed = collect(settings)

    assert (RUNNING, pid) == (running.state, running.snapshot and running.snapshot.pid)
    assert STOPPED == killed.state
    assert killed.snapshot is not None
    assert {"not found": 1} == killed.snapshot.refused
    assert () == killed.processes


def test_a_scoreboard_of_other_code_is_not_read(settings: config.Settings) -> None:
    """The state is unknown, and the reason is reported."""
    Scoreboard(settings.paths.scoreboard, slots=4, reasons=("another",)).begin(1, 1)

    status = collect(settings)

    assert UNKNOWN == status.state
    assert "other code" in status.trouble


@pytest.mark.parametrize("size", [0, 8, 512, 5000])
def test_a_damaged_scoreboard_is_not_read(settings: config.Settings, size: int) -> None:
    """The state is unknown if the file is cut off, at any length."""
    pool_of(settings)
    with open(settings.paths.scoreboard, "r+b") as file:
        whole = file.read()
    Path(settings.paths.scoreboard).unlink()
    Path(settings.paths.scoreboard).write_bytes(whole[:size])

    status = collect(settings)

    assert (UNKNOWN, None) == (status.state, status.snapshot)
    assert "" != status.trouble


def test_another_user_gets_an_error_that_names_the_folder(settings: config.Settings) -> None:
    """A user without permission gets the system's PermissionError."""
    var = Path(settings.paths.var)
    var.chmod(0o700 if os.geteuid() == 0 else 0)
    reader, writer = os.pipe()

    def collect_as_stranger() -> None:
        if os.geteuid() == 0:
            os.setuid(65_534)
        try:
            collect(settings)
        except PermissionError as error:
            os.write(writer, str(error.filename).encode())

    pid = fork.fork(collect_as_stranger, name="stranger", keep=frozenset({writer}))
    os.close(writer)
    with open(reader) as pipe:
        named = pipe.read()
    var.chmod(0o700)

    assert 0 == ended(pid)
    assert str(var / "spool/ready") == named


def test_memory_shared_with_the_collecting_process_is_the_pool_s(settings: config.Settings) -> None:
    """A page that two processes share counts half for each: our half is added to the pool again."""
    shared = b"x" * (32 * MIB)

    with process(lambda: scoreboard_of(settings).begin(1, 1)) as pid:
        beside_us = proc.memory_use(pid).pss
        status = collect(settings)

    # In KiB; the bytes are half the child's and half ours. A few pages may have gone their own way meanwhile.
    assert len(shared) / 1024 / 2 < status.pool_pss - beside_us + 1024


def test_the_oldest_waiting_question_is_in_no_process(settings: config.Settings, spool: FileSpool) -> None:
    """A question that a job process is answering does not count as waiting."""
    first, second = put_question(spool, NOW), put_question(spool, NOW + 1)
    put_question(spool, NOW + 2)
    made = scoreboard_of(settings)
    made.begin(1, 1)
    made.take_row(made.job_row(0))
    made.own_row.busy(first)

    status = collect(settings)

    assert (3, 1, second) == (status.spool.files["ready"], status.spool.in_hand, status.spool.oldest)
    assert pytest.approx(status.at - NOW - 1) == status.spool.seconds


def test_collecting_touches_no_lock_and_no_file(settings: config.Settings, spool: FileSpool) -> None:
    """The status is the same while other processes hold the locks, and no file changes."""
    var = Path(settings.paths.var)
    put_question(spool, NOW)
    pool_of(settings)

    def traces() -> dict[Path, tuple[int, int]]:
        return {path: (path.stat().st_mtime_ns, path.stat().st_size) for path in var.rglob("*")}

    job = claim(spool)
    with_lock = locks.take(str(var / "locks" / "put.lock"))
    before = traces()
    status = collect(settings)

    assert with_lock is not None
    assert 1 == status.spool.files["ready"]
    assert before == traces()
    with_lock.release()
    job.release()


def test_json_has_the_same_figures(settings: config.Settings) -> None:
    """The JSON has php-fpm's figures: accepted, idle, active, total, most active, most reached, slow, started."""
    pool_of(settings).own_row.count_refusal("not found")

    data = json.loads(json.dumps(as_json(collect(settings))))

    assert ("running", 1, 0, 1) == (data["state"], *(data["pool"][name] for name in ("idle", "active", "total")))
    assert {"accepted", "most_active", "most_reached", "slow", "started"} <= data["pool"].keys()
    assert {"not found": 1} == data["pool"]["refused"]
    assert {"used": 0, "of": 4} == data["slots"]
    assert data["memory"]["pool_pss_kib"] == sum(each["pss_kib"] for each in data["processes"])


def test_json_has_the_limit_of_a_control_group() -> None:
    """In KiB, with what is in use and the group's path; null where no limit is set."""
    limited = as_json(sample(limit=MemoryLimit("/box", 400 << 20, 60 << 20)))["memory"]
    unlimited = as_json(sample())["memory"]

    names = ("limit_kib", "limit_used_kib", "limit_group")
    assert [400 << 10, 60 << 10, "/box"] == [limited[name] for name in names]
    assert [None] * 3 == [unlimited[name] for name in names]
