"""The master, as a real program: started with its socket on descriptor 0, requested, signalled and killed.

Where a docstring names flup and a number, it guards against that defect of flup 1.0.3. Those of one worker are in
engine/web/test_worker.py.
"""

from __future__ import annotations

import json
import os
import re
import resource
import signal
import socket
import stat
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from cocoai.engine.pool.reload import HANDOVER, inherited_listener
from cocoai.engine.pool.workers import YOUNG, WorkerLimits, Workers
from cocoai.engine.process.scoreboard import Scoreboard
from tests.engine.pool.pool_under_test import Load, PoolUnderTest, pool_in, read
from tests.engine.web.fastcgi_client import PATIENCE, Peer, request
from tests.processes import wait_until

NOBODY = 65534


@pytest.fixture
def pool(tmp_path: Path) -> Iterator[PoolUnderTest]:
    """Yield a pool that has not been started yet; end it afterwards."""
    with pool_in(tmp_path) as made:
        yield made


# start


def test_it_serves_the_socket_on_descriptor_0(pool: PoolUnderTest) -> None:
    """supervisor's fcgi-program starts it so; the processes have their names."""
    pool.start()

    reply = pool.ask()
    workers = pool.await_start()

    assert 200 == reply.status
    assert int(reply.text.split()[1]) in workers
    assert b"cocoai-master\n" == read(pool.pid, "comm")


def test_it_serves_a_socket_of_its_own(pool: PoolUnderTest) -> None:
    """With --bind it makes the socket, and the web server comes in by its group."""
    pool.start(bind=True)
    pool.await_start()

    assert 200 == pool.ask().status
    assert 0o660 == stat.S_IMODE(os.stat(pool.path).st_mode)


def test_a_descriptor_0_that_is_no_listening_socket_is_an_error(pool: PoolUnderTest) -> None:
    """It ends with status 1 (flup 21: it took itself for a CGI program, and left with status 0)."""
    pool.start(stdin=subprocess.DEVNULL)

    assert 1 == pool.wait()
    assert "descriptor 0 is no listening socket" in pool.log()


# stop


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_an_idle_pool_ends_at_once(pool: PoolUnderTest, number: signal.Signals) -> None:
    """An idle master heeds signals (flup 2: not before the next request, so supervisor had to kill it)."""
    pool.start()
    pool.await_start()
    began = time.monotonic()
    pool.signal(number)
    status = pool.wait()

    assert 0 == status
    assert time.monotonic() - began < 5  # no worker was signalled: that begins at 8
    assert "made-to-stop" not in pool.log()
    assert 1 == pool.log().count("maintenance=end")


def test_a_stop_on_a_full_disk_is_a_stop(pool: PoolUnderTest) -> None:
    """Maintenance cannot note the end; the workers are stopped all the same."""
    pool.mark("failing-end")
    pool.start("--workers", "1")
    pool.await_start(workers=1)
    pool.signal(signal.SIGTERM)

    assert 0 == pool.wait()
    assert "outcome=stopped" in pool.log()


def test_a_worker_that_does_not_stop_is_signalled_and_killed(pool: PoolUnderTest) -> None:
    """A stop has a deadline (flup 3: it lasted as long as the longest request), and waiting for it takes no CPU."""
    pool.start("--drain", "2")
    pool.await_start()
    with Peer(pool.path) as peer:
        peer.send(request("/hang"))
        pool.await_log("hanging")
        before = cpu_seconds()
        pool.signal(signal.SIGTERM)
        status = pool.wait()

    assert 0 == status
    assert ["15", "9"] == re.findall(r"made-to-stop signal=(\d+)", pool.log())
    assert cpu_seconds() - before < 1  # of 1.8 seconds: the whole pool's life and its drain


