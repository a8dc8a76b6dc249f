"""Sign and post the practice Slack's requests to the bot, with a timeout; cut them off when it stops.

Source: https://docs.slack.dev/authentication/verifying-requests-from-slack. This module knows nothing of what the
requests contain.
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

from cocoai.rehearsal.slack.slack_switches import SlackSwitches

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Destination:
    """A request URL of the bot; `ca_file` names the authority of an https URL whose certificate is not a public one."""

    url: str
    ca_file: str | None = None


@dataclass(frozen=True)
class Outcome:
    """The outcome of a request: `status` is 0 if no response came; `failure` is Slack's name for the failure, or empty.

    `milliseconds` is the duration; `no_retry` is True if the bot forbade redeliveries (X-Slack-No-Retry: 1).
    """

    status: int
    failure: str
    milliseconds: float
    reply: bytes = b""
    no_retry: bool = False


def signed(body: bytes, secret: str, at: float, content_type: str = JSON) -> dict[str, str]:
    """Return the headers of a request from Slack, with its signature (version 0) of these raw bytes.

    `secret` is the signing secret; `at` is the time that is signed, in epoch seconds.
    """
    timestamp = str(int(at))
    digest = hmac.new(secret.encode(), b"v0:" + timestamp.encode() + b":" + body, hashlib.sha256).hexdigest()
    headers = {"Content-Type": content_type, "X-Slack-Request-Timestamp": timestamp}
    return headers | {"X-Slack-Signature": f"v0={digest}", "User-Agent": "Slackbot 1.0 (practice)"}


class Outbound:
    """Posts requests to the bot, from any thread; each may take `switches.timeout` seconds."""

    def __init__(self, switches: SlackSwitches, stopping: threading.Event) -> None:
        self._switches = switches
        self._stopping = stopping
        self._lock = threading.Lock()
        self._connections: set[http.client.HTTPConnection] = set()

    def post(self, destination: Destination, body: bytes, headers: dict[str, str]) -> Outcome:
        """Post a request, wait for the response or the timeout, and return the outcome; failures are not raised."""
        started = time.monotonic()
        status, failure, reply, no_retry = self._try(destination, body, headers)
        milliseconds = (time.monotonic() - started) * 1000
        # A response that came too late does not count, even if it came.
        if milliseconds > self._switches.timeout * 1000:
            failure = "http_timeout"
        return Outcome(status, failure, milliseconds, reply, no_retry)

    def stop(self) -> None:
        """Cut the connections of all requests under way, without waiting for their threads.

        `stopping` must be set, so that no new ones begin.
        """
        with self._lock:
            connections = list(self._connections)
        for connection in connections:
            _cut(connection)

    def _try(self, destination: Destination, body: bytes, headers: dict[str, str]) -> tuple[int, str, bytes, bool]:
        """Post a request; return the status, Slack's name for a failure, the body, and if redeliveries are forbidden.

        Without a response the status is 0 and the body b""; a status outside 2xx is the failure `http_error`.
        """
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
        """Post a request on a new connection; return the response and up to 64 KiB of its body.

        Raise OSError if there is none in time, TLS fails or the server stops, and HTTPException if it is malformed.
        """
        ends = time.monotonic() + self._switches.timeout
        connection = _connection(destination, self._switches.timeout)
        with self._lock:
            self._connections.add(connection)
        try:
            connection.connect()
            # `stop` can only cut a connection that has its socket: check again, now that it has.
            if self._stopping.is_set():
                raise ConnectionAbortedError
            connection.request("POST", urlsplit(destination.url).path or "/", body, headers)
            # The timeout is for connecting, sending and receiving together.
            connection.sock.settimeout(max(0.001, ends - time.monotonic()))
            response = connection.getresponse()
            return response, response.read(65536)
        finally:
            with self._lock:
                self._connections.discard(connection)
            connection.close()


def _connection(destination: Destination, timeout: float) -> http.client.HTTPConnection:
    """Return an HTTP or HTTPS connection to the destination, not yet open; `timeout` is in seconds for each step."""
    parts = urlsplit(destination.url)
    if parts.scheme == "https":
        context = ssl.create_default_context(cafile=destination.ca_file)
        return http.client.HTTPSConnection(parts.netloc, timeout=timeout, context=context)
    return http.client.HTTPConnection(parts.netloc, timeout=timeout)


def _cut(connection: http.client.HTTPConnection) -> None:
    """Shut down a connection's socket, so that the thread that reads from it ends."""
    try:
        if connection.sock:
            socket.socket.shutdown(connection.sock, socket.SHUT_RDWR)
    except OSError:
        pass  # the connection has just ended by itself
