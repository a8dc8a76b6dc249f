"""The machines that share a database: each tells once a minute how it is, and any of them can show all."""

from __future__ import annotations

import json
import logging
import socket
from collections.abc import Callable
from dataclasses import asdict, dataclass

from cocoai.engine.mariadb.errors import MariaDBError
from cocoai.engine.mariadb.mariadb import MariaDB

EVERY = 60.0
"""Seconds between two words of a machine."""

SILENT = 150.0
"""Seconds without a word after which a machine counts as gone: two were due."""

_READ = (
    "SELECT machine, TIMESTAMPDIFF(MICROSECOND, seen_at, UTC_TIMESTAMP(6)), facts FROM machine ORDER BY seen_at DESC"
)

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class MachineFacts:
    """What a machine tells: its host's name and folder, its version, its slots, how many are busy, what waits there."""

    host: str
    var: str
    version: str
    slots: int
    busy: int
    inbox: int


@dataclass(frozen=True)
class SeenMachine:
    """A machine that was heard of `seconds` ago."""

    machine: str
    seconds: float
    facts: MachineFacts

    @property
    def is_silent(self) -> bool:
        """Check whether it has missed telling how it is, so that its questions have gone to others."""
        return self.seconds > SILENT


class MachineTask:
    """What tells the other machines how this one is. `look` returns its version, slots, busy ones, and its inbox."""

    def __init__(
        self, database: MariaDB, machine: str, var: str, look: Callable[[], tuple[str, int, int, int]]
    ) -> None:
        self._database = database
        self._machine = machine
        self._var = var
        self._look = look

    def run(self) -> None:
        """Tell how this machine is now, and forget those that were silent for a week. A failure is only logged."""
        try:
            self._tell()
        except MariaDBError as error:
            log.warning("machine outcome=untold reason=%s", error)

    def _tell(self) -> None:
        facts = MachineFacts(socket.gethostname(), self._var, *self._look())
        text = json.dumps(asdict(facts))
        self._database.execute("REPLACE INTO machine VALUES (%s, UTC_TIMESTAMP(6), %s)", (self._machine, text))
        self._database.execute("DELETE FROM machine WHERE seen_at < UTC_TIMESTAMP(6) - INTERVAL 7 DAY")


def seen_machines(database: MariaDB) -> list[SeenMachine]:
    """Return all machines that were heard of in the last week, the last one first. Raise `MariaDBError`."""
    return [
        SeenMachine(str(machine), max(0.0, microseconds / 1e6), MachineFacts(**json.loads(facts)))
        for machine, microseconds, facts in database.rows(_READ)
    ]
