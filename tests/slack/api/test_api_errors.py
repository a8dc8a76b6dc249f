"""slack/api/api_errors.py: every way in which a call can fail becomes an error of our family."""

from __future__ import annotations

import json
import socket
import ssl
from http.client import HTTPException, IncompleteRead, InvalidURL, RemoteDisconnected

import pytest

from cocoai.engine.client.client import BadHeader, FullResponse, NotSent, ProxyFailed
from cocoai.errors import CocoAIError, Permanent, Temporary
from cocoai.slack.api.api_errors import (
    BUSY,
    DEFAULT_PAUSE,
    IN_DOUBT,
    SHORTEST_PAUSE,
    error_for,
    is_shut_out,
    require_ok,
)

pytestmark = [pytest.mark.pure, pytest.mark.thorough]

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
    """Return a response as a client does; a `body` that is not bytes is sent as JSON."""
    lower_case = {name.replace("_", "-").lower(): value for name, value in headers.items()}
    return FullResponse(status, lower_case, body if isinstance(body, bytes) else json.dumps(body).encode())


def refused(body: object, status: int = 200, **headers: str) -> Temporary | Permanent:
    with pytest.raises((Temporary, Permanent)) as caught:
        require_ok(response(body, status, **headers))
    assert isinstance(caught.value, (Temporary, Permanent))
    assert caught.value.source == "Slack"
    return caught.value


def test_the_json_of_an_ok_response_is_returned() -> None:
    """A response that is `ok` is returned whole."""
    assert require_ok(response({"ok": True, "ts": "1.0"})) == {"ok": True, "ts": "1.0"}


@pytest.mark.parametrize("code", sorted(IN_DOUBT | BUSY))
def test_slacks_own_trouble_is_temporary(code: str) -> None:
    """A code of IN_DOUBT or BUSY raises `Temporary`; only after one of IN_DOUBT the work may have been done."""
    error = refused({"ok": False, "error": code})

    assert isinstance(error, Temporary)
    assert (code, code in IN_DOUBT, None) == (error.code, error.sent, error.retry_after)


@pytest.mark.parametrize(
    "code",
    ["channel_not_found", "not_in_channel", "is_archived", "invalid_auth", "token_revoked", "msg_too_long", "new_code"],
)
def test_all_other_refusals_are_permanent(code: str) -> None:
    """Any other code raises `Permanent` with Slack's code and the id of the request."""
    error = refused({"ok": False, "error": code}, x_slack_req_id="practice-1")

    assert isinstance(error, Permanent)
    assert str(error) == f"Slack {code} 200 practice-1"


def test_a_missing_scope_is_named() -> None:
    """The scope that the operator has to add is in the error's code."""
    reply = {"ok": False, "error": "missing_scope", "needed": "chat:write", "provided": "im:read"}

    assert refused(reply).code == "missing_scope:chat:write"
    assert refused(reply | {"needed": ["x"]}).code == "missing_scope"


@pytest.mark.parametrize("reply", [{}, {"ok": 1}, {"ok": False}, {"error": "<b>No</b>"}, {"ok": False, "error": ["x"]}])
def test_a_refusal_without_a_plain_code_is_unknown(reply: object) -> None:
    """A refusal without a plain code gets the code `unknown_error`."""
    assert refused(reply).code == "unknown_error"


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
def test_a_response_that_is_not_slacks_json_is_in_doubt(body: object, status: int) -> None:
    """HTML, redirects and broken JSON raise `Temporary` as sent: the work may have been done."""
    error = refused(body, status)

    assert isinstance(error, Temporary)
    assert error.sent
    assert error.status == status


@pytest.mark.parametrize("status", [400, 404, 499])
def test_a_4xx_is_permanent(status: int) -> None:
    """A 4xx raises `Permanent`: Slack refuses with 200, so it comes from a wrong address or a server in between."""
    assert isinstance(refused(b"<html>Not Found</html>", status), Permanent)


@pytest.mark.parametrize(
    ("retry_after", "expected"),
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
def test_a_429_says_how_long_to_wait(retry_after: str, expected: float) -> None:
    """The wait is Retry-After in seconds, at least SHORTEST_PAUSE; DEFAULT_PAUSE if it cannot be read."""
    error = refused({"ok": False, "error": "ratelimited"}, 429, Retry_After=retry_after)

    assert isinstance(error, Temporary)
    assert (expected, False) == (error.retry_after, error.sent)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("sent", [False, True])
def test_every_exception_of_a_client_becomes_an_error_of_ours(kind: type[Exception], sent: bool) -> None:
    """Any exception of a client is translated, and its text, which may quote a header, is not kept."""
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
def test_only_an_unsent_request_is_not_in_doubt(exception: Exception, code: str, sent: bool) -> None:
    """After any exception but NotSent the request may have arrived, and the error says so."""
    error = error_for(exception)

    assert isinstance(error, Temporary)
    assert (code, sent) == (error.code, error.sent)


@pytest.mark.parametrize("exception", [BadHeader("x"), InvalidURL("x"), ValueError("x"), UnicodeError("x")])
def test_a_wrong_address_or_token_is_permanent(exception: Exception) -> None:
    """An exception for an unusable address or header raises `Permanent`."""
    assert isinstance(error_for(exception), Permanent)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (Permanent("token_revoked", source="Slack", status=200), True),
        (Permanent("missing_scope:chat:write", source="Slack", status=200), True),
        (Permanent("missing_scope:chat:write:bot", source="Slack", status=200), True),
        (Permanent("refused", source="Slack", status=405), True),
        (Permanent("refused", source="Slack", status=404), True),
        (Permanent("refused", source="Slack", status=413), False),
        (Permanent("refused", source="OpenAI", status=404), False),
        (Permanent("missing_scope:channels:history", source="Slack", status=200), False),
        (Permanent("not_in_channel", source="Slack", status=200), False),
        (Temporary("internal_error", source="Slack", status=200), False),
    ],
)
def test_what_slack_refuses_wherever_it_is_posted(error: CocoAIError, expected: bool) -> None:
    """The token, the scope to write, or the address: not the place, and not this request alone."""
    assert expected == is_shut_out(error)
