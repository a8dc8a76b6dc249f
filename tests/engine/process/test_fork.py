"""The one way in which a process is made: what the child keeps of its parent, which is next to nothing."""

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
from tests.engine.conftest import ended, python_path, write_to_stderr
from tests.engine.web.fastcgi_client import PATIENCE


def do_nothing(*_: object) -> None:
    """Be a signal handler, or a child, that does nothing."""


def in_child(look: Callable[[], Any], **options: Any) -> Any:
    """Return what `look` returns in a forked child, by way of JSON. `options` go to the fork."""
    reader, writer = os.pipe()
    keep = options.pop("keep", frozenset()) | {writer}

    def run() -> None:
        os.write(writer, json.dumps(look()).encode())

    pid = fork.fork(run, name="looking", keep=keep, **options)
    os.close(writer)
    with open(reader) as file:
        text = file.read()
    assert ended(pid) == 0
    return json.loads(text)


class WaitingChild:
    """A child that is there, and stays until the test ends it."""

    def __init__(self, **options: Any) -> None:
        ready, written = os.pipe()
        stay, self._go = os.pipe()

        def run() -> None:
            os.write(written, b"!")
            os.close(self._go)
            os.read(stay, 1)

        kept = frozenset({written, stay, self._go})
        self.pid = fork.fork(run, name="a-name-longer-than-fifteen", keep=kept, **options)
        os.read(ready, 1)
        for fd in (ready, written, stay):
            os.close(fd)

    def proc(self, name: str) -> str:
        """Return the text of its file in /proc."""
        return Path(f"/proc/{self.pid}/{name}").read_text().strip()

    def end(self) -> int:
        """Let it end, and return its status."""
        if self._go >= 0:
            os.close(self._go)
            self._go = -1
        return ended(self.pid)


@pytest.fixture
def staying() -> Iterator[WaitingChild]:
    """Yield a detached child; end it afterwards."""
    child = WaitingChild()
    yield child
    child.end()


def run_program(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a Python program of its own, for what would go through all of pytest's clean-up; return how it ended."""
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program), *arguments],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        env={**os.environ, "PYTHONPATH": python_path()},
        check=False,
    )


# the child as others see it


def test_a_child_bears_its_name(staying: WaitingChild) -> None:
    """It shows in ps, where the kernel has room for 15 bytes."""
    assert "a-name-longer-t" == staying.proc("comm")


def test_a_detached_child_leads_a_session_of_its_own(staying: WaitingChild) -> None:
    """It outlives its worker, and no terminal's signal reaches it."""
    assert staying.pid == os.getsid(staying.pid)


def test_a_detached_child_is_the_first_to_go(staying: WaitingChild) -> None:
    """When memory runs out, a job is worth less than the pool: another process will go on with it."""
    assert "500" == staying.proc("oom_score_adj")


def test_a_detached_child_gives_way_to_the_workers(staying: WaitingChild) -> None:
    """Its nice value is the greatest, whatever its parent's is."""
    assert 19 == os.getpriority(os.PRIO_PROCESS, staying.pid)


@pytest.mark.skipif(os.getuid() != 0 or not os.path.exists("/proc/self/autogroup"), reason="needs root and autogroups")
def test_a_detached_childs_session_gives_way_to_the_workers(staying: WaitingChild) -> None:
    """Where sessions are scheduled as groups, the group's nice value is the greatest too."""
    assert staying.proc("autogroup").endswith(" nice 19")


def test_a_child_that_is_not_detached_stays_in_the_group() -> None:
    """A worker belongs to its master's session, and is worth as much."""
    child = WaitingChild(detach=False)
    session, score = os.getsid(child.pid), child.proc("oom_score_adj")
    priority = os.getpriority(os.PRIO_PROCESS, child.pid)
    child.end()

    assert os.getsid(0) == session
    assert Path("/proc/self/oom_score_adj").read_text().strip() == score
    assert os.getpriority(os.PRIO_PROCESS, 0) == priority


# signals


