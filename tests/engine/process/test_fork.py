"""The one way in which a process is made: what its two halves keep of each other, which is next to nothing."""

from __future__ import annotations

import errno
import faulthandler
import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cocoai.engine.process import fork
from tests.engine.conftest import ended, python_path, speak_plainly
from tests.engine.web.fastcgi_client import PATIENCE


def told_by_child(tell: Callable[[], Any], **how: Any) -> Any:
    """What `tell` returns in a forked child, as JSON. `how` goes to the fork."""
    reader, writer = os.pipe()
    keep = how.pop("keep", frozenset()) | {writer}

    def run() -> None:
        os.write(writer, json.dumps(tell()).encode())

    pid = fork.fork(run, name="told", keep=keep, **how)
    os.close(writer)
    with open(reader) as words:
        said = words.read()
    assert ended(pid) == 0
    return json.loads(said)


class Staying:
    """A child that is there, and stays until the test lets it go."""

    def __init__(self, **how: Any) -> None:
        ready, say = os.pipe()
        stay, self._go = os.pipe()

        def run() -> None:
            os.write(say, b"!")
            os.close(self._go)
            os.read(stay, 1)

        self.pid = fork.fork(run, name="a-name-longer-than-fifteen", keep=frozenset({say, stay, self._go}), **how)
        os.read(ready, 1)
        for fd in (ready, say, stay):
            os.close(fd)

    def proc(self, name: str) -> str:
        return Path(f"/proc/{self.pid}/{name}").read_text().strip()

    def end(self) -> int:
        if self._go >= 0:
            os.close(self._go)
            self._go = -1
        return ended(self.pid)


@pytest.fixture
def staying() -> Iterator[Staying]:
    """A detached child."""
    child = Staying()
    yield child
    child.end()


def run_program(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A Python program of its own, for what would go through all of pytest's clean-up."""
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program), *arguments],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        env={**os.environ, "PYTHONPATH": python_path()},
        check=False,
    )


# the child as others see it


def test_a_child_bears_its_name(staying: Staying) -> None:
    """As ps shows it: the kernel has room for 15 bytes."""
    assert "a-name-longer-t" == staying.proc("comm")


def test_a_detached_child_leads_a_session_of_its_own(staying: Staying) -> None:
    """It outlives its worker, and no terminal's signal reaches it."""
    assert staying.pid == os.getsid(staying.pid)


def test_a_detached_child_is_the_first_to_go(staying: Staying) -> None:
    """When memory runs out, a job is worth less than the pool: its question goes on elsewhere."""
    assert "500" == staying.proc("oom_score_adj")


def test_a_child_that_is_not_detached_stays_in_the_group() -> None:
    """A worker belongs to its master's session, and is worth as much."""
    child = Staying(detach=False)
    session, score = os.getsid(child.pid), child.proc("oom_score_adj")
    child.end()

    assert os.getsid(0) == session
    assert Path("/proc/self/oom_score_adj").read_text().strip() == score


# signals


def test_all_signals_are_blocked_around_a_fork() -> None:
    """No handler can run in a child that still has its parent's; afterwards the mask is what it was."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
    with fork.blocked_signals():
        inside = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    child = Staying()
    after = signal.pthread_sigmask(signal.SIG_SETMASK, before)
    child.end()

    assert fork.SIGNALS == inside
    assert before | {signal.SIGUSR1} == after


def test_a_child_begins_with_no_signal_blocked() -> None:
    """Whatever its parent had blocked: a worker with a request in hand forks its jobs with TERM blocked."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGHUP})
    blocked = told_by_child(lambda: sorted(signal.pthread_sigmask(signal.SIG_BLOCK, ())))
    signal.pthread_sigmask(signal.SIG_SETMASK, before)

    assert [] == blocked


