"""Router and Response: which handler responds, what a refusal becomes, and how a response is written."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from cocoai.engine.web.request import MAX_BODY, Request
from cocoai.engine.web.response import Response, text_response
from cocoai.engine.web.router import Handler, Router
from cocoai.errors import CannotKeep, Refused
from tests.engine.conftest import Workers
from tests.engine.web.fastcgi_client import Reply, ask


class Mismatch(Refused):
    """A refusal that only these tests know."""

    status = 401
    line = "the password does not match"
    counter = "mismatch"


def greet(request: Request) -> Response:
    """Send back what was sent."""
    return Response(200, b"hello " + request.body, (("X-Path", request.path),))


def refuse(_: Request) -> Response:
    raise Mismatch


def fail(_: Request) -> Response:
    raise RuntimeError("a handler's own words")


def fail_to_keep(_: Request) -> Response:
    raise CannotKeep


ROUTES: Mapping[str, Mapping[str, Handler]] = {
    "/": {"GET": greet, "HEAD": greet, "POST": greet},
    "/post": {"POST": greet},
    "/refuse": {"GET": refuse},
    "/fail": {"GET": fail},
    "/nothing": {"GET": lambda _: Response(204)},
    "/busy": {"GET": fail_to_keep},
}


def respond(path: str = "/", *, method: str = "GET", body: bytes = b"", **params: str) -> Response:
    """Return the router's response to this request."""
    sent = {"REQUEST_METHOD": method, "PATH_INFO": path, "CONTENT_LENGTH": str(len(body))} | params
    return Router(ROUTES).respond(Request.from_params(sent, body))


def ask_worker(workers: Workers, path: str = "/", *, method: str = "GET", body: bytes = b"") -> Reply:
    """Return a worker's whole reply to this request."""
    workers.start(Router(ROUTES))
    reply = ask(workers.path, path, method=method, body=body)
    assert (0, 0) == reply.ended
    return reply


def test_a_handler_responds(workers: Workers) -> None:
    """The handler gets the request, and the client gets the handler's response with a length and a type."""
    reply = ask_worker(workers, method="POST", body=b"you")

    assert (200, "/", "hello you") == (reply.status, reply.headers["x-path"], reply.text)
    assert ("9", "text/plain; charset=utf-8") == (reply.headers["content-length"], reply.headers["content-type"])


def test_a_head_has_the_headers_and_no_body(workers: Workers) -> None:
    """The length is that of the body that a GET would have had (RFC 9110, 9.3.2)."""
    reply = ask_worker(workers, method="HEAD")

    assert (200, "6", b"") == (reply.status, reply.headers["content-length"], reply.body)


def test_a_refused_head_has_no_body_either(workers: Workers) -> None:
    """A HEAD gets no body, whatever the status."""
    reply = ask_worker(workers, "/post", method="HEAD")

    assert (405, "POST", b"") == (reply.status, reply.headers["allow"], reply.body)


def test_a_body_too_big_is_413(workers: Workers) -> None:
    """A body of one byte above the limit is refused with a line of text."""
    reply = ask_worker(workers, method="POST", body=bytes(MAX_BODY + 1))

    assert (413, "the body is too big\n") == (reply.status, reply.text)


def test_a_status_without_content_has_no_headers_of_content(workers: Workers) -> None:
    """A 204 is sent with neither a type nor a length."""
    reply = ask_worker(workers, "/nothing")

    assert (204, b"", {}) == (reply.status, reply.body, reply.headers)


@pytest.mark.pure
def test_an_unknown_path_is_404() -> None:
    """An unknown path gets a 404 and one line of plain text."""
    assert (404, b"not found\n") == (respond("/elsewhere").status, respond("/elsewhere").body)


@pytest.mark.pure
def test_an_empty_path_is_the_root() -> None:
    """A request without a path is routed to `/`."""
    assert 200 == respond("").status


