"""What Slack posts to CocoAI's two endpoints: the payloads of events and of clicks."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

UNKNOWN_KEY = "C0PRACTICE-1763822000.000100-1763822000.000100"
"""The key of a question that nobody has asked."""

_NUMBERS = iter(range(1, 10_000))
"""Gives each message and each click a time of its own."""


def envelope(event: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """Return the payload around an event, as Slack sends it; `changes` are its own fields."""
    authorization = {"team_id": "T0PRACTICE", "user_id": "U0COCOAI", "is_bot": True}
    outer = {"type": "event_callback", "team_id": "T0PRACTICE", "api_app_id": "A0COCOAI", "event_id": "Ev0"}
    return outer | {"event_time": 1763822000, "authorizations": [authorization], "event": event} | changes


def message_event(text: str = "<@U0COCOAI> hello", **changes: Any) -> dict[str, Any]:
    """Return the event of a person's message in the channel, at a time of its own."""
    ts = f"{1_763_822_000 + next(_NUMBERS)}.000100"
    event = {"type": "message", "user": "U0ASKER01", "team": "T0PRACTICE", "channel": "C0PRACTICE", "ts": ts}
    return event | {"channel_type": "channel", "text": text} | changes


def click(action: str = "up", key: str = UNKNOWN_KEY, **changes: Any) -> dict[str, Any]:
    """Return the payload of a click on a button under the reply to the question `key`, at a time of its own."""
    channel = key.partition("-")[0]
    button = {"type": "button", "action_id": f"cocoai_{action}", "value": f"{key} U0ASKER01"}
    button |= {"action_ts": f"1763822100.{next(_NUMBERS):06}"}
    container = {"type": "message", "message_ts": "1763822001.000200", "channel_id": channel}
    user = {"id": "U0ASKER01", "team_id": "T0PRACTICE"}
    payload = {"type": "block_actions", "api_app_id": "A0COCOAI", "user": user, "container": container}
    return payload | {"actions": [button]} | changes


def form(payload: object) -> bytes:
    """Return the body in which Slack posts the payload of a click."""
    return urlencode({"payload": json.dumps(payload)}).encode()
