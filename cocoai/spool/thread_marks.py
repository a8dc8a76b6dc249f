"""ThreadMarks: which threads hold a question of ours, and what has happened in them: one small file a thread.

    threads/CHANNEL-THREAD_TS    a thread; threads/CHANNEL is a direct message's own box
    threads/IDENTITY             touched as a question is put, and as it ends; swept after 30 days

Each line of the file is all that is known, as JSON: the last whole one counts. Nothing of it is fsynced, as it only
helps to guess to whom a line is put: after a power cut less is known. That the file is there is durable: see Spool.put.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Mapping
from typing import Any

from cocoai.spool.folders import SpoolFolders
from cocoai.spool.job import encode_line
from cocoai.spool.store_error import as_store_errors

MOST_BYTES = 4096
"""Bytes of a mark from which on it begins anew with its last line."""


class ThreadMarks(SpoolFolders):
    """The marks of all threads of one spool.

    What stands in them is read and written without `Disk`: nothing depends on it, so it is no step of the protocol.
    """

    @as_store_errors()
    def mark_of(self, channel: str, thread_ts: str) -> Mapping[str, Any] | None:
        """Return what was noted of a thread in which a question was put, or ended, in the last 30 days; else None.

        {} if nothing was noted, or it is lost. `thread_ts` is "" for a direct message's own box.
        """
        path = self._mark(channel, thread_ts)
        if not self._disk.exists(path):
            return None
        with contextlib.suppress(FileNotFoundError), open(path, "rb") as file:
            return _last_facts(file.read())
        return {}

    @as_store_errors()
    def note(self, channel: str, thread_ts: str, **facts: Any) -> None:
        """Note these facts of a thread, beside those that are known, if they are new."""
        fd = os.open(self._mark(channel, thread_ts), os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        with open(fd, "r+b", buffering=0) as file:
            written = file.read()
            known = _last_facts(written)
            if known | facts == known:
                return
            if len(written) > MOST_BYTES:
                file.truncate(0)
            file.write(encode_line(known | facts))

    def _mark(self, channel: str, thread_ts: str) -> str:
        return self._path("threads", f"{channel}-{thread_ts}" if thread_ts else channel)


def _last_facts(written: bytes) -> dict[str, Any]:
    """Return the last line of a mark that is an object; {} if there is none: a power cut may leave anything."""
    for line in reversed(written.splitlines()):
        with contextlib.suppress(ValueError, RecursionError):
            if isinstance(facts := json.loads(line), dict):
                return facts
    return {}
