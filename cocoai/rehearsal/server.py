"""PracticeServer: the ground under both practice servers. HTTP/1.1 with keep-alive, over TLS or plain, on 127.0.0.1.

It knows nothing of Slack or OpenAI: a child says what is answered. What it adds to a plain web server is honesty
about failure (a reply can be streamed, cut, or never come) and an end that leaves no thread and no socket behind.
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

from cocoai.rehearsal.certificates import Certificates

MAX_BODY = 8 * 1024 * 1024
HANDSHAKE_TIMEOUT = 10.0
IDLE_TIMEOUT = 75.0
"""Seconds a connection may lie idle before the server closes it, as servers do."""


@dataclass(frozen=True)
class Incoming:
    """One request as it came; header names are lower-case; `arrived` is in epoch seconds."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    arrived: float


@dataclass(frozen=True)
class Outgoing:
    """What goes back: bytes with their length, or pieces, each sent on its own as soon as it is there (chunked)."""

    status: int = 200
    body: bytes | Iterable[bytes] = b""
    headers: tuple[tuple[str, str], ...] = ()


class Gone(Exception):
    """Nothing failed: close the connection without a further word. Raised by `answer`, or by the pieces it returned."""


class PracticeServer:
    """A small threaded server. The port (`port` 0: any free one) is taken at once; requests are read from `start` on.

    `certificates` None serves plain HTTP. A child overrides `answer`, which runs in a thread for each connection.
    """

    def __init__(self, certificates: Certificates | None = None, *, port: int = 0) -> None:
        self.stopping = threading.Event()
        self._listener = _Listener(self, _tls(certificates), port)
        self._thread = threading.Thread(target=self._listener.accept, daemon=True)
        self.port: int = self._listener.server_address[1]
        self.url = f"{'https' if certificates else 'http'}://127.0.0.1:{self.port}"

    def answer(self, incoming: Incoming) -> Outgoing:
        """What is said to one request; raise `Gone` to say nothing."""
        raise NotImplementedError

    def pause(self, seconds: float) -> None:
        """Wait as a slow server would; when the server is stopped meanwhile, raise `Gone`."""
        if self.stopping.wait(max(0.0, seconds)):
            raise Gone

    def start(self) -> Self:
        """Read requests, in a thread."""
        self._thread.start()
        return self

    def stop(self) -> None:
        """End every thread and socket. May be called twice, and without `start`."""
        self.stopping.set()
        if self._thread.is_alive():
            # One more connection, for accept to wake up by; a loop that looked every now and then would end later.
            socket.create_connection(("127.0.0.1", self.port), timeout=10).close()
            self._thread.join()
        self._listener.server_close()
        self.drop_connections()
        self._listener.join()

    def drop_connections(self) -> None:
        """Close every connection that is open now, idle ones too, as a restarting server does."""
        self._listener.drop()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()


def _tls(certificates: Certificates | None) -> ssl.SSLContext | None:
    if certificates is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(certificates.cert_file, certificates.key_file)
    return context


class _Listener(socketserver.TCPServer):
    """Accepts connections, and keeps each one's thread and socket so that all can be ended."""

    allow_reuse_address = True
    request_queue_size = 256

    def __init__(self, owner: PracticeServer, context: ssl.SSLContext | None, port: int) -> None:
        self.owner = owner
        self._context = context
        self._lock = threading.Lock()
        self._open: dict[threading.Thread, socket.socket] = {}
        super().__init__(("127.0.0.1", port), _Handler)

    def accept(self) -> None:
        """Take connections until the owner stops."""
        while not self.owner.stopping.is_set():
            try:
                request, address = self.get_request()
            except OSError:
                # Out of descriptors, or the client has left again: it passes.
                self.owner.stopping.wait(0.05)
                continue
            self.process_request(request, address)

    def process_request(self, request: Any, client_address: Any) -> None:
        thread = threading.Thread(target=self._serve, args=(request, client_address), daemon=True)
        with self._lock:
            self._open[thread] = request
        thread.start()

    def _serve(self, raw: socket.socket, client_address: Any) -> None:
        connection = raw
        try:
            connection = self._secured(raw)
            self.finish_request(connection, client_address)
        except OSError:
            pass  # the other side left, or drop() closed the connection under us: a practice server expects both
        except Exception:  # noqa: BLE001 - a defect of the double must be seen, and must not end the server
            self.handle_error(connection, client_address)
        finally:
            self.shutdown_request(connection)
            with self._lock:
                self._open.pop(threading.current_thread(), None)

    def _secured(self, raw: socket.socket) -> socket.socket:
        """Shake hands in the connection's own thread: a client that is slow at it must not hold up the others."""
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
            # drop() may have looked while the connection changed hands, and closed nothing.
            secured.close()
            raise ConnectionAbortedError
        return secured

    def drop(self) -> None:
        with self._lock:
            connections = list(self._open.values())
        for connection in connections:
            try:
                # Not SSLSocket.shutdown: it takes the TLS object away under the thread that reads from it.
                socket.socket.shutdown(connection, socket.SHUT_RDWR)
            except OSError:
                continue

    def join(self) -> None:
        with self._lock:
            threads = list(self._open)
        for thread in threads:
            thread.join(10)


class _Handler(BaseHTTPRequestHandler):
    """Reads requests and writes replies; what is said, the owner decides."""

    server: _Listener
    protocol_version = "HTTP/1.1"
    timeout = IDLE_TIMEOUT
    disable_nagle_algorithm = True
    wbufsize = -1

    def do_GET(self) -> None:
        self._exchange()

    def do_POST(self) -> None:
        self._exchange()

    def _exchange(self) -> None:
        try:
            body = self._body()
            if body is not None:
                self._send(self.server.owner.answer(self._incoming(body)))
        except Gone:
            self.close_connection = True

    def _incoming(self, body: bytes) -> Incoming:
        parts = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        return Incoming(self.command, parts.path, parts.query, headers, body, time.time())

    def _body(self) -> bytes | None:
        """None when the request was refused already."""
        declared = self.headers.get("Content-Length") or "0"
        known = declared.isascii() and declared.isdigit() and "Transfer-Encoding" not in self.headers
        if not known or int(declared) > MAX_BODY:
            self.close_connection = True
            self._send(Outgoing(413 if known else 411))
            return None
        return self.rfile.read(int(declared))

    def _send(self, outgoing: Outgoing) -> None:
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
        try:
            self.wfile.flush()
            for piece in pieces:
                if piece:
                    self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece))
                    self.wfile.flush()
            self.wfile.write(b"0\r\n\r\n")
        finally:
            if close := getattr(pieces, "close", None):
                close()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is http.server's
        """Quiet: what was asked is recorded by the children, not printed."""
