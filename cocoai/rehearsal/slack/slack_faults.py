"""Faults that a test requests in advance: the next calls of the practice Slack's Web API fail in these ways."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Literal

SlackFaultKind = Literal["limited", "broken", "refused", "slow", "gone", "reply lost"]


@dataclass(frozen=True)
class SlackFault:
    """A fault that one call is to meet.

    limited     429, with `seconds` (a whole number) as Retry-After
    broken      500 with HTML, as Slack's front-end servers send it
    refused     HTTP 200, `ok: false`, with `code` as the error
    slow        the call is processed after `seconds`
    gone        the connection is closed without a response, and nothing is done
    reply lost  the call is processed, then the connection is closed without a response
    """

    kind: SlackFaultKind
    seconds: float = 0.0
    code: str = ""


class SlackFaults:
    """The faults to come, each for a method (`*`: any), in the order in which they were added."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pending: list[tuple[str, SlackFault]] = []

    def add(self, method: str, fault: SlackFault, times: int) -> None:
        """Let the next `times` calls of a method (`*`: any method) meet a fault, after those added before."""
        with self._lock:
            self._pending += [(method, fault)] * times

    def take(self, method: str) -> SlackFault | None:
        """Remove and return the oldest fault for this method or for any method; return None if there is none."""
        with self._lock:
            for index, (wanted, fault) in enumerate(self._pending):
                if wanted in ("*", method):
                    del self._pending[index]
                    return fault
        return None

    def clear(self) -> None:
        """Remove all faults to come."""
        with self._lock:
            self._pending.clear()
