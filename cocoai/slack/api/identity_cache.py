"""IdentityCache: keeps our identity in Slack in `identity.json`, so that workers know it without a call to Slack.

Every worker reads the file. Only a process that may call Slack refreshes it, by the `ask` that it passes in.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict

from cocoai.engine.process.replace_file import CachedFile
from cocoai.slack.model.identity import Identity, from_facts

FRESH = 86400.0
"""Seconds after which Slack is asked for our identity again."""


class IdentityCache:
    """Our identity, kept in the file at `path`. `ask` returns it from Slack (auth.test)."""

    def __init__(self, path: str, ask: Callable[[], Identity]) -> None:
        self._file = CachedFile(path)
        self._ask = ask
        self._known: Identity | None = None

    def known(self) -> Identity | None:
        """Return our identity without a call to Slack; None while neither this object nor the file has it.

        The file is read again at each call until it has the identity.
        """
        self._known = self._known or from_facts(self._file.read_json())
        return self._known

    def user_id(self) -> str:
        """Return our bot user's id (`U…`). If it is not known, call `refresh` first, and raise what that raises."""
        return (self.known() or self.refresh()).user_id

    def is_stale(self) -> bool:
        """Check whether the file is missing or over a day old, so that `refresh` is due."""
        return self._file.age() > FRESH

    def refresh(self) -> Identity:
        """Ask Slack for our identity, write it to the file, and return it.

        Raise what `ask` raises, and OSError if the file cannot be written.
        """
        self._known = self._ask()
        self._file.write_json(asdict(self._known), durable=True)
        return self._known
