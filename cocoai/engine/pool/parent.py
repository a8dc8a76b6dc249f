"""Notice that the parent process has gone: a pool whose service manager was killed is managed by nobody any more.

The parent is the one that the master had at its first start; a reload hands its pid on (reload.py). Where it is pid 1
from the start, under systemd or in a container, it never goes.
"""

from __future__ import annotations

import logging
import os
import signal
from dataclasses import dataclass

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Parent:
    """The parent that this process had when `pid` was noted."""

    pid: int

    def is_gone(self) -> bool:
        """Return True if another process, which adopts orphans, has become the parent of this one."""
        return os.getppid() != self.pid

    def stop_orphan(self) -> None:
        """Send TERM to this process if its parent has gone, and log that: the master then drains and ends."""
        if self.is_gone():
            log.warning("pool outcome=orphaned parent=%d: it has gone, so this pool stops", self.pid)
            signal.raise_signal(signal.SIGTERM)
