"""Faults: a process that kills nodes of a cluster or cuts them off, one at a time, and lets each come back."""

from __future__ import annotations

import os
import random
import statistics
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from bench.galera.cluster import Cluster
from tests.spool.rooms import forked

LONGEST = 8.0
"""Seconds for which a node is away at most. The others need five to miss it (Galera's evs.suspect_timeout)."""

PAUSE = 3.0
"""Seconds between two faults, in which all three nodes are there."""


class Faults:
    """What has befallen the cluster: `seconds` are, by the kind of fault, how long each node needed to come back."""

    def __init__(self, noted: Path) -> None:
        self._noted = noted

    @property
    def seconds(self) -> dict[str, list[float]]:
        """Return the seconds from the end of each fault to a node that has all that the others have."""
        found: dict[str, list[float]] = defaultdict(list)
        for line in self._noted.read_text().splitlines():
            kind, seconds = line.split()
            found[kind].append(float(seconds))
        return found

    def figures(self) -> dict[str, str]:
        """Return a line of the table for each kind."""
        return {
            f"nodes {kind}": f"{len(each)}, back after {statistics.median(each):.1f} s, at most {max(each):.1f}"
            for kind, each in sorted(self.seconds.items())
        }


@contextmanager
def befalling(cluster: Cluster, nodes: Sequence[int], folder: Path, seed: str) -> Iterator[Faults]:
    """Let faults befall these nodes until the end of the block; behind it all nodes are there again."""
    noted, over = folder / f"faults-{seed}", folder / f"over-{seed}"
    noted.touch()
    pid = forked(partial(_befall, cluster, nodes, noted, over, random.Random(seed)))
    try:
        yield Faults(noted)
    finally:
        over.touch()
        _, status = os.waitpid(pid, 0)
    assert status == 0, "a node has not come back"


def _befall(cluster: Cluster, nodes: Sequence[int], noted: Path, over: Path, dice: random.Random) -> None:
    kinds = {"killed": (cluster.kill, cluster.start), "cut off": (cluster.cut, cluster.mend)}
    while not over.exists():
        time.sleep(dice.uniform(1, PAUSE))
        kind, node = dice.choice(sorted(kinds)), dice.choice(nodes)
        begin, end = kinds[kind]
        begin(node)
        time.sleep(dice.uniform(0.5, LONGEST))
        began = time.monotonic()
        end(node)
        with noted.open("a") as file:
            file.write(f"{kind.replace(' ', '-')} {time.monotonic() - began:.2f}\n")
