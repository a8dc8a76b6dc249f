"""The pool asks itself what `cocoai check` asks, and keeps what it found in `check.json`, for `cocoai status`.

The master only decides when. The look itself is done by a process of its own, which alone loads cocoai/check: nobody
else has its code in memory.
"""

from __future__ import annotations

import logging
import os
import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from cocoai import config
from cocoai.engine.process import fork
from cocoai.engine.process.replace_file import CachedFile
from cocoai.json_values import objects_in, text_at

FILE = "check.json"
"""The file in `var`."""

AFTER_START = 60.0
"""Seconds after the master's start from which on the pool looks: at a boot, network and clock come late."""

FRESH = 86_400.0
"""Seconds for which a look holds if nothing is wrong."""

EVERY = 3600.0
"""Seconds between two looks, at least; while something is wrong, at most."""

TIME_LIMIT = 120.0
"""Seconds after which the kernel ends a look, which waits 36 for the network at most."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class LastCheck:
    """What the last look has found: when (epoch seconds), and the findings that are warnings or wrong, as JSON."""

    at: float
    findings: tuple[Mapping[str, Any], ...]

    def of_level(self, level: str) -> list[Mapping[str, Any]]:
        """Return the findings of this level, `warning` or `wrong`."""
        return [each for each in self.findings if text_at(each, "level") == level]


def read_last_check(var: str) -> LastCheck | None:
    """Return what the last look has found; None if there was none, or its file cannot be read."""
    facts = CachedFile(os.path.join(var, FILE)).read_json()
    if not isinstance(facts, dict) or not isinstance(facts.get("at"), (int, float)):
        return None
    return LastCheck(float(facts["at"]), tuple(objects_in(facts.get("findings"))))


class CheckTask:
    """The pool's look at itself: made in the master at its start. `ticks` returns the seconds of a monotonic clock."""

    def __init__(self, settings: config.Settings, *, ticks: Callable[[], float] = time.monotonic) -> None:
        self._settings = settings
        self._file = CachedFile(os.path.join(settings.paths.var, FILE))
        self._ticks = ticks
        self._started = ticks()

    def is_wanted(self) -> bool:
        """Check, in the master, whether a look is due.

        It is a minute after each start, then a day after the last one, and at once while something is wrong: how often
        that is, the caller decides. With `self_check` off none is.
        """
        if not self._settings.pool.self_check:
            return False
        since_start = self._ticks() - self._started
        if since_start < AFTER_START:
            return False
        return self._file.age() > min(FRESH, since_start) or self._is_wrong()

    def run(self) -> None:
        """Fork the process that looks, and do not wait for it. Raise OSError if there can be none."""
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for it
        fork.fork(self.look, name="cocoai-inspect")

    def look(self) -> None:
        """Look, and keep what was found, in a process of its own. A failure to keep it is logged."""
        signal.setitimer(signal.ITIMER_REAL, TIME_LIMIT)
        from cocoai.check.kept import findings_of

        findings = findings_of(self._settings)
        try:
            self._file.write_json({"at": time.time(), "findings": findings})
        except OSError as error:
            log.warning("check outcome=not-kept reason=%s", error.strerror)
        bad = ",".join(dict.fromkeys(each["id"] for each in findings if each["level"] == "wrong"))
        if bad:
            log.warning("check outcome=wrong parts=%s: type `cocoai check`", bad)
        else:
            log.info("check outcome=right warnings=%d", len(findings))

    def _is_wrong(self) -> bool:
        last = read_last_check(self._settings.paths.var)
        return last is not None and bool(last.of_level("wrong"))
