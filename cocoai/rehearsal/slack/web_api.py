"""Run the Web API's methods on the practice workspace, with the refusals that Slack documents for each.

Sources: https://docs.slack.dev/reference/methods/ auth.test, chat.delete, chat.postEphemeral, chat.postMessage,
chat.update, conversations.history, conversations.replies, users.info; what lists conversations is
conversation_lists.py, what is about files file_methods.py, reactions reactions.py, and modals and Home tabs views.py.
This module knows no HTTP: a method takes arguments and returns the response's JSON, or raises `SlackApiError`.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from functools import partial
from typing import Any

from cocoai.rehearsal.slack.api_call import Arguments, SlackApiError
from cocoai.rehearsal.slack.channel_access import accessible_channel, direct_channel
from cocoai.rehearsal.slack.conversation_lists import conversation_info, users_conversations
from cocoai.rehearsal.slack.json_shapes import Payload, message_json, metadata_json, person_json
from cocoai.rehearsal.slack.message_arguments import metadata, text_and_blocks
from cocoai.rehearsal.slack.practice_file import SITE
from cocoai.rehearsal.slack.slack_switches import SlackSwitches
from cocoai.rehearsal.slack.stored_text import stored
from cocoai.rehearsal.slack.workspace import PracticeChannel, PracticeMessage, Workspace

POST_LIMIT = 40_000
"""Characters of a new message's text; chat.postMessage cuts a longer one, chat.postEphemeral refuses it."""
UPDATE_LIMIT = 4_000
"""Characters of the text that chat.update accepts."""
PAGE_LIMIT = 1_000
"""Messages on one page of conversations.replies or conversations.history."""


