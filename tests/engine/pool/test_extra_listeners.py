"""Doors: who looks is met by a process of its own, few at once, none for long, and the pool is none the worse."""

from __future__ import annotations

import logging
import os
import select
import signal
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cocoai.engine.pool.extra_listeners import MOST_VISITORS, ExtraListener, ExtraListeners
from tests.engine.conftest import ended
from tests.engine.pool.pool_under_test import PoolUnderTest, pool_in
from tests.processes import PATIENCE, free_port, wait_until


@pytest.fixture
def pool(tmp_path: Path) -> Iterator[PoolUnderTest]:
    """A pool that has not been started yet."""
    with pool_in(tmp_path) as made:
        yield made


@pytest.fixture
def port() -> int:
    return free_port()


def knock(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)


def visit(port: int) -> bytes:
    """All that is said at the door: the pid of whoever says it."""
    with knock(port) as connection:
        return connection.recv(100)


# in a pool


def test_each_visitor_is_met_by_a_process_of_its_own(pool: PoolUnderTest, port: int) -> None:
    """No worker's, nor the master's; and it is gone afterwards."""
    pool.start("--door", str(port))
    workers = pool.await_start()
    pids = {int(visit(port)) for _ in range(3)}
    wait_until(lambda: len(pool.family()) == 3)

    assert 3 == len(pids)
    assert set() == pids & {pool.pid, *workers}
    assert workers == pool.workers()
    assert "outcome=died" not in pool.log()


def test_a_visitor_too_many_is_turned_away(pool: PoolUnderTest, port: int) -> None:
    """At once; requests are answered all the while, and those who are in are seen to."""
    pool.start("--door", str(port))
    pool.await_start()
    pool.hold("held-visit")
    visitors = [knock(port) for _ in range(MOST_VISITORS)]
    pool.await_log("visited", times=MOST_VISITORS)
    turned_away = visit(port)
    status = pool.ask().status
    with pool.held("held-visit"):
        pass
    heard = [visitor.recv(100) for visitor in visitors]
    for visitor in visitors:
        visitor.close()
    wait_until(lambda: len(pool.family()) == 3)

    assert (b"", 200) == (turned_away, status)
    assert all(heard)
    assert visit(port)


def test_a_reload_opens_the_door_anew(pool: PoolUnderTest, port: int) -> None:
    """Who is in meanwhile is seen to; who comes afterwards is let in."""
    pool.start("--door", str(port))
    pool.await_start()
    pool.hold("held-visit")
    with knock(port) as visitor:
        pool.await_log("visited")
        pool.signal(signal.SIGHUP)
        pool.await_log("outcome=started", times=2)
        with pool.held("held-visit"):
            pass
        heard = visitor.recv(100)

    assert heard
    assert visit(port) not in (b"", heard)
    pool.await_start(times=2)


def test_a_visitor_does_not_delay_the_end(pool: PoolUnderTest, port: int) -> None:
    """TERM ends whoever is in."""
    pool.start("--door", str(port))
    pool.await_start()
    pool.hold("held-visit")
    with knock(port) as visitor:
        pool.await_log("visited")
        pool.signal(signal.SIGTERM)

        assert 0 == pool.wait()
        assert b"" == visitor.recv(100)


# by themselves


@pytest.fixture
def make() -> Iterator[Callable[..., tuple[ExtraListeners, int]]]:
    """Doors with one door, and its port."""
    made: list[ExtraListeners] = []

    def build(serve: Callable[[socket.socket], None], **settings: float) -> tuple[ExtraListeners, int]:
        listener = socket.create_server(("127.0.0.1", 0))
        made.append(ExtraListeners([ExtraListener(listener, serve)], stand=lambda: None, **settings))
        return made[-1], listener.getsockname()[1]

    yield build
    for doors in made:
        doors.close()


def let_in(doors: ExtraListeners) -> None:
    ready, _, _ = select.select(doors.sockets(), [], [], PATIENCE)
    doors.answer(ready)


def tell_and_hang(connection: socket.socket) -> None:
    connection.sendall(str(os.getpid()).encode())
    while True:
        time.sleep(60)


def test_a_visit_that_hangs_ends_by_itself(make: Callable[..., tuple[ExtraListeners, int]]) -> None:
    """The master need not know of it, and a reload does not prolong it."""
    doors, port = make(tell_and_hang, longest_visit=0.2)
    with knock(port) as visitor:
        let_in(doors)
        pid = int(visitor.recv(100))
        status = ended(pid)

        assert -signal.SIGALRM == status
        assert b"" == visitor.recv(100)
    assert [True, False] == [doors.on_exit(pid), doors.on_exit(pid)]


def test_a_door_that_cannot_be_opened_is_left_for_a_while(
    make: Callable[..., tuple[ExtraListeners, int]], caplog: pytest.LogCaptureFixture
) -> None:
    """What it says is logged, and the master is not woken again and again."""
    doors, _ = make(tell_and_hang)
    (listener,) = doors.sockets()
    listener.close()
    with caplog.at_level(logging.ERROR):
        doors.answer([listener])
    shut = doors.sockets()
    doors.open_again()

    assert ["door outcome=not-accepted"] == caplog.messages
    assert ([], [listener]) == (shut, doors.sockets())


def test_a_visitor_who_has_gone_is_nobody(make: Callable[..., tuple[ExtraListeners, int]]) -> None:
    """Somebody was there a moment ago."""
    doors, _ = make(tell_and_hang)
    doors.answer(doors.sockets())

    assert 1 == len(doors.sockets())
