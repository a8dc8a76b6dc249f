"""Doors: further sockets of the master's, for those who want to look. One process for each connection, and few at once.

Nothing of it is held in memory while nobody looks, and nobody who looks is met by a worker. The process gives way
to the workers, and ends by its own timer: what hangs at a door harms nobody.
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

MOST_VISITORS = 4
"""At once, at all doors; a further one finds its connection closed."""

LONGEST_VISIT = 10.0
"""Seconds from the fork to the process's end, whatever it does."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ExtraListener:
    """A listening socket, and what answers one connection to it, in a process of its own."""

    listener: socket.socket
    serve: Callable[[socket.socket], None]


class ExtraListeners:
    """In the master: `answer` when it may accept, `bury` when a child has ended. `stand` comes first in each child."""

    def __init__(
        self, doors: Sequence[ExtraListener], *, stand: Callable[[], None], longest_visit: float = LONGEST_VISIT
    ) -> None:
        self._doors = tuple(doors)
        self._stand = stand
        self._longest_visit = longest_visit
        self._visitors: set[int] = set()
        self._are_open = True
        for door in doors:
            door.listener.settimeout(0)

    def sockets(self) -> list[socket.socket]:
        """Those to wait for."""
        return [door.listener for door in self._doors] if self._are_open else []

    def answer(self, ready: Container[object]) -> None:
        """Let in who waits, one at each door."""
        for door in self._doors:
            if door.listener in ready:
                self._let_in(door)

    def open_again(self) -> None:
        """Now and then: try once more, where accepting has failed."""
        self._are_open = True

    def on_exit(self, pid: int) -> bool:
        """Whether it was one of ours."""
        was_ours = pid in self._visitors
        self._visitors.discard(pid)
        return was_ours

    def close(self) -> None:
        """Let nobody in any more, and those who are in out."""
        for door in self._doors:
            door.listener.close()
        for pid in self._visitors:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._doors = ()

    def _let_in(self, door: ExtraListener) -> None:
        try:
            connection, _ = door.listener.accept()
        except (BlockingIOError, ConnectionAbortedError):
            return  # whoever it was has gone
        except OSError:
            log.exception("door outcome=not-accepted")
            self._are_open = False  # or select would never sleep
            return
        with connection:
            if len(self._visitors) < MOST_VISITORS:
                self._fork(door, connection)

    def _fork(self, door: ExtraListener, connection: socket.socket) -> None:
        def visit() -> None:
            self._stand()
            # SIGALRM has its default action here.
            signal.setitimer(signal.ITIMER_REAL, self._longest_visit)
            with connection:
                door.serve(connection)

        try:
            pid = fork.fork(visit, name="cocoai-status", keep=frozenset({connection.fileno()}))
        except OSError:
            log.exception("process=cocoai-status outcome=not-forked")
        else:
            self._visitors.add(pid)
