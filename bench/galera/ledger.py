"""The ledger of bench.never_over on a cluster: each process writes on the node of its machine, and nodes go away."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

from bench.galera.cluster import NODES, PATIENCE, Cluster
from bench.galera.faults import Faults, befalling
from bench.never_over.run import NeverOver, Shape
from cocoai.engine.mariadb.mariadb import MariaDB
from cocoai.ledger.mariadb import LEDGER_TABLES, MariaDBStore
from cocoai.ledger.store import LedgerBroken, LedgerStore, Result, Statements

AWAY = NODES[1:]
"""The nodes that may go away: the program itself looks at the books on the first."""


class Patient(MariaDBStore):
    """The ledger as this program reads it: a node that is busy with who belongs to the cluster is waited for (1047)."""

    def read(
        self, run: Callable[[Statements], Result], *, patience: float = PATIENCE, at_one_moment: bool = False
    ) -> Result:
        """Return what `run` reads."""
        ends = time.monotonic() + patience
        while True:
            try:
                return super().read(run, patience=patience, at_one_moment=at_one_moment)
            except LedgerBroken as error:
                if not error.may_pass or time.monotonic() > ends:
                    raise
            time.sleep(0.2)


class OnCluster:
    """A ledger on a cluster. `kills` counts the faults."""

    def __init__(self, cluster: Cluster, database: str, faults: Faults) -> None:
        self._cluster, self._name, self._faults = cluster, database, faults
        self._own = os.getpid()
        tables = cluster.new_database(database)
        for statement in LEDGER_TABLES:
            tables.execute(statement)
        tables.close()

    @property
    def kills(self) -> int:
        """Return how many faults there were so far."""
        return len(self._faults.read())

    def open(self) -> LedgerStore:
        """Return the store: of a worker on any node, with the product's patience; here on the first, with more."""
        if os.getpid() == self._own:
            return Patient(MariaDB(self._cluster.address(0, self._name), timeout=60.0))
        return MariaDBStore(MariaDB(self._cluster.way(os.getpid() % len(NODES), self._name)))

    def disturb(self, part: float) -> None:
        """Do nothing: another process does."""


def never_over(cluster: Cluster, folder: Path, shape: Shape) -> tuple[dict[str, str], list[str]]:
    """Let many processes pay at once while nodes are away; return the figures, and what broke a law."""
    own = folder / f"ledger-{shape.seed}"
    own.mkdir()
    with befalling(cluster, AWAY, folder, f"l{shape.seed}") as faults:
        run = NeverOver(own, shape, place=OnCluster(cluster, f"ledger_{shape.seed}", faults)).run()
    return run.figures() | faults.figures(), [f"{each.law}: {each.detail}" for each in run.violations]
