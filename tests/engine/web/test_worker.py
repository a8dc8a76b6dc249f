"""One worker's requests over real sockets, from a client that shares nothing with flup.

A test named for a number guards against the defect of flup 1.0.3 that has this number in the list of them
(each docstring tells it). Those of the master are in test_pool.py, those of hostile peers in test_hostile.py.
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
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from cocoai.engine.process import fork
from cocoai.engine.process.scoreboard import Scoreboard
from cocoai.engine.process.scoreboard_row import BUSY, IDLE
from cocoai.engine.web import worker as web_worker
from cocoai.engine.web.request import MAX_BODY, Request
from cocoai.engine.web.response import AFTER, Response
from cocoai.engine.web.router import Router
from cocoai.engine.web.worker import Worker, WorkerEvents
from tests.engine.conftest import Workers, is_alive
from tests.engine.web import fastcgi_client as fcgi
from tests.engine.web.fastcgi_client import Peer, ask, begin, pairs, params, record, request, stream
from tests.processes import wait_until

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

TEXT = [("Content-Type", "text/plain")]


def telling(tell: Callable[[WSGIEnvironment], str]) -> WSGIApplication:
    """An application that answers 200 with these words."""

    def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        words = tell(environ)
        start_response("200 OK", TEXT)
        return [words.encode()]

    return application


tell_pid = telling(lambda _: str(os.getpid()))


def read_number(fd: int) -> int:
    """A number that a process wrote down the pipe, all at once."""
    (number,) = struct.unpack("=i", os.read(fd, 4))
    return int(number)


def write_number(fd: int, number: int) -> None:
    os.write(fd, struct.pack("=i", number))


def forking(run: Callable[[], None], keep: frozenset[int] = frozenset()) -> WSGIApplication:
    """An application that answers, and forks a job afterwards as the spool's own do."""

    def after() -> None:
        fork.fork(run, name="cocoai-job", keep=keep)

    return Router({"/": {"GET": lambda _: Response(200, str(os.getpid()).encode(), after=after)}})


class Pipe:
    """Two ends, closed together; `words` go one way."""

    def __init__(self) -> None:
        self.reader, self.writer = os.pipe()

    def close(self) -> None:
        os.close(self.reader)
        os.close(self.writer)


@pytest.fixture
def pipe(request: pytest.FixtureRequest) -> Callable[[], Pipe]:
    """A function that makes a pipe, gone with the test."""

    def made() -> Pipe:
        new = Pipe()
        request.addfinalizer(new.close)
        return new

    return made


def test_defect_1_a_fixed_number_of_workers_serve_at_once(workers: Workers, pipe: Callable[[], Pipe]) -> None:
    """flup 1: the pool never was of the size that was asked for. Three workers have three requests in hand at once."""
    arrived, released = pipe(), pipe()

    def meet(_: WSGIEnvironment) -> str:
        write_number(arrived.writer, os.getpid())
        return os.read(released.reader, 1).decode()

    pids = {workers.start(telling(meet), keep=frozenset({arrived.writer, released.reader})) for _ in range(3)}
    peers = [Peer(workers.path) for _ in pids]
    for peer in peers:
        peer.send(request())

    met = {read_number(arrived.reader) for _ in pids}  # nobody has been answered yet
    os.write(released.writer, b"abc")
    told = sorted(peer.reply().text for peer in peers)
    for peer in peers:
        peer.sock.close()

    assert pids == met
    assert ["a", "b", "c"] == told


def test_defect_2_an_idle_worker_leaves_at_once(workers: Workers) -> None:
    """flup 2: an idle process heeded nothing until the next request woke it. The end of the lifeline does."""
    pid = workers.start(tell_pid)

    assert 0 == workers.dismiss(pid)


def test_defect_2_an_idle_worker_ends_on_term(workers: Workers) -> None:
    """A TERM sent to it by hand, with nothing to finish, needs nobody's request either."""
    pid = workers.start(tell_pid)
    os.kill(pid, signal.SIGTERM)

    assert 0 == workers.wait(pid)


def test_defect_5_the_loser_of_an_accept_does_not_wait(workers: Workers) -> None:
    """flup 5: with a socket time-out set, whoever lost the race for a connection waited in accept, and for ever."""
    assert web_worker.accept(workers.listener) is None


