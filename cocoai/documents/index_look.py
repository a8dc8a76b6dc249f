"""What an operator wants to know of the index: how it is being built, and what its sources have left out."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress

from cocoai.documents.index_reader import IndexReader
from cocoai.documents.index_task import due_path, index_lock_path
from cocoai.documents.indexing import problems_key
from cocoai.engine.process import locks


def left_out_of(reader: IndexReader, source: str) -> Mapping[str, int]:
    """Return what a source has left out at the last look: how many, by code. Raise `IndexUnavailable`."""
    told = reader.meta(problems_key(source))
    problems: dict[str, int] = json.loads(told) if told else {}
    return problems


def last_slice(var: str) -> float:
    """Return when a slice of indexing last began or ended, in epoch seconds; 0.0 for never."""
    # The file's time says when the next one is due, and so the time of that change when this was said.
    try:
        return os.stat(due_path(var)).st_ctime
    except OSError:
        return 0.0


def is_being_built(var: str) -> bool:
    """Check whether a process writes the index at this moment.

    It takes the lock for an instant: a slice that would begin just then begins at the next tick.
    """
    with suppress(OSError):
        if (lock := locks.take(index_lock_path(var))) is None:
            return True
        lock.release()
    return False
