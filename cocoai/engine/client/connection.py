"""The connections of direct.py: http.client's, with a cheaper reader, and with one write for head and body."""

from __future__ import annotations

from http.client import HTTPConnection, HTTPSConnection
from typing import Any

from cocoai.engine.client.response_head import ResponseHead

_MOST_JOINED = 256 * 1024
"""Bytes of a request that are copied for one write; of a longer one the body is sent apart."""


class PlainConnection(HTTPConnection):
    """A connection without TLS. What is sent is held until `flush`."""

    response_class: Any = ResponseHead

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._held: list[bytes] = []

    def send(self, data: Any) -> None:
        """Hold a part of a request."""
        self._held.append(data)

    def flush(self) -> None:
        """Send the request whose parts are held: in one TLS record and one packet, if they fit."""
        held, self._held = self._held, []
        is_short = sum(map(len, held)) <= _MOST_JOINED
        for data in [b"".join(held)] if is_short else held:
            super().send(data)


class TLSConnection(PlainConnection, HTTPSConnection):
    """A connection with TLS."""
