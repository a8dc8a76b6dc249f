"""A reply in Slack while it is written: it only grows, and a Slack that is busy is skipped, not waited for."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Protocol

from cocoai.errors import Permanent, Temporary
from cocoai.slack.api.chat import SlackChat
from cocoai.slack.markdown.message_layout import Button, Layout, Shown, with_buttons
from cocoai.slack.model.messages import MessageMetadata

COMPANY = 0.3
"""Seconds for which the first words wait for more: a single syllable is no news to anybody."""

PER_MINUTE = 40
"""Updates of all growing replies together. Slack bears some 50 of chat.update in a workspace (tier 3:
docs.slack.dev/apis/web-api/rate-limits); the others are for the last words of each."""


class Writers(Protocol):
    """Whoever knows how many replies grow now: the scoreboard."""

    def busy_jobs(self) -> int:
        """Return how many replies grow now, this one included."""


class LiveMessage:
    """The message `ts`, shown again every `interval` seconds; `shown` is how many characters it has by now.

    An unfinished text is laid out by `layout`, with `writing` under it and `buttons`. `writers` counts the replies that
    grow now: they share what Slack bears.
    """

    def __init__(
        self,
        slack: SlackChat,
        channel: str,
        ts: str,
        mark: MessageMetadata,
        *,
        layout: Layout,
        writing: str,
        buttons: Sequence[Button],
        interval: float,
        writers: Writers,
    ) -> None:
        self._slack = slack
        self._channel = channel
        self._ts = ts
        self._mark = mark
        self._layout = layout
        self._writing = writing
        self._buttons = buttons
        self._interval = interval
        self._writers = writers
        self._next = 0.0
        self._last: Shown | None = None
        self.shown = 0

    def seconds_to_next(self) -> float:
        """Return the seconds for which nothing more will be shown, whatever is written."""
        return max(0.0, self._next - time.monotonic())

    def show(self, text: str) -> None:
        """Show what there is so far, if it is time and there is more than before."""
        if len(text) <= self.shown or text.isspace():
            return
        now = time.monotonic()
        if not self._next:
            self._next = now + min(COMPANY, self._interval)
        if now < self._next:
            return
        self._next = now + self._pause()
        shown = with_buttons(self._layout.growing(text, self._writing), self._buttons)
        if shown != self._last:  # else it is full: what is written now goes into the next message
            self._update(shown, len(text))

    def _pause(self) -> float:
        """Who grows alone does so as the settings say."""
        writers = self._writers.busy_jobs()
        return max(self._interval, 60 / PER_MINUTE * writers) if writers > 1 else self._interval

    def _update(self, shown: Shown, length: int) -> None:
        try:
            self._slack.update(self._channel, self._ts, shown.text, self._mark, blocks=shown.blocks, wait=False)
            self.shown, self._last = length, shown
        except Temporary as error:
            self._next += error.retry_after or 0.0
        except Permanent:
            # Somebody deleted it, or worse. The last word is the whole answer's, and whoever posts that will see.
            self._next = float("inf")
