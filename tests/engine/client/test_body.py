"""engine/client/body.py over real connections: nothing is lost, whatever the network cut, and nobody waits too long."""

from __future__ import annotations

import gzip
import io
import os
import socket
import ssl
import time
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cocoai.engine.client.body import PLENTY, Body, Chunked, Interrupted
from cocoai.rehearsal.certificates import Certificates

PATIENCE = 30.0
CHUNKED = {"transfer-encoding": "chunked"}


@dataclass
class Wire:
    """A connection, and what the server at its other end writes."""

    ours: socket.socket
    theirs: socket.socket
    reader: io.BufferedReader

    def body(self, **headers: str) -> Body:
        return Body(self.reader, self.ours, 200, {name.replace("_", "-"): value for name, value in headers.items()})


@pytest.fixture
def wire() -> Iterator[Wire]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        ours = socket.create_connection(listener.getsockname())
        theirs, _ = listener.accept()
    with ours, theirs, ours.makefile("rb") as reader:
        yield Wire(ours, theirs, reader)


def test_all_that_is_there_is_one_gulp(wire: Wire) -> None:
    """However it was written; and the wait is for its first byte only."""
    body = wire.body(content_length="6")
    for piece in (b"ab", b"cd"):
        wire.theirs.sendall(piece)
    wire.theirs.shutdown(socket.SHUT_WR)
    body.wait_for_more(PATIENCE)

    assert b"abcd" == body.read(PATIENCE)


def test_what_breaks_off_is_handed_on_before_the_error(wire: Wire) -> None:
    """The connection ended before the body did."""
    body = wire.body(content_length="6")
    wire.theirs.sendall(b"abcd")
    wire.theirs.close()

    assert b"abcd" == body.read(PATIENCE)
    with pytest.raises(ConnectionError):
        body.read(PATIENCE)


def test_the_end_is_the_end(wire: Wire) -> None:
    """What lies behind the body is not its own, and nobody waits for it."""
    body = wire.body(content_length="2")
    wire.theirs.sendall(b"ab" + b"behind")

    assert [b"ab", b"", b""] == [body.read(PATIENCE) for _ in range(3)]
    body.wait_for_more(PATIENCE * 100)


def test_silence_is_a_time_out(wire: Wire) -> None:
    """In the middle of a chunk's frame as well."""
    body = wire.body(transfer_encoding="chunked")
    wire.theirs.sendall(b"4\r\nab")
    first = body.read(PATIENCE)

    assert b"ab" == first
    with pytest.raises(TimeoutError):
        body.read(0.05)


def test_to_gather_is_to_wait_for_more_for_a_while(wire: Wire) -> None:
    """A little does not wake us: it lies there until we come for it."""
    body = wire.body()
    wire.theirs.sendall(b"a little")
    began = time.monotonic()
    body.wait_for_more(0.2)

    assert time.monotonic() - began > 0.1
    assert b"a little" == body.read(PATIENCE)


def test_the_end_of_the_connection_ends_the_gathering(wire: Wire) -> None:
    """At once, however long it was to last."""
    body = wire.body()
    wire.theirs.sendall(b"all")
    wire.theirs.close()
    body.wait_for_more(PATIENCE * 100)

    assert [b"all", b""] == [body.read(PATIENCE), body.read(PATIENCE)]


def test_plenty_ends_the_gathering(wire: Wire) -> None:
    """More than that is not left to lie."""
    body = wire.body()
    wire.theirs.setblocking(False)
    sent = wire.theirs.send(b"x" * 2 * PLENTY)
    assert sent >= PLENTY
    body.wait_for_more(PATIENCE * 100)

    assert len(body.read(PATIENCE)) >= PLENTY


# the bell


@dataclass
class WakeupPipe:
    """A descriptor that rings when the test says so."""

    fd: int
    rope: int

    def ring(self) -> None:
        os.write(self.rope, b"!")

    def drain(self) -> None:
        os.read(self.fd, 1)


@pytest.fixture
def bell() -> Iterator[WakeupPipe]:
    made = WakeupPipe(*os.pipe())
    yield made
    os.close(made.fd)
    os.close(made.rope)


@pytest.fixture(params=["plain", "tls"])
def rung(request: pytest.FixtureRequest, wire: Wire, certificates: Certificates) -> Iterator[Wire]:
    """A wire, in the clear and under TLS, whose records lie between the connection and what is read of it."""
    if request.param == "plain":
        yield wire
        return
    ours, theirs = shaken_hands(wire, certificates)
    with ours, theirs, ours.makefile("rb") as reader:
        yield Wire(ours, theirs, reader)


