"""One worker's life and its requests: accept, read, run the application, answer, and then what comes after.

A message that is nothing to us is most of what comes, so its way is kept short: one accept, one read, one write, one
close, and while requests wait, no more. A whole request is read before it is begun, under one deadline; one request
a connection; a whole response leaves at once; and no word of ours goes to the web server's log.
What a record is, records.py knows; what an application is, wsgi.py.
"""

from __future__ import annotations

import contextlib
import logging
import math
import os
import select
import signal
import socket
import time
from typing import TYPE_CHECKING

from cocoai.engine.process.scoreboard import Scoreboard
from cocoai.engine.web import wsgi
from cocoai.engine.web.fastcgi import ProtocolError, RequestParser, refusal, response
from cocoai.engine.web.response import After

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

PIECE = 64 * 1024
"""Bytes of one read: all of a request, but for the longest."""

ALARM_MARGIN = 0.5
"""Seconds between them: the deadline ends a slow peer, the alarm an application that hangs, and its worker."""

LOOK_AROUND = 0.1
"""Seconds of requests without a pause after which a worker looks up: may it go on, and is there nobody to help?"""

LEAST_PART = 0.9
"""Of `max_requests`: each worker draws its own number from here up, so that they do not all end at once."""

_AT_ONCE = int(socket.MSG_DONTWAIT)

log = logging.getLogger(__name__)


class Connection:
    """One connection, one request. `deadline` is when it must be over, by the monotonic clock."""

    def __init__(self, sock: socket.socket, deadline: float) -> None:
        self._sock = sock
        self._deadline = deadline

    def read(self) -> RequestParser:
        """The request, whole or aborted. Raises `ProtocolError`, EOFError, OSError for one that does not come."""
        intake = RequestParser()
        while not intake.take(self._receive()):
            if intake.replies:
                self.send(intake.replies)
                intake.replies = b""
        return intake

    def send(self, data: bytes) -> None:
        """In one write, if the peer takes it. Raises `ProtocolError`, OSError if it does not."""
        left = memoryview(data)
        while left:
            try:
                left = left[self._sock.send(left, _AT_ONCE) :]
            except BlockingIOError:
                self._await(select.POLLOUT)

    def _receive(self) -> bytes:
        while True:
            try:
                piece = self._sock.recv(PIECE, _AT_ONCE)
            except BlockingIOError:
                self._await(select.POLLIN)
            else:
                if not piece:
                    raise EOFError("the peer closed")
                return piece

    def _await(self, event: int) -> None:
        """Until the peer has done its part."""
        seconds = self._deadline - time.monotonic()
        poll = select.poll()
        poll.register(self._sock, event)
        if seconds <= 0 or not poll.poll(seconds * 1000):
            raise ProtocolError("not in time")


class WorkerEvents:
    """What a worker looks out for: a connection; and what means that it is to go, `is_over`.

    That is the end of its lifeline, which the master has closed or died on, or a TERM.
    """

    def __init__(self, listener: socket.socket, lifeline: socket.socket) -> None:
        self.is_over = False
        self._listener = listener.fileno()
        self._lifeline = lifeline
        self._epoll = select.epoll()
        # A connection wakes one of those who wait, not all of them.
        self._epoll.register(listener, select.EPOLLIN | select.EPOLLEXCLUSIVE)
        self._epoll.register(lifeline, select.EPOLLIN)
        self._epoll.register(_term(), select.EPOLLIN)

    def wait(self) -> None:
        """Sleep until a connection waits, or it is time to go. A connection is first: nobody else was woken for it."""
        self.is_over = self._listener not in self._ready(None)

    def look(self) -> bool:
        """Does a connection wait now? And notice if it is time to go."""
        ready = self._ready(0)
        waits = self._listener in ready
        self.is_over = len(ready) > waits
        return waits

    def tell(self, word: bytes) -> None:
        """A word to the master. One that has gone is seen by the lifeline's end."""
        with contextlib.suppress(OSError):
            self._lifeline.send(word, _AT_ONCE)

    def _ready(self, seconds: float | None) -> list[int]:
        return [descriptor for descriptor, _ in self._epoll.poll(seconds)]


