"""IdentityCache: keeps our identity in Slack in `identity.json`, so that workers know it without a call to Slack.

Every worker reads the file. Only a process that may call Slack refreshes it, by the `ask` that it passes in. The file
is bound to the token and the address it was asked with: another bot's, or an earlier version's, says nothing of us.
"""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Callable
from dataclasses import asdict

from cocoai.engine.process.replace_file import CachedFile
from cocoai.errors import CocoAIError
from cocoai.slack.model.identity import Identity, from_facts

FRESH = 86400.0
"""Seconds after which Slack is asked for our identity again."""

_BINDING = "bound_to"
"""The file's key for what it is bound to, beside the fields of the identity."""

log = logging.getLogger(__name__)


def binding(api_url: str, token: str) -> str:
    """Return a fingerprint of Slack's address and our token, 16 hexadecimal digits, from which neither can be read."""
    return hashlib.sha256(f"{api_url} {token}".encode()).hexdigest()[:16]


class IdentityCache:
    """Our identity, kept in the file at `path` and bound to `bound_to`. `ask` returns it from Slack (auth.test).

    Made at the pool's start, in the master. `ticks` returns the seconds of a monotonic clock.
    """

    def __init__(
        self, path: str, ask: Callable[[], Identity], bound_to: str, *, ticks: Callable[[], float] = time.monotonic
    ) -> None:
        self._file = CachedFile(path)
        self._ask = ask
        self._bound_to = bound_to
        self._ticks = ticks
        self._started = ticks()
        self._known: Identity | None = None

    def known(self) -> Identity | None:
        """Return our identity without a call to Slack; None while neither this object nor the file has it.

        The file is read again at each call until it has the identity. One that is bound to something else has none.
        """
        self._known = self._known or self._read()
        return self._known

    def user_id(self) -> str:
        """Return our bot user's id (`U…`). If it is not known, call `refresh` first, and raise what that raises."""
        return (self.known() or self.refresh()).user_id

    def is_stale(self) -> bool:
        """Check whether `refresh` is due: the file has no identity of ours, or is over a day old, or from before start.

        At each start Slack is asked anew: the app may have been moved, or installed once more, since.
        """
        since_start = self._ticks() - self._started
        return self._file.age() > min(FRESH, since_start) or self._read() is None

    def refresh(self) -> Identity:
        """Ask Slack for our identity, write it to the file, and return it.

        Raise what `ask` raises, and OSError if the file cannot be written.
        """
        self._known = self._ask()
        self._file.write_json(asdict(self._known) | {_BINDING: self._bound_to}, durable=True)
        return self._known

    def try_refresh(self) -> None:
        """Refresh the identity, and log it. A failure is only logged, since the next try is a minute away."""
        try:
            known = self.refresh()
            log.info("identity outcome=known team=%s user=%s", known.team_id, known.user_id)
        except (CocoAIError, OSError) as error:
            log.warning("identity outcome=unknown reason=%s", error)

    def _read(self) -> Identity | None:
        """Return the identity in the file; None if it is missing or odd, or bound to something else or to nothing."""
        facts = self._file.read_json()
        is_ours = isinstance(facts, dict) and facts.get(_BINDING) == self._bound_to
        return from_facts(facts) if is_ours else None
