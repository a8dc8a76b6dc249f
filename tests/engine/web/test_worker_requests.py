"""A worker's requests over real sockets, from a client that shares no code with flup.

Several tests hold us to what flup 1.0.3 got wrong; their docstrings say what that was. Hostile clients have
test_hostile.py.
"""

from __future__ import annotations

import struct

import pytest

from cocoai.engine.web.request import MAX_BODY, Request
from cocoai.engine.web.response import Response
from cocoai.engine.web.router import Router
from tests.engine.conftest import Workers
from tests.engine.web import fastcgi_client as fcgi
from tests.engine.web.fastcgi_client import Peer, ask, begin, pairs, params, record, request, stream
from tests.engine.web.handlers import PID_ROUTER, serving, writing
from tests.processes import wait_until


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


def test_a_handlers_request_is_what_was_sent(workers: Workers) -> None:
    """Method, path, header and body come through from the socket to the handler."""

    def repeat(request: Request) -> Response:
        return Response(200, f"{request.method} {request.path} {request.headers['x-name']} ".encode() + request.body)

    workers.start(Router({"/some/path": {"POST": repeat}}))

    reply = ask(workers.path, "/some/path", method="POST", body="猫".encode(), HTTP_X_NAME="v0=ab")

    assert "POST /some/path v0=ab 猫" == reply.text
