"""WholeBody: the body of a made-up response, for tests that replace the HTTP client."""

from __future__ import annotations

from typing import Any, cast

from cocoai.engine.client.client import StreamedResponse


class WholeBody:
    """A body whose content comes in one piece."""

    def __init__(self, content: bytes) -> None:
        self._pieces = [content]

    def read(self, _seconds: float) -> bytes:
        """Return the whole content, and b"" from then on."""
        return self._pieces.pop() if self._pieces else b""


def unread(content: bytes) -> StreamedResponse:
    """Return a response with the status 200 and this body, which holds no connection."""
    return StreamedResponse(200, {}, cast("Any", WholeBody(content)), _nothing)


def _nothing() -> None:
    """Do nothing."""
