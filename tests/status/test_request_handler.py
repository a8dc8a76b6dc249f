"""The status page's request handler: which requests are answered, and with what."""

from __future__ import annotations

import json
import socket

import pytest

from cocoai import config
from cocoai.status.request_handler import StatusRequestHandler, is_safe_host
from tests.status.samples import scoreboard_of


def send(settings: config.Settings, request: bytes) -> tuple[int, dict[str, str], str]:
    """Send these bytes and close; return status, headers and body of the response."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.sendall(request)
        ours.shutdown(socket.SHUT_WR)
        StatusRequestHandler(theirs, settings)
        theirs.shutdown(socket.SHUT_WR)
        response = b"".join(iter(lambda: ours.recv(65_536), b""))
    head, _, body = response.decode().partition("\r\n\r\n")
    first, *others = head.split("\r\n")
    return int(first.split()[1]), dict(line.split(": ", 1) for line in others), body


def get(settings: config.Settings, path: str, *, method: str = "GET", host: str = "127.0.0.1:8081") -> bytes:
    """Return a request as a browser sends it."""
    return f"{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: keep-alive\r\n\r\n".encode()


def test_the_root_is_a_page(settings: config.Settings) -> None:
    """No cache stores the page, no other site can use it, and the connection is closed."""
    status, headers, body = send(settings, get(settings, "/"))

    assert 200 == status
    assert "<title>CocoAI: not running</title>" in body
    assert len(body.encode()) == int(headers["Content-Length"])
    assert ("text/html; charset=utf-8", "no-store", "nosniff", "close") == tuple(
        headers[name] for name in ("Content-Type", "Cache-Control", "X-Content-Type-Options", "Connection")
    )
    assert headers["Content-Security-Policy"].startswith("default-src 'none';")


def test_status_json_has_the_same_figures(settings: config.Settings) -> None:
    """`/status.json` is the status as JSON."""
    scoreboard_of(settings).begin(1, 2)

    status, headers, body = send(settings, get(settings, "/status.json"))

    assert (200, "application/json; charset=utf-8") == (status, headers["Content-Type"])
    assert ("running", 2) == (json.loads(body)["state"], json.loads(body)["pool"]["most"])


@pytest.mark.parametrize("path", ["/", "/status.json", "/nothing"])
def test_head_is_get_without_the_body(settings: config.Settings, path: str) -> None:
    """HEAD has the status and the headers of GET."""
    status, headers, body = send(settings, get(settings, path, method="HEAD"))

    assert (send(settings, get(settings, path))[0], "") == (status, body)
    assert 0 < int(headers["Content-Length"])


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "BREW", "<script>"])
def test_only_get_and_head_are_allowed(settings: config.Settings, method: str) -> None:
    """Any other method is a 405."""
    status, headers, body = send(settings, get(settings, "/", method=method))

    assert (405, "GET, HEAD") == (status, headers["Allow"])
    assert "only GET and HEAD are allowed here\n" == body


@pytest.mark.parametrize("path", ["/nothing", "/status.json/", "/../etc/passwd", "//[", "*", "http://127.0.0.1/"])
def test_any_other_path_is_not_found(settings: config.Settings, path: str) -> None:
    """The 404 is one line that does not quote the path."""
    assert (404, "there are / and /status.json\n") == send(settings, get(settings, path))[::2]


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "192.0.2.7:8081", "[::1]:8081", "localhost", "LOCALHOST:1", "status.lan"]
)
def test_an_address_or_our_own_name_is_accepted(host: str) -> None:
    """Any other name may be one that an attacker has pointed at this machine."""
    assert is_safe_host(host, "status.lan")


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "", "[", "[x]", ":"]
)
def test_a_rebound_name_is_refused(settings: config.Settings, host: str) -> None:
    """A request from a foreign page by a name of its own is a 403."""
    assert 403 == send(settings, get(settings, "/status.json", host=host))[0]


@pytest.mark.parametrize(
    "headers", [b"", b"Host: 127.0.0.1\r\nHost: evil.example\r\n", b"Host: evil.example\r\nHost: 127.0.0.1\r\n"]
)
def test_a_request_needs_exactly_one_host(settings: config.Settings, headers: bytes) -> None:
    """A request without Host, or with two, is a 403."""
    assert 403 == send(settings, b"GET / HTTP/1.0\r\n" + headers + b"\r\n")[0]


@pytest.mark.parametrize(
    ("expected", "request_"),
    [
        (400, b"GET\r\n\r\n"),
        (400, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 hello you \r\n\r\n"),
        (400, b"GET / HTTP/x.y\r\n\r\n"),
        (505, b"GET / HTTP/2.0\r\n\r\n"),
        (414, b"GET /" + b"x" * 70_000 + b" HTTP/1.1\r\n\r\n"),
        (431, b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 200 + b"\r\n"),
        (431, b"GET / HTTP/1.1\r\nX: " + b"y" * 70_000 + b"\r\n\r\n"),
    ],
)
def test_a_malformed_request_is_refused(settings: config.Settings, expected: int, request_: bytes) -> None:
    """The refusal is one line that quotes nothing."""
    status, headers, body = send(settings, request_)

    assert (expected, "text/plain; charset=utf-8") == (status, headers["Content-Type"])
    assert 1 == body.count("\n")


def test_an_unreadable_spool_is_a_503(settings: config.Settings) -> None:
    """The response gives the reason."""
    settings_elsewhere = config.read(settings.file, {"COCOAI_PATHS_VAR": "/nonexistent"}, secrets=False)

    status, _, body = send(settings_elsewhere, get(settings_elsewhere, "/"))

    assert 503 == status
    assert body.startswith("cannot look: ")
