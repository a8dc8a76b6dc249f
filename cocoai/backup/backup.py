"""Back up what CocoAI keeps: `cocoai backup`. The pool works on meanwhile, and is neither asked nor kept waiting.

The order matters. The ledger comes first: each hold that is open in it belongs to a job that the spool had then, so
that its facts, read later, tell what became of it. Then the jobs, then their pictures and the marks of their threads.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import IO

import cocoai
from cocoai import config
from cocoai.backup.archive import ArchiveWriter
from cocoai.backup.contents import (
    KEPT_FILES,
    KEPT_FOLDERS,
    NAME,
    backup_name,
    refuse_half_done,
    unknown_names,
)
from cocoai.documents.document import HISTORY_FILE
from cocoai.documents.file_history import FileHistory
from cocoai.documents.history import HistoryBroken
from cocoai.engine.process.replace_file import UNFINISHED, sweep_unfinished
from cocoai.errors import CocoAIError
from cocoai.ledger import database
from cocoai.ledger.database import FILE as LEDGER
from cocoai.ledger.store import LedgerBroken
from cocoai.spool.job_files import each_job_file, picture_of

PATIENCE = 60.0
"""Seconds to wait for a commit of another process. Nobody waits for a backup, and one that fails is a day's."""


@dataclass(frozen=True)
class BackupReport:
    """What a backup has made: the file's `path` and `size` in bytes, and how many files it has by folder.

    `removed` are the names of older backups that were deleted. `unread` are files that the settings name and that could
    not be read; `unknown` are names in `var` that no backup knows. Neither is in it.
    """

    path: str
    size: int
    counts: Counter[str]
    removed: list[str]
    unread: list[str]
    unknown: list[str]


def write_backup(
    settings: config.Settings, folder: str, *, keep: int, clock: Callable[[], float] = time.time
) -> BackupReport:
    """Write a backup of the `var` of these settings into `folder`, and delete all but the newest `keep` there.

    The file appears under its name when it is whole and on the disk. `clock` returns epoch seconds. Raise CocoAIError
    if that fails: then no file is there, and none is deleted.
    """
    var, at = settings.paths.var, clock()
    if not os.path.isdir(var):
        raise CocoAIError(f"there is no {var}: nothing is kept there yet")
    refuse_half_done(var)
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)
        sweep_unfinished(folder, clock=clock)
        path = os.path.join(folder, backup_name(at))
        counts, unread = _write_whole(settings, path, at)
        removed = _remove_old(folder, os.path.basename(path), keep)
        return BackupReport(path, os.path.getsize(path), counts, removed, unread, unknown_names(var))
    except OSError as error:
        raise CocoAIError(f"cannot back up: {error.filename or folder}: {error.strerror or error}") from error


def _write_whole(settings: config.Settings, path: str, at: float) -> tuple[Counter[str], list[str]]:
    """Write the archive under another name, wait until it is on the disk, and rename it to `path`."""
    unfinished = f"{path}.{os.getpid()}.new"
    try:
        with _created(unfinished) as file:
            facts = {"cocoai": cocoai.__version__, "at": at, "var": settings.paths.var, "settings": settings.file}
            archive = ArchiveWriter(file, facts)
            unread = _add_settings(archive, settings)
            counts = _add_var(archive, settings.paths.var, unfinished)
            archive.close()
            file.flush()
            os.fsync(file.fileno())
        os.rename(unfinished, path)
        _fsync_folder(os.path.dirname(path))
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(unfinished)
        raise
    return counts, unread


def _created(path: str) -> IO[bytes]:
    """Create a file for this user only, and open it for writing."""
    return open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600), "wb")