def test_a_child_has_no_handler_of_its_parents() -> None:
    """Handled or ignored, all is as in a new program, but for what Python itself ignores, and for the bell's signal."""
    handled = signal.signal(signal.SIGTERM, lambda *_: None)
    ignored = signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    own = {signal.SIGPIPE, signal.SIGXFSZ, signal.SIGUSR1}

    def tell() -> list[int]:
        return [number for number in fork.SIGNALS if signal.getsignal(number) is not signal.SIG_DFL]

    told = told_by_child_without_waiting(tell)
    signal.signal(signal.SIGTERM, handled)
    signal.signal(signal.SIGCHLD, ignored)

    assert own == set(told)


def told_by_child_without_waiting(tell: Callable[[], Any]) -> Any:
    """The same for a parent that ignores SIGCHLD: there is nothing to wait for."""
    reader, writer = os.pipe()

    def run() -> None:
        os.write(writer, json.dumps(tell()).encode())

    fork.fork(run, name="told", keep=frozenset({writer}))
    os.close(writer)
    with open(reader) as words:
        return json.loads(words.read())


def test_a_broken_pipe_is_an_exception_in_a_child_too() -> None:
    """Restored to its default, SIGPIPE would end a worker whose client has gone."""

    def tell() -> str:
        ours, theirs = socket.socketpair()
        theirs.close()
        try:
            ours.send(b"!")
        except BrokenPipeError:
            return "an exception"
        return "nothing"

    assert "an exception" == told_by_child(tell)


def test_a_signal_to_a_new_child_never_speaks_for_its_parent() -> None:
    """The parent's wake-up descriptor is dropped before anything can be delivered, at whatever moment it comes."""
    wakeup, signalled = socket.socketpair()
    wakeup.settimeout(0)
    signalled.settimeout(0)
    handler = signal.signal(signal.SIGTERM, lambda *_: None)
    descriptor = signal.set_wakeup_fd(signalled.fileno())
    try:
        statuses = set()
        for _ in range(50):
            pid = fork.fork(signal.pause, name="told")
            os.kill(pid, signal.SIGTERM)
            statuses.add(ended(pid))
        with pytest.raises(BlockingIOError):
            wakeup.recv(1)
    finally:
        signal.set_wakeup_fd(descriptor)
        signal.signal(signal.SIGTERM, handler)
        wakeup.close()
        signalled.close()

    assert {-signal.SIGTERM} == statuses


def test_a_child_has_no_wake_up_descriptor() -> None:
    """The number would be /dev/null now, and some file of its own later."""
    ours, theirs = socket.socketpair()
    theirs.settimeout(0)
    before = signal.set_wakeup_fd(theirs.fileno())
    told = told_by_child(lambda: signal.set_wakeup_fd(-1))
    signal.set_wakeup_fd(before)
    ours.close()
    theirs.close()

    assert -1 == told


def test_a_child_shows_its_stack_on_usr2(capfd: pytest.CaptureFixture[str]) -> None:
    """Whatever its parent had made of that signal; and it lives on."""
    handler = signal.signal(signal.SIGUSR2, lambda *_: None)
    faulthandler.register(signal.SIGUSR2, file=2, chain=True)
    try:
        told_by_child(lambda: os.kill(os.getpid(), signal.SIGUSR2))
    finally:
        faulthandler.unregister(signal.SIGUSR2)
        signal.signal(signal.SIGUSR2, handler)

    assert "in told_by_child" in capfd.readouterr().err


# descriptors


def descriptors() -> dict[str, str]:
    """What each of this process's descriptors is, but for the one that looks."""
    found = {}
    for fd in os.listdir("/proc/self/fd"):
        try:
            found[fd] = os.readlink(f"/proc/self/fd/{fd}")
        except FileNotFoundError:
            continue
    return found


def test_a_child_keeps_1_2_and_what_it_is_given(tmp_path: Path) -> None:
    """Every other number is taken, by /dev/null."""
    mine = descriptors()
    with (tmp_path / "given").open("w") as given, (tmp_path / "not given").open("w"):
        told = told_by_child(descriptors, keep=frozenset({given.fileno()}))
        number = str(given.fileno())
    kept = {fd for fd, what in told.items() if what != os.devnull and fd not in ("1", "2")}

    assert (mine["1"], mine["2"], os.devnull) == (told["1"], told["2"], told["0"])
    assert str(tmp_path / "given") == told[number]
    assert 2 == len(kept)  # with the pipe through which it told this


