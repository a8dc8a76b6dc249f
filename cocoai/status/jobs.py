"""The status's part on the jobs: how many are in each state, which one waits for longest, and how the answers fared."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from cocoai.spool.spool import Spool
from cocoai.spool.store_error import StoreUnreachable
from cocoai.status.answers import LastDay, last_day

FOLDERS = ("ready", "done", "failed", "tmp")
"""The folders of the spool whose files are counted."""


@dataclass(frozen=True)
class SpoolState:
    """The spool: how many `files` are in each folder, and how many of those in ready/ are being answered (`in_hand`).

    `oldest` is the key of the question that has waited longest, `seconds` the time since it was asked; "" and 0.0 if
    no question waits.
    """

    files: dict[str, int]
    in_hand: int
    oldest: str
    seconds: float
    unknown: int = 0
    """Files in ready/ that this version does not know: another version's, left alone."""


def read_jobs(spool: Spool, in_hand: AbstractSet[str], now: float) -> tuple[SpoolState, LastDay, str]:
    """Return how the jobs are, how answers fared, and "".

    While the store cannot be reached, all is as if there were no jobs, and the third says why.

    `in_hand` are the keys of those that this machine's processes answer; `now` is in epoch seconds.
    """
    try:
        return _spool_state(spool, in_hand, now), last_day(spool, now), ""
    except StoreUnreachable as error:
        return SpoolState(dict.fromkeys(FOLDERS, 0), 0, "", 0.0), LastDay(0, 0, 0, 0, ()), str(error)


def _spool_state(spool: Spool, in_hand: AbstractSet[str], now: float) -> SpoolState:
    """Count the files in each folder, and find the oldest question whose key is not `in_hand`.

    `now` is in epoch seconds.
    """
    unknown = set(spool.unknown())
    in_hand = in_hand | spool.seen_in_hand
    ready = [key for key in spool.keys("ready") if str(key) not in unknown]
    waiting = [key for key in ready if str(key) not in in_hand]
    return SpoolState(
        files={folder: spool.count(folder) for folder in FOLDERS},
        in_hand=len(ready) - len(waiting),
        oldest=str(waiting[0]) if waiting else "",
        seconds=now - float(waiting[0].ts) if waiting else 0.0,
        unknown=len(unknown),
    )
