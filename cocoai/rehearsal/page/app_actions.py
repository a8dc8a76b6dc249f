"""Carry out what a person at the page does with the app: react, use a shortcut or the command, open Home, fill a modal.

A request and its response are JSON. A request that the page never sends is refused (`InvalidAction`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal, Protocol

from cocoai.rehearsal.page.action_fields import LONGEST_TEXT, InvalidAction
from cocoai.rehearsal.page.page_places import message_at, place_in
from cocoai.rehearsal.page.typists import Typists
from cocoai.rehearsal.slack.interactions import Interaction
from cocoai.rehearsal.slack.workspace import Workspace

Action = Callable[[str, Mapping[str, Any]], dict[str, Any]]
"""Takes the id of the acting person and a request's fields; returns the response's JSON."""


class AppUser(Protocol):
    """What a person does with the app, as `PracticeSlack` has it."""

    def react(self, user: str, ts: str, name: str, channel: str) -> None:
        """Add a person's reaction to a message; do nothing if the person has already reacted so.

        Raise ValueError if `name` is no emoji's.
        """
        ...

    def unreact(self, user: str, ts: str, name: str, channel: str) -> None:
        """Take a person's reaction back."""
        ...

    def shortcut(self, user: str, ts: str, callback_id: str, channel: str) -> Interaction:
        """Use a shortcut of the app on a message, and wait for the bot."""
        ...

    def command(self, user: str, text: str, channel: str) -> Interaction:
        """Run the app's command with `text` behind it, and wait for the bot."""
        ...

    def open_home(self, user: str, tab: Literal["home", "messages"]) -> None:
        """Open a tab of the app's own place."""
        ...

    def submit_view(self, user: str, view_id: str, values: Mapping[str, str]) -> Interaction:
        """Submit a modal with what its inputs hold, by block_id, and wait for the bot.

        Raise ValueError if there is no such modal, or it has no such input.
        """
        ...

    def close_view(self, user: str, view_id: str) -> object:
        """Close a modal. Raise ValueError if there is none."""
        ...


class AppActions:
    """The functions behind the page's requests, by path in `actions`."""

    def __init__(self, workspace: Workspace, person: AppUser, typists: Typists) -> None:
        self._workspace = workspace
        self._person = person
        self._typists = typists
        self.actions: Mapping[str, Action] = {
            "/page/react": self._react,
            "/page/shortcut": self._shortcut,
            "/page/command": self._command,
            "/page/home": self._home,
            "/page/submit": self._submit,
            "/page/close": self._close,
            "/page/typing": self._typing,
        }

    def _react(self, user: str, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Add the reaction `name` to the message `ts` in `channel`, or take it back unless `on`; return {}."""
        message, name = message_at(self._workspace, user, fields), fields.get("name")
        if not isinstance(name, str) or message.subtype == "tombstone":
            raise InvalidAction("the name of an emoji is needed, and a message that is not deleted")
        change = self._person.react if fields.get("on") is True else self._person.unreact
        try:
            change(user, message.ts, name, message.channel)
        except ValueError:
            raise InvalidAction("this is no emoji") from None
        return {}

    def _shortcut(self, user: str, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Use the shortcut `callback_id` on the message `ts` in `channel`; return the outcome."""
        message, callback_id = message_at(self._workspace, user, fields), fields.get("callback_id")
        if not isinstance(callback_id, str) or message.subtype == "tombstone":
            raise InvalidAction("a shortcut is needed, and a message that is not deleted")
        try:
            return _outcome(self._person.shortcut(user, message.ts, callback_id, message.channel))
        except ValueError:
            raise InvalidAction("there is no such shortcut") from None

    def _command(self, user: str, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Run the app's command with `text` behind it in `channel`, outside threads as in Slack; return the outcome."""
        place, text = place_in(self._workspace, user, fields), fields.get("text")
        if place["thread_ts"] or not isinstance(text, str) or len(text) > LONGEST_TEXT:
            raise InvalidAction("a command has a text, and is run outside threads")
        return _outcome(self._person.command(user, text, place["channel"]))

    def _home(self, user: str, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Open the `tab` of the app's own place; return {}: what the bot publishes comes with the news."""
        self._person.open_home(user, "home" if fields.get("tab") == "home" else "messages")
        return {}

    def _submit(self, user: str, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Submit the modal `view_id` with its `values`; return the outcome."""
        view_id, values = fields.get("view_id"), fields.get("values")
        if not isinstance(view_id, str) or not isinstance(values, dict) or not all(map(_is_text, values.values())):
            raise InvalidAction("a modal and its values are needed")
        try:
            return _outcome(self._person.submit_view(user, view_id, values))
        except ValueError:
            raise InvalidAction("there is no such modal") from None

    def _close(self, user: str, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Close the modal `view_id`; return {}."""
        try:
            self._person.close_view(user, str(fields.get("view_id")))
        except ValueError:
            raise InvalidAction("there is no such modal") from None
        return {}

    def _typing(self, user: str, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Note that the person writes in `channel`, perhaps in the thread `thread_ts`; return {}."""
        self._typists.note(user, **place_in(self._workspace, user, fields))
        return {}


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _outcome(done: Interaction) -> dict[str, Any]:
    """Return JSON with `failure`: Slack's name for a failure, or "". What else came of it is told with the news."""
    return {"failure": done.failure}
