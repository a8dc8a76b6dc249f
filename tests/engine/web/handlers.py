"""Routers and handlers for the tests of workers, and pipes through which a handler and its test wait for each other."""

from __future__ import annotations

import os
import struct
from collections.abc import Callable

from cocoai.engine.web.request import Request
from cocoai.engine.web.response import After, Response
from cocoai.engine.web.router import Handler, Router


def serving(handler: Handler) -> Router:
    """Return a router that has this handler at `/`."""
    return Router({"/": {"GET": handler, "HEAD": handler, "POST": handler}})


def writing(write: Callable[[Request], str]) -> Router:
    """Return a router that responds 200 with the text that `write` returns."""

    def respond(request: Request) -> Response:
        return Response(200, write(request).encode())

    return serving(respond)


def pid_of_worker(_: Request) -> str:
    """Return this process's pid as text."""
    return str(os.getpid())


PID_ROUTER = writing(pid_of_worker)


def with_after(text: str, after: After) -> Router:
    """Return a router that responds 200 with `text`, and has `after` run behind that."""

    def respond(_: Request) -> Response:
        return Response(200, text.encode(), after=after)

    return serving(respond)


def read_number(fd: int) -> int:
    """Return a number that a process wrote into the pipe, all at once."""
    (number,) = struct.unpack("=i", os.read(fd, 4))
    return int(number)


def write_number(fd: int, number: int) -> None:
    os.write(fd, struct.pack("=i", number))


class Pipe:
    """Two ends of a pipe, closed together."""

    def __init__(self) -> None:
        self.reader, self.writer = os.pipe()

    def close(self) -> None:
        os.close(self.reader)
        os.close(self.writer)


class Held:
    """A handler that responds with its pid, and before that announces itself and waits to be released."""

    def __init__(self, pipe: Callable[[], Pipe]) -> None:
        self._arrived, self._released = pipe(), pipe()
        self.keep = frozenset({self._arrived.writer, self._released.reader})

    def __call__(self, _: Request) -> Response:
        self.hold()
        return Response(200, str(os.getpid()).encode())

    def hold(self) -> None:
        """Announce this process, and wait."""
        write_number(self._arrived.writer, os.getpid())
        os.read(self._released.reader, 1)

    def wait_for_one(self) -> int:
        """Return the pid of the next worker that announces itself."""
        return read_number(self._arrived.reader)

    def release(self, number: int = 1) -> None:
        os.write(self._released.writer, b"!" * number)
