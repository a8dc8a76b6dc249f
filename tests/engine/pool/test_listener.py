"""The listening socket: inherited on descriptor 0, or bound here."""

from __future__ import annotations

import contextlib
import os
import socket
import stat
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from cocoai.engine.pool.listener import LONGEST_PATH, open_listener
from cocoai.engine.process import fork
from cocoai.errors import CocoAIError
from tests.engine.conftest import ended

NO_LISTENER = "descriptor 0 is no listening socket"


def with_descriptor_0(fd: int | None) -> str:
    """Return the outcome of open_listener in a process whose descriptor 0 is `fd`; None leaves it closed."""
    reader, writer = os.pipe()

    def run() -> None:
        os.close(0) if fd is None else os.dup2(fd, 0)
        try:
            with open_listener(None) as listener:
                outcome = f"listening {listener.gettimeout()}"
        except CocoAIError as error:
            outcome = str(error)
        os.write(writer, outcome.encode())

    pid = fork.fork(run, name="listener", keep=frozenset({writer} | ({fd} if fd is not None else set())))
    os.close(writer)
    with open(reader) as file:
        outcome = file.read()
    assert ended(pid) == 0
    return outcome


@pytest.fixture
def listener(tmp_path: Path) -> Iterator[socket.socket]:
    """Yield a listening unix socket."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as made:
        made.bind(str(tmp_path / "socket"))
        made.listen()
        yield made


def test_a_listening_socket_on_descriptor_0_is_taken(listener: socket.socket) -> None:
    """supervisor starts the pool with it; it never blocks, for another worker may be quicker (flup 5)."""
    assert "listening 0.0" == with_descriptor_0(listener.fileno())


def test_a_tcp_socket_on_descriptor_0_is_taken() -> None:
    """supervisor's fcgi-program may have one of these."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        assert "listening 0.0" == with_descriptor_0(listener.fileno())


def do_nothing() -> None:
    """Close nothing."""


def closed() -> tuple[None, Callable[[], None]]:
    """Return a closed descriptor 0, and what closes it."""
    return None, do_nothing


def null() -> tuple[int, Callable[[], None]]:
    """Return an open /dev/null, and what closes it."""
    fd = os.open(os.devnull, os.O_RDWR)
    return fd, partial(os.close, fd)


def pipe() -> tuple[int, Callable[[], None]]:
    """Return a pipe without a writer, and what closes it."""
    reader, writer = os.pipe()
    os.close(writer)
    return reader, partial(os.close, reader)


def connected() -> tuple[int, Callable[[], None]]:
    """Return a connected socket, and what closes it."""
    ours, theirs = socket.socketpair()
    theirs.close()
    return ours.fileno(), ours.close


def unbound() -> tuple[int, Callable[[], None]]:
    """Return a socket that is not bound, and what closes it."""
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    return made.fileno(), made.close


def datagram() -> tuple[int, Callable[[], None]]:
    """Return a datagram socket, and what closes it."""
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    return made.fileno(), made.close


@pytest.mark.parametrize("make", [closed, null, pipe, connected, unbound, datagram])
def test_another_descriptor_0_is_an_error(
    make: Callable[[], tuple[int | None, Callable[[], None]]],
) -> None:
    """The error says how the pool is to be started (flup 21: it took itself for a CGI program)."""
    fd, close = make()
    outcome = with_descriptor_0(fd)
    close()

    assert outcome.startswith(NO_LISTENER)
    assert "--bind unix:PATH" in outcome


@pytest.mark.parametrize("make", [null, pipe, connected, unbound, datagram])
def test_another_descriptor_0_stays_open(make: Callable[[], tuple[int, Callable[[], None]]]) -> None:
    """It is not the pool's to close: a file opened next would become the standard input."""
    fd, close = make()

    def run() -> None:
        os.dup2(fd, 0)
        with contextlib.suppress(CocoAIError):
            open_listener(None)
        os.fstat(0)

    pid = fork.fork(run, name="listener", keep=frozenset({fd}))
    close()

    assert 0 == ended(pid)


def test_a_path_is_bound_for_the_group(tmp_path: Path) -> None:
    """Its mode is 0660 with any umask: only the web server comes in, by the group."""
    before = os.umask(0)
    path = tmp_path / "socket"
    try:
        with open_listener(f"unix:{path}") as listener, socket.socket(socket.AF_UNIX) as client:
            client.connect(str(path))
            mode, timeout = os.stat(path).st_mode, listener.gettimeout()
        after = os.umask(0)
    finally:
        os.umask(before)

    assert (True, 0o660, 0.0, 0) == (stat.S_ISSOCK(mode), stat.S_IMODE(mode), timeout, after)


def test_a_stale_socket_is_replaced(tmp_path: Path) -> None:
    """A pool that was killed leaves its socket behind."""
    bind = f"unix:{tmp_path / 'socket'}"
    open_listener(bind).close()

    open_listener(bind).close()


def test_a_socket_with_a_listener_is_left_alone(listener: socket.socket) -> None:
    """Of two pools at one path, only one would get requests."""
    with pytest.raises(CocoAIError, match="somebody is listening there already"):
        open_listener(f"unix:{listener.getsockname()}")

    with socket.socket(socket.AF_UNIX) as client:
        client.connect(listener.getsockname())


def test_a_full_backlog_counts_as_a_listener(tmp_path: Path) -> None:
    """Trying a busy socket does not wait for it."""
    path = str(tmp_path / "socket")
    with socket.socket(socket.AF_UNIX) as busy, socket.socket(socket.AF_UNIX) as client:
        busy.bind(path)
        busy.listen(0)
        client.connect(path)
        with pytest.raises(CocoAIError, match="somebody is listening there already"):
            open_listener(f"unix:{path}")

    assert os.path.exists(path)


def test_a_file_that_is_no_socket_is_left_alone(tmp_path: Path) -> None:
    """The file may be the operator's only copy."""
    path = tmp_path / "cocoai.ini"
    path.write_text("kept")
    with pytest.raises(CocoAIError, match="no socket"):
        open_listener(f"unix:{path}")

    assert "kept" == path.read_text()


@pytest.mark.parametrize(
    ("bind", "reason"),
    [
        ("tcp:127.0.0.1:9000", "expected unix:PATH"),
        ("/run/cocoai.sock", "expected unix:PATH"),
        ("unix:", "expected unix:PATH"),
        ("unix:/" + "x" * LONGEST_PATH, "at most 107 bytes"),
        ("unix:/nowhere/at/all/socket", "No such file or directory"),
    ],
)
def test_a_wrong_bind_is_an_error_that_says_why(bind: str, reason: str) -> None:
    """The error has the value, and what is allowed."""
    with pytest.raises(CocoAIError) as error:
        open_listener(bind)

    assert bind in str(error.value)
    assert reason in str(error.value)


def test_the_longest_path_can_be_bound(tmp_path: Path) -> None:
    """The limit is the kernel's own: one byte more is refused by it."""
    folder = str(tmp_path)
    path = f"{folder}/{'x' * (LONGEST_PATH - len(folder) - 1)}"

    open_listener(f"unix:{path}").close()

    assert os.path.exists(path)
