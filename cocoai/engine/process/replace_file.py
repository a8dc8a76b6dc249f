"""Replace small files so that a reader sees the old contents or the new ones, and never a part.

It knows nothing of what the files hold.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import re
import time
from collections.abc import Callable
from typing import Any

UNFINISHED = re.compile(r".+\.\d+\.new")
"""The names under which `replace_file` writes: `PATH.PID.new`."""

UNFINISHED_AGE = 3600.0
"""Seconds after which an unfinished file is a killed process's: none is written for so long."""


def replace_file(path: str, data: bytes, *, durable: bool = False) -> None:
    """Write `data` to `PATH.PID.new`, readable by its owner only, and rename that file to `path`.

    With `durable` the contents are on the disk before the rename. Raise OSError if that fails: the old file then stays,
    and nothing else is left.
    """
    unfinished = f"{path}.{os.getpid()}.new"
    try:
        fd = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with open(fd, "wb") as file:
            file.write(data)
            file.flush()
            if durable:
                os.fsync(fd)
        os.rename(unfinished, path)
    except OSError:
        with contextlib.suppress(OSError):
            os.unlink(unfinished)
        raise


def sweep_unfinished(folder: str, *, clock: Callable[[], float] = time.time) -> int:
    """Delete the files in `folder` that processes were killed over while they replaced a file; return how many.

    `clock` returns seconds since the epoch. A folder that is missing has none. Raise OSError if the folder cannot be
    read, or a file cannot be deleted.
    """
    removed = 0
    with contextlib.suppress(FileNotFoundError), os.scandir(folder) as entries:
        for entry in entries:
            if UNFINISHED.fullmatch(entry.name):
                with contextlib.suppress(FileNotFoundError):
                    if clock() - entry.stat().st_mtime > UNFINISHED_AGE:
                        os.unlink(entry.path)
                        removed += 1
    return removed


class CachedFile:
    """A small file in which all processes of this machine share data that one of them got from elsewhere.

    `clock` returns seconds since the epoch.
    """

    def __init__(self, path: str, *, clock: Callable[[], float] = time.time) -> None:
        self.path = path
        self._clock = clock

    def age(self) -> float:
        """Return the seconds since the file was last written; infinity if there is no file.

        A file from the future was written by a clock that has since jumped, so its distance counts as its age.
        """
        try:
            return abs(self._clock() - os.stat(self.path).st_mtime)
        except FileNotFoundError:
            return math.inf

    def read(self, max_age: float = math.inf) -> bytes | None:
        """Return the file's bytes; None if it is missing, unreadable or older than `max_age` seconds."""
        try:
            if max_age < math.inf and self.age() > max_age:
                return None
            with open(self.path, "rb") as file:
                return file.read()
        except OSError:
            return None

    def read_json(self) -> Any:
        """Return the JSON value in the file; None if the file is missing or unreadable, or holds no JSON."""
        try:
            return json.loads(self.read() or b"")
        except (ValueError, RecursionError):
            return None

    def write(self, data: bytes, *, durable: bool = False) -> None:
        """Replace the file's contents by `data`, as `replace_file` does. Raise OSError if that fails."""
        replace_file(self.path, data, durable=durable)

    def write_json(self, value: Any, *, durable: bool = False) -> None:
        """Replace the file's contents by `value` as JSON. Raise OSError if that fails; the old contents stay."""
        self.write(json.dumps(value).encode(), durable=durable)
