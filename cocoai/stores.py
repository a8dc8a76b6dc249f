"""Where jobs, the ledger and the history lie, by the settings: in files, or in a database that several machines share.

What speaks to the database is imported only where there is one.
"""

from __future__ import annotations

import logging
import os
import ssl
from typing import TYPE_CHECKING, Any, cast

from cocoai import __version__, config
from cocoai.engine.client.tls import tls_context
from cocoai.engine.process.scoreboard import Scoreboard
from cocoai.errors import CocoAIError
from cocoai.spool.file_spool import FileSpool
from cocoai.spool.runner import PeriodicTask
from cocoai.spool.spool import Spool

if TYPE_CHECKING:
    from cocoai.documents.history import History
    from cocoai.engine.mariadb.mariadb import MariaDB
    from cocoai.engine.mariadb.tally import Tally
    from cocoai.ledger.store import LedgerStore

log = logging.getLogger(__name__)


def database_of(
    settings: config.Settings,
    context: ssl.SSLContext | None = None,
    *,
    timeout: float | None = None,
    is_tallied: bool = False,
) -> MariaDB | None:
    """Return the database of [store], to which nobody has connected yet; None if there is none.

    TLS is spoken on `context`; None makes one that trusts the settings' `ca_file`, or the usual authorities. A
    statement may take `timeout` seconds, by default as few as a worker has. The pool's own has its errors tallied.
    Raise CocoAIError if what speaks to it is not installed.
    """
    address = settings.store.address
    if address is None:
        return None
    try:
        from cocoai.engine.mariadb.mariadb import MariaDB
    except ImportError as error:
        raise CocoAIError(f"[store] url needs the extra cocoai[mariadb]: {error}") from None

    if address.has_tls and context is None:
        context = tls_context(settings.network.ca_file or None)
    # Not a command's: root's file could not be written by the pool.
    options = {"note": tally_of(settings).count_error} if is_tallied else {}
    return MariaDB(address, context, timeout=timeout, **options)


def tally_of(settings: config.Settings) -> Tally:
    """Return the tally of what this machine's processes meet in the database."""
    from cocoai.engine.mariadb.tally import Tally

    return Tally(os.path.join(settings.paths.var, "run", "store"))


def check_tables(database: MariaDB) -> None:
    """Raise CocoAIError with what to do if the tables in `database` are not this version's; log if it is away.

    No connection is left open.
    """
    from cocoai.engine.mariadb.errors import MariaDBError
    from cocoai.store.schema import check_fit

    try:
        check_fit(database)
    except MariaDBError as error:
        if not error.may_pass:
            raise CocoAIError(f"{database.address}: {error}") from None
        log.warning("store outcome=unreachable reason=%s", error)
    finally:
        database.close()


def spool_of(settings: config.Settings, database: MariaDB | None = None, **options: Any) -> Spool:
    """Return the spool that the settings name, with these options of its class.

    `database` is what database_of() has returned, if that was called before: a process has one connection for all.
    """
    if settings.store.address is None:
        return FileSpool(settings.paths.var, **options)
    from cocoai.spool.mariadb.mariadb_spool import MariaDBSpool

    shared = database or database_of(settings)
    note_put = tally_of(settings).count_duration
    return MariaDBSpool(cast("MariaDB", shared), settings.paths.var, note_put=note_put, **options)


def ledger_store(settings: config.Settings, database: MariaDB | None = None) -> LedgerStore:
    """Return what keeps the ledger's tables, by the settings; `database` as in spool_of()."""
    if settings.store.address is None:
        from cocoai.ledger.database import FILE, SqliteStore

        return SqliteStore(os.path.join(settings.paths.var, FILE))
    from cocoai.ledger.mariadb import MariaDBStore

    return MariaDBStore(cast("MariaDB", database or database_of(settings)))


def history_of(settings: config.Settings, database: MariaDB | None = None) -> History:
    """Return the questions and answers that are kept, by the settings; `database` as in spool_of()."""
    if settings.store.address is None:
        from cocoai.documents.document import HISTORY_FILE
        from cocoai.documents.file_history import FileHistory

        return FileHistory(os.path.join(settings.paths.var, HISTORY_FILE))
    from cocoai.documents.mariadb_history import MariaDBHistory

    return MariaDBHistory(cast("MariaDB", database or database_of(settings)))


def remove_unkept_history(settings: config.Settings, database: MariaDB | None = None) -> None:
    """Remove the history in the database of [store] if no machine keeps one any more; `database` as in spool_of().

    A server that is away is logged.
    """
    from cocoai.documents.history import HistoryBroken
    from cocoai.documents.mariadb_history import MariaDBHistory

    try:
        MariaDBHistory(cast("MariaDB", database or database_of(settings))).remove_unkept()
    except HistoryBroken as error:
        log.warning("history outcome=not-removed reason=%s", error)


def machine_tasks(settings: config.Settings, database: MariaDB | None, scoreboard: Scoreboard) -> list[PeriodicTask]:
    """Return what tells the other machines how this one is, and what keeps its tally short.

    Neither is there where there is no database.
    """
    if database is None:
        return []
    from cocoai.spool.mariadb.claimed_rows import machine_of
    from cocoai.status.inbox import read_inbox
    from cocoai.store.machines import EVERY, MachineTask

    var = settings.paths.var

    def look() -> tuple[str, int, int, int]:
        inbox = read_inbox(var)
        return __version__, settings.pool.slots, scoreboard.busy_jobs(), inbox.waiting if inbox else 0

    return [
        PeriodicTask(MachineTask(database, machine_of(var), var, look).run, every=EVERY),
        PeriodicTask(tally_of(settings).sweep, every=3600.0),
    ]
