"""slack/api/calls.py: which replies are parsed."""

from __future__ import annotations

import time
from typing import Any

import pytest

from cocoai.engine.client.client import FullResponse
from cocoai.errors import CocoAIError, Permanent, Temporary
from cocoai.slack.api.calls import SlackCalls

pytestmark = pytest.mark.pure


class OneReply:
    """A client that gets one reply to all that it posts."""

    def __init__(self, status: int, content: bytes) -> None:
        self._response = FullResponse(status, {}, content)

    def post(self, *_: object) -> FullResponse:
        return self._response


def called(method: str, content: bytes, status: int = 200) -> dict[str, Any]:
    """Return what a call of the method returns for this reply."""
    client: Any = OneReply(status, content)
    calls = SlackCalls(
        client, api_url="https://slack.com/api/", token="t", clock=time.monotonic, sleep=time.sleep, patience=0
    )
    return calls.call(method, {"channel": "C1"})


@pytest.mark.parametrize("content", [b'{"ok":true,"ts":"1.0"}', b' { "ok" : true }', b'{"ts":"1.0","ok":true}'])
def test_an_update_succeeds(content: bytes) -> None:
    """An update succeeds wherever `ok` stands; the reply to any other method is returned."""
    called("chat.update", content)

    assert called("chat.postMessage", content)["ok"] is True


@pytest.mark.parametrize(
    ("content", "status", "expected"),
    [
        (b'{"ok":false,"error":"message_not_found"}', 200, Permanent),
        (b'{"ok":false,"error":"internal_error"}', 200, Temporary),
        (b'{"error":"internal_error","x":{"ok":true}}', 200, Temporary),
        (b'{"ok":trueish', 200, Temporary),
        (b"<html>", 200, Temporary),
        (b'{"ok":true,"ts":"1.0"}', 500, Temporary),
        (b'{"ok":true,"ts":"1.0"}', 404, Permanent),
    ],
)
def test_an_update_that_fails(content: bytes, status: int, expected: type[CocoAIError]) -> None:
    """Only a 200 that begins as a success is one without a further look."""
    with pytest.raises(CocoAIError) as caught:
        called("chat.update", content, status)

    assert expected is type(caught.value)
