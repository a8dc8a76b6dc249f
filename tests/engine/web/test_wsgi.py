"""wsgi.py: an application's response, whole, or that there was an exception."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

import pytest

from cocoai.engine.web import wsgi
from cocoai.engine.web.response import AFTER

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

pytestmark = pytest.mark.pure

HEAD = b"Status: 200 OK\r\nX-One: 1\r\n\r\n"


class Body(list[bytes]):
    """A body that must be closed."""

    closed = False

    def close(self) -> None:
        self.closed = True


def test_head_and_body_are_joined_and_the_body_is_closed() -> None:
    """As PEP 3333 has it."""
    body = Body([b"a", b"", b"b"])

    def application(_: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [("X-One", "1")])
        return body

    assert HEAD + b"ab" == wsgi.run(application, {})
    assert body.closed


def test_what_is_written_comes_before_the_body() -> None:
    """The callable that start_response returns is for older applications."""

    def application(_: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        write = start_response("200 OK", [("X-One", "1")])
        write(b"first ")
        return [b"second"]

    assert HEAD + b"first second" == wsgi.run(application, {})


def test_an_application_may_change_its_mind_about_an_error() -> None:
    """With exc_info, start_response takes back all that was said."""

    def application(_: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response("500 Sorry", [])(b"half")
        try:
            int("no number")
        except ValueError:
            start_response("200 OK", [("X-One", "1")], sys.exc_info())
        return [b"whole"]

    assert HEAD + b"whole" == wsgi.run(application, {})


def test_a_second_start_is_an_error(caplog: pytest.LogCaptureFixture) -> None:
    """The client learns that there was one; the operator which."""

    def application(_: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [])
        start_response("200 OK", [])
        return []

    with caplog.at_level(logging.ERROR):
        said = wsgi.run(application, {})

    assert wsgi.ERROR == said
    assert "called twice" in caplog.text


@pytest.mark.parametrize(("told", "scheme"), [("on", "https"), ("1", "https"), ("off", "http"), ("", "http")])
def test_the_scheme_is_the_web_servers(told: str, scheme: str) -> None:
    """It says HTTPS, as CGI does."""
    assert scheme == wsgi.environ({"HTTPS": told}, b"", print)["wsgi.url_scheme"]


def test_what_is_ours_is_not_the_peers() -> None:
    """A param may bear any name."""
    theirs = {AFTER: "x", "wsgi.input": "x", "wsgi.multiprocess": "x", "HTTP_HOST": "localhost"}
    made = wsgi.environ(theirs, b"body", print)

    assert (print, b"body", True, "localhost") == (
        made[AFTER],
        made["wsgi.input"].read(),
        made["wsgi.multiprocess"],
        made["HTTP_HOST"],
    )
