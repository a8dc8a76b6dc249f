"""Run a worker: accept a connection, read its request, respond, and then call what the response wants done after it.

A whole request is read before it is begun, under one deadline; each connection has one request; a whole response leaves
at once; and nothing is written to the web server's log. Most requests need no more than a short response, so their path
is short: one accept, one read, one write, one close, and no system call more while further requests wait.
fastcgi.py knows the records, router.py the handlers.
"""

from __future__ import annotations

import contextlib
import logging
import math
import os
import random
import select
import signal
import socket
import time

from cocoai.engine.process.scoreboard import Scoreboard
from cocoai.engine.web.fastcgi import ProtocolError, RequestParser, end_unhandled, frame_response
from cocoai.engine.web.request import Request
from cocoai.engine.web.response import After, Response, refusal_response
from cocoai.engine.web.router import Router
from cocoai.errors import InternalError

READ_SIZE = 64 * 1024
"""Bytes of one read: a whole request, as a rule."""

ALARM_MARGIN = 0.5
"""Seconds from the deadline to the alarm. The deadline ends a slow client; the alarm, a worker whose handler hangs."""

CHECK_INTERVAL = 0.1
"""Seconds of requests without a pause after which a worker checks whether it is to end, and whether it needs help."""

MIN_REQUESTS_SHARE = 0.9
"""The least part of `max_requests` that a worker serves. Each draws its own number, so that not all end at once."""

_DONT_WAIT = int(socket.MSG_DONTWAIT)

log = logging.getLogger(__name__)


class Connection:
    """A connection from the web server, which brings one request.

    `deadline` is a time of the monotonic clock: reading and sending wait until then at most.
    """

    def __init__(self, sock: socket.socket, deadline: float) -> None:
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


class WorkerEvents:
    """The events that a worker waits for: a connection, or the order to end.

    `is_over` becomes True at a SIGTERM, or when the lifeline's other end is closed: the master closed it, or died.
    """

    def __init__(self, listener: socket.socket, lifeline: socket.socket) -> None:
        self.is_over = False
        self._listener = listener.fileno()
        self._lifeline = lifeline
        self._epoll = select.epoll()
        # A connection wakes one of the waiting workers, not all of them.
        self._epoll.register(listener, select.EPOLLIN | select.EPOLLEXCLUSIVE)
        self._epoll.register(lifeline, select.EPOLLIN)
        self._epoll.register(_terminations(), select.EPOLLIN)

    def wait(self) -> None:
        """Sleep until a connection can be accepted or the worker is to end, and update `is_over`."""
        # A connection comes first, even before the order to end: no other worker was woken for it.
        self.is_over = self._listener not in self._ready(None)

    def check(self) -> bool:
        """Update `is_over` without waiting. Return True if a connection can be accepted."""
        ready = self._ready(0)
        is_waiting = self._listener in ready
        self.is_over = len(ready) > is_waiting
        return is_waiting

    def notify_master(self, message: bytes) -> None:
        """Send `message` to the master, without waiting: `+` (this worker accepts) or `!` (no worker is idle).

        If it cannot be sent, nothing happens.
        """
        with contextlib.suppress(OSError):  # `wait` and `check` see that it has gone
            self._lifeline.send(message, _DONT_WAIT)

    def _ready(self, seconds: float | None) -> list[int]:
        return [descriptor for descriptor, _ in self._epoll.poll(seconds)]


def _terminations() -> int:
    """Let SIGTERM write a byte into a new pipe instead of ending this process. Return the pipe's reading end."""
    reader, writer = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    signal.signal(signal.SIGTERM, _do_nothing)  # an ignored signal would write no byte
    return reader


def _do_nothing(*_: object) -> None:
    pass


def accept(listener: socket.socket) -> socket.socket | None:
    """Accept the next connection, without waiting, and return it.

    Return None if none waits (another worker may have been quicker), or if its client has gone.
    """
    try:
        return listener.accept()[0]
    except (BlockingIOError, ConnectionAbortedError):
        return None


