"""Look at the team's documents and the history: SQLite, the folder, [readers], what could not be read, the index's age.

It is asked as the user that this process is, who is to be the pool's: what it may read is what is found.
"""

from __future__ import annotations

import os
import re
import sqlite3
import sys
from collections import defaultdict
from collections.abc import Collection, Iterator
from contextlib import closing

from cocoai import config
from cocoai.check.result import Result, note, ok, warning, wrong
from cocoai.check.target import Target
from cocoai.documents.access import comparable
from cocoai.documents.database import IndexUnavailable
from cocoai.documents.document import FOLDER, HISTORY, HISTORY_FILE, SLACK
from cocoai.documents.folder_walk import readable
from cocoai.documents.index_look import last_slice, left_out_of
from cocoai.documents.index_reader import IndexedDocument, IndexReader
from cocoai.documents.index_task import index_path
from cocoai.documents.problems import LEFT_OUT, PROBLEMS
from cocoai.errors import CocoAIError
from cocoai.status.units import moment, seconds
from cocoai.stores import history_of

EXAMPLES = 3

LATE = 3600.0
"""Seconds after a slice of indexing in which the next one has surely begun, on a machine without CPU credit too."""

ELSEWHERE = frozenset(
    {
        "folder_missing",
        "folder_unreadable",
        "history_broken",
        "missing_scope",
        "not_in_channel",
        "channel_not_found",
    }
)
"""The codes of what was left out that other checks tell, as it is now."""

TO_WATCH = frozenset({"needs_extra", "too_many", "folder_empty"})
"""The codes of what an operator has to mend; the others are only to be known."""

_CHANNEL = re.compile(r"(?=.*\d)[cdg][a-z0-9]{8,}")
"""A channel's id as [readers] has it. One that is no document's channel opens nothing: it is shown nowhere else."""


def documents(target: Target) -> Iterator[Result]:
    """Yield what is found of documents and history; nothing where there are none."""
    settings = target.settings
    if settings is None or not (settings.documents.is_on or settings.history.keep_days):
        return
    yield _fts5()
    if target.owner and target.owner.uid != os.geteuid():
        yield note("documents", "not_asked", user=target.owner.shown)
        return
    yield from _folder(settings, target)
    yield from _index(target)
    yield from _history(settings, target)


def _fts5() -> Result:
    """Return whether SQLite has full-text search: a table of it is made in memory."""
    try:
        with closing(sqlite3.connect(":memory:")) as connection:
            connection.execute("CREATE VIRTUAL TABLE word USING fts5(words, content='', tokenize='ascii')")
    except sqlite3.Error:
        return wrong("documents.search", "no_fts5", version=sqlite3.sqlite_version, python=sys.executable)
    return ok("documents.search", version=sqlite3.sqlite_version)


def _folder(settings: config.Settings, target: Target) -> Iterator[Result]:
    """Yield whether the folder can be read, and whether [readers] names what is there."""
    folder = settings.documents.folder
    user = target.owner.shown if target.owner else str(os.geteuid())
    if folder and not os.path.isdir(folder):
        yield wrong("documents.folder", "missing", folder=folder, file=target.shown_file)
        return
    if folder and not os.access(folder, os.R_OK | os.X_OK):
        yield wrong("documents.folder", "closed", folder=folder, user=user)
        return
    if folder:
        yield ok("documents.folder", folder=folder)
    yield from _readers(settings, target)


def _readers(settings: config.Settings, target: Target) -> Iterator[Result]:
    """Yield each name of [readers] that is neither a sub-folder's nor a channel's.

    It is wrong where it should have kept a sub-folder to few: by a slip of the pen everybody is shown it.
    """
    facts = {"folder": settings.documents.folder, "file": target.shown_file, "reload": target.reload}
    channels = {comparable(channel) for channel in settings.documents.channels}
    odd = 0
    for name, readers in settings.readers.items():
        if name in channels or _is_sub_folder(settings.documents.folder, name):
            continue
        odd += 1
        if settings.documents.folder and readers is not None and not _CHANNEL.fullmatch(name):
            yield wrong("documents.readers", "unknown", name=name, **facts)
        else:
            yield warning("documents.readers", "spare", name=name, **facts)
    if settings.readers and not odd:
        yield ok("documents.readers", number=len(settings.readers))


