"""Know who is writing at the page right now, for the others who look at it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from cocoai.rehearsal.slack.workspace import Workspace

SHOWN = 5.0
"""Seconds for which somebody is said to be writing after the page has told it."""


@dataclass(frozen=True)
class Typist:
    """Somebody who writes in a channel or thread: `change` is the number of the change that told it."""

    user: str
    channel: str
    thread_ts: str | None
    change: int
    until: float


class Typists:
    """The people who are writing; a note of one is a change of the workspace, which wakes the pages that wait."""

    def __init__(self, workspace: Workspace, clock: Callable[[], float] = time.monotonic) -> None:
        self._workspace = workspace
        self._clock = clock
        self._known: dict[str, Typist] = {}

    def note(self, user: str, channel: str, thread_ts: str | None) -> None:
        """Note that a person writes in a channel or thread, in place of where that person wrote before."""
        with self._workspace.changed:
            self._workspace.notify()
            until = self._clock() + SHOWN
            self._known[user] = Typist(user, channel, thread_ts, self._workspace.changes, until)

    def since(self, change: int) -> list[Typist]:
        """Return who was noted after the change of this number, and not longer than `SHOWN` ago."""
        with self._workspace.changed:
            now = self._clock()
            return [each for each in self._known.values() if each.change > change and each.until > now]
