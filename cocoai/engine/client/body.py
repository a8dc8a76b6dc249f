"""Read the body of a streamed response: block until something arrives, then take all that is there.

To wake up for each piece of text costs a process some 0.2 ms of CPU, because its caches are cold by then; to read the
piece costs a hundredth of that. So a reader may let pieces pile up in the kernel (`Body.wait_for_more`).
The body is read from the connection itself: the layers above it return one HTTP chunk at a time, and never say whether
there is more. This file knows bytes, not what they mean.
"""

from __future__ import annotations

import io
import math
import re
import select
import socket
import ssl
import time
from collections.abc import Iterable, Mapping
from functools import partial

from cocoai.engine.client.inflate import decoder

CHUNK_SIZE = 64 * 1024
"""Bytes that end a wait for more, and about the most that `Body.read` returns."""

MOST_WHOLE = 4 * 1024 * 1024
"""The most bytes of a body that is read as a whole."""

_BLOCK = 16 * 1024
_MAX_LINE = 1024
_SIZE = re.compile(rb"([0-9A-Fa-f]{1,8})[ \t]*(?:;.*)?")
_NOTHING_YET = (BlockingIOError, ssl.SSLWantReadError)


class Interrupted(Exception):
    """A wait was ended before any data came: `wakeup` became readable, or the caller's patience was at its end.

    No data is lost: reading can go on.
    """


class Body:
    """The unread body of a response with this `status` and these `headers` (names in lower case).

    It is read from `reader` as long as that has buffered data, and from `connection` thereafter. The data before the
    point where a body breaks off is returned first, and the error is raised by the next call.
    """

    wakeup: int | None = None
    """A descriptor (see WakeupPipe in engine/process/wakeup.py) that ends every wait as soon as it is readable."""

    def __init__(
        self, reader: io.BufferedReader | io.BytesIO, connection: socket.socket, status: int, headers: Mapping[str, str]
    ) -> None:
        self._reader: io.BufferedReader | io.BytesIO | None = reader
        self._socket = connection
        self._frame = _frame(status, headers)
        self._decoder = decoder(headers.get("content-encoding", ""), CHUNK_SIZE)
        self.is_last = headers.get("connection", "").lower() == "close"
        """True if the server closes the connection after this body, so that its end also ends `wait_for_more`."""

    @property
    def is_complete(self) -> bool:
        """Return True if the whole body has been received: what follows on the connection is no part of it."""
        return self._frame.is_complete

    def read_all(self, seconds: float, most: int = MOST_WHOLE) -> bytes:
        """Return the whole body, decoded, waiting at most `seconds` for each next piece. Raise as `read` does.

        Raise ConnectionError too as soon as it turns out to be over `most` bytes.
        """
        return joined(iter(partial(self.read, seconds), b""), most)

    def read(self, seconds: float, patience: float = math.inf) -> bytes:
        """Return what has arrived of the body, waiting at most `seconds` if that is nothing; return b"" at its end.

        The body is decoded if it was compressed. Raise TimeoutError after `seconds`, `Interrupted` if there is no data
        and `wakeup` is readable or `patience`, in seconds, at its end, and another OSError if the body is cut off or
        malformed.
        """
        # Received data may add nothing to the body: the size line of an HTTP chunk, or a part of a compressed block.
        chunk = self._decoder.feed(b"") if self._decoder.has_more else b""
        while not chunk and not self._frame.is_complete:
            data = self._receive(seconds, patience)
            if not data:
                self._frame.end()
            chunk = self._decoder.feed(self._frame.feed(data))
        return chunk

    def wait_for_more(self, seconds: float) -> None:
        """Wait up to `seconds` until CHUNK_SIZE bytes can be read, the connection has ended, or `wakeup` is readable.

        Return at once if the body is complete, or more of it was received than `read` has returned. It reads nothing.
        """
        if self._frame.is_complete or self._decoder.has_more:
            return
        # Below this low-water mark the kernel does not even wake this process (socket(7), SO_RCVLOWAT).
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, CHUNK_SIZE)
        _poll(seconds, self._socket.fileno(), self.wakeup)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, 1)

    def has_data(self) -> bool:
        """Return True if data has arrived, or the body or its connection has ended, so that `read` need not wait.

        Call it after a first `read`: data that was buffered with the headers is not seen.
        """
        return self._frame.is_complete or self._decoder.has_more or is_readable(self._socket, 0)

    def _receive(self, seconds: float, patience: float) -> bytes:
        """Return up to about CHUNK_SIZE raw bytes, or b"" at the end of the connection.

        Wait only for the first, at most `seconds`. Raise TimeoutError, `Interrupted` or another OSError if there are
        none.
        """
        now = time.monotonic()
        self._socket.settimeout(0)  # all waiting is done by `_wait`, which `wakeup` can end
        data = self._read_buffered()
        while len(data) < CHUNK_SIZE:
            try:
                more = self._socket.recv(_BLOCK)
            except _NOTHING_YET:
                if data:
                    break
                _wait(self._socket, now + seconds, self.wakeup, now + patience)
                continue
            except OSError:
                if data:  # the next call raises it
                    break
                raise
            if not more:
                break
            data += more
        return data

    def _read_buffered(self) -> bytes:
        """Return what the reader has buffered behind the headers, less than _BLOCK bytes; b"" at every further call."""
        reader, self._reader = self._reader, None
        try:
            return (reader and reader.read1(_BLOCK)) or b""
        except _NOTHING_YET:
            return b""


