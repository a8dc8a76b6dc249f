"""What a worker shows on the scoreboard, and when it asks the master for help."""

from __future__ import annotations

import socket
from contextlib import suppress
from pathlib import Path

import pytest

from cocoai.engine.process.scoreboard import Scoreboard
from cocoai.engine.process.scoreboard_row import BUSY, IDLE
from cocoai.engine.process.scoreboard_snapshot import read_snapshot
from cocoai.engine.web.request import Request
from cocoai.engine.web.response import Response
from tests.engine.conftest import Workers
from tests.engine.web.fastcgi_client import Peer, ask, request
from tests.engine.web.handlers import PID_ROUTER, Held, serving, with_after
from tests.processes import wait_until


def is_silent(lifeline: socket.socket) -> bool:
    """Return True if the worker has sent nothing more."""
    lifeline.settimeout(0)
    with suppress(BlockingIOError):
        return lifeline.recv(1) == b""
    return True


@pytest.fixture
def board() -> Scoreboard:
    """Return a scoreboard that these processes share, and nobody else sees."""
    made = Scoreboard(None, slots=1)
    made.begin(1, 2)
    return made


def test_the_board_shows_what_a_worker_does(workers: Workers, held: Held, board: Scoreboard) -> None:
    """A worker's row shows idle, busy with a request and its `after`, and idle again."""
    row = board.worker_row(())
    workers.start(with_after("out", held.hold), keep=held.keep, board=board)
    states = [board.state(row)[0]]
    with Peer(workers.path) as peer:
        peer.send(request())
        assert "out" == peer.reply().text
    held.wait_for_one()
    states.append(board.state(row)[0])
    held.release()
    wait_until(lambda: board.state(row)[0] == IDLE)

    assert [IDLE, BUSY] == states
    assert 1 == board.state(row)[2]


def test_the_board_shows_a_request_in_hand(workers: Workers, held: Held, board: Scoreboard) -> None:
    """A worker's row shows busy while its handler runs."""
    row = board.worker_row(())
    workers.start(serving(held), keep=held.keep, board=board)

    with Peer(workers.path) as peer:
        peer.send(request())
        held.wait_for_one()
        state = board.state(row)[0]
        held.release()
        peer.reply()

    assert BUSY == state


def test_refusals_are_counted(workers: Workers, tmp_path: Path) -> None:
    """Each refusal counts under its own name, an exception too; a response that refuses nothing does not count."""
    path, names = str(tmp_path / "scoreboard"), ("not found", "internal error")
    board = Scoreboard(path, slots=1, reasons=names)
    board.begin(1, 1)

    def respond(request: Request) -> Response:
        return Response(200 // len(request.body))

    workers.start(serving(respond), board=board)

    statuses = [ask(workers.path, path).status for path in ("/elsewhere", "/", "/elsewhere")]
    statuses.append(ask(workers.path, method="POST", body=b"1").status)

    assert [404, 500, 404, 200] == statuses
    assert {"not found": 2, "internal error": 1} == read_snapshot(path, slots=1, reasons=names).refused


def test_a_worker_calls_for_help_when_a_connection_waits(workers: Workers, held: Held, board: Scoreboard) -> None:
    """A worker that finds a waiting connection behind its request, and no idle worker, tells the master."""
    pid = workers.start(serving(held), keep=held.keep, board=board)
    peers = [Peer(workers.path) for _ in range(2)]
    for peer in peers:
        peer.send(request())
    held.release(2)

    assert b"!" == workers.lifelines[pid].recv(1)
    assert [str(pid)] * 2 == [peer.reply().text for peer in peers]
    for peer in peers:
        peer.sock.close()


def test_no_worker_calls_for_help_while_one_is_idle(workers: Workers, held: Held, board: Scoreboard) -> None:
    """An idle worker takes the next connection, so no help is needed. Here the test itself claims to be idle."""
    ours = board.worker_row(())
    board.take_row(ours)
    ours.wait()
    pid = workers.start(serving(held), keep=held.keep, board=board)
    peers = [Peer(workers.path) for _ in range(2)]
    for peer in peers:
        peer.send(request())
    held.release(2)

    assert [str(pid)] * 2 == [peer.reply().text for peer in peers]
    assert is_silent(workers.lifelines[pid])
    for peer in peers:
        peer.sock.close()


def test_no_worker_calls_for_help_when_no_connection_waits(workers: Workers, board: Scoreboard) -> None:
    """Requests of which each comes when the worker is idle need no help."""
    pid = workers.start(PID_ROUTER, board=board)
    for _ in range(5):
        ask(workers.path)
        wait_until(board.has_idle_worker)  # or the next connection may wait a moment, while this request is ended

    assert is_silent(workers.lifelines[pid])
