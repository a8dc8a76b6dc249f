"""MessageEvent: one message event of Slack's, as the analyzer looks at it: who is addressed, where, by whom. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from cocoai.json_values import encodable, text_at
from cocoai.slack.inbound.access import Author
from cocoai.slack.model.identity import Identity
from cocoai.slack.model.message_text import addressed, own_text, written_anywhere
from cocoai.slack.model.messages import teams_of

_EVERYBODY = re.compile(r"<!(?:here|channel|everyone)\b")


@dataclass(frozen=True)
class MessageEvent:
    """One message event with its payload and our identity (None if unknown): all that the analyzer looks at."""

    payload: Mapping[str, Any]
    event: Mapping[str, Any]
    identity: Identity | None

    def text_at(self, key: str) -> str:
        """Return the event's text under this key; "" if there is none."""
        return text_at(self.event, key)

    @cached_property
    def text(self) -> str:
        """Return what the author typed, as Slack writes it."""
        return encodable(own_text(self.event))

    @property
    def opens_thread(self) -> bool:
        """Return True if the message stands in no thread: in the channel, or in a direct message's own box."""
        return self.thread_ts == self.text_at("ts")

    @cached_property
    def thread_ts(self) -> str:
        """Return `thread_ts`, or `ts` if there is none because this message opens the thread; "" if it is no text."""
        # Only a missing thread_ts means that this message opens a thread: an odd one must not be replaced by ts.
        return self.text_at("ts") if self.event.get("thread_ts") is None else self.text_at("thread_ts")

    @cached_property
    def is_direct(self) -> bool:
        """Return True if the message is in a direct message with us."""
        # An app_mention has no channel_type; a direct channel's id begins with D.
        return self.event.get("channel_type") == "im" or self.text_at("channel").startswith("D")

    @cached_property
    def mentions(self) -> frozenset[str]:
        """Return the ids of the users and user groups that the author addresses: `U12` for `<@U12>`.

        To mention a group is to address its people. What is code, quoted or attached addresses nobody.
        """
        return addressed(self.event)

    @property
    def mentions_others(self) -> bool:
        """Return True if the author addresses a person or a group, or everybody in the channel."""
        return bool(self.mentions) or bool(_EVERYBODY.search(self.text))

    @property
    def is_mention(self) -> bool:
        """Return True if the message mentions us: its author does, or Slack says so by an app_mention.

        Slack says so too for a mention in code or in a quotation: that counts as little as in the `message` of the same
        ts. While our identity is unknown, only an app_mention counts.
        """
        own, mentions = self.identity.user_id if self.identity else "", self.mentions
        if own in mentions:
            return True
        if self.event.get("type") != "app_mention":
            return False
        written = written_anywhere(self.event)
        return own not in written if own else bool(mentions) or not written

    @property
    def author(self) -> Author:
        """Return the author, the channel and the author's teams as the access rules take them."""
        return Author(
            user=self.text_at("user"),
            channel=self.text_at("channel"),
            teams=teams_of(self.event),
            is_direct=self.is_direct,
            # Elsewhere the team says nothing: within one organisation people belong to several teams.
            may_be_external=self.is_shared,
        )

    @property
    def is_shared(self) -> bool:
        """Return True if Slack says that the channel is shared with another organisation."""
        return bool(self.payload.get("is_ext_shared_channel"))
