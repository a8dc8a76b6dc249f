"""slack/api/response_url.py: which addresses are Slack's, what is sent there, and what Slack's words mean."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from cocoai.engine.client.client import FullResponse
from cocoai.errors import CocoAIError, Permanent, Temporary
from cocoai.slack.api.calls import SlackCalls
from cocoai.slack.api.response_url import ResponseUrl, is_response_url

pytestmark = pytest.mark.pure

API = "https://slack.com/api/"
URL = "https://hooks.slack.com/commands/T1/2/x"


class OneReply:
    """A client that gets one reply to all that it posts, and keeps what that was."""

    def __init__(self, status: int, content: bytes, headers: dict[str, str]) -> None:
        self._response = FullResponse(status, headers, content)
        self.sent: list[tuple[str, dict[str, Any], dict[str, str]]] = []

    def post(self, url: str, body: bytes, headers: dict[str, str], _: object) -> FullResponse:
        self.sent.append((url, json.loads(body), headers))
        return self._response


def post(content: bytes, status: int = 200, headers: dict[str, str] | None = None, url: str = URL) -> OneReply:
    """Post by an address that gives this reply; return the client."""
    client = OneReply(status, content, headers or {})
    as_client: Any = client
    calls = SlackCalls(as_client, api_url=API, token="t", clock=time.monotonic, sleep=time.sleep, patience=0)
    ResponseUrl(calls, API).post(url, "Hello <!channel>", thread_ts="1.0")
    return client


@pytest.mark.parametrize("content", [b"ok", b'{"ok":true}', b' {"ok": true}\n'])
def test_it_is_shown_to_the_user_alone(content: bytes) -> None:
    """Without our token, which such an address needs not, and without pings."""
    ((url, message, headers),) = post(content).sent

    assert URL == url
    assert ("ephemeral", False, "1.0") == tuple(message[k] for k in ("response_type", "replace_original", "thread_ts"))
    assert "<!channel>" not in message["text"]
    assert "Authorization" not in headers


@pytest.mark.parametrize(
    ("status", "content", "expected", "code"),
    [
        (404, b"used_url", Permanent, "used_url"),
        (404, b'{"ok":false,"error":"used_url"}', Permanent, "used_url"),
        (404, b'{"ok":false,"error":"Expired url"}', Permanent, "expired_url"),
        (404, b"Expired url", Permanent, "expired_url"),
        (200, b'{"ok":false,"error":"invalid_blocks"}', Permanent, "invalid_blocks"),
        (400, b"invalid_blocks", Permanent, "invalid_blocks"),
        (404, b"<html>", Permanent, "response_refused"),
        (403, b"[1]", Permanent, "response_refused"),
        (500, b"server_error", Temporary, "no_response"),
        (302, b"", Temporary, "no_response"),
        (200, b"<html>", Temporary, "no_response"),
        (200, b"", Temporary, "no_response"),
        (200, b"null", Temporary, "no_response"),
        (200, b'{"ok":false}', Temporary, "no_response"),
    ],
)
def test_it_is_not_shown(status: int, content: bytes, expected: type[CocoAIError], code: str) -> None:
    """A word of Slack's is an error's code; a page of a server in between says nothing of what has happened."""
    with pytest.raises(CocoAIError) as caught:
        post(content, status)

    assert (expected, code) == (type(caught.value), caught.value.code)
    assert "hooks" not in str(caught.value)


def test_slack_asks_for_a_pause() -> None:
    """It is not waited for here."""
    with pytest.raises(Temporary) as caught:
        post(b"", 429, {"retry-after": "7"})

    assert 7.0 == caught.value.retry_after


@pytest.mark.parametrize(
    ("url", "is_ours"),
    [
        (URL, True),
        ("https://hooks.slack-gov.com/actions/T1/2/x", True),
        ("https://slack.com/response/1", True),
        ("http://hooks.slack.com/commands/T1/2/x", False),
        ("https://hooks.slack.com.example.org/x", False),
        ("https://me@hooks.slack.com/x", False),
        ("https://hooks.slack.com:8443/x", False),
        ("https://slack.com", False),
        ("https://hooks.slack.com/a b", False),
        ("https://hooks.slack.com/\n", False),
        ("", False),
    ],
)
def test_only_slacks_addresses_are_used(url: str, is_ours: bool) -> None:
    """Whatever a form says, nothing is sent elsewhere."""
    assert is_ours == is_response_url(url, API)
    if not is_ours:
        with pytest.raises(Permanent, match="foreign"):
            post(b"ok", url=url)
