"""Extra listeners: each connection gets a process of its own, few at once, none for long, and requests are served."""

from __future__ import annotations

import errno
import logging
import os
import select
import signal
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Never

import pytest

from cocoai.engine.pool.extra_listeners import MAX_CONNECTIONS, ExtraListener, ExtraListeners
from cocoai.engine.process import fork
from cocoai.engine.process.scoreboard import Scoreboard
from tests.engine.conftest import ended
from tests.engine.pool.pool_under_test import PoolUnderTest, pool_in
from tests.processes import PATIENCE, free_port, wait_until


@pytest.fixture
def pool(tmp_path: Path) -> Iterator[PoolUnderTest]:
    """Yield a pool that has not been started yet; end it afterwards."""
    with pool_in(tmp_path) as made:
        yield made


@pytest.fixture
def port() -> int:
    """Return a free port."""
    return free_port()


def connect(port: int) -> socket.socket:
    """Return a connection to this port of 127.0.0.1."""
    return socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)


def serving_pid(port: int) -> bytes:
    """Return what a connection to this port gets: the pid of the process that serves it, or b"" if it is closed."""
    with connect(port) as connection:
        return connection.recv(100)


# in a pool


def test_each_connection_is_served_by_a_process_of_its_own(pool: PoolUnderTest, port: int) -> None:
    """It is neither a worker nor the master, and it is gone afterwards."""
    pool.start("--extra-port", str(port))
    workers = pool.await_start()
    pids = {int(serving_pid(port)) for _ in range(3)}
    wait_until(lambda: len(pool.family()) == 3)

    assert 3 == len(pids)
    assert set() == pids & {pool.pid, *workers}
    assert workers == pool.workers()
    assert "outcome=died" not in pool.log()


def test_a_connection_too_many_is_closed(pool: PoolUnderTest, port: int) -> None:
    """It is closed at once; requests are answered all the while, and the other connections are served."""
    pool.start("--extra-port", str(port))
    pool.await_start()
    pool.hold("held-connection")
    connections = [connect(port) for _ in range(MAX_CONNECTIONS)]
    pool.await_log("connected", times=MAX_CONNECTIONS)
    refused = serving_pid(port)
    status = pool.ask().status
    with pool.held("held-connection"):
        pass
    received = [connection.recv(100) for connection in connections]
    for connection in connections:
        connection.close()
    wait_until(lambda: len(pool.family()) == 3)

    assert (b"", 200) == (refused, status)
    assert all(received)
    assert serving_pid(port)


def test_a_reload_opens_the_port_anew(pool: PoolUnderTest, port: int) -> None:
    """A connection from before is served meanwhile, and later ones afterwards."""
    pool.start("--extra-port", str(port))
    pool.await_start()
    pool.hold("held-connection")
    with connect(port) as connection:
        pool.await_log("connected")
        pool.signal(signal.SIGHUP)
        pool.await_log("outcome=started", times=2)
        with pool.held("held-connection"):
            pass
        received = connection.recv(100)

    assert received
    assert serving_pid(port) not in (b"", received)
    pool.await_start(times=2)


def test_an_open_connection_does_not_delay_the_end(pool: PoolUnderTest, port: int) -> None:
    """TERM ends the process that serves it."""
    pool.start("--extra-port", str(port))
    pool.await_start()
    pool.hold("held-connection")
    with connect(port) as connection:
        pool.await_log("connected")
        pool.signal(signal.SIGTERM)

        assert 0 == pool.wait()
        assert b"" == connection.recv(100)


# by themselves


@pytest.fixture
def make() -> Iterator[Callable[..., tuple[ExtraListeners, int]]]:
    """Yield a maker of extra listeners with one listener, and its port; close them afterwards."""
    made: list[ExtraListeners] = []

    def build(serve: Callable[[socket.socket], None], **settings: float) -> tuple[ExtraListeners, int]:
        listener = socket.create_server(("127.0.0.1", 0))
        made.append(ExtraListeners([ExtraListener(listener, serve)], Scoreboard(None, slots=0), **settings))
        return made[-1], listener.getsockname()[1]

    yield build
    for listeners in made:
        listeners.close()


def accept(listeners: ExtraListeners) -> None:
    """Wait for a connection, as the master does, and let it be accepted."""
    ready, _, _ = select.select(listeners.sockets(), [], [], PATIENCE)
    listeners.accept_ready(ready)


def send_pid_and_hang(connection: socket.socket) -> None:
    """Serve a connection without an end."""
    connection.sendall(str(os.getpid()).encode())
    while True:
        time.sleep(60)


def test_a_connection_that_hangs_ends_by_itself(make: Callable[..., tuple[ExtraListeners, int]]) -> None:
    """The master need not know of it, and a reload does not prolong it."""
    listeners, port = make(send_pid_and_hang, time_limit=0.2)
    with connect(port) as connection:
        accept(listeners)
        pid = int(connection.recv(100))
        status = ended(pid)

        assert -signal.SIGALRM == status
        assert b"" == connection.recv(100)
    assert [True, False] == [listeners.on_exit(pid), listeners.on_exit(pid)]


def test_a_listener_that_fails_is_left_alone_for_a_while(
    make: Callable[..., tuple[ExtraListeners, int]], caplog: pytest.LogCaptureFixture
) -> None:
    """The error is logged, and the master is not woken again and again."""
    listeners, _ = make(send_pid_and_hang)
    (listener,) = listeners.sockets()
    listener.close()
    with caplog.at_level(logging.ERROR):
        listeners.accept_ready([listener])
    failed = listeners.sockets()
    listeners.accept_again()

    assert ["door outcome=not-accepted"] == caplog.messages
    assert ([], [listener]) == (failed, listeners.sockets())


def test_a_connection_without_a_process_is_closed(
    make: Callable[..., tuple[ExtraListeners, int]], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """No process can be forked: that is logged, and the master goes on."""

    def refuse(*_: object, **__: object) -> Never:
        raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))

    monkeypatch.setattr(fork, "fork", refuse)
    listeners, port = make(send_pid_and_hang)
    with connect(port) as connection:
        accept(listeners)

        assert b"" == connection.recv(100)
    assert ["process=cocoai-status outcome=not-forked"] == caplog.messages
    assert 1 == len(listeners.sockets())


def test_what_serves_a_connection_does_not_write_the_masters_row() -> None:
    """It has that row in its memory, and its warnings are not the master's."""
    board = Scoreboard(None, slots=0)
    board.begin(1, 1)

    def serve(connection: socket.socket) -> None:
        board.own_row.record_error("a connection's")
        connection.sendall(str(os.getpid()).encode())

    listener = socket.create_server(("127.0.0.1", 0))
    listeners = ExtraListeners([ExtraListener(listener, serve)], board)
    with connect(listener.getsockname()[1]) as connection:
        accept(listeners)
        status = ended(int(connection.recv(100)))
    listeners.close()

    assert (0, b"") == (status, board.own_row.record.error)


def test_a_client_that_has_gone_is_no_error(make: Callable[..., tuple[ExtraListeners, int]]) -> None:
    """It connected a moment ago; accepting goes on."""
    listeners, _ = make(send_pid_and_hang)
    listeners.accept_ready(listeners.sockets())

    assert 1 == len(listeners.sockets())
