"""Carry out what a person at the page does: write, edit, delete and forward messages, share files, press a button.

What is done with the app in other ways is in app_actions.py. A request and its response are JSON. A request that the
page never sends is refused with 400 and a line of text, and has no effect.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from cocoai.rehearsal.page.action_fields import LONGEST_TEXT, InvalidAction, files_in, table_in
from cocoai.rehearsal.page.app_actions import AppActions, AppUser
from cocoai.rehearsal.page.page_places import CHANNELS, acting, message_at, place_in
from cocoai.rehearsal.page.page_responses import json_response, text_response
from cocoai.rehearsal.page.typists import Typists
from cocoai.rehearsal.practice_server import Outgoing
from cocoai.rehearsal.slack.block_actions import ClickDelivery
from cocoai.rehearsal.slack.json_shapes import share_json, table_json
from cocoai.rehearsal.slack.practice_file import PracticeFile
from cocoai.rehearsal.slack.stored_text import typed
from cocoai.rehearsal.slack.workspace import PracticeMessage, Workspace


class PersonActions(Protocol):
    """The actions of a person in the workspace, as `PracticeSlack` has them."""

    def say(
        self, user: str, text: str, *, channel: str, thread_ts: str | None, attachments: Sequence[Any] = ()
    ) -> PracticeMessage:
        """Post a person's message and return it; `thread_ts` is the ts of the thread's parent, None outside threads.

        `attachments` are Slack's JSON: a forwarded message, a pasted table.
        """
        ...

    def share(
        self,
        user: str,
        text: str,
        files: Sequence[PracticeFile],
        *,
        channel: str,
        thread_ts: str | None,
        attachments: Sequence[Any] = (),
    ) -> PracticeMessage:
        """Post a person's message with files and return it; `text` may be empty."""
        ...

    def edit(self, channel: str, ts: str, text: str) -> None:
        """Replace the text of a message as its author."""
        ...

    def delete(self, channel: str, ts: str) -> None:
        """Delete a message as its author."""
        ...

    def click(self, user: str, channel: str, ts: str, action: str, *, value: str) -> ClickDelivery:
        """Press the button `action` (its action_id) of the message `ts`, wait for the bot and return the delivery.

        Of two feedback buttons the `value` tells which.

        Raise ValueError if the user sees no such button.
        """
        ...


class PageUser(PersonActions, AppUser, Protocol):
    """All that a person does at the page."""


class PageActions:
    """Answers the page's POST requests, each at a path of its own. Their field `user` names the acting person."""

    def __init__(self, workspace: Workspace, person: PageUser, typists: Typists) -> None:
        self._workspace = workspace
        self._person = person
        self._actions: Mapping[str, Callable[[str, Mapping[str, Any]], dict[str, Any]]] = {
            "/page/say": self._say,
            "/page/share": self._share,
            "/page/edit": self._edit,
            "/page/delete": self._delete,
            "/page/forward": self._forward,
            "/page/click": self._click,
            **AppActions(workspace, person, typists).actions,
        }

    def answer(self, path: str, body: bytes) -> Outgoing | None:
        """Carry out the action at a path such as `/page/say`, with its arguments as JSON in `body`.

        Return the response: JSON, or a 400 with the reason. Return None if no action has this path.
        """
        if path not in self._actions:
            return None
        fields = _object(body)
        try:
            return json_response(self._actions[path](acting(fields), fields))
        except InvalidAction as error:
            return text_response(400, str(error))

    def _say(self, user: str, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Post a message from `channel`, `text` and an optional `thread_ts` and `table`; return its `ts` as JSON.

        With a table (rows of cells) the text may be empty. Raise `InvalidAction` if a field is not acceptable, or there
        is no such channel or thread.
        """
        text, place, tables = self._text(fields), place_in(self._workspace, user, fields), _tables(fields)
        if not text and not tables:
            raise InvalidAction(f"1 to {LONGEST_TEXT} characters of text are needed")
        return {"ts": self._person.say(user, text, **place, attachments=tables).ts}

    def _share(self, user: str, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Post a message with `files` (each a `name`, a `type` and base64 `data`); return its `ts` as JSON.

        The other fields are those of `_say`, but the text may be empty. Raise `InvalidAction` if there is no file, too
        many, or a field that is not acceptable.
        """
        text, place, tables = self._text(fields), place_in(self._workspace, user, fields), _tables(fields)
        return {"ts": self._person.share(user, text, files_in(fields), **place, attachments=tables).ts}

    def _edit(self, user: str, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Replace the text of the person's own message `ts` in `channel`; return {}.

        Raise `InvalidAction` if it is another's, or nothing would be left in it.
        """
        message, text = self._own(user, fields), self._text(fields)
        if not (text or message.files or message.attachments):
            raise InvalidAction("a message needs a text")
        if text != message.text:
            self._person.edit(message.channel, message.ts, text)
        return {}

    def _delete(self, user: str, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Delete the person's own message `ts` in `channel`; return {}. Raise `InvalidAction` if it is another's."""
        message = self._own(user, fields)
        self._person.delete(message.channel, message.ts)
        return {}

    def _forward(self, user: str, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Post a message with the message `shared` (its `channel` and `ts`) in it, as Slack forwards; return its `ts`.

        The other fields are those of `_say`, but the text may be empty. Raise `InvalidAction` if the person does not
        see that message, or it is deleted.
        """
        shared = message_at(self._workspace, user, fields.get("shared"))
        if shared.subtype == "tombstone":
            raise InvalidAction("a deleted message cannot be forwarded")
        text, place = self._text(fields), place_in(self._workspace, user, fields)
        attachments = [share_json(self._workspace, shared)]
        return {"ts": self._person.say(user, text, **place, attachments=attachments).ts}

    def _click(self, user: str, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Press the button of this `channel`, `ts`, `action` and perhaps `value`, and wait for the bot.

        Return JSON: `ms`, the milliseconds that the bot took, and `failure`, Slack's name for a failure or "". Raise
        `InvalidAction` if a field is missing or there is no such button.
        """
        channel, ts, action = (fields.get(name) for name in ("channel", "ts", "action"))
        value = fields.get("value", "")
        if channel not in CHANNELS or not all(isinstance(each, str) for each in (ts, action, value)):
            raise InvalidAction("a channel of this page, a ts and an action are needed")
        try:
            delivery = self._person.click(user, channel, str(ts), str(action), value=str(value))
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

    def _own(self, user: str, fields: Mapping[str, Any]) -> PracticeMessage:
        """Return the person's own message at `channel` and `ts`. Raise `InvalidAction` if there is none."""
        message = message_at(self._workspace, user, fields)
        if message.user != user:
            raise InvalidAction("only one's own messages can be changed")
        return message


def _tables(fields: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the attachment that a message's table becomes, in a list; an empty one if there is none."""
    rows = table_in(fields)
    return [table_json(*rows)] if rows else []


def _object(body: bytes) -> dict[str, Any]:
    """Parse a request's body and return its JSON object; {} if it is not JSON, or no object."""
    try:
        value = json.loads(body)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
