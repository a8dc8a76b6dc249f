"""Clicks: what a person presses under a message becomes a signed block_actions, sent once and answered at once or not.

Sources: https://docs.slack.dev/interactivity/handling-user-interaction and
reference/interaction-payloads/block_actions-payload. Unlike an event, a click that failed is never sent again: the
person sees a warning, and may press once more.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from cocoai.rehearsal.slack.manner import Manner
from cocoai.rehearsal.slack.outbound import FORM, Destination, Outbound, Outcome, signed
from cocoai.rehearsal.slack.shapes import Payload, message_json, user_name
from cocoai.rehearsal.slack.workspace import Channel, Message, Person, Workspace

_NAMES = {"im": "directmessage", "group": "privategroup"}
"""Of conversations that are not everybody's a click tells no name."""


@dataclass(frozen=True)
class Clicked:
    """One delivery of a click: `ts` is the message's, `copy` above 0 a replay of the very same bytes.

    `failure` is Slack's word for what went wrong, `interactivity_off` if there was nobody to tell, or empty; `status`
    is 0 when no reply came; `time` (epoch seconds) is the start.
    """

    user: str
    channel: str
    ts: str
    action: str
    action_ts: str
    body: bytes
    copy: int = 0
    time: float = 0.0
    status: int = 0
    failure: str = ""
    milliseconds: float = 0.0

    @property
    def accepted(self) -> bool:
        return not self.failure


class Clicks:
    """`delivered` holds every click in the order of their outcomes."""

    def __init__(
        self, workspace: Workspace, secret: str, manner: Manner, outbound: Outbound, *, clock: Callable[[], float]
    ) -> None:
        self.destination: Destination | None = None
        self.delivered: list[Clicked] = []
        self._workspace = workspace
        self._secret = secret
        self._manner = manner
        self._outbound = outbound
        self._clock = clock

    def click(self, user: str, channel: str, ts: str, action: str, repeat: int) -> Clicked:
        """Press, wait for the answer, then replay `repeat` times. ValueError: this person sees no such button there."""
        message, button = self._button(user, channel, ts, action)
        action_ts = self._workspace.next_ts()
        payload = self._payload(user, message, button, action_ts)
        body = urlencode({"payload": json.dumps(payload)}).encode()
        headers = signed(body, self._secret, self._clock(), FORM)
        press = Clicked(user, channel, ts, action, action_ts, body)
        for copy in range(1 + repeat):
            clicked = self._sent(replace(press, copy=copy, time=self._clock()), headers)
        return clicked

    def _sent(self, press: Clicked, headers: dict[str, str]) -> Clicked:
        outcome = self._outcome(press.body, headers)
        clicked = replace(press, status=outcome.status, failure=outcome.failure, milliseconds=outcome.milliseconds)
        with self._workspace.changed:
            self.delivered.append(clicked)
            self._workspace.note()
        return clicked

    def _outcome(self, body: bytes, headers: dict[str, str]) -> Outcome:
        if self.destination is None or not self._manner.interactivity:
            return Outcome(0, "interactivity_off", 0.0)
        return self._outbound.post(self.destination, body, headers)

    def _button(self, user: str, channel: str, ts: str, action: str) -> tuple[Message, Payload]:
        message = self._workspace.seen(channel, ts)
        if message is None or message.only_for not in ("", user) or not self._workspace.is_in(user, channel):
            raise ValueError(f"{user} sees no message {ts} in {channel}")
        for button in _buttons(message):
            if button.get("action_id") == action:
                return message, button
        raise ValueError(f"the message {ts} in {channel} has no button {action}")

    def _payload(self, user: str, message: Message, button: Payload, action_ts: str) -> Payload:
        us, channel = self._workspace.installation, self._workspace.channels[message.channel]
        told: Payload = {"type": "block_actions", "api_app_id": us.app_id, "token": "practice-verification"}
        told |= {"user": _user_json(self._workspace.people[user]), "container": _container(message)}
        told |= {"trigger_id": f"{secrets.randbits(40)}.{secrets.token_hex(16)}"}
        told |= {"team": {"id": us.team_id, "domain": us.team.lower()}, "enterprise": None}
        told |= {"is_enterprise_install": False, "channel": _channel_json(channel), "state": {"values": {}}}
        if not message.only_for:
            told["message"] = message_json(self._workspace, message)
        told["response_url"] = f"https://hooks.practice.invalid/actions/{us.team_id}/{secrets.token_hex(12)}"
        shown = {
            key: button[key] for key in ("action_id", "block_id", "text", "value", "type", "style") if key in button
        }
        return told | {"actions": [shown | {"action_ts": action_ts}]}


def _buttons(message: Message) -> Iterator[Payload]:
    """Every button under a message or beside a section, with its block's id."""
    for block in message.blocks:
        inside: list[Payload] = block["elements"] if block["type"] == "actions" else [block.get("accessory", {})]
        yield from (each | {"block_id": block["block_id"]} for each in inside if each.get("type") == "button")


def _user_json(person: Person) -> Payload:
    name = user_name(person)
    return {"id": person.id, "username": name, "name": name, "team_id": person.team}


def _container(message: Message) -> Payload:
    told: Payload = {"type": "message", "message_ts": message.ts, "channel_id": message.channel}
    told["is_ephemeral"] = bool(message.only_for)
    return told | ({"thread_ts": message.thread_ts} if message.thread_ts else {})


def _channel_json(channel: Channel) -> Payload:
    return {"id": channel.id, "name": _NAMES.get(channel.kind, channel.name)}
