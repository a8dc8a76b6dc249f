"""Move all that is kept from the files of a machine into a database, or back, while no pool works on it.

A job is claimed as a process that answers it does, stored whole in the other store, and only then removed from its own.
So after a kill at any step it is in one of them, or in both, and then one of the two is the beginning of the other. A
mark in the store that is left keeps pools from starting on it before the move is completed.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial

from cocoai import config
from cocoai.backup.contents import MOVING as FILE_MARK
from cocoai.backup.no_pool import no_pool
from cocoai.documents.document import HISTORY_FILE
from cocoai.documents.file_history import FileHistory
from cocoai.documents.file_history import delete as delete_history
from cocoai.documents.mariadb_history import MariaDBHistory
from cocoai.engine.mariadb.errors import DuplicateKey
from cocoai.engine.mariadb.mariadb import MariaDB
from cocoai.engine.process.replace_file import replace_file
from cocoai.errors import CocoAIError
from cocoai.ledger.database import FILE as LEDGER
from cocoai.ledger.database import SqliteStore
from cocoai.ledger.mariadb import MariaDBStore
from cocoai.spool.disk import Disk
from cocoai.spool.job import STATES
from cocoai.spool.store_error import JobInUse
from cocoai.status.inbox import read_inbox
from cocoai.store.file_side import FileSide
from cocoai.store.history_move import move_history
from cocoai.store.ledger_move import clear_ledger, move_ledger
from cocoai.store.machines import seen_machines
from cocoai.store.mariadb_side import MariaDBSide
from cocoai.store.schema import MOVING as ROW_MARK
from cocoai.store.schema import check_version
from cocoai.store.side import Side

FILES, MARIADB = "files", "mariadb"
"""The names of the two stores."""

GRACE = 3.0
"""Seconds for which others may still be connected."""

_OTHERS = "SELECT COUNT(*) FROM information_schema.processlist WHERE db = DATABASE() AND id <> CONNECTION_ID()"


def move(settings: config.Settings, database: MariaDB, target: str, disk: Disk | None = None) -> Iterator[str]:
    """Move jobs, threads, the ledger and the history into `target`, `files` or `mariadb`; yield a line for each part.

    It may be run again after a kill, also to move all back. Raise CocoAIError if a pool runs, or if something is in the
    way: then it is to be run again. Raise `StoreError`, `LedgerBroken`, `HistoryBroken` or `MariaDBError` if a store
    fails.
    """
    check_version(database)
    var = settings.paths.var
    with no_pool(settings):
        if target == MARIADB:
            replace_file(os.path.join(var, FILE_MARK), b"", durable=True)
            Disk().fsync_folder(var)
        else:
            _mark_row(database, var)
            yield from _inboxes(database)
        yield from _move_ledger(database, os.path.join(var, LEDGER), target)
        yield from _move_history(database, os.path.join(var, HISTORY_FILE), target)
        sides: tuple[Side, Side] = (FileSide(var, disk=disk), MariaDBSide(database, var))
        source, other = sides if target == MARIADB else (sides[1], sides[0])
        yield from _move_jobs(source, other)
        yield from _move_threads(source, other)
        source.clear()
        _unmark_row(database)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(os.path.join(var, FILE_MARK))


def _move_ledger(database: MariaDB, path: str, target: str) -> Iterator[str]:
    """Move the ledger before the jobs: what goes on with one of them finds what was held for it."""
    file, shared = SqliteStore(path), MariaDBStore(database)
    if target == MARIADB:
        number = move_ledger(file, shared, _removing(path))
    else:
        number = move_ledger(shared, file, partial(clear_ledger, shared))
    yield f"ledger: {number} calls"


def _move_history(database: MariaDB, path: str, target: str) -> Iterator[str]:
    """Move the history, if there is any."""
    file, shared = FileHistory(path), MariaDBHistory(database)
    if target == MARIADB:
        number = move_history(file, shared, partial(delete_history, path))
    else:
        number = move_history(shared, file, shared.clear)
    if number:
        yield f"history: {number} answers"


def _removing(path: str) -> Callable[[], None]:
    """Return what removes the ledger's file and its journal."""

    def remove() -> None:
        for each in (f"{path}-journal", path):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(each)

    return remove


def _move_jobs(source: Side, target: Side) -> Iterator[str]:
    """Move each job that no process works on. Raise CocoAIError at the end if any was left.

    One that is damaged stays where it is, as nobody can say what was asked.
    """
    moved: Counter[str] = Counter()
    in_use: list[str] = []
    for state, key in source.jobs():
        try:
            with source.taken(state, key) as copy:
                if copy is not None:
                    target.give(copy)
                    source.drop(copy)
                    moved[state] += 1
        except JobInUse as error:
            in_use.append(str(error))
        except ValueError as error:
            yield f"damaged, and left where it is: {error}"
    yield "jobs: " + ", ".join(f"{moved[state]} {state}" for state in STATES)
    if in_use:
        raise CocoAIError(f"{len(in_use)} jobs are worked on, so run it again: {in_use[0]}")


def _move_threads(source: Side, target: Side) -> Iterator[str]:
    threads = 0
    for thread in source.threads():
        target.give_thread(thread)
        threads += 1
    yield f"threads: {threads}"


def _mark_row(database: MariaDB, var: str) -> None:
    """Mark the database as one that is left. Raise CocoAIError if others work on it, or requests wait for it here."""
    inbox = read_inbox(var)
    if inbox is not None and inbox.waiting:
        raise CocoAIError(f"{inbox.waiting} requests wait in {var}/inbox: let the pool take them in first")
    is_new = True
    try:
        database.execute("INSERT INTO meta VALUES (%s, '')", (ROW_MARK,))
    except DuplicateKey:
        is_new = False
    if others := _others(database):
        if is_new:
            _unmark_row(database)
        raise CocoAIError(f"{database.address}: {others} other connections: stop the pools of all machines first")


def _others(database: MariaDB) -> int:
    """Return how many others are connected to the database; the server notices a moment later that one has gone."""
    ends = time.monotonic() + GRACE
    while (others := int(database.rows(_OTHERS)[0][0])) and time.monotonic() < ends:
        time.sleep(0.1)
    return others


def _unmark_row(database: MariaDB) -> None:
    database.execute("DELETE FROM meta WHERE name = %s", (ROW_MARK,))


def _inboxes(database: MariaDB) -> Iterator[str]:
    """Yield a warning for each machine that last told of requests in its inbox: they would never be taken in."""
    for each in seen_machines(database):
        if each.facts.inbox:
            yield f"{each.facts.host} had {each.facts.inbox} requests in its inbox: look there before you go on"
