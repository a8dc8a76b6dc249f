"""Turn the workspace's changes into events, and hand these to the `EventSender`.

Which change causes which events follows https://docs.slack.dev/reference/events/message and app_mention, for an app
that has subscribed to app_mention and to the messages of channels, groups and direct conversations.
"""

from __future__ import annotations

import json
import secrets
import threading
from collections.abc import Callable
from urllib.parse import parse_qs

from cocoai.rehearsal.slack.event_delivery import Delivery, EventSender
from cocoai.rehearsal.slack.json_shapes import (
    Payload,
    app_mention_event,
    changed_event,
    envelope,
    mentioned_users,
    message_event,
    message_json,
)
from cocoai.rehearsal.slack.outbound import Outbound
from cocoai.rehearsal.slack.slack_switches import SlackSwitches
from cocoai.rehearsal.slack.workspace import ChangeKind, PracticeChannel, PracticeMessage, Workspace


class EventDispatcher:
    """Listens to the workspace. `payloads` and `deliveries` only grow: in the order of sending, and of the outcomes."""

    def __init__(
        self,
        workspace: Workspace,
        secret: str,
        switches: SlackSwitches,
        outbound: Outbound,
        *,
        clock: Callable[[], float],
        stopping: threading.Event,
    ) -> None:
        self.payloads: list[Payload] = []
        self.deliveries: list[Delivery] = []
        self.sender = EventSender(
            secret, switches, outbound, record=self._record, on_end=workspace.notify, clock=clock, stopping=stopping
        )
        self._workspace = workspace
        self._switches = switches
        self._clock = clock
        self._outcomes: dict[tuple[str, str], Delivery] = {}
        workspace.listener = self.announce

    def announce(self, change: ChangeKind, message: PracticeMessage, before: PracticeMessage | None) -> None:
        """Deliver a change's events if the bot is in the channel; of its own messages only if `echoes` is on."""
        channel = self._workspace.channels[message.channel]
        if channel.is_member and (self._switches.echoes or not self._ours(message)):
            events = self._posted_events(message, channel)
            if change != "posted":
                events = [self._changed_event(change, message, before or message, channel)]
            self.deliver(*(envelope(event, channel, self._workspace.installation, self._now()) for event in events))

    def deliver(self, *payloads: Payload) -> None:
        """Record payloads and send them, in this order."""
        with self._workspace.changed:
            self.payloads += payloads
        self.sender.send(*payloads)

    def redeliver(self, event_id: str, number: int, reason: str) -> None:
        """Send an event again, though it needs no redelivery. Raise KeyError if there is no such event."""
        payloads = {payload.get("event_id"): payload for payload in self.payloads}
        self.sender.redeliver(payloads[event_id], number, reason)

    def verify_url(self) -> bool:
        """Send url_verification; return True if the bot answers its challenge in one of the three forms Slack reads."""
        challenge = secrets.token_hex(16)
        payload = {"token": "practice-verification", "challenge": challenge, "type": "url_verification"}
        delivery = self.sender.attempt(payload)
        return delivery.status == 200 and challenge in _challenges(delivery.reply)

    def delivery_of(self, channel: str, ts: str) -> Delivery | None:
        """Return the delivery of a message's event: the accepted attempt, else the latest; None if there is none."""
        with self._workspace.changed:
            return self._outcomes.get((channel, ts))

    def _posted_events(self, message: PracticeMessage, channel: PracticeChannel) -> list[Payload]:
        """Return the events of a new message; a mention outside a direct conversation has those that `twins` names."""
        event = message_event(message, channel, message_json(self._workspace, message))
        is_mention = self._workspace.installation.user_id in mentioned_users(message.text)
        # Slack sends no app_mention for the bot's own messages, nor in direct conversations.
        if self._ours(message) or not is_mention or channel.kind == "im":
            return [event]
        twin = app_mention_event(event, bare=self._switches.bare_mentions)
        events = {"mention first": [twin, event], "message first": [event, twin], "mention only": [twin]}
        return events.get(self._switches.twins, [event])

    def _changed_event(
        self, change: ChangeKind, message: PracticeMessage, before: PracticeMessage, channel: PracticeChannel
    ) -> Payload:
        """Return the event of a message that was edited or deleted."""
        now = message_json(self._workspace, message) if change == "changed" else None
        previous = message_json(self._workspace, before)
        return changed_event(message, channel, now, previous, self._workspace.next_ts())

    def _ours(self, message: PracticeMessage) -> bool:
        return message.user == self._workspace.installation.user_id

    def _now(self) -> int:
        return int(self._clock())

    def _record(self, delivery: Delivery) -> None:
        """Record an attempt, and note its outcome at the message, so that the page shows it."""
        place = (delivery.channel, delivery.ts)
        with self._workspace.changed:
            self.deliveries.append(delivery)
            known = self._outcomes.get(place)
            # An accepted attempt remains the outcome, whatever becomes of a second event or a later redelivery.
            if not (known and known.is_accepted):
                self._outcomes[place] = delivery
                self._workspace.annotate(*place)
            self._workspace.notify()


def _challenges(reply: bytes) -> list[str]:
    """Return the challenges in a response, which may be plain text, a form or JSON."""
    text = reply.decode("utf-8", errors="replace").strip()
    try:
        answer = json.loads(text)
    except ValueError:
        answer = None
    json_field = [str(answer.get("challenge"))] if isinstance(answer, dict) else []
    return [text, *json_field, *parse_qs(text).get("challenge", [])]
