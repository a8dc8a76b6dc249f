"""PeopleActions: what people do in the practice workspace, each act with what Slack sends to the bot for it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from cocoai.rehearsal.slack.block_actions import ClickDelivery, ClickSender
from cocoai.rehearsal.slack.channel_access import direct_channel
from cocoai.rehearsal.slack.event_dispatch import EventDispatcher
from cocoai.rehearsal.slack.file_changes import FileChanges
from cocoai.rehearsal.slack.interactions import Interaction
from cocoai.rehearsal.slack.json_shapes import Payload
from cocoai.rehearsal.slack.modals import ModalSender
from cocoai.rehearsal.slack.pins import PinStore
from cocoai.rehearsal.slack.practice_file import PracticeFile
from cocoai.rehearsal.slack.reactions import ReactionStore
from cocoai.rehearsal.slack.shortcuts import ShortcutSender
from cocoai.rehearsal.slack.slack_switches import SlackSwitches
from cocoai.rehearsal.slack.views import Modal, Views, home_opened_event
from cocoai.rehearsal.slack.workspace import Person, PracticeChannel, PracticeMessage, Workspace


class PeopleActions:
    """The acts of people, as methods of PracticeSlack, which sets all of these attributes.

    Events are delivered in threads of their own; of a click, a shortcut, a command or a modal the response is awaited.
    """

    workspace: Workspace
    switches: SlackSwitches
    views: Views
    _clicks: ClickSender
    _events: EventDispatcher
    _file_changes: FileChanges
    _modals: ModalSender
    _pins: PinStore
    _reactions: ReactionStore
    _shortcuts: ShortcutSender

    def say(
        self,
        user: str,
        text: str,
        *,
        channel: str = "C0PRACTICE",
        thread_ts: str | None = None,
        attachments: Sequence[Any] = (),
    ) -> PracticeMessage:
        """Post a person's message and return it at once; its event is delivered in a thread of its own.

        `text` is in Slack's stored form, as `<@U0COCOAI> hi`; `thread_ts` is the parent's ts, None outside threads.
        `attachments` are Slack's JSON, as share_json and table_json write it. Raise KeyError if there is no such user
        or channel.
        """
        person = self.workspace.people[user]
        more = {"thread_ts": thread_ts, "client_msg_id": str(uuid.uuid4()), "attachments": tuple(attachments)}
        return self.workspace.post(channel, person.id, text, **more)

    def share(
        self,
        user: str,
        text: str,
        files: Sequence[PracticeFile],
        *,
        channel: str = "C0PRACTICE",
        thread_ts: str | None = None,
        attachments: Sequence[Any] = (),
    ) -> PracticeMessage:
        """Post a person's message with files, as `say` does; return it, with the files' ids. `text` may be empty."""
        person = self.workspace.people[user]
        added = tuple(self.workspace.add_file(file, person.id) for file in files)
        more = {"thread_ts": thread_ts, "client_msg_id": str(uuid.uuid4()), "attachments": tuple(attachments)}
        return self.workspace.post(channel, person.id, text, subtype="file_share", files=added, **more)

    def delete_file(self, file: str) -> None:
        """Delete a file by its id: its messages keep a tombstone, and message_changed is delivered for each.

        So is file_deleted. Raise KeyError if there is no such file.
        """
        self._file_changes.delete(file)

    def change_file(self, file: str, data: bytes, **fields: Any) -> PracticeFile:
        """Replace the bytes of a file or canvas, by its id, so that file_change is delivered; return it.

        `fields` are values of its JSON, such as `title`. Raise KeyError if there is no such file.
        """
        return self._file_changes.change(file, data, **fields)

    def add_canvas(self, user: str, html: str, *, title: str = "Untitled", tab_of: str = "") -> PracticeFile:
        """Make a canvas of HTML, and a tab of the channel `tab_of`, unless that is ""; return it, with its id."""
        return self._file_changes.add_canvas(user, html, title, tab_of)

    def pin(self, user: str, ts: str, channel: str = "C0PRACTICE") -> None:
        """Pin a message to its channel, so that pin_added is delivered. Raise `SlackApiError` if it cannot be."""
        self._pins.add(channel, ts, user)

    def unpin(self, user: str, ts: str, channel: str = "C0PRACTICE") -> None:
        """Take a pin away, so that pin_removed is delivered. Raise `SlackApiError` if there is none."""
        self._pins.remove(channel, ts, user)

    def click(
        self, user: str, channel: str, ts: str, action: str, *, value: str = "", repeat: int = 0
    ) -> ClickDelivery:
        """Press the button `action` (its action_id) of a message as a person, confirming it if Slack would ask.

        Of two feedback buttons the `value` tells which. Wait for the response and return the last delivery. `repeat`
        sends the same bytes so many times more, as an attacker would. Raise ValueError if there is no such button.
        """
        return self._clicks.click(user, channel, ts, action, value=value, repeat=repeat)

    def edit(self, channel: str, ts: str, text: str) -> None:
        """Replace the text of a message as its author, so that message_changed is delivered.

        Do nothing if there is no such message.
        """
        message = self.workspace.find(channel, ts)
        if message:
            self.workspace.edit(message, text)

    def delete(self, channel: str, ts: str) -> None:
        """Delete a message: message_deleted is delivered, and file_unshared of its files.

        Raise KeyError if there is no such message.
        """
        message = self.workspace.find(channel, ts)
        if message is None:
            raise KeyError(ts)  # an ephemeral one is its app's to take away
        self.workspace.delete(channel, ts)
        self._file_changes.unshared(message.files, channel)

    def add(self, new: PracticeChannel | Person) -> None:
        """Add a channel or a person to the workspace, or replace the one of this id."""
        if isinstance(new, PracticeChannel):
            self.workspace.channels[new.id] = new
        else:
            self.workspace.people[new.id] = new

    def react(self, user: str, ts: str, name: str, channel: str = "C0PRACTICE") -> None:
        """Put an emoji, by its name without colons, under a message, so that reaction_added is delivered.

        Do nothing if it is there already. Raise ValueError if the user sees no such message, or cannot react to it.
        """
        self._check_reaction(user, channel)
        self._reactions.add(channel, ts, user, name)

    def unreact(self, user: str, ts: str, name: str, channel: str = "C0PRACTICE") -> None:
        """Take an emoji away, so that reaction_removed is delivered; do nothing if there is none. Errors: `react`'s."""
        self._check_reaction(user, channel)
        self._reactions.remove(channel, ts, user, name)

    def shortcut(self, user: str, ts: str, callback_id: str, channel: str = "C0PRACTICE") -> Interaction:
        """Choose one of the app's shortcuts in a message's menu, wait for the response, and return what came of it.

        Without the scope `commands` nothing is sent (`not_offered`). Raise ValueError if there is no such shortcut, or
        the user sees no such message.
        """
        return self._shortcuts.shortcut(user, channel, ts, callback_id)

    def command(self, user: str, text: str, channel: str = "C0PRACTICE", *, in_thread: bool = False) -> Interaction:
        """Send `/cocoai text`, wait for the response, show the message in it, and return what came of it.

        Below a message (`in_thread`), or without the scope `commands`, nothing is sent and Slack says so. Raise
        ValueError if the user cannot write in the channel.
        """
        return self._shortcuts.command(user, text, channel, in_thread=in_thread)

    def open_home(self, user: str, tab: Literal["home", "messages"] = "home") -> None:
        """Open the app's own place as one of our people, so that app_home_opened is delivered.

        Without a Home tab it opens with the other tab. Raise ValueError for anybody else, who has no such place.
        """
        channel = direct_channel(self.workspace, user)
        if channel is None:
            raise ValueError(f"{user} cannot open the app's home")
        shown = tab if self.switches.home_tab else "messages"
        event_ts = self.workspace.next_ts()
        self._events.notify(home_opened_event(user, channel.id, shown, self.home(user), event_ts), channel)

    def home(self, user: str) -> Payload | None:
        """Return the view that is published as a person's Home tab, as Slack sends it; None if none ever was."""
        return self.views.home(user)

    def view(self, view_id: str) -> Payload | None:
        """Return the view of an open modal, as Slack sends it; None if it is closed."""
        modal = self.views.modal(view_id)
        return modal.view if modal else None

    def views_of(self, user: str) -> tuple[Modal, ...]:
        """Return a person's open modals, the oldest first: each with its `view`, and the `errors` shown in it."""
        return self.views.modals(user)

    def submit_view(self, user: str, view_id: str, values: Mapping[str, str]) -> Interaction:
        """Submit a modal with what was typed into its inputs, by their block_ids; wait for the response.

        It is closed, changed or shows errors, as the response says. What Slack's client refuses is not sent: the
        failure is `incomplete`. Raise ValueError if this person has no such modal, or it has no such input.
        """
        return self._modals.submit(user, view_id, values)

    def close_view(self, user: str, view_id: str) -> Interaction | None:
        """Close a modal without submitting it; None if the bot does not want to know. Errors are those of above."""
        return self._modals.close(user, view_id)

    def _check_reaction(self, user: str, channel: str) -> None:
        if not self.workspace.is_in(user, channel) or self.workspace.channels[channel].is_archived:
            raise ValueError(f"{user} cannot react in {channel}")
