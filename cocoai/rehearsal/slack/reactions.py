"""Keep the reactions under messages, tell of each by an event, and run reactions.add, .get and .remove.

Sources: https://docs.slack.dev/reference/methods/ reactions.add, reactions.get, reactions.remove, and
https://docs.slack.dev/reference/events/reaction_added, reaction_removed. Nobody can react to an ephemeral message.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Literal

from cocoai.rehearsal.slack.api_call import Arguments, SlackApiError
from cocoai.rehearsal.slack.channel_access import accessible_channel
from cocoai.rehearsal.slack.json_shapes import Payload, message_json
from cocoai.rehearsal.slack.workspace import PracticeChannel, PracticeMessage, Workspace

ReactionKind = Literal["reaction_added", "reaction_removed"]
Told = Callable[[ReactionKind, PracticeMessage, str, str], None]
"""Is called with what happened, the message, the user and the emoji's name."""

_NAME = re.compile(r"[a-z0-9_+'\-]{1,100}(::skin-tone-[2-6])?")


class ReactionStore:
    """Adds and removes the reactions of everybody in the workspace; `told` is called after each change."""

    def __init__(self, workspace: Workspace, told: Told) -> None:
        self._workspace = workspace
        self._told = told

    def add(self, channel: str, ts: str, user: str, name: str) -> bool:
        """Put an emoji under a message; return False if this user's is there already.

        Raise ValueError if there is no such message, or the name is no emoji's.
        """
        return self._change("reaction_added", channel, ts, user, name)

    def remove(self, channel: str, ts: str, user: str, name: str) -> bool:
        """Take a user's emoji away from a message; return False if there is none. Errors are those of `add`."""
        return self._change("reaction_removed", channel, ts, user, name)

    def _change(self, kind: ReactionKind, channel: str, ts: str, user: str, name: str) -> bool:
        if not _NAME.fullmatch(name):
            raise ValueError(f"{name} is no emoji's name")
        with self._workspace.changed:
            message = self._workspace.find(channel, ts)
            if message is None or message.subtype == "tombstone":
                raise ValueError(f"there is no message {ts} in {channel}")
            users = message.reactions.get(name, ())
            if (user in users) == (kind == "reaction_added"):
                return False
            now = (*users, user) if kind == "reaction_added" else tuple(each for each in users if each != user)
            reactions = {each: by for each, by in {**message.reactions, name: now}.items() if by}
            self._workspace.annotate(channel, ts, reactions=reactions)
        self._told(kind, message, user, name)
        return True


def reaction_event(
    kind: ReactionKind, message: PracticeMessage, channel: PracticeChannel, user: str, name: str, event_ts: str
) -> Payload:
    """Return the event of a reaction: it names the message, and has neither its words nor its thread.

    `item_user` is the message's author; a message that names none, as a webhook's does not, leaves it out.
    """
    item = {"type": "message", "channel": channel.id, "ts": message.ts, "channel_type": channel.kind}
    event: Payload = {"type": kind, "user": user, "reaction": name, "item": item, "event_ts": event_ts}
    return event | ({} if message.upload == "bot_id" else {"item_user": message.user})


class ReactionMethods:
    """The methods of the Web API about reactions; `methods` maps the name of each to its function."""

    def __init__(self, workspace: Workspace, reactions: ReactionStore) -> None:
        self._workspace = workspace
        self._reactions = reactions
        self.methods: dict[str, Callable[[Arguments], Payload]] = {
            "reactions.add": self._add,
            "reactions.get": self._get,
            "reactions.remove": self._remove,
        }

    def _add(self, arguments: Arguments) -> Payload:
        """Add the bot's reaction, the emoji `name`, to the message `timestamp`.

        Raise `SlackApiError` if there is no such message, the name is not valid, or the bot has already reacted so.
        """
        message, name = self._item(arguments), _name(arguments)
        if not self._reactions.add(message.channel, message.ts, self._workspace.installation.user_id, name):
            raise SlackApiError("already_reacted")
        return {}

    def _remove(self, arguments: Arguments) -> Payload:
        """Take the bot's reaction away; raise `SlackApiError` as `_add` does, no_reaction if there is none."""
        message, name = self._item(arguments), _name(arguments)
        if not self._reactions.remove(message.channel, message.ts, self._workspace.installation.user_id, name):
            raise SlackApiError("no_reaction")
        return {}

    def _get(self, arguments: Arguments) -> Payload:
        """Return the message `timestamp` with its reactions, in whatever thread it stands.

        Raise `SlackApiError` if there is no such message.
        """
        message = self._item(arguments, may_be_archived=True)
        return {"type": "message", "channel": message.channel, "message": message_json(self._workspace, message)}

    def _item(self, arguments: Arguments, *, may_be_archived: bool = False) -> PracticeMessage:
        """Return the message that the arguments `channel` and `timestamp` name, or raise `SlackApiError`."""
        if not arguments.text("timestamp"):
            raise SlackApiError("no_item_specified")
        channel = accessible_channel(self._workspace, arguments.required("channel"), may_be_archived=may_be_archived)
        message = self._workspace.find(channel.id, arguments.text("timestamp"))
        if message is None or (message.subtype == "tombstone" and not may_be_archived):
            raise SlackApiError("message_not_found")
        return message


def _name(arguments: Arguments) -> str:
    """Return the emoji that the argument `name` names. Raise `SlackApiError` if it does not look like one."""
    name = arguments.required("name").strip(":")
    if not _NAME.fullmatch(name):
        raise SlackApiError("invalid_name")
    return name
