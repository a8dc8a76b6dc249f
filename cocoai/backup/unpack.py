"""Unpack an archive into a folder of its own and check it whole, before anything that is in use is touched."""

from __future__ import annotations

import io
import os
import shutil
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO

from cocoai.backup.archive import BadBackup, Member, checked, read_facts, read_members
from cocoai.backup.contents import path_in_settings, path_in_var
from cocoai.documents.document import HISTORY_FILE
from cocoai.documents.file_history import FileHistory
from cocoai.documents.history import HistoryBroken
from cocoai.ledger import database
from cocoai.ledger.database import FILE as LEDGER
from cocoai.ledger.store import LedgerBroken
from cocoai.spool.folders import FOLDERS
from cocoai.spool.job_files import JobFile, as_restored

VAR, SETTINGS = "var", "settings"
"""The two folders into which an archive is unpacked."""

MOST_JOB_BYTES = 16 * 1024 * 1024
"""A job's file is read whole if it was in ready/; the largest seen has some hundred kilobytes."""


@dataclass
class Unpacked:
    """An archive's contents below `folder`: `at`, in epoch seconds, is when it was made, `version` by which CocoAI.

    `counts` are its files by folder. `waiting` is how many jobs waited when it was made, and are not to be answered.
    """

    folder: str
    at: float
    version: str
    counts: Counter[str] = field(default_factory=Counter)
    waiting: int = 0

    def path(self, *names: str) -> str:
        """Return the path of what is unpacked under these names."""
        return os.path.join(self.folder, *names)

    def settings_files(self) -> Iterator[str]:
        """Yield the settings and the files that they name, as paths below their folder."""
        top = self.path(SETTINGS)
        for folder, _, names in os.walk(top):
            yield from sorted(os.path.relpath(os.path.join(folder, name), top) for name in names)


def unpack(file: IO[bytes], name: str, folder: str, now: float) -> Unpacked:
    """Unpack the archive in an open file into the new folder `folder`, as a restored machine keeps it.

    `name` is for messages, `now` is in epoch seconds. Raise BadBackup if it is no backup, damaged, of another version,
    or has anything that no backup has; OSError if the disk fails. The folder is then there, and the caller's to remove.
    """
    for each in (VAR, SETTINGS, *(f"{VAR}/spool/{state}" for state in FOLDERS)):
        os.makedirs(os.path.join(folder, each), mode=0o700, exist_ok=True)
    with checked(name):
        members = read_members(file, name)
        facts = read_facts(members, name)
        unpacked = Unpacked(folder, float(facts["at"]), str(facts.get("cocoai", "")))
        for member in members:
            _unpack_member(member, name, unpacked, now)
    _check_ledger(unpacked.path(VAR, LEDGER), name)
    _check_history(unpacked.path(VAR, HISTORY_FILE), name)
    return unpacked


def _unpack_member(member: Member, name: str, unpacked: Unpacked, now: float) -> None:
    """Write a member to its place below the folder. Raise BadBackup if it has none there, or was there before."""
    try:
        if inside := path_in_settings(member.name):
            _write(unpacked.path(SETTINGS, inside), member.file, member.modified)
        elif (inside := path_in_var(member.name)) is None:
            raise BadBackup(f"{name}: {member.name!r} does not belong into a backup")
        elif inside.startswith("spool/ready/"):
            _unpack_waiting(member, name, unpacked, now)
        else:
            _write(unpacked.path(VAR, inside), member.file, member.modified)
            unpacked.counts[os.path.dirname(inside) or inside] += 1
    except FileExistsError:
        raise BadBackup(f"{name}: {member.name!r} is in it twice") from None


def _unpack_waiting(member: Member, name: str, unpacked: Unpacked, now: float) -> None:
    """Write a job that waited when the backup was made to where it does not wait."""
    if member.size > MOST_JOB_BYTES:
        raise BadBackup(f"{name}: {member.name!r} is too large for a job")
    waited = JobFile("ready", os.path.basename(member.name), member.file.read(), member.modified)
    job = as_restored(waited, now, unpacked.at)
    _write(unpacked.path(VAR, "spool", job.state, job.name), io.BytesIO(job.data), job.modified)
    unpacked.counts[f"spool/{job.state}"] += 1
    unpacked.waiting += job.state == "failed"


def _write(path: str, source: IO[bytes], modified: int) -> None:
    """Write an open file's bytes to a new file, last changed at `modified`. Raise FileExistsError if it is there."""
    os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb") as file:
        shutil.copyfileobj(source, file, 65536)
    os.utime(path, (modified, modified))


def _check_ledger(path: str, name: str) -> None:
    """Raise BadBackup if there is a ledger and it is damaged, or of another version."""
    if not os.path.exists(path):
        return
    try:
        with database.reading(path) as ledger:
            (found,) = ledger.execute("PRAGMA integrity_check(1)").fetchone()
    except LedgerBroken as error:
        raise BadBackup(f"{name}: its ledger cannot be read: {error.reason}") from error
    if found != "ok":
        raise BadBackup(f"{name}: its ledger is damaged: {found}")


def _check_history(path: str, name: str) -> None:
    """Raise BadBackup if there is a history and it is damaged, or of another version."""
    try:
        with FileHistory(path).reading() as history:
            (found,) = history.execute("PRAGMA integrity_check(1)").fetchone()
    except HistoryBroken as error:
        raise BadBackup(f"{name}: its history cannot be read: {error.reason}") from error
    if found != "ok":
        raise BadBackup(f"{name}: its history is damaged: {found}")


def moment(seconds: float) -> str:
    """Return a time in epoch seconds as text, in UTC."""
    return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(seconds))
