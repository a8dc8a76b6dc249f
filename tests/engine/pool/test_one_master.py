"""One master at a time runs in a folder, and one whose parent has gone stops: real masters, signalled and killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cocoai.engine.pool.master import DRAIN, TICK
from cocoai.engine.pool.master_lock import LOCK_WAIT, MASTER_LOCK, find_master, take_master_lock
from cocoai.engine.pool.parent import Parent
from cocoai.engine.process import locks
from cocoai.errors import CocoAIError
from tests.engine.conftest import python_path
from tests.engine.pool.pool_under_test import PoolUnderTest, children, pool_in
from tests.engine.web.fastcgi_client import PATIENCE, Peer, request
from tests.processes import is_held, wait_until

Pair = tuple[PoolUnderTest, PoolUnderTest]

INTERMEDIATE = """
import subprocess, sys
child = subprocess.Popen([sys.executable, *sys.argv[1:]])
print(child.pid, flush=True)
child.wait()
"""
"""A program that runs another as its child, as supervisord does."""


@pytest.fixture
def pools(tmp_path: Path) -> Iterator[Pair]:
    """Yield two pools in one folder, not started yet; the second is to be started on the first's socket."""
    with pool_in(tmp_path) as first, pool_in(tmp_path) as second:
        yield first, second


def start_second(pools: Pair, *options: str) -> PoolUnderTest:
    """Start the second pool on the first's socket, and return it."""
    first, second = pools
    second.start("--workers", "1", *options, stdin=first.listener.fileno())
    return second


class Intermediate:
    """A process between this one and a pool's master, which has the pid `master`."""

    def __init__(self, pool: PoolUnderTest, *options: str, stdin: int | None = None) -> None:
        if stdin is None:
            pool.listener.bind(pool.path)
            pool.listener.listen(128)
        environ = {**os.environ, "PYTHONPATH": python_path(), "POOL_FOLDER": str(pool.folder)}
        with pool.errors.open("ab") as errors:
            self.process = pool.process = subprocess.Popen(
                [sys.executable, "-c", INTERMEDIATE, str(pool.entry), "--workers", "1", *options],
                stdin=pool.listener.fileno() if stdin is None else stdin,
                stdout=subprocess.PIPE,
                stderr=errors,
                env=environ,
            )
        assert self.process.stdout
        self.master = int(self.process.stdout.readline())

    def kill(self) -> None:
        """Kill the process, so that its child is an orphan."""
        self.process.kill()
        self.process.wait(PATIENCE)
        assert self.process.stdout
        self.process.stdout.close()


# one master at a time


def test_a_second_master_waits_and_takes_over_when_the_first_ends(pools: Pair) -> None:
    """While it waits it has no worker, writes no scoreboard, and begins no maintenance."""
    first, second = pools
    first.start("--workers", "1")
    first.await_start(workers=1)
    start_second(pools)
    first.await_log(f"pool outcome=waiting seconds=15: another master (pid {first.pid}) is running in {first.folder}")
    while_waiting = (first.log().count("maintenance=begin"), first.snapshot().pid, children(second.pid))
    first.signal(signal.SIGTERM)
    assert first.process
    ended = first.process.wait(PATIENCE)
    first.await_log("pool outcome=started", 2)

    assert (1, first.pid, set()) == while_waiting
    assert 0 == ended
    assert 200 == second.ask().status
    assert second.pid == second.snapshot().pid
    assert f"{second.pid}\n" == (first.folder / MASTER_LOCK).read_text()


def test_a_second_master_gives_up_after_its_wait(pools: Pair) -> None:
    """It ends with status 1 and names the first, which serves on and is shown as running."""
    first, _ = pools
    first.start("--workers", "1")
    first.await_start(workers=1)
    second = start_second(pools, "--lock-wait", "0.3")
    assert second.process

    assert 1 == second.process.wait(PATIENCE)
    assert f"another master (pid {first.pid}) is running in {first.folder}, and has not ended in 0.3 s" in first.log()
    assert 200 == first.ask().status
    assert first.pid == first.snapshot().pid
    assert 1 == first.log().count("pool outcome=started")


def test_term_ends_the_wait(pools: Pair) -> None:
    """A master that waits has no request in hand, and ends at once."""
    first, _ = pools
    first.start("--workers", "1")
    first.await_start(workers=1)
    second = start_second(pools)
    first.await_log("outcome=waiting")
    second.signal(signal.SIGTERM)
    assert second.process

    assert -signal.SIGTERM == second.process.wait(LOCK_WAIT / 2)
    assert 200 == first.ask().status


def test_a_killed_master_keeps_no_other_away(pools: Pair) -> None:
    """Its workers, its job processes and its check outlive it, and none of them holds the lock."""
    first, _ = pools
    first.start("--workers", "2")
    first.await_start()
    for name in ("held-request", "held-job", "held-check"):
        first.hold(name)
    with Peer(first.path) as peer:
        first.ask("/work")
        peer.send(request("/wait"))
        first.await_log(" waiting\n")
        first.signal(signal.SIGHUP)
        first.await_log("checking")
        before = is_held(first.folder / MASTER_LOCK)
        first.signal(signal.SIGKILL)
        assert first.process
        first.process.wait(PATIENCE)
        after = is_held(first.folder / MASTER_LOCK)
        left = len(first.family())

    assert (True, False) == (before, after)
    assert left >= 3


