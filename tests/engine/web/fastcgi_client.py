"""A FastCGI client written from the specification (FastCGI 1.0), record by record; it shares no code with flup."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import TracebackType

BEGIN, ABORT, END, PARAMS, STDIN, STDOUT, STDERR, DATA, GET_VALUES, GET_VALUES_RESULT, UNKNOWN = range(1, 12)

RESPONDER, AUTHORIZER = 1, 2
KEEP_CONN = 1
COMPLETE, CANT_MULTIPLEX, OVERLOADED, UNKNOWN_ROLE = range(4)

PATIENCE = 30.0
"""Seconds: the deadline of every wait, long enough for a busy machine."""


def record(kind: int, content: bytes = b"", *, request_id: int = 1, padding: int = 0, version: int = 1) -> bytes:
    """Return a record: eight bytes of header, the content, the padding."""
    return struct.pack("!BBHHBx", version, kind, request_id, len(content), padding) + content + b"p" * padding


def stream(kind: int, content: bytes, *, piece: int = 65535) -> bytes:
    """Return a stream: `content` in records of at most `piece` bytes, then the empty record that ends it."""
    pieces = (content[start : start + piece] for start in range(0, len(content), piece))
    return b"".join(record(kind, each) for each in pieces) + record(kind)


def begin(*, role: int = RESPONDER, flags: int = 0) -> bytes:
    """Return the record that begins a request."""
    return record(BEGIN, struct.pack("!HB5x", role, flags))


def length(number: int) -> bytes:
    """Return the bytes of a name's or value's length: one, or four with the top bit set."""
    return bytes([number]) if number < 128 else struct.pack("!L", number | 1 << 31)


def pairs(params: Mapping[str, str]) -> bytes:
    """Return names and values as PARAMS and GET_VALUES have them."""
    encoded = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in params.items()]
    return b"".join(length(len(name)) + length(len(value)) + name + value for name, value in encoded)


def params(path: str = "/", *, method: str = "GET", body: bytes = b"", **others: str) -> dict[str, str]:
    """Return the params that nginx sends for a request, as far as the workers look at them."""
    return {
        "QUERY_STRING": "",
        "REQUEST_METHOD": method,
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": str(len(body)) if body else "",
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "REQUEST_URI": path,
        "SERVER_PROTOCOL": "HTTP/1.1",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "8080",
        **others,
    }


def request(path: str = "/", *, method: str = "GET", body: bytes = b"", **others: str) -> bytes:
    """Return a whole request."""
    sent = pairs(params(path, method=method, body=body, **others))
    return begin() + stream(PARAMS, sent) + stream(STDIN, body)


@dataclass(frozen=True)
class Record:
    """A record that was received."""

    kind: int
    request_id: int
    content: bytes


@dataclass(frozen=True)
class Reply:
    """All that was received until the server closed; `ended` is END_REQUEST's two statuses, None if it never came."""

    status: int
    headers: dict[str, str]
    body: bytes
    stderr: bytes
    ended: tuple[int, int] | None

    @property
    def text(self) -> str:
        return self.body.decode()


class Peer:
    """A web server's connection to a FastCGI server."""

    def __init__(self, path: str) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(PATIENCE)
        try:
            self.sock.connect(path)
        except OSError:
            self.sock.close()
            raise

    def __enter__(self) -> Peer:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        self.sock.close()

    def send(self, data: bytes) -> None:
        self.sock.sendall(data)

    def records(self) -> Iterator[Record]:
        """Yield each record as it arrives, until the server closes."""
        while header := self._take(8):
            version, kind, request_id, size, padding = struct.unpack("!BBHHBx", header)
            content = self._take(size)
            assert (version, len(content), len(self._take(padding))) == (1, size, padding)
            yield Record(kind, request_id, content)

    def until(self, kind: int) -> Record:
        """Return the next record of this kind."""
        return next(record for record in self.records() if record.kind == kind)

    def is_closed(self) -> bool:
        """Wait for the server to close; return False if it sends something instead."""
        return self._take(1) == b""

    def reply(self) -> Reply:
        """Return the whole reply, up to the close."""
        return reply(list(self.records()))

    def _take(self, size: int) -> bytes:
        taken = b""
        while len(taken) < size:
            try:
                piece = self.sock.recv(size - len(taken))
            except ConnectionResetError:  # closed before it had read all of ours
                piece = b""
            if not piece:
                break
            taken += piece
        return taken


def reply(records: list[Record]) -> Reply:
    """Return the reply that these records make up."""
    out = b"".join(each.content for each in records if each.kind == STDOUT)
    head, _, body = out.partition(b"\r\n\r\n")
    headers = dict(line.split(": ", 1) for line in head.decode("latin-1").split("\r\n") if line)
    ends = [struct.unpack("!LB3x", each.content) for each in records if each.kind == END]
    return Reply(
        status=int(headers.pop("Status", "0")[:3]),
        headers={name.lower(): value for name, value in headers.items()},
        body=body,
        stderr=b"".join(each.content for each in records if each.kind == STDERR),
        ended=ends[0] if len(ends) == 1 else None,
    )


def ask(socket_path: str, path: str = "/", *, method: str = "GET", body: bytes = b"", **others: str) -> Reply:
    """Send a request on a connection of its own; return its reply."""
    with Peer(socket_path) as peer:
        peer.send(request(path, method=method, body=body, **others))
        return peer.reply()
