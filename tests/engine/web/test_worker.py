"""A worker's life: how it starts, waits and ends, over real sockets.

Several tests hold us to what flup 1.0.3 got wrong; their docstrings say what that was.
"""

from __future__ import annotations

import math
import os
import select
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from cocoai.engine.web import worker as web_worker
from cocoai.engine.web.connection import accept
from cocoai.engine.web.request import Request
from cocoai.engine.web.response import Response
from cocoai.engine.web.worker import Worker, WorkerEvents
from tests.engine.conftest import Workers
from tests.engine.web.fastcgi_client import Peer, ask, request
from tests.engine.web.handlers import PID_ROUTER, Held, Pipe, read_number, serving, write_number, writing
from tests.processes import wait_until


def test_every_worker_serves_at_once(workers: Workers, pipe: Callable[[], Pipe]) -> None:
    """Three workers have three requests in hand at once. flup's pool never had the size that was asked for."""
    arrived, released = pipe(), pipe()

    def meet(_: Request) -> str:
        write_number(arrived.writer, os.getpid())
        return os.read(released.reader, 1).decode()

    pids = {workers.start(writing(meet), keep=frozenset({arrived.writer, released.reader})) for _ in range(3)}
    peers = [Peer(workers.path) for _ in pids]
    for peer in peers:
        peer.send(request())

    met = {read_number(arrived.reader) for _ in pids}  # no response has left yet
    os.write(released.writer, b"abc")
    texts = sorted(peer.reply().text for peer in peers)
    for peer in peers:
        peer.sock.close()

    assert pids == met
    assert ["a", "b", "c"] == texts


def test_an_idle_worker_ends_with_its_lifeline(workers: Workers) -> None:
    """An idle worker ends at once when its lifeline is closed. flup's noticed nothing until the next request."""
    pid = workers.start(PID_ROUTER)

    assert 0 == workers.dismiss(pid)


def test_an_idle_worker_ends_on_term(workers: Workers) -> None:
    """An idle worker ends at once on a TERM, and needs no request for it."""
    pid = workers.start(PID_ROUTER)
    os.kill(pid, signal.SIGTERM)

    assert 0 == workers.wait(pid)


def test_accept_does_not_wait_if_another_worker_was_quicker(workers: Workers) -> None:
    """Accept returns None where no connection waits. flup's loser of the race waited in accept, for ever."""
    assert accept(workers.listener) is None


def test_workers_that_lost_many_races_still_see_the_lifeline(workers: Workers) -> None:
    """After many races for few connections every worker ends with its lifeline. flup's losers outlived their master."""
    pids = [workers.start(PID_ROUTER) for _ in range(4)]
    for _ in range(25):
        ask(workers.path)

    assert [0, 0, 0, 0] == [workers.dismiss(pid) for pid in pids]


def test_a_worker_stays_in_its_masters_process_group(workers: Workers) -> None:
    """A worker gets what is sent to the pool's process group. Each child of flup's led a group of its own."""
    assert os.getpgid(0) == os.getpgid(workers.start(PID_ROUTER))


def test_term_lets_a_busy_worker_finish(workers: Workers, held: Held, pipe: Callable[[], Pipe]) -> None:
    """A TERM ends a busy worker once its request is done, `after` included. flup broke the request off."""
    ran = pipe()

    def wait(_: Request) -> Response:
        held.hold()
        return Response(200, b"!", after=lambda: write_number(ran.writer, 7))

    pid = workers.start(serving(wait), keep=held.keep | {ran.writer})
    with Peer(workers.path) as peer:
        peer.send(request())
        os.kill(held.wait_for_one(), signal.SIGTERM)
        held.release()
        reply = peer.reply()

    assert (200, "!", (0, 0)) == (reply.status, reply.text, reply.ended)
    assert 7 == read_number(ran.reader)
    assert 0 == workers.wait(pid)


def test_nothing_of_the_parents_runs_in_a_worker(workers: Workers, tmp_path: Path) -> None:
    """A worker that ends by sys.exit runs no clean-up of its parent's. With flup each child went through it."""
    cleaned = tmp_path / "cleaned"
    try:
        pid = workers.start(writing(lambda _: sys.exit(3)))
        with Peer(workers.path) as peer:
            peer.send(request())
            closed = peer.is_closed()
        status = workers.wait(pid)
    finally:
        with cleaned.open("a") as file:
            file.write(f"{os.getpid()}\n")

    assert (True, 1) == (closed, status)
    assert f"{os.getpid()}\n" == cleaned.read_text()


def test_a_worker_ends_after_its_requests(workers: Workers) -> None:
    """A worker serves `max_requests`, and not one more."""
    pid = workers.start(PID_ROUTER, max_requests=3)

    texts = [ask(workers.path).text for _ in range(3)]

    assert [str(pid)] * 3 == texts
    assert 0 == workers.wait(pid)


