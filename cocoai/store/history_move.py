"""Move the history from one store to another: each exchange once, and what was forgotten stays so."""

from __future__ import annotations

import time
from collections.abc import Callable

from cocoai.documents.history import History
from cocoai.errors import CocoAIError

AT_ONCE = 100
"""Exchanges that are read before they are written."""


def move_history(source: History, target: History, clear: Callable[[], object]) -> int:
    """Copy what is kept, seen and forgotten, see that it is there, then call `clear`; return how many exchanges.

    What either of them has forgotten is not kept. Nobody else may write to the source. Raise `HistoryBroken` if one of
    the two fails, CocoAIError if an exchange is missing after all: then nothing was cleared.
    """
    forgotten, keys, seen = source.forgotten(), sorted(source.keys()), source.seen()
    if forgotten:
        target.forget(forgotten, time.time(), is_made=True)
    for start in range(0, len(keys), AT_ONCE):
        exchanges = [source.read(key) for key in keys[start : start + AT_ONCE]]
        target.keep([each for each in exchanges if each is not None], ())
    if seen:
        target.keep((), seen)
    if set(keys) - target.keys() - target.forgotten():
        raise CocoAIError("the history was not moved whole: nothing of it was removed")
    clear()
    return len(keys)