def test_defect_5_losers_still_watch_the_master(workers: Workers) -> None:
    """flup 5: such a loser outlived its master. After many races for few connections, all see the lifeline end."""
    pids = [workers.start(tell_pid) for _ in range(4)]
    for _ in range(25):
        ask(workers.path)

    assert [0, 0, 0, 0] == [workers.dismiss(pid) for pid in pids]


def test_defect_6_system_exit_in_a_fork_never_answers_a_second_time(workers: Workers) -> None:
    """flup 6: it caught SystemExit in a forked child, which went on as a second worker on the same connection."""

    def fork_by_hand(_: WSGIEnvironment) -> str:
        if os.fork() == 0:
            sys.exit(0)
        with suppress(ChildProcessError):
            os.wait()
        return "the parent"

    pid = workers.start(telling(fork_by_hand))

    replies = [ask(workers.path) for _ in range(2)]

    assert [(200, "the parent", (0, 0))] * 2 == [(reply.status, reply.text, reply.ended) for reply in replies]
    assert 0 == workers.dismiss(pid)


def test_defects_7_and_8_a_job_holds_neither_lifeline_nor_listener(workers: Workers, pipe: Callable[[], Pipe]) -> None:
    """flup 7 and 8: while a job lived, its worker's death went unseen, and connections went to nobody."""
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
    last_word = workers.lifelines[pid].recv(1)  # the master would see it die here
    workers.wait(pid)
    workers.listener.close()
    with pytest.raises(ConnectionRefusedError):
        Peer(workers.path)
    still_there = is_alive(job)
    os.write(alive.writer, b"!")
    wait_until(lambda: not is_alive(job))

    assert ([], b"", True) == (sockets, last_word, still_there)


def sockets_of(pid: int) -> list[str]:
    """The sockets this process has open, but for 1 and 2, which may be anything."""
    folder = f"/proc/{pid}/fd"
    links = {fd: os.readlink(f"{folder}/{fd}") for fd in os.listdir(folder)}
    return [link for fd, link in links.items() if link.startswith("socket:") and fd not in ("1", "2")]


def test_defect_9_a_worker_stays_in_its_masters_group(workers: Workers) -> None:
    """flup 9: each child led a process group of its own, and what is sent to the pool's group never reached it."""
    assert os.getpgid(0) == os.getpgid(workers.start(tell_pid))


def test_defect_10_term_lets_a_busy_worker_finish(workers: Workers, pipe: Callable[[], Pipe]) -> None:
    """flup 10: a TERM straight to a worker broke its request off. Here it ends the worker when that is done."""
    arrived, released, ran = pipe(), pipe(), pipe()

    def wait(environ: WSGIEnvironment) -> str:
        environ[AFTER](lambda: write_number(ran.writer, 7))
        write_number(arrived.writer, os.getpid())
        return os.read(released.reader, 1).decode()

    pid = workers.start(telling(wait), keep=frozenset({arrived.writer, released.reader, ran.writer}))
    with Peer(workers.path) as peer:
        peer.send(request())
        os.kill(read_number(arrived.reader), signal.SIGTERM)
        os.write(released.writer, b"!")
        reply = peer.reply()

    assert (200, "!", (0, 0)) == (reply.status, reply.text, reply.ended)
    assert 7 == read_number(ran.reader)
    assert 0 == workers.wait(pid)


def test_defect_11_the_web_servers_addresses_do_no_harm(workers: Workers, monkeypatch: pytest.MonkeyPatch) -> None:
    """flup 11: with FCGI_WEB_SERVER_ADDRS in the environment, every client of a unix socket was turned away."""
    monkeypatch.setenv("FCGI_WEB_SERVER_ADDRS", "127.0.0.1")
    pid = workers.start(tell_pid)

    assert str(pid) == ask(workers.path).text


def test_defects_12_and_13_an_exceptions_words_are_the_operators(
    workers: Workers, capfd: pytest.CaptureFixture[str]
) -> None:
    """flup 12 and 13: its page showed source and values to the client, its trace went to nginx's log."""

    def fail(environ: WSGIEnvironment) -> str:
        environ["wsgi.errors"].write("written to wsgi.errors\n")
        raise RuntimeError("xoxb-practice")

    pid = workers.start(telling(fail))

    with Peer(workers.path) as peer:
        peer.send(request())
        records = list(peer.records())
    reply = fcgi.reply(records)
    workers.dismiss(pid)
    log = capfd.readouterr().err

    assert (500, "internal error\n", (0, 0)) == (reply.status, reply.text, reply.ended)
    assert {fcgi.STDOUT, fcgi.END} == {each.kind for each in records}
    assert "xoxb" not in str(records)
    assert "RuntimeError: xoxb-practice" in log
    assert "written to wsgi.errors" in log


