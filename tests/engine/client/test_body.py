"""engine/client/body.py over real connections: the network's cuts lose no data, and no wait is too long."""

from __future__ import annotations

import functools
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

from cocoai.engine.client.body import CHUNK_SIZE, MOST_WHOLE, Body, Chunked, Interrupted, is_readable
from cocoai.rehearsal.certificates import Certificates

PATIENCE = 30.0
CHUNKED = {"transfer-encoding": "chunked"}


@dataclass
class Wire:
    """A connection by both its ends, and the buffered reader of the client's end."""

    client_end: socket.socket
    server_end: socket.socket
    reader: io.BufferedReader

    def body(self, **headers: str) -> Body:
        """Return the body of a response with these headers; `_` in a name means `-`."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return Body(self.reader, self.client_end, 200, named)


@pytest.fixture
def wire() -> Iterator[Wire]:
    """Connect two sockets for one test."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        client_end = socket.create_connection(listener.getsockname())
        server_end, _ = listener.accept()
    with client_end, server_end, client_end.makefile("rb") as reader:
        yield Wire(client_end, server_end, reader)


def test_read_returns_all_that_has_arrived(wire: Wire) -> None:
    """All that was written before is one chunk, and only its first byte is waited for."""
    body = wire.body(content_length="6")
    for piece in (b"ab", b"cd"):
        wire.server_end.sendall(piece)
    wire.server_end.shutdown(socket.SHUT_WR)
    body.wait_for_more(PATIENCE)

    assert b"abcd" == body.read(PATIENCE)


def test_the_data_before_a_cut_is_returned_first(wire: Wire) -> None:
    """If the connection ends before the body does, the error comes with the next call."""
    body = wire.body(content_length="6")
    wire.server_end.sendall(b"abcd")
    wire.server_end.close()

    assert b"abcd" == body.read(PATIENCE)
    with pytest.raises(ConnectionError):
        body.read(PATIENCE)


def test_nothing_after_the_body_is_read(wire: Wire) -> None:
    """Data after the body is not returned, and after the end no call waits."""
    body = wire.body(content_length="2")
    wire.server_end.sendall(b"ab" + b"behind")

    assert [b"ab", b"", b""] == [body.read(PATIENCE) for _ in range(3)]
    body.wait_for_more(PATIENCE * 100)


def test_silence_is_a_time_out(wire: Wire) -> None:
    """Silence is a TimeoutError, also in the middle of an HTTP chunk."""
    body = wire.body(transfer_encoding="chunked")
    wire.server_end.sendall(b"4\r\nab")
    first = body.read(PATIENCE)

    assert b"ab" == first
    with pytest.raises(TimeoutError):
        body.read(0.05)


def test_a_little_data_does_not_end_the_wait_for_more(wire: Wire) -> None:
    """Less than CHUNK_SIZE stays in the kernel until the time is over."""
    body = wire.body()
    wire.server_end.sendall(b"a little")
    began = time.monotonic()
    body.wait_for_more(0.2)

    assert time.monotonic() - began > 0.1
    assert b"a little" == body.read(PATIENCE)


def test_the_end_of_the_connection_ends_the_wait_for_more(wire: Wire) -> None:
    """The end of the connection ends the wait at once."""
    body = wire.body()
    wire.server_end.sendall(b"all")
    wire.server_end.close()
    body.wait_for_more(PATIENCE * 100)

    assert [b"all", b""] == [body.read(PATIENCE), body.read(PATIENCE)]


def test_enough_data_ends_the_wait_for_more(wire: Wire) -> None:
    """CHUNK_SIZE bytes end the wait at once."""
    body = wire.body()
    wire.server_end.setblocking(False)
    sent = wire.server_end.send(b"x" * 2 * CHUNK_SIZE)
    assert sent >= CHUNK_SIZE
    body.wait_for_more(PATIENCE * 100)

    assert len(body.read(PATIENCE)) >= CHUNK_SIZE


# the wake-up descriptor


@dataclass
class Wakeup:
    """A pipe whose reading end, `fd`, the test makes readable."""

    fd: int
    writer: int

    def write(self) -> None:
        """Make `fd` readable."""
        os.write(self.writer, b"!")

    def drain(self) -> None:
        """Empty the pipe again."""
        os.read(self.fd, 1)


