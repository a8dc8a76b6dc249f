"""Workers over real sockets, asked by a client that shares no code with flup.

Several tests hold us to what flup 1.0.3 got wrong; their docstrings say what that was. The master's tests are in
tests/engine/pool/test_master.py, those of hostile clients in test_hostile.py.
"""

from __future__ import annotations

import math
import os
import select
import signal
import socket
import struct
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from cocoai.engine.process import fork
from cocoai.engine.process.scoreboard import Scoreboard
from cocoai.engine.process.scoreboard_row import BUSY, IDLE
from cocoai.engine.process.scoreboard_snapshot import read_snapshot
from cocoai.engine.web import worker as web_worker
from cocoai.engine.web.request import MAX_BODY, Request
from cocoai.engine.web.response import After, Response
from cocoai.engine.web.router import Handler, Router
from cocoai.engine.web.worker import Worker, WorkerEvents
from tests.engine.conftest import Workers, is_alive
from tests.engine.web import fastcgi_client as fcgi
from tests.engine.web.fastcgi_client import Peer, ask, begin, pairs, params, record, request, stream
from tests.processes import wait_until


def serving(handler: Handler) -> Router:
    """Return a router that has this handler at `/`."""
    return Router({"/": {"GET": handler, "HEAD": handler, "POST": handler}})


def writing(write: Callable[[Request], str]) -> Router:
    """Return a router that responds 200 with the text that `write` returns."""

    def respond(request: Request) -> Response:
        return Response(200, write(request).encode())

    return serving(respond)


def pid_of_worker(_: Request) -> str:
    """Return this process's pid as text."""
    return str(os.getpid())


PID_ROUTER = writing(pid_of_worker)


def with_after(text: str, after: After) -> Router:
    """Return a router that responds 200 with `text`, and has `after` run behind that."""

    def respond(_: Request) -> Response:
        return Response(200, text.encode(), after=after)

    return serving(respond)


def read_number(fd: int) -> int:
    """Return a number that a process wrote into the pipe, all at once."""
    (number,) = struct.unpack("=i", os.read(fd, 4))
    return int(number)


def write_number(fd: int, number: int) -> None:
    os.write(fd, struct.pack("=i", number))


def forking(run: Callable[[], None], keep: frozenset[int] = frozenset()) -> Router:
    """Return a router that responds, and then forks a process that calls `run`."""

    def after() -> None:
        fork.fork(run, name="cocoai-job", keep=keep)

    return with_after("", after)


class Pipe:
    """Two ends of a pipe, closed together."""

    def __init__(self) -> None:
        self.reader, self.writer = os.pipe()

    def close(self) -> None:
        os.close(self.reader)
        os.close(self.writer)


@pytest.fixture
def pipe(request: pytest.FixtureRequest) -> Callable[[], Pipe]:
    """Return a function that makes a pipe, closed with the test."""

    def make() -> Pipe:
        new = Pipe()
        request.addfinalizer(new.close)
        return new

    return make


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
    assert web_worker.accept(workers.listener) is None


def test_workers_that_lost_many_races_still_see_the_lifeline(workers: Workers) -> None:
    """After many races for few connections every worker ends with its lifeline. flup's losers outlived their master."""
    pids = [workers.start(PID_ROUTER) for _ in range(4)]
    for _ in range(25):
        ask(workers.path)

    assert [0, 0, 0, 0] == [workers.dismiss(pid) for pid in pids]


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


def test_a_worker_stays_in_its_masters_process_group(workers: Workers) -> None:
    """A worker gets what is sent to the pool's process group. Each child of flup's led a group of its own."""
    assert os.getpgid(0) == os.getpgid(workers.start(PID_ROUTER))


class Held:
    """A handler that responds with its pid, and before that announces itself and waits to be released."""

    def __init__(self, pipe: Callable[[], Pipe]) -> None:
        self._arrived, self._released = pipe(), pipe()
        self.keep = frozenset({self._arrived.writer, self._released.reader})

    def __call__(self, _: Request) -> Response:
        self.hold()
        return Response(200, str(os.getpid()).encode())

    def hold(self) -> None:
        """Announce this process, and wait."""
        write_number(self._arrived.writer, os.getpid())
        os.read(self._released.reader, 1)

    def wait_for_one(self) -> int:
        """Return the pid of the next worker that announces itself."""
        return read_number(self._arrived.reader)

    def release(self, number: int = 1) -> None:
        os.write(self._released.writer, b"!" * number)


@pytest.fixture
def held(pipe: Callable[[], Pipe]) -> Held:
    return Held(pipe)


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


def test_web_server_addresses_in_the_environment_do_no_harm(workers: Workers, monkeypatch: pytest.MonkeyPatch) -> None:
    """FCGI_WEB_SERVER_ADDRS turns no client of a unix socket away. flup's server turned all of them away."""
    monkeypatch.setenv("FCGI_WEB_SERVER_ADDRS", "127.0.0.1")
    pid = workers.start(PID_ROUTER)

    assert str(pid) == ask(workers.path).text


