"""The processes of one subject, its backend and the nginx in front of it, from their start to their end."""

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
"""Seconds that a session may take to end by itself."""


class Front:
    """The sessions of nginx and the backend, which `make` describes. `address` is nginx's."""

    def __init__(self, place: Place, make: Callable[[Place], Backend]) -> None:
        self.address = f"http://{place.listen}"
        self._place = place
        self._make = make
        self._sessions: list[Session] = []

    @contextmanager
    def raise_up(self, var: str, *, listen: str, config: str) -> Iterator[Front]:  # noqa: ARG002 (the place says both)
        """Start both sessions, yield once the backend answers, and end them; called by cocoai.rehearsal.rehearse."""
        nginx.copy(self._place, config)
        backend = self._make(self._place)
        with ExitStack() as stack:
            if backend.command:
                self._start(stack, Session(backend.command, {**os.environ, **backend.environ}))
            self._start(stack, nginx.start(self._place, backend))
            wait_until(self._is_ready)
            yield self

    def leaders(self) -> list[int]:
        """Return the pid of the first process of each session."""
        return [session.pid for session in self._sessions]

    def admit(self, account: Account) -> None:
        """Count all processes from now on."""
        # A process that was forked before its parent was admitted is missing: look again until there is none.
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
        """Check whether the backend answers: nginx answers 502 until it does. Raise RuntimeError if a session ended."""
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