def shaken_hands(wire: Wire, certificates: Certificates) -> tuple[socket.socket, socket.socket]:
    """Both ends under TLS; the client has not read the tickets that the server sends behind the handshake."""
    client = ssl.create_default_context(cafile=certificates.ca_file)
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(certificates.cert_file, certificates.key_file)
    # What is written must be there, though the tickets before it are not acknowledged yet.
    wire.theirs.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    with ThreadPoolExecutor(1) as hand:
        theirs = hand.submit(server.wrap_socket, wire.theirs, server_side=True)
        ours = client.wrap_socket(wire.ours, server_hostname="127.0.0.1")
        return ours, theirs.result(PATIENCE)


def test_the_bell_ends_the_wait_for_the_first_byte(rung: Wire, bell: WakeupPipe) -> None:
    """And nothing is lost: hushed, the body is read on to its end."""
    body = rung.body(content_length="5")
    body.bell = bell.fd
    bell.ring()

    with pytest.raises(Interrupted):
        body.read(PATIENCE)
    bell.drain()
    rung.theirs.sendall(b"words")
    assert [b"words", b""] == [body.read(PATIENCE), body.read(PATIENCE)]


def test_what_is_there_is_read_though_the_bell_rings(rung: Wire, bell: WakeupPipe) -> None:
    """It is not lost to whoever ends with what is there, also if it came together with the headers."""
    rung.theirs.sendall(b"HTTP/1.1 200 OK\r\n\r\nfirst")
    rung.reader.readline()
    rung.reader.readline()
    body = rung.body()
    body.bell = bell.fd
    bell.ring()

    assert b"first" == body.read(PATIENCE)
    with pytest.raises(Interrupted):
        body.read(PATIENCE)


def test_the_bell_ends_the_gathering(rung: Wire, bell: WakeupPipe) -> None:
    """At once, however long it was to last; what has come lies there for the next read."""
    body = rung.body()
    body.bell = bell.fd
    rung.theirs.sendall(b"a little")
    bell.ring()
    body.wait_for_more(PATIENCE * 100)

    assert b"a little" == body.read(PATIENCE)


def test_a_bell_that_does_not_ring_changes_nothing(rung: Wire, bell: WakeupPipe) -> None:
    """Silence is a time-out, words are read, the end is the end."""
    body = rung.body()
    body.bell = bell.fd

    with pytest.raises(TimeoutError):
        body.read(0.05)
    rung.theirs.sendall(b"words")
    rung.theirs.shutdown(socket.SHUT_RDWR)
    assert [b"words", b""] == [body.read(PATIENCE), body.read(PATIENCE)]


def test_the_bell_is_no_error_of_the_connection(wire: Wire) -> None:
    """Whoever catches those must not take it for one."""
    assert not issubclass(Interrupted, OSError)


@pytest.mark.parametrize(
    ("encoding", "packed"), [("gzip", gzip.compress(b"words")), ("deflate", zlib.compress(b"words"))]
)
def test_a_server_that_compresses_all_the_same_is_understood(wire: Wire, encoding: str, packed: bytes) -> None:
    """Nobody asked it to."""
    wire.theirs.sendall(packed)

    assert b"words" == wire.body(content_length=str(len(packed)), content_encoding=encoding).whole(PATIENCE)


def test_a_body_that_cannot_be_unpacked_is_an_error(wire: Wire) -> None:
    """Of the connection's family: what it was nobody knows."""
    wire.theirs.sendall(b"words")

    with pytest.raises(ConnectionError):
        wire.body(content_length="5", content_encoding="gzip").whole(PATIENCE)


@pytest.mark.parametrize(("said", "closes"), [("close", True), ("Close", True), ("keep-alive", False), ("", False)])
def test_whether_the_server_will_close(wire: Wire, said: str, closes: bool) -> None:
    """As it says itself."""
    assert closes == wire.body(connection=said).closes


@given(
    st.lists(st.binary(min_size=1, max_size=40), max_size=8), st.lists(st.integers(0, 400), max_size=8), st.booleans()
)
def test_chunks_are_read_whatever_the_cuts(words: list[bytes], cuts: list[int], has_trailers: bool) -> None:
    """Size lines, words and line ends fall apart anywhere."""
    raw = b"".join(b"%x\r\n%b\r\n" % (len(word), word) for word in words)
    raw += b"0\r\n" + b"A: trailer\r\n" * has_trailers + b"\r\n"
    places = sorted(min(place, len(raw)) for place in cuts)
    frame = Chunked()
    read = [frame.feed(raw[start:end]) for start, end in zip([0, *places], [*places, len(raw)], strict=True)]

    assert b"".join(words) == b"".join(read)
    assert frame.complete


@given(st.binary(max_size=100))
def test_any_bytes_are_chunks_or_an_error(raw: bytes) -> None:
    """Nothing else ever comes out, and it ends."""
    with suppress(ConnectionError):
        Chunked().feed(raw)
