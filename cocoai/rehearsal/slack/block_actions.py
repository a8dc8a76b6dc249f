"""Post a signed block_actions payload to the bot when a person presses a button of one of its messages.

Sources: https://docs.slack.dev/interactivity/handling-user-interaction and
reference/interaction-payloads/block_actions-payload. Unlike an event, a click that failed is never sent again: the
person sees a warning, and may press the button once more.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from cocoai.rehearsal.slack.block_rules import PRESSABLE
from cocoai.rehearsal.slack.interactions import Interactivity, channel_json, team_json, user_json
from cocoai.rehearsal.slack.json_shapes import Payload, message_json
from cocoai.rehearsal.slack.response_urls import ResponseUrls
from cocoai.rehearsal.slack.triggers import Triggers
from cocoai.rehearsal.slack.workspace import PracticeMessage, Workspace


@dataclass(frozen=True)
class ClickDelivery:
    """One delivery of a click: `ts` is the message's; a `copy` above 0 is a replay of the same bytes.

    `failure` is Slack's name for the failure, `interactivity_off` if there is no request URL, or empty; `status` is 0
    if no response came; `time` (epoch seconds) is the start.
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
    def is_accepted(self) -> bool:
        """Return True if the bot accepted the click: it answered with a status 2xx in time."""
        return not self.failure


class ClickSender:
    """Sends clicks to the bot. `delivered` only grows, in the order in which the deliveries ended."""

    def __init__(
        self, workspace: Workspace, interactivity: Interactivity, triggers: Triggers, urls: ResponseUrls
    ) -> None:
        self.delivered: list[ClickDelivery] = []
        self._workspace = workspace
        self._interactivity = interactivity
        self._triggers = triggers
        self._urls = urls

    def click(
        self, user: str, channel: str, ts: str, action: str, *, value: str = "", repeat: int = 0
    ) -> ClickDelivery:
        """Press the button with the action_id `action`: post the click, and wait for the bot's response.

        Of two feedback buttons the `value` tells which is pressed; Slack shows it as the user's vote, whatever the bot
        does about it. Then replay the same bytes `repeat` times. Return the last delivery. Raise ValueError if this
        user sees no such button in the message `ts`.
        """
        message, button = self._button(user, channel, ts, action, value)
        if button["type"] == "feedback_buttons":
            self._vote(user, message, action, value)
        action_ts = self._workspace.next_ts()
        payload = self._payload(user, message, button, action_ts)
        body = urlencode({"payload": json.dumps(payload)}).encode()
        headers = self._interactivity.signed(body)
        # A replay sends the same headers too: the same timestamp and the same signature.
        press = ClickDelivery(user, channel, ts, action, action_ts, body)
        for copy in range(1 + repeat):
            delivery = self._send(replace(press, copy=copy, time=self._interactivity.clock()), headers)
        return delivery

    def _send(self, press: ClickDelivery, headers: dict[str, str]) -> ClickDelivery:
        """Post a click once, wait for the response, and return the delivery with its outcome, also in `delivered`."""
        outcome = self._interactivity.post(press.body, headers)
        delivery = replace(press, status=outcome.status, failure=outcome.failure, milliseconds=outcome.milliseconds)
        with self._workspace.changed:
            self.delivered.append(delivery)
            self._workspace.notify()
        return delivery

    def _vote(self, user: str, message: PracticeMessage, action: str, value: str) -> None:
        """Store a user's vote with the message, in place of an earlier one."""
        # Pressed once more, a vote stays, and is sent again: github.com/slackapi/bolt-python/issues/1435.
        with self._workspace.changed:
            votes = (self._workspace.find_any(message.channel, message.ts) or message).votes
            votes = {**votes, user: {**votes.get(user, {}), action: value}}
            self._workspace.annotate(message.channel, message.ts, votes=votes)

    def _button(self, user: str, channel: str, ts: str, action: str, value: str) -> tuple[PracticeMessage, Payload]:
        """Return the message `ts` and its button with the action_id `action`, as Slack's JSON with its block_id.

        With a `value`, it is a button with this value. Raise ValueError if the user does not see the message, or it has
        no such button.
        """
        message = self._workspace.find_any(channel, ts)
        if message is None or message.only_for not in ("", user) or not self._workspace.is_in(user, channel):
            raise ValueError(f"{user} sees no message {ts} in {channel}")
        for button in _buttons(message, user):
            # The pair has one action_id: without a value nobody knows which of the two is meant.
            wanted = (value,) if value or button["type"] == "feedback_buttons" else (button.get("value"),)
            if button.get("action_id") == action and button.get("value") in wanted:
                return message, button
        raise ValueError(f"the message {ts} in {channel} has no button {action}")

    def _payload(self, user: str, message: PracticeMessage, button: Payload, action_ts: str) -> Payload:
        """Return the block_actions payload of a click at `action_ts` (a ts), with the fields that Slack sends.

        The message is left out if it is ephemeral.
        """
        channel = self._workspace.channels[message.channel]
        payload: Payload = {"type": "block_actions", "api_app_id": self._workspace.installation.app_id}
        payload |= {"user": user_json(self._workspace.people[user]), "container": _container(message)}
        payload |= {"trigger_id": self._triggers.new(user)} | team_json(self._workspace)
        payload |= {"channel": channel_json(channel), "state": {"values": {}}}
        if not message.only_for:  # a click on an ephemeral message has no message
            payload["message"] = message_json(self._workspace, message)
        payload["response_url"] = self._urls.new("actions", user, channel.id, message.ts)
        pressed = {
            key: button[key]
            for key in ("action_id", "block_id", "icon", "text", "value", "type", "style")
            if key in button
        }
        return payload | {"actions": [pressed | {"action_ts": action_ts}]}


def _buttons(message: PracticeMessage, user: str) -> Iterator[Payload]:
    """Yield each button of a message that a user sees: its JSON, with the `block_id` of its block.

    A pair of feedback buttons are two with the fields of the pair.
    """
    for block in message.blocks:
        holds_buttons = block["type"] in ("actions", "context_actions")
        elements: list[Payload] = block["elements"] if holds_buttons else [block.get("accessory", {})]
        for each in elements:
            placed = each | {"block_id": block["block_id"]}
            if each.get("type") == "feedback_buttons":
                yield from (placed | each[name] for name in ("positive_button", "negative_button"))
            elif each.get("type") in PRESSABLE and user in each.get("visible_to_user_ids", (user,)):
                yield placed


def _container(message: PracticeMessage) -> Payload:
    """Return the payload's field `container`, which tells where the button is; `thread_ts` only in a thread."""
    payload: Payload = {"type": "message", "message_ts": message.ts, "channel_id": message.channel}
    payload["is_ephemeral"] = bool(message.only_for)
    return payload | ({"thread_ts": message.thread_ts} if message.thread_ts else {})
