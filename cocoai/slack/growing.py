"""A reply in Slack while it is written: it only grows, and a Slack that is busy is skipped, not waited for."""

from __future__ import annotations

import time

from cocoai.errors import Permanent, Temporary
from cocoai.slack.chat import SlackChat
from cocoai.slack.messages import Mark
from cocoai.slack.rendering import parts


class Growing:
    """The message `ts`, shown again every `interval` seconds; `shown` is how many characters it has by now."""

    def __init__(self, slack: SlackChat, channel: str, ts: str, mark: Mark, interval: float) -> None:
        self._slack = slack
        self._channel = channel
        self._ts = ts
        self._mark = mark
        self._interval = interval
        self._next = time.monotonic()
        self._last = ""
        self.shown = 0

    def spare(self) -> float:
        """Seconds for which nothing more will be shown, whatever is written."""
        return max(0.0, self._next - time.monotonic())

    def show(self, text: str) -> None:
        """Show what there is so far, if it is time and there is more than before."""
        if time.monotonic() < self._next or len(text) <= self.shown or not text.strip():
            return
        self._next = time.monotonic() + self._interval
        first = parts(text)[0]
        if first == self._last:
            return  # it is full: what is written now goes into the next message
        try:
            self._slack.update(self._channel, self._ts, first, self._mark, wait=False)
            self.shown, self._last = len(text), first
        except Temporary as error:
            self._next += error.retry_after or 0.0
        except Permanent:
            # Somebody deleted it, or worse. The last word is the whole answer's, and whoever posts that will see.
            self._next = float("inf")
