"""Router: 404, 405 or a handler, under any WSGI server; and what comes after a response."""

from __future__ import annotations

import http.client
import os
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer
from wsgiref.validate import validator

import pytest

from cocoai.engine.web.request import MAX_BODY, Request
from cocoai.engine.web.response import Response, line
from cocoai.engine.web.router import Handler, Router
from cocoai.errors import Refused
from tests.engine.conftest import Workers
from tests.engine.web.fastcgi_client import END, PATIENCE, Peer, ask, request

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

Answer = tuple[int, Mapping[str, str], bytes]
Ask = Callable[..., Answer]


def greet(request: Request) -> Response:
    """What was sent, sent back."""
    return Response(200, b"heard " + request.body, (("X-Path", request.path),))


def refuse(_: Request) -> Response:
    raise Refused(401, "the signature does not match")


def fail(_: Request) -> Response:
    raise RuntimeError("xoxb-practice lies in these words")


ROUTES: Mapping[str, Mapping[str, Handler]] = {
    "/": {"GET": greet, "HEAD": greet, "POST": greet},
    "/post": {"POST": greet},
    "/refuse": {"GET": refuse},
    "/fail": {"GET": fail},
    "/nothing": {"GET": lambda _: Response(204)},
    "/busy": {"GET": lambda _: line(503, "cannot keep it now")},
}


def router() -> Router:
    """Routes of every kind."""
    return Router(ROUTES)


