"""One subject's processes: its backend and the nginx before it, from their start to their end."""

from __future__ import annotations

import contextlib
import http.client
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from bench.cpu import Account, descendants
from bench.peers import nginx
from bench.peers.nginx import Backend, Place
from cocoai.up.session import Session
from tests.processes import wait_until

STOP = 20.0
"""Seconds that a backend may take to end by itself."""


class Front:
    """The two sessions. `address` is nginx's."""

    def __init__(self, place: Place, make: Callable[[Place], Backend]) -> None:
        self.address = f"http://{place.listen}"
        self._place = place
        self._make = make
        self._sessions: list[Session] = []

    @contextmanager
    def raise_up(self, var: str, *, listen: str, config: str) -> Iterator[Front]:  # noqa: ARG002 (the place says both)
        """The production shape, as cocoai.rehearsal.rehearse wants it."""
        nginx.copy(self._place, config)
        behind = self._make(self._place)
        with ExitStack() as stack:
            if behind.command:
                self._start(stack, Session(behind.command, {**os.environ, **behind.environ}))
            self._start(stack, nginx.start(self._place, behind))
            wait_until(self._is_ready)
            yield self

    def leaders(self) -> list[int]:
        """The first process of each session."""
        return [session.pid for session in self._sessions]

    def admit(self, account: Account) -> None:
        """Count all of it from now on: until no process is found that was forked before its parent was counted."""
        while new := {*self.leaders(), *self._descendants()} - {*account.pids()}:
            for pid in new:
                with contextlib.suppress(ProcessLookupError):
                    account.admit([pid])

    def _descendants(self) -> list[int]:
        return [pid for leader in self.leaders() for pid in descendants(leader)]

    def _start(self, stack: ExitStack, session: Session) -> None:
        self._sessions.append(session)
        stack.callback(session.end, STOP)

    def _is_ready(self) -> bool:
        """Whether somebody answers behind nginx, which says 502 while nobody does."""
        if any(session.ended() for session in self._sessions):
            raise RuntimeError(f"it did not start; look into {self._place.log}")
        connection = http.client.HTTPConnection(self._place.listen, timeout=5)
        try:
            connection.request("GET", "/healthz")
            return connection.getresponse().status < 500
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()
