"""The OAuth scope that an app needs for each Web API method. Source: pages below docs.slack.dev/reference/methods."""

from __future__ import annotations

from collections.abc import Iterable

_HISTORY = {
    "channel": "channels:history",
    "group": "groups:history",
    "im": "im:history",
    "mpim": "mpim:history",
}
_READ = {
    "channel": "channels:read",
    "group": "groups:read",
    "im": "im:read",
    "mpim": "mpim:read",
}
_TYPES = {"public_channel": "channel", "private_channel": "group", "im": "im", "mpim": "mpim"}
"""The values of the argument `types`, and the kind of conversation that each names."""

_NEEDED = {
    "chat.delete": "chat:write",
    "chat.postEphemeral": "chat:write",
    "chat.postMessage": "chat:write",
    "chat.update": "chat:write",
    "files.completeUploadExternal": "files:write",
    "files.delete": "files:write",
    "files.getUploadURLExternal": "files:write",
    "files.info": "files:read",
    "pins.add": "pins:write",
    "pins.list": "pins:read",
    "pins.remove": "pins:write",
    "reactions.add": "reactions:write",
    "reactions.get": "reactions:read",
    "reactions.remove": "reactions:write",
    "users.info": "users:read",
}


def needed(method: str, kind: str, types: str = "") -> str:
    """Return the scope that a method needs, as `chat:write`, or "" if it needs none; several are separated by commas.

    `kind` is the channel_type of the conversation that is read, as `im`; an unknown one counts as `channel`. `types` is
    the argument of users.conversations, "" for its default.
    """
    if method in ("conversations.history", "conversations.replies"):
        return _HISTORY.get(kind, _HISTORY["channel"])
    if method == "conversations.info":
        return _READ.get(kind, _READ["channel"])
    if method == "users.conversations":
        kinds = [_TYPES.get(name, "channel") for name in (types or "public_channel").split(",")]
        return ",".join(dict.fromkeys(_READ[each] for each in kinds))
    return _NEEDED.get(method, "")


def listed(scopes: Iterable[str]) -> str:
    """Return the scopes as Slack writes them into a header: sorted and separated by commas, without blanks."""
    return ",".join(sorted(scopes))
