"""How many workers there are, and what becomes of one that is slow, hangs or grows, in real pools."""

from __future__ import annotations

import os
import random
import re
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.engine.pool.pool_under_test import Load, PoolUnderTest, pool_in
from tests.engine.web.fastcgi_client import Peer, request
from tests.processes import wait_until

KEY = "C0PRACTICE-1.0-1.0"

QUICK = ("--heartbeat", "0.1")
"""For tests that wait until the master has looked at its workers."""


@pytest.fixture
def pool(tmp_path: Path) -> Iterator[PoolUnderTest]:
    """Yield a pool that has not been started yet; end it afterwards."""
    with pool_in(tmp_path) as made:
        yield made


def send(pool: PoolUnderTest, stack: ExitStack, times: int, path: str = "/wait") -> list[Peer]:
    """Send so many requests at once; return their connections, which `stack` closes."""
    peers = [stack.enter_context(Peer(pool.path)) for _ in range(times)]
    for peer in peers:
        peer.send(request(path))
    return peers


# on demand


def test_workers_come_when_all_are_busy_up_to_the_most(pool: PoolUnderTest) -> None:
    """A further request waits for one of them; that there are too few is logged and counted."""
    pool.start("--workers", "1", "--most", "3")
    pool.await_start(workers=1)
    pool.hold("held-request")
    with ExitStack() as stack:
        peers = send(pool, stack, 4)
        pool.await_log("waiting", times=3)
        pool.await_log("outcome=most-workers-reached most=3: raise [pool] workers")
        workers, seen = pool.workers(), pool.snapshot()
        with pool.held("held-request"):
            pass
        replies = [peer.reply() for peer in peers]

    assert 3 == len(workers)
    assert "workers=1..3\n" in pool.log()
    assert (1, 3, 3, 1) == (seen.least, seen.most, seen.spawned, seen.most_reached)
    assert [200] * 4 == [reply.status for reply in replies]


def test_no_worker_is_spawned_while_one_is_idle(pool: PoolUnderTest) -> None:
    """Requests one after another need one worker."""
    pool.start("--workers", "1", "--most", "3")
    workers = pool.await_start(workers=1)
    for _ in range(50):
        pool.ask()
        wait_until(lambda: pool.snapshot().processes[0].state == "idle")

    assert workers == pool.workers()
    assert 1 == pool.snapshot().spawned
    assert "most-workers-reached" not in pool.log()


def test_a_worker_above_the_least_ends_when_it_has_been_idle(pool: PoolUnderTest) -> None:
    """The least number stay, however idle."""
    pool.start(*QUICK, "--workers", "1", "--most", "3", "--idle-timeout", "0.2")
    pool.await_start(workers=1)
    pool.hold("held-request")
    with ExitStack() as stack:
        peers = send(pool, stack, 3)
        pool.await_log("waiting", times=3)
        with pool.held("held-request"):
            pass
        replies = [peer.reply() for peer in peers]
    wait_until(lambda: len(pool.workers()) == 1)
    (last,) = pool.workers()
    pool.await_looks()

    assert [200] * 3 == [reply.status for reply in replies]
    assert {last} == pool.workers()
    assert 2 == pool.log().count("outcome=dismissed")
    assert "outcome=died" not in pool.log()


def test_a_fixed_pool_stays_as_it_is(pool: PoolUnderTest) -> None:
    """That there are too few workers is logged once, and counted each time."""
    pool.start(*QUICK, "--workers", "1", "--idle-timeout", "0.01")
    workers = pool.await_start(workers=1)
    for times in (1, 2):
        pool.hold("held-request")
        with ExitStack() as stack:
            peers = send(pool, stack, 2)
            wait_until(lambda times=times: pool.snapshot().most_reached == times)  # type: ignore[misc]
            pool.await_looks()  # the master sleeps, although a connection waits
            with pool.held("held-request"):
                pass
            assert [200, 200] == [peer.reply().status for peer in peers]
        pool.await_looks()

    assert workers == pool.workers()
    assert 1 == pool.log().count("most-workers-reached")


def test_without_workers_the_master_sees_the_first_connection(pool: PoolUnderTest) -> None:
    """With `0..2` a worker comes with the first request and goes again; the master sleeps meanwhile."""
    pool.start(*QUICK, "--workers", "0", "--most", "2", "--idle-timeout", "0.1")
    pool.await_start(workers=0)
    for times in (1, 2, 3):
        reply = pool.ask()
        wait_until(lambda: pool.workers() == set())
        pool.await_looks()
        assert (200, times) == (reply.status, pool.snapshot().spawned)

    assert len(pool.family()) == 1


