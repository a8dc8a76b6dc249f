"""What the person at the page does: write, share files, press a button. JSON in, JSON out, or a line that says why not.

What the page would never send is a 400, and nothing of it happens.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from cocoai.rehearsal.page.replies import as_json, as_line
from cocoai.rehearsal.server import MAX_BODY, Outgoing
from cocoai.rehearsal.slack.clicks import Clicked
from cocoai.rehearsal.slack.files import PracticeFile
from cocoai.rehearsal.slack.workspace import Message, Workspace, typed

CHANNELS = ("C0PRACTICE", "D0PRACTICE")
PERSON = "U0ASKER01"
LONGEST = 12_000
"""Characters that Slack's own box takes."""
MOST_FILES = 10
"""Files that Slack takes with one message."""
MOST_BYTES = (MAX_BODY - 192 * 1024) // 4 * 3
"""Bytes of files at once: as base64, and with the longest text, they fit into a request."""
_LONGEST_NAME = 255


class Hands(Protocol):
    """How a person's deeds get into the workspace."""

    def say(self, user: str, text: str, *, channel: str, thread_ts: str | None) -> Message: ...

    def share(
        self, user: str, text: str, files: Sequence[PracticeFile], *, channel: str, thread_ts: str | None
    ) -> Message: ...

    def click(self, user: str, channel: str, ts: str, action: str) -> Clicked: ...


class Unfit(Exception):
    """It cannot be done; the words say why."""


class Deeds:
    """`answers` maps a path to what is done there."""

    def __init__(self, workspace: Workspace, hands: Hands) -> None:
        self._workspace = workspace
        self._hands = hands
        self._done: Mapping[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
            "/page/say": self._said,
            "/page/share": self._shared,
            "/page/click": self._clicked,
        }

    def answer(self, path: str, body: bytes) -> Outgoing | None:
        """None: nothing can be done there."""
        if path not in self._done:
            return None
        try:
            return as_json(self._done[path](_object(body)))
        except Unfit as error:
            return as_line(400, str(error))

    def _said(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """A message: `channel`, `text` and perhaps `thread_ts`."""
        text, where = self._text(given), self._place(given)
        if not text:
            raise Unfit(f"1 to {LONGEST} characters of text are needed")
        return {"ts": self._hands.say(PERSON, text, **where).ts}

    def _shared(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """A message as above, its text perhaps empty, with `files`: each a `name`, a `type` and base64 `data`."""
        text, where = self._text(given), self._place(given)
        files = given.get("files")
        if not isinstance(files, list) or not 1 <= len(files) <= MOST_FILES:
            raise Unfit(f"1 to {MOST_FILES} files are needed")
        return {"ts": self._hands.share(PERSON, text, [_file(each) for each in files], **where).ts}

    def _clicked(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """A button that is pressed, by its `channel`, `ts` and `action`; `failure` is empty if the bot took it."""
        channel, ts, action = (given.get(name) for name in ("channel", "ts", "action"))
        if channel not in CHANNELS or not isinstance(ts, str) or not isinstance(action, str):
            raise Unfit("a channel of this page, a ts and an action are needed")
        try:
            clicked = self._hands.click(PERSON, channel, ts, action)
        except ValueError:
            raise Unfit("there is no such button") from None
        return {"ms": round(clicked.milliseconds), "failure": clicked.failure}

    def _text(self, given: Mapping[str, Any]) -> str:
        """The words as Slack stores them."""
        text = given.get("text")
        if not isinstance(text, str) or len(text) > LONGEST:
            raise Unfit(f"at most {LONGEST} characters of text are taken")
        return typed(text.strip(), self._workspace.installation)

    def _place(self, given: Mapping[str, Any]) -> dict[str, Any]:
        channel, thread_ts = given.get("channel"), given.get("thread_ts")
        if channel not in CHANNELS:
            raise Unfit("a channel of this page is needed")
        if not isinstance(thread_ts, str | None) or (thread_ts and not self._workspace.find(channel, thread_ts)):
            raise Unfit("there is no such thread")
        return {"channel": channel, "thread_ts": thread_ts or None}


def _file(given: object) -> PracticeFile:
    name, kind, data = (given.get(key) if isinstance(given, dict) else None for key in ("name", "type", "data"))
    if not isinstance(name, str) or not 1 <= len(name) <= _LONGEST_NAME:
        raise Unfit(f"a file needs a name of 1 to {_LONGEST_NAME} characters")
    if not isinstance(kind, str) or not isinstance(data, str):
        raise Unfit("a file needs a type and data")
    try:
        return PracticeFile(name, kind or "application/octet-stream", base64.b64decode(data, validate=True))
    except ValueError:
        raise Unfit("a file's data is to be base64") from None


def _object(body: bytes) -> dict[str, Any]:
    try:
        given = json.loads(body)
    except ValueError:
        return {}
    return given if isinstance(given, dict) else {}
