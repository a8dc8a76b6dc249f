"""Delivering events as Slack does: signed, answered within three seconds or sent again, each attempt on record.

Source: https://docs.slack.dev/apis/events-api and authentication/verifying-requests-from-slack. It knows nothing of
what is in a payload but its event_id. Each event has a thread of its own, so nobody waits for the bot.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import socket
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from cocoai.rehearsal.slack.manner import Manner

Payload = dict[str, Any]


@dataclass(frozen=True)
class Delivery:
    """One attempt: `attempt` 0 is the first, `failure` is Slack's word for what went wrong, or empty.

    `status` is 0 when no reply came; `time` (epoch seconds) is its start; `channel` and `ts` are the message's.
    """

    event_id: str
    kind: str
    channel: str
    ts: str
    attempt: int
    status: int
    failure: str
    milliseconds: float
    time: float
    reply: bytes = b""
    no_retry: bool = False

    @property
    def accepted(self) -> bool:
        return not self.failure


@dataclass(frozen=True)
class Destination:
    """Where events go; `ca_file` is needed for an https address whose certificate is not the world's."""

    url: str
    ca_file: str | None = None


def signed(body: bytes, secret: str, at: float) -> dict[str, str]:
    """The headers of a request from Slack: version 0 signature over the raw bytes, at a time in epoch seconds."""
    timestamp = str(int(at))
    digest = hmac.new(secret.encode(), b"v0:" + timestamp.encode() + b":" + body, hashlib.sha256).hexdigest()
    headers = {"Content-Type": "application/json", "X-Slack-Request-Timestamp": timestamp}
    return headers | {"X-Slack-Signature": f"v0={digest}", "User-Agent": "Slackbot 1.0 (practice)"}


class Courier:
    """Carries payloads to the bot.

    `record` is called with each attempt as it ends, `rested` when an event is done with.
    """

    def __init__(
        self,
        secret: str,
        manner: Manner,
        *,
        record: Callable[[Delivery], None],
        rested: Callable[[], None],
        clock: Callable[[], float],
        stopping: threading.Event,
    ) -> None:
        self.destination: Destination | None = None
        self._secret = secret
        self._manner = manner
        self._record = record
        self._rested = rested
        self._clock = clock
        self._stopping = stopping
        self._lock = threading.Lock()
        self._threads: set[threading.Thread] = set()
        self._connections: set[http.client.HTTPConnection] = set()

    @property
    def busy(self) -> int:
        """Events under way, those that wait for a redelivery too."""
        with self._lock:
            return len(self._threads)

    def send(self, *payloads: Payload) -> None:
        """Deliver in this order: each leaves when the one before was answered, or when the twins' gap is over."""
        before: threading.Event | None = None
        for payload in payloads:
            answered = threading.Event()
            self._start(self._deliver, payload, before, answered)
            before = answered

    def again(self, payload: Payload, number: int, reason: str) -> None:
        """Redeliver once, whatever became of the earlier attempts."""
        self._start(self._attempt, payload, number, reason)

    def attempt(self, payload: Payload) -> Delivery:
        """Deliver once, and wait for it."""
        return self._attempt(payload, 0, "")

    def stop(self) -> None:
        """Cut what is under way; `stopping` must be set."""
        with self._lock:
            threads, connections = list(self._threads), list(self._connections)
        for connection in connections:
            _cut(connection)
        for thread in threads:
            thread.join(10)

    def _start(self, work: Callable[..., object], *arguments: Any) -> None:
        if self.destination is None or self._stopping.is_set():
            return
        thread = threading.Thread(target=self._run, args=(work, *arguments), daemon=True)
        with self._lock:
            self._threads.add(thread)
        thread.start()

    def _run(self, work: Callable[..., object], *arguments: Any) -> None:
        try:
            work(*arguments)
        finally:
            with self._lock:
                self._threads.discard(threading.current_thread())
            self._rested()

    def _deliver(self, payload: Payload, before: threading.Event | None, answered: threading.Event) -> None:
        if before:
            before.wait(self._manner.twin_gap)
        delivery = self._attempt(payload, 0, "")
        answered.set()
        for number, wait in enumerate(self._manner.retry_waits, 1):
            done = (delivery.accepted and number > self._manner.repeat) or delivery.no_retry
            if done or self._stopping.wait(wait):
                return
            delivery = self._attempt(payload, number, delivery.failure or "http_timeout")

    def _attempt(self, payload: Payload, number: int, reason: str) -> Delivery:
        body = json.dumps(payload).encode()
        headers = signed(body, self._secret, self._clock())
        if number:
            headers |= {"X-Slack-Retry-Num": str(number), "X-Slack-Retry-Reason": reason}
        at, started = self._clock(), time.monotonic()
        status, failure, reply, no_retry = self._outcome(body, headers)
        milliseconds = (time.monotonic() - started) * 1000
        if milliseconds > self._manner.timeout * 1000:
            failure = "http_timeout"
        event = payload.get("event", {})
        delivery = Delivery(
            event_id=str(payload.get("event_id", "")),
            kind=str(event.get("type") or payload.get("type", "")),
            channel=str(event.get("channel", "")),
            ts=str(event.get("ts", "")),
            attempt=number,
            status=status,
            failure=failure,
            milliseconds=milliseconds,
            time=at,
            reply=reply,
            no_retry=no_retry,
        )
        self._record(delivery)
        return delivery

    def _outcome(self, body: bytes, headers: dict[str, str]) -> tuple[int, str, bytes, bool]:
        """The status, Slack's word for a failure, the reply's body, and whether the bot asked for no redelivery."""
        try:
            response, reply = self._post(body, headers)
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

    def _post(self, body: bytes, headers: dict[str, str]) -> tuple[http.client.HTTPResponse, bytes]:
        if self.destination is None:
            raise ConnectionError("nobody has subscribed")
        ends = time.monotonic() + self._manner.timeout
        parts = urlsplit(self.destination.url)
        connection = _connection(self.destination, self._manner.timeout)
        with self._lock:
            self._connections.add(connection)
        try:
            connection.connect()
            if self._stopping.is_set():
                raise ConnectionAbortedError
            connection.request("POST", parts.path or "/", body, headers)
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
