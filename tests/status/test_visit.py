"""One visit to the status page: who is answered, and with what."""

from __future__ import annotations

import json
import socket

import pytest

from cocoai import config
from cocoai.status.visit import Visit, is_safe_host
from tests.status.made_up import scoreboard_of


def say(settings: config.Settings, request: bytes) -> tuple[int, dict[str, str], str]:
    """Send this, and nothing more; status, headers and body of what comes back until the end."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.sendall(request)
        ours.shutdown(socket.SHUT_WR)
        Visit(theirs, settings)
        theirs.shutdown(socket.SHUT_WR)
        said = b"".join(iter(lambda: ours.recv(65_536), b""))
    head, _, body = said.decode().partition("\r\n\r\n")
    first, *others = head.split("\r\n")
    return int(first.split()[1]), dict(line.split(": ", 1) for line in others), body


def get(settings: config.Settings, path: str, *, method: str = "GET", host: str = "127.0.0.1:8081") -> bytes:
    """A request as a browser sends it."""
    return f"{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: keep-alive\r\n\r\n".encode()


def test_people_are_shown_a_page(settings: config.Settings) -> None:
    """Which no cache keeps, no other page can use, and which ends the connection."""
    status, headers, body = say(settings, get(settings, "/"))

    assert 200 == status
    assert "<title>CocoAI: not running</title>" in body
    assert len(body.encode()) == int(headers["Content-Length"])
    assert ("text/html; charset=utf-8", "no-store", "nosniff", "close") == tuple(
        headers[name] for name in ("Content-Type", "Cache-Control", "X-Content-Type-Options", "Connection")
    )
    assert headers["Content-Security-Policy"].startswith("default-src 'none';")


def test_programs_are_told_in_json(settings: config.Settings) -> None:
    """The same figures."""
    scoreboard_of(settings).begin(1, 2)

    status, headers, body = say(settings, get(settings, "/status.json"))

    assert (200, "application/json; charset=utf-8") == (status, headers["Content-Type"])
    assert ("running", 2) == (json.loads(body)["state"], json.loads(body)["pool"]["most"])


@pytest.mark.parametrize("path", ["/", "/status.json", "/nothing"])
def test_head_says_what_get_would(settings: config.Settings, path: str) -> None:
    """Without the body."""
    status, headers, body = say(settings, get(settings, path, method="HEAD"))

    assert (say(settings, get(settings, path))[0], "") == (status, body)
    assert 0 < int(headers["Content-Length"])


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "BREW", "<script>"])
def test_a_look_is_all_that_is_allowed(settings: config.Settings, method: str) -> None:
    """Nothing can be changed from here."""
    status, headers, body = say(settings, get(settings, "/", method=method))

    assert (405, "GET, HEAD") == (status, headers["Allow"])
    assert "only GET and HEAD are allowed here\n" == body


@pytest.mark.parametrize("path", ["/nothing", "/status.json/", "/../etc/passwd", "//[", "*", "http://127.0.0.1/"])
def test_there_is_nothing_else(settings: config.Settings, path: str) -> None:
    """404, in a line that does not quote the path."""
    assert (404, "there are / and /status.json\n") == say(settings, get(settings, path))[::2]


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "192.0.2.7:8081", "[::1]:8081", "localhost", "LOCALHOST:1", "status.lan"]
)
def test_an_address_or_our_own_name_is_answered(host: str) -> None:
    """Of a name that we do not listen at, anybody may say that it leads here."""
    assert is_safe_host(host, "status.lan")


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "", "[", "[x]", ":"]
)
def test_a_rebound_name_is_refused(settings: config.Settings, host: str) -> None:
    """403: a foreign page has sent the browser here."""
    assert 403 == say(settings, get(settings, "/status.json", host=host))[0]


@pytest.mark.parametrize(
    "headers", [b"", b"Host: 127.0.0.1\r\nHost: evil.example\r\n", b"Host: evil.example\r\nHost: 127.0.0.1\r\n"]
)
def test_a_host_that_is_not_clear_is_refused(settings: config.Settings, headers: bytes) -> None:
    """None, or two of them."""
    assert 403 == say(settings, b"GET / HTTP/1.0\r\n" + headers + b"\r\n")[0]


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
def test_what_is_no_request_is_refused(settings: config.Settings, expected: int, request_: bytes) -> None:
    """In a line of our own, which quotes nothing."""
    status, headers, body = say(settings, request_)

    assert (expected, "text/plain; charset=utf-8") == (status, headers["Content-Type"])
    assert 1 == body.count("\n")


def test_a_spool_that_cannot_be_read_is_told(settings: config.Settings) -> None:
    """503, and why."""
    settings_elsewhere = config.read(settings.file, {"COCOAI_PATHS_VAR": "/nonexistent"}, secrets=False)

    status, _, body = say(settings_elsewhere, get(settings_elsewhere, "/"))

    assert 503 == status
    assert body.startswith("cannot look: ")
