"""Run conversations.info and users.conversations: what a conversation is called, and in which the bot is.

Sources: docs.slack.dev/reference/methods/conversations.info and /users.conversations.
"""

from __future__ import annotations

from cocoai.rehearsal.slack.api_call import Arguments, SlackApiError
from cocoai.rehearsal.slack.json_shapes import Payload
from cocoai.rehearsal.slack.workspace import PracticeChannel, Workspace

_KINDS = {"public_channel": "channel", "private_channel": "group", "im": "im", "mpim": "mpim"}
"""The values of the argument `types`, and the kind of conversation that each names."""


def conversation_info(workspace: Workspace, arguments: Arguments) -> Payload:
    """Return a conversation's JSON. Raise `SlackApiError` (channel_not_found) if the bot cannot see it."""
    channel = workspace.channels.get(arguments.required("channel"))
    if channel is None or (not channel.is_member and channel.kind != "channel"):
        raise SlackApiError("channel_not_found")
    return {"channel": _channel_json(channel) | _properties_json(workspace, channel)}


def users_conversations(workspace: Workspace, arguments: Arguments) -> Payload:
    """Return the conversations of the kinds in `types` in which the bot is, by default the public channels.

    Raise `SlackApiError` (invalid_types) if it names another kind.
    """
    types = (arguments.text("types") or "public_channel").split(",")
    if not set(types) <= set(_KINDS):
        raise SlackApiError("invalid_types")
    kinds, hides_archived = {_KINDS[name] for name in types}, arguments.flag("exclude_archived")
    mine = [each for each in workspace.channels.values() if each.is_member and each.kind in kinds]
    shown = [_channel_json(each) for each in mine if not (hides_archived and each.is_archived)]
    return {"channels": shown, "response_metadata": {"next_cursor": ""}}


def _properties_json(workspace: Workspace, channel: PracticeChannel) -> Payload:
    """Return the field `properties`, with the channel's canvases as its tabs; {} if it has none."""
    canvases = [file for file in workspace.files.values() if file.tab_of == channel.id and not file.is_deleted]
    tabs = [
        {"id": f"Ct{each.id[1:]}", "type": "canvas", "data": {"file_id": each.id}, "label": ""} for each in canvases
    ]
    return {"properties": {"tabs": tabs}} if tabs else {}


def _channel_json(channel: PracticeChannel) -> Payload:
    """Return the fields of a conversation that tell what it is, and whether the bot is in it."""
    flags = {f"is_{kind}": channel.kind == kind for kind in ("channel", "group", "im", "mpim")}
    is_private = channel.kind in ("group", "mpim")
    shown: Payload = {"id": channel.id, "name": channel.name, **flags, "is_private": is_private}
    return shown | {"is_archived": channel.is_archived, "is_member": channel.is_member}