class WebAPI:
    """The methods of the Web API; `methods` maps the name of each to its function."""

    def __init__(self, workspace: Workspace, switches: SlackSwitches) -> None:
        self._workspace = workspace
        self._switches = switches
        self._us = workspace.installation
        self.methods: dict[str, Callable[[Arguments], Payload]] = {
            "auth.test": self._auth_test,
            "chat.delete": self._delete,
            "chat.postEphemeral": self._post_ephemeral,
            "chat.postMessage": self._post_message,
            "chat.update": self._update,
            "conversations.history": self._history,
            "conversations.info": partial(conversation_info, workspace),
            "conversations.replies": self._replies,
            "users.conversations": partial(users_conversations, workspace),
            "users.info": self._users_info,
        }

    def _auth_test(self, _: Arguments) -> Payload:
        """Return the ids and names of the team, the bot user and the app."""
        us = self._us
        result = {"url": SITE, "team": us.team, "user": us.user.lower(), "team_id": us.team_id}
        if self._switches.token_kind == "user":  # a person's own token: no bot, and no app is named
            return result | {"user": "asker", "user_id": "U0ASKER01", "is_enterprise_install": False}
        result |= {"user_id": us.user_id, "bot_id": us.bot_id, "app_id": us.app_id}
        return result | {"is_enterprise_install": False}

    def _post_message(self, arguments: Arguments) -> Payload:
        """Post a message of the bot, with its text cut to `POST_LIMIT`; return its channel, ts and JSON.

        A person's id stands for the direct conversation with that person. A reply to a message that does not exist (any
        more) is put into the channel: Slack documents no error for that, and reports none
        (github.com/slack-go/slack/issues/1571). Raise `SlackApiError` if the bot may not write there, or the text,
        blocks or metadata are not acceptable.
        """
        direct = direct_channel(self._workspace, arguments.required("channel"))
        channel = direct or self._channel(arguments)
        content, meta = self._content(arguments), metadata(arguments)
        content["text"] = stored(content["text"][:POST_LIMIT])
        thread_ts = arguments.text("thread_ts")
        if not self._workspace.find(channel.id, thread_ts):
            thread_ts = ""
        message = self._workspace.post(
            channel.id, self._us.user_id, **content, thread_ts=thread_ts or None, metadata=meta or None
        )
        return {"channel": channel.id, "ts": message.ts, "message": self._message_json(message)}

    def _post_ephemeral(self, arguments: Arguments) -> Payload:
        """Post a message that only one user sees, and that is in no history; return its ts as `message_ts`.

        Raise `SlackApiError` if that user is not in the channel, the bot may not write there, the text is longer than
        `POST_LIMIT`, or the blocks are not acceptable: no chart is, and no icon.
        """
        channel, user = self._channel(arguments), arguments.required("user")
        if not self._workspace.is_in(user, channel.id):
            raise SlackApiError("user_not_in_channel")
        # Whether Slack takes these here is not documented ("messages only"): nobody may rely on it.
        unknown = self._switches.unknown_blocks | {"data_visualization", "context_actions"}
        content = text_and_blocks(arguments, unknown_blocks=unknown)
        if len(content["text"]) > POST_LIMIT:
            raise SlackApiError("msg_too_long")
        content["text"] = stored(content["text"])
        thread_ts = arguments.text("thread_ts") or None
        message = self._workspace.post_ephemeral(channel.id, self._us.user_id, user, **content, thread_ts=thread_ts)
        return {"message_ts": message.ts}

    def _update(self, arguments: Arguments) -> Payload:
        """Replace the text and blocks of a message of the bot, and its metadata if they are sent; return its JSON.

        An update without blocks removes the old ones. Raise `SlackApiError` if the message does not exist or is another
        user's, if the text is longer than `UPDATE_LIMIT`, or if the blocks or metadata are not acceptable.
        """
        channel = self._channel(arguments)
        # One lock from the check to the edit: the message must not be deleted in between.
        with self._workspace.changed:
            message = self._own(channel, arguments.required("ts"), "cant_update_message")
            content, meta = self._content(arguments), metadata(arguments)
            if len(content["text"]) > UPDATE_LIMIT:
                raise SlackApiError("msg_too_long")
            changes = {} if meta is None else {"metadata": meta or None}
            text, blocks = stored(content["text"]), content["blocks"]
            # Slack shows no "edited" on a message with blocks.
            message = self._workspace.edit(message, text, marks_edited=not blocks, blocks=blocks, **changes)
        result: Payload = {"channel": channel.id, "ts": message.ts, "text": message.text}
        return result | {"message": self._message_json(message)}

    def _delete(self, arguments: Arguments) -> Payload:
        """Delete a message of the bot; return its channel and ts.

        Raise `SlackApiError` if it does not exist or is another user's.
        """
        channel = self._channel(arguments)
        with self._workspace.changed:
            message = self._own(channel, arguments.required("ts"), "cant_delete_message")
            self._workspace.delete(channel.id, message.ts)
        return {"channel": channel.id, "ts": message.ts}

    def _replies(self, arguments: Arguments) -> Payload:
        """Return a page of the thread of the message `ts`, oldest first, and a cursor if more messages follow.

        The arguments limit, cursor, oldest, latest and inclusive choose the messages. Raise `SlackApiError` if there is
        no such channel or thread, or one of these is not valid.
        """
        channel = self._channel(arguments, may_be_archived=True)  # an archived channel can still be read
        thread = self._workspace.thread(channel.id, arguments.required("ts"))
        if not thread:
            raise SlackApiError("thread_not_found")
        first = _cursor(arguments.text("cursor"))
        parent = thread[0].ts if self._switches.window_parent else ""
        matching = [each for each in thread if each.ts >= first and (each.ts == parent or _within(each, arguments))]
        limit = min(_limit(arguments.text("limit")), self._switches.page_limit)
        page, rest = matching[:limit], matching[limit:]
        whole = arguments.flag("include_all_metadata")
        result: Payload = {"messages": [self._message_json(each, whole=whole) for each in page]}
        result["has_more"] = bool(rest)
        return result | ({"response_metadata": {"next_cursor": _next_cursor(rest[0])}} if rest else {})

    def _history(self, arguments: Arguments) -> Payload:
        """Return a page of a conversation, newest first, without replies but those sent to the channel too.

        The arguments limit, oldest, latest and inclusive choose the messages; `has_more` says that older ones follow.
        Raise `SlackApiError` if there is no such channel, or `limit` is not valid.
        """
        channel = self._channel(arguments, may_be_archived=True)
        shown = (each for each in self._workspace.messages(channel.id) if _is_in_channel(each))
        matching = [each for each in reversed(tuple(shown)) if _within(each, arguments)]
        limit = min(_limit(arguments.text("limit")), self._switches.page_limit)
        whole = arguments.flag("include_all_metadata")
        page = [self._message_json(each, whole=whole) for each in matching[:limit]]
        return {"messages": page, "has_more": len(matching) > limit}

    def _users_info(self, arguments: Arguments) -> Payload:
        """Return a user's JSON, with the locale if include_locale asks for it.

        Raise `SlackApiError` (user_not_found) if there is no such user.
        """
        person = self._workspace.people.get(arguments.required("user"))
        if person is None:
            raise SlackApiError("user_not_found")
        return {"user": person_json(person, self._us, locale=arguments.flag("include_locale"))}

    def _channel(self, arguments: Arguments, *, may_be_archived: bool = False) -> PracticeChannel:
        """Return the channel that the argument `channel` names.

        Raise `SlackApiError` if it does not exist, the bot is not in it, or it is archived and may not be.
        """
        return accessible_channel(self._workspace, arguments.required("channel"), may_be_archived=may_be_archived)

    def _own(self, channel: PracticeChannel, ts: str, refusal: str) -> PracticeMessage:
        """Return the bot's message `ts`. Raise `SlackApiError`: message_not_found, or `refusal` if it is another's."""
        message = self._workspace.find(channel.id, ts)
        if message is None or message.subtype == "tombstone":
            raise SlackApiError("message_not_found")
        if message.user != self._us.user_id:
            raise SlackApiError(refusal)
        return message

    def _content(self, arguments: Arguments) -> dict[str, Any]:
        return text_and_blocks(arguments, unknown_blocks=self._switches.unknown_blocks)

    def _message_json(self, message: PracticeMessage, *, whole: bool = True) -> Payload:
        return message_json(self._workspace, message) | metadata_json(message, whole=whole)


