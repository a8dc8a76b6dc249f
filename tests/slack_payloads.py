"""What Slack posts to CocoAI's two endpoints: the payloads of events and of clicks, and its signature over them.

Everywhere `changes` are fields in place of the usual ones, or besides them; None takes a field away.
Sources: docs.slack.dev/apis/events-api, docs.slack.dev/reference/interaction-payloads/block_actions-payload.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any
from urllib.parse import urlencode

JSON = dict[str, Any]

SIGNING_SECRET = "practice-signing-secret"

UNKNOWN_KEY = "C0PRACTICE-1763822000.000100-1763822000.000100"
"""The key of a question that nobody has asked."""

_NUMBERS = iter(range(1, 1_000_000))
"""Gives each message and each click a time of its own."""


def envelope(event: object, **changes: object) -> JSON:
    """Return the payload around an event, as the Events API posts it, with its keys in Slack's order."""
    authorization = {"team_id": "T0PRACTICE", "user_id": "U0COCOAI", "is_bot": True, "enterprise_id": None}
    payload: JSON = {"team_id": "T0PRACTICE", "api_app_id": "A0COCOAI", "event": event, "type": "event_callback"}
    payload |= {"event_id": "Ev0", "event_time": 1763822000, "authorizations": [authorization]}
    return _without_none(payload | {"is_ext_shared_channel": False} | changes)


def message_event(text: object = "<@U0COCOAI> hello", **changes: object) -> JSON:
    """Return the event of a person's message in the channel, at a time of its own."""
    ts = f"{1_763_822_000 + next(_NUMBERS)}.000100"
    event: JSON = {"type": "message", "user": "U0ASKER01", "team": "T0PRACTICE", "channel": "C0PRACTICE", "ts": ts}
    return _without_none(event | {"event_ts": ts, "channel_type": "channel", "text": text} | changes)


def mention_event(text: object = "<@U0COCOAI> hello", **changes: object) -> JSON:
    """Return the app_mention event of such a message, which has no `channel_type`."""
    return message_event(text, **{"type": "app_mention", "channel_type": None} | changes)


def click(action: str = "up", key: str = UNKNOWN_KEY, **changes: object) -> JSON:
    """Return the payload of a press of a button under the reply to the question `key`, at a time of its own."""
    payload: JSON = {"type": "block_actions", "api_app_id": "A0COCOAI", "user": user()}
    payload |= {"container": container(channel_id=key.partition("-")[0]), "actions": [button(action, key)]}
    return _without_none(payload | changes)


def button(action: str = "up", key: str = UNKNOWN_KEY, **changes: object) -> JSON:
    """Return the entry of `actions` for a button of ours, which the asker of the question `key` sees."""
    pressed: JSON = {"type": "button", "action_id": f"cocoai_{action}", "value": f"{key} U0ASKER01"}
    return _without_none(pressed | {"action_ts": f"1763822100.{next(_NUMBERS):06}"} | changes)


def container(**changes: object) -> JSON:
    """Return the description of the message that has the button."""
    described: JSON = {"type": "message", "message_ts": "1763822001.000200", "channel_id": "C0PRACTICE"}
    return _without_none(described | changes)


def user(**changes: object) -> JSON:
    """Return the user who pressed the button: the asker."""
    return _without_none({"id": "U0ASKER01", "team_id": "T0PRACTICE"} | changes)


def shortcut(task: str = "translate", **changes: object) -> JSON:
    """Return the payload of a shortcut that somebody has chosen from a message's menu, at a time of its own.

    It names no app. Source: docs.slack.dev/reference/interaction-payloads/shortcuts-interaction-payload.
    """
    ts, now = "1763822000.000100", f"1763822100.{next(_NUMBERS):06}"
    message = {"type": "message", "user": "U0OTHER01", "team": "T0PRACTICE", "text": "Hello.", "ts": ts}
    payload: JSON = {"type": "message_action", "callback_id": f"cocoai_{task}", "action_ts": now, "message_ts": ts}
    payload |= {"user": user(), "channel": {"id": "C0PRACTICE", "name": "practice"}, "message": message}
    payload |= {"team": {"id": "T0PRACTICE", "domain": "practice"}, "trigger_id": "1.2.abc", "token": "practice"}
    return _without_none(payload | {"response_url": "https://hooks.slack.com/app/T0PRACTICE/1/x"} | changes)


def submission(typed: object = "Why?", metadata: object = None, **changes: object) -> JSON:
    """Return the payload of a form of ours that somebody has sent off. `metadata` is what it carries, as JSON.

    Source: docs.slack.dev/reference/interaction-payloads/view-interactions-payload.
    """
    ts = "1763822000.000100"
    carried = {"channel": "C0PRACTICE", "thread_ts": ts, "message_ts": ts} if metadata is None else metadata
    values = {"question": {"text": {"type": "plain_text_input", "value": typed}}}
    view = {"id": "V0FORM", "type": "modal", "callback_id": "cocoai_ask", "private_metadata": json.dumps(carried)}
    payload: JSON = {"type": "view_submission", "api_app_id": "A0COCOAI", "user": user()}
    return _without_none(payload | {"view": view | {"state": {"values": values}}} | changes)


def form(payload: object) -> bytes:
    """Return the body in which Slack posts the payload of a click."""
    return urlencode({"payload": json.dumps(payload)}).encode()


def command_form(text: str = "help", **changes: object) -> bytes:
    """Return the body in which Slack posts a use of the slash command, with its fields in Slack's order."""
    fields: JSON = {"token": "x", "team_id": "T0PRACTICE", "team_domain": "practice", "channel_id": "C0PRACTICE"}
    fields |= {"channel_name": "practice", "user_id": "U0ASKER01", "user_name": "asker", "command": "/cocoai"}
    fields |= {"text": text, "api_app_id": "A0COCOAI", "is_enterprise_install": "false"}
    fields |= {"response_url": "https://hooks.slack.com/commands/T0PRACTICE/1/x", "trigger_id": "1.2.abc"}
    return urlencode(_without_none(fields | changes)).encode()


def home_event(**changes: object) -> JSON:
    """Return the event of a look at our Home tab."""
    event: JSON = {"type": "app_home_opened", "user": "U0ASKER01", "channel": "D0ASKER01", "tab": "home"}
    return _without_none(event | {"event_ts": "1763822000.123456"} | changes)


def signed_headers(body: bytes, now: float, secret: str = SIGNING_SECRET) -> dict[str, str]:
    """Return the headers of a request that Slack signs at `now`, in seconds since the epoch."""
    stamp = str(int(now))
    digest = hmac.new(secret.encode(), b"v0:" + stamp.encode() + b":" + body, hashlib.sha256).hexdigest()
    return {"x-slack-request-timestamp": stamp, "x-slack-signature": f"v0={digest}"}


def _without_none(fields: dict[str, Any]) -> JSON:
    return {name: value for name, value in fields.items() if value is not None}
