"""The herald: what happens in the workspace becomes events, and the courier carries them to the bot.

Which events there are for what follows https://docs.slack.dev/reference/events/message and app_mention, for an app
that has subscribed to app_mention and to the messages of channels, groups and direct conversations.
"""

from __future__ import annotations

import json
import secrets
import threading
from collections.abc import Callable
from urllib.parse import parse_qs

from cocoai.rehearsal.slack.delivery import Courier, Delivery
from cocoai.rehearsal.slack.manner import Manner
from cocoai.rehearsal.slack.outbound import Outbound
from cocoai.rehearsal.slack.shapes import (
    Payload,
    app_mention_event,
    changed_event,
    envelope,
    mentioned,
    message_event,
    message_json,
)
from cocoai.rehearsal.slack.workspace import Channel, Happened, Message, Workspace


class Herald:
    """`payloads` and `deliveries` are kept in order, the latter as each attempt ends."""

    def __init__(
        self,
        workspace: Workspace,
        secret: str,
        manner: Manner,
        outbound: Outbound,
        *,
        clock: Callable[[], float],
        stopping: threading.Event,
    ) -> None:
        self.payloads: list[Payload] = []
        self.deliveries: list[Delivery] = []
        self.courier = Courier(
            secret, manner, outbound, record=self._record, rested=workspace.note, clock=clock, stopping=stopping
        )
        self._workspace = workspace
        self._manner = manner
        self._clock = clock
        self._heard: dict[tuple[str, str], Delivery] = {}
        workspace.listener = self.announce

    def announce(self, happened: Happened, message: Message, before: Message | None) -> None:
        """Tell the bot, if it is there to hear, and wants to hear of itself."""
        channel = self._workspace.channels[message.channel]
        if channel.member and (self._manner.echoes or not self._ours(message)):
            events = self._posted(message, channel)
            if happened != "posted":
                events = [self._altered(happened, message, before or message, channel)]
            self.deliver(*(envelope(event, channel, self._workspace.installation, self._now()) for event in events))

    def deliver(self, *payloads: Payload) -> None:
        """Keep and send payloads, in this order."""
        with self._workspace.changed:
            self.payloads += payloads
        self.courier.send(*payloads)

    def redeliver(self, event_id: str, number: int, reason: str) -> None:
        """Send an event again though nothing called for it. KeyError: there is no such event."""
        known = {payload.get("event_id"): payload for payload in self.payloads}
        self.courier.again(known[event_id], number, reason)

    def verify_url(self) -> bool:
        """Whether the bot answers a challenge, in any of the three forms that Slack reads."""
        challenge = secrets.token_hex(16)
        payload = {"token": "practice-verification", "challenge": challenge, "type": "url_verification"}
        delivery = self.courier.attempt(payload)
        return delivery.status == 200 and challenge in _challenges(delivery.reply)

    def heard(self, channel: str, ts: str) -> Delivery | None:
        """How a message's event fared: the attempt that was accepted, else the latest."""
        with self._workspace.changed:
            return self._heard.get((channel, ts))

    def _posted(self, message: Message, channel: Channel) -> list[Payload]:
        """A mention of the bot is told twice, except in a direct conversation."""
        event = message_event(message, channel, message_json(self._workspace, message))
        named = self._workspace.installation.user_id in mentioned(message.text)
        if self._ours(message) or not named or channel.kind == "im":
            return [event]
        twin = app_mention_event(event, bare=self._manner.bare_mentions)
        orders = {"mention first": [twin, event], "message first": [event, twin], "mention only": [twin]}
        return orders.get(self._manner.twins, [event])

    def _altered(self, happened: Happened, message: Message, before: Message, channel: Channel) -> Payload:
        now = message_json(self._workspace, message) if happened == "changed" else None
        was = message_json(self._workspace, before)
        return changed_event(message, channel, now, was, self._workspace.next_ts())

    def _ours(self, message: Message) -> bool:
        return message.user == self._workspace.installation.user_id

    def _now(self) -> int:
        return int(self._clock())

    def _record(self, delivery: Delivery) -> None:
        place = (delivery.channel, delivery.ts)
        with self._workspace.changed:
            self.deliveries.append(delivery)
            heard = self._heard.get(place)
            if not (heard and heard.accepted):
                self._heard[place] = delivery
                self._workspace.touch(*place)
            self._workspace.note()


def _challenges(reply: bytes) -> list[str]:
    """What the reply can be read as: plain text, a form's field, a field of JSON."""
    text = reply.decode("utf-8", errors="replace").strip()
    try:
        told = json.loads(text)
    except ValueError:
        told = None
    named = [str(told.get("challenge"))] if isinstance(told, dict) else []
    return [text, *named, *parse_qs(text).get("challenge", [])]
