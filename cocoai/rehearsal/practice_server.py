"""PracticeServer, the web server that the practice Slack, the practice OpenAI and the page's server are built on.

It speaks HTTP/1.1 with keep-alive, over TLS or plain, on 127.0.0.1 or, where it is told so, on all addresses. It knows
nothing of Slack or OpenAI: a subclass decides what is answered. Beyond an ordinary web server it can stream a response,
cut it off or never send it, and when it stops it leaves no thread and no socket behind.
"""

from __future__ import annotations

import socket
import socketserver
import ssl
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from typing import Any, Self
from urllib.parse import urlsplit

from cocoai.rehearsal.certificates import Certificates, server_context

MAX_BODY = 8 * 1024 * 1024
"""Bytes of a request's body; a longer one is answered with 413. A subclass may read more, by its `most_body`."""
HANDSHAKE_TIMEOUT = 10.0
"""Seconds that a TLS handshake may take."""
IDLE_TIMEOUT = 75.0
"""Seconds a connection may be idle before the server closes it, as servers do."""


@dataclass(frozen=True)
class Incoming:
    """One received request: header names are in lower case, `arrived` is in epoch seconds.

    `path` ends before the `?`, `query` is the text after it, still percent-encoded; `body` is b"" if there is none.
    """

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    arrived: float


@dataclass(frozen=True)
class Outgoing:
    """One response. A body of bytes is sent with its Content-Length; of an iterable each piece is sent as a chunk.

    `headers` are sent besides those that the server adds itself (Date, Server, the body's length, Connection).
    """

    status: int = 200
    body: bytes | Iterable[bytes] = b""
    headers: tuple[tuple[str, str], ...] = ()


class Gone(Exception):
    """Raised to close the connection without sending anything more: by `answer`, or by the body that it returned.

    It is no failure of the server.
    """


class PracticeServer:
    """A small threaded server. It binds its port (`port` 0: any free one) at once and reads requests after `start`.

    `certificates` None serves plain HTTP; `published` listens on all IPv4 addresses, so that other machines reach it. A
    subclass overrides `answer`, which runs in a thread for each connection. As a context manager it starts on entering
    and stops on leaving.
    """

    def __init__(self, certificates: Certificates | None = None, *, port: int = 0, published: bool = False) -> None:
        self.stopping = threading.Event()
        self.most_body = MAX_BODY
        self._listener = _Listener(self, server_context(certificates), ("0.0.0.0" if published else "127.0.0.1", port))
        self._thread = threading.Thread(target=self._listener.accept, daemon=True)
        self.port: int = self._listener.server_address[1]
        self.url = f"{'https' if certificates else 'http'}://127.0.0.1:{self.port}"

    def answer(self, incoming: Incoming) -> Outgoing:
        """Return the response to one request, or raise `Gone` to close the connection without one.

        A subclass must override this. It may block: only its own connection waits.
        """
        raise NotImplementedError

    @property
    def clock_shift(self) -> float:
        """Return the seconds by which the header Date is ahead of this machine's clock; a subclass may override it."""
        return 0.0

    def pause(self, seconds: float) -> None:
        """Wait so many seconds, as a slow server would. Raise `Gone` if the server stops meanwhile, or has stopped."""
        if self.stopping.wait(max(0.0, seconds)):
            raise Gone

    def start(self) -> Self:
        """Start a thread that accepts connections; return the server itself at once."""
        self._thread.start()
        return self

    def stop(self) -> None:
        """Close every socket and wait for each thread, at most 10 s. May be called twice, and without `start`."""
        self.stopping.set()
        if self._thread.is_alive():
            # A last connection wakes the blocking accept; a loop that polled would end later.
            socket.create_connection(("127.0.0.1", self.port), timeout=10).close()
            self._thread.join()
        self._listener.server_close()
        self.drop_connections()
        self._listener.join()

    def drop_connections(self) -> None:
        """Close every open connection, idle or not, as a restarting server does; go on accepting new ones."""
        self._listener.drop_connections()

    __enter__ = start

    def __exit__(self, *_: object) -> None:
        self.stop()


