"""Look at the database that several machines share: whether it can be reached, and is fit for its work."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cocoai import config
from cocoai.check.result import Result, note, ok, warning, wrong
from cocoai.check.target import Target
from cocoai.errors import CocoAIError
from cocoai.stores import database_of

if TYPE_CHECKING:
    from cocoai.engine.mariadb.mariadb import MariaDB


def store(target: Target) -> Iterator[Result]:
    """Yield what is wrong with the database of [store]; nothing where jobs are files."""
    settings = target.settings
    if settings is None or settings.store.address is None:
        return
    from cocoai.store.command import connections_of

    try:
        database = database_of(settings)
    except CocoAIError as error:
        yield wrong("store", "no_driver", reason=str(error))
        return
    if database is not None:
        yield from _asked(target, database, connections_of(settings.pool))


def _asked(target: Target, database: MariaDB, connections: int) -> Iterator[Result]:
    """Yield what the server says; `connections` are those that this machine opens at most."""
    from cocoai.engine.mariadb.errors import MariaDBError
    from cocoai.store.fitness import findings

    address = str(database.address)
    try:
        found = [each for each in findings(database, connections) if each.level != "ok"]
    except MariaDBError as error:
        yield wrong("store", "away", address=address, reason=str(error), file=target.shown_file)
        return
    finally:
        database.close()
    for each in found:
        level = wrong if each.level == "error" else warning
        yield level("store", "unfit", address=address, text=each.text)
    if not found:
        yield ok("store", address=address)


def shared_ledger(settings: config.Settings) -> Iterator[Result]:
    """Yield whether the ledger in the database of [store] can be read; nothing if what speaks to it is missing."""
    try:
        database = database_of(settings)
    except CocoAIError:
        return  # that is said of the database
    if database is None:
        return
    from cocoai.engine.mariadb.errors import Unreachable
    from cocoai.ledger.mariadb import MariaDBStore
    from cocoai.ledger.store import LedgerBroken

    address = str(database.address)
    try:
        trouble = MariaDBStore(database).trouble()
    except LedgerBroken as error:
        if error.may_pass or isinstance(error.__cause__, Unreachable):
            yield note("ledger", "away", address=address)
            return
        trouble = error.reason
    finally:
        database.close()
    if trouble:
        yield wrong("ledger", "unfit", address=address, reason=trouble)
    else:
        yield ok("ledger", "shared", address=address)
