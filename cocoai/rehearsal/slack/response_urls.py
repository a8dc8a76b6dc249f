"""Answer the posts to a response_url, by which an app replies to what somebody did without any scope or membership.

Sources: https://docs.slack.dev/interactivity/handling-user-interaction (five posts in thirty minutes, what they may
hold) and https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks (the errors that webhooks share).
That the two ends of it are told with 404 and JSON is seen in other bots' code, not documented. As at hooks.slack.com no
token is asked for: whoever has the address may post to it.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from cocoai.rehearsal.practice_server import Incoming, Outgoing
from cocoai.rehearsal.slack.api_call import Arguments, SlackApiError
from cocoai.rehearsal.slack.message_arguments import metadata, text_and_blocks
from cocoai.rehearsal.slack.slack_switches import SlackSwitches
from cocoai.rehearsal.slack.stored_text import stored
from cocoai.rehearsal.slack.workspace import PracticeMessage, Workspace

LIFE = 30 * 60.0
"""Seconds for which a response_url can be posted to."""
MOST_POSTS = 5
"""Posts that one response_url accepts."""
TEXT_LIMIT = 40_000
"""Characters of a text."""

UrlKind = Literal["actions", "app", "commands"]
"""What somebody did: pressed a button, used a message shortcut, sent a slash command."""


@dataclass
class _Address:
    """One response_url: who acted where and when (epoch seconds), how often it was used, which message is its own."""

    user: str
    channel: str
    made: float
    original: str
    posts: int = 0


class ResponseUrls:
    """The response_urls of one practice Slack, all below `address`, its URL; `clock` is in epoch seconds."""

    def __init__(self, workspace: Workspace, switches: SlackSwitches, address: str, clock: Callable[[], float]) -> None:
        self._workspace = workspace
        self._switches = switches
        self._address = address
        self._clock = clock
        self._addresses: dict[str, _Address] = {}

    def new(self, kind: UrlKind, user: str, channel: str, original: str = "") -> str:
        """Return a new response_url for what `user` did in `channel`; `original` is the ts of the message pressed."""
        path = f"/{kind}/{self._workspace.installation.team_id}/{secrets.randbits(40)}/{secrets.token_urlsafe(18)}"
        with self._workspace.changed:
            self._addresses[path] = _Address(user, channel, self._clock(), original)
        return f"{self._address}{path}"

    def serves(self, incoming: Incoming) -> bool:
        """Return True if a request is for an address of this kind, whether or not it was ever given out."""
        return incoming.path.startswith(("/actions/", "/app/", "/commands/"))

    def answer(self, incoming: Incoming) -> tuple[str, Outgoing]:
        """Take one post; return its outcome, `ok` or an error code, and the response."""
        with self._workspace.changed:
            address = self._addresses.get(incoming.path)
            if incoming.method != "POST" or address is None:
                return _refused(404, "no_service")
            if self._clock() - address.made > LIFE:
                return _ended("expired_url")
            if address.posts >= MOST_POSTS:
                return _ended("used_url")
            values = posted(incoming.body)
            if values is None:
                return _refused(400, "invalid_payload")
            try:
                self._take(address, Arguments(values))
            except SlackApiError as error:
                return _refused(400, error.code)
            address.posts += 1
        return "ok", Outgoing(200, b"ok", (("Content-Type", "text/html"),))

    def reply(self, url: str, values: Mapping[str, Any]) -> None:
        """Show what stands in the response to a slash command; it counts as no post to the command's `url`.

        Raise `SlackApiError` if Slack would not take it.
        """
        with self._workspace.changed:
            self._take(self._addresses[url.removeprefix(self._address)], Arguments(values))

    def _take(self, address: _Address, arguments: Arguments) -> None:
        """Do what a post asks for: delete the original message, replace it, or show a new one."""
        original = self._workspace.find_any(address.channel, address.original)
        if arguments.flag("delete_original"):
            if original:
                self._workspace.delete(original.channel, original.ts)
            return
        content = self._content(arguments)
        if arguments.flag("replace_original") and original:
            self._replace(original, content)
        else:
            address.original = self._post(address, arguments, content).ts

    def _content(self, arguments: Arguments) -> dict[str, Any]:
        content = text_and_blocks(arguments, unknown_blocks=self._switches.unknown_blocks)
        if len(content["text"]) > TEXT_LIMIT:
            raise SlackApiError("msg_too_long")
        return content | {"text": stored(content["text"])}

    def _replace(self, original: PracticeMessage, content: Mapping[str, Any]) -> None:
        if original.only_for:
            self._workspace.annotate(original.channel, original.ts, **content)
        else:
            self._workspace.edit(original, **content, marks_edited=not content["blocks"])

    def _post(self, address: _Address, arguments: Arguments, content: dict[str, Any]) -> PracticeMessage:
        """Show a new message, to everybody in the channel or, by default, to the person who acted."""
        us, where = self._workspace.installation.user_id, address.channel
        thread_ts = arguments.text("thread_ts") or None
        if arguments.text("response_type") == "in_channel":
            known = self._workspace.find(where, thread_ts) if thread_ts else None
            told = content | {"metadata": metadata(arguments) or None}
            return self._workspace.post(where, us, **told, thread_ts=thread_ts if known else None)
        return self._workspace.post_ephemeral(where, us, address.user, **content, thread_ts=thread_ts)


def posted(body: bytes) -> dict[str, Any] | None:
    """Return the JSON object in a body, or None if there is none."""
    try:
        values = json.loads(body)
    except ValueError:
        return None
    return values if isinstance(values, dict) else None


def _ended(code: str) -> tuple[str, Outgoing]:
    headers = (("Content-Type", "application/json; charset=utf-8"),)
    return code, Outgoing(404, json.dumps({"ok": False, "error": code}).encode(), headers)


def _refused(status: int, code: str) -> tuple[str, Outgoing]:
    return code, Outgoing(status, code.encode(), (("Content-Type", "text/html"),))
