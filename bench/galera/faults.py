"""Faults: a process that kills nodes, cuts them off or out of reach, one at a time, and lets each come back."""

from __future__ import annotations

import os
import random
import statistics
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from bench.galera.cluster import Cluster
from bench.galera.probe import Fault, probing, standstills
from tests.spool.rooms import forked

LONGEST = 8.0
"""Seconds for which a node is away at most. The others need five to miss it (Galera's evs.suspect_timeout)."""

PAUSE = 3.0
"""Seconds between two faults, in which all three nodes are there."""


class Faults:
    """What has befallen the cluster, and for how long nobody could write meanwhile: see probe.py."""

    def __init__(self, noted: Path, probes: Path) -> None:
        self._noted = noted
        self._probes = probes

    def read(self) -> list[Fault]:
        """Return the faults that are over."""
        lines = [line.split("\t") for line in self._noted.read_text().splitlines()]
        return [Fault(kind, int(node), *map(float, times)) for kind, node, *times in lines]

    def figures(self) -> dict[str, str]:
        """Return two lines of the table for each kind."""
        found = standstills(self.read(), self._probes)
        lines = {}
        for kind, (others, own) in sorted(each for each in found.items() if each[1][1]):
            lines[f"nodes {kind}"] = f"{len(own)}; behind the end their machine goes on after {_spread(own)}"
            lines[f"nodes {kind}, the others"] = f"stand still for {_spread(others)}"
        return lines


def _spread(seconds: Sequence[float]) -> str:
    return f"{statistics.median(seconds):.1f} s, at most {max(seconds):.1f}"


@contextmanager
def befalling(cluster: Cluster, nodes: Sequence[int], folder: Path, seed: str) -> Iterator[Faults]:
    """Let faults befall these nodes until the end of the block; behind it all nodes are there again."""
    noted, over = folder / f"faults-{seed}", folder / f"over-{seed}"
    noted.touch()
    with probing(cluster, folder / f"probes-{seed}") as probes:
        pid = forked(partial(_befall, cluster, nodes, noted, over, random.Random(seed)))
        try:
            yield Faults(noted, probes)
        finally:
            over.touch()
            _, status = os.waitpid(pid, 0)
            time.sleep(PAUSE)  # for what is to be noted behind the last fault
    assert status == 0, "a node has not come back"


def _befall(cluster: Cluster, nodes: Sequence[int], noted: Path, over: Path, dice: random.Random) -> None:
    kinds = {
        "killed": (cluster.kill, cluster.start),
        "cut off": (cluster.cut, cluster.mend),
        "out of reach": (cluster.part, cluster.reach),
    }
    while not over.exists():
        time.sleep(dice.uniform(1, PAUSE))
        kind, node = dice.choice(sorted(kinds)), dice.choice(nodes)
        begin, end = kinds[kind]
        began = time.monotonic()
        begin(node)
        time.sleep(dice.uniform(0.5, LONGEST))
        ended = time.monotonic()
        end(node)
        with noted.open("a") as file:
            file.write("\t".join(map(str, (kind, node, began, ended, time.monotonic()))) + "\n")
