"""Forwarding: take in what waits in the inbox once the store can be reached again, in the order of receipt.

Each request goes to its handler as it would have then, with the time of its receipt for the time. The store knows a job
that it has already, so a request may be taken in twice; it is removed only behind that. How it is handled is handed in.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from enum import Enum, auto

from cocoai.engine.process import locks
from cocoai.engine.web.request import Request
from cocoai.engine.web.response import Response
from cocoai.errors import ClickNotAllowed, Refused
from cocoai.inbox.inbox import Inbox, received_at
from cocoai.spool.store_error import NoStore, StoreError, StoreUnreachable

TakeIn = Callable[[Request, float], Response]
"""Handles a request that was received at this time (epoch seconds). May raise Refused or StoreUnreachable."""

EVERY = 2.0
"""Seconds between two tries; each costs a process that asks for one connection."""

MOST_SECONDS = 30.0
"""Seconds after which a process leaves the rest to the next one."""

MOST_FAILURES = 20
"""Requests that fail before the others are left to the next try: then it is the store, and not they."""

PATIENCE = 72 * 3600.0
"""Seconds for which a request waits that the store does not take: a weekend, as for what waits for an operator."""

log = logging.getLogger(__name__)


class _Outcome(Enum):
    TAKEN = auto()
    UNREACHABLE = auto()
    REFUSED_NOW = auto()
    """The store, or our disk, fails: it may take the request later."""
    FAILED = auto()


class Forwarding:
    """The forwarding of what waits in `inbox`, by one process at a time: `folder` has its lock.

    `make_handlers` returns what takes requests in, by their paths: none of it may look into the inbox. It is called by
    the process that forwards. `clock` returns epoch seconds.
    """

    def __init__(
        self,
        inbox: Inbox,
        make_handlers: Callable[[], Mapping[str, TakeIn]],
        folder: str,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._inbox = inbox
        self._make_handlers = make_handlers
        self._lock = os.path.join(folder, "inbox.lock")
        self._clock = clock

    def is_wanted(self) -> bool:
        """Check, in the master, whether any request waits. True if the disk cannot tell: run() says why."""
        try:
            return self._inbox.is_waiting()
        except StoreError:
            return True

    def run(self) -> None:
        """Take in what waits, unless another process does. A failure is only logged."""
        try:
            lock = locks.take(self._lock)
            if lock is None:
                return
            try:
                self._take_all()
            finally:
                lock.release()
        except OSError:
            log.exception("inbox outcome=not-forwarded")

    def _take_all(self) -> None:
        """Take in every request, those that fail once more behind the others; move aside what fails again."""
        handlers, failed, taken = self._make_handlers(), list[str](), 0
        try:
            for name in self._each_name(failed):
                outcome = self._take(name, handlers)
                if outcome is _Outcome.UNREACHABLE:
                    return
                if outcome is _Outcome.TAKEN:
                    taken += 1
                else:
                    failed.append(name)
            for name in failed:
                outcome = self._take(name, handlers)
                if outcome is _Outcome.UNREACHABLE:
                    return
                self._give_up(name, outcome)
        finally:
            if taken or failed:
                self._inbox.sync()
                log.info("inbox outcome=forwarded taken=%d failed=%d", taken, len(failed))

    def _each_name(self, failed: Collection[str]) -> Iterator[str]:
        """Yield the names of what waits, also of what comes meanwhile, but no longer than MOST_SECONDS.

        The caller adds to `failed` what it could not take in.
        """
        # What comes while anything waits has to wait, too: only if nothing is left, the workers ask the store again.
        deadline = time.monotonic() + MOST_SECONDS
        while names := [name for name in self._inbox.names() if name not in failed]:
            for name in names:
                if time.monotonic() > deadline or len(failed) >= MOST_FAILURES:
                    return
                yield name

    def _take(self, name: str, handlers: Mapping[str, TakeIn]) -> _Outcome:
        """Take in one request, remove it, and do what comes behind its response."""
        try:
            kept = self._inbox.read(name)
            response = handlers[kept.request.path](kept.request, kept.at)
        except StoreUnreachable:
            return _Outcome.UNREACHABLE
        except NoStore:  # an operator has moved it away
            return _Outcome.TAKEN
        except ClickNotAllowed:  # that is decided, and logged
            response = Response(403)
        except (StoreError, Refused) as error:
            log.warning("inbox request=%s outcome=refused reason=%s", name, error)
            is_for_now = isinstance(error, StoreError) or error.status == 503
            return _Outcome.REFUSED_NOW if is_for_now else _Outcome.FAILED
        except Exception:
            # Whatever is wrong with this one, the others are taken in.
            log.exception("inbox request=%s outcome=failed", name)
            return _Outcome.FAILED
        self._inbox.remove(name)
        if response.after:
            response.after()
        return _Outcome.TAKEN

    def _give_up(self, name: str, outcome: _Outcome) -> None:
        """Move a request to failed/ that can never be taken in, or could not be for PATIENCE."""
        if outcome is _Outcome.TAKEN:
            return
        if outcome is _Outcome.FAILED or self._clock() - received_at(name) > PATIENCE:
            log.error("inbox request=%s outcome=set-aside", name)
            self._inbox.set_aside(name)
