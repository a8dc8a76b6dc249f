"""Inbox: the requests that Slack has posted while the store of jobs cannot be reached, as files on this machine.

    folder     the request is                          after a crash
    tmp/       being written, under a random name      rubbish: nobody was told 200, so Slack sends it again; swept
    waiting/   accepted, and to be taken in            it is taken in; if it was already, the store knows its job
    failed/    one that could not be taken in          kept for the operator, who may move it back to waiting/

A request is one file: a line of JSON with what is not the body, then the body. Its name begins with the time at which
it was received, so names are in that order, and has the file's size. **The rename into waiting/ commits.** Nothing here
tells one request from another: the store does, when it is taken in.
"""

from __future__ import annotations

import contextlib
import errno
import json
import math
import os
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from typing import Any, NamedTuple, ParamSpec, TypeVar

from cocoai.engine.web.request import Request
from cocoai.spool.disk import Disk, write_file
from cocoai.spool.store_error import StoreError, StoreUnreachable, as_store_errors

FOLDER = "inbox"
"""The name of the inbox's folder in `var`."""

FOLDERS = ("tmp", "waiting", "failed")

MOST_REQUESTS, MOST_BYTES = 20_000, 64 * 1024 * 1024
"""How many requests may wait, and how many bytes; beyond that Slack is told 503."""

COUNT_EVERY = 1.0
"""Seconds between two counts of what waits, by one process: of 20,000 requests each takes 30 ms."""

TMP_AGE, FAILED_AGE = 3600.0, 7 * 86400.0
"""Seconds for which a file in tmp/, and one in failed/, is kept."""

HEADERS = ("x-slack-request-timestamp", "x-slack-signature")
"""The headers that are kept: those by which the request is told to be Slack's."""

_NAME = re.compile(r"(\d{17})-(\d{1,8})-[0-9a-f]{24}")

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


@dataclass(frozen=True)
class KeptRequest:
    """A request, and when it was received, in epoch seconds."""

    request: Request
    at: float


class InboxState(NamedTuple):
    """How many requests wait, of how many bytes, since when the first of them does, and how many have failed.

    `since` is in epoch seconds, 0.0 if none waits.
    """

    waiting: int
    size: int
    since: float
    failed: int


