"""Servers that the tests of the HTTP clients talk to: one that echoes, one that the test plays itself, and a tunnel."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from cocoai.rehearsal.certificates import Certificates
from cocoai.rehearsal.practice_server import Gone, Incoming, Outgoing, PracticeServer

PATIENCE = 30.0
SOON = 0.2
TIMEOUT = (PATIENCE, PATIENCE)


class EchoServer(PracticeServer):
    """Returns a request's body as a JSON string, and keeps the requests in `seen`.

    /gone closes the connection, /silent does not respond, /half breaks off, /moved redirects, /words sends two pieces.
    """

    def __init__(self, certificates: Certificates | None) -> None:
        super().__init__(certificates)
        self.seen: list[Incoming] = []

    def answer(self, incoming: Incoming) -> Outgoing:
        """Respond by the path."""
        self.seen.append(incoming)
        match incoming.path:
            case "/gone":
                raise Gone
            case "/silent":
                self.pause(PATIENCE)
            case "/half":
                return Outgoing(body=self.half())
            case "/moved":
                return Outgoing(302, headers=(("Location", "http://192.0.2.1/"),))
            case "/words":
                return Outgoing(body=[b"one ", b"two"])
        return Outgoing(body=json.dumps(incoming.body.decode()).encode(), headers=(("X-Echo", "yes"),))

    def half(self) -> Iterator[bytes]:
        """Yield a piece, then break off."""
        yield b"half"
        raise Gone


class LateServer(PracticeServer):
    """Responds only once `may_respond` is set; `has_request` says that it has read a request."""

    def __init__(self, certificates: Certificates | None) -> None:
        super().__init__(certificates)
        self.has_request = threading.Event()
        self.may_respond = threading.Event()

    def answer(self, _: Incoming) -> Outgoing:
        """Respond when the test allows it."""
        self.has_request.set()
        self.may_respond.wait(PATIENCE)
        return Outgoing(body=b"at last")


class ManualServer:
    """A server that responds once for each `serve`, and closes the connection when the test says so."""

    def __init__(self, listener: socket.socket) -> None:
        self._listener = listener
        self._listener.settimeout(PATIENCE)
        self._connection: socket.socket | None = None
        self.accepted = 0

    def serve(self, body: bytes = b"x") -> None:
        """Read one request with that body, and respond `ok`."""
        if self._connection is None:
            self._connection, _ = self._listener.accept()
            self._connection.settimeout(PATIENCE)
            self.accepted += 1
        request = b""
        while not request.endswith(b"\r\n\r\n" + body):
            request += self._connection.recv(65536)
        self._connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    def close_connection(self) -> None:
        """Close the current connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


class Tunnel:
    """A proxy that takes one CONNECT, keeps its head in `head`, and leads to `port` whatever the target was."""

    def __init__(self, port: int) -> None:
        self.head = b""
        self._target = ("127.0.0.1", port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def _serve(self) -> None:
        with self._listener, self._listener.accept()[0] as client, socket.create_connection(self._target) as server:
            while b"\r\n\r\n" not in self.head:
                self.head += client.recv(4096)
            client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            back = threading.Thread(target=_copy, args=(server, client), daemon=True)
            back.start()
            _copy(client, server)
            back.join(PATIENCE)

    def __enter__(self) -> Tunnel:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.join(PATIENCE)


def _copy(source: socket.socket, sink: socket.socket) -> None:
    """Copy all data from one connection to the other until it ends."""
    while data := source.recv(4096):
        sink.sendall(data)
    sink.shutdown(socket.SHUT_WR)


@contextmanager
def listening() -> Iterator[tuple[socket.socket, str]]:
    """Yield a listening socket and its address; nobody listens there afterwards."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener, f"http://127.0.0.1:{listener.getsockname()[1]}/"