def test_an_exception_is_a_500_and_its_trace_goes_to_the_log_only(
    workers: Workers, capfd: pytest.CaptureFixture[str]
) -> None:
    """The client of a failing handler reads one line, the log has the trace and the path, and the worker goes on.

    flup showed source code and values to the client, and sent the trace to nginx's log.
    """

    def fail(_: Request) -> str:
        raise RuntimeError("xoxb-practice")

    pid = workers.start(writing(fail))

    with Peer(workers.path) as peer:
        peer.send(request())
        records = list(peer.records())
    reply = fcgi.reply(records)
    second = ask(workers.path)
    workers.dismiss(pid)
    log = capfd.readouterr().err

    assert (500, "internal error\n", (0, 0)) == (reply.status, reply.text, reply.ended)
    assert {fcgi.STDOUT, fcgi.END} == {each.kind for each in records}
    assert "xoxb" not in str(records)
    assert 500 == second.status
    assert "request outcome=error path='/'" in log
    assert "RuntimeError: xoxb-practice" in log


@pytest.mark.parametrize("response", [Response(299), Response(200, headers=(("X-Name", "猫"),))])
def test_a_response_that_cannot_be_written_is_a_500(workers: Workers, response: Response) -> None:
    """An unknown status, or a header that is not latin-1, is answered as an exception is."""
    pid = workers.start(serving(lambda _: response))

    reply = ask(workers.path)

    assert (500, "internal error\n", (0, 0)) == (reply.status, reply.text, reply.ended)
    assert 0 == workers.dismiss(pid)


def test_a_client_that_does_not_read_is_dropped_at_the_deadline(workers: Workers) -> None:
    """A response that the client does not take is dropped at the deadline, and the worker serves the next one."""
    pid = workers.start(writing(lambda request: request.path * 1000000), request_timeout=0.3)

    with Peer(workers.path) as deaf:
        deaf.send(request("/"))
        wait_until(lambda: len(ask(workers.path).text) == 1000000)

    assert 0 == workers.dismiss(pid)


def test_a_connection_that_asks_to_be_kept_is_closed(workers: Workers) -> None:
    """Every request ends its connection. flup gave a worker for good to one connection of nginx's (FCGI_KEEP_CONN)."""
    pid = workers.start(PID_ROUTER)

    with Peer(workers.path) as kept:
        kept.send(begin(flags=fcgi.KEEP_CONN) + stream(fcgi.PARAMS, pairs(params())) + stream(fcgi.STDIN, b""))
        first = kept.reply()  # which is read to the close
        second = ask(workers.path)

    assert [(str(pid), (0, 0))] * 2 == [(reply.text, reply.ended) for reply in (first, second)]


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
    """No alarm is set whenever a worker begins to wait: it would end one that has nothing to do."""
    seen = pipe()
    wait = WorkerEvents.wait

    def note_and_wait(events: WorkerEvents) -> None:
        write_number(seen.writer, alarm_seconds())
        wait(events)

    monkeypatch.setattr(WorkerEvents, "wait", note_and_wait)
    workers.start(PID_ROUTER, request_timeout=1000, keep=frozenset({seen.writer}))

    assert 0 == read_number(seen.reader)
    assert ask(workers.path).text
    assert 0 == read_number(seen.reader)


def test_the_biggest_body_is_read_whole(workers: Workers) -> None:
    """The biggest body that nginx lets through fits, with 64 KiB of params beside it."""
    pid = workers.start(writing(lambda request: str(len(request.body))))

    reply = ask(workers.path, method="POST", body=bytes(MAX_BODY), HTTP_X_LONG="x" * 64000)

    assert str(MAX_BODY) == reply.text
    assert 0 == workers.dismiss(pid)


@pytest.mark.parametrize("piece", [1, 7, 100])
def test_a_pair_may_span_records(workers: Workers, piece: int) -> None:
    """A param that goes over from one record to the next is read right. flup misread it."""
    workers.start(writing(lambda request: request.headers["x-long"] + request.path))
    sent = pairs(params(HTTP_X_LONG="long" * 50))

    with Peer(workers.path) as peer:
        peer.send(begin() + stream(fcgi.PARAMS, sent, piece=piece) + stream(fcgi.STDIN, b""))
        reply = peer.reply()

    assert "long" * 50 + "/" == reply.text