class QuietHandler(WSGIRequestHandler):
    """wsgiref's own, which does not write a line for each request."""

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (the parent's name)
        assert issubclass(QuietHandler, BaseHTTPRequestHandler)


@contextmanager
def under_wsgiref(application: WSGIApplication, *, requests: int) -> Iterator[int]:
    """wsgiref's server in a thread for so many requests; its port. Nothing of it is left afterwards."""
    with WSGIServer(("127.0.0.1", 0), QuietHandler) as server:
        server.set_app(application)
        server.timeout = PATIENCE

        def serve() -> None:
            for _ in range(requests):
                server.handle_request()

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield server.server_port
        finally:
            thread.join()


def ask_http(port: int, path: str = "/", *, method: str = "GET", body: bytes = b"") -> Answer:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    connection.request(method, path, body or None)
    response = connection.getresponse()
    answer = response.status, {name.lower(): value for name, value in response.getheaders()}, response.read()
    connection.close()
    return answer


@pytest.fixture(params=["wsgiref", "fastcgi"])
def served(request: pytest.FixtureRequest, workers: Workers) -> Iterator[Ask]:
    """A function that asks the router once, through wsgiref's validator, under either server."""
    application = validator(router())
    if request.param == "wsgiref":
        with under_wsgiref(application, requests=1) as port:
            yield lambda *args, **named: ask_http(port, *args, **named)
    else:
        workers.start(application)

        def over_fastcgi(*args: Any, **named: Any) -> Answer:
            reply = ask(workers.path, *args, **named)
            assert (0, 0) == reply.ended
            return reply.status, reply.headers, reply.body

        yield over_fastcgi


def test_a_handler_answers(served: Ask) -> None:
    """The handler has the request, and the client has the handler's response."""
    status, headers, body = served("/", method="POST", body=b"you")

    assert (200, "/", b"heard you") == (status, headers["x-path"], body)
    assert ("9", "text/plain; charset=utf-8") == (headers["content-length"], headers["content-type"])


def test_an_unknown_path_is_404(served: Ask) -> None:
    """In one line of plain text."""
    status, _, body = served("/elsewhere")

    assert (404, b"not found\n") == (status, body)


def test_a_wrong_method_is_405_and_told_the_right_one(served: Ask) -> None:
    """RFC 9110, 15.5.6: Allow must be there."""
    status, headers, body = served("/post")

    assert (405, "POST", b"method not allowed\n") == (status, headers["allow"], body)


def test_a_head_has_the_headers_and_no_body(served: Ask) -> None:
    """The length is that of the body that a GET would have had (RFC 9110, 9.3.2)."""
    status, headers, body = served("/", method="HEAD")

    assert (200, "6", b"") == (status, headers["content-length"], body)


def test_a_refused_head_has_no_body_either(served: Ask) -> None:
    """Whoever asks for no body gets none, whatever the status."""
    status, headers, body = served("/post", method="HEAD")

    assert (405, "POST", b"") == (status, headers["allow"], body)


def test_a_refusal_gets_its_own_status_and_words(served: Ask) -> None:
    """`Refused` knows what its sender is to hear."""
    status, _, body = served("/refuse")

    assert (401, b"the signature does not match\n") == (status, body)


def test_an_exception_is_500_and_keeps_its_words(served: Ask) -> None:
    """The client learns that there was one, and nothing of it."""
    status, headers, body = served("/fail")

    assert (500, b"internal error\n") == (status, body)
    assert "xoxb" not in str(headers)


def test_a_status_without_content_is_allowed(served: Ask) -> None:
    """The validator would refuse a type where there can be no body."""
    status, headers, body = served("/nothing")

    assert (204, b"") == (status, body)
    assert "content-type" not in headers


@pytest.mark.pure
@pytest.mark.parametrize("status", [204, 304])
def test_a_response_without_content_has_no_headers_of_it(status: int) -> None:
    """Neither a type nor a length (RFC 9110, 15.3.5); headers of its own stay."""
    assert (("X-Kept", "1"),) == Response(status, headers=(("X-Kept", "1"),)).header_lines


def test_a_body_too_big_is_413(workers: Workers) -> None:
    """Refused in words, also past nginx's own limit by a byte."""
    workers.start(router())

    reply = ask(workers.path, "/", method="POST", body=bytes(MAX_BODY + 1))

    assert (413, "the body is too big\n") == (reply.status, reply.text)


@pytest.mark.pure
def test_an_exception_is_told_to_the_operator(caplog: pytest.LogCaptureFixture) -> None:
    """The log has the trace and the path."""
    response = router().respond({"REQUEST_METHOD": "GET", "PATH_INFO": "/fail"})

    assert 500 == response.status
    assert "path='/fail'" in caplog.text
    assert "RuntimeError" in caplog.text


@pytest.mark.pure
def test_several_methods_are_allowed_in_order() -> None:
    """Allow lists them all."""
    response = router().respond({"REQUEST_METHOD": "DELETE", "PATH_INFO": "/"})

    assert (("Allow", "GET, HEAD, POST"),) == response.headers


@pytest.mark.pure
@pytest.mark.parametrize(
    ("path", "method", "told"),
    [
        ("/", "GET", []),
        ("/nothing", "GET", []),
        ("/elsewhere", "GET", ["not found"]),
        ("/post", "GET", ["method not allowed"]),
        ("/refuse", "GET", ["the signature does not match"]),
        ("/fail", "GET", ["internal error"]),
        ("/busy", "GET", ["cannot keep it now"]),
    ],
)
def test_what_is_refused_is_told_by_its_words(path: str, method: str, told: list[str]) -> None:
    """Whoever counts the refused hears the line that the sender sees; of what is answered he hears nothing."""
    heard: list[str] = []
    Router(ROUTES, refused=heard.append).respond({"REQUEST_METHOD": method, "PATH_INFO": path})

    assert told == heard


@pytest.mark.pure
def test_a_request_without_a_method_is_405() -> None:
    """No web server sends one; what comes of it is no fault of ours."""
    assert 405 == router().respond({"PATH_INFO": "/"}).status


def test_after_runs_once_as_another_server_closes_the_response() -> None:
    """That is as late as WSGI itself can say."""
    ran: list[str] = []
    application = Router({"/": {"GET": lambda _: Response(200, b"first", after=lambda: ran.append("after"))}})

    with under_wsgiref(validator(application), requests=1) as port:
        status, _, body = ask_http(port)

    assert (200, b"first") == (status, body)
    assert ["after"] == ran


@pytest.mark.pure
def test_after_waits_for_the_close() -> None:
    """Neither calling the application nor reading its body is the end of it."""
    ran: list[str] = []
    application = Router({"/": {"GET": lambda _: Response(200, b"first", after=lambda: ran.append("after"))}})

    response = application({"REQUEST_METHOD": "GET", "PATH_INFO": "/"}, lambda *_: lambda _: None)
    body = b"".join(response)
    before = list(ran)
    response.close()  # type: ignore[attr-defined]

    assert (b"first", [], ["after"]) == (body, before, ran)


def test_after_runs_once_the_whole_response_is_out(workers: Workers) -> None:
    """END_REQUEST is with the client and the connection is closed while `after` has not got on at all."""
    reader, writer = os.pipe()
    done_reader, done_writer = os.pipe()

    def after() -> None:
        os.write(done_writer, os.read(reader, 1))

    application = Router({"/": {"GET": lambda _: Response(200, b"first", after=after)}})
    workers.start(validator(application), keep=frozenset({reader, done_writer}))

    with Peer(workers.path) as peer:
        peer.send(request())
        end = peer.until(END)
        closed = peer.is_closed()
    os.write(writer, b"!")  # only now may `after` go on

    assert (bytes(8), True) == (end.content, closed)
    assert b"!" == os.read(done_reader, 1)
    for fd in (reader, writer, done_reader, done_writer):
        os.close(fd)


def test_an_after_that_fails_is_the_operators_alone(workers: Workers, capfd: pytest.CaptureFixture[str]) -> None:
    """The client has its 200, the log has the trace, and the worker goes on."""

    def after() -> None:
        raise OSError("no process to be had")

    pid = workers.start(Router({"/": {"GET": lambda _: Response(200, b"first", after=after)}}))

    replies = [ask(workers.path).text for _ in range(2)]

    assert ["first", "first"] == replies
    assert 0 == workers.dismiss(pid)
    assert 2 == capfd.readouterr().err.count("after outcome=error")


@pytest.mark.pure
def test_a_line_is_a_line() -> None:
    """Plain text, with its end."""
    assert Response(404, b"not found\n") == line(404, "not found")
