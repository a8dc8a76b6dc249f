"""The body of a streamed response, taken in gulps: all that has come, and only for the first of it a wait.

Whoever sleeps until the next word comes pays for each word some 0.2 ms of CPU, for by then his caches are cold; to
read it takes a hundredth of that. So a reader may let words come together (`gather`), which the kernel does for him.
It reads from the connection itself: the layers above it bring one chunk at a time, and never say whether there is more.
It knows no words, only bytes.
"""

from __future__ import annotations

import io
import re
import select
import socket
import ssl
import time
import zlib
from collections.abc import Callable, Mapping

PLENTY = 64 * 1024
"""Bytes that are not left to wait."""

_BLOCK = 16 * 1024
_LONGEST_LINE = 1024
_SIZE = re.compile(rb"([0-9A-Fa-f]{1,8})[ \t]*(?:;.*)?")
_GZIP_OR_ZLIB = 32 + zlib.MAX_WBITS
_NOTHING_YET = (BlockingIOError, ssl.SSLWantReadError)


class Interrupted(Exception):
    """The bell rang while nothing had come. Nothing is lost: the body can be read on."""


class Body:
    """The body of a response with this `status` and these `headers` (in lower case), of which nothing has been read.

    It is read from `reader` as long as that holds something, and from `connection`. What has come of a body that
    breaks off is handed on before the error.
    """

    bell: int | None = None
    """A descriptor that can be read once somebody is wanted elsewhere (bell.py): it ends every wait."""

    def __init__(
        self, reader: io.BufferedReader, connection: socket.socket, status: int, headers: Mapping[str, str]
    ) -> None:
        self._reader: io.BufferedReader | None = reader
        self._socket = connection
        self._frame = _frame(status, headers)
        self._decoded = _decoder(headers.get("content-encoding", ""))
        self.closes = headers.get("connection", "").lower() == "close"
        """Whether the server will close the connection behind it, so that its end cannot be missed."""

    def whole(self, seconds: float) -> bytes:
        """All of it, each wait at most `seconds`. Raises as `read` does."""
        return b"".join(iter(lambda: self.read(seconds), b""))

    def read(self, seconds: float) -> bytes:
        """All that is there, waited for at most `seconds` if it is nothing; empty at the end.

        Raises TimeoutError, or another OSError for a body that is cut off or cannot be read;
        `Interrupted` for the bell.
        """
        gulp = b""
        while not gulp and not self._frame.complete:
            data = self._received(seconds)
            if not data:
                self._frame.end()
            gulp = self._decoded(self._frame.feed(data))
        return gulp

    def wait_for_more(self, seconds: float) -> None:
        """Let what comes lie until it is PLENTY or the connection has ended, but at most `seconds` or till the bell."""
        if self._frame.complete:
            return
        # Below this mark the kernel does not even wake us (socket(7), SO_RCVLOWAT).
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, PLENTY)
        _readable(seconds, self._socket.fileno(), self.bell)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, 1)

    def has_come(self) -> bool:
        """Whether `read` would find something, or the end, at once."""
        return self._frame.complete or is_readable(self._socket, 0)

    def _received(self, seconds: float) -> bytes:
        until = time.monotonic() + seconds
        self._socket.settimeout(0)
        data = self._behind_the_head()
        while len(data) < PLENTY:
            try:
                more = self._socket.recv(_BLOCK)
            except _NOTHING_YET:
                if data:
                    break
                _wait(self._socket, until, self.bell)
                continue
            except OSError:
                if data:  # the next call will say it
                    break
                raise
            if not more:
                break
            data += more
        return data

    def _behind_the_head(self) -> bytes:
        """What came together with the headers lies in the reader's buffer, all of it less than a block."""
        reader, self._reader = self._reader, None
        try:
            return (reader and reader.read1(_BLOCK)) or b""
        except _NOTHING_YET:
            return b""


