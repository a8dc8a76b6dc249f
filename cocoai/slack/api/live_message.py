"""LiveMessage: shows a reply in Slack while it is written.

The text only grows, and a busy Slack is skipped, not waited for. It must not know where the text comes from.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Protocol

from cocoai.errors import Permanent, Temporary
from cocoai.slack.api.chat import SlackChat
from cocoai.slack.markdown.message_layout import Button, Layout, Shown, with_buttons
from cocoai.slack.model.messages import MessageMetadata

FIRST_WORDS_DELAY = 0.3
"""Seconds for which the first words wait for more: a single syllable is not worth an update."""

PER_MINUTE = 40
"""Updates a minute of all live messages together. Slack allows some 50 of chat.update in a workspace (tier 3:
docs.slack.dev/apis/web-api/rate-limits); the others are left for the final update of each reply."""


class Writers(Protocol):
    """The scoreboard, as far as it counts the replies that are written now."""

    def busy_jobs(self) -> int:
        """Return how many replies are written now, this one included."""


class LiveMessage:
    """The message `ts`, updated every `interval` seconds; `shown` is how many characters of the text Slack has by now.

    `layout` lays out the unfinished text, with `writing` under it and then `buttons`. The replies that `writers` counts
    share PER_MINUTE.
    """

    def __init__(
        self,
        slack: SlackChat,
        channel: str,
        ts: str,
        metadata: MessageMetadata,
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
        self._metadata = metadata
        self._message = layout.growing_message(writing)
        self._buttons = buttons
        self._interval = interval
        self._writers = writers
        # When the next update may be sent, by the monotonic clock; 0.0 until the first text has come.
        self._next = 0.0
        self._last: Shown | None = None
        self.shown = 0

    def seconds_to_next(self) -> float:
        """Return the seconds until `show` may send an update: 0.0 if it may now, infinity if it never will again."""
        return max(0.0, self._next - time.monotonic())

    def stop(self) -> None:
        """Send no more updates."""
        self._next = float("inf")

    def show(self, text: str) -> None:
        """Send an update to `text`, all that is written so far, if it is due and `text` has grown; else do nothing.

        The first text makes an update due after FIRST_WORDS_DELAY. No error of Slack's is raised: after a `Temporary` a
        later call tries again, after a `Permanent` none does.
        """
        if len(text) <= self.shown or text.isspace():
            return
        now = time.monotonic()
        if not self._next:
            self._next = now + min(FIRST_WORDS_DELAY, self._interval)
        if now < self._next:
            return
        self._next = now + self._pause()
        shown = with_buttons(self._message.show(text), self._buttons)
        if shown != self._last:  # else the message is full: what is written now goes into the next one
            self._update(shown, len(text))

    def _pause(self) -> float:
        """Return the seconds until the next update: `interval`, or longer if several replies share PER_MINUTE."""
        writers = self._writers.busy_jobs()
        return max(self._interval, 60 / PER_MINUTE * writers) if writers > 1 else self._interval

    def _update(self, shown: Shown, length: int) -> None:
        """Send one update, without waiting out a 429; `length` is how many characters of the text it shows.

        A 429 puts off the next update for the seconds that Slack asks for. After a `Permanent` there is none.
        """
        try:
            self._slack.update(self._channel, self._ts, shown.text, self._metadata, blocks=shown.blocks, wait=False)
            # Only now: what Slack has refused has to be shown once more.
            self.shown, self._last = length, shown
        except Temporary as error:
            self._next += error.retry_after or 0.0
        except Permanent:
            # Somebody deleted the message, or worse. It gets no more updates; the final one, which posts the whole
            # answer, deals with the error.
            self.stop()
