"""What a worker does once a response is out, and the processes that it forks then.

Several tests hold us to what flup 1.0.3 got wrong; their docstrings say what that was.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from cocoai.engine.process import fork
from cocoai.engine.web.request import Request
from cocoai.engine.web.response import Response
from cocoai.engine.web.router import Router
from tests.engine.conftest import Workers, is_alive
from tests.engine.web import fastcgi_client as fcgi
from tests.engine.web.fastcgi_client import Peer, ask, request
from tests.engine.web.handlers import Held, Pipe, read_number, serving, with_after, write_number, writing
from tests.processes import wait_until


def forking(run: Callable[[], None], keep: frozenset[int] = frozenset()) -> Router:
    """Return a router that responds, and then forks a process that calls `run`."""

    def after() -> None:
        fork.fork(run, name="cocoai-job", keep=keep)

    return with_after("", after)


def test_system_exit_in_a_forked_child_sends_no_second_response(workers: Workers) -> None:
    """A child that a handler forked ends by SystemExit. flup caught that: the child became a second worker."""

    def fork_by_hand(_: Request) -> str:
        if os.fork() == 0:
            sys.exit(0)
        with suppress(ChildProcessError):
            os.wait()
        return "the parent"

    pid = workers.start(writing(fork_by_hand))

    replies = [ask(workers.path) for _ in range(2)]

    assert [(200, "the parent", (0, 0))] * 2 == [(reply.status, reply.text, reply.ended) for reply in replies]
    assert 0 == workers.dismiss(pid)


def test_a_forked_job_holds_neither_lifeline_nor_listener(workers: Workers, pipe: Callable[[], Pipe]) -> None:
    """While a job lives, its worker's death is seen and the listener can be closed. With flup neither was so."""
    born, alive = pipe(), pipe()

    def work() -> None:
        write_number(born.writer, os.getpid())
        os.read(alive.reader, 1)

    pid = workers.start(
        forking(work, frozenset({born.writer, alive.reader})), keep=frozenset({born.writer, alive.reader})
    )
    ask(workers.path)
    job = read_number(born.reader)
    sockets = sockets_of(job)
    os.kill(pid, signal.SIGKILL)
    last_message = workers.lifelines[pid].recv(1)  # here the master would see it die
    workers.wait(pid)
    workers.listener.close()
    with pytest.raises(ConnectionRefusedError):
        Peer(workers.path)
    still_there = is_alive(job)
    os.write(alive.writer, b"!")
    wait_until(lambda: not is_alive(job))

    assert ([], b"", True) == (sockets, last_message, still_there)


def sockets_of(pid: int) -> list[str]:
    """Return the sockets that this process has open, but for 1 and 2, which may be anything."""
    folder = f"/proc/{pid}/fd"
    links = {fd: os.readlink(f"{folder}/{fd}") for fd in os.listdir(folder)}
    return [link for fd, link in links.items() if link.startswith("socket:") and fd not in ("1", "2")]


def test_many_jobs_leave_no_zombies(workers: Workers) -> None:
    """A worker's forks vanish when they end. With flup they stayed as zombies, since nothing waited for them."""
    pid = workers.start(forking(lambda: None))
    for _ in range(40):
        ask(workers.path)

    wait_until(lambda: not Path(f"/proc/{pid}/task/{pid}/children").read_text().split())


def test_after_runs_also_if_the_client_has_gone(workers: Workers, held: Held, pipe: Callable[[], Pipe]) -> None:
    """A response that cannot be sent does not keep its `after` from running."""
    ran = pipe()

    def respond(_: Request) -> Response:
        held.hold()
        return Response(200, b"x" * 1000000, after=lambda: write_number(ran.writer, 7))

    pid = workers.start(serving(respond), keep=held.keep | {ran.writer})
    with Peer(workers.path) as peer:
        peer.send(request())
        held.wait_for_one()
    held.release()

    assert 7 == read_number(ran.reader)
    assert 0 == workers.dismiss(pid)


def test_after_runs_once_the_whole_response_is_out(workers: Workers, held: Held) -> None:
    """The client has END_REQUEST, and its connection is closed, while `after` has not got on at all."""
    workers.start(with_after("first", held.hold), keep=held.keep)

    with Peer(workers.path) as peer:
        peer.send(request())
        end = peer.until(fcgi.END)
        closed = peer.is_closed()
    held.wait_for_one()
    held.release()

    assert (bytes(8), True) == (end.content, closed)


def test_an_after_that_fails_is_logged(workers: Workers, capfd: pytest.CaptureFixture[str]) -> None:
    """The client of a response whose `after` fails has its 200, the log has the trace, and the worker goes on."""

    def after() -> None:
        raise OSError("no process to be had")

    pid = workers.start(with_after("first", after))

    texts = [ask(workers.path).text for _ in range(2)]

    assert ["first", "first"] == texts
    assert 0 == workers.dismiss(pid)
    assert 2 == capfd.readouterr().err.count("after outcome=error")
