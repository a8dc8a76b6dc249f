"""Tell by an HTTP client's exception why a server was not reached, without the exception's text: that may hold secrets.

It also makes the clients: with the settings' proxy and authorities, and deadlines far shorter than the pool's.
"""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from functools import cache
from http.client import HTTPException
from urllib.parse import urlsplit

from cocoai import config
from cocoai.check.result import Result, note, ok, warning, wrong
from cocoai.check.target import Target
from cocoai.check.url_verification import verify_case
from cocoai.engine.client.client import FullResponse, HttpClient, NotSent, ProxyFailed
from cocoai.engine.client.factory import new_client
from cocoai.engine.client.tls import tls_context
from cocoai.errors import CocoAIError

CONNECT_TIMEOUT = 3.0
READ_TIMEOUT = 4.0
"""Seconds to connect, and to wait for data; times the target's patience."""

ALL_CALLS = 7.0
"""Seconds after which no further call of one server is begun, times the patience."""

CLOCK_WARNING, CLOCK_WRONG = 60.0, 300.0
"""Seconds by which the clock may be off; beyond the second Slack's signatures count as stale."""

CLIENT_ERRORS = (OSError, HTTPException, ValueError, CocoAIError)
"""What an HTTP client raises."""


def client_for(settings: config.Settings) -> HttpClient:
    """Return a new HTTP client by the settings. Raise CocoAIError if their authorities cannot be read."""
    return new_client(_context(settings.network.ca_file), settings.network.proxy or None)


@cache
def _context(ca_file: str) -> ssl.SSLContext:
    """Return the one TLS context of all clients: to make one takes longer than all else."""
    return tls_context(ca_file or None)


def host_of(url: str) -> str:
    """Return the host in an address, with its port if it names one."""
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port}" if parts.port else str(parts.hostname)


def unreached(part: str, url: str, error: Exception, target: Target) -> Result:
    """Return the result for a server at `url` that could not be asked, because of this exception of a client."""
    case, detail = case_of(error)
    return wrong(part, case, host=host_of(url), detail=detail, file=target.shown_file, reload=target.reload)


def case_of(error: Exception) -> tuple[str, str]:
    """Return the case of an exception: `dns`, `refused`, `timeout`, `tls_chain` and such; and a detail that is safe."""
    cause = error.args[0] if isinstance(error, NotSent) and error.args else error
    if isinstance(cause, ssl.SSLCertVerificationError):
        return verify_case(cause), cause.verify_message
    kinds: tuple[tuple[type[BaseException], str], ...] = (
        (socket.gaierror, "dns"),
        (TimeoutError, "timeout"),
        (ProxyFailed, "proxy"),
        (ssl.SSLError, "tls"),
        (ConnectionRefusedError, "refused"),
        (OSError, "connection"),
        (HTTPException, "no_http"),
    )
    case = next((case for kind, case in kinds if isinstance(cause, kind)), "bad_address")
    return case, (cause.strerror or "") if isinstance(cause, OSError) and cause.errno and case == "connection" else ""


@dataclass
class Server:
    """The calls of one server, which are limited in time: after ALL_CALLS seconds `is_late` is true.

    All times are multiplied by `patience`.
    """

    client: HttpClient
    url: str
    patience: float = 1.0
    started: float = field(default_factory=time.monotonic)
    offset: float | None = None
    """Seconds by which this machine's clock is ahead of the server's; None before its first answer."""

    @property
    def is_late(self) -> bool:
        """Check whether no further call is to be begun."""
        return time.monotonic() - self.started > ALL_CALLS * self.patience

    @property
    def _timeouts(self) -> tuple[float, float]:
        return CONNECT_TIMEOUT * self.patience, READ_TIMEOUT * self.patience

    def post(self, path: str, body: bytes, headers: dict[str, str]) -> FullResponse:
        """Send a POST and return the response. Raise one of CLIENT_ERRORS."""
        return self._noted(lambda: self.client.post(self.url + path, body, headers, self._timeouts))

    def get(self, path: str, headers: dict[str, str]) -> FullResponse:
        """Send a GET and return the response. Raise one of CLIENT_ERRORS."""

        def send() -> FullResponse:
            plain = {**headers, "Accept-Encoding": "identity"}
            with self.client.get(self.url + path, plain, self._timeouts) as response:
                return FullResponse(response.status, response.headers, response.body.read_all(self._timeouts[1]))

        return self._noted(send)

    def _noted(self, send: Callable[[], FullResponse]) -> FullResponse:
        """Call `send`, and note at the first response by how much the clocks differ."""
        before = time.time()
        response = send()
        if self.offset is None and (told := told_time(response.headers.get("date", ""))):
            # The header has whole seconds: on average it is half of one behind.
            self.offset = (before + time.time()) / 2 - told - 0.5
        return response


def told_time(date: str) -> float | None:
    """Return the time in a Date header, in epoch seconds; None if it is missing or odd."""
    try:
        return parsedate_to_datetime(date).timestamp()
    except (TypeError, ValueError, IndexError, OverflowError):
        return None


def clock_result(part: str, server: Server) -> Result:
    """Return the result of comparing this machine's clock with the server's."""
    host = host_of(server.url)
    if server.offset is None:
        return note(part, "unknown", host=host)
    seconds = f"{abs(server.offset):.0f}"
    if abs(server.offset) <= CLOCK_WARNING:
        return ok(part, host=host)
    case = "ahead" if server.offset > 0 else "behind"
    level = wrong if abs(server.offset) > CLOCK_WRONG else warning
    return level(part, case, host=host, seconds=seconds)