@pytest.fixture
def wakeup() -> Iterator[Wakeup]:
    """Make a wake-up descriptor for one test."""
    pipe = Wakeup(*os.pipe())
    yield pipe
    os.close(pipe.fd)
    os.close(pipe.writer)


@pytest.fixture(params=["plain", "tls"])
def either_wire(request: pytest.FixtureRequest, wire: Wire, certificates: Certificates) -> Iterator[Wire]:
    """Connect two sockets, in the clear and under TLS, whose records come between the connection and its data."""
    if request.param == "plain":
        yield wire
        return
    client_end, server_end = with_tls(wire, certificates)
    with client_end, server_end, client_end.makefile("rb") as reader:
        yield Wire(client_end, server_end, reader)


def with_tls(wire: Wire, certificates: Certificates) -> tuple[socket.socket, socket.socket]:
    """Return both ends under TLS; the client has not read the tickets that follow the handshake."""
    client = ssl.create_default_context(cafile=certificates.ca_file)
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(certificates.cert_file, certificates.key_file)
    # What is written must be there, though the tickets before it are not acknowledged yet.
    wire.server_end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    with ThreadPoolExecutor(1) as threads:
        handshake = threads.submit(server.wrap_socket, wire.server_end, server_side=True)
        client_end = client.wrap_socket(wire.client_end, server_hostname="127.0.0.1")
        return client_end, handshake.result(PATIENCE)


def test_wakeup_interrupts_a_read_without_data(either_wire: Wire, wakeup: Wakeup) -> None:
    """After `drain` the body is read on to its end, and nothing is lost."""
    body = either_wire.body(content_length="5")
    body.wakeup = wakeup.fd
    wakeup.write()

    with pytest.raises(Interrupted):
        body.read(PATIENCE)
    wakeup.drain()
    either_wire.server_end.sendall(b"words")
    assert [b"words", b""] == [body.read(PATIENCE), body.read(PATIENCE)]


def test_wakeup_does_not_interrupt_a_read_with_data(either_wire: Wire, wakeup: Wakeup) -> None:
    """Data that has arrived is returned first, also if it came together with the headers."""
    either_wire.server_end.sendall(b"HTTP/1.1 200 OK\r\n\r\nfirst")
    either_wire.reader.readline()
    either_wire.reader.readline()
    body = either_wire.body()
    body.wakeup = wakeup.fd
    wakeup.write()

    assert b"first" == body.read(PATIENCE)
    with pytest.raises(Interrupted):
        body.read(PATIENCE)


def test_patience_interrupts_a_read_without_data(either_wire: Wire) -> None:
    """What has arrived is returned, however little patience there is; nothing is lost."""
    body = either_wire.body(content_length="5")

    with pytest.raises(Interrupted):
        body.read(PATIENCE, patience=0.05)
    with pytest.raises(Interrupted):
        body.read(PATIENCE, patience=0.0)
    either_wire.server_end.sendall(b"words")
    assert is_readable(either_wire.client_end, PATIENCE)
    assert [b"words", b""] == [body.read(PATIENCE, patience=0.0), body.read(PATIENCE)]


def test_wakeup_ends_the_wait_for_more(either_wire: Wire, wakeup: Wakeup) -> None:
    """The wait ends at once, and the data stays for the next read."""
    body = either_wire.body()
    body.wakeup = wakeup.fd
    either_wire.server_end.sendall(b"a little")
    wakeup.write()
    body.wait_for_more(PATIENCE * 100)

    assert b"a little" == body.read(PATIENCE)


def test_an_unused_wakeup_changes_nothing(either_wire: Wire, wakeup: Wakeup) -> None:
    """With a wake-up descriptor that is never readable, reads, time-outs and the end are as without."""
    body = either_wire.body()
    body.wakeup = wakeup.fd

    with pytest.raises(TimeoutError):
        body.read(0.05)
    either_wire.server_end.sendall(b"words")
    either_wire.server_end.shutdown(socket.SHUT_RDWR)
    assert [b"words", b""] == [body.read(PATIENCE), body.read(PATIENCE)]


def test_interrupted_is_no_os_error(wire: Wire) -> None:
    """A caller that catches the errors of the connection must not catch `Interrupted`."""
    assert not issubclass(Interrupted, OSError)