def test_without_workers_a_connection_wakes_the_master(pool: PoolUnderTest) -> None:
    """It does not wait for the master's next look."""
    pool.start("--workers", "0", "--most", "1", "--heartbeat", "1000")
    pool.await_start(workers=0)

    assert 200 == pool.ask().status


def test_a_burst_without_workers_is_served_whole(pool: PoolUnderTest) -> None:
    """Both copies of 200 events in one instant wait in the backlog until a worker is there, and none fails."""
    pool.start("--workers", "0", "--most", "4", bind=True)
    pool.await_log("outcome=started")
    with ExitStack() as stack:
        peers = send(pool, stack, 400, "/")
        replies = [peer.reply() for peer in peers]

    assert {(200, (0, 0))} == {(reply.status, reply.ended) for reply in replies}
    assert pool.snapshot().accepted == 400


def test_no_request_is_lost_while_workers_come_and_go(pool: PoolUnderTest) -> None:
    """A connection may come at the very moment at which the last worker is told to end."""
    pool.start("--heartbeat", "0.001", "--workers", "0", "--most", "2", "--idle-timeout", "0.001")
    pool.await_log("outcome=started")
    statuses = []
    while pool.snapshot().spawned < 50:
        statuses.append(pool.ask().status)
        time.sleep(random.uniform(0, 0.01))

    assert {200} == set(statuses)
    assert "outcome=died" not in pool.log()


@pytest.mark.parametrize("least", ["0", "1"])
def test_a_reload_with_a_range_fails_no_request(pool: PoolUnderTest, least: str) -> None:
    """It fails none either where no new worker need be there before a request."""
    pool.start("--workers", least, "--most", "3")
    pool.await_log("outcome=started")
    with Load(pool.path) as load:
        load.await_word("one")
        load.reload_twice(pool)

    assert [] == load.failed


def test_a_reload_stops_idle_workers_where_none_need_be(pool: PoolUnderTest) -> None:
    """Without any request the old workers stop all the same, and the next request is the new code's."""
    pool.start("--workers", "0", "--most", "2")
    pool.await_start(workers=0)
    (worker,) = {int(pool.ask().text.split()[1])}
    pool.write("two")
    pool.signal(signal.SIGHUP)
    pool.await_log("outcome=started", times=2)
    wait_until(lambda: pool.workers() == set())

    assert "two" == pool.word()
    assert worker not in pool.workers()


def test_without_workers_those_that_die_young_are_spawned_with_pauses(pool: PoolUnderTest) -> None:
    """The master, which watches the socket in their place, does not try at full speed; the request is served."""
    failing = pool.mark("failing-workers")
    pool.start(*QUICK, "--workers", "0", "--most", "2")
    pool.await_start(workers=0)
    with Peer(pool.path) as peer:
        peer.send(request("/"))
        pool.await_log("outcome=back-off seconds=2")
        pool.await_looks()  # the master sleeps, although a connection waits
        deaths = pool.log().count("outcome=died status=1")
        failing.unlink()
        reply = peer.reply()

    assert (2, 200) == (deaths, reply.status)


# deadlines


def test_a_slow_request_is_logged_once_with_its_stack(pool: PoolUnderTest) -> None:
    """The log has its key while it still runs; the next slow request is logged again."""
    pool.start(*QUICK, "--workers", "1", "--slow-request", "0.1")
    pool.await_start(workers=1)
    for times in (1, 2):
        pool.hold("held-request")
        with Peer(pool.path) as peer:
            peer.send(request("/ponder"))
            pool.await_log(f"outcome=slow key={KEY} seconds=", times)
            pool.await_log(" in ponder\n", times)
            pool.await_looks()
            with pool.held("held-request"):
                pass
            assert 200 == peer.reply().status

    assert 2 == pool.log().count("outcome=slow")
    assert 2 == pool.snapshot().slow


def test_a_request_over_its_time_is_logged_with_its_key(pool: PoolUnderTest) -> None:
    """Its worker ends itself: a time-out and no crash, so the next worker comes without a pause."""
    pool.start("--workers", "1", "--request-timeout", "0.3")
    (hung,) = pool.await_start(workers=1)
    pool.hold("held-request")
    with Peer(pool.path) as peer:
        peer.send(request("/ponder"))
        pool.await_log(f"worker pid={hung} outcome=timed-out key={KEY}")
        assert peer.is_closed()
    (pool.folder / "held-request").unlink()
    wait_until(lambda: pool.workers() - {hung})

    assert "back-off" not in pool.log()
    assert (1, 0) == (pool.snapshot().timed_out, pool.snapshot().died)