def test_all_signals_are_blocked_around_a_fork() -> None:
    """No handler can run in a child that still has its parent's; afterwards the signal mask is what it was."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
    with fork.blocked_signals():
        inside = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    child = WaitingChild()
    after = signal.pthread_sigmask(signal.SIG_SETMASK, before)
    child.end()

    assert fork.SIGNALS == inside
    assert before | {signal.SIGUSR1} == after


def test_a_child_begins_with_no_signal_blocked() -> None:
    """The parent may have blocked some: a worker that is busy with a request forks its jobs with TERM blocked."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGHUP})
    blocked = in_child(lambda: sorted(signal.pthread_sigmask(signal.SIG_BLOCK, ())))
    signal.pthread_sigmask(signal.SIG_SETMASK, before)

    assert [] == blocked


def test_a_child_has_no_handler_of_its_parents() -> None:
    """Every signal has its default action, but for those that Python ignores and the one of wakeup.py."""
    handled = signal.signal(signal.SIGTERM, do_nothing)
    ignored = signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    own = {signal.SIGPIPE, signal.SIGXFSZ, signal.SIGUSR1}

    def look() -> list[int]:
        return [number for number in fork.SIGNALS if signal.getsignal(number) is not signal.SIG_DFL]

    found = in_child_unreaped(look)
    signal.signal(signal.SIGTERM, handled)
    signal.signal(signal.SIGCHLD, ignored)

    assert own == set(found)


def in_child_unreaped(look: Callable[[], Any]) -> Any:
    """Do the same as `in_child` in a parent that ignores SIGCHLD, where there is nothing to wait for."""
    reader, writer = os.pipe()

    def run() -> None:
        os.write(writer, json.dumps(look()).encode())

    fork.fork(run, name="looking", keep=frozenset({writer}))
    os.close(writer)
    with open(reader) as file:
        return json.loads(file.read())


def test_a_broken_pipe_is_an_exception_in_a_child_too() -> None:
    """SIGPIPE keeps Python's handling: its default action would end a worker whose client has gone."""

    def look() -> str:
        ours, theirs = socket.socketpair()
        theirs.close()
        try:
            ours.send(b"!")
        except BrokenPipeError:
            return "an exception"
        return "nothing"

    assert "an exception" == in_child(look)


def test_a_signal_to_a_new_child_does_not_wake_its_parent() -> None:
    """The child drops the wake-up descriptor before a signal can be delivered, at whatever moment that is sent."""
    wakeup, signalled = socket.socketpair()
    wakeup.settimeout(0)
    signalled.settimeout(0)
    handler = signal.signal(signal.SIGTERM, do_nothing)
    descriptor = signal.set_wakeup_fd(signalled.fileno())
    try:
        statuses = set()
        for _ in range(50):
            pid = fork.fork(signal.pause, name="signalled")
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
    """The number is /dev/null's in the child, and may be some file's of its own later."""
    ours, theirs = socket.socketpair()
    theirs.settimeout(0)
    before = signal.set_wakeup_fd(theirs.fileno())
    found = in_child(lambda: signal.set_wakeup_fd(-1))
    signal.set_wakeup_fd(before)
    ours.close()
    theirs.close()

    assert -1 == found


def test_a_child_shows_its_stack_on_usr2(capfd: pytest.CaptureFixture[str]) -> None:
    """It does so whatever its parent had made of that signal, and lives on."""
    handler = signal.signal(signal.SIGUSR2, do_nothing)
    faulthandler.register(signal.SIGUSR2, file=2, chain=True)
    try:
        in_child(lambda: os.kill(os.getpid(), signal.SIGUSR2))
    finally:
        faulthandler.unregister(signal.SIGUSR2)
        signal.signal(signal.SIGUSR2, handler)

    assert "in in_child" in capfd.readouterr().err


# descriptors


def descriptors() -> dict[str, str]:
    """Return what each of this process's descriptors is, but for the one that looks."""
    found = {}
    for fd in os.listdir("/proc/self/fd"):
        try:
            found[fd] = os.readlink(f"/proc/self/fd/{fd}")
        except FileNotFoundError:
            continue
    return found