@pytest.mark.parametrize(
    ("encoding", "packed"), [("gzip", gzip.compress(b"words", mtime=0)), ("deflate", zlib.compress(b"words"))]
)
def test_a_compressed_body_is_decoded(wire: Wire, encoding: str, packed: bytes) -> None:
    """A server may compress although the request does not accept it."""
    wire.server_end.sendall(packed)

    assert b"words" == wire.body(content_length=str(len(packed)), content_encoding=encoding).read_all(PATIENCE)


@functools.cache
def bomb() -> bytes:
    """Return 61 KB that hold 60 MiB."""
    return gzip.compress(bytes(60 * 1024 * 1024), mtime=0)


def test_a_compressed_body_is_inflated_in_portions(wire: Wire) -> None:
    """A read returns no more of it at once than of any other body, and nothing of it is lost."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(wire.server_end.sendall, bomb())
        body = wire.body(content_length=str(len(bomb())), content_encoding="gzip")
        first = body.read(PATIENCE)
        is_more_at_hand = body.has_data()
        body.wait_for_more(PATIENCE)
        sizes = [len(first), *(len(chunk) for chunk in iter(lambda: body.read(PATIENCE), b""))]

    assert is_more_at_hand
    assert max(sizes) <= CHUNK_SIZE
    assert sum(sizes) == 60 * 1024 * 1024


@pytest.mark.parametrize("size", [1, CHUNK_SIZE - 1, CHUNK_SIZE, CHUNK_SIZE + 1, 3 * CHUNK_SIZE])
def test_a_compressed_body_is_whole_whatever_its_length(wire: Wire, size: int) -> None:
    """A portion that ends with the body, or just before it, loses no byte; what follows the body is dropped."""
    content = bytes(range(256)) * (size // 256) + bytes(size % 256)
    packed = gzip.compress(content, mtime=0) + b"behind the end"
    wire.server_end.sendall(packed)

    assert content == wire.body(content_length=str(len(packed)), content_encoding="gzip").read_all(PATIENCE)


@pytest.mark.parametrize("encoding", ["", "gzip"])
def test_a_body_that_is_read_as_a_whole_has_a_bound(wire: Wire, encoding: str) -> None:
    """A body over MOST_WHOLE, compressed or not, is a ConnectionError as soon as that shows; its rest is not read."""
    sent = bomb() if encoding else bytes(2 * MOST_WHOLE)
    with ThreadPoolExecutor(1) as pool:
        sending = pool.submit(wire.server_end.sendall, sent)
        body = wire.body(content_length=str(len(sent)), content_encoding=encoding)
        with pytest.raises(ConnectionError):
            body.read_all(PATIENCE)
        wire.client_end.shutdown(socket.SHUT_RDWR)
        sending.exception()


def test_a_body_that_cannot_be_decoded_is_an_error(wire: Wire) -> None:
    """A body that is not compressed as its header says is a ConnectionError."""
    wire.server_end.sendall(b"words")

    with pytest.raises(ConnectionError):
        wire.body(content_length="5", content_encoding="gzip").read_all(PATIENCE)


@pytest.mark.parametrize(("header", "is_last"), [("close", True), ("Close", True), ("keep-alive", False), ("", False)])
def test_is_last_is_the_connection_header(wire: Wire, header: str, is_last: bool) -> None:
    """`is_last` is True if the server announces that it will close the connection."""
    assert is_last == wire.body(connection=header).is_last


@given(
    st.lists(st.binary(min_size=1, max_size=40), max_size=8), st.lists(st.integers(0, 400), max_size=8), st.booleans()
)
def test_chunks_are_read_whatever_the_cuts(contents: list[bytes], cuts: list[int], has_trailers: bool) -> None:
    """Size lines, content and line ends may be cut anywhere."""
    raw = b"".join(b"%x\r\n%b\r\n" % (len(content), content) for content in contents)
    raw += b"0\r\n" + b"A: trailer\r\n" * has_trailers + b"\r\n"
    places = sorted(min(place, len(raw)) for place in cuts)
    frame = Chunked()
    read = [frame.feed(raw[start:end]) for start, end in zip([0, *places], [*places, len(raw)], strict=True)]

    assert b"".join(contents) == b"".join(read)
    assert frame.is_complete


@given(st.binary(max_size=100))
def test_any_bytes_are_chunks_or_an_error(raw: bytes) -> None:
    """For any bytes `feed` returns or raises ConnectionError."""
    with suppress(ConnectionError):
        Chunked().feed(raw)
