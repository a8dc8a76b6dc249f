"""Request: what is read from a WSGI environ, and what is refused."""

from __future__ import annotations

import io
from typing import Any

import pytest

from cocoai.engine.web.request import MAX_BODY, Request
from cocoai.errors import Refused

pytestmark = pytest.mark.pure


def environ(body: bytes = b"", **others: Any) -> dict[str, Any]:
    """A WSGI environ of a POST with this body; a None takes its key away."""
    made = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/slack/events",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body),
        **others,
    }
    return {name: value for name, value in made.items() if value is not None}


def test_a_request_is_read_whole() -> None:
    """Method, path and body are what the environ says."""
    request = Request.from_environ(environ(b'{"type": 1}'))

    assert ("POST", "/slack/events", b'{"type": 1}') == (request.method, request.path, request.body)


def test_header_names_are_lower_case_with_hyphens() -> None:
    """HTTP_X_SLACK_SIGNATURE is x-slack-signature; what is no header of the request stays out."""
    made = environ(
        HTTP_X_SLACK_SIGNATURE="v0=Ab", HTTP_HOST="localhost", SERVER_NAME="localhost", CONTENT_TYPE="application/json"
    )

    expected = {"x-slack-signature": "v0=Ab", "host": "localhost", "content-type": "application/json"}
    assert expected == Request.from_environ(made).headers


def test_headers_are_a_mapping() -> None:
    """What is not there is missing; the type, which CGI has under another name, is there once."""
    headers = Request.from_environ(
        environ(HTTP_HOST="localhost", HTTP_CONTENT_TYPE="text/plain", CONTENT_TYPE="application/json")
    ).headers

    assert {"content-type", "host"} == set(headers)
    assert 2 == len(headers)
    assert "application/json" == headers["content-type"]
    assert headers.get("x-slack-signature") is None
    assert "content-type" not in Request.from_environ(environ()).headers


def test_a_header_may_be_empty() -> None:
    """An empty value is a value: a signature that is there and says nothing is refused by whoever reads it."""
    assert "" == Request.from_environ(environ(HTTP_X_SLACK_SIGNATURE="")).headers["x-slack-signature"]


def test_a_missing_path_is_the_root() -> None:
    """PEP 3333 lets PATH_INFO be absent or empty."""
    assert ["/", "/"] == [Request.from_environ(environ(PATH_INFO=path)).path for path in ("", None)]


@pytest.mark.parametrize("declared", ["", None, "0", "000"])
def test_no_length_is_no_body(declared: str | None) -> None:
    """Without a Content-Length the input is not touched: under some servers reading it would wait for ever."""
    made = environ(CONTENT_LENGTH=declared) | {"wsgi.input": None}

    assert b"" == Request.from_environ(made).body


@pytest.mark.parametrize("declared", ["-1", "+4", "4.0", "four", " 4", "4 ", "0x4", "٤", "1_0", "4,4"])
def test_a_length_that_is_no_number_is_400(declared: str) -> None:
    """Only the digits of HTTP are a length (RFC 9110, 8.6): what int() would take besides is not."""
    with pytest.raises(Refused) as refused:
        Request.from_environ(environ(b"1234", CONTENT_LENGTH=declared))

    assert 400 == refused.value.status


@pytest.mark.parametrize("declared", [str(MAX_BODY + 1), "9" * 20, "9" * 5000])
def test_a_length_that_is_too_big_is_413(declared: str) -> None:
    """It is refused before a byte is read, however long the number itself is."""
    with pytest.raises(Refused) as refused:
        Request.from_environ(environ(CONTENT_LENGTH=declared) | {"wsgi.input": None})

    assert 413 == refused.value.status


def test_the_biggest_body_is_taken() -> None:
    """MAX_BODY is a body's size that is still allowed."""
    assert MAX_BODY == len(Request.from_environ(environ(bytes(MAX_BODY))).body)


def test_a_body_shorter_than_it_says_is_400() -> None:
    """The sender was cut off: half an event is none."""
    with pytest.raises(Refused) as refused:
        Request.from_environ(environ(b"1234", CONTENT_LENGTH="5"))

    assert 400 == refused.value.status


def test_no_more_is_read_than_the_length_says() -> None:
    """What follows belongs to nobody."""
    assert b"12" == Request.from_environ(environ(b"1234", CONTENT_LENGTH="2")).body
