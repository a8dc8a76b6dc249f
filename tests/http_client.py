"""A plain HTTP client for the tests that talk to a real nginx."""

from __future__ import annotations

import http.client
from urllib.parse import urlsplit


def request(
    address: str, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None
) -> tuple[int, bytes]:
    """Send one HTTP request to `address`, such as http://127.0.0.1:8080, and return status and body."""
    place = urlsplit(address)
    connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=10)
    try:
        connection.request(method, path, body, headers or {})
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()
