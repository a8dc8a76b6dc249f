"""The master, as a real program: started with its socket on descriptor 0, asked, signalled and killed.

A test named for a number guards against the defect of flup 1.0.3 that has this number in the list of them
(each docstring tells it). Those of one worker are in test_fastcgi.py.
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
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from cocoai.engine.handover import HANDOVER, inherited_listener
from cocoai.engine.pool import YOUNG, Pool
from tests.engine.conftest import is_alive, python_path
from tests.engine.fastcgi_client import PATIENCE, Peer, Reply, ask, request
from tests.processes import Clients, wait_until

ENTRY = Path(__file__).with_name("pool_entry.py")
NOBODY = 65534


class PoolUnderTest:
    """One pool in a folder of its own. Every process of it bears the folder's name in its environment."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = str(folder / "socket")
        self.entry = folder / "entry.py"
        self.errors = folder / "stderr"
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.process: subprocess.Popen[bytes] | None = None
        self.serving: dict[int, set[int]] = {}
        self.write("one")

    # what it is made of

    def write(self, word: str) -> None:
        """Lay down its code, which says this word."""
        self.entry.write_text(ENTRY.read_text().replace('WORD = "one"', f'WORD = "{word}"'))

    def mark(self, name: str) -> Path:
        """Something is to go wrong, or is due, from now on."""
        (self.folder / name).touch()
        return self.folder / name

    def hold(self, name: str) -> None:
        """From now on it waits where it meets this name."""
        os.mkfifo(self.folder / name)

    @contextmanager
    def held(self, name: str) -> Iterator[None]:
        """Inside, it is being held there; afterwards it goes on, and is held there no more."""
        writers: list[int] = []

        def is_waiting() -> bool:
            with suppress(OSError):  # nobody reads it yet
                writers.append(os.open(self.folder / name, os.O_WRONLY | os.O_NONBLOCK))
            return bool(writers)

        wait_until(is_waiting)
        (self.folder / name).unlink()
        try:
            yield
        finally:
            os.close(writers[0])

    # its life

    def start(self, *options: str, bind: bool = False, stdin: int | None = None) -> None:
        """As supervisor starts it, with the socket on descriptor 0; or with --bind."""
        if bind:
            options = (*options, "--bind", f"unix:{self.path}")
        elif stdin is None:
            self.listener.bind(self.path)
            self.listener.listen(128)
        environ = {**os.environ, "PYTHONPATH": python_path(), "POOL_FOLDER": str(self.folder)}
        with self.errors.open("ab") as errors:
            self.process = subprocess.Popen(
                [sys.executable, str(self.entry), *options],
                stdin=subprocess.DEVNULL if bind else self.listener.fileno() if stdin is None else stdin,
                stderr=errors,
                env=environ,
            )

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    def signal(self, number: int) -> None:
        os.kill(self.pid, number)

    def wait(self) -> int:
        """Its exit status; and then nobody of it is left."""
        assert self.process is not None
        status = self.process.wait(PATIENCE)
        wait_until(lambda: not self.family())
        return status

    def end(self) -> None:
        """Whatever the test has come to."""
        self.listener.close()
        if self.process is not None:
            self.process.kill()
            self.process.wait(PATIENCE)
        deadline = time.monotonic() + PATIENCE
        while pids := self.family():
            assert time.monotonic() < deadline, f"still there: {pids}"
            for pid in pids:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.005)

    # what can be seen of it

    def family(self) -> list[int]:
        """Every process of it that has not ended, wherever it stands."""
        sign = f"POOL_FOLDER={self.folder}".encode()
        return [pid for pid in pids() if sign in read(pid, "environ").split(b"\0") and is_alive(pid)]

    def workers(self) -> set[int]:
        """The master's workers."""
        return {pid for pid in children(self.pid) if read(pid, "comm") == b"cocoai-worker\n" and is_alive(pid)}

    def log(self) -> str:
        return self.errors.read_text()

    def await_log(self, words: str, times: int = 1) -> None:
        """Wait until its log has these words so many times."""
        wait_until(lambda: self.log().count(words) >= times)

    def await_start(self, times: int = 1, workers: int = 2) -> set[int]:
        """Wait until it has begun so many times, and has the workers of that time and nobody else; these workers."""
        self.await_log("pool outcome=started", times)
        earlier = {pid for before, pids in self.serving.items() if before < times for pid in pids}

        def are_there() -> bool:
            self.serving[times] = self.workers()
            return (
                len(self.serving[times]) == workers
                and not self.serving[times] & earlier
                and len(self.family()) == workers + 1
            )

        wait_until(are_there)
        return self.serving[times]

    def ask(self, path: str = "/") -> Reply:
        return ask(self.path, path)

    def word(self) -> str:
        """The word that its code says now."""
        return self.ask().text.split()[0]