def test_an_exception_in_the_middle_of_a_body_is_a_500(workers: Workers) -> None:
    """Nothing has left yet, so the client is not given half a response as if it were whole."""

    def application(_: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", TEXT)
        yield b"the first half"
        raise RuntimeError("no second half")

    workers.start(application)

    reply = ask(workers.path)

    assert (500, "internal error\n", (0, 0)) == (reply.status, reply.text, reply.ended)


def test_defect_15_a_peer_that_does_not_read_is_ended_by_the_deadline(workers: Workers) -> None:
    """The same holds for the way back: a response that nobody takes is dropped."""
    pid = workers.start(telling(lambda environ: environ["PATH_INFO"] * 1000000), request_timeout=0.3)

    with Peer(workers.path) as deaf:
        deaf.send(request("/"))
        wait_until(lambda: len(ask(workers.path).text) == 1000000)

    assert 0 == workers.dismiss(pid)


def test_defect_16_a_connection_to_be_kept_pins_nobody(workers: Workers) -> None:
    """flup 16: FCGI_KEEP_CONN gave a worker to one connection of nginx's. Here every request ends its connection."""
    pid = workers.start(tell_pid)

    with Peer(workers.path) as kept:
        kept.send(begin(flags=fcgi.KEEP_CONN) + stream(fcgi.PARAMS, pairs(params())) + stream(fcgi.STDIN, b""))
        first = kept.reply()  # which is read to the close
        second = ask(workers.path)

    assert [(str(pid), (0, 0))] * 2 == [(reply.text, reply.ended) for reply in (first, second)]


def test_defect_17_the_alarm_ends_an_application_that_hangs(workers: Workers) -> None:
    """flup 17: its time-out was an exception, which the application's own `except` could swallow."""

    def hang(_: WSGIEnvironment) -> str:
        while True:
            with suppress(BaseException):
                time.sleep(60)

    pid = workers.start(telling(hang), request_timeout=0.1)
    with Peer(workers.path) as peer:
        peer.send(request())
        closed = peer.is_closed()

    assert closed
    assert -signal.SIGALRM == workers.wait(pid)


def test_the_alarm_is_set_for_the_request_alone(workers: Workers, pipe: Callable[[], Pipe]) -> None:
    """An idle worker, and one with much to do afterwards, are not hanging."""
    ran = pipe()

    def tell(environ: WSGIEnvironment) -> str:
        environ[AFTER](lambda: write_number(ran.writer, round(signal.getitimer(signal.ITIMER_REAL)[0])))
        return str(round(signal.getitimer(signal.ITIMER_REAL)[0]))

    workers.start(telling(tell), request_timeout=1000, keep=frozenset({ran.writer}))

    assert 990 < int(ask(workers.path).text) < 1001
    assert 0 == read_number(ran.reader)


def test_an_idle_worker_has_no_alarm(
    workers: Workers, pipe: Callable[[], Pipe], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would end one that has nothing to do: looked at whenever the worker begins to wait."""
    told = pipe()
    wait = WorkerEvents.wait

    def tell_and_wait(watch: WorkerEvents) -> None:
        write_number(told.writer, round(signal.getitimer(signal.ITIMER_REAL)[0]))
        wait(watch)

    monkeypatch.setattr(WorkerEvents, "wait", tell_and_wait)
    workers.start(tell_pid, request_timeout=1000, keep=frozenset({told.writer}))

    assert 0 == read_number(told.reader)
    assert ask(workers.path).text
    assert 0 == read_number(told.reader)


def test_defect_18_the_biggest_body_is_read_whole(workers: Workers) -> None:
    """What nginx lets through fits, with the most of params beside it."""
    pid = workers.start(telling(lambda environ: str(len(environ["wsgi.input"].read()))))

    reply = ask(workers.path, method="POST", body=bytes(MAX_BODY), HTTP_X_LONG="x" * 64000)

    assert str(MAX_BODY) == reply.text
    assert 0 == workers.dismiss(pid)


@pytest.mark.parametrize("piece", [1, 7, 100])
def test_defect_19_a_pair_may_span_records(workers: Workers, piece: int) -> None:
    """flup 19: it read PARAMS record by record, and misread a pair that went over from one to the next."""
    workers.start(telling(lambda environ: environ["HTTP_X_LONG"] + environ["PATH_INFO"]))
    sent = pairs(params("/whole", HTTP_X_LONG="long" * 50))

    with Peer(workers.path) as peer:
        peer.send(begin() + stream(fcgi.PARAMS, sent, piece=piece) + stream(fcgi.STDIN, b""))
        reply = peer.reply()

    assert "long" * 50 + "/whole" == reply.text


def test_defect_20_values_are_told(workers: Workers) -> None:
    """flup 20: it had its capabilities under other names than it looked for. FastCGI 4.1 has these three."""
    workers.start(tell_pid)
    asked = {"FCGI_MAX_CONNS": "", "FCGI_MAX_REQS": "", "FCGI_MPXS_CONNS": "", "FCGI_OTHER": ""}

    with Peer(workers.path) as peer:
        peer.send(record(fcgi.GET_VALUES, pairs(asked), request_id=0))
        told = peer.until(fcgi.GET_VALUES_RESULT)

    expected = {"FCGI_MAX_CONNS": "1", "FCGI_MAX_REQS": "1", "FCGI_MPXS_CONNS": "0"}
    assert (0, pairs(expected)) == (told.request_id, told.content)


def test_defect_22_nothing_of_the_parents_runs_in_a_worker(workers: Workers, tmp_path: Path) -> None:
    """flup 22: sys.exit in each child went through the caller's own clean-up."""
    cleaned = tmp_path / "cleaned"
    try:
        pid = workers.start(telling(lambda _: sys.exit(3)))
        with Peer(workers.path) as peer:
            peer.send(request())
            closed = peer.is_closed()
        status = workers.wait(pid)
    finally:
        with cleaned.open("a") as file:
            file.write(f"{os.getpid()}\n")

    assert (True, 1) == (closed, status)
    assert f"{os.getpid()}\n" == cleaned.read_text()


def test_defect_26_many_jobs_leave_no_zombies(workers: Workers) -> None:
    """flup 26: nobody waited for the forks of an application."""
    pid = workers.start(forking(lambda: None))
    for _ in range(40):
        ask(workers.path)

    wait_until(lambda: not Path(f"/proc/{pid}/task/{pid}/children").read_text().split())


def test_a_request_that_another_is_in_the_way_of_is_told_so(workers: Workers) -> None:
    """FastCGI 5.5: this server has one request a connection, and says FCGI_CANT_MPX_CONN to a second."""
    pid = workers.start(tell_pid)
    second = record(fcgi.BEGIN, struct.pack("!HB5x", fcgi.RESPONDER, 0), request_id=2)

    with Peer(workers.path) as peer:
        peer.send(begin() + second + stream(fcgi.PARAMS, pairs(params())) + stream(fcgi.STDIN, b""))
        records = list(peer.records())

    ends = {each.request_id: each.content for each in records if each.kind == fcgi.END}
    assert {2: struct.pack("!LB3x", 0, fcgi.CANT_MULTIPLEX), 1: bytes(8)} == ends
    assert str(pid) == fcgi.reply([each for each in records if each.request_id == 1]).text


def test_another_role_is_refused(workers: Workers) -> None:
    """FastCGI 5.5: FCGI_UNKNOWN_ROLE, and the application hears nothing of it."""
    workers.start(tell_pid)

    with Peer(workers.path) as peer:
        peer.send(begin(role=fcgi.AUTHORIZER) + stream(fcgi.PARAMS, pairs(params())) + stream(fcgi.STDIN, b""))
        reply = peer.reply()

    assert (b"", (0, fcgi.UNKNOWN_ROLE)) == (reply.body, reply.ended)


def test_an_aborted_request_ends_unanswered(workers: Workers) -> None:
    """FastCGI 5.4: END_REQUEST, and nothing is begun."""
    pid = workers.start(tell_pid)

    with Peer(workers.path) as peer:
        peer.send(begin() + stream(fcgi.PARAMS, pairs(params())) + record(fcgi.ABORT))
        reply = peer.reply()

    assert (b"", (0, 0)) == (reply.body, reply.ended)
    assert str(pid) == ask(workers.path).text


def test_padding_is_left_out(workers: Workers) -> None:
    """A record's padding is no part of its stream (FastCGI 3.3)."""
    workers.start(telling(lambda environ: environ["wsgi.input"].read().decode()))
    sent = record(fcgi.PARAMS, pairs(params(method="POST", body=b"body")), padding=255) + record(fcgi.PARAMS, padding=5)
    body = record(fcgi.STDIN, b"bo", padding=6) + record(fcgi.STDIN, b"dy", padding=1) + record(fcgi.STDIN, padding=8)

    with Peer(workers.path) as peer:
        peer.send(begin() + sent + body)
        reply = peer.reply()

    assert "body" == reply.text


@pytest.mark.parametrize("size", [0, 1, 8184, 8185, 65535, 65536, 300000])
def test_a_response_of_any_size_is_whole(workers: Workers, size: int) -> None:
    """However many records it takes."""
    workers.start(telling(lambda _: "x" * size))

    reply = ask(workers.path)

    assert (200, "x" * size, (0, 0)) == (reply.status, reply.text, reply.ended)


def test_a_client_that_has_gone_harms_nobody(workers: Workers, pipe: Callable[[], Pipe]) -> None:
    """The response has nobody to go to; what comes after it is done all the same."""
    arrived, released, ran = pipe(), pipe(), pipe()

    def wait(environ: WSGIEnvironment) -> str:
        environ[AFTER](lambda: write_number(ran.writer, 7))
        write_number(arrived.writer, os.getpid())
        os.read(released.reader, 1)
        return "x" * 1000000

    pid = workers.start(telling(wait), keep=frozenset({arrived.writer, released.reader, ran.writer}))
    with Peer(workers.path) as peer:
        peer.send(request())
        read_number(arrived.reader)
    os.write(released.writer, b"!")

    assert 7 == read_number(ran.reader)
    assert 0 == workers.dismiss(pid)


def test_a_peer_cannot_set_what_is_ours(workers: Workers) -> None:
    """A param named as the server's own key does not take its place."""

    def tell(environ: WSGIEnvironment) -> str:
        return f"{callable(environ[AFTER])} {environ['wsgi.multiprocess']}"

    workers.start(telling(tell))
    theirs: dict[str, Any] = {AFTER: "x", "wsgi.multiprocess": "x"}

    assert "True True" == ask(workers.path, **theirs).text


def test_a_worker_ends_after_its_requests(workers: Workers) -> None:
    """`max_requests` are served, and not one more."""
    pid = workers.start(tell_pid, max_requests=3)

    told = [ask(workers.path).text for _ in range(3)]

    assert [str(pid)] * 3 == told
    assert 0 == workers.wait(pid)


@pytest.mark.pure
def test_workers_do_not_all_end_at_once() -> None:
    """Each draws its own number, from nine tenths of `max_requests` up; 0 is no limit."""
    worker = Worker(tell_pid, max_requests=1000, request_timeout=1)
    drawn = {worker._limit() for _ in range(100)}

    assert 900 <= min(drawn) < max(drawn) <= 1000
    assert math.inf == Worker(tell_pid, max_requests=0, request_timeout=1)._limit()


class Held:
    """An application that answers its pid, and before that says that it is there and waits to be let go."""

    def __init__(self, pipe: Callable[[], Pipe]) -> None:
        self._arrived, self._released = pipe(), pipe()
        self.keep = frozenset({self._arrived.writer, self._released.reader})

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        write_number(self._arrived.writer, os.getpid())
        os.read(self._released.reader, 1)
        return tell_pid(environ, start_response)

    def await_one(self) -> int:
        """The pid of the worker that has come so far."""
        return read_number(self._arrived.reader)

    def let_go(self, number: int = 1) -> None:
        os.write(self._released.writer, b"!" * number)


@pytest.fixture
def held(pipe: Callable[[], Pipe]) -> Held:
    return Held(pipe)


def is_silent(lifeline: socket.socket) -> bool:
    """Whether the worker has said nothing more."""
    lifeline.settimeout(0)
    with suppress(BlockingIOError):
        return lifeline.recv(1) == b""
    return True


@pytest.fixture
def board() -> Scoreboard:
    """A board that these processes share, and nobody else sees."""
    made = Scoreboard(None, slots=1)
    made.begin(1, 2)
    return made


def test_the_board_shows_what_a_worker_does(workers: Workers, held: Held, board: Scoreboard) -> None:
    """Idle, busy with a request, idle again; and what follows a response is part of it."""
    seat = board.worker_row(())

    def after() -> None:
        held({}, ignore)

    workers.start(Router({"/": {"GET": lambda _: Response(200, b"out", after=after)}}), keep=held.keep, board=board)
    states = [board.state(seat)[0]]
    with Peer(workers.path) as peer:
        peer.send(request())
        held.await_one()
        states.append(board.state(seat)[0])
        assert "out" == peer.reply().text
        states.append(board.state(seat)[0])
    held.let_go()
    wait_until(lambda: board.state(seat)[0] == IDLE)

    assert [IDLE, BUSY, BUSY] == states
    assert 1 == board.state(seat)[2]


def ignore(*_: object) -> Callable[[bytes], object]:
    return lambda _: None


def test_a_worker_calls_for_help_when_a_connection_waits(workers: Workers, held: Held, board: Scoreboard) -> None:
    """One request is done, the next is there already, and nobody is idle: the master hears of it."""
    pid = workers.start(held, keep=held.keep, board=board)
    peers = [Peer(workers.path) for _ in range(2)]
    for peer in peers:
        peer.send(request())
    held.let_go(2)

    assert b"!" == workers.lifelines[pid].recv(1)
    assert [str(pid)] * 2 == [peer.reply().text for peer in peers]
    for peer in peers:
        peer.sock.close()


def test_nobody_calls_for_help_while_somebody_is_idle(workers: Workers, held: Held, board: Scoreboard) -> None:
    """Whoever is idle takes the next connection. Here the idle one is us, who only say so."""
    ours = board.worker_row(())
    board.take_row(ours)
    ours.wait()
    pid = workers.start(held, keep=held.keep, board=board)
    peers = [Peer(workers.path) for _ in range(2)]
    for peer in peers:
        peer.send(request())
    held.let_go(2)

    assert [str(pid)] * 2 == [peer.reply().text for peer in peers]
    assert is_silent(workers.lifelines[pid])
    for peer in peers:
        peer.sock.close()


def test_nobody_calls_for_help_where_nobody_waits(workers: Workers, board: Scoreboard) -> None:
    """One request after another is no reason."""
    pid = workers.start(tell_pid, board=board)
    for _ in range(5):
        ask(workers.path)
        wait_until(board.has_idle_worker)  # or the next connection may wait a moment, while this request is ended

    assert is_silent(workers.lifelines[pid])


@pytest.mark.parametrize("by", ["lifeline", "TERM"])
def test_a_worker_leaves_though_requests_wait(workers: Workers, held: Held, by: str) -> None:
    """While there is one request after another it never sleeps, and yet it heeds the master."""
    pid = workers.start(held, keep=held.keep)
    peers = [Peer(workers.path) for _ in range(20)]
    for peer in peers:
        peer.send(request())
    held.await_one()
    if by == "TERM":
        os.kill(pid, signal.SIGTERM)
    else:
        workers.lifelines[pid].close()
    held.let_go(len(peers))

    assert 0 == workers.wait(pid)
    for peer in peers:
        peer.sock.close()


def test_a_connection_is_served_by_who_was_woken_for_it(workers: Workers) -> None:
    """Even if he is to leave in that moment: nobody else was woken."""
    pid = workers.start(tell_pid)
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
    """The kernel is told so: EPOLLEXCLUSIVE stands at the listener in each worker's epoll."""
    pid = workers.start(tell_pid)
    folder = Path(f"/proc/{pid}/fdinfo")
    watched = [line.split() for info in folder.iterdir() for line in info.read_text().splitlines() if "tfd:" in line]
    flags = {int(line[1]): int(line[3], 16) for line in watched}

    assert flags[workers.listener.fileno()] & select.EPOLLEXCLUSIVE


def test_a_handlers_request_is_what_was_sent(workers: Workers) -> None:
    """From the wire to `Request`, whole."""

    def tell(asked: Request) -> Response:
        return Response(200, f"{asked.method} {asked.path} {asked.headers['x-slack-signature']} ".encode() + asked.body)

    workers.start(Router({"/slack/events": {"POST": tell}}))

    reply = ask(workers.path, "/slack/events", method="POST", body="猫".encode(), HTTP_X_SLACK_SIGNATURE="v0=ab")

    assert "POST /slack/events v0=ab 猫" == reply.text


def test_a_ctrl_c_or_a_closed_terminal_is_the_masters_to_heed(workers: Workers) -> None:
    """Either reaches the whole foreground group: a worker that ended by itself would break off requests."""
    pid = workers.start(tell_pid)
    os.kill(pid, signal.SIGINT)
    os.kill(pid, signal.SIGHUP)

    assert str(pid) == ask(workers.path).text