def _fsync_folder(folder: str) -> None:
    fd = os.open(folder or ".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


# the settings


def _add_settings(archive: ArchiveWriter, settings: config.Settings) -> list[str]:
    """Add the settings file and the files that it names; return the paths of those that cannot be read."""
    unread = []
    for member, path in settings_members(settings):
        try:
            with open(path, "rb") as file:
                archive.add(f"settings/{member}", file.read(), int(os.fstat(file.fileno()).st_mtime))
        except OSError:
            unread.append(path)
    return unread


def settings_members(settings: config.Settings) -> Iterator[tuple[str, str]]:
    """Yield the settings file and each file that the settings name: its name in the archive, and its path.

    A file below the settings' folder keeps its place; of others only the name is kept.
    """
    folder = os.path.dirname(settings.file)
    personas = settings.personas
    named = (personas.instructions, *(each.instructions for each in personas.channels.values()))
    taken: set[str] = set()
    for path in dict.fromkeys(filter(None, (settings.file, *named, settings.network.ca_file))):
        inside = os.path.relpath(path, folder) if folder else os.pardir
        member = os.path.basename(path) if inside.split(os.sep)[0] == os.pardir else inside
        while member in taken:
            member = f"other-{member.replace('/', '-')}"
        taken.add(member)
        yield member, path


# what lies below var


def _add_var(archive: ArchiveWriter, var: str, unfinished: str) -> Counter[str]:
    """Add all that is kept of `var`; return how many files that are, by folder. `unfinished` is the archive's path."""
    counts: Counter[str] = Counter()
    counts["ledger"] = _add_database(archive, os.path.join(var, LEDGER), unfinished, _copy_ledger)
    counts["history"] = _add_database(archive, os.path.join(var, HISTORY_FILE), unfinished, _copy_history)
    pictures: list[str] = []
    for job in each_job_file(var):
        archive.add(f"var/spool/{job.state}/{job.name}", job.data, job.modified)
        counts[job.state] += 1
        if picture := picture_of(job):
            pictures.append(picture)
    counts["spool/files"] = sum(_add_large(archive, var, f"spool/files/{name}") for name in pictures)
    for folder in KEPT_FOLDERS:
        counts[folder] = sum(_add_if_there(archive, var, f"{folder}/{name}") for name in _names(var, folder))
    for name in KEPT_FILES:
        counts[name] = _add_if_there(archive, var, name)
    return counts


def _add_database(archive: ArchiveWriter, path: str, unfinished: str, copy_to: Callable[[str, str], None]) -> bool:
    """Add a copy of a database as it is at one moment; return False if there is none. Raise CocoAIError if it is bad.

    Then older backups stay, and the operator is told: a week later no whole one would be left otherwise.
    """
    if not os.path.exists(path):
        return False
    name = os.path.basename(path)
    # Beside the archive, named so that a killed backup's is swept too.
    copy = os.path.join(os.path.dirname(unfinished), f"{name}.{os.getpid()}.new")
    try:
        # What is opened and closed in this process must not be the database itself: that would drop SQLite's lock.
        with _created(copy):
            pass
        copy_to(path, copy)
        with open(copy, "rb") as file:
            status = os.fstat(file.fileno())
            archive.add_file(f"var/{name}", file, status.st_size, int(status.st_mtime))
    except (LedgerBroken, HistoryBroken) as error:
        what = name.partition(".")[0]
        raise CocoAIError(f"cannot back up: the {what} cannot be copied: {error.reason}") from error
    finally:
        with contextlib.suppress(OSError):
            os.unlink(copy)
    return True


def _copy_ledger(path: str, copy: str) -> None:
    """Copy the ledger by SQLite's own backup, and check the copy. Raise LedgerBroken if it is damaged."""
    with database.reading(path, patience=PATIENCE) as ledger:
        if fault := _copy(ledger, copy):
            raise LedgerBroken(f"{path}: {fault}")


def _copy_history(path: str, copy: str) -> None:
    """Copy the history in the same way. Raise HistoryBroken if it is damaged."""
    with FileHistory(path).reading(patience=PATIENCE) as history:
        if fault := _copy(history, copy):
            raise HistoryBroken(f"{path}: {fault}")


def _copy(source: sqlite3.Connection, copy: str) -> str:
    """Copy an open database into the empty file `copy` and check that; return what is wrong with it, else ""."""
    with closing(sqlite3.connect(copy, isolation_level=None)) as target:
        # The copy is nobody's yet. Its pages need no journal, and are on the disk with the archive.
        target.execute("PRAGMA journal_mode = OFF").fetchone()
        target.execute("PRAGMA synchronous = OFF")
        target.execute("PRAGMA cache_size = -256")
        # In one step: between two, another process's commit would begin it anew. Commits wait meanwhile: 30 MB, three
        # years of a team's questions, take a tenth of a second.
        source.backup(target, pages=-1)
        (found,) = target.execute("PRAGMA quick_check(1)").fetchone()
        return "" if found == "ok" else str(found)


def _names(var: str, folder: str) -> Sequence[str]:
    """Return the names in a folder of `var`, without those of files that are still being written."""
    with contextlib.suppress(FileNotFoundError):
        return [name for name in os.listdir(os.path.join(var, folder)) if not UNFINISHED.fullmatch(name)]
    return ()


def _add_large(archive: ArchiveWriter, var: str, name: str) -> bool:
    """Add a file of `var` block by block; return False if there is none."""
    with contextlib.suppress(FileNotFoundError), open(os.path.join(var, name), "rb") as file:
        status = os.fstat(file.fileno())
        archive.add_file(f"var/{name}", file, status.st_size, int(status.st_mtime))
        return True
    return False


def _add_if_there(archive: ArchiveWriter, var: str, name: str) -> bool:
    """Add a small file of `var` as it is now; return False if there is none."""
    with contextlib.suppress(FileNotFoundError), open(os.path.join(var, name), "rb") as file:
        archive.add(f"var/{name}", file.read(), int(os.fstat(file.fileno()).st_mtime))
        return True
    return False


def _remove_old(folder: str, newest: str, keep: int) -> list[str]:
    """Delete all backups in `folder` but `newest` and the `keep` - 1 before it; return the names of the deleted."""
    # Not by name alone: a clock that was wrong once has made names from the future.
    others = sorted(name for name in os.listdir(folder) if NAME.fullmatch(name) and name != newest)
    old = others[: max(0, len(others) - (keep - 1))]
    for name in old:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(os.path.join(folder, name))
    return old
