"""The connections of direct.py: http.client's, with a cheaper reader, and with one write for head and body."""

from __future__ import annotations

from http.client import HTTPConnection, HTTPSConnection
from typing import Any

from cocoai.engine.client.response_head import ResponseHead

_MOST_JOINED = 256 * 1024
"""Bytes of a request that are copied for one write; of a longer one the body is sent apart."""


class PlainConnection(HTTPConnection):
    """A connection without TLS. What http.client sends is held, until whoever sends the request takes it."""

    response_class: Any = ResponseHead

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._held: list[bytes] = []

    def send(self, data: Any) -> None:
        """Hold a part of a request."""
        self._held.append(data)

    def take_held(self) -> list[bytes]:
        """Return the request whose parts are held: as one, for one TLS record and one packet, unless it is long."""
        held, self._held = self._held, []
        return [b"".join(held)] if sum(map(len, held)) <= _MOST_JOINED else held


class TLSConnection(PlainConnection, HTTPSConnection):
    """A connection with TLS."""