def test_the_lock_is_kept_over_a_reload_and_by_nobody_after_it(pools: Pair) -> None:
    """A second master is refused after HUP too; when the first is killed, its job and its busy worker do not matter."""
    first, _ = pools
    first.start("--workers", "2")
    first.await_start()
    first.signal(signal.SIGHUP)
    first.await_start(times=2)
    refused = start_second(pools, "--lock-wait", "0.2")
    assert refused.process
    status = refused.process.wait(PATIENCE)
    first.hold("held-job")
    first.hold("held-request")
    with Peer(first.path) as peer:
        first.ask("/work")
        peer.send(request("/wait"))
        first.await_log(" waiting\n")
        first.signal(signal.SIGKILL)
        assert first.process
        first.process.wait(PATIENCE)
        left = len(first.family())
        start_second(pools)
        first.await_log("pool outcome=started", 3)

    assert (1, f"another master (pid {first.pid})" in first.log()) == (status, True)
    assert left >= 2
    assert 1 == first.log().count("outcome=waiting")  # the refused one's


def test_a_lock_that_cannot_be_made_keeps_no_pool_away(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """As on a full disk, or in a folder that is not there: the log says so, and the master goes on without."""
    assert None is take_master_lock(str(tmp_path / "missing"), Parent(os.getppid()))
    assert ["pool outcome=not-locked"] == caplog.messages


def test_a_holder_is_named_only_if_it_lives(tmp_path: Path) -> None:
    """Where the newest holder could not write its pid, the file still has an earlier one's."""
    assert "" == find_master(str(tmp_path))
    lock = take_master_lock(str(tmp_path), Parent(os.getppid()))
    named = find_master(str(tmp_path))
    (tmp_path / MASTER_LOCK).write_text(f"{1 << 23}\n")
    unnamed = find_master(str(tmp_path))
    assert lock
    lock.release()

    assert (f"another master (pid {os.getpid()})", "another master", "") == (named, unnamed, find_master(str(tmp_path)))


# a parent that has gone


def test_an_orphan_stops(pools: Pair) -> None:
    """When its parent was killed it drains as after TERM: nobody else would ever stop it."""
    pool, _ = pools
    parent = Intermediate(pool, "--tick", "0.1")
    pool.await_log("pool outcome=started")
    pool.hold("held-request")
    with Peer(pool.path) as peer:
        peer.send(request("/wait"))
        pool.await_log(" waiting\n")
        with pool.held("held-request"):
            parent.kill()
            pool.await_log("outcome=stopping")
        reply = peer.reply()
    wait_until(lambda: not pool.family())

    assert 200 == reply.status
    assert 1 == pool.log().count(f"pool outcome=orphaned parent={parent.process.pid}:")
    assert 1 == pool.log().count("maintenance=end")


def test_a_reload_makes_no_new_parent(pools: Pair) -> None:
    """A master that became an orphan and is then reloaded knows its first parent, and stops at its first tick."""
    pool, _ = pools
    parent = Intermediate(pool, "--tick", "1000")
    pool.ask()  # the first worker is spawned after the first tick
    parent.kill()
    before = pool.log().count("orphaned")
    os.kill(parent.master, signal.SIGHUP)
    wait_until(lambda: not pool.family())

    assert (0, 1) == (before, pool.log().count(f"pool outcome=orphaned parent={parent.process.pid}:"))
    assert 2 == pool.log().count("pool outcome=started")


def test_a_new_master_takes_over_from_an_orphan(pools: Pair) -> None:
    """A service manager that was killed and is started anew has one pool in the end, and it is the new one."""
    first, second = pools
    parent = Intermediate(first, "--tick", "0.1")
    first.await_log("pool outcome=started")
    parent.kill()
    start_second(pools)
    first.await_log("pool outcome=started", 2)

    assert [parent.master, second.pid] == masters_started(first)
    assert second.pid == second.snapshot().pid
    assert 200 == second.ask().status


def masters_started(pool: PoolUnderTest) -> list[int]:
    """Return the pids that logged that a pool has started."""
    return [int(line.split()[0]) for line in pool.log().splitlines() if "pool outcome=started" in line]


def test_an_orphan_waits_for_no_lock(pools: Pair) -> None:
    """A master whose parent was killed while it waited would only keep away the one that the next parent starts."""
    first, second = pools
    first.start("--workers", "1")
    first.await_start(workers=1)
    parent = Intermediate(second, stdin=first.listener.fileno())
    first.await_log("outcome=waiting")
    parent.kill()
    first.await_log("the parent process has gone")
    wait_until(lambda: str(parent.master) not in map(str, first.family()))

    assert 1 == first.log().count("pool outcome=started")


def test_the_wait_is_no_shorter_than_an_orphan_takes_to_end() -> None:
    """That is its tick and its drain; the wait begins later, when the next service manager has started."""
    assert TICK + DRAIN <= LOCK_WAIT


def test_the_wait_ends_at_the_lock(tmp_path: Path) -> None:
    """It is over as soon as the lock is free, and an error once its time is up."""
    held = locks.take(str(tmp_path / MASTER_LOCK))
    assert held
    with pytest.raises(CocoAIError, match=r"and has not ended in 0\.05 s"):
        take_master_lock(str(tmp_path), Parent(os.getppid()), 0.05)
    held.release()
    lock = take_master_lock(str(tmp_path), Parent(os.getppid()), 0.0)
    assert lock
    lock.release()