def _term() -> int:
    """A descriptor that can be read once a TERM has come, which from here on ends nothing by itself."""
    reader, writer = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    signal.signal(signal.SIGTERM, lambda *_: None)
    return reader


def accept(listener: socket.socket) -> socket.socket | None:
    """The next connection; None if another worker was quicker, or the peer has gone."""
    try:
        return listener.accept()[0]
    except (BlockingIOError, ConnectionAbortedError):
        return None


class Worker:
    """A worker's life: accept, answer, run what comes after, until it is no longer wanted."""

    def __init__(
        self,
        application: WSGIApplication,
        *,
        max_requests: int,
        request_timeout: float,
        board: Scoreboard | None = None,
    ) -> None:
        """`max_requests`: after about so many it ends, 0 for never. `request_timeout`: seconds for one whole request.

        On `board` it says what it does; without one, nobody sees.
        """
        self._application = application
        self._max_requests = max_requests
        self._request_timeout = request_timeout
        self._board = board or Scoreboard(None, slots=0)
        self._looked = -math.inf

    def serve(self, listener: socket.socket, lifeline: socket.socket) -> None:
        """Serve until it is time to go, or `max_requests` are done."""
        # Ctrl-C and a closed terminal reach the whole foreground group: the master tells us when to go.
        # USR1 means nothing here, and forked jobs are not ours to wait for.
        for number in (signal.SIGINT, signal.SIGHUP, signal.SIGUSR1, signal.SIGCHLD):
            signal.signal(number, signal.SIG_IGN)
        watch = WorkerEvents(listener, lifeline)
        left = self._limit()
        self._board.own_row.wait()
        watch.tell(b"+")
        while left > 0 and not watch.is_over:
            sock = accept(listener)
            if sock is None:
                _disarm()
                watch.wait()
            else:
                self._serve_one(sock, watch)
                left -= 1

    def _limit(self) -> float:
        """Each worker's own, so that they do not all end at once."""
        most = self._max_requests
        return most - os.urandom(1)[0] * (most - math.ceil(LEAST_PART * most)) // 255 if most else math.inf

    def _serve_one(self, sock: socket.socket, watch: WorkerEvents) -> None:
        mine = self._board.own_row
        mine.busy()
        for after in self._converse(sock):
            try:
                after()
            except Exception:
                log.exception("after outcome=error")
        self._look_around(watch)
        mine.idle()

    def _converse(self, sock: socket.socket) -> list[After]:
        """Answer the one request of this connection. Returns what its response wants done now that it is out."""
        # The alarm has its default action: an application that hangs, even in C, ends with its worker.
        signal.setitimer(signal.ITIMER_REAL, self._request_timeout + ALARM_MARGIN)
        afters: list[After] = []
        connection = Connection(sock, time.monotonic() + self._request_timeout)
        try:
            self._answer(connection, afters)
        except (ProtocolError, EOFError, OSError) as error:
            log.info("connection outcome=dropped reason=%r", str(error) or type(error).__name__)
        finally:
            sock.close()
        if afters:
            _disarm()
        return afters

    def _answer(self, connection: Connection, afters: list[After]) -> None:
        request = connection.read()
        if request.is_for_us:
            environ = wsgi.environ(request.params, request.body, afters.append)
            answer = response(request.request_id, wsgi.run(self._application, environ))
        else:
            answer = refusal(request)
        connection.send(request.replies + answer)

    def _look_around(self, watch: WorkerEvents) -> None:
        """While requests wait it never sleeps: may it go on, and should somebody come and help?"""
        now = time.monotonic()
        if now - self._looked >= LOOK_AROUND:
            self._looked = now
            if watch.look() and not self._board.has_idle_worker():
                watch.tell(b"!")


def _disarm() -> None:
    signal.setitimer(signal.ITIMER_REAL, 0)
