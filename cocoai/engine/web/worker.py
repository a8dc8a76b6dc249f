"""Run a worker: accept a connection, read its request, respond, and then call what the response wants done after it.

A whole request is read before it is begun, under one deadline; each connection has one request; a whole response leaves
at once; and nothing is written to the web server's log. Most requests need no more than a short response, so their path
is short: one wait, one accept, one read, one write, one close, and hardly a system call more under load.
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
from cocoai.engine.web.connection import Connection, accept
from cocoai.engine.web.fastcgi import ProtocolError, RequestParser, end_unhandled, frame_response
from cocoai.engine.web.request import Request
from cocoai.engine.web.response import After, Response, refusal_response
from cocoai.engine.web.router import Router
from cocoai.errors import InternalError

ALARM_MARGIN = 0.5
"""Seconds from the deadline to the alarm. The deadline ends a slow client; the alarm, a worker whose handler hangs."""

CHECK_INTERVAL = 0.1
"""Seconds of requests without a pause after which a worker checks whether it is to end, and whether it needs help."""

ALARM_INTERVAL = 0.1
"""Seconds for which the alarm is not set anew: it may come so much earlier, which is well behind the deadline still."""

PAUSE = 0.01
"""Seconds without a request after which the alarm is stopped. Under load it never is."""

MIN_REQUESTS_SHARE = 0.9
"""The least part of `max_requests` that a worker serves. Each draws its own number, so that not all end at once."""

_DONT_WAIT = int(socket.MSG_DONTWAIT)

log = logging.getLogger(__name__)


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

    def wait(self, seconds: float | None = None) -> bool:
        """Sleep until a connection can be accepted or the worker is to end, and update `is_over`.

        Return False if that takes longer than `seconds`, which None never does.
        """
        ready = self._ready(seconds)
        # A connection comes first, even before the order to end: no other worker was woken for it.
        self.is_over = bool(ready) and self._listener not in ready
        return bool(ready)

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


class HangAlarm:
    """The alarm that ends this process if a handler hangs, even in C: SIGALRM has its default action.

    `seconds` is the longest that a request may take.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._is_set_until = -math.inf

    def set(self, now: float) -> None:
        """Let the process end after `seconds`, or up to ALARM_INTERVAL earlier; `now` is of the monotonic clock."""
        # A system call for each request would be one in six.
        if now >= self._is_set_until:
            signal.setitimer(signal.ITIMER_REAL, self._seconds)
            self._is_set_until = now + ALARM_INTERVAL

    def stop(self) -> None:
        """Let the process live on, whatever it does."""
        signal.setitimer(signal.ITIMER_REAL, 0)
        self._is_set_until = -math.inf


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
        self._alarm = HangAlarm(request_timeout + ALARM_MARGIN)
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
            if not events.wait(PAUSE):
                self._alarm.stop()
                events.wait()
            # Another worker may have been quicker.
            if not events.is_over and (sock := accept(listener)):
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

    def _serve_one(self, sock: socket.SocketType, events: WorkerEvents) -> None:
        """Respond to the request of the connection `sock`, then call the response's `after`, whose errors are logged.

        The worker's row shows it as busy meanwhile.
        """
        row = self._board.own_row
        row.busy()
        after = self._converse(sock)
        if after is not None:
            self._alarm.stop()
            try:
                after()
            except Exception:
                log.exception("after outcome=error")
        self._check_events(events)
        row.idle()

    def _converse(self, sock: socket.SocketType) -> After | None:
        """Read the request of the connection `sock`, send the response and close it. Return the response's `after`.

        Return None if there is no `after`. A connection that breaks, or is too slow, is logged and dropped. A handler
        that hangs ends this process, by SIGALRM.
        """
        now = time.monotonic()
        self._alarm.set(now)
        connection = Connection(sock, now + self._request_timeout)
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
