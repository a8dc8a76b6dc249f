"""Stand-ins for what starts processes, where a test needs a handler of Slack's requests but no processes."""

from __future__ import annotations

import json

from cocoai.slack.inbound.shortcuts import FormRefused
from cocoai.slack.model.shortcut import Shortcut
from cocoai.spool.file_spool import FileSpool
from cocoai.spool.key import Key


class RecordingRunner:
    """A runner that starts no process: it counts wake-ups, and keeps the keys of questions that were to be stopped."""

    def __init__(self, spool: FileSpool) -> None:
        self._spool = spool
        self.wake_ups = 0
        self.stopped: list[str] = []

    def wake(self) -> None:
        """Count a wake-up."""
        self.wake_ups += 1

    def stop(self, key: str, user: str) -> bool:
        """Keep the key, and request the stop in the spool as the real runner does."""
        self.stopped.append(key)
        return self._spool.request_stop(Key.parse(key), user)


class RecordingForms:
    """Forms that nobody is shown: `opened` keeps the shortcuts that asked for one."""

    def __init__(self) -> None:
        self.opened: list[Shortcut] = []

    def open(self, shortcut: Shortcut) -> None:
        """Keep the shortcut."""
        self.opened.append(shortcut)

    def refusal(self, refused: FormRefused) -> bytes:
        """Return JSON that says why, without words."""
        return json.dumps({"why": refused.why, "seconds": refused.seconds}).encode()
