"""For how long nobody's statement is committed: a process for each node writes ten times a second and notes when.

It has the product's own patience, and goes over TCP as the machine of that node does. So what it finds is for how long
that machine uses its inbox, and waits with what it has to record.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

from bench.galera.cluster import NODES, Cluster
from cocoai.engine.mariadb.address import Address
from cocoai.engine.mariadb.errors import MariaDBError
from cocoai.engine.mariadb.mariadb import MariaDB
from tests.spool.rooms import forked

EVERY = 0.1
"""Seconds between two statements."""

MARGIN = 0.5
"""Seconds before a fault from which on a standstill is its."""

DATABASE = "probe"


class Fault(NamedTuple):
    """What befell a node: from `began` to `ended`, and `whole` when it had all again, on the monotonic clock."""

    kind: str
    node: int
    began: float
    ended: float
    whole: float


@contextlib.contextmanager
def probing(cluster: Cluster, folder: Path) -> Iterator[Path]:
    """Probe all nodes until the end of the block; yield the folder in which each probe notes its successes."""
    root = MariaDB(cluster.address(0), timeout=60.0)
    root.execute(f"CREATE DATABASE IF NOT EXISTS {DATABASE}")
    root.execute(f"CREATE TABLE IF NOT EXISTS {DATABASE}.node (id INT PRIMARY KEY, n BIGINT NOT NULL)")
    for node in NODES:
        root.execute(f"INSERT IGNORE INTO {DATABASE}.node VALUES (%s, 0)", (node,))
    root.close()
    folder.mkdir()
    pids = [forked(partial(_probe, cluster.way(node, DATABASE), node, folder / str(node))) for node in NODES]
    try:
        yield folder
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


def _probe(address: Address, node: int, noted: Path) -> None:
    database = MariaDB(address)
    with noted.open("a", buffering=1) as file:
        while True:
            with contextlib.suppress(MariaDBError):
                database.execute("UPDATE node SET n = n + 1 WHERE id = %s", (node,))
                file.write(f"{time.monotonic()}\n")
            time.sleep(EVERY)


def standstills(faults: Sequence[Fault], folder: Path) -> dict[str, tuple[list[float], list[float]]]:
    """Return, by the kind of fault, the longest standstill of the other nodes in each, and how soon its own went on.

    That is counted from the end of the fault. Both are in seconds. One behind which nothing was noted is left out.
    """
    times = {node: [float(line) for line in (folder / str(node)).read_text().splitlines()[:-1]] for node in NODES}
    found: dict[str, tuple[list[float], list[float]]] = {}
    for fault in faults:
        others, own = found.setdefault(fault.kind, ([], []))
        later = [at for at in times[fault.node] if at > fault.ended]
        if not later:
            continue
        own.append(later[0] - fault.ended)
        end = max(fault.whole, later[0])
        others.append(max(_gap(times[node], fault.began - MARGIN, end) for node in NODES if node != fault.node))
    return found


def _gap(times: Sequence[float], begin: float, end: float) -> float:
    """Return the longest time within which nothing succeeded that ends in this span, or would end behind it."""
    within = [at for at in times if begin <= at <= end]
    return max(after - before for before, after in zip([begin, *within], [*within, end], strict=True))