class _Frame:
    """How a body is marked off within its connection."""

    complete = False

    def feed(self, data: bytes) -> bytes:
        """The body's part of what was received."""
        raise NotImplementedError

    def end(self) -> None:
        """The connection has ended. ConnectionError: the body has not."""
        raise ConnectionError("the body is cut off")


class _Sized(_Frame):
    """`size` bytes, or None: all there is until the end."""

    def __init__(self, size: int | None) -> None:
        self._left = size
        self.complete = size == 0

    def feed(self, data: bytes) -> bytes:
        if self._left is None:
            return data
        data = data[: self._left]
        self._left -= len(data)
        self.complete = self._left == 0
        return data

    def end(self) -> None:
        if self._left is not None:
            super().end()
        self.complete = True


class Chunked(_Frame):
    """RFC 9112, 7.1. Trailers are passed over."""

    def __init__(self) -> None:
        self._rest = b""
        self._left = 0
        self._is_last = False

    def feed(self, data: bytes) -> bytes:
        data, at = self._rest + data, 0
        pieces = []
        while not self.complete:
            pieces.append(data[at : at + self._left])
            at += len(pieces[-1])
            self._left -= len(pieces[-1])
            end = data.find(b"\r\n", at)
            if self._left or end < 0:
                break
            self._take_line(data[at:end])
            at = end + 2
        self._rest = data[at:]
        if len(self._rest) > _LONGEST_LINE:
            raise ConnectionError("not a chunk")
        return b"".join(pieces)

    def _take_line(self, line: bytes) -> None:
        """A chunk's size; a trailer behind the last one; or nothing, the line end behind a chunk and behind all."""
        if self._is_last:
            self.complete = not line
        elif line:
            size = _SIZE.fullmatch(line)
            if size is None:
                raise ConnectionError("not a chunk")
            self._left = int(size[1], 16)
            self._is_last = self._left == 0


def _frame(status: int, headers: Mapping[str, str]) -> _Frame:
    """RFC 9112, 6.3."""
    if headers.get("transfer-encoding", "").lower() == "chunked":
        return Chunked()
    length = headers.get("content-length", "")
    if status in (204, 304):
        return _Sized(0)
    return _Sized(int(length) if length.isascii() and length.isdigit() else None)


def is_readable(connection: socket.socket, seconds: float) -> bool:
    """Whether something can be read from it, or its end is there; waits at most `seconds` for that."""
    return bool(_readable(seconds, connection.fileno()))


def wait_for_first_byte(connection: socket.socket, seconds: float, bell: int | None) -> bytes:
    """What comes first of a response, waited for at most `seconds`; empty at the end. Raises as `Body.read` does."""
    until = time.monotonic() + seconds
    connection.settimeout(0)
    while True:
        try:
            return connection.recv(1)
        except _NOTHING_YET:  # under TLS something may have come that is nothing to us
            _wait(connection, until, bell)


def _wait(connection: socket.socket, until: float, bell: int | None) -> None:
    """Until something may have come; of that and the bell, what has come is first."""
    ready = _readable(until - time.monotonic(), connection.fileno(), bell)
    if ready == {bell}:
        raise Interrupted
    if not ready:
        raise TimeoutError


def _readable(seconds: float, *descriptors: int | None) -> set[int]:
    """Those that can be read, as soon as one can; waits at most `seconds`."""
    poll = select.poll()
    for fd in descriptors:
        if fd is not None:
            poll.register(fd, select.POLLIN)
    return {fd for fd, _ in poll.poll(max(0.0, seconds) * 1000)}


def _decoder(encoding: str) -> Callable[[bytes], bytes]:
    """Some servers compress whatever was asked for."""
    if encoding.lower() not in ("gzip", "deflate"):
        return bytes
    decompress = zlib.decompressobj(_GZIP_OR_ZLIB).decompress

    def decoded(data: bytes) -> bytes:
        try:
            return decompress(data)
        except zlib.error as error:
            raise ConnectionError("the body cannot be read") from error

    return decoded
