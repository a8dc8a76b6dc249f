"""A connection from the web server, accepted, read and written without a system call more than that takes.

It knows whole requests (fastcgi.py), but neither workers nor handlers.
"""

from __future__ import annotations

import select
import socket
import time

from cocoai.engine.web.fastcgi import ProtocolError, RequestParser

READ_SIZE = 64 * 1024
"""Bytes of one read: a whole request, as a rule."""

_DONT_WAIT = int(socket.MSG_DONTWAIT)
_FAMILY, _KIND = int(socket.AF_UNIX), int(socket.SOCK_STREAM)
"""Named, so that the kernel need not be asked. The family only tells how addresses are written, and none is."""


def accept(listener: socket.socket) -> socket.SocketType | None:
    """Accept the next connection, without waiting, and return it.

    Return None if none waits (another worker may have been quicker), or if its client has gone.
    """
    try:
        # What accept() does besides costs as much as the rest: it makes an object of a Python class, with enums.
        descriptor, _ = listener._accept()  # type: ignore[attr-defined]  # noqa: SLF001
    except (BlockingIOError, ConnectionAbortedError):
        return None
    return socket.SocketType(_FAMILY, _KIND, 0, descriptor)


class Connection:
    """A connection from the web server, which brings one request.

    `deadline` is a time of the monotonic clock: reading and sending wait until then at most.
    """

    def __init__(self, sock: socket.SocketType, deadline: float) -> None:
        self._sock = sock
        self._deadline = deadline

    def read(self) -> RequestParser:
        """Read the request until it is complete or aborted and return it; send what the web server asks for meanwhile.

        Raise `ProtocolError` if it is malformed or not there by the deadline, EOFError if the web server closes first,
        and OSError if the connection breaks.
        """
        parser = RequestParser()
        while not parser.feed(self._receive()):
            if parser.replies:
                self.send(parser.replies)
                parser.replies = b""
        return parser

    def send(self, data: bytes) -> None:
        """Send all of `data`, in one write if possible, waiting until the deadline if the socket's buffer is full.

        Raise `ProtocolError` at the deadline, OSError if the connection breaks.
        """
        while data:
            try:
                sent = self._sock.send(data, _DONT_WAIT)
            except BlockingIOError:
                self._wait_for(select.POLLOUT)
            else:
                data = data[sent:]  # b"" without a copy, as a rule

    def _receive(self) -> bytes:
        """Return the next bytes, at least one and at most READ_SIZE, waiting for them until the deadline.

        Raise EOFError if the web server has closed the connection, `ProtocolError` at the deadline.
        """
        while True:
            try:
                data = self._sock.recv(READ_SIZE, _DONT_WAIT)
            except BlockingIOError:
                self._wait_for(select.POLLIN)
            else:
                if not data:
                    raise EOFError("the peer closed")
                return data

    def _wait_for(self, event: int) -> None:
        """Wait until the socket is ready for `event`, such as POLLIN. Raise `ProtocolError` at the deadline."""
        seconds = self._deadline - time.monotonic()
        poll = select.poll()
        poll.register(self._sock, event)
        if seconds <= 0 or not poll.poll(seconds * 1000):
            raise ProtocolError("not in time")