# memory


def test_a_worker_that_has_grown_is_replaced(pool: PoolUnderTest) -> None:
    """Only memory of its own counts; the other workers stay."""
    pool.start(*QUICK, "--max-worker-mib", "50", "--memory-interval", "0.1")
    workers = pool.await_start()
    grown = int(pool.ask("/grow").text)
    wait_until(lambda: grown not in pool.workers() and len(pool.workers()) == 2)
    pool.await_looks()

    assert workers - {grown} < pool.workers()
    assert [str(grown)] == re.findall(r"worker pid=(\d+) outcome=outgrown mib=\d+\.\d", pool.log())
    assert (1, 0) == (pool.snapshot().outgrown, pool.snapshot().died)
    assert 200 == pool.ask().status


def test_a_worker_that_has_grown_finishes_its_request(pool: PoolUnderTest) -> None:
    """The worker that takes its place is there already."""
    pool.start("--workers", "1", "--max-worker-mib", "50", "--memory-interval", "0.1")
    pool.await_start(workers=1)
    pool.hold("held-request")
    with Peer(pool.path) as peer:
        peer.send(request("/grow"))
        pool.await_log("outcome=outgrown")
        after = pool.ask()
        with pool.held("held-request"):
            pass
        reply = peer.reply()

    assert (200, 200) == (after.status, reply.status)
    assert after.text.split()[1] != reply.text


# the scoreboard


def test_what_was_counted_outlives_workers_and_reloads(pool: PoolUnderTest) -> None:
    """Requests of killed and replaced workers still count, and the pool is as old as it was."""
    pool.start("--workers", "1")
    (first,) = pool.await_start(workers=1)
    for _ in range(5):
        pool.ask()
    wait_until(lambda: pool.snapshot().accepted == 5)
    before = pool.snapshot()
    os.kill(first, signal.SIGKILL)
    wait_until(lambda: pool.workers() - {first})
    pool.await_start(workers=1)  # the new worker is noted as one of this start, not of the next
    pool.ask()
    wait_until(lambda: pool.snapshot().accepted == 6)
    pool.signal(signal.SIGHUP)
    (last,) = pool.await_start(2, workers=1)
    pool.ask()
    wait_until(lambda: pool.snapshot().accepted == 7)
    after = pool.snapshot()

    assert (1, 0.0) == (before.spawned, before.reloaded)
    assert (pool.pid, 3, 1, before.started) == (after.pid, after.spawned, after.died, after.started)
    assert after.reloaded > 0
    assert [("worker", last, "idle")] == [(each.kind, each.pid, each.state) for each in after.processes]


def test_a_killed_master_leaves_a_scoreboard_that_shows_it(pool: PoolUnderTest) -> None:
    """The next master is not misled by the rows of dead workers: without workers it sees the first connection."""
    pool.start("--workers", "0", "--most", "1", bind=True)
    pool.await_start(workers=0)
    pool.ask()
    pool.signal(signal.SIGKILL)
    assert -signal.SIGKILL == pool.wait()
    wait_until(lambda: pool.snapshot().processes == ())
    killed = pool.snapshot()
    pool.start("--workers", "0", "--most", "1", bind=True)
    pool.await_log("outcome=started", times=2)

    assert 0 == killed.pid
    assert 200 == pool.ask().status
    assert (pool.pid, 1) == (pool.snapshot().pid, pool.snapshot().spawned)


def test_usr2_shows_the_stacks_of_job_processes_too(pool: PoolUnderTest) -> None:
    """They are no children of the master's: it knows them from the scoreboard."""
    pool.start()
    pool.await_start()
    pool.hold("held-job")
    pool.ask("/work")
    wait_until(lambda: [each for each in pool.snapshot().processes if each.kind == "job"])
    with pool.held("held-job"):
        pool.signal(signal.SIGUSR2)
        pool.await_log("job pid=")
        pool.await_log(" in job\n")
        (job,) = [each.pid for each in pool.snapshot().processes if each.kind == "job"]

    assert [str(job)] == re.findall(r"job pid=(\d+) outcome=stack-asked", pool.log())
