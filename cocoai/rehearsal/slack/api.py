"""The Web API's methods over the practice workspace: what each does, and each refusal that Slack documents for it.

Sources: https://docs.slack.dev/reference/methods/ auth.test, chat.delete, chat.postEphemeral, chat.postMessage,
chat.update, conversations.replies, files.info, reactions.add, users.info. It knows no HTTP: arguments in, the reply's
JSON out, or `ApiError`.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from typing import Any

from cocoai.rehearsal.slack.call import ApiError, Arguments
from cocoai.rehearsal.slack.content import content, metadata
from cocoai.rehearsal.slack.files import file_json
from cocoai.rehearsal.slack.manner import Manner
from cocoai.rehearsal.slack.shapes import Payload, message_json, metadata_json, person_json
from cocoai.rehearsal.slack.workspace import Channel, Message, Workspace, stored

POST_LIMIT = 40_000
UPDATE_LIMIT = 4_000
PAGE_LIMIT = 1_000


class WebAPI:
    """`methods` maps a method's name to what answers it."""

    def __init__(self, workspace: Workspace, manner: Manner) -> None:
        self._workspace = workspace
        self._manner = manner
        self._us = workspace.installation
        self.methods: dict[str, Callable[[Arguments], Payload]] = {
            "auth.test": self._auth_test,
            "chat.delete": self._delete,
            "chat.postEphemeral": self._post_ephemeral,
            "chat.postMessage": self._post_message,
            "chat.update": self._update,
            "conversations.replies": self._replies,
            "files.info": self._files_info,
            "reactions.add": self._reactions_add,
            "users.info": self._users_info,
        }

    def _auth_test(self, _: Arguments) -> Payload:
        us = self._us
        told = {"url": "https://practice.invalid/", "team": us.team, "user": us.user.lower(), "team_id": us.team_id}
        return told | {"user_id": us.user_id, "bot_id": us.bot_id, "app_id": us.app_id, "is_enterprise_install": False}

    def _post_message(self, arguments: Arguments) -> Payload:
        channel = self._channel(arguments)
        given, marked = self._content(arguments), metadata(arguments)
        given["text"] = stored(given["text"][:POST_LIMIT])
        thread_ts = arguments.text("thread_ts") or None
        message = self._workspace.post(
            channel.id, self._us.user_id, **given, thread_ts=thread_ts, metadata=marked or None
        )
        told: Payload = {"channel": channel.id, "ts": message.ts}
        return told | {"message": self._written(message)}

    def _post_ephemeral(self, arguments: Arguments) -> Payload:
        """Shown to one person, who must be there; nobody finds it again."""
        channel, user = self._channel(arguments), arguments.required("user")
        if not self._workspace.is_in(user, channel.id):
            raise ApiError("user_not_in_channel")
        given = self._content(arguments)
        if len(given["text"]) > POST_LIMIT:
            raise ApiError("msg_too_long")
        given["text"] = stored(given["text"])
        thread_ts = arguments.text("thread_ts") or None
        message = self._workspace.whisper(channel.id, self._us.user_id, user, **given, thread_ts=thread_ts)
        return {"message_ts": message.ts}

    def _update(self, arguments: Arguments) -> Payload:
        """Text without blocks takes old blocks away."""
        channel = self._channel(arguments)
        with self._workspace.changed:
            message = self._own(channel, arguments.required("ts"), "cant_update_message")
            given, marked = self._content(arguments), metadata(arguments)
            if len(given["text"]) > UPDATE_LIMIT:
                raise ApiError("msg_too_long")
            changes = {} if marked is None else {"metadata": marked or None}
            text, blocks = stored(given["text"]), given["blocks"]
            message = self._workspace.edit(message, text, shown=not blocks, blocks=blocks, **changes)
        told: Payload = {"channel": channel.id, "ts": message.ts, "text": message.text}
        return told | {"message": self._written(message)}

    def _delete(self, arguments: Arguments) -> Payload:
        channel = self._channel(arguments)
        with self._workspace.changed:
            message = self._own(channel, arguments.required("ts"), "cant_delete_message")
            self._workspace.delete(channel.id, message.ts)
        return {"channel": channel.id, "ts": message.ts}

    def _replies(self, arguments: Arguments) -> Payload:
        channel = self._channel(arguments, archived=True)
        thread = self._workspace.thread(channel.id, arguments.required("ts"))
        if not thread:
            raise ApiError("thread_not_found")
        first = _cursor(arguments.text("cursor"))
        wanted = [message for message in thread if message.ts >= first and _within(message, arguments)]
        limit = _limit(arguments.text("limit"))
        page, rest = wanted[:limit], wanted[limit:]
        whole = arguments.flag("include_all_metadata")
        told: Payload = {"messages": [self._written(each, whole=whole) for each in page]}
        told["has_more"] = bool(rest)
        return told | ({"response_metadata": {"next_cursor": _next_cursor(rest[0])}} if rest else {})

    def _files_info(self, arguments: Arguments) -> Payload:
        file = self._workspace.files.get(arguments.required("file"))
        if file is None or file.deleted:
            raise ApiError("file_deleted" if file else "file_not_found")
        return {"file": file_json(file), "comments": [], "response_metadata": {"next_cursor": ""}}

    def _users_info(self, arguments: Arguments) -> Payload:
        person = self._workspace.people.get(arguments.required("user"))
        if person is None:
            raise ApiError("user_not_found")
        return {"user": person_json(person, self._us, locale=arguments.flag("include_locale"))}

    def _reactions_add(self, arguments: Arguments) -> Payload:
        if not arguments.text("timestamp"):
            raise ApiError("no_item_specified")
        channel, name = self._channel(arguments), arguments.required("name").strip(":")
        if not re.fullmatch(r"[a-z0-9_+'\-]{1,100}(::skin-tone-[2-6])?", name):
            raise ApiError("invalid_name")
        with self._workspace.changed:
            message = self._workspace.find(channel.id, arguments.text("timestamp"))
            if message is None:
                raise ApiError("message_not_found")
            users = message.reactions.get(name, ())
            if self._us.user_id in users:
                raise ApiError("already_reacted")
            reactions = {**message.reactions, name: (*users, self._us.user_id)}
            self._workspace.touch(channel.id, message.ts, reactions=reactions)
        return {}

    def _channel(self, arguments: Arguments, *, archived: bool = False) -> Channel:
        """The channel, if the bot may act in it; `archived` ones can still be read."""
        channel = self._workspace.channels.get(arguments.required("channel"))
        if channel is None or (not channel.member and channel.kind != "channel"):
            # What the bot cannot see does not exist for it.
            raise ApiError("channel_not_found")
        if channel.archived and not archived:
            raise ApiError("is_archived")
        if not channel.member:
            raise ApiError("not_in_channel")
        return channel

    def _own(self, channel: Channel, ts: str, refusal: str) -> Message:
        message = self._workspace.find(channel.id, ts)
        if message is None or message.subtype == "tombstone":
            raise ApiError("message_not_found")
        if message.user != self._us.user_id:
            raise ApiError(refusal)
        return message

    def _content(self, arguments: Arguments) -> dict[str, Any]:
        return content(arguments, markdown_blocks=self._manner.markdown_blocks)

    def _written(self, message: Message, *, whole: bool = True) -> Payload:
        return message_json(self._workspace, message) | metadata_json(message, whole=whole)


def _limit(given: str) -> int:
    if given and not (given.isascii() and given.isdigit() and int(given) > 0):
        raise ApiError("invalid_limit")
    return min(int(given), PAGE_LIMIT) if given else PAGE_LIMIT


def _next_cursor(message: Message) -> str:
    return base64.b64encode(f"next_ts:{message.ts}".encode()).decode()


def _cursor(given: str) -> str:
    """The ts at which the page begins; empty: at the parent. Pages after the first leave the parent out."""
    if not given:
        return ""
    try:
        name, _, ts = base64.b64decode(given, validate=True).decode().partition(":")
    except ValueError:
        raise ApiError("invalid_cursor") from None
    if name != "next_ts" or not re.fullmatch(r"\d+\.\d+", ts):
        raise ApiError("invalid_cursor")
    return ts


def _within(message: Message, arguments: Arguments) -> bool:
    """`oldest` and `latest` choose among the replies; the parent always comes."""
    oldest, latest = arguments.text("oldest"), arguments.text("latest")
    if arguments.flag("inclusive") and message.ts in (oldest, latest):
        return True
    newer = not oldest or message.ts > oldest
    older = not latest or message.ts < latest
    return message.thread_ts is None or (newer and older)
