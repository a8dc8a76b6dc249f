"""Apply Slack's rate limits to the calls of the Web API, counted in token buckets.

The tiers are those of https://docs.slack.dev/apis/web-api/rate-limits: a bucket for each method, refilled steadily,
whose size is a minute's allowance; chat.postMessage has about one message a second in each channel, with small bursts.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable

PER_MINUTE = {
    "chat.delete": 50,
    "chat.postEphemeral": 100,
    "chat.update": 50,
    "conversations.history": 50,
    "conversations.replies": 50,
    "files.completeUploadExternal": 100,
    "files.delete": 50,
    "files.getUploadURLExternal": 100,
    "files.info": 100,
    "pins.add": 20,
    "pins.list": 20,
    "pins.remove": 20,
    "reactions.add": 50,
    "reactions.get": 50,
    "reactions.remove": 20,
    "users.info": 100,
    "views.open": 100,
    "views.publish": 100,
    "views.update": 100,
}
"""Calls a minute of the methods whose tier is a number of calls; other methods are not limited here."""
CHANNEL_BURST = 4
"""Messages that a channel accepts at once before the limit of one a second applies; Slack documents no number."""
WORKSPACE_PER_MINUTE = 300
"""chat.postMessage calls a minute in one workspace; Slack's page says "several hundred messages per minute"."""


class _Bucket:
    """A token bucket that starts full and is refilled steadily: `size` tokens at most, `per_second` new ones."""

    def __init__(self, size: float, per_second: float, now: float) -> None:
        self._size, self._per_second = size, per_second
        self._tokens, self._updated = size, now

    def wait(self, now: float) -> float:
        """Add the tokens that are due by `now` (s); return the seconds until there is one, 0 if there is one now."""
        self._tokens = min(self._size, self._tokens + (now - self._updated) * self._per_second)
        self._updated = now
        return max(0.0, (1 - self._tokens) / self._per_second)

    def take(self) -> None:
        """Take a token; call it only when `wait` has returned 0."""
        self._tokens -= 1

    def empty(self, seconds: float, now: float) -> None:
        """Take so many tokens that the next one is there `seconds` after `now`."""
        self._tokens, self._updated = 1 - seconds * self._per_second, now


class RateTiers:
    """The buckets of all methods and channels; `clock` is monotonic, in seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._buckets: dict[str, _Bucket] = {}

    def retry_after(self, method: str, channel: str) -> int:
        """Count a call and return 0 if the limits allow it; else return the seconds to wait, rounded up.

        A call that is refused is not counted. `channel` is that of a chat.postMessage, ignored for other methods.
        """
        with self._lock:
            now = self._clock()
            buckets = self._buckets_of(method, channel, now)
            # A call takes a token from every bucket or from none.
            wait = max((bucket.wait(now) for bucket in buckets), default=0.0)
            if wait <= 0:
                for bucket in buckets:
                    bucket.take()
            return math.ceil(wait)

    def use_up(self, channel: str, seconds: float) -> None:
        """Use up a channel's limit, as other messages of the app would: the next one has to wait so many seconds."""
        with self._lock:
            now = self._clock()
            self._channel_bucket(channel, now).empty(seconds, now)

    def _buckets_of(self, method: str, channel: str, now: float) -> list[_Bucket]:
        """Return the buckets that a call takes a token from: empty if the method is not limited.

        A chat.postMessage takes one from the workspace's bucket and one from the channel's.
        """
        if method == "chat.postMessage":
            workspace = self._bucket(method, WORKSPACE_PER_MINUTE, WORKSPACE_PER_MINUTE / 60, now)
            return [workspace, self._channel_bucket(channel, now)]
        allowance = PER_MINUTE.get(method)
        return [self._bucket(method, allowance, allowance / 60, now)] if allowance else []

    def _channel_bucket(self, channel: str, now: float) -> _Bucket:
        return self._bucket(f"chat.postMessage {channel}", CHANNEL_BURST, 1.0, now)

    def _bucket(self, name: str, size: float, per_second: float, now: float) -> _Bucket:
        return self._buckets.setdefault(name, _Bucket(size, per_second, now))
