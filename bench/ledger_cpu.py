"""What a paid request costs in CPU by its two transactions, beside the least that SQLite takes for them here.

    python -m bench.ledger_cpu      some seconds

least   open, read a sum, insert, commit, close; open, update, commit, close: nothing else, on one table
ledger  the same by `Ledger.hold` and `Ledger.settle`: caps, thresholds, prices kept, the call's number

Each pair runs in a process of its own, forked for it, as a question's job is, and the two take turns. A commit is five
fdatasync, whose CPU depends on the machine's kernel and disk more than on SQLite: so the ratio counts, not the time.
"""

from __future__ import annotations

import os
import resource
import sqlite3
import statistics
import tempfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from cocoai.ledger.charge import Bill, PaidCall, Payer
from cocoai.ledger.cost import Tokens
from tests.books import books

PAIRS = 200
"""Measured pairs of each; as many questions are in the month before the first."""

MONTH = "2026-11"
PRICE = '{"input": "0.25", "cached": "0.025", "written": "0.25", "output": "2", "since": "2026-07-01"}'
BILL = Bill(5000, "priced", "gpt-5.6-luna", "default", Tokens(100, 0, 100, 50, 10))

Pair = Callable[[int], None]


def least(path: Path) -> Pair:
    """Return a function that holds and settles by the fewest statements that can do it."""
    with closing(_opened(path)) as made:
        made.execute("CREATE TABLE charge (id INTEGER PRIMARY KEY, key, month, held, spent, UNIQUE (key))")
        made.execute("CREATE INDEX by_month ON charge (month, spent, held)")

    def pair(number: int) -> None:
        key = f"C0-{number}"
        with closing(_opened(path)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("SELECT sum(spent) FROM charge WHERE month = ?", (MONTH,)).fetchone()
            connection.execute("INSERT INTO charge (key, month, held) VALUES (?, ?, 9000)", (key, MONTH))
            connection.execute("COMMIT")
        with closing(_opened(path)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("UPDATE charge SET spent = 5000 WHERE key = ?", (key,))
            connection.execute("COMMIT")

    return pair


def _opened(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = TRUNCATE").fetchone()
    connection.execute("PRAGMA synchronous = EXTRA")
    return connection


def ledger(folder: Path) -> Pair:
    """Return a function that holds and settles by the ledger."""
    kept = books(folder).ledger

    def pair(number: int) -> None:
        key = f"C0-{number}"
        payer = Payer("T0TEAM", "C0CHANNEL", "U0ASKER")
        held = kept.hold(PaidCall(key, 1, payer, "chat", "gpt-5.6-luna", 9000, PRICE))
        kept.settle(key, held, BILL)

    return pair


def cost(pair: Pair, number: int) -> float:
    """Return the milliseconds of CPU that a pair takes in a process of its own."""

    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        try:
            began = _on_cpu()
            pair(number)
            os.write(writing, repr((_on_cpu() - began) * 1000).encode())
        finally:
            os._exit(0)
    os.close(writing)
    with open(reading, encoding="ascii") as pipe:
        taken = pipe.read()
    os.waitpid(child, 0)
    return float(taken)  # ValueError, if the child has failed and written nothing


def _on_cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def main() -> None:
    """Print both, and their ratio."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        pairs = {"least": least(Path(folder) / "least.sqlite3"), "ledger": ledger(Path(folder))}
        for pair in pairs.values():
            for number in range(PAIRS):
                pair(number)
        costs: dict[str, list[float]] = {name: [] for name in pairs}
        for number in range(PAIRS, 2 * PAIRS):
            for name, pair in pairs.items():
                costs[name].append(cost(pair, number))
        medians = {name: statistics.median(values) for name, values in costs.items()}
        for name, median in medians.items():
            print(f"{name:8}{median:8.2f} ms{median / medians['least']:8.2f} x")


if __name__ == "__main__":
    main()
