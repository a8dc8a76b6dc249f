"""Keep which messages are pinned to a channel, tell of each by an event, and run pins.add, pins.list and pins.remove.

Files are pinned with the message that shows them: Slack pins no others any more.
Sources: https://docs.slack.dev/reference/methods/ pins.add, pins.list, pins.remove, and
https://docs.slack.dev/reference/events/pin_added, pin_removed.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from cocoai.rehearsal.slack.api_call import Arguments, SlackApiError
from cocoai.rehearsal.slack.channel_access import accessible_channel
from cocoai.rehearsal.slack.json_shapes import Payload, message_json
from cocoai.rehearsal.slack.practice_file import SITE
from cocoai.rehearsal.slack.workspace import PracticeChannel, PracticeMessage, Workspace

PinKind = Literal["pin_added", "pin_removed"]
Told = Callable[[PinKind, PracticeMessage, str, Payload], None]
"""Is called with what happened, the message, who did it, and the pin's JSON."""

MOST_PINS = 100
"""Messages that can be pinned to a channel."""


@dataclass(frozen=True)
class Pin:
    """A message that is pinned to its channel: its ts, by whom and when (epoch seconds)."""

    ts: str
    user: str
    created: int


class PinStore:
    """Adds and removes the pins of everybody in the workspace; `told` is called after each change."""

    def __init__(self, workspace: Workspace, told: Told, clock: Callable[[], float]) -> None:
        self._workspace = workspace
        self._told = told
        self._clock = clock
        self._pins: dict[str, list[Pin]] = {}

    def add(self, channel: str, ts: str, user: str) -> None:
        """Pin a message to its channel. Raise `SlackApiError` with Slack's code if it cannot be, or is already."""
        with self._workspace.changed:
            message = self._message(channel, ts)
            if self._pin(channel, ts):
                raise SlackApiError("already_pinned")
            if message.subtype not in ("", "file_share", "thread_broadcast", "me_message"):
                raise SlackApiError("not_pinnable")
            if len(self.listed(channel)) >= MOST_PINS:
                raise SlackApiError("too_many_pins")
            pin = Pin(ts, user, int(self._clock()))
            self._pins.setdefault(channel, []).insert(0, pin)
            self._workspace.notify()
        self._told("pin_added", message, user, self._json(message, pin))

    def remove(self, channel: str, ts: str, user: str) -> None:
        """Take a pin away. Raise `SlackApiError` (no_pin) if there is none, or no such message."""
        with self._workspace.changed:
            message, pin = self._message(channel, ts), self._pin(channel, ts)
            if pin is None:
                raise SlackApiError("no_pin")
            self._pins[channel].remove(pin)
            self._workspace.notify()
        self._told("pin_removed", message, user, self._json(message, pin))

    def listed(self, channel: str) -> list[Payload]:
        """Return the JSON of a channel's pins, the newest first. One whose message was deleted is gone with it."""
        with self._workspace.changed:
            found = ((self._workspace.find(channel, pin.ts), pin) for pin in self._pins.get(channel, ()))
            return [self._json(message, pin) for message, pin in found if message and message.subtype != "tombstone"]

    def _pin(self, channel: str, ts: str) -> Pin | None:
        return next((pin for pin in self._pins.get(channel, ()) if pin.ts == ts), None)

    def _message(self, channel: str, ts: str) -> PracticeMessage:
        message = self._workspace.find(channel, ts)
        if message is None:
            raise SlackApiError("message_not_found")
        return message

    def _json(self, message: PracticeMessage, pin: Pin) -> Payload:
        permalink = f"{SITE}archives/{message.channel}/p{message.ts.replace('.', '')}"
        written = {**message_json(self._workspace, message), "pinned_to": [message.channel], "permalink": permalink}
        item: Payload = {"type": "message", "channel": message.channel, "message": written}
        return item | {"created": pin.created, "created_by": pin.user}


def pin_event(
    kind: PinKind,
    channel: PracticeChannel,
    message: PracticeMessage,
    user: str,
    item: Payload,
    left: int,
    event_ts: str,
) -> Payload:
    """Return the event of a pin: unlike others it names its channel as `channel_id`. `left` pins are there now."""
    info = {"channel": channel.id, "pinned_by": item["created_by"], "pinned_ts": item["created"]}
    event: Payload = {"type": kind, "user": user, "channel_id": channel.id, "item": item, "item_user": message.user}
    event |= {"pin_count": left, "pinned_info": info, "event_ts": event_ts}
    return event | ({"has_pins": left > 0} if kind == "pin_removed" else {})


class PinMethods:
    """The methods of the Web API about pins; `methods` maps the name of each to its function."""

    def __init__(self, workspace: Workspace, pins: PinStore) -> None:
        self._workspace = workspace
        self._pins = pins
        self.methods: dict[str, Callable[[Arguments], Payload]] = {
            "pins.add": self._add,
            "pins.list": self._list,
            "pins.remove": self._remove,
        }

    def _add(self, arguments: Arguments) -> Payload:
        """Pin the message `timestamp` as the bot. Raise `SlackApiError` as PinStore.add does."""
        self._pins.add(*self._place(arguments), self._workspace.installation.user_id)
        return {}

    def _remove(self, arguments: Arguments) -> Payload:
        """Take the pin of the message `timestamp` away, whoever has set it. Raise as PinStore.remove does."""
        self._pins.remove(*self._place(arguments), self._workspace.installation.user_id)
        return {}

    def _list(self, arguments: Arguments) -> Payload:
        """Return all pins of a channel, archived or not, without pages."""
        channel = accessible_channel(self._workspace, arguments.required("channel"), may_be_archived=True)
        return {"items": self._pins.listed(channel.id)}

    def _place(self, arguments: Arguments) -> tuple[str, str]:
        """Return the channel and ts that the arguments name. Raise `SlackApiError` if they name no place to write."""
        channel = accessible_channel(self._workspace, arguments.required("channel"))
        ts = arguments.text("timestamp")
        if not ts:
            raise SlackApiError("no_item_specified")
        if not re.fullmatch(r"\d{1,12}\.\d{1,8}", ts):
            raise SlackApiError("bad_timestamp")
        return channel.id, ts