def test_get_values_is_replied_to(workers: Workers) -> None:
    """The three values of FastCGI 4.1 are sent, and no other. flup looked for them under other names than it had."""
    workers.start(PID_ROUTER)
    names = {"FCGI_MAX_CONNS": "", "FCGI_MAX_REQS": "", "FCGI_MPXS_CONNS": "", "FCGI_OTHER": ""}

    with Peer(workers.path) as peer:
        peer.send(record(fcgi.GET_VALUES, pairs(names), request_id=0))
        result = peer.until(fcgi.GET_VALUES_RESULT)

    expected = {"FCGI_MAX_CONNS": "1", "FCGI_MAX_REQS": "1", "FCGI_MPXS_CONNS": "0"}
    assert (0, pairs(expected)) == (result.request_id, result.content)


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


def test_many_jobs_leave_no_zombies(workers: Workers) -> None:
    """A worker's forks vanish when they end. With flup they stayed as zombies, since nothing waited for them."""
    pid = workers.start(forking(lambda: None))
    for _ in range(40):
        ask(workers.path)

    wait_until(lambda: not Path(f"/proc/{pid}/task/{pid}/children").read_text().split())


def test_a_second_request_on_a_connection_is_refused(workers: Workers) -> None:
    """A second request on a busy connection is ended with FCGI_CANT_MPX_CONN (FastCGI 5.5); the first goes on."""
    pid = workers.start(PID_ROUTER)
    second = record(fcgi.BEGIN, struct.pack("!HB5x", fcgi.RESPONDER, 0), request_id=2)

    with Peer(workers.path) as peer:
        peer.send(begin() + second + stream(fcgi.PARAMS, pairs(params())) + stream(fcgi.STDIN, b""))
        records = list(peer.records())

    ends = {each.request_id: each.content for each in records if each.kind == fcgi.END}
    assert {2: struct.pack("!LB3x", 0, fcgi.CANT_MULTIPLEX), 1: bytes(8)} == ends
    assert str(pid) == fcgi.reply([each for each in records if each.request_id == 1]).text


def test_another_role_is_refused(workers: Workers) -> None:
    """A request of another role is ended with FCGI_UNKNOWN_ROLE (FastCGI 5.5), and no handler runs."""
    workers.start(PID_ROUTER)

    with Peer(workers.path) as peer:
        peer.send(begin(role=fcgi.AUTHORIZER) + stream(fcgi.PARAMS, pairs(params())) + stream(fcgi.STDIN, b""))
        reply = peer.reply()

    assert (b"", (0, fcgi.UNKNOWN_ROLE)) == (reply.body, reply.ended)


def test_an_aborted_request_is_ended_without_a_response(workers: Workers) -> None:
    """An aborted request is ended, and no handler runs (FastCGI 5.4)."""
    pid = workers.start(PID_ROUTER)

    with Peer(workers.path) as peer:
        peer.send(begin() + stream(fcgi.PARAMS, pairs(params())) + record(fcgi.ABORT))
        reply = peer.reply()

    assert (b"", (0, 0)) == (reply.body, reply.ended)
    assert str(pid) == ask(workers.path).text


def test_padding_is_left_out(workers: Workers) -> None:
    """A record's padding is no part of its stream (FastCGI 3.3)."""
    workers.start(writing(lambda request: request.body.decode()))
    sent = record(fcgi.PARAMS, pairs(params(method="POST", body=b"body")), padding=255) + record(fcgi.PARAMS, padding=5)
    body = record(fcgi.STDIN, b"bo", padding=6) + record(fcgi.STDIN, b"dy", padding=1) + record(fcgi.STDIN, padding=8)

    with Peer(workers.path) as peer:
        peer.send(begin() + sent + body)
        reply = peer.reply()

    assert "body" == reply.text


@pytest.mark.parametrize("size", [0, 1, 8184, 8185, 65535, 65536, 300000])
def test_a_response_of_any_size_is_whole(workers: Workers, size: int) -> None:
    """A response arrives whole, however many records it takes."""
    workers.start(writing(lambda _: "x" * size))

    reply = ask(workers.path)

    assert (200, "x" * size, (0, 0)) == (reply.status, reply.text, reply.ended)


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
    waiting = web_worker.accept(workers.listener)
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


def test_a_handlers_request_is_what_was_sent(workers: Workers) -> None:
    """Method, path, header and body come through from the socket to the handler."""

    def repeat(request: Request) -> Response:
        return Response(200, f"{request.method} {request.path} {request.headers['x-name']} ".encode() + request.body)

    workers.start(Router({"/some/path": {"POST": repeat}}))

    reply = ask(workers.path, "/some/path", method="POST", body="猫".encode(), HTTP_X_NAME="v0=ab")

    assert "POST /some/path v0=ab 猫" == reply.text


def test_a_worker_ignores_ctrl_c_and_a_closed_terminal(workers: Workers) -> None:
    """SIGINT and SIGHUP reach the whole foreground group, and ending is the master's decision."""
    pid = workers.start(PID_ROUTER)
    os.kill(pid, signal.SIGINT)
    os.kill(pid, signal.SIGHUP)

    assert str(pid) == ask(workers.path).text
