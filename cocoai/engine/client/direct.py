"""An HTTP client straight to the server, on the standard library's http.client.

A call through requests costs 1.6 ms of CPU in a process that has slept, because its code is no longer in any cache;
one through this client costs 0.6 ms. Most calls come from such a process. Redirects, cookies and proxies are left out.
"""

from __future__ import annotations

import io
import math
import socket
import ssl
from collections.abc import Iterable
from contextlib import ExitStack, closing
from dataclasses import replace
from functools import partial
from http.client import HTTPConnection, HTTPException, InvalidURL
from itertools import chain
from typing import Any
from urllib.parse import SplitResult, urlsplit, urlunsplit

from cocoai.engine.client.body import Body, is_readable, wait_for_first_byte
from cocoai.engine.client.client import (
    USER_AGENT,
    BadHeader,
    FullResponse,
    NotSent,
    PendingResponse,
    RequestBlocks,
    RequestHeaders,
    StreamedResponse,
)
from cocoai.engine.client.connection import PlainConnection, TLSConnection
from cocoai.engine.client.file_body import FileBody
from cocoai.engine.client.response_head import ResponseHead
from cocoai.engine.client.tls import is_loopback
from cocoai.errors import Permanent


class DirectClient:
    """An `HttpClient` (client.py) that keeps one connection, to the server of the last `post`."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._context = context
        self._origin = ""
        self._connection: PlainConnection | None = None

    def post(self, url: str, body: bytes, headers: RequestHeaders, timeout: tuple[float, float]) -> FullResponse:
        """Send a POST, wait for the complete response and return it; the connection is kept for the next `post`.

        It is closed after an error, or if the server is going to close it.
        """
        with self.post_unread(url, body, headers, timeout) as response:
            return FullResponse(response.status, response.headers, response.body.read_all(timeout[1]))

    def post_unread(
        self, url: str, body: bytes, headers: RequestHeaders, timeout: tuple[float, float]
    ) -> StreamedResponse:
        """Send a POST over the kept connection, or a new one, and return the response with its body unread.

        Closing the response keeps the connection for the next `post`, if its body was read to the end and the server is
        not going to close it.
        """
        to = _parse(url)
        headers = {"Content-Length": str(len(body)), **headers}
        try:
            response = _exchange(self._connection_to(to), "POST", to, body, headers, timeout)
        except BaseException:
            self.close()  # a response that comes late must not be taken for the next one
            raise
        return replace(response, close=partial(self._end, response))

    def _end(self, response: StreamedResponse) -> None:
        """Close the response, and its connection too unless another request can be sent over it."""
        response.close()
        # The rest of this response must not be taken for the next one.
        if response.body.is_last or not response.body.is_complete:
            self.close()

    def post_streamed(
        self, url: str, body: bytes | RequestBlocks, headers: RequestHeaders, timeout: tuple[float, float]
    ) -> PendingResponse:
        """Send a POST on a connection of its own and return the pending response, without waiting for the server."""
        to = _parse(url)
        connection = self._new_connection(to)
        headers = {"Content-Length": str(len(body)), **headers, "Connection": "close"}
        with ExitStack() as on_error:
            on_error.callback(connection.close)
            sock = _send(connection, "POST", to, body, headers, timeout)
            on_error.pop_all()
        return _SentRequest(sock)

    def post_file(
        self, url: str, body: FileBody, headers: RequestHeaders, timeout: tuple[float, float]
    ) -> FullResponse:
        """Send a POST with a file as its body, on a connection of its own; return the complete response."""
        to = _parse(url)
        headers = {"Content-Length": str(len(body)), **headers, "Connection": "close"}
        with (
            closing(self._new_connection(to)) as connection,
            _exchange(connection, "POST", to, body, headers, timeout) as response,
        ):
            return FullResponse(response.status, response.headers, response.body.read_all(timeout[1]))

    def get(self, url: str, headers: RequestHeaders, timeout: tuple[float, float]) -> StreamedResponse:
        """Send a GET on a connection of its own and return the response with its body unread.

        Closing the response closes that connection. The kept connection stays free for the next `post`.
        """
        to = _parse(url)
        connection = self._new_connection(to)
        with ExitStack() as on_error:
            on_error.callback(connection.close)
            response = _exchange(connection, "GET", to, None, {**headers, "Connection": "close"}, timeout)
            on_error.callback(response.close)
            return replace(response, close=on_error.pop_all().close)

    def close(self) -> None:
        """Close the kept connection, if there is one; a further `post` connects anew."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def __del__(self) -> None:
        self.close()

    def _connection_to(self, to: SplitResult) -> PlainConnection:
        """Return the kept connection if it is open and leads to the server `to`; else replace it by a new one.

        The new one is not connected yet.
        """
        origin = f"{to.scheme}://{to.netloc}"
        connection = self._connection
        is_fit = connection is not None and connection.sock is not None and origin == self._origin
        # Anything that can be read before a request was sent means that the server has closed the connection.
        if connection is not None and is_fit and not is_readable(connection.sock, 0):
            return connection
        self.close()
        self._connection, self._origin = self._new_connection(to), origin
        return self._connection

    def _new_connection(self, to: SplitResult) -> PlainConnection:
        """Return a new connection that is not connected yet. Raise ValueError if host or port in `to` are malformed."""
        try:
            if to.scheme == "https":
                return TLSConnection(to.hostname or "", to.port, context=self._context)
            return PlainConnection(to.hostname or "", to.port)
        except InvalidURL as error:
            raise ValueError("an address is https://HOST/PATH") from error