@pytest.mark.pure
@pytest.mark.parametrize(("path", "method", "allowed"), [("/post", "GET", "POST"), ("/", "DELETE", "GET, HEAD, POST")])
def test_a_wrong_method_is_405_with_the_right_ones(path: str, method: str, allowed: str) -> None:
    """A 405 names every allowed method, in order (RFC 9110, 15.5.6)."""
    response = respond(path, method=method)

    assert (405, b"method not allowed\n") == (response.status, response.body)
    assert (("Allow", allowed),) == response.headers


@pytest.mark.pure
def test_a_request_without_a_method_is_405() -> None:
    """A request without a method, which no web server sends, is no error of ours."""
    assert 405 == Router(ROUTES).respond(Request.from_params({"PATH_INFO": "/"}, b"")).status


@pytest.mark.pure
@pytest.mark.parametrize(
    ("path", "method", "status"), [("/elsewhere", "GET", 404), ("/post", "GET", 405), ("/", "POST", 400)]
)
def test_a_wrong_path_or_method_is_refused_before_a_wrong_length(path: str, method: str, status: int) -> None:
    """The Content-Length is looked at only for a request that has a handler."""
    assert status == respond(path, method=method, CONTENT_LENGTH="four").status


@pytest.mark.pure
def test_a_handler_gets_as_much_body_as_the_length_says() -> None:
    """Bytes behind the declared length do not reach the handler."""
    assert b"hello yo" == respond(method="POST", body=b"you", CONTENT_LENGTH="2").body


@pytest.mark.pure
def test_a_refusal_has_its_own_status_and_line() -> None:
    """A handler's refusal becomes a response with its status, its line and its counter."""
    assert text_response(401, "the password does not match", counter="mismatch") == respond("/refuse")


@pytest.mark.pure
@pytest.mark.parametrize(
    ("path", "method", "counter"),
    [
        ("/", "GET", ""),
        ("/nothing", "GET", ""),
        ("/elsewhere", "GET", "not found"),
        ("/post", "GET", "method not allowed"),
        ("/refuse", "GET", "mismatch"),
        ("/busy", "GET", "cannot keep it now"),
    ],
)
def test_a_refusals_response_names_its_counter(path: str, method: str, counter: str) -> None:
    """A response names the counter of its refusal, and none if it refuses nothing."""
    assert counter == respond(path, method=method).counter


@pytest.mark.pure
def test_another_exception_passes_through() -> None:
    """The router does not hide a handler's bug: the worker makes a 500 of it."""
    with pytest.raises(RuntimeError, match="own words"):
        respond("/fail")


@pytest.mark.pure
@pytest.mark.parametrize("status", [204, 304])
def test_a_response_without_content_keeps_its_own_headers(status: int) -> None:
    """A response without content has neither a type nor a length (RFC 9110, 15.3.5); headers of its own stay."""
    assert (("X-Kept", "1"),) == Response(status, headers=(("X-Kept", "1"),)).all_headers


@pytest.mark.pure
@pytest.mark.parametrize("name", ["Content-Type", "content-type"])
def test_a_type_that_is_given_stays(name: str) -> None:
    """The plain-text type is added only where no type is given, in any case of letters."""
    assert ((name, "text/html"), ("Content-Length", "1")) == Response(200, b"x", ((name, "text/html"),)).all_headers


@pytest.mark.pure
def test_the_head_is_written_as_cgi_has_it() -> None:
    """The head is the status with its phrase, the headers, and an empty line, each ended by CR LF (RFC 3875, 6.3)."""
    head = Response(404, b"gone", (("X-Name", "é"),)).head

    expected = b"Status: 404 Not Found\r\nX-Name: \xe9\r\n"
    expected += b"Content-Type: text/plain; charset=utf-8\r\nContent-Length: 4\r\n\r\n"
    assert expected == head


@pytest.mark.pure
def test_a_text_response_is_one_line() -> None:
    """A text response is plain text with the end of its line."""
    assert Response(404, b"not found\n") == text_response(404, "not found")
