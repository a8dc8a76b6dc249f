"""Requests to the bot: signed, given so many seconds, cut off when the practice Slack stops.

Source: https://docs.slack.dev/authentication/verifying-requests-from-slack. What is in them is the callers' affair.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import socket
import ssl
import threading
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

from cocoai.rehearsal.slack.manner import Manner

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Destination:
    """Where requests go; `ca_file` is needed for an https address whose certificate is not the world's."""

    url: str
    ca_file: str | None = None


@dataclass(frozen=True)
class Outcome:
    """How a request fared: `status` is 0 when no reply came, `failure` Slack's word for what went wrong, or empty."""

    status: int
    failure: str
    milliseconds: float
    reply: bytes = b""
    no_retry: bool = False


def signed(body: bytes, secret: str, at: float, content_type: str = JSON) -> dict[str, str]:
    """The headers of a request from Slack: version 0 signature over the raw bytes, at a time in epoch seconds."""
    timestamp = str(int(at))
    digest = hmac.new(secret.encode(), b"v0:" + timestamp.encode() + b":" + body, hashlib.sha256).hexdigest()
    headers = {"Content-Type": content_type, "X-Slack-Request-Timestamp": timestamp}
    return headers | {"X-Slack-Signature": f"v0={digest}", "User-Agent": "Slackbot 1.0 (practice)"}


class Outbound:
    """Posts to the bot, from any thread; `manner.timeout` is how long each may take."""

    def __init__(self, manner: Manner, stopping: threading.Event) -> None:
        self._manner = manner
        self._stopping = stopping
        self._lock = threading.Lock()
        self._connections: set[http.client.HTTPConnection] = set()

    def post(self, destination: Destination, body: bytes, headers: dict[str, str]) -> Outcome:
        """Send, and wait for the answer or the end of Slack's patience."""
        started = time.monotonic()
        status, failure, reply, no_retry = self._tried(destination, body, headers)
        milliseconds = (time.monotonic() - started) * 1000
        if milliseconds > self._manner.timeout * 1000:
            failure = "http_timeout"
        return Outcome(status, failure, milliseconds, reply, no_retry)

    def stop(self) -> None:
        """Cut what is under way; `stopping` must be set."""
        with self._lock:
            connections = list(self._connections)
        for connection in connections:
            _cut(connection)

    def _tried(self, destination: Destination, body: bytes, headers: dict[str, str]) -> tuple[int, str, bytes, bool]:
        """The status, Slack's word for a failure, the reply's body, and whether the bot asked for no redelivery."""
        try:
            response, reply = self._exchange(destination, body, headers)
        except TimeoutError:
            return 0, "http_timeout", b"", False
        except ssl.SSLError:
            return 0, "ssl_error", b"", False
        except OSError:
            return 0, "connection_failed", b"", False
        except http.client.HTTPException:
            return 0, "unknown_error", b"", False
        failure = "" if 200 <= response.status < 300 else "http_error"
        no_retry = response.status != 200 and response.headers.get("X-Slack-No-Retry") == "1"
        return response.status, failure, reply, no_retry

    def _exchange(
        self, destination: Destination, body: bytes, headers: dict[str, str]
    ) -> tuple[http.client.HTTPResponse, bytes]:
        ends = time.monotonic() + self._manner.timeout
        connection = _connection(destination, self._manner.timeout)
        with self._lock:
            self._connections.add(connection)
        try:
            connection.connect()
            if self._stopping.is_set():
                raise ConnectionAbortedError
            connection.request("POST", urlsplit(destination.url).path or "/", body, headers)
            connection.sock.settimeout(max(0.001, ends - time.monotonic()))
            response = connection.getresponse()
            return response, response.read(65536)
        finally:
            with self._lock:
                self._connections.discard(connection)
            connection.close()


def _connection(destination: Destination, timeout: float) -> http.client.HTTPConnection:
    parts = urlsplit(destination.url)
    if parts.scheme == "https":
        context = ssl.create_default_context(cafile=destination.ca_file)
        return http.client.HTTPSConnection(parts.netloc, timeout=timeout, context=context)
    return http.client.HTTPConnection(parts.netloc, timeout=timeout)


def _cut(connection: http.client.HTTPConnection) -> None:
    try:
        if connection.sock:
            socket.socket.shutdown(connection.sock, socket.SHUT_RDWR)
    except OSError:
        pass  # it ended by itself meanwhile