def test_a_child_keeps_descriptors_1_2_and_those_named(tmp_path: Path) -> None:
    """Every other number is /dev/null's."""
    ours = descriptors()
    with (tmp_path / "kept").open("w") as file, (tmp_path / "not kept").open("w"):
        theirs = in_child(descriptors, keep=frozenset({file.fileno()}))
        number = str(file.fileno())
    kept = {fd for fd, target in theirs.items() if target != os.devnull and fd not in ("1", "2")}

    assert (ours["1"], ours["2"], os.devnull) == (theirs["1"], theirs["2"], theirs["0"])
    assert str(tmp_path / "kept") == theirs[number]
    assert 2 == len(kept)  # with the pipe through which it said this


def test_a_child_does_not_keep_its_parents_descriptor_0() -> None:
    """The master's descriptor 0 is the listening socket, which a job must not hold."""
    before, (reader, writer) = os.dup(0), os.pipe()
    os.dup2(reader, 0)
    try:
        theirs = in_child(descriptors)
    finally:
        os.dup2(before, 0)
        for fd in (before, reader, writer):
            os.close(fd)

    assert os.devnull == theirs["0"]


def test_of_what_is_laid_over_a_program_inherits_descriptor_0_only(tmp_path: Path) -> None:
    """A program that a child executes has its standard input, and not all the other numbers as well."""
    with (tmp_path / "not kept").open("w") as file:
        number = file.fileno()
        inheritable = in_child(lambda: [os.get_inheritable(fd) for fd in (0, number)])

    assert [True, False] == inheritable


def test_a_parent_without_a_0_has_children_with_one() -> None:
    """Otherwise the first file that the child opens would be its standard input."""
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
    """A closed number becomes that of the next lock, which is dropped with it; so numbers are laid over instead."""
    lock = tmp_path / "lock"
    inherited = (tmp_path / "inherited").open("w")

    def look() -> str:
        if not lays_over:
            os.close(inherited.fileno())
        fd = os.open(lock, os.O_RDWR | os.O_CREAT)
        fcntl.flock(fd, fcntl.LOCK_EX)
        inherited.close()  # as the garbage collector may, at any time
        try:
            os.fstat(fd)
        except OSError as error:
            return errno.errorcode[error.errno or 0]
        return "still ours"

    found = in_child(look)
    inherited.close()

    assert ("still ours" if lays_over else "EBADF") == found


# the end


ENDS: dict[str, tuple[BaseException, int]] = {
    "an exception": (RuntimeError("the text of the exception"), 1),
    "sys.exit(0)": (SystemExit(0), 1),
    "sys.exit(3)": (SystemExit(3), 1),
    "Ctrl-C": (KeyboardInterrupt(), 1),
    "out of memory": (MemoryError(), 1),
}


@pytest.mark.parametrize(("error", "status"), ENDS.values(), ids=ENDS.keys())
def test_a_child_ends_where_it_ends(
    error: BaseException, status: int, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """However it ends, none of its parent's code goes on in it (flup 6 and 22); the log says how it died."""
    cleaned = tmp_path / "cleaned"

    def run() -> None:
        write_to_stderr()
        raise error

    try:
        pid = fork.fork(run, name="ending")
    finally:
        with cleaned.open("a") as file:
            file.write(f"{os.getpid()}\n")

    assert status == ended(pid)
    assert f"{os.getpid()}\n" == cleaned.read_text()
    assert "process=ending outcome=died" in capfd.readouterr().err


def test_a_child_that_returns_ends_with_status_0() -> None:
    """Returning from `run` is success."""
    assert 0 == ended(fork.fork(do_nothing, name="ending"))


def test_nothing_that_waited_to_be_written_is_written_twice() -> None:
    """Only the parent runs what it has registered for its end, and flushes what it has buffered."""
    done = run_program("""
        import atexit, os, sys
        from cocoai.engine.process import fork
        atexit.register(lambda: print("registered"))
        print("buffered")
        for run in (lambda: None, sys.exit, lambda: 1 / 0):
            os.waitpid(fork.fork(run, name="child"), 0)
        """)

    assert "buffered\nregistered\n" == done.stdout


def test_a_refused_fork_raises_in_the_parent() -> None:
    """It raises OSError, with the signals as they were."""
    # The limit is real; root is not bound by it, and becomes nobody.
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
