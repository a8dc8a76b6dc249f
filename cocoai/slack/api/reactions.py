"""Reactions: the emoji that people, and we, put under a message.

Source: docs.slack.dev/reference/methods/reactions.get, reactions.add.
"""

from __future__ import annotations

from dataclasses import dataclass

from cocoai.errors import Permanent
from cocoai.json_values import mapping_at, text_at
from cocoai.slack.api.calls import SlackCalls
from cocoai.slack.model.messages import Message, message_of
from cocoai.slack_ids import is_ts


@dataclass(frozen=True)
class Reactions:
    """One process's access to reactions. Each method raises `Temporary` or `Permanent` with Slack's own code."""

    calls: SlackCalls

    def add(self, channel: str, ts: str, emoji: str) -> None:
        """Add the reaction `emoji` (its name) to a message; one that stands already is no error.

        Raise `Temporary` at once while a 429 holds.
        """
        try:
            self.calls.call("reactions.add", {"channel": channel, "timestamp": ts, "name": emoji}, wait=False)
        except Permanent as error:
            if error.code != "already_reacted":
                raise

    def message(self, channel: str, ts: str, *, wait: bool = True) -> tuple[Message, str]:
        """Return a message, and the ts of its thread's first one: its own where it is in no thread.

        Slack gives it to an app that may read reactions, in whatever thread it stands. Raise `Permanent`
        `message_not_found` if it is deleted; unless `wait`, `Temporary` at once while a 429 holds.
        """
        entry = mapping_at(
            self.calls.call("reactions.get", {"channel": channel, "timestamp": ts}, wait=wait), "message"
        )
        message, thread_ts = message_of(entry), text_at(entry, "thread_ts")
        if message is None or message.ts != ts:  # the method knows files, too
            raise Permanent("message_not_found", source="Slack")
        return message, thread_ts if is_ts(thread_ts) else ts
