"""Serve further listening sockets of the master, such as the status page's: a process for each connection, few at once.

While nobody connects, nothing of it is held in memory; no worker serves such a connection. Its process gives way to the
workers, and ends by its own timer: a connection that hangs harms no request.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import socket
from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass

from cocoai.engine.process import fork
from cocoai.engine.process.scoreboard import Scoreboard

MAX_CONNECTIONS = 4
"""Connections at once, on all extra listeners together; a further one is closed."""

TIME_LIMIT = 10.0
"""Seconds from the fork to the process's end, whatever it does."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ExtraListener:
    """A listening socket, and the function that serves one connection to it, in a process of its own."""

    listener: socket.socket
    serve: Callable[[socket.socket], None]


class ExtraListeners:
    """The master's extra listeners and the processes that serve their connections.

    `time_limit` is in seconds. Each process releases its parent's row of `board`.
    """

    def __init__(
        self, listeners: Sequence[ExtraListener], board: Scoreboard, *, time_limit: float = TIME_LIMIT
    ) -> None:
        self._listeners = tuple(listeners)
        self._board = board
        self._time_limit = time_limit
        self._pids: set[int] = set()
        self._is_accepting = True
        for each in listeners:
            each.listener.settimeout(0)

    def sockets(self) -> list[socket.socket]:
        """Return the listening sockets to watch; none after accepting has failed, until `accept_again`."""
        return [each.listener for each in self._listeners] if self._is_accepting else []

    def accept_ready(self, ready: Container[object]) -> None:
        """Accept one connection of each listener whose socket is in `ready`, and fork a process that serves it."""
        for each in self._listeners:
            if each.listener in ready:
                self._accept(each)

    def accept_again(self) -> None:
        """Let `sockets` return the listeners again after accepting has failed; called every few seconds."""
        self._is_accepting = True

    def on_exit(self, pid: int) -> bool:
        """Forget the child `pid`, which has ended. Return True if it served a connection here, False if not."""
        was_ours = pid in self._pids
        self._pids.discard(pid)
        return was_ours

    def close(self) -> None:
        """Close the listeners and kill the processes that serve their connections, without waiting for their end."""
        for each in self._listeners:
            each.listener.close()
        for pid in self._pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._listeners = ()

    def _accept(self, listener: ExtraListener) -> None:
        """Accept a connection, without waiting, and fork a process that serves it; close it if there are too many.

        If accepting fails, log it and accept nothing more until `accept_again`. A client that has gone is no failure.
        """
        try:
            connection, _ = listener.listener.accept()
        except (BlockingIOError, ConnectionAbortedError):
            return  # the client has gone
        except OSError:
            log.exception("door outcome=not-accepted")
            self._is_accepting = False  # or select would never sleep
            return
        with connection:
            if len(self._pids) < MAX_CONNECTIONS:
                self._fork(listener, connection)

    def _fork(self, listener: ExtraListener, connection: socket.socket) -> None:
        """Fork a process that serves `connection` for at most `time_limit`; log it if there can be no process."""

        def serve() -> None:
            self._board.release_row()
            # SIGALRM has its default action here, which ends the process.
            signal.setitimer(signal.ITIMER_REAL, self._time_limit)
            with connection:
                listener.serve(connection)

        try:
            pid = fork.fork(serve, name="cocoai-status", keep=frozenset({connection.fileno()}))
        except OSError:
            log.exception("process=cocoai-status outcome=not-forked")
        else:
            self._pids.add(pid)