def cpu_seconds() -> float:
    """Return the CPU seconds of this process's children that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def test_a_request_in_hand_is_finished_before_the_end(pool: PoolUnderTest) -> None:
    """TERM stops the pool once its requests are served."""
    pool.start()
    pool.await_start()
    pool.hold("held-request")
    with Peer(pool.path) as peer:
        peer.send(request("/wait"))
        with pool.held("held-request"):
            pool.signal(signal.SIGTERM)
            wait_until(lambda: len(pool.workers()) == 1)  # the idle worker has ended
        reply = peer.reply()

    assert (200, (0, 0)) == (reply.status, reply.ended)
    assert 0 == pool.wait()


def test_a_stop_in_the_middle_of_a_check_ends_the_check(pool: PoolUnderTest) -> None:
    """No process of the pool is left, and no reload comes after its end."""
    pool.start()
    pool.await_start()
    pool.hold("held-check")
    pool.signal(signal.SIGHUP)
    pool.await_log("checking")
    pool.signal(signal.SIGTERM)

    assert 0 == pool.wait()


def test_no_child_runs_the_masters_exit_handlers(pool: PoolUnderTest) -> None:
    """Only the master runs them, once (flup 22: sys.exit in each child did)."""
    pool.start()
    one, _ = pool.await_start()
    os.kill(one, signal.SIGKILL)
    wait_until(lambda: one not in pool.workers())
    pool.mark("due")
    pool.ask("/work")
    pool.signal(signal.SIGTERM)

    assert 0 == pool.wait()
    assert [str(pool.pid)] == re.findall(r"^(\d+) cleaned up$", pool.log(), re.MULTILINE)


def test_workers_end_when_the_master_dies(pool: PoolUnderTest) -> None:
    """Idle ones end at once, busy ones after their request (flup 5 and 16: they kept the socket for ever)."""
    pool.start()
    pool.await_start()
    pool.hold("held-request")
    with Peer(pool.path) as peer:
        peer.send(request("/wait"))
        with pool.held("held-request"):
            pool.signal(signal.SIGKILL)
            wait_until(lambda: len(pool.family()) == 1)  # the idle worker has ended
        reply = peer.reply()

    assert (200, (0, 0)) == (reply.status, reply.ended)
    assert -signal.SIGKILL == pool.wait()


# signals that stop no process


def test_usr1_is_ignored(pool: PoolUnderTest) -> None:
    """php-fpm reopens its logs on USR1; this pool keeps none, and goes on (flup 4: it ended the master)."""
    pool.start()
    workers = pool.await_start()
    for pid in (pool.pid, *workers):
        os.kill(pid, signal.SIGUSR1)

    assert 200 == pool.ask().status
    assert workers == pool.await_start()


def test_usr2_shows_every_stack(pool: PoolUnderTest) -> None:
    """The log shows the master's stack and each worker's, also one that is in the middle of a request."""
    pool.start()
    workers = pool.await_start()
    with Peer(pool.path) as peer:
        peer.send(request("/hang"))
        pool.await_log("hanging")

        def are_shown() -> bool:
            # On a busy machine two stacks may mingle: then the signal is sent again.
            before = pool.log().count("outcome=stack-asked")
            pool.signal(signal.SIGUSR2)
            pool.await_log("outcome=stack-asked", before + 2)
            stacks = pool.log().split("(most recent call first)")
            return all(any(all(line in stack for line in shown) for stack in stacks) for shown in expected)

        expected = [
            ('master.py", line', " in _wait\n", " in run\n"),
            ('worker.py", line', " in hang\n", " in _converse\n", " in serve\n"),
        ]
        wait_until(are_shown)

    assert workers == pool.await_start()
    assert {str(pid) for pid in workers} == set(re.findall(r"worker pid=(\d+) outcome=stack-asked", pool.log()))


def test_a_signal_while_it_starts_does_not_end_it(pool: PoolUnderTest) -> None:
    """HUP and USR2, whose default action would end it, stay pending until its handlers stand; then HUP reloads it."""
    pool.hold("held-start")
    pool.start()
    with pool.held("held-start"):
        pool.signal(signal.SIGHUP)
        pool.signal(signal.SIGUSR2)
    pool.await_start(times=2)

    assert 200 == pool.ask().status
    assert "in run" in pool.log()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_while_it_becomes_new_code_is_heeded(pool: PoolUnderTest, number: signal.Signals) -> None:
    """Between exec and the new handlers no signal is lost: it stops as it would have before."""
    pool.start()
    pool.await_start()
    pool.hold("held-start")
    pool.signal(signal.SIGHUP)
    with pool.held("held-start"):
        pool.signal(number)

    assert 0 == pool.wait()
    assert 1 == pool.log().count("maintenance=end")


def test_a_stop_just_before_it_becomes_new_code_is_heeded(pool: PoolUnderTest) -> None:
    """The signal is in the wake-up socket and not yet read; exec closes that socket, but the signal is not lost."""
    pool.start()
    pool.await_start()
    pool.hold("held-reload")
    pool.signal(signal.SIGHUP)
    with pool.held("held-reload"):
        pool.signal(signal.SIGTERM)
        wait_until(lambda: not is_pending(pool.pid, signal.SIGTERM))

    assert 0 == pool.wait()
    assert 1 == pool.log().count("maintenance=end")


def is_pending(pid: int, number: int) -> bool:
    """Check whether this signal has been sent to the process, and not delivered yet."""
    found = re.search(rb"ShdPnd:\t([0-9a-f]+)", read(pid, "status"))
    return found is not None and bool(int(found[1], 16) >> number - 1 & 1)


# workers


def test_a_workers_death_is_seen_while_its_job_lives(pool: PoolUnderTest) -> None:
    """The job does not hold the worker's lifeline (flup 7: the master saw no death before the job's end)."""
    pool.start("--workers", "1")
    pool.hold("held-job")
    worker = int(pool.ask("/work").text)
    with pool.held("held-job"):
        os.kill(worker, signal.SIGKILL)

        assert str(worker) not in pool.ask().text


def test_a_job_does_not_hold_the_socket(pool: PoolUnderTest) -> None:
    """With the pool gone and a job alive, clients are refused (flup 8: they connected and waited in vain)."""
    pool.start()
    pool.hold("held-job")
    pool.ask("/work")
    with pool.held("held-job"):
        pool.signal(signal.SIGTERM)
        assert pool.process is not None
        pool.process.wait(PATIENCE)
        pool.listener.close()  # supervisor's own

        assert 1 == len(pool.family())
        with pytest.raises(ConnectionRefusedError):
            pool.ask()


def test_a_worker_whose_application_hangs_is_replaced(pool: PoolUnderTest) -> None:
    """The alarm ends the worker, and another takes its place (flup 17: its time-out could be swallowed)."""
    pool.start("--workers", "1", "--request-timeout", "0.5")
    (hung,) = pool.await_start(workers=1)
    with Peer(pool.path) as peer:
        peer.send(request("/hang"))
        closed = peer.is_closed()
    wait_until(lambda: hung not in pool.workers())

    assert closed
    wait_until(lambda: pool.ask().status == 200)  # a busy machine may miss so short a deadline


def test_workers_that_die_young_are_spawned_with_pauses(pool: PoolUnderTest) -> None:
    """Each pause is twice the last, and the master heeds signals in it (flup 23: there was no pause)."""
    failing = pool.mark("failing-workers")
    pool.start("--workers", "1")
    pool.await_log("outcome=back-off seconds=2")
    deaths = pool.log().count("outcome=died status=1")
    failing.unlink()

    assert 2 == deaths
    assert 200 == pool.ask().status  # the request waits in the backlog for the next worker
    pool.signal(signal.SIGTERM)
    assert 0 == pool.wait()


def serve_nothing(_: socket.socket, __: socket.socket) -> None:
    """Be a worker that ends at once."""


def test_the_pause_stops_growing(caplog: pytest.LogCaptureFixture) -> None:
    """It doubles up to half a minute, and stays there after any number of deaths."""
    with socket.socket() as listener:
        workers = Workers(listener, serve_nothing, WorkerLimits(1, 1), Scoreboard(None, slots=0))
        for _ in range(2000):
            workers._back_off()

    pauses = [int(message.rpartition("=")[2]) for message in caplog.messages]
    assert [1, 2, 4, 8, 16, 30, 30] == pauses[:7]
    assert {30} == set(pauses[7:])


def test_a_refused_fork_is_logged_and_tried_again(pool: PoolUnderTest) -> None:
    """The pool serves again once it may fork (flup 23: a fork that failed was passed over in silence)."""
    # The limit is real; root is not bound by it.
    as_nobody = ("--uid", str(NOBODY)) if os.getuid() == 0 else ()
    no_forks = pool.mark("no-forks")
    pool.start("--workers", "1", "--tick", "0.05", *as_nobody)
    worker = int(pool.ask().text.split()[1])
    no_forks.write_text("from now on")
    pool.await_log("forks=False")
    os.kill(worker, signal.SIGKILL)
    pool.await_log("outcome=not-forked")
    pool.await_log("outcome=back-off")
    no_forks.write_text("")

    assert 200 == pool.ask().status
    assert pool.process is not None
    assert pool.process.poll() is None


def test_a_killed_worker_is_replaced_at_once(pool: PoolUnderTest) -> None:
    """Its death wakes the master, long before its tick (flup 24: it could go unseen for seconds)."""
    pool.start("--workers", "1", "--tick", "1000")
    (worker,) = pool.await_start(workers=1)
    time.sleep(1.1 * YOUNG)  # a younger worker's death counts as a failure to start, which has its pause
    os.kill(worker, signal.SIGKILL)
    reply = pool.ask()

    assert (200, False) == (reply.status, str(worker) in reply.text)
    assert "back-off" not in pool.log()


# maintenance


def test_maintenance_that_is_due_runs_at_the_next_tick(pool: PoolUnderTest) -> None:
    """It runs in a process of its own."""
    pool.start("--tick", "0.05")
    for times in (1, 2):
        pool.mark("due")
        pool.await_log("maintenance=attended", times)

    attended = set(re.findall(r"^(\d+) maintenance=attended", pool.log(), re.MULTILINE))
    assert 2 == len(attended - {str(pool.pid)})


def test_an_error_in_maintenance_does_not_end_the_master(pool: PoolUnderTest) -> None:
    """It is logged, and the next tick tries again."""
    failing = pool.mark("failing-maintenance")
    pool.start("--tick", "0.05")
    pool.await_log("tick outcome=error", times=2)
    failing.unlink()
    pool.mark("due")
    pool.await_log("maintenance=attended")

    assert 200 == pool.ask().status


# reload


@pytest.mark.parametrize("bind", [False, True], ids=["descriptor 0", "bind"])
def test_hup_reloads_in_place_and_no_request_fails(pool: PoolUnderTest, *, bind: bool) -> None:
    """Two reloads under load keep pid and socket, and every request is served."""
    pool.start(bind=bind)
    first = pool.await_start()
    inode = os.stat(pool.path).st_ino
    with Load(pool.path) as load:
        load.await_word("one")
        load.reload_twice(pool)
        last = pool.await_start(times=3)

    assert [] == load.failed
    assert inode == os.stat(pool.path).st_ino
    assert not first & last
    assert pool.process is not None
    assert pool.process.poll() is None
    assert 3 == pool.log().count("maintenance=begin")


@pytest.mark.parametrize(("ours", "expected"), [(True, 0.0), (False, None)], ids=["ours", "another's"])
def test_a_handover_is_for_one_process_only(
    monkeypatch: pytest.MonkeyPatch, *, ours: bool, expected: float | None
) -> None:
    """The socket comes back as it was, never blocking (flup 5); another program with the same environment gets None."""
    fd = os.open(os.devnull, os.O_RDONLY)
    with socket.socket(socket.AF_UNIX) as bound:
        os.dup2(bound.fileno(), fd)
    handover = {"pid": os.getpid() if ours else os.getppid(), "listener": fd, "workers": {}}
    monkeypatch.setenv(HANDOVER, json.dumps(handover))
    listener = inherited_listener()
    timeout = listener.gettimeout() if listener is not None else None
    os.close(listener.detach() if listener is not None else fd)

    assert expected == timeout


def test_hup_twice_in_a_row_under_load(pool: PoolUnderTest) -> None:
    """However close they come, no request fails and the newest code serves."""
    pool.start()
    pool.await_start()
    with Load(pool.path) as load:
        load.await_word("one")
        pool.write("two")
        pool.signal(signal.SIGHUP)
        pool.await_log("pool outcome=reloading")
        pool.write("three")
        pool.signal(signal.SIGHUP)  # it is becoming new code just now
        load.await_word("three")
        pool.await_start(times=3)

    assert [] == load.failed


def test_hup_while_a_check_is_running_starts_it_again(pool: PoolUnderTest) -> None:
    """The first check may have read files that have changed since, so it is ended and a second one begins."""
    pool.start()
    pool.await_start()
    pool.hold("held-check")
    pool.signal(signal.SIGHUP)
    pool.await_log("checking")
    (pool.folder / "held-check").unlink()
    pool.write("two")
    pool.signal(signal.SIGHUP)
    pool.await_start(times=2)

    assert "two" == pool.word()
    assert 2 == pool.log().count("checking")
    assert 1 == pool.log().count("outcome=reloading")
    assert "not-reloaded" not in pool.log()


def test_broken_new_code_changes_nothing(pool: PoolUnderTest) -> None:
    """The check fails, the log says so and the old code serves on; corrected code is then taken."""
    pool.start()
    workers = pool.await_start()
    pool.entry.write_text("this is no Python\n")
    with Load(pool.path) as load:
        pool.signal(signal.SIGHUP)
        pool.await_log("outcome=not-reloaded status=1")
        load.await_word("one")
    serving = pool.await_start()
    pool.write("two")
    pool.signal(signal.SIGHUP)
    pool.await_start(times=2)

    assert [] == load.failed
    assert workers == serving
    assert "two" == pool.word()
    assert 1 == pool.log().count("outcome=reloading")


def test_new_workers_that_fail_leave_the_old_ones_serving(pool: PoolUnderTest) -> None:
    """The old workers are stopped when the new ones accept, and not before."""
    pool.start("--workers", "1")
    pool.await_start(workers=1)
    pool.ask()  # the first worker looks for the mark as it starts, and must have done so
    failing = pool.mark("failing-workers")
    pool.write("two")
    with Load(pool.path) as load:
        load.await_word("one")
        pool.signal(signal.SIGHUP)
        pool.await_log("outcome=died status=1")
        load.await_word("one")
        failing.unlink()
        load.await_word("two")

    assert [] == load.failed


def test_new_code_that_fails_after_its_check_ends_the_whole_pool(pool: PoolUnderTest) -> None:
    """There is no way back after exec: the old workers' lifelines end, and supervisor starts the pool anew."""
    pool.start()
    pool.await_start()
    pool.mark("failing-start")
    pool.signal(signal.SIGHUP)

    assert 3 == pool.wait()


