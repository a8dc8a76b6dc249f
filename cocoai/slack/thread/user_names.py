"""UserNames: people's names and languages, looked up at Slack once a day and kept in small files by person.

A missing name is worth neither a wait nor a failure: the conversation goes on without it.
It must not know threads, nor how Slack is called.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable

from cocoai.engine.process.replace_file import CachedFile
from cocoai.errors import CocoAIError
from cocoai.slack.model.messages import name_of
from cocoai.slack_ids import is_id

FRESH = 86400.0
"""Seconds for which a kept name is used without asking Slack again: people do rename themselves."""

KEPT = 30 * 86400.0
"""Seconds after which sweep() removes a name that has not been looked up since."""

QUIET = 60.0
"""Seconds for which Slack is asked for no other name after it has refused or has not answered."""

NOBODY = frozenset({"user_not_found", "user_not_visible"})
"""Slack's codes for a user whose name it will not tell; any other code is about us or about Slack."""


def _no_locale(_user: str) -> str:
    return ""


class UserNames:
    """People's names, kept below `folder` for every process; `ask(user)` looks one up at Slack (users.info).

    `ask_locale(user)` looks up the locale of a person's Slack. Both may raise `CocoAIError`: then there is no name, or
    yesterday's, and no language. `clock` is in seconds since the epoch.
    """

    def __init__(
        self,
        folder: str,
        ask: Callable[[str], str],
        ask_locale: Callable[[str], str] = _no_locale,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._folder = folder
        self._ask = ask
        self._ask_locale = ask_locale
        self._clock = clock
        # Never emptied: a process that looks up names answers a few questions and ends.
        self._known: dict[str, str] = {}
        self._failed_at = -QUIET

    def name(self, user: str) -> str:
        """Return the user's name, at most 40 characters on one line; "" if it is unknown. Never raise.

        Slack is asked once a day. While it does not answer, the name is the last one known, at most 30 days old.
        """
        if not is_id(user):
            return ""
        if user not in self._known:
            name = self._read(user, FRESH)
            if name is None and (name := self._look_up(user)) is None:
                return self._read(user, KEPT) or ""
            self._known[user] = name
        return self._known[user]

    def language(self, user: str) -> str:
        """Return the language in which a person uses Slack: `ja`, or `en` for any other; "" if unknown. Never raise.

        Slack is asked once a day.
        """
        return _language(self.locale(user))

    def locale(self, user: str) -> str:
        """Return the locale of a person's Slack, as `ja-JP`; "" if unknown. Never raise. Slack is asked once a day."""
        if not is_id(user):
            return ""
        locale = self._read(f"{user}-locale", FRESH)
        if locale is None:
            try:
                locale = self._ask_locale(user)
            except CocoAIError:
                return ""
            self._write(f"{user}-locale", locale)
        return locale

    def kept_language(self, user: str) -> str:
        """Return the language of a person as language() does, but by what is kept alone: Slack is not asked."""
        return _language(self._read(f"{user}-locale", KEPT) or "") if is_id(user) else ""

    def _look_up(self, user: str) -> str | None:
        """Ask Slack for the name, keep it and return it: "" if Slack will not tell it, None if it does not answer.

        For a minute after such a failure return None without asking.
        """
        if 0 <= self._clock() - self._failed_at < QUIET:
            return None
        try:
            name = name_of(self._ask(user))
        except CocoAIError as error:
            if error.code not in NOBODY:
                self._failed_at = self._clock()
                return None
            name = ""
        self._write(user, name)
        return name

    def _read(self, user: str, seconds: float) -> str | None:
        """Return the name that was kept within the last `seconds`; None if there is none, or no whole one."""
        written = self._file(user).read(seconds)
        # A power cut may leave an empty file where a name was: only a whole line counts.
        if written is None or not written.endswith(b"\n"):
            return None
        try:
            return name_of(written.decode())
        except UnicodeDecodeError:
            return None

    def _write(self, user: str, name: str) -> None:
        """Keep the name in the user's file, for every process; do nothing if that fails."""
        # Not durable: a name that is lost is looked up again. A full disk is reported where it matters.
        with contextlib.suppress(OSError):
            os.makedirs(self._folder, mode=0o700, exist_ok=True)
            self._file(user).write(f"{name}\n".encode())

    def _file(self, user: str) -> CachedFile:
        return CachedFile(os.path.join(self._folder, user), clock=self._clock)


def _language(locale: str) -> str:
    """Return `ja` or `en` for a locale; "" for none."""
    return "" if not locale else "ja" if locale.startswith("ja") else "en"


def sweep(folder: str, *, clock: Callable[[], float] = time.time) -> int:
    """Delete the files in `folder` that were written over 30 days ago; return how many.

    A folder that is missing has none. Raise OSError if the folder cannot be read, or a file cannot be deleted.
    """
    removed = 0
    with contextlib.suppress(FileNotFoundError), os.scandir(folder) as entries:
        for entry in entries:
            with contextlib.suppress(FileNotFoundError):
                if clock() - entry.stat().st_mtime > KEPT:
                    os.unlink(entry.path)
                    removed += 1
    return removed