def pids() -> list[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def read(pid: int, name: str) -> bytes:
    """A file of this process in /proc; empty once it has ended, or where it is none of ours."""
    try:
        return Path(f"/proc/{pid}/{name}").read_bytes()
    except OSError:
        return b""


def children(pid: int) -> set[int]:
    return {each for each in pids() if f"\nPPid:\t{pid}\n".encode() in read(each, "status")}


@pytest.fixture
def pool(tmp_path: Path) -> Iterator[PoolUnderTest]:
    """A pool that has not been started yet."""
    made = PoolUnderTest(tmp_path)
    try:
        yield made
    finally:
        made.end()


class Load(Clients):
    """They ask without a pause, and keep what they hear."""

    def __init__(self, path: str) -> None:
        super().__init__()
        self.heard: list[str] = []
        self.failed: list[str] = []
        self._path = path

    def await_word(self, word: str, times: int = 20) -> None:
        """Wait until so many answers from now on have had this word in a row."""
        heard = len(self.heard)
        wait_until(lambda: len(self.heard) >= heard + times and self.heard[-times:] == [word] * times)

    def ask(self) -> None:
        try:
            reply = ask(self._path)
        except OSError as error:
            self.failed.append(repr(error))
            return
        if (reply.status, reply.ended) == (200, (0, 0)):
            self.heard.append(reply.text.split()[0])
        else:
            self.failed.append(repr(reply))


# start


def test_it_serves_the_socket_on_descriptor_0(pool: PoolUnderTest) -> None:
    """As supervisor's fcgi-program gives it; the master and its workers are known by name."""
    pool.start()

    reply = pool.ask()
    workers = pool.await_start()

    assert 200 == reply.status
    assert int(reply.text.split()[1]) in workers
    assert b"cocoai-master\n" == read(pool.pid, "comm")


def test_it_serves_a_socket_of_its_own(pool: PoolUnderTest) -> None:
    """With --bind; the web server comes in by the socket's group."""
    pool.start(bind=True)
    pool.await_start()

    assert 200 == pool.ask().status
    assert 0o660 == stat.S_IMODE(os.stat(pool.path).st_mode)


def test_defect_21_a_descriptor_0_that_is_no_listening_socket_is_said_to_be_none(pool: PoolUnderTest) -> None:
    """flup 21: it took itself for a CGI program, ran one request and left with status 0."""
    pool.start(stdin=subprocess.DEVNULL)

    assert 1 == pool.wait()
    assert "descriptor 0 is no listening socket" in pool.log()


# stop


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_defect_2_an_idle_pool_ends_at_once(pool: PoolUnderTest, number: signal.Signals) -> None:
    """flup 2: an idle master heeded no signal before the next request, and supervisor had to kill it."""
    pool.start()
    pool.await_start()
    began = time.monotonic()
    pool.signal(number)
    status = pool.wait()

    assert 0 == status
    assert time.monotonic() - began < 5  # nobody was waited for, nobody made to: that begins at 8
    assert "made-to-stop" not in pool.log()
    assert 1 == pool.log().count("chores=end")


def test_defect_3_who_does_not_leave_is_made_to(pool: PoolUnderTest) -> None:
    """flup 3: its deadline never struck; a stop lasted as long as the longest request. Waiting costs us nothing."""
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
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def test_a_request_in_hand_is_finished_before_the_end(pool: PoolUnderTest) -> None:
    """TERM stops the pool, not its work."""
    pool.start()
    pool.await_start()
    pool.hold("held-request")
    with Peer(pool.path) as peer:
        peer.send(request("/wait"))
        with pool.held("held-request"):
            pool.signal(signal.SIGTERM)
            wait_until(lambda: len(pool.workers()) == 1)  # the idle one has gone
        reply = peer.reply()

    assert (200, (0, 0)) == (reply.status, reply.ended)
    assert 0 == pool.wait()


def test_a_stop_in_the_middle_of_a_check_ends_the_check(pool: PoolUnderTest) -> None:
    """Nothing of the pool is left, and no reload comes after its end."""
    pool.start()
    pool.await_start()
    pool.hold("held-check")
    pool.signal(signal.SIGHUP)
    pool.await_log("checking")
    pool.signal(signal.SIGTERM)

    assert 0 == pool.wait()


def test_defect_22_nothing_of_the_masters_runs_in_a_child(pool: PoolUnderTest) -> None:
    """flup 22: sys.exit in each child ran what the program had registered for its end."""
    pool.start()
    one, _ = pool.await_start()
    os.kill(one, signal.SIGKILL)
    wait_until(lambda: one not in pool.workers())
    pool.mark("due")
    pool.ask("/work")
    pool.signal(signal.SIGTERM)

    assert 0 == pool.wait()
    assert [str(pool.pid)] == re.findall(r"^(\d+) cleaned up$", pool.log(), re.MULTILINE)


def test_defect_5_orphans_leave(pool: PoolUnderTest) -> None:
    """flup 5 and 16: a worker that waited elsewhere never saw its master die, and kept the socket for ever."""
    pool.start()
    pool.await_start()
    pool.hold("held-request")
    with Peer(pool.path) as peer:
        peer.send(request("/wait"))
        with pool.held("held-request"):
            pool.signal(signal.SIGKILL)
            wait_until(lambda: len(pool.family()) == 1)  # the idle ones go at once
        reply = peer.reply()

    assert (200, (0, 0)) == (reply.status, reply.ended)
    assert -signal.SIGKILL == pool.wait()


# signals that stop nobody


def test_defect_4_usr1_ends_nobody(pool: PoolUnderTest) -> None:
    """flup 4: USR1, php-fpm's word for new log files, ended the master. We keep no log files: it means nothing."""
    pool.start()
    workers = pool.await_start()
    for pid in (pool.pid, *workers):
        os.kill(pid, signal.SIGUSR1)

    assert 200 == pool.ask().status
    assert workers == pool.await_start()


def test_usr2_shows_every_stack(pool: PoolUnderTest) -> None:
    """What hangs where: the master's stack and each worker's, also one that is in the middle of a request."""
    pool.start()
    workers = pool.await_start()
    with Peer(pool.path) as peer:
        peer.send(request("/hang"))
        pool.await_log("hanging")

        def are_shown() -> bool:
            # On a busy machine two stacks may mingle: then it is asked again.
            before = pool.log().count("outcome=stack-asked")
            pool.signal(signal.SIGUSR2)
            pool.await_log("outcome=stack-asked", before + 2)
            stacks = pool.log().split("(most recent call first)")
            return all(any(all(line in stack for line in shown) for stack in stacks) for shown in expected)

        expected = [
            ('pool.py", line', " in _wait\n", " in run\n"),
            ('fastcgi.py", line', " in hang\n", " in _converse\n", " in serve\n"),
        ]
        wait_until(are_shown)

    assert workers == pool.await_start()
    assert {str(pid) for pid in workers} == set(re.findall(r"worker pid=(\d+) outcome=stack-asked", pool.log()))


def test_a_signal_while_it_starts_does_not_end_it(pool: PoolUnderTest) -> None:
    """HUP and USR2 wait until the master listens: their default action would end it. Then the HUP is heeded."""
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
    """Between exec and the new handlers nothing is lost: it stops as it would have before."""
    pool.start()
    pool.await_start()
    pool.hold("held-start")
    pool.signal(signal.SIGHUP)
    with pool.held("held-start"):
        pool.signal(number)

    assert 0 == pool.wait()
    assert 1 == pool.log().count("chores=end")


def test_a_stop_just_before_it_becomes_new_code_is_heeded(pool: PoolUnderTest) -> None:
    """The master has caught it already, and not yet read it: exec would forget it with the socket that tells."""
    pool.start()
    pool.await_start()
    pool.hold("held-reload")
    pool.signal(signal.SIGHUP)
    with pool.held("held-reload"):
        pool.signal(signal.SIGTERM)
        wait_until(lambda: not is_pending(pool.pid, signal.SIGTERM))

    assert 0 == pool.wait()
    assert 1 == pool.log().count("chores=end")


def is_pending(pid: int, number: int) -> bool:
    """Whether this signal has been sent to the process, and not delivered yet."""
    found = re.search(rb"ShdPnd:\t([0-9a-f]+)", read(pid, "status"))
    return found is not None and bool(int(found[1], 16) >> number - 1 & 1)


# workers


def test_defect_7_a_workers_death_is_seen_while_its_job_lives(pool: PoolUnderTest) -> None:
    """flup 7: the job held the worker's pipe to the master, which saw no death before the job's own end."""
    pool.start("--workers", "1")
    pool.hold("held-job")
    worker = int(pool.ask("/work").text)
    with pool.held("held-job"):
        os.kill(worker, signal.SIGKILL)

        assert str(worker) not in pool.ask().text


def test_defect_8_a_job_does_not_hold_the_socket(pool: PoolUnderTest) -> None:
    """flup 8: with the pool gone and a job alive, clients were let in and waited for nobody."""
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


def test_defect_17_an_application_that_hangs_is_replaced(pool: PoolUnderTest) -> None:
    """flup 17: its time-out could be swallowed. The alarm cannot: the worker ends, and another takes its place."""
    pool.start("--workers", "1", "--request-timeout", "0.5")
    (hung,) = pool.await_start(workers=1)
    with Peer(pool.path) as peer:
        peer.send(request("/hang"))
        closed = peer.is_closed()
    wait_until(lambda: hung not in pool.workers())

    assert closed
    wait_until(lambda: pool.ask().status == 200)  # a busy machine may miss so short a deadline


def test_defect_23_workers_that_die_young_are_not_spawned_at_full_speed(pool: PoolUnderTest) -> None:
    """flup 23: it respawned without a pause. Here each pause is twice the last, and the master heeds signals in it."""
    ill = pool.mark("ill-workers")
    pool.start("--workers", "1")
    pool.await_log("outcome=back-off seconds=2")
    deaths = pool.log().count("outcome=died status=1")
    ill.unlink()

    assert 2 == deaths
    assert 200 == pool.ask().status  # which waits in the backlog for the next worker
    pool.signal(signal.SIGTERM)
    assert 0 == pool.wait()


def test_defect_23_a_night_of_deaths_does_not_end_the_master(caplog: pytest.LogCaptureFixture) -> None:
    """The pause doubles up to half a minute, and stays there however often."""
    with socket.socket() as listener:
        master = Pool(listener, serve=lambda *_: None, workers=1, chores=NoChores(), command=[])
        for _ in range(2000):
            master._back_off()
        master._wakeup.close()
        master._signalled.close()

    pauses = [int(words.rpartition("=")[2]) for words in caplog.messages]
    assert [1, 2, 4, 8, 16, 30, 30] == pauses[:7]
    assert {30} == set(pauses[7:])


class NoChores:
    """A spool that never wants anything."""

    def begin(self) -> None: ...

    def is_due(self) -> bool:
        return False

    def attend(self) -> None: ...

    def end(self) -> None: ...


def test_defect_23_a_refused_fork_is_logged_and_tried_again(pool: PoolUnderTest) -> None:
    """flup 23: a fork that failed was passed over in silence. The limit is real; root is not bound by it."""
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


def test_defect_24_a_killed_worker_is_replaced_at_once(pool: PoolUnderTest) -> None:
    """flup 24: a death could go unseen for seconds. Here it wakes the master, long before its tick."""
    pool.start("--workers", "1", "--tick", "1000")
    (worker,) = pool.await_start(workers=1)
    time.sleep(1.5 * YOUNG)  # a younger one's death is a failure to start, and has its pause
    os.kill(worker, signal.SIGKILL)
    reply = pool.ask()

    assert (200, False) == (reply.status, str(worker) in reply.text)
    assert "back-off" not in pool.log()


# chores


def test_what_is_due_is_attended_to(pool: PoolUnderTest) -> None:
    """At each tick, in a process of its own."""
    pool.start("--tick", "0.05")
    for times in (1, 2):
        pool.mark("due")
        pool.await_log("chores=attended", times)

    attended = set(re.findall(r"^(\d+) chores=attended", pool.log(), re.MULTILINE))
    assert 2 == len(attended - {str(pool.pid)})


def test_a_fault_in_the_chores_does_not_end_the_master(pool: PoolUnderTest) -> None:
    """It is logged, and the next tick tries again."""
    ill = pool.mark("ill-chores")
    pool.start("--tick", "0.05")
    pool.await_log("tick outcome=error", times=2)
    ill.unlink()
    pool.mark("due")
    pool.await_log("chores=attended")

    assert 200 == pool.ask().status


# reload


@pytest.mark.parametrize("bind", [False, True], ids=["descriptor 0", "bind"])
def test_hup_is_new_code_in_place_and_no_request_fails(pool: PoolUnderTest, *, bind: bool) -> None:
    """Under load, twice: the same pid, the same socket, and every single request is answered."""
    pool.start(bind=bind)
    first = pool.await_start()
    inode = os.stat(pool.path).st_ino
    with Load(pool.path) as load:
        load.await_word("one")
        for times, word in ((2, "two"), (3, "three")):
            pool.write(word)
            pool.signal(signal.SIGHUP)
            load.await_word(word)
            pool.await_log("pool outcome=started", times)
        last = pool.await_start(times=3)

    assert [] == load.failed
    assert inode == os.stat(pool.path).st_ino
    assert not first & last
    assert pool.process is not None
    assert pool.process.poll() is None
    assert 3 == pool.log().count("chores=begin")


@pytest.mark.parametrize(("ours", "expected"), [(True, 0.0), (False, None)], ids=["ours", "somebody else's"])
def test_what_is_handed_over_is_for_this_process(
    monkeypatch: pytest.MonkeyPatch, *, ours: bool, expected: float | None
) -> None:
    """The socket comes back as it was, never blocking (flup 5); a program that a pool has started takes nothing."""
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
    """Whoever asks again has changed something again: the first check may have read what is no longer there."""
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
    """The check fails, the log says so, the old code serves on; mended code is then taken."""
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


def test_new_workers_that_fail_leave_the_old_ones_serving(pool: PoolUnderTest) -> None:
    """The old are dismissed when the new accept, and not before."""
    pool.start("--workers", "1")
    pool.await_start(workers=1)
    ill = pool.mark("ill-workers")
    pool.write("two")
    with Load(pool.path) as load:
        load.await_word("one")
        pool.signal(signal.SIGHUP)
        pool.await_log("outcome=died status=1")
        load.await_word("one")
        ill.unlink()
        load.await_word("two")

    assert [] == load.failed


def test_new_code_that_fails_after_its_check_ends_the_pool_whole(pool: PoolUnderTest) -> None:
    """There is no way back after exec: the old workers see their lifelines end, and supervisor starts afresh."""
    pool.start()
    pool.await_start()
    pool.mark("ill-start")
    pool.signal(signal.SIGHUP)

    assert 3 == pool.wait()


def test_a_busy_old_worker_finishes_its_request(pool: PoolUnderTest) -> None:
    """A reload in the middle of a request, and a stop after the reload: the request is answered all the same."""
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


def test_an_old_worker_that_hangs_is_made_to_end_too(pool: PoolUnderTest) -> None:
    """A stop after a reload waits for the dismissed as well: nobody is left behind."""
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
    """The master has the descriptors it had, no number creeps upwards, and nobody is there who was not before."""
    pool.start()
    pool.await_start()
    before = open_descriptors(pool.pid)
    for times in range(2, 7):
        pool.signal(signal.SIGHUP)
        pool.await_start(times)

    after = open_descriptors(pool.pid)
    assert sorted(before.values()) == sorted(after.values())
    assert max(after) <= max(before) + 2  # the old workers' lifelines stand below the new ones, or above


def open_descriptors(pid: int) -> dict[int, str]:
    """Each descriptor with the kind of what it is."""
    folder = f"/proc/{pid}/fd"
    return {int(fd): os.readlink(f"{folder}/{fd}").partition(":")[0] for fd in os.listdir(folder)}
