"""Three nodes hold at the same moment what only one of them may: each adds up what it knows of the others by then."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial

import pytest

from bench.galera.cluster import NODES, Cluster
from cocoai.engine.mariadb.mariadb import MariaDB
from cocoai.errors import CocoAIError
from cocoai.ledger import ledger, mariadb
from cocoai.ledger.caps import Caps
from cocoai.ledger.charge import PaidCall, Payer
from cocoai.ledger.ledger import Ledger
from cocoai.ledger.mariadb import LEDGER_TABLES, MariaDBStore
from cocoai.ledger.months import read_months
from tests.spool.rooms import in_processes

ROUNDS = 5

CAP, BOUND = 100, 60
"""Nano-dollars: only one call fits."""

THOUGHT = 0.3
"""Seconds between the sum and the hold, so that all have added up before anybody has written."""

LOCKED = "SELECT number FROM ledger_turn WHERE id = 1 FOR UPDATE"
"""What keeps others waiting on one server, in place of a row that is written."""


def violations(cluster: Cluster, *, is_broken: bool) -> Iterator[str]:
    """Let all nodes hold at once, ROUNDS times; yield what breaks the law. `is_broken`: see LOCKED."""
    database = cluster.new_database("holds")
    for statement in LEDGER_TABLES:
        database.execute(statement)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ledger, "_insert", partial(_insert_later, ledger._insert))  # noqa: SLF001 (it comes behind the sum)
        if is_broken:
            patch.setattr(mariadb, "_TAKE_TURN", LOCKED)
        for number in range(ROUNDS):
            in_processes([partial(_hold, cluster, node, number) for node in NODES])
            query = "SELECT COUNT(*) FROM charge WHERE channel = %s"
            ((held,),) = database.rows(query, (f"C{number}",))
            if held != 1:
                yield f"of {len(NODES)} calls at once that only one fits of, {held} were held"
    database.close()


def _insert_later(insert: Callable[..., int], *values: object) -> int:
    time.sleep(THOUGHT)
    return insert(*values)


def _hold(cluster: Cluster, node: int, number: int) -> None:
    caps, months = Caps(ROUNDS * len(NODES) * BOUND, channel=CAP), read_months("UTC", time.time)
    # The pause behind each sum keeps all others waiting for longer than a worker would.
    books = Ledger(MariaDBStore(MariaDB(cluster.way(node, "holds"), timeout=10.0)), caps, months)
    key = f"C{number}-{node}.000100-{node}.000100"
    try:
        books.hold(PaidCall(key, 1, Payer("T0", f"C{number}", f"U{node}"), "chat", "gpt-6-luna", BOUND, "{}"))
    except CocoAIError:
        return  # it does not fit, or others were in the way again and again: either is right