@pytest.mark.pure
def test_workers_do_not_all_end_at_once() -> None:
    """Each worker draws its own number of requests, from nine tenths of `max_requests` up; 0 is no limit."""
    worker = Worker(PID_ROUTER, max_requests=1000, request_timeout=1)
    drawn = {worker._draw_request_limit() for _ in range(100)}
    few = Worker(PID_ROUTER, max_requests=11, request_timeout=1)

    assert 900 <= min(drawn) < max(drawn) <= 1000
    assert {10, 11} == {few._draw_request_limit() for _ in range(100)}
    assert math.inf == Worker(PID_ROUTER, max_requests=0, request_timeout=1)._draw_request_limit()


@pytest.mark.parametrize("by", ["lifeline", "TERM"])
def test_a_worker_ends_though_requests_wait(
    workers: Workers, held: Held, monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    """A worker that has one request after another, and never sleeps, sees the order to end at its next check."""
    monkeypatch.setattr(web_worker, "CHECK_INTERVAL", 0.0)
    pid = workers.start(serving(held), keep=held.keep)
    peers = [Peer(workers.path) for _ in range(20)]
    for peer in peers:
        peer.send(request())
    held.wait_for_one()
    held.release()
    held.wait_for_one()
    if by == "TERM":
        os.kill(pid, signal.SIGTERM)
    else:
        workers.lifelines[pid].close()
    held.release(len(peers))
    status = workers.wait(pid)
    waiting = accept(workers.listener)
    for peer in peers:
        peer.sock.close()

    assert 0 == status
    assert waiting is not None
    waiting.close()


def test_the_worker_that_was_woken_for_a_connection_serves_it(workers: Workers) -> None:
    """A connection comes before the order to end, since no other worker was woken for it."""
    pid = workers.start(PID_ROUTER)
    os.kill(pid, signal.SIGSTOP)
    wait_until(lambda: " T " in Path(f"/proc/{pid}/stat").read_text())
    with Peer(workers.path) as peer:
        peer.send(request())
        workers.lifelines[pid].close()
        os.kill(pid, signal.SIGCONT)
        reply = peer.reply()

    assert str(pid) == reply.text
    assert 0 == workers.wait(pid)


def test_one_connection_wakes_one_worker(workers: Workers) -> None:
    """Each worker's epoll has the listener with EPOLLEXCLUSIVE."""
    pid = workers.start(PID_ROUTER)
    folder = Path(f"/proc/{pid}/fdinfo")
    watched = [line.split() for info in folder.iterdir() for line in info.read_text().splitlines() if "tfd:" in line]
    flags = {int(line[1]): int(line[3], 16) for line in watched}

    assert flags[workers.listener.fileno()] & select.EPOLLEXCLUSIVE


def test_a_worker_ignores_ctrl_c_and_a_closed_terminal(workers: Workers) -> None:
    """SIGINT and SIGHUP reach the whole foreground group, and ending is the master's decision."""
    pid = workers.start(PID_ROUTER)
    os.kill(pid, signal.SIGINT)
    os.kill(pid, signal.SIGHUP)

    assert str(pid) == ask(workers.path).text


def test_the_alarm_ends_a_handler_that_hangs(workers: Workers) -> None:
    """A handler that hangs ends with its worker. flup's time-out was an exception, which an `except` could swallow."""

    def hang(_: Request) -> str:
        while True:
            with suppress(BaseException):
                time.sleep(60)

    pid = workers.start(writing(hang), request_timeout=0.1)
    with Peer(workers.path) as peer:
        peer.send(request())
        closed = peer.is_closed()

    assert closed
    assert -signal.SIGALRM == workers.wait(pid)


def alarm_seconds() -> int:
    """Return the seconds until this process's alarm, 0 if none is set."""
    return round(signal.getitimer(signal.ITIMER_REAL)[0])


def test_the_alarm_is_set_for_the_request_alone(workers: Workers, pipe: Callable[[], Pipe]) -> None:
    """The alarm is set while a handler runs, and not any more while `after` does."""
    ran = pipe()

    def respond(_: Request) -> Response:
        return Response(200, str(alarm_seconds()).encode(), after=lambda: write_number(ran.writer, alarm_seconds()))

    workers.start(serving(respond), request_timeout=1000, keep=frozenset({ran.writer}))

    assert 990 < int(ask(workers.path).text) < 1001
    assert 0 == read_number(ran.reader)


def test_an_idle_worker_has_no_alarm(
    workers: Workers, pipe: Callable[[], Pipe], monkeypatch: pytest.MonkeyPatch
) -> None:
    """No alarm is set when a worker begins to wait without an end: it would end one that has nothing to do."""
    seen = pipe()
    wait = WorkerEvents.wait

    def note_and_wait(events: WorkerEvents, seconds: float | None = None) -> bool:
        if seconds is None:
            write_number(seen.writer, alarm_seconds())
        return wait(events, seconds)

    monkeypatch.setattr(WorkerEvents, "wait", note_and_wait)
    workers.start(PID_ROUTER, request_timeout=1000, keep=frozenset({seen.writer}))

    assert 0 == read_number(seen.reader)
    assert ask(workers.path).text
    assert 0 == read_number(seen.reader)