class _Listener(socketserver.TCPServer):
    """The listening socket; it remembers each connection's thread and socket, so that all of them can be ended."""

    allow_reuse_address = True
    request_queue_size = 256

    def __init__(self, owner: PracticeServer, context: ssl.SSLContext | None, address: tuple[str, int]) -> None:
        self.owner = owner
        self._context = context
        self._lock = threading.Lock()
        self._open: dict[threading.Thread, socket.socket] = {}
        super().__init__(address, _Handler)

    def accept(self) -> None:
        """Accept connections until the owner stops; each is served in a thread of its own. Blocks until then."""
        while not self.owner.stopping.is_set():
            try:
                request, address = self.get_request()
            except OSError:
                # Out of descriptors, or the client has already closed: temporary, so try again.
                self.owner.stopping.wait(0.05)
                continue
            self.process_request(request, address)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Start a thread that serves one accepted connection; `socketserver`'s own method would serve it here."""
        thread = threading.Thread(target=self._serve, args=(request, client_address), daemon=True)
        with self._lock:
            self._open[thread] = request
        thread.start()

    def _serve(self, raw: socket.socket, client_address: Any) -> None:
        """Do the TLS handshake, answer all requests of one connection, then close it.

        A lost connection (OSError) ends this silently; any other error is a defect, and its traceback is printed.
        """
        connection = raw
        try:
            connection = self._secured(raw)
            self.finish_request(connection, client_address)
        except OSError:
            pass  # the client left, or drop_connections() closed the socket while it was read: both are expected
        except Exception:  # noqa: BLE001 - a defect of the double must be seen, and must not end the server
            self.handle_error(connection, client_address)
        finally:
            self.shutdown_request(connection)
            with self._lock:
                self._open.pop(threading.current_thread(), None)

    def _secured(self, raw: socket.socket) -> socket.socket:
        """Return the connection after its TLS handshake, or `raw` for plain HTTP.

        Raise OSError if the handshake fails, the client is too slow, or the server stops meanwhile.
        """
        # This runs in the connection's own thread: a client with a slow handshake must not delay the others.
        if self._context is None:
            return raw
        raw.settimeout(HANDSHAKE_TIMEOUT)
        secured = self._context.wrap_socket(raw, server_side=True, do_handshake_on_connect=False)
        with self._lock:
            self._open[threading.current_thread()] = secured
        try:
            secured.do_handshake()
        except BaseException:
            secured.close()
            raise
        if self.owner.stopping.is_set():
            # drop_connections() may have run between the two sockets, and closed neither.
            secured.close()
            raise ConnectionAbortedError
        return secured

    def drop_connections(self) -> None:
        """Shut down every open connection's socket; the threads that read from them then end."""
        with self._lock:
            connections = list(self._open.values())
        for connection in connections:
            try:
                # Not SSLSocket.shutdown: it would remove the TLS object while another thread reads from it.
                socket.socket.shutdown(connection, socket.SHUT_RDWR)
            except OSError:
                continue

    def join(self) -> None:
        """Wait for the threads of all open connections to end, at most 10 s for each."""
        with self._lock:
            threads = list(self._open)
        for thread in threads:
            thread.join(10)


class _Handler(BaseHTTPRequestHandler):
    """Reads the requests of one connection and writes the responses that the owner decides on."""

    server: _Listener
    protocol_version = "HTTP/1.1"
    timeout = IDLE_TIMEOUT
    # Without this a small piece of a stream would be held back until the client has acknowledged the one before.
    disable_nagle_algorithm = True
    # Buffer what is written, so that a response's headers and body leave in one packet.
    wbufsize = -1

    def do_GET(self) -> None:
        """Answer a GET request."""
        self._exchange()

    def do_POST(self) -> None:
        """Answer a POST request."""
        self._exchange()

    def _exchange(self) -> None:
        """Read a request's body and send the owner's response; on `Gone` close the connection without one."""
        try:
            body = self._body()
            if body is not None:
                self._send(self.server.owner.answer(self._incoming(body)))
        except Gone:
            self.close_connection = True

    def _incoming(self, body: bytes) -> Incoming:
        """Return the request whose headers were read last, with this body."""
        parts = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        return Incoming(self.command, parts.path, parts.query, headers, body, time.time())

    def _body(self) -> bytes | None:
        """Read and return the request's body, b"" if it has none. Raise `Gone` if the client leaves before its end.

        Return None after a refusal was sent: 411 without a usable Content-Length, 413 above the owner's `most_body`.
        """
        declared = self.headers.get("Content-Length") or "0"
        known = declared.isascii() and declared.isdigit() and "Transfer-Encoding" not in self.headers
        if not known or int(declared) > self.server.owner.most_body:
            # Its body is not read, so the next request could not be found on this connection.
            self.close_connection = True
            self._send(Outgoing(413 if known else 411))
            return None
        if len(body := self.rfile.read(int(declared))) < int(declared):
            raise Gone
        return body

    def _send(self, outgoing: Outgoing) -> None:
        """Write a response to the connection: its status, its headers and its body, whole or in chunks."""
        body = outgoing.body
        length = ("Content-Length", str(len(body))) if isinstance(body, bytes) else ("Transfer-Encoding", "chunked")
        self.send_response(outgoing.status)
        for name, value in (*outgoing.headers, length):
            self.send_header(name, value)
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if isinstance(body, bytes):
            self.wfile.write(body)
        else:
            self._send_pieces(iter(body))

    def _send_pieces(self, pieces: Iterator[bytes]) -> None:
        """Send each piece at once as an HTTP chunk, then the end of the body; close the iterator in any case."""
        try:
            self.wfile.flush()  # the headers leave before the first piece, which may take long
            for piece in pieces:
                if piece:  # an empty chunk would end the body
                    self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece))
                    self.wfile.flush()
            self.wfile.write(b"0\r\n\r\n")
        finally:
            # A generator learns by this that the client has left: it ends at once, not when it is collected.
            if close := getattr(pieces, "close", None):
                close()

    def date_time_string(self, timestamp: float | None = None) -> str:
        """Return the text of the header Date: the time now, shifted as the owner says."""
        now = time.time() if timestamp is None else timestamp
        return super().date_time_string(now + self.server.owner.clock_shift)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is http.server's
        """Print nothing: the subclasses keep a record of the requests."""
