"""slack/api/api_errors.py: every way in which a call can end is told in our own words."""

from __future__ import annotations

import json
import socket
import ssl
from http.client import HTTPException, IncompleteRead, InvalidURL, RemoteDisconnected

import pytest

from cocoai.engine.client.client import BadHeader, FullResponse, NotSent, ProxyFailed
from cocoai.errors import Permanent, Temporary
from cocoai.slack.api.api_errors import BUSY, DEFAULT_PAUSE, IN_DOUBT, SHORTEST_PAUSE, error_for, require_ok

pytestmark = pytest.mark.pure

KINDS = [
    TimeoutError,
    ProxyFailed,
    ssl.SSLError,
    ConnectionError,
    OSError,
    HTTPException,
    InvalidURL,
    BadHeader,
    ValueError,
]


def response(body: object = None, status: int = 200, **headers: str) -> FullResponse:
    """A response as a line hands it out; `body` bytes, or what is to be JSON."""
    told = {name.replace("_", "-").lower(): value for name, value in headers.items()}
    return FullResponse(status, told, body if isinstance(body, bytes) else json.dumps(body).encode())


def refused(body: object, status: int = 200, **headers: str) -> Temporary | Permanent:
    with pytest.raises((Temporary, Permanent)) as caught:
        require_ok(response(body, status, **headers))
    assert isinstance(caught.value, (Temporary, Permanent))
    assert caught.value.source == "Slack"
    return caught.value


def test_ok_is_what_slack_told() -> None:
    """A response that is `ok` is handed on."""
    assert require_ok(response({"ok": True, "ts": "1.0"})) == {"ok": True, "ts": "1.0"}


@pytest.mark.parametrize("code", sorted(IN_DOUBT | BUSY))
def test_slacks_own_troubles_are_temporary(code: str) -> None:
    """Try again; after an internal error the work may have been done, when told to wait it was not."""
    error = refused({"ok": False, "error": code})

    assert isinstance(error, Temporary)
    assert (code, code in IN_DOUBT, None) == (error.code, error.sent, error.retry_after)


@pytest.mark.parametrize(
    "code",
    ["channel_not_found", "not_in_channel", "is_archived", "invalid_auth", "token_revoked", "msg_too_long", "new_code"],
)
def test_all_other_refusals_are_for_good(code: str) -> None:
    """Trying again would end the same way; Slack's code is the evidence, with the id of the request."""
    error = refused({"ok": False, "error": code}, x_slack_req_id="practice-1")

    assert isinstance(error, Permanent)
    assert str(error) == f"Slack {code} 200 practice-1"


def test_a_missing_scope_is_named() -> None:
    """What the operator has to add stands in the code."""
    told = {"ok": False, "error": "missing_scope", "needed": "chat:write", "provided": "im:read"}

    assert refused(told).code == "missing_scope:chat:write"
    assert refused(told | {"needed": ["x"]}).code == "missing_scope"


@pytest.mark.parametrize("told", [{}, {"ok": 1}, {"ok": False}, {"error": "<b>No</b>"}, {"ok": False, "error": ["x"]}])
def test_a_refusal_without_a_plain_code_is_unknown(told: object) -> None:
    """Nothing odd gets into a code."""
    assert refused(told).code == "unknown_error"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"<html>Server Error</html>", 500),
        (b"<html>Server Error</html>", 503),
        ({"ok": True}, 502),
        (b"", 302),
        (b"<html>Log in</html>", 200),
        (b"", 200),
        (b"[]", 200),
        (b"[" * 100_000, 200),
        (b"\xff", 200),
    ],
)
def test_what_is_no_response_of_slacks_leaves_all_in_doubt(body: object, status: int) -> None:
    """HTML, redirects and half a response: try again, but look first."""
    error = refused(body, status)

    assert isinstance(error, Temporary)
    assert error.sent
    assert error.status == status


def test_a_4xx_is_for_good() -> None:
    """Slack refuses with 200: a 404 is a wrong address, or somebody in between."""
    assert isinstance(refused(b"<html>Not Found</html>", 404), Permanent)


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ("30", 30.0),
        ("1.5", 1.5),
        ("0", SHORTEST_PAUSE),
        ("", DEFAULT_PAUSE),
        ("-5", DEFAULT_PAUSE),
        ("soon", DEFAULT_PAUSE),
        ("nan", DEFAULT_PAUSE),
        ("Sun, 22 Nov 2026 10:00:00 GMT", DEFAULT_PAUSE),
        ("9" * 400, DEFAULT_PAUSE),
    ],
)
def test_a_429_says_how_long(told: str, expected: float) -> None:
    """Retry-After in seconds; without one that can be read, a second."""
    error = refused({"ok": False, "error": "ratelimited"}, 429, Retry_After=told)

    assert isinstance(error, Temporary)
    assert (expected, False) == (error.retry_after, error.sent)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("sent", [False, True])
def test_every_exception_of_a_line_is_in_the_family(kind: type[Exception], sent: bool) -> None:
    """None is left out, and none of their words, which may quote a header, is kept."""
    exception = kind("Bearer xoxb-practice")
    error = error_for(exception if sent else NotSent(exception))

    assert isinstance(error, (Temporary, Permanent))
    assert "xoxb" not in f"{error} {error!r} {vars(error)}"


@pytest.mark.parametrize(
    ("exception", "code", "sent"),
    [
        (NotSent(TimeoutError("x")), "connect_timeout", False),
        (TimeoutError("x"), "timeout", True),
        (NotSent(ConnectionRefusedError("x")), "connection", False),
        (NotSent(socket.gaierror("x")), "connection", False),
        (NotSent(ProxyFailed("x")), "proxy", False),
        (ConnectionResetError("x"), "connection", True),
        (RemoteDisconnected("x"), "connection", True),
        (NotSent(ssl.SSLCertVerificationError("self-signed")), "tls", False),
        (ssl.SSLError("bad record"), "tls", True),
        (IncompleteRead(b"x"), "broken_response", True),
    ],
)
def test_only_before_all_was_sent_is_it_certain(exception: Exception, code: str, sent: bool) -> None:
    """Whatever happened after that, the request may have arrived."""
    error = error_for(exception)

    assert isinstance(error, Temporary)
    assert (code, sent) == (error.code, error.sent)


@pytest.mark.parametrize("exception", [BadHeader("x"), InvalidURL("x"), ValueError("x"), UnicodeError("x")])
def test_what_cannot_be_used_is_for_good(exception: Exception) -> None:
    """The address or the token is wrong, and no waiting mends it."""
    assert isinstance(error_for(exception), Permanent)
