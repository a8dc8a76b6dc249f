"""People: what somebody is called, asked of Slack once a day and kept in one small file a person.

A name is worth a question to Slack, but neither a wait nor a failure: without one the conversation goes on.
It knows nothing of threads; who may ask Slack hands that in.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable

from cocoai.engine.process.replace_file import CachedFile
from cocoai.errors import CocoAIError
from cocoai.slack.model.identity import is_id
from cocoai.slack.model.messages import name_of

FRESH = 86400.0
"""Seconds for which a name is believed: people do rename themselves."""

KEPT = 30 * 86400.0
"""Seconds after which sweep() forgets whoever has not been asked for since."""

QUIET = 60.0
"""Seconds for which Slack is asked for no further name once it has said no, or nothing."""

NOBODY = frozenset({"user_not_found", "user_not_visible"})
"""Slack's codes for somebody of whom it will not tell; any other is about us or about Slack."""


class UserNames:
    """What people are called, as every process finds it below `folder`; `ask` (users.info) tells one name.

    `ask` may raise `CocoAIError`: then there is no name, or yesterday's. `clock` is in seconds since the epoch.
    """

    def __init__(self, folder: str, ask: Callable[[str], str], *, clock: Callable[[], float] = time.time) -> None:
        self._folder = folder
        self._ask = ask
        self._clock = clock
        # Never forgotten: a process that asks for names answers a few questions and ends.
        self._known: dict[str, str] = {}
        self._asked_in_vain = -QUIET

    def name(self, user: str) -> str:
        """What `user` is called, at most 40 characters in one line; empty if that is not known. Never raises."""
        if not is_id(user):
            return ""
        if user not in self._known:
            name = self._kept(user, FRESH)
            if name is None and (name := self._asked(user)) is None:
                return self._kept(user, KEPT) or ""
            self._known[user] = name
        return self._known[user]

    def _asked(self, user: str) -> str | None:
        """What Slack says, kept from now on; None while it says nothing."""
        if 0 <= self._clock() - self._asked_in_vain < QUIET:
            return None
        try:
            name = name_of(self._ask(user))
        except CocoAIError as error:
            if error.code not in NOBODY:
                self._asked_in_vain = self._clock()
                return None
            name = ""
        self._keep(user, name)
        return name

    def _kept(self, user: str, seconds: float) -> str | None:
        """Return the name that was kept within the last `seconds`; None if there is none."""
        written = self._file(user).read(seconds)
        # A power cut may leave an empty file where a name was: only a whole line counts.
        if written is None or not written.endswith(b"\n"):
            return None
        try:
            return name_of(written.decode())
        except UnicodeDecodeError:
            return None

    def _keep(self, user: str, name: str) -> None:
        # Not durable: a name that is lost is asked for again. A full disk is reported where it matters.
        with contextlib.suppress(OSError):
            os.makedirs(self._folder, mode=0o700, exist_ok=True)
            self._file(user).write(f"{name}\n".encode())

    def _file(self, user: str) -> CachedFile:
        return CachedFile(os.path.join(self._folder, user), clock=self._clock)


def sweep(folder: str, *, clock: Callable[[], float] = time.time) -> int:
    """Remove what has been kept there for 30 days; returns how many files that were. Raises OSError."""
    swept = 0
    with contextlib.suppress(FileNotFoundError), os.scandir(folder) as entries:
        for entry in entries:
            with contextlib.suppress(FileNotFoundError):
                if clock() - entry.stat().st_mtime > KEPT:
                    os.unlink(entry.path)
                    swept += 1
    return swept
