"""`python -m bench.ledger_power.paying FOLDER JOURNAL SYNCHRONOUS FIRST CALLS`: hold and settle calls, for strace."""

from __future__ import annotations

import os
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial

from cocoai.engine.process.fork import fork
from cocoai.ledger import database
from cocoai.ledger.caps import Caps
from cocoai.ledger.charge import Bill, PaidCall, Payer
from cocoai.ledger.database import SqliteStore
from cocoai.ledger.ledger import Ledger
from cocoai.ledger.money import NANO
from cocoai.ledger.months import Months
from cocoai.ledger.store import PATIENCE

OURS = ("TRUNCATE", "EXTRA")
"""The ledger's own journal and fsyncs."""

ACKS = "acks"
"""The file in which a process writes what was acknowledged to it: `held KEY` or `settled KEY`."""


def pay(folder: str, journal: str, synchronous: str, first: int, calls: int) -> None:
    """Hold and settle so many calls, one after the other, each in a child; write what is acknowledged."""
    if (journal, synchronous) != OURS:
        vars(database)["_connected"] = partial(_connected_by, journal, synchronous)
    ledger = Ledger(SqliteStore(os.path.join(folder, database.FILE)), Caps(NANO), Months({"2026-11": 0.0}))
    for number in range(first, first + calls):
        os.waitpid(fork(partial(_pay_once, ledger, folder, number), name="payer", detach=False), 0)


def _pay_once(ledger: Ledger, folder: str, number: int) -> None:
    call = PaidCall(f"C1-1.0-{number}.0", 1, Payer("T1", "C1", "U1"), "chat", "gpt-6-luna", 1, "{}")
    acks = os.open(os.path.join(folder, ACKS), os.O_WRONLY | os.O_APPEND)
    held = ledger.hold(call)
    os.write(acks, f"held {call.key}\n".encode())
    ledger.settle(call.key, held, Bill(1, "priced"))
    os.write(acks, f"settled {call.key}\n".encode())


@contextmanager
def _connected_by(
    journal: str, synchronous: str, path: str, patience: float = PATIENCE
) -> Iterator[sqlite3.Connection]:
    """Yield a connection as the ledger's own, but with these settings."""
    database.make(path)
    with closing(sqlite3.connect(path, timeout=patience, isolation_level=None)) as connection:
        connection.execute(f"PRAGMA journal_mode = {journal}").fetchone()
        connection.execute(f"PRAGMA synchronous = {synchronous}")
        yield connection


if __name__ == "__main__":
    _, path, journal, synchronous, first, calls = sys.argv
    pay(path, journal, synchronous, int(first), int(calls))
