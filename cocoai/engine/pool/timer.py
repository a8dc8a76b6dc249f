"""Timers of the master's loop."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass
class Timer:
    """Calls `run` every `every` seconds, sooner if that returns a lower number; first at `at` (monotonic)."""

    every: float
    run: Callable[[], float | None]
    at: float = 0.0

    def run_if_due(self) -> None:
        """Call `run` if its time has come, and set the next time."""
        if time.monotonic() >= self.at:
            self.at = time.monotonic() + self.every
            self.at = min(self.at, time.monotonic() + (self.run() or self.every))