def joined(chunks: Iterable[bytes], most: int = MOST_WHOLE) -> bytes:
    """Join the chunks of a body. Raise ConnectionError as soon as they are over `most` bytes; the rest is not taken."""
    whole = bytearray()
    for chunk in chunks:
        whole += chunk
        if len(whole) > most:
            raise ConnectionError("the body is too long")
    return bytes(whole)


class _Frame:
    """An object that finds the end of a body within the data of its connection; `is_complete` is True from there on."""

    is_complete = False

    def feed(self, data: bytes) -> bytes:
        """Return the part of the received `data` that belongs to the body."""
        raise NotImplementedError

    def end(self) -> None:
        """Mark the body as complete, as its connection has ended. Raise ConnectionError if its end has not come yet."""
        raise ConnectionError("the body is cut off")


class _Sized(_Frame):
    """A body of `size` bytes; with None, all data until the connection closes."""

    def __init__(self, size: int | None) -> None:
        self._left = size
        self.is_complete = size == 0

    def feed(self, data: bytes) -> bytes:
        """Return `data` up to the end of the body; what lies beyond it is dropped."""
        if self._left is None:
            return data
        data = data[: self._left]
        self._left -= len(data)
        self.is_complete = self._left == 0
        return data

    def end(self) -> None:
        """Mark the body as complete if it has no known size; raise ConnectionError if bytes of it are missing."""
        if self._left is not None:
            super().end()
        self.is_complete = True


class Chunked(_Frame):
    """A body in the chunked transfer coding (RFC 9112, 7.1). Trailers are skipped."""

    def __init__(self) -> None:
        self._rest = b""
        self._left = 0
        self._is_last = False

    def feed(self, data: bytes) -> bytes:
        """Return the content of the HTTP chunks in `data`, which may begin and end anywhere within a chunk.

        Raise ConnectionError if a chunk is malformed.
        """
        data, at = self._rest + data, 0
        pieces = []
        while not self.is_complete:
            pieces.append(data[at : at + self._left])
            at += len(pieces[-1])
            self._left -= len(pieces[-1])
            end = data.find(b"\r\n", at)
            if self._left or end < 0:
                break
            self._take_line(data[at:end])
            at = end + 2
        self._rest = data[at:]  # an unfinished line, which must not fill the memory
        if len(self._rest) > _MAX_LINE:
            raise ConnectionError("not a chunk")
        return b"".join(pieces)

    def _take_line(self, line: bytes) -> None:
        """Read a line between two pieces of content: set the bytes that follow, or `is_complete`.

        The line is a chunk's size, a trailer after the last chunk, or empty: the line end after a chunk, or after them
        all. Raise ConnectionError if it should be a size, and is none.
        """
        if self._is_last:
            self.is_complete = not line
        elif line:
            size = _SIZE.fullmatch(line)
            if size is None:
                raise ConnectionError("not a chunk")
            self._left = int(size[1], 16)
            self._is_last = self._left == 0


def _frame(status: int, headers: Mapping[str, str]) -> _Frame:
    """Return the object that finds the end of a response's body (RFC 9112, 6.3).

    The body is chunked if Transfer-Encoding says so; else empty for 204 and 304, else as long as Content-Length says;
    without that header, or if it is no number, it goes on until the connection closes.
    """
    if headers.get("transfer-encoding", "").lower() == "chunked":
        return Chunked()
    length = headers.get("content-length", "")  # one that is no number is ignored
    if status in (204, 304):
        return _Sized(0)
    return _Sized(int(length) if length.isascii() and length.isdigit() else None)


def is_readable(connection: socket.socket, seconds: float) -> bool:
    """Wait up to `seconds` for data or the end of the connection. Return True if one of them can be read."""
    return bool(_poll(seconds, connection.fileno()))


def wait_for_first_byte(connection: socket.socket, seconds: float, wakeup: int | None, patience: float) -> bytes:
    """Wait up to `seconds` for the first byte of a response and return it; b"" if the connection has ended.

    Raise TimeoutError after `seconds`, `Interrupted` if the descriptor `wakeup` is readable first or after `patience`
    seconds, another OSError if the connection breaks.
    """
    now = time.monotonic()
    connection.settimeout(0)
    while True:
        try:
            return connection.recv(1)
        except _NOTHING_YET:  # under TLS, records may arrive that hold no data
            _wait(connection, now + seconds, wakeup, now + patience)


def _wait(connection: socket.socket, until: float, wakeup: int | None, patient_until: float) -> None:
    """Wait until the connection is readable; raise `Interrupted` if only the descriptor `wakeup` is.

    Raise TimeoutError at `until`, or `Interrupted` at `patient_until` if that comes first. Both are times of the
    monotonic clock.
    """
    end = min(until, patient_until)
    ready = _poll(end - time.monotonic(), connection.fileno(), wakeup)
    if ready == {wakeup} or (not ready and end < until):
        raise Interrupted
    if not ready:
        raise TimeoutError


def _poll(seconds: float, *descriptors: int | None) -> set[int]:
    """Wait up to `seconds` until a descriptor is readable. Return all that are; an empty set if none is.

    None in `descriptors` stands for no descriptor.
    """
    poll = select.poll()
    for fd in descriptors:
        if fd is not None:
            poll.register(fd, select.POLLIN)
    return {fd for fd, _ in poll.poll(max(0.0, seconds) * 1000)}
