"""QuestionLimits: how many questions a person may ask in a minute, and when the person was last told to wait.

What a person asked lies in one small file, var/asked/USER: the ts of each question of the last two minutes. It counts
by the messages' own times, so a redelivery an hour later is judged as the message would have been at once. Nothing is
fsynced: after a power cut a minute begins anew. The caller holds put.lock while it counts.
"""

from __future__ import annotations

import os
from collections.abc import Iterable

from cocoai.slack_ids import is_id, is_ts
from cocoai.spool.disk import Disk

MINUTE = 60.0
"""Seconds in which the questions are counted, and in which a person is told to wait once."""


def seconds_until_free(asked: Iterable[float], most: int, at: float) -> float:
    """Return how long after `at` a person may ask again who has asked at these times (epoch seconds); 0.0 for now.

    It is not now if some minute that `at` falls into has `most` of them already.
    """
    # Messages of one instant may arrive in any order, so a later one may be counted already.
    near = sorted(other for other in asked if abs(other - at) < MINUTE and other != at)
    minutes = (near[start : start + most] for start in range(len(near) - most + 1))
    is_full = any(max(minute[-1], at) - min(minute[0], at) < MINUTE for minute in minutes)
    return near[-most] + MINUTE - at if is_full else 0.0


def counted(asked: Iterable[float], at: float) -> list[float]:
    """Return the times that matter still once a question was asked at `at`, that included, in their order."""
    return sorted({other for other in asked if other > at - 2 * MINUTE} | {at})


class QuestionLimits:
    """The counts of all people in `folder`. A person may ask `most` questions in a minute; 0 means no limit."""

    def __init__(self, folder: str, disk: Disk, most: int) -> None:
        self._folder = folder
        self._disk = disk
        self._most = most

    def seconds_to_wait(self, user: str, ts: str) -> float:
        """Return how long after `ts` this person may ask again; 0.0 if the message `ts` may be a question itself.

        It may not if some minute that it falls into has `most` counted ones already. For what is no id of a user there
        is no limit. Raise OSError if the disk fails.
        """
        if not (self._most and is_id(user)):
            return 0.0
        return seconds_until_free(self._asked(user), self._most, float(ts))

    def count(self, user: str, ts: str) -> None:
        """Count the message `ts` as a question of this person. Raise OSError if the disk fails."""
        if not (self._most and is_id(user)):
            return
        asked = counted(self._asked(user), float(ts))
        fd = self._disk.open_or_create(self._path(user))
        try:
            self._replace(fd, "".join(f"{each:.6f}\n" for each in asked))
        finally:
            self._disk.close(fd)

    def is_to_be_told(self, user: str, job: str, now: float) -> bool:
        """Check whether the job of this name is to tell this person to wait, and note it if so: one job a minute is.

        The same job is again, as its process may have been killed before it spoke. `now` is in epoch seconds. Raise
        OSError if the disk fails.
        """
        path = self._path(f"{user}-told")
        fd = self._disk.open_or_create(path)
        try:
            told_by = self._disk.read(fd).decode("ascii", "ignore")
            # A power cut may leave a beginning of the name, or zeros: then nobody knows whether the person was told.
            is_known = "\0" not in told_by and not job.startswith(told_by)
            if is_known and abs(now - self._disk.modified(path)) < MINUTE:
                return False
            self._replace(fd, job)
            return True
        finally:
            self._disk.close(fd)

    def _asked(self, user: str) -> list[float]:
        """Return the times of this person's counted questions, in epoch seconds; [] if there are none."""
        try:
            fd = self._disk.open(self._path(user))
        except FileNotFoundError:
            return []
        try:
            lines = self._disk.read(fd).decode("ascii", "ignore").split()
        finally:
            self._disk.close(fd)
        return [float(line) for line in lines if is_ts(line)]

    def _replace(self, fd: int, text: str) -> None:
        """Replace the content of an open file."""
        self._disk.truncate(fd, 0)
        self._disk.append(fd, text.encode())

    def _path(self, name: str) -> str:
        return os.path.join(self._folder, name)
