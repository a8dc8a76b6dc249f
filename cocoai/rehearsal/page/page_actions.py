"""Carry out what the person at the page does: write a message, share files, press a button.

A request and its response are JSON. A request that the page never sends is refused with 400 and a line of text, and
has no effect.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from cocoai.rehearsal.page.page_responses import json_response, text_response
from cocoai.rehearsal.practice_server import MAX_BODY, Outgoing
from cocoai.rehearsal.slack.block_actions import ClickDelivery
from cocoai.rehearsal.slack.practice_file import PracticeFile
from cocoai.rehearsal.slack.stored_text import typed
from cocoai.rehearsal.slack.workspace import PracticeMessage, Workspace

CHANNELS = ("C0PRACTICE", "D0PRACTICE")
"""The ids of the conversations that the page shows."""
PERSON = "U0ASKER01"
"""The id of the user as whom the person at the page acts."""
LONGEST_TEXT = 12_000
"""Characters that Slack's own input field accepts."""
MOST_FILES = 10
"""Files that Slack accepts with one message."""
MOST_BYTES = (MAX_BODY - 192 * 1024) // 4 * 3
"""Bytes of all files of one message: as base64, and with the longest text, they fit into one request's body."""
_LONGEST_NAME = 255


class PersonActions(Protocol):
    """The actions of a person in the workspace, as `PracticeSlack` has them."""

    def say(self, user: str, text: str, *, channel: str, thread_ts: str | None) -> PracticeMessage:
        """Post a person's message and return it; `thread_ts` is the ts of the thread's parent, None outside threads."""
        ...

    def share(
        self, user: str, text: str, files: Sequence[PracticeFile], *, channel: str, thread_ts: str | None
    ) -> PracticeMessage:
        """Post a person's message with files and return it; `text` may be empty."""
        ...

    def click(self, user: str, channel: str, ts: str, action: str) -> ClickDelivery:
        """Press the button `action` (its action_id) of the message `ts`, wait for the bot and return the delivery.

        Raise ValueError if the user sees no such button.
        """
        ...


class InvalidAction(Exception):
    """A request that is refused with 400; its text says why."""


class PageActions:
    """Answers the page's POST requests, each at a path of its own."""

    def __init__(self, workspace: Workspace, person: PersonActions) -> None:
        self._workspace = workspace
        self._person = person
        self._actions: Mapping[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
            "/page/say": self._say,
            "/page/share": self._share,
            "/page/click": self._click,
        }

    def answer(self, path: str, body: bytes) -> Outgoing | None:
        """Carry out the action at a path such as `/page/say`, with its arguments as JSON in `body`.

        Return the response: JSON, or a 400 with the reason. Return None if no action has this path.
        """
        if path not in self._actions:
            return None
        try:
            return json_response(self._actions[path](_object(body)))
        except InvalidAction as error:
            return text_response(400, str(error))

    def _say(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Post a message from `channel`, `text` and an optional `thread_ts`; return its `ts` as JSON.

        Raise `InvalidAction` if the text is empty or too long, or there is no such channel or thread.
        """
        text, place = self._text(fields), self._place(fields)
        if not text:
            raise InvalidAction(f"1 to {LONGEST_TEXT} characters of text are needed")
        return {"ts": self._person.say(PERSON, text, **place).ts}

    def _share(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Post a message with `files` (each a `name`, a `type` and base64 `data`); return its `ts` as JSON.

        The other fields are those of `_say`, but the text may be empty. Raise `InvalidAction` if there is no file, more
        than `MOST_FILES`, or a field that is not acceptable.
        """
        text, place = self._text(fields), self._place(fields)
        files = fields.get("files")
        if not isinstance(files, list) or not 1 <= len(files) <= MOST_FILES:
            raise InvalidAction(f"1 to {MOST_FILES} files are needed")
        return {"ts": self._person.share(PERSON, text, [_file(each) for each in files], **place).ts}

    def _click(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Press the button of this `channel`, `ts` and `action`, and wait for the bot.

        Return JSON: `ms`, the milliseconds that the bot took, and `failure`, Slack's name for a failure or "". Raise
        `InvalidAction` if a field is missing or there is no such button.
        """
        channel, ts, action = (fields.get(name) for name in ("channel", "ts", "action"))
        if channel not in CHANNELS or not isinstance(ts, str) or not isinstance(action, str):
            raise InvalidAction("a channel of this page, a ts and an action are needed")
        try:
            delivery = self._person.click(PERSON, channel, ts, action)
        except ValueError:
            raise InvalidAction("there is no such button") from None
        return {"ms": round(delivery.milliseconds), "failure": delivery.failure}

    def _text(self, fields: Mapping[str, Any]) -> str:
        """Return the text as Slack stores it, with `@CocoAI` as a mention; "" for blanks only.

        Raise `InvalidAction` if it is missing, no string, or longer than `LONGEST_TEXT`.
        """
        text = fields.get("text")
        if not isinstance(text, str) or len(text) > LONGEST_TEXT:
            raise InvalidAction(f"at most {LONGEST_TEXT} characters of text are taken")
        return typed(text.strip(), self._workspace.installation)

    def _place(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Return `channel` and `thread_ts` (None outside threads) as keyword arguments for `say` and `share`.

        Raise `InvalidAction` if the page does not show this channel, or the thread's parent does not exist.
        """
        channel, thread_ts = fields.get("channel"), fields.get("thread_ts")
        if channel not in CHANNELS:
            raise InvalidAction("a channel of this page is needed")
        if not isinstance(thread_ts, str | None) or (thread_ts and not self._workspace.find(channel, thread_ts)):
            raise InvalidAction("there is no such thread")
        return {"channel": channel, "thread_ts": thread_ts or None}


def _file(fields: object) -> PracticeFile:
    """Return the file that a JSON object describes by `name`, `type` ("": unknown) and base64 `data`.

    Raise `InvalidAction` if a field is missing or no string, the name is empty or too long, or the data is not base64.
    """
    name, media_type, data = (fields.get(key) if isinstance(fields, dict) else None for key in ("name", "type", "data"))
    if not isinstance(name, str) or not 1 <= len(name) <= _LONGEST_NAME:
        raise InvalidAction(f"a file needs a name of 1 to {_LONGEST_NAME} characters")
    if not isinstance(media_type, str) or not isinstance(data, str):
        raise InvalidAction("a file needs a type and data")
    try:
        return PracticeFile(name, media_type or "application/octet-stream", base64.b64decode(data, validate=True))
    except ValueError:
        raise InvalidAction("a file's data is to be base64") from None


def _object(body: bytes) -> dict[str, Any]:
    """Parse a request's body and return its JSON object; {} if it is not JSON, or no object."""
    try:
        value = json.loads(body)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