def test_a_busy_old_worker_finishes_its_request(pool: PoolUnderTest) -> None:
    """It does so though a reload comes in the middle of the request, and a stop after the reload."""
    pool.start("--workers", "1")
    pool.await_start(workers=1)
    pool.hold("held-request")
    with Peer(pool.path) as peer:
        peer.send(request("/wait"))
        with pool.held("held-request"):
            pool.write("two")
            pool.signal(signal.SIGHUP)
            pool.await_log("outcome=dismissed")
            after = pool.word()
            pool.signal(signal.SIGTERM)
            pool.await_log("outcome=stopping")
        reply = peer.reply()

    assert ("two", "one") == (after, reply.text.split()[0])
    assert 0 == pool.wait()


def test_an_old_worker_that_hangs_is_killed_too(pool: PoolUnderTest) -> None:
    """A stop after a reload waits for the old workers as well, and leaves no process behind."""
    pool.start("--workers", "1", "--drain", "1")
    pool.await_start(workers=1)
    with Peer(pool.path) as peer:
        peer.send(request("/hang"))
        pool.await_log("hanging")
        pool.signal(signal.SIGHUP)
        pool.await_log("outcome=dismissed")
        pool.signal(signal.SIGTERM)

        assert 0 == pool.wait()


def test_five_reloads_leave_nothing_behind(pool: PoolUnderTest) -> None:
    """The master has as many descriptors of each kind as before, their numbers do not grow, nor do the processes."""
    pool.start()
    pool.await_start()
    before = open_descriptors(pool.pid)
    for times in range(2, 7):
        pool.signal(signal.SIGHUP)
        pool.await_start(times)

    after = open_descriptors(pool.pid)
    assert sorted(before.values()) == sorted(after.values())
    assert max(after) <= max(before) + 2  # the lifelines may have numbers below those of the old workers, or above


def open_descriptors(pid: int) -> dict[int, str]:
    """Return the kind of each descriptor by its number."""
    folder = f"/proc/{pid}/fd"
    return {int(fd): os.readlink(f"{folder}/{fd}").partition(":")[0] for fd in os.listdir(folder)}
