"""Read the arguments of `cocoai store`, and run it.

What needs the database is imported when it runs, so that the other commands start quickly and need no extra.
"""

from __future__ import annotations

import argparse
import os
import sys
from typing import TYPE_CHECKING

from cocoai import config
from cocoai.errors import CocoAIError
from cocoai.spool.store_error import told_to_operator
from cocoai.stores import database_of
from cocoai.up.machine import become_owner

if TYPE_CHECKING:
    from cocoai.engine.mariadb.mariadb import MariaDB


STORES = ("files", "mariadb")
"""The stores from which and to which all that is kept can be moved."""

PATIENCE = 600.0
"""Seconds that a change of a table may take."""


def add_store(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> argparse.ArgumentParser:
    """Add `store init`, `check` and `move`; return the parser of `store`."""
    store = commands.add_parser("store", help="the database that several machines share, where [store] names one")
    verbs = store.add_subparsers(metavar="VERB", required=True)
    init = verbs.add_parser("init", help="make its tables, or bring them to this version; run it before an upgrade")
    init.set_defaults(run=_init)
    check = verbs.add_parser("check", help="whether it is fit for its work")
    check.set_defaults(run=_check)
    move = verbs.add_parser("move", help="move all that is kept into it, or back; stop the pools before")
    move.add_argument("--from", dest="source", choices=STORES, required=True)
    move.add_argument("--to", dest="target", choices=STORES, required=True)
    move.set_defaults(run=_move)
    store.set_defaults(command=_store)
    return store


def _store(arguments: argparse.Namespace) -> int:
    """Run the chosen verb; return its exit code. Raise CocoAIError if there is no database, or it cannot be used."""
    settings = config.read(arguments.config, os.environ, secrets=False)
    database = database_of(settings, timeout=PATIENCE)
    if database is None:
        raise CocoAIError("[store] url is empty: jobs, the ledger and the history are files on this machine")
    from cocoai.engine.mariadb.errors import MariaDBError

    try:
        status: int = arguments.run(settings, database, arguments)
    except MariaDBError as error:
        raise CocoAIError(f"{database.address}: {error}") from None
    finally:
        database.close()
    return status


def _init(_: config.Settings, database: MariaDB, __: argparse.Namespace) -> int:
    """Make or migrate the tables and say so; return 0."""
    from cocoai.store.schema import migrate

    before, after = migrate(database)
    made = "" if before == after else f", made of version {before}"
    sys.stdout.write(f"{database.address}: version {after}{made}\n")
    return 0


def _check(settings: config.Settings, database: MariaDB, _: argparse.Namespace) -> int:
    """Print how the database is; return 0, or 1 if it is not fit."""
    from cocoai.store.fitness import findings

    found = list(findings(database, connections_of(settings.pool)))
    for each in found:
        sys.stdout.write(f"{each.level:8}{each.text}\n")
    return int(any(each.level == "error" for each in found))


def _move(settings: config.Settings, database: MariaDB, arguments: argparse.Namespace) -> int:
    """Move what is kept from one store to the other, and say what was; return 0."""
    from cocoai.store.moving import move

    if arguments.source == arguments.target:
        raise CocoAIError(f"--from and --to are both {arguments.target}")
    become_owner(settings.paths.var)
    os.umask(0o077)  # what is kept are people's questions
    with told_to_operator("move"):
        for line in move(settings, database, arguments.target):
            sys.stdout.write(f"{line}\n")
            sys.stdout.flush()
    return 0


def connections_of(pool: config.PoolSettings) -> int:
    """Return how many connections one machine opens at most: its workers, its slots, the master, a helper."""
    return max(pool.workers) + pool.slots + 2
