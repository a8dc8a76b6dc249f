"""A line straight to the server, by the standard library's http.client.

A call in the way of requests costs 1.6 ms of CPU in a process that has slept, for its code is no longer in any cache;
this one 0.6. Slack is called for every update of every answer, each time from such a process. It leaves out redirects,
cookies and proxies.
"""

from __future__ import annotations

import io
import socket
import ssl
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection, InvalidURL
from typing import Any
from urllib.parse import SplitResult, urlsplit, urlunsplit

from cocoai.engine.client.body import Body, is_readable, wait_for_first_byte
from cocoai.engine.client.client import USER_AGENT, BadHeader, FullResponse, NotSent, PendingResponse, StreamedResponse
from cocoai.engine.client.tls import is_loopback
from cocoai.errors import Permanent

Headers = Mapping[str, str | bytes]


class DirectClient:
    """Where the server is another, or has closed the connection, it connects anew. See line.py."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._context = context
        self._origin = ""
        self._connection: HTTPConnection | None = None

    def post(self, url: str, body: bytes, headers: Headers, timeout: tuple[float, float]) -> FullResponse:
        try:
            with self._ask(url, body, headers, timeout) as response:
                reply = FullResponse(response.status, response.headers, response.body.whole(timeout[1]))
        except BaseException:
            self.close()
            raise
        if response.body.closes:
            self.close()
        return reply

    def ask(self, url: str, body: bytes, headers: Headers, timeout: tuple[float, float]) -> PendingResponse:
        to = _address(url)
        connection = self._new(to)
        with ExitStack() as opened:
            opened.callback(connection.close)
            told = {"Content-Length": str(len(body)), **headers, "Connection": "close"}
            sock = _send(connection, "POST", to, body, told, timeout)
            opened.pop_all()
        return _Asked(sock)

    def fetch(self, url: str, headers: Headers, timeout: tuple[float, float]) -> StreamedResponse:
        """On a connection of its own: the one that is kept will be asked again."""
        to = _address(url)
        connection = self._new(to)
        with ExitStack() as opened:
            opened.callback(connection.close)
            response = _answered(connection, "GET", to, None, {**headers, "Connection": "close"}, timeout)
            opened.callback(response.close)
            return replace(response, close=opened.pop_all().close)

    def close(self) -> None:
        """Hang up; a further request connects anew."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def __del__(self) -> None:
        self.close()

    def _ask(self, url: str, body: bytes, headers: Headers, timeout: tuple[float, float]) -> StreamedResponse:
        to = _address(url)
        return _answered(self._line_to(to), "POST", to, body, {"Content-Length": str(len(body)), **headers}, timeout)

    def _line_to(self, to: SplitResult) -> HTTPConnection:
        """The connection that there is, or one that is still to be connected."""
        origin = f"{to.scheme}://{to.netloc}"
        connection = self._connection
        # What can be read before anything was asked is the server's goodbye.
        is_fit = connection is not None and connection.sock is not None and origin == self._origin
        if connection is not None and is_fit and not is_readable(connection.sock, 0):
            return connection
        self.close()
        self._connection, self._origin = self._new(to), origin
        return self._connection

    def _new(self, to: SplitResult) -> HTTPConnection:
        try:
            if to.scheme == "https":
                return HTTPSConnection(to.hostname or "", to.port, context=self._context)
            return HTTPConnection(to.hostname or "", to.port)
        except InvalidURL as error:
            raise ValueError("an address is https://HOST/PATH") from error


def _address(url: str) -> SplitResult:
    to = urlsplit(url)
    if not to.hostname or to.scheme not in ("https", "http"):
        raise ValueError("an address is https://HOST/PATH")
    if to.scheme == "http" and not is_loopback(url):
        raise Permanent("plain http is for servers on this machine only")
    return to


class _Asked:
    """See line.py."""

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection
        self.close = connection.close

    def response(self, seconds: float, bell: int | None = None) -> StreamedResponse:
        # Readable is not enough: under TLS that may be nothing of the response, and who reads on hears no bell.
        begun: Any = _Begun(wait_for_first_byte(self._socket, seconds, bell), self._socket)
        self._socket.settimeout(seconds)
        response = HTTPResponse(begun, method="POST")
        response.begin()
        return _response(response, self._socket)


class _Begun(io.RawIOBase):
    """A connection of which the `first` byte has been read already, as a file, which closes it."""

    def __init__(self, first: bytes, connection: socket.socket) -> None:
        self._first = first
        self._socket = connection

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(self)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        first, self._first = self._first, b""
        if not first:
            return self._socket.recv_into(buffer)
        buffer[:1] = first
        return 1

    def close(self) -> None:
        self._socket.close()
        super().close()


def _answered(
    connection: HTTPConnection,
    method: str,
    to: SplitResult,
    body: bytes | None,
    headers: Headers,
    timeout: tuple[float, float],
) -> StreamedResponse:
    """Ask over this connection, and wait for the response."""
    sock = _send(connection, method, to, body, headers, timeout)
    return _response(connection.getresponse(), sock)


def _response(response: HTTPResponse, connection: socket.socket) -> StreamedResponse:
    told = {name.lower(): value for name, value in response.headers.items()}
    body = Body(response.fp, connection, response.status, told)
    return StreamedResponse(response.status, told, body, response.close)


def _send(
    connection: HTTPConnection,
    method: str,
    to: SplitResult,
    body: bytes | None,
    headers: Headers,
    timeout: tuple[float, float],
) -> socket.socket:
    """Send over this connection, which is stood first if it does not stand."""
    _prepare(connection, method, to, {"User-Agent": USER_AGENT, **headers})
    try:
        if connection.sock is None:
            connection.timeout = timeout[0]
            connection.connect()
        # The connection forgets it when the server is to close; the response is read from it all the same.
        sock: socket.socket = connection.sock
        sock.settimeout(timeout[1])
        connection.endheaders(body)
    except OSError as error:
        raise NotSent(error) from error
    return sock


def _prepare(connection: HTTPConnection, method: str, to: SplitResult, headers: Headers) -> None:
    """The request's head, not sent yet."""
    try:
        connection.putrequest(method, urlunsplit(("", "", to.path or "/", to.query, "")), skip_accept_encoding=True)
    except (HTTPException, UnicodeError) as error:
        raise ValueError("an address has a path of visible ASCII") from error
    for name, value in headers.items():
        try:
            connection.putheader(name, value)
        except ValueError as error:
            raise BadHeader(name) from error