def _is_sub_folder(folder: str, name: str) -> bool:
    """Check whether a name of [readers] is a sub-folder's, in the eyes of the walk; True if that cannot be seen."""
    found = [folder] if folder else []
    try:
        for part in name.split("/"):
            found = [path for each in found for path in _folders_called(each, part)]
    except OSError:
        return True  # then nothing in it is read either
    return bool(found)


def _folders_called(folder: str, name: str) -> list[str]:
    with os.scandir(folder) as entries:
        return [
            entry.path
            for entry in entries
            if entry.is_dir(follow_symlinks=False)
            and not entry.name.startswith(".")
            and comparable(readable(entry.name)) == name
        ]


def _index(target: Target) -> Iterator[Result]:
    """Yield how old the index is, how much room there is for it, and what is not in it."""
    path, reader = index_path(target.var), IndexReader(index_path(target.var), marks_broken=False)
    try:
        rows = reader.documents()
        left_out = {source: left_out_of(reader, source) for source in (FOLDER, SLACK, HISTORY)}
    except IndexUnavailable as error:
        level = warning if error.code == "broken" else note
        yield level("documents.index", error.code, path=path)
        return
    yield _age(target, rows)
    yield from _room(path)
    yield from _unread(rows, _pip(target))
    for source, problems in left_out.items():
        for code, count in problems.items():
            if code not in ELSEWHERE:
                level = warning if code in TO_WATCH else note
                case = code if code in LEFT_OUT else "other"
                yield level("documents.left_out", case, number=count, source=source, code=code)


def _age(target: Target, rows: Collection[IndexedDocument]) -> Result:
    age = max(0.0, target.clock() - last_slice(target.var))
    facts = {"documents": f"{len(rows):,}", "passages": f"{sum(row.passages for row in rows):,}", "age": seconds(age)}
    return warning("documents.index", "late", **facts) if age > LATE else ok("documents.index", **facts)


def _room(path: str) -> Iterator[Result]:
    """Yield whether the index could be written once more: it is written anew where words are forgotten."""
    try:
        size, disk = os.stat(path).st_size, os.statvfs(path)
    except OSError:
        return
    room = disk.f_bavail * disk.f_frsize
    if room < 2 * size:
        yield warning("documents.room", "little", mib=f"{room >> 20:,}", size=f"{size >> 20:,}")


def _unread(rows: Collection[IndexedDocument], pip: str) -> Iterator[Result]:
    """Yield a result for each code of documents that could not be read, with some of their names."""
    names = defaultdict[str, list[str]](list)
    for row in rows:
        if row.problem:
            names[row.problem].append(row.document.name)
    for code, found in names.items():
        level = warning if code in TO_WATCH else note
        case = code if code in PROBLEMS else "other"
        examples = ", ".join(found[:EXAMPLES]) + (", …" if len(found) > EXAMPLES else "")
        yield level("documents.unread", case, number=f"{len(found):,}", code=code, examples=examples, pip=pip)


def _pip(target: Target) -> str:
    sudo = "sudo " if target.instance else ""
    return f"{sudo}{sys.executable} -m pip install 'cocoai[documents]'"


def _history(settings: config.Settings, target: Target) -> Iterator[Result]:
    """Yield how much of the history is kept; nothing where none is."""
    if not settings.history.keep_days:
        return
    address = settings.store.address
    place = os.path.join(target.var, HISTORY_FILE) if address is None else str(address)
    try:
        history = history_of(settings)
        size = history.size()
        exchanges, oldest = history.figures()
    except CocoAIError as error:
        reason = str(error).removeprefix(f"history_broken {place}: ")
        if address is None:
            yield wrong("history", "broken", path=place, reason=reason, restore=target.restore)
        else:
            yield wrong("history", "away", address=place, reason=reason)
        return
    if not size:
        yield note("history", "not_yet")
        return
    mib = f"{size / (1 << 20):.1f}"
    yield ok("history", number=f"{exchanges:,}", oldest=moment(oldest) if oldest else "-", mib=mib)