class Worker:
    """A worker, made in the master before it forks; `serve` is its life in the forked process.

    `max_requests` is about how many it serves before it ends, 0 for no limit. `request_timeout` is the time for one
    whole request, in seconds. The worker shows what it does in its own row of `board`, if there is one.
    """

    def __init__(
        self, router: Router, *, max_requests: int, request_timeout: float, board: Scoreboard | None = None
    ) -> None:
        self._router = router
        self._max_requests = max_requests
        self._request_timeout = request_timeout
        self._board = board or Scoreboard(None, slots=0)
        self._checked = -math.inf

    def serve(self, listener: socket.socket, lifeline: socket.socket) -> None:
        """Serve requests in the forked process, until the master ends this worker or it has served its number.

        `listener` must not block; `lifeline` is this worker's end of the socket pair with the master. SIGTERM, or the
        end of the lifeline, ends the worker between two requests.
        """
        # Ctrl-C and a closed terminal reach the whole foreground group: the master tells us when to end.
        # USR1 means nothing here, and children that `after` forks are not ours to wait for.
        for number in (signal.SIGINT, signal.SIGHUP, signal.SIGUSR1, signal.SIGCHLD):
            signal.signal(number, signal.SIG_IGN)
        events = WorkerEvents(listener, lifeline)
        left = self._draw_request_limit()
        self._board.own_row.wait()
        events.notify_master(b"+")
        while left > 0 and not events.is_over:
            sock = accept(listener)
            if sock is None:
                _disarm_alarm()
                events.wait()
            else:
                self._serve_one(sock, events)
                left -= 1

    def _draw_request_limit(self) -> float:
        """Draw the number of requests that this worker serves, from 90 to 100 % of `max_requests`; infinity for 0.

        Each worker draws its own, so that not all end at once.
        """
        if not self._max_requests:
            return math.inf
        # Python seeds `random` anew in each forked process.
        return random.randint(math.ceil(MIN_REQUESTS_SHARE * self._max_requests), self._max_requests)  # noqa: S311

    def _serve_one(self, sock: socket.socket, events: WorkerEvents) -> None:
        """Respond to the request of the connection `sock`, then call the response's `after`, whose errors are logged.

        The worker's row shows it as busy meanwhile.
        """
        row = self._board.own_row
        row.busy()
        after = self._converse(sock)
        if after is not None:
            _disarm_alarm()
            try:
                after()
            except Exception:
                log.exception("after outcome=error")
        self._check_events(events)
        row.idle()

    def _converse(self, sock: socket.socket) -> After | None:
        """Read the request of the connection `sock`, send the response and close it. Return the response's `after`.

        Return None if there is no `after`. A connection that breaks, or is too slow, is logged and dropped. A handler
        that hangs ends this process, by SIGALRM.
        """
        # SIGALRM has its default action, so a handler that hangs, even in C, ends with its worker.
        signal.setitimer(signal.ITIMER_REAL, self._request_timeout + ALARM_MARGIN)
        connection = Connection(sock, time.monotonic() + self._request_timeout)
        after = None
        try:
            received = connection.read()
            if received.is_for_application:
                response, output = self._respond(received)
                after = response.after  # also if the client has gone by now
                records = frame_response(received.request_id, output)
            else:
                records = end_unhandled(received)
            connection.send(received.replies + records)
        except (ProtocolError, EOFError, OSError) as error:
            log.info("connection outcome=dropped reason=%r", str(error) or type(error).__name__)
        finally:
            sock.close()
        return after

    def _respond(self, received: RequestParser) -> tuple[Response, bytes]:
        """Let the router respond to a complete request. Return the response, and its head and body as bytes.

        To a HEAD request the body is left out. A handler's exception is logged, and the response is that of
        `InternalError`. A refusal is counted in the worker's row.
        """
        request = Request.from_params(received.params, received.body)
        try:
            response = self._router.respond(request)
            head = response.head
        except Exception:
            # The trace goes to the operator's log only: neither the client nor the web server's log may have it.
            log.exception("request outcome=error path=%r", request.path)
            response = refusal_response(InternalError())
            head = response.head
        if response.counter:
            self._board.own_row.count_refusal(response.counter)
        return response, head if request.method == "HEAD" else head + response.body

    def _check_events(self, events: WorkerEvents) -> None:
        """Check, at most every CHECK_INTERVAL, whether this worker is to end, and whether it needs help.

        If a connection waits and all workers are busy, `!` is sent to the master. While requests wait the worker never
        sleeps, so it would not notice otherwise.
        """
        now = time.monotonic()
        if now - self._checked >= CHECK_INTERVAL:
            self._checked = now
            if events.check() and not self._board.has_idle_worker():
                events.notify_master(b"!")


def _disarm_alarm() -> None:
    signal.setitimer(signal.ITIMER_REAL, 0)