def _is_in_channel(message: PracticeMessage) -> bool:
    """Return True if a message is shown in the channel itself, not only in a thread there."""
    return message.thread_ts is None or message.subtype == "thread_broadcast"


def _limit(value: str) -> int:
    """Return the most messages of a page from the argument `limit`: `PAGE_LIMIT` for "" or a greater number.

    Raise `SlackApiError` (invalid_limit) if it is no whole number above 0.
    """
    if value and not (value.isascii() and value.isdigit() and int(value) > 0):
        raise SlackApiError("invalid_limit")
    return min(int(value), PAGE_LIMIT) if value else PAGE_LIMIT


def _next_cursor(message: PracticeMessage) -> str:
    return base64.b64encode(f"next_ts:{message.ts}".encode()).decode()


def _cursor(value: str) -> str:
    """Decode a cursor of `_next_cursor`; return the ts at which its page begins, "" for no cursor (the first page).

    Pages after the first do not repeat the parent. Raise `SlackApiError` (invalid_cursor) for any other text.
    """
    if not value:
        return ""
    try:
        name, _, ts = base64.b64decode(value, validate=True).decode().partition(":")
    except ValueError:
        raise SlackApiError("invalid_cursor") from None
    if name != "next_ts" or not re.fullmatch(r"\d+\.\d+", ts):
        raise SlackApiError("invalid_cursor")
    return ts


def _within(message: PracticeMessage, arguments: Arguments) -> bool:
    """Return True if a message is between the arguments `oldest` and `latest`; each is a ts, or missing for no bound.

    A message at a bound counts only if `inclusive` is set.
    """
    oldest, latest = arguments.text("oldest"), arguments.text("latest")
    if arguments.flag("inclusive") and message.ts in (oldest, latest):
        return True
    return (not oldest or message.ts > oldest) and (not latest or message.ts < latest)