def test_a_parent_without_a_0_has_children_with_one() -> None:
    """Else the first file that the child opens would be its standard input."""
    done = run_program("""
        import os
        from cocoai.engine.process import fork
        os.close(0)
        pid = fork.fork(lambda: print(os.readlink("/proc/self/fd/0"), flush=True), name="child")
        os.waitpid(pid, 0)
        """)

    assert ("/dev/null\n", "") == (done.stdout, done.stderr)


@pytest.mark.parametrize("lays_over", [True, False], ids=["laid over", "closed"])
def test_an_inherited_file_that_closes_late_closes_nothing_of_the_childs(tmp_path: Path, *, lays_over: bool) -> None:
    """Why the numbers are laid over: closed, one of them is the claim's next, and the claim is dropped with it."""
    claim = tmp_path / "claim"
    inherited = (tmp_path / "inherited").open("w")

    def tell() -> str:
        if not lays_over:
            os.close(inherited.fileno())
        fd = os.open(claim, os.O_RDWR | os.O_CREAT)
        fcntl.flock(fd, fcntl.LOCK_EX)
        inherited.close()  # as the garbage collector may, at any time
        try:
            os.fstat(fd)
        except OSError as error:
            return errno.errorcode[error.errno or 0]
        return "still ours"

    told = told_by_child(tell)
    inherited.close()

    assert ("still ours" if lays_over else "EBADF") == told


# the end


ENDS: dict[str, tuple[BaseException, int]] = {
    "an exception": (RuntimeError("the words of the exception"), 1),
    "sys.exit(0)": (SystemExit(0), 1),
    "sys.exit(3)": (SystemExit(3), 1),
    "Ctrl-C": (KeyboardInterrupt(), 1),
    "out of memory": (MemoryError(), 1),
}


@pytest.mark.parametrize(("error", "status"), ENDS.values(), ids=ENDS.keys())
def test_a_child_ends_where_it_ends(
    error: BaseException, status: int, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """flup 6 and 22: however it ends, nothing of its parent's goes on in it; the log says how it died."""
    cleaned = tmp_path / "cleaned"

    def run() -> None:
        speak_plainly()
        raise error

    try:
        pid = fork.fork(run, name="ending")
    finally:
        with cleaned.open("a") as file:
            file.write(f"{os.getpid()}\n")

    assert status == ended(pid)
    assert f"{os.getpid()}\n" == cleaned.read_text()
    assert "process=ending outcome=died" in capfd.readouterr().err


def test_a_child_that_returns_has_done_well() -> None:
    """Status 0."""
    assert 0 == ended(fork.fork(lambda: None, name="ending"))


def test_nothing_that_waited_to_be_written_is_written_twice() -> None:
    """What the parent has registered for its end, or not yet flushed, is the parent's."""
    done = run_program("""
        import atexit, os, sys
        from cocoai.engine.process import fork
        atexit.register(lambda: print("registered"))
        print("buffered")
        for run in (lambda: None, sys.exit, lambda: 1 / 0):
            os.waitpid(fork.fork(run, name="child"), 0)
        """)

    assert "buffered\nregistered\n" == done.stdout


def test_a_refused_fork_is_the_parents_to_know() -> None:
    """An OSError, with the signals as they were. The limit is real; root is not bound by it, and becomes nobody."""
    done = run_program("""
        import os, resource, signal
        from cocoai.engine.process import fork
        if os.getuid() == 0:
            os.setresuid(65534, 65534, 65534)
        resource.setrlimit(resource.RLIMIT_NPROC, (1, 1))
        try:
            fork.fork(lambda: print("forked"), name="child")
        except BlockingIOError:
            print("refused", signal.pthread_sigmask(signal.SIG_BLOCK, ()))
        """)

    assert ("refused set()\n", "") == (done.stdout, done.stderr)
