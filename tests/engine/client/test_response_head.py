"""Tests for engine/client/response_head.py: which heads are read, and which are refused."""

from __future__ import annotations

import socket
from http.client import HTTPException

import pytest

from cocoai.engine.client.response_head import MOST_HEAD, MOST_HEADERS, ResponseHead, parse_headers


def head_of(raw: bytes) -> ResponseHead:
    """Return the head of a response that comes in two pieces, and then ends."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.settimeout(10)
        theirs.sendall(raw[1:])
        theirs.shutdown(socket.SHUT_WR)
        head = ResponseHead(ours, received=raw[:1])
        try:
            head.begin()
        finally:
            head.close()
        return head


@pytest.mark.parametrize(
    ("raw", "status", "headers", "rest"),
    [
        (b"HTTP/1.1 200 OK\r\nA: b\r\n\r\nrest", 200, {"a": "b"}, b"rest"),
        (b"HTTP/1.1 429\r\n\r\n", 429, {}, b""),
        (b"HTTP/1.0 200 OK\nA:b \nC: \t d : e\t\n\nrest", 200, {"a": "b", "c": "d : e"}, b"rest"),
        (b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nA: b\r\n\r\n", 200, {"a": "b"}, b""),
        (b"HTTP/1.1 200 OK\r\nA: b\r\n  c\r\nD:\r\n\te\r\n\r\n", 200, {"a": "b c", "d": " e"}, b""),
        (b"HTTP/1.1 200 OK\r\nA: b\r\na: c\r\n\r\n", 200, {"a": "c"}, b""),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\ncontent-length: 2\r\n\r\nok", 200, {"content-length": "2"}, b"ok"),
        (b"HTTP/1.1 200 OK\r\nX: " + bytes(range(0x80, 0x100)) + b"\r\n\r\n", 200, None, b""),
    ],
)
def test_heads_as_servers_write_them(raw: bytes, status: int, headers: dict[str, str] | None, rest: bytes) -> None:
    """The status, the headers by names in small letters, and what has come of the body; 1xx are skipped."""
    head = head_of(raw)

    assert (status, rest) == (head.status, head.rest)
    assert headers is None or headers == head.headers


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.1 200 OK\r\nA: b\r\n",
        b"\r\n\r\n",
        b"HTTP/2 200\r\n\r\n",
        b"HTTP/1.1 20\r\n\r\n",
        b"HTTP/1.1 2000 OK\r\n\r\n",
        b"HTTP/1.1 099 OK\r\n\r\n",
        b"ICY 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno header\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n: b\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nA : b\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n b\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nA: b\rC: d\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nA: " + b"b" * MOST_HEAD + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * (MOST_HEADERS + 1) + b"\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n",
    ],
)
def test_what_is_no_head_is_refused(raw: bytes) -> None:
    """A head that is cut off, malformed, ambiguous or too long is an error."""
    with pytest.raises((HTTPException, ConnectionError)):
        head_of(raw)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", False),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n", False),
        (b"HTTP/1.1 204 No Content\r\n\r\n", False),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: Close\r\n\r\n", True),
        (b"HTTP/1.1 200 OK\r\n\r\n", True),
        (b"HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\n", True),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n", True),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\n", False),
    ],
)
def test_which_response_is_the_last_of_its_connection(raw: bytes, expected: bool) -> None:
    """It is the last if it says so, has no known end, or is of HTTP/1.0 without keep-alive."""
    assert expected is head_of(raw).will_close


def test_a_long_value_with_spaces_takes_linear_time() -> None:
    """A hostile header is parsed at once."""
    spaces = " " * 60_000

    assert {"a": f"b{spaces}c"} == parse_headers([f"A:{spaces}b{spaces}c{spaces}"])
