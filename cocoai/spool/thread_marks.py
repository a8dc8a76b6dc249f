"""ThreadMarks: which threads hold a question of ours, and what has happened in them: one small file a thread.

    threads/CHANNEL-THREAD_TS    a thread; threads/CHANNEL is a direct message's own box
    threads/IDENTITY             touched as a question is put, and as it ends; swept after 30 days

Each line of the file is all that is known, as JSON: the last whole one counts. Nothing of it is fsynced, as it only
helps to guess to whom a line is put: after a power cut less is known. A file that a power cut has taken is made anew at
the next start, since a job of its thread is on the disk; and before such jobs are swept, the folder is fsynced.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from cocoai.spool.folders import SpoolFolders
from cocoai.spool.job import STATES, encode_line
from cocoai.spool.key import Key, is_key
from cocoai.spool.store_error import as_store_errors
from cocoai.spool.waiting import HEAD_SIZE, waiting_job

MOST_BYTES = 4096
"""Bytes of a mark from which on it begins anew with its last line."""


class ThreadMarks(SpoolFolders):
    """The marks of all threads of one spool.

    What stands in them is read and written without `Disk`: nothing depends on it, so it is no step of the protocol.
    """

    _unmarked_kinds: frozenset[str] = frozenset()
    _are_marks_missing = False

    @as_store_errors()
    def restore_marks(self) -> int:
        """Make the marks that are missing of threads whose questions are kept, and return how many those were.

        It is called in the master, before it forks. If it fails, mark_of() looks for such questions itself.
        """
        self._are_marks_missing = True
        marked, restored = frozenset(self._disk.names(self._folders["threads"])), 0
        for state in STATES:
            unmarked = [key for key in self.keys(state) if key.thread not in marked]
            for name in self._questions(state, map(str, unmarked)):
                restored += self._restore_mark(state, name)
        self._are_marks_missing = False
        return restored

    def _questions(self, state: str, names: Iterable[str]) -> Iterator[str]:
        """Yield those of these jobs in a state that leave a mark on their thread: all but those of unmarked kinds."""
        for name, head in self._disk.read_heads(self._folders[state], names, HEAD_SIZE):
            if isinstance(head, bytes) and waiting_job(name, head).kind not in self._unmarked_kinds:
                yield name

    def _restore_mark(self, state: str, name: str) -> bool:
        """Make the mark of a job's thread, as old as the job. Return False if it is there, or the job has gone."""
        mark = self._path("threads", Key.parse(name).thread)
        try:
            changed = self._disk.modified(self._path(state, name))
        except FileNotFoundError:  # it has just moved on: then its process renews the mark
            return False
        if not self._disk.touch(mark):
            return False
        self._disk.set_modified(mark, changed)
        return True

    def _has_question(self, thread: str) -> bool:
        """Check whether a job of this thread (`CHANNEL-THREAD_TS`) is kept that leaves a mark."""
        for state in STATES:
            names = self._disk.names(self._folders[state])
            if any(self._questions(state, (name for name in names if name.startswith(f"{thread}-") and is_key(name)))):
                return True
        return False

    @as_store_errors()
    def mark_of(self, channel: str, thread_ts: str) -> Mapping[str, Any] | None:
        """Return what was noted of a thread in which a question was put, or ended, in the last 30 days; else None.

        {} if nothing was noted, or it is lost. `thread_ts` is "" for a direct message's own box.
        """
        path = self._mark(channel, thread_ts)
        if not self._disk.exists(path):
            is_known = self._are_marks_missing and thread_ts and self._has_question(os.path.basename(path))
            return {} if is_known else None
        with contextlib.suppress(FileNotFoundError), open(path, "rb") as file:
            return _last_facts(file.read())
        return {}

    @as_store_errors()
    def note(self, channel: str, thread_ts: str, change: Callable[[Mapping[str, Any]], Mapping[str, Any]]) -> None:
        """Note of a thread the facts that `change` returns for those that are known ({} if none are), if they differ.

        Facts that it leaves out stay as they are.
        """
        fd = os.open(self._mark(channel, thread_ts), os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        with open(fd, "r+b", buffering=0) as file:
            written = file.read()
            known = _last_facts(written)
            facts = {**known, **change(known)}
            if facts == known:
                return
            if len(written) > MOST_BYTES:
                file.truncate(0)
            file.write(encode_line(facts))

    def _mark(self, channel: str, thread_ts: str) -> str:
        return self._path("threads", f"{channel}-{thread_ts}" if thread_ts else channel)


def _last_facts(written: bytes) -> dict[str, Any]:
    """Return the last line of a mark that is an object; {} if there is none: a power cut may leave anything."""
    for line in reversed(written.splitlines()):
        with contextlib.suppress(ValueError, RecursionError):
            if isinstance(facts := json.loads(line), dict):
                return facts
    return {}
