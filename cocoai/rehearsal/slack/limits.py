"""Slack's patience: the rate tiers, and the faults that a test can order.

The tiers are those of https://docs.slack.dev/apis/web-api/rate-limits: a bucket for each method, refilled steadily,
whose size is a minute's allowance; chat.postMessage has about one message a second in each channel, with small bursts.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

PER_MINUTE = {
    "chat.delete": 50,
    "chat.postEphemeral": 100,
    "chat.update": 50,
    "conversations.replies": 50,
    "files.info": 100,
    "reactions.add": 50,
    "users.info": 100,
}
CHANNEL_BURST = 4
"""Messages that a channel takes at once before the rule of one a second holds; Slack promises no number."""
WORKSPACE_PER_MINUTE = 300
"""Slack says "several hundred messages per minute" for chat.postMessage in one workspace."""

FaultKind = Literal["limited", "broken", "refused", "slow", "gone", "reply lost"]


@dataclass(frozen=True)
class Fault:
    """What goes wrong with one call, on command.

    limited     429, Retry-After `seconds` (whole ones)
    broken      a 500 with HTML, as Slack's front sends it
    refused     HTTP 200, ok false, `code`
    slow        `seconds` pass before the work is done
    gone        the connection is closed without a word; nothing was done
    reply lost  the work is done, then the connection is closed without a word
    """

    kind: FaultKind
    seconds: float = 0.0
    code: str = ""


class Faults:
    """Faults in waiting, by method (`*`: any), taken in the order in which they were given."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[tuple[str, Fault]] = []

    def add(self, method: str, fault: Fault, times: int) -> None:
        with self._lock:
            self._waiting += [(method, fault)] * times

    def take(self, method: str) -> Fault | None:
        with self._lock:
            for index, (wanted, fault) in enumerate(self._waiting):
                if wanted in ("*", method):
                    del self._waiting[index]
                    return fault
        return None

    def clear(self) -> None:
        with self._lock:
            self._waiting.clear()


class _Bucket:
    def __init__(self, size: float, per_second: float, now: float) -> None:
        self._size, self._per_second = size, per_second
        self._left, self._at = size, now

    def wait(self, now: float) -> float:
        """Seconds until one can be taken; 0: now."""
        self._left = min(self._size, self._left + (now - self._at) * self._per_second)
        self._at = now
        return max(0.0, (1 - self._left) / self._per_second)

    def take(self) -> None:
        self._left -= 1


class RateTiers:
    """Counts the calls; `clock` is monotonic, in seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._buckets: dict[str, _Bucket] = {}

    def retry_after(self, method: str, channel: str) -> int:
        """0: let it pass, and count it; else the whole seconds to wait. A refused call is not counted."""
        with self._lock:
            now = self._clock()
            buckets = self._of(method, channel, now)
            wait = max((bucket.wait(now) for bucket in buckets), default=0.0)
            if wait <= 0:
                for bucket in buckets:
                    bucket.take()
            return math.ceil(wait)

    def _of(self, method: str, channel: str, now: float) -> list[_Bucket]:
        if method == "chat.postMessage":
            workspace = self._bucket(method, WORKSPACE_PER_MINUTE, WORKSPACE_PER_MINUTE / 60, now)
            return [workspace, self._bucket(f"{method} {channel}", CHANNEL_BURST, 1.0, now)]
        allowance = PER_MINUTE.get(method)
        return [self._bucket(method, allowance, allowance / 60, now)] if allowance else []

    def _bucket(self, name: str, size: float, per_second: float, now: float) -> _Bucket:
        return self._buckets.setdefault(name, _Bucket(size, per_second, now))
