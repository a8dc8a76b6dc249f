"""IdentityCache: keeps our identity in Slack in `identity.json`.

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
        """Return our identity without a call to Slack; None while no file holds it.

        The file is read again as long as the identity is unknown.
        """
        self._known = self._known or from_facts(self._file.read_json())
        return self._known

    def user_id(self) -> str:
        """Return our bot user's id; ask Slack if it is unknown. Raise as `refresh` does."""
        return (self.known() or self.refresh()).user_id

    def is_stale(self) -> bool:
        """Check whether the file is missing or too old, so that Slack should be asked again."""
        return self._file.age() > FRESH

    def refresh(self) -> Identity:
        """Ask Slack, keep the answer and return it. Raise what `ask` raises, and OSError if it cannot be kept."""
        self._known = self._ask()
        self._file.write_json(asdict(self._known), durable=True)
        return self._known