class Inbox:
    """The inbox of this machine, below `var`. Its methods raise `StoreError` if the disk fails.

    `clock` returns epoch seconds.
    """

    def __init__(self, var: str, *, disk: Disk | None = None, clock: Callable[[], float] = time.time) -> None:
        self._disk = disk or Disk()
        self._clock = clock
        self._folders = {name: os.path.join(var, FOLDER, name) for name in FOLDERS}
        self._number = self._size = 0
        self._counted = -math.inf

    @as_store_errors()
    def make_folders(self) -> None:
        """Make the missing folders, for this user only, and fsync those in which they lie."""
        for folder in self._folders.values():
            self._disk.make_folder(folder)
        above = os.path.dirname(self._folders["tmp"])
        # A file whose folder a power cut forgets is forgotten with it.
        self._disk.fsync_folder(above)
        self._disk.fsync_folder(os.path.dirname(above))

    # what a worker does

    def refuse_while_waiting(self) -> None:
        """Raise StoreUnreachable while any request waits here: what comes now is to come behind it."""
        if self.is_waiting():
            raise StoreUnreachable("earlier requests wait in the inbox")

    def behind(self, look: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
        """Return `look` with refuse_while_waiting() before it: what waits here may change what it finds."""

        @wraps(look)
        def look_behind(*arguments: Arguments.args, **named: Arguments.kwargs) -> Result:
            self.refuse_while_waiting()
            return look(*arguments, **named)

        return look_behind

    @as_store_errors()
    def keep(self, request: Request, at: float) -> None:
        """Keep a request that was received at this time, and wait until it is on the disk.

        After a StoreError, also if the inbox is full, it counts as not kept.
        """
        headers = {name: request.headers[name] for name in HEADERS if name in request.headers}
        facts = {"at": at, "path": request.path, "headers": headers, "size": len(request.body)}
        data = json.dumps(facts).encode() + b"\n" + request.body
        self._check_room(len(data))
        temporary = self._write(data)
        try:
            name = f"{int(at * 1_000_000):017d}-{len(data)}-{os.path.basename(temporary)}"
            self._disk.rename(temporary, self._path("waiting", name))
        except OSError:
            self._drop(temporary)
            raise
        self._disk.fsync_folder(self._folders["waiting"])

    def _write(self, data: bytes) -> str:
        """Write a new file in tmp/, fsync it, and return its path. If that fails, no file is left."""
        path = self._path("tmp", os.urandom(12).hex())
        write_file(self._disk, path, data)
        return path

    def _check_room(self, size: int) -> None:
        """Raise StoreError if the inbox has no room for so many bytes more."""
        now = time.monotonic()
        if now - self._counted > COUNT_EVERY:
            names = self.names()
            self._number, self._size, self._counted = len(names), _total(names), now
        if self._number >= MOST_REQUESTS or self._size + size > MOST_BYTES:
            raise StoreError(errno.ENOSPC, "the inbox is full", self._folders["waiting"])
        self._number += 1
        self._size += size

    # what takes the requests in

    @as_store_errors()
    def is_waiting(self) -> bool:
        """Check whether any request waits."""
        return any(map(_NAME.fullmatch, self._disk.each_name(self._folders["waiting"])))

    @as_store_errors()
    def names(self) -> list[str]:
        """Return the names of the requests that wait, in the order in which they were received."""
        return sorted(filter(_NAME.fullmatch, self._disk.names(self._folders["waiting"])))

    @as_store_errors()
    def read(self, name: str) -> KeptRequest:
        """Return a request that waits. Raise NoStore if it does no more, ValueError if its file is damaged."""
        fd = self._disk.open(self._path("waiting", name))
        try:
            line, _, body = self._disk.read(fd).partition(b"\n")
        finally:
            self._disk.close(fd)
        return _kept_request(line, body)

    @as_store_errors()
    def remove(self, name: str) -> None:
        """Remove a request that was taken in; do nothing if it is gone. The next sync() makes that last."""
        with contextlib.suppress(FileNotFoundError):
            self._disk.unlink(self._path("waiting", name))

    @as_store_errors()
    def set_aside(self, name: str) -> None:
        """Move a request to failed/; do nothing if it is gone."""
        with contextlib.suppress(FileNotFoundError):
            self._disk.rename(self._path("waiting", name), self._path("failed", name))
            self._disk.fsync_folder(self._folders["failed"])

    @as_store_errors()
    def sync(self) -> None:
        """Wait until it is on the disk which requests wait."""
        self._disk.fsync_folder(self._folders["waiting"])

    # the status page and the hourly sweep

    @as_store_errors()
    def state(self) -> InboxState:
        """Return how many requests wait and have failed; all zeros where there is no inbox."""
        try:
            names = self.names()
            failed = len(self._disk.names(self._folders["failed"]))
        except FileNotFoundError:
            return InboxState(0, 0, 0.0, 0)
        return InboxState(len(names), _total(names), received_at(names[0]) if names else 0.0, failed)

    @as_store_errors()
    def sweep(self) -> None:
        """Remove what killed processes left in tmp/ an hour ago, and what failed a week ago."""
        for folder, age in (("tmp", TMP_AGE), ("failed", FAILED_AGE)):
            for name in self._disk.names(self._folders[folder]):
                path = self._path(folder, name)
                with contextlib.suppress(FileNotFoundError):
                    if self._clock() - self._disk.modified(path) > age:
                        self._disk.unlink(path)

    def _drop(self, temporary: str) -> None:
        """Remove a path in tmp/; a failure is ignored."""
        with contextlib.suppress(OSError):  # then sweep() does it
            self._disk.unlink(temporary)

    def _path(self, folder: str, name: str) -> str:
        return f"{self._folders[folder]}/{name}"


def received_at(name: str) -> float:
    """Return when the request of this name was received, in epoch seconds."""
    return int(name.partition("-")[0]) / 1_000_000


def _total(names: list[str]) -> int:
    """Return the bytes of these files together."""
    return sum(int(name.split("-")[1]) for name in names)


def _kept_request(line: bytes, body: bytes) -> KeptRequest:
    """Return the request in a file. Raise ValueError if the file is damaged."""
    match _facts(line):
        case {"at": float(at), "path": str(path), "headers": dict(headers), "size": int(size)}:
            if size == len(body) and all(isinstance(value, str) for value in headers.values()):
                return KeptRequest(Request("POST", path, headers, body), at)
    raise ValueError("a request that is not whole")


def _facts(line: bytes) -> Mapping[str, Any] | None:
    try:
        facts = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return facts if isinstance(facts, dict) else None
