"""Turn the workspace's changes into events, and hand these to the `EventSender`.

Which change causes which events follows https://docs.slack.dev/reference/events/message and app_mention, for an app
that has subscribed to app_mention and to the messages of channels, groups and direct conversations; to which others it
has subscribed, as reaction_added, the switch `events` says.
"""

from __future__ import annotations

import json
import secrets
import threading
from collections.abc import Callable
from urllib.parse import parse_qs

from cocoai.rehearsal.slack.event_delivery import Delivery, EventSender
from cocoai.rehearsal.slack.file_changes import FileEventKind, file_event
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
from cocoai.rehearsal.slack.pins import PinKind, pin_event
from cocoai.rehearsal.slack.practice_file import PracticeFile
from cocoai.rehearsal.slack.reactions import ReactionKind, reaction_event
from cocoai.rehearsal.slack.slack_switches import SlackSwitches
from cocoai.rehearsal.slack.workspace import ChangeKind, PracticeChannel, PracticeMessage, Workspace


class EventDispatcher:
    """Listens to the workspace, and sends the events of each change to the bot.

    `payloads` (all events sent) and `deliveries` (all attempts that ended) only grow, in the order of sending and of
    ending.
    """

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
        """Start to deliver the events of a change to a message; return at once.

        `before` is the message as it was before an edit, else None. Send none if the bot is not in the channel, or if
        the message is its own and the switch `echoes` is off.
        """
        channel = self._workspace.channels[message.channel]
        # A tombstone has another author than the message that it was.
        if channel.is_member and (self._switches.echoes or not self._ours(before or message)):
            events = self._posted_events(message, channel)
            if change != "posted":
                events = [self._changed_event(change, message, before or message, channel)]
            self.deliver(*(envelope(event, channel, self._workspace.installation, self._now()) for event in events))

    def reacted(self, kind: ReactionKind, message: PracticeMessage, user: str, name: str) -> None:
        """Start to deliver the event of a reaction; return at once.

        Send none if the bot is not in the channel, if the app lacks the scope, or if the reaction is its own and the
        switch `echoes` is off.
        """
        channel = self._workspace.channels[message.channel]
        is_echo = user == self._workspace.installation.user_id
        if channel.is_member and "reactions:read" in self._switches.scopes and (self._switches.echoes or not is_echo):
            event_ts = self._workspace.next_ts()
            self.notify(reaction_event(kind, message, channel, user, name, event_ts), channel)

    def pinned(self, kind: PinKind, message: PracticeMessage, user: str, item: Payload, left: int) -> None:
        """Start to deliver the event of a pin, of which `left` are there now; return at once.

        Send none if the bot is not in the channel, or if the app lacks the scope.
        """
        channel = self._workspace.channels[message.channel]
        if channel.is_member and "pins:read" in self._switches.scopes:
            self.notify(pin_event(kind, channel, message, user, item, left, self._workspace.next_ts()), channel)

    def file_changed(self, kind: FileEventKind, file: PracticeFile, channels: list[str]) -> None:
        """Start to deliver the event of a file that is in these channels; return at once.

        Send none if the bot is in none of them, or if the app lacks the scope.
        """
        seen = [channel for channel in channels if self._workspace.channels[channel].is_member]
        if seen and "files:read" in self._switches.scopes:
            event = file_event(kind, file, seen, file.user, self._workspace.next_ts())
            self.notify(event, self._workspace.channels[seen[0]])

    def notify(self, event: Payload, channel: PracticeChannel) -> None:
        """Start to deliver an event in a channel, if the app has subscribed to its type; return at once."""
        if event["type"] in self._switches.events:
            self.deliver(envelope(event, channel, self._workspace.installation, self._now()))

    def deliver(self, *payloads: Payload) -> None:
        """Record payloads and start to send them, in this order, with Slack's redeliveries; return at once."""
        with self._workspace.changed:
            self.payloads += payloads
        self.sender.send(*payloads)

    def redeliver(self, event_id: str, number: int, reason: str) -> None:
        """Start to send an event once more, as redelivery `number` for this reason, though it needs none.

        Raise KeyError if no event with this id was sent.
        """
        payloads = {payload.get("event_id"): payload for payload in self.payloads}
        self.sender.redeliver(payloads[event_id], number, reason)

    def verify_url(self) -> bool:
        """Send url_verification and wait for the response.

        Return True if it has status 200 and holds the challenge, as plain text, form or JSON: Slack reads all three.
        """
        challenge = secrets.token_hex(16)
        payload = {"token": "practice-verification", "challenge": challenge, "type": "url_verification"}
        delivery = self.sender.attempt(payload)
        return delivery.status == 200 and challenge in _challenges(delivery.reply)

    def delivery_of(self, channel: str, ts: str) -> Delivery | None:
        """Return the delivery of a message's event: the first accepted attempt, else the latest, else None."""
        with self._workspace.changed:
            return self._outcomes.get((channel, ts))

    def _posted_events(self, message: PracticeMessage, channel: PracticeChannel) -> list[Payload]:
        """Return the events of a new message, in the order of sending.

        It is one `message` event; but if a person mentions the bot outside a direct conversation, the switch `twins`
        chooses: `message`, `app_mention` or both.
        """
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
        """Return the event message_changed or, for any other change, message_deleted."""
        now = message_json(self._workspace, message) if change == "changed" else None
        previous = message_json(self._workspace, before)
        return changed_event(message, channel, now, previous, self._workspace.next_ts())

    def _ours(self, message: PracticeMessage) -> bool:
        return message.user == self._workspace.installation.user_id

    def _now(self) -> int:
        return int(self._clock())

    def _record(self, delivery: Delivery) -> None:
        """Record an attempt that ended, and keep its outcome for the message unless one was accepted before.

        Mark the message as changed, so that the page shows the outcome.
        """
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
    """Return all texts that the challenge may be in a response: read as plain text, as JSON and as a form."""
    text = reply.decode("utf-8", errors="replace").strip()
    try:
        answer = json.loads(text)
    except ValueError:
        answer = None
    json_field = [str(answer.get("challenge"))] if isinstance(answer, dict) else []
    return [text, *json_field, *parse_qs(text).get("challenge", [])]
