"""The pool's scoreboard as this house has it: where it lies, and the reasons that it counts.

The pool writes it, `cocoai status` reads it: both must mean the same.
"""

from __future__ import annotations

import os

from cocoai import config
from cocoai.engine.process import scoreboard
from cocoai.engine.process.scoreboard import Scoreboard, Snapshot
from cocoai.errors import COUNTERS

REASONS = COUNTERS
"""The names of the counters of refusals."""


def path(settings: config.Settings) -> str:
    """Where the board lies."""
    return os.path.join(settings.paths.var, "run", "scoreboard")


def new(settings: config.Settings) -> Scoreboard:
    """The board, for a master that has yet to begin it."""
    return Scoreboard(path(settings), slots=settings.pool.slots, reasons=REASONS)


def read_snapshot(settings: config.Settings) -> Snapshot:
    """What it shows now. `OSError`: there is none. `ValueError`: it is other code's."""
    return scoreboard.read_snapshot(path(settings), slots=settings.pool.slots, reasons=REASONS)
