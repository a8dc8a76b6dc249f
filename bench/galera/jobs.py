"""Two hundred questions in threads, answered by processes of three machines, each of which speaks to its own node."""

from __future__ import annotations

import os
import time
from collections import Counter
from pathlib import Path

import pytest

from bench.galera.cluster import NODES, Cluster
from bench.galera.faults import befalling
from cocoai.engine.mariadb.mariadb import MariaDB
from cocoai.spool.mariadb.mariadb_spool import MariaDBSpool
from cocoai.spool.spool import Spool
from cocoai.store.schema import migrate
from tests.spool import answering
from tests.spool.answering import JOBS, World, answer_everything, shorten_leases

MACHINES = {"a": 0, "b": 1, "c": 2, "putter": 0}
"""The node of each machine."""

LONGEST = 600.0
"""Seconds for which all of it may take."""

_SUM = "SELECT COUNT(*), SUM(CRC32(CONCAT(job_key, state, lines_))) FROM job"


class OnNodes:
    """The jobs as three machines have them; each error of a statement is noted by its number in the file `errors`."""

    def __init__(self, cluster: Cluster, database: str, folder: Path, errors: Path) -> None:
        self._cluster, self._database, self._folder, self._errors = cluster, database, folder, errors
        self._errors.touch()
        self.here: Spool = MariaDBSpool(MariaDB(cluster.address(0, database)), str(folder / "here"))

    def spool(self, *, machine: str = "a") -> Spool:
        """Return the spool of another process on this machine."""
        address = self._cluster.way(MACHINES[machine], self._database)
        made = MariaDBSpool(MariaDB(address, note=self._note), str(self._folder / machine))
        made.prepare()
        return made

    def errors(self) -> dict[str, int]:
        """Return how often each error was met."""
        return dict(Counter(self._errors.read_text().split()).most_common())

    def _note(self, number: int) -> None:
        with self._errors.open("a") as file:
            file.write(f"{number}\n")


class Forgetful(World):
    """A world in which processes do not see what was posted; only this one does."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._own = os.getpid()

    def messages(self) -> list[list[str]]:
        """Return the messages, or nothing."""
        return super().messages() if os.getpid() == self._own else []


def answer(cluster: Cluster, folder: Path, seed: int, *, is_broken: bool) -> dict[str, str]:
    """Let all be answered while nodes are away, and return the figures. Raise AssertionError if a law is broken.

    If `is_broken`, who goes on with a job does not look for what was posted before.
    """
    name = f"jobs_{seed}"
    migrate(cluster.new_database(name))
    world_folder = folder / name
    world_folder.mkdir()
    room = OnNodes(cluster, name, world_folder, world_folder / "errors")
    world = Forgetful(world_folder) if is_broken else World(world_folder)
    began = time.monotonic()
    with pytest.MonkeyPatch.context() as patch:
        shorten_leases(patch)
        if is_broken:
            patch.setattr(answering, "STOPS", 0.05)  # or it might show in no round
        with befalling(cluster, NODES, folder, str(seed)) as faults:
            processes = answer_everything(room, world, seed, disturb=lambda _: None, patience=LONGEST)
        answering.check(room, world, seed)
    sums = {tuple(MariaDB(cluster.address(node, name), timeout=60.0).rows(_SUM)[0]) for node in NODES}
    assert len(sums) == 1, f"the nodes differ: {sums}"
    return {
        "questions answered, once, in order": str(JOBS),
        "processes killed": str(processes.killed),
        "processes stopped beyond their lease": str(processes.woken),
        **faults.figures(),
        "errors": ", ".join(f"{number}: {count}" for number, count in room.errors().items()),
        "seconds of jobs": f"{time.monotonic() - began:.0f}",
    }
