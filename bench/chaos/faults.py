"""The injection of faults: each kind in a thread of its own, at random times, again and again.

What a kind does is its own module's: pool_faults.py, disk_faults.py and channel_limits.py.
"""

from __future__ import annotations

import http.client
import random
import threading
import time
import xmlrpc.client
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from cocoai.errors import CocoAIError

AGAIN = 0.25
"""Seconds until a fault that could not be injected is tried again."""

FIRST = 20.0
"""Seconds within which the first fault of each kind is injected, so that a short run has all of them."""

PATIENCE = 90.0
"""Seconds that the faults may take to be undone at the end."""

EXPECTED_ERRORS = (OSError, http.client.HTTPException, xmlrpc.client.Error, CocoAIError)
"""Errors of an injection itself, for instance while supervisord is busy: the fault is then noted as failed."""


@dataclass(frozen=True, order=True)
class InjectedFault:
    """Something that was done to the stack, at a time in epoch seconds; `detail` names the process, for instance."""

    time: float
    kind: str
    detail: str


class FaultKind(NamedTuple):
    """A kind of fault: the mean of the seconds between two, and what injects one and undoes it.

    `inject` returns the detail to be noted, or "" if there was nothing to do it to.
    """

    pause: float
    inject: Callable[[random.Random], str]


class FaultInjector:
    """Injects faults from `start` to `end`; `faults` holds all of them so far.

    `seed` decides the random choices. A fault that lasts ends early once `over` is set.
    """

    def __init__(self, kinds: Mapping[str, FaultKind], seed: str, over: threading.Event) -> None:
        self.faults: list[InjectedFault] = []
        self.kinds = tuple(kinds)
        self._seed = seed
        self._over = over
        self._threads = [
            threading.Thread(target=self._inject, args=(name, kind), daemon=True) for name, kind in kinds.items()
        ]

    def start(self) -> None:
        """Start a thread for each kind of fault."""
        for thread in self._threads:
            thread.start()

    def end(self) -> None:
        """Wait until each thread has undone what it did, at most `PATIENCE` s."""
        self._over.set()
        deadline = time.monotonic() + PATIENCE
        for thread in self._threads:
            if thread.is_alive():
                thread.join(max(0.0, deadline - time.monotonic()))

    def counts(self) -> dict[str, int]:
        """Return how many faults of each kind were injected."""
        counted = Counter(fault.kind for fault in self.faults)
        return {kind: counted[kind] for kind in self.kinds}

    def _inject(self, name: str, kind: FaultKind) -> None:
        """Inject faults of one kind until the end.

        One that cannot be injected, since its process is not there just now, is tried again until it can: else a kind
        that meets the others too often would be missing from a short run.
        """
        generator = random.Random(f"{self._seed} {name}")
        wait = generator.uniform(0.0, min(2 * kind.pause, FIRST))
        while not self._over.wait(wait):
            while not self._is_injected(name, kind, generator) and not self._over.wait(AGAIN):
                pass
            wait = generator.expovariate(1 / kind.pause)

    def _is_injected(self, name: str, kind: FaultKind, generator: random.Random) -> bool:
        """Try to inject a fault and note it; return False if there was nothing to do it to, or it failed."""
        at = time.time()
        try:
            detail = kind.inject(generator)
        except EXPECTED_ERRORS as error:
            self.faults.append(InjectedFault(at, f"{name} (failed)", repr(error)))
            return False
        if detail:
            self.faults.append(InjectedFault(at, name, detail))
        return bool(detail)
