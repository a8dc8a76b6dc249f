"""Find the channels, threads and messages that the page's requests name, for the person who sees them there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cocoai.rehearsal.page.action_fields import InvalidAction
from cocoai.rehearsal.slack.workspace import PracticeMessage, Workspace

CHANNELS = ("C0PRACTICE", "C0OUTSIDE", "D0PRACTICE", "D0SECOND", "D0THIRD")
"""The ids of the conversations that the page shows, each to those who are in it; the bot is in all but C0OUTSIDE."""
PEOPLE = ("U0ASKER01", "U0ASKER02", "U0ASKER04")
"""The ids of the users as whom one can act at the page; the first one is chosen when nobody else is."""


def acting(fields: Mapping[str, Any]) -> str:
    """Return the id of the acting person. Raise `InvalidAction` if it is none of `PEOPLE`."""
    user = fields.get("user", PEOPLE[0])
    if user not in PEOPLE:
        raise InvalidAction("a person of this page is needed")
    return str(user)


def place_in(workspace: Workspace, user: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return `channel` and `thread_ts` (None outside threads) as keyword arguments for `say` and `share`.

    Raise `InvalidAction` if the page does not show this person this channel, or the thread's parent does not exist.
    """
    channel, thread_ts = fields.get("channel"), fields.get("thread_ts")
    if channel not in CHANNELS or not workspace.is_in(user, channel):
        raise InvalidAction("a channel of this page is needed")
    if not isinstance(thread_ts, str | None) or (thread_ts and not workspace.find(channel, thread_ts)):
        raise InvalidAction("there is no such thread")
    return {"channel": channel, "thread_ts": thread_ts or None}


def message_at(workspace: Workspace, user: str, place: object) -> PracticeMessage:
    """Return the message at a `channel` and a `ts`. Raise `InvalidAction` if this person sees none there."""
    channel, ts = (place.get(key) if isinstance(place, Mapping) else None for key in ("channel", "ts"))
    is_seen = channel in CHANNELS and isinstance(ts, str) and workspace.is_in(user, str(channel))
    message = workspace.find(str(channel), str(ts)) if is_seen else None
    if message is None:
        raise InvalidAction("there is no such message")
    return message
