"""The base of the practice servers: streaming, silence, and an end without any thread or socket left."""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
import time
from collections.abc import Iterator

import pytest

from cocoai.rehearsal.certificates import Certificates
from cocoai.rehearsal.practice_server import Gone, Incoming, Outgoing, PracticeServer


class Echo(PracticeServer):
    """A server that answers by path: the request's body, pieces, a cut, a silence or nothing. It notes the paths."""

    def __init__(self, certificates: Certificates | None = None) -> None:
        super().__init__(certificates)
        self.answered: list[str] = []

    def answer(self, incoming: Incoming) -> Outgoing:
        """Return what the path asks for."""
        self.answered.append(incoming.path)
        if incoming.path == "/gone":
            raise Gone
        if incoming.path == "/hang":
            self.pause(3600)
        if incoming.path in ("/pieces", "/cut"):
            return Outgoing(body=self.pieces(cut=incoming.path == "/cut"))
        return Outgoing(headers=(("X-Query", incoming.query),), body=incoming.body or b"nothing")

    def pieces(self, *, cut: bool) -> Iterator[bytes]:
        """Yield two pieces, or cut the connection after the first."""
        yield b"one "
        if cut:
            raise Gone
        yield b"two"


@pytest.fixture(params=["plain", "tls"])
def server(request: pytest.FixtureRequest, certificates: Certificates) -> Iterator[Echo]:
    """Start the server, once over plain HTTP and once over TLS."""
    with Echo(certificates if request.param == "tls" else None) as echo:
        yield echo


@pytest.fixture
def client(server: Echo, certificates: Certificates) -> Iterator[http.client.HTTPConnection]:
    """Open a connection to the server."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    if server.url.startswith("https"):
        context = ssl.create_default_context(cafile=certificates.ca_file)
        connection = http.client.HTTPSConnection("127.0.0.1", server.port, timeout=20, context=context)
    yield connection
    connection.close()


def test_keep_alive(client: http.client.HTTPConnection) -> None:
    """A connection serves more than one request (HTTP/1.1 keep-alive)."""
    client.connect()
    before = client.sock
    bodies = []
    for body in (b"first", b"second"):
        client.request("POST", "/?a=b", body)
        reply = client.getresponse()
        bodies.append((reply.headers["X-Query"], reply.read()))

    assert [("a=b", b"first"), ("a=b", b"second")] == bodies
    assert before is client.sock


def test_pieces_are_streamed(client: http.client.HTTPConnection) -> None:
    """A body in pieces is sent in chunks, and the connection is kept."""
    client.request("GET", "/pieces")
    assert client.getresponse().read() == b"one two"

    client.request("GET", "/")
    assert client.getresponse().read() == b"nothing"


def test_gone(client: http.client.HTTPConnection) -> None:
    """`Gone` closes the connection without a response."""
    client.request("GET", "/gone")

    with pytest.raises(ConnectionError):
        client.getresponse()


def test_cut_in_the_middle(client: http.client.HTTPConnection) -> None:
    """A body may be cut off, and the client notices it."""
    client.request("GET", "/cut")
    reply = client.getresponse()

    with pytest.raises(http.client.IncompleteRead):
        reply.read()


@pytest.mark.parametrize(
    ("headers", "status"),
    [({"Content-Length": "x"}, 411), ({"Content-Length": str(2**40)}, 413), ({"Transfer-Encoding": "chunked"}, 411)],
)
def test_unusable_lengths_are_refused(client: http.client.HTTPConnection, headers: dict[str, str], status: int) -> None:
    """A body of unknown length, or one that is far too long, is not read."""
    client.putrequest("POST", "/")
    for name, value in headers.items():
        client.putheader(name, value)
    client.endheaders()

    assert status == client.getresponse().status


def test_a_body_that_is_cut_off_is_no_request(server: Echo, client: http.client.HTTPConnection) -> None:
    """A client that leaves in the middle of its body has requested nothing."""
    client.connect()
    client.sock.sendall(b"POST /half HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf")
    client.close()
    server.stop()  # waits for the connection's thread

    assert [] == server.answered


def test_idle_connections_can_be_dropped(server: Echo, client: http.client.HTTPConnection) -> None:
    """Idle connections can be closed, as a restarting server does."""
    client.request("GET", "/")
    client.getresponse().read()
    server.drop_connections()

    with pytest.raises((ConnectionError, ssl.SSLError)):  # noqa: PT012 - the write or the read finds it out
        client.request("GET", "/")
        client.getresponse()


def test_stop_ends_everything(certificates: Certificates) -> None:
    """Stopping waits for no hanging response, no idle connection and no handshake, and leaves no thread."""
    before = threading.active_count()
    server = Echo(certificates).start()
    context = ssl.create_default_context(cafile=certificates.ca_file)
    with (
        socket.create_connection(("127.0.0.1", server.port)),
        socket.create_connection(("127.0.0.1", server.port)) as raw,
        context.wrap_socket(raw, server_hostname="localhost") as hanging,
    ):
        hanging.sendall(b"GET /hang HTTP/1.1\r\nHost: localhost\r\n\r\n")
        started = time.monotonic()
        server.stop()
        server.stop()

    assert time.monotonic() - started < 9
    assert before == threading.active_count()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", server.port))


def test_stop_without_start() -> None:
    """A server that was never started can be stopped, and releases its port."""
    server = Echo()
    server.stop()

    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", server.port))