def _parse(url: str) -> SplitResult:
    """Split an address. Raise ValueError if it is no https:// or http:// address with a host.

    Raise `Permanent` if it is plain http to another machine.
    """
    to = urlsplit(url)
    if not to.hostname or to.scheme not in ("https", "http"):
        raise ValueError("an address is https://HOST/PATH")
    if to.scheme == "http" and not is_loopback(url):
        raise Permanent("plain http is for servers on this machine only")
    return to


class _SentRequest:
    """The `PendingResponse` (client.py) of a request that was sent over `connection`."""

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection
        self.close = connection.close

    def response(self, seconds: float, wakeup: int | None = None, patience: float = math.inf) -> StreamedResponse:
        """Wait at most `seconds` for the response to begin and return it, its body unread.

        Raise `Interrupted` if the descriptor `wakeup` is readable first or after `patience` seconds, TimeoutError after
        `seconds`.
        """
        # The first byte is read here. That the socket is readable is not enough: under TLS that may be a record without
        # data, and a read of http.client's own could not be interrupted.
        first = wait_for_first_byte(self._socket, seconds, wakeup, patience)
        self._socket.settimeout(seconds)
        head = ResponseHead(self._socket, received=first)
        with ExitStack() as on_error:
            on_error.callback(self.close)
            on_error.callback(head.close)
            head.begin()
            return replace(_streamed(head, self._socket), close=on_error.pop_all().close)


def _exchange(
    connection: PlainConnection,
    method: str,
    to: SplitResult,
    body: bytes | RequestBlocks | None,
    headers: RequestHeaders,
    timeout: tuple[float, float],
) -> StreamedResponse:
    """Send a request over this connection, wait for the head of the response and return it, its body unread.

    `timeout` is seconds to connect, and seconds to wait for data. Raise the errors of client.py.
    """
    sock = _send(connection, method, to, body, headers, timeout)
    head: Any = connection.getresponse()
    return _streamed(head, sock)


def _streamed(head: ResponseHead, connection: socket.socket) -> StreamedResponse:
    """Return a response whose head has been read from `connection`."""
    body = Body(io.BytesIO(head.rest), connection, head.status, head.headers)
    return StreamedResponse(head.status, head.headers, body, head.close)


def _send(
    connection: PlainConnection,
    method: str,
    to: SplitResult,
    body: bytes | RequestBlocks | None,
    headers: RequestHeaders,
    timeout: tuple[float, float],
) -> socket.socket:
    """Send a request, connecting first if necessary, and return the connection's socket.

    `timeout` is seconds to connect, and seconds to wait for data. Raise `NotSent` if the request did not leave
    completely, ValueError or `BadHeader` if its path or a header cannot be used.
    """
    _prepare(connection, method, to, {"User-Agent": USER_AGENT, **headers})
    try:
        if connection.sock is None:
            connection.timeout = timeout[0]
            connection.connect()
        # Taken before the response: http.client drops its reference if the server is going to close the connection.
        sock: socket.socket = connection.sock
        sock.settimeout(timeout[1])
        # An upload would be held as a whole before its first block leaves.
        upload: Iterable[bytes] = () if body is None or isinstance(body, bytes) else body
        connection.endheaders(body if isinstance(body, bytes) else None)
        for data in chain(connection.take_held(), upload):
            HTTPConnection.send(connection, data)
    except OSError as error:
        raise NotSent(error) from error
    return sock


def _prepare(connection: PlainConnection, method: str, to: SplitResult, headers: RequestHeaders) -> None:
    """Write the head of a request into the connection's buffer; nothing is sent yet.

    Raise ValueError if the path has other characters than visible ASCII, `BadHeader` if a header has one that HTTP does
    not allow.
    """
    try:
        # Without Accept-Encoding, unless `headers` has one: http.client would add one of its own.
        connection.putrequest(method, urlunsplit(("", "", to.path or "/", to.query, "")), skip_accept_encoding=True)
    except (HTTPException, UnicodeError) as error:
        raise ValueError("an address has a path of visible ASCII") from error
    for name, value in headers.items():
        try:
            connection.putheader(name, value)
        except ValueError as error:
            raise BadHeader(name) from error
