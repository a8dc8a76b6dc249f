"""The practice workspace: its channels, people, messages and files in memory, and a way to wait for changes.

It knows no HTTP and no signatures. The delivery of events sets `listener`, which is called with each change.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeVar

from cocoai.rehearsal.slack.practice_file import PracticeFile, new_id, private_url, safe_media_type

ChannelKind = Literal["channel", "group", "im", "mpim"]
ChangeKind = Literal["posted", "changed", "deleted"]
Listener = Callable[[ChangeKind, "PracticeMessage", "PracticeMessage | None"], None]
"""Is called with what happened, the message, and the message as it was before (None if it is new or gone)."""
T = TypeVar("T")


@dataclass(frozen=True)
class Installation:
    """The app's installation in this workspace: the ids and names of the team, the bot user and the app."""

    team_id: str = "T0PRACTICE"
    team: str = "Practice"
    user_id: str = "U0COCOAI"
    user: str = "CocoAI"
    bot_id: str = "B0COCOAI"
    app_id: str = "A0COCOAI"


@dataclass(frozen=True)
class PracticeChannel:
    """A conversation: `kind` is Slack's channel_type, `is_member` says whether the bot is in it.

    `is_shared` means shared with another organisation; `absent` are people of this workspace who are not in it. `user`
    is the one person of a direct conversation, empty for all others.
    """

    id: str
    name: str
    kind: ChannelKind = "channel"
    is_member: bool = True
    is_archived: bool = False
    is_shared: bool = False
    absent: frozenset[str] = frozenset()
    user: str = ""


@dataclass(frozen=True)
class Person:
    """A person or a bot who can write; people of another organisation have another `team`.

    `display_name` is as in the person's profile: None means the same as `name`, empty means that none was entered.
    `locale` is the language that the person has chosen in Slack.
    """

    id: str
    name: str
    team: str = Installation.team_id
    is_bot: bool = False
    display_name: str | None = None
    locale: str = "ja-JP"


@dataclass(frozen=True)
class PracticeMessage:
    """One stored message: `text` is in Slack's escaped form, `change` is the number of its last change.

    `thread_ts` is set on replies only. `reactions` maps an emoji's name to its users, `votes` a user to the feedback
    pressed last, by its action_id. `only_for` alone sees an ephemeral message. `upload`: which id the uploader bears.
    """

    channel: str
    ts: str
    user: str
    text: str
    thread_ts: str | None = None
    client_msg_id: str = ""
    subtype: str = ""
    blocks: tuple[Any, ...] = ()
    attachments: tuple[Any, ...] = ()
    metadata: Mapping[str, Any] | None = None
    edited: str | None = None
    reactions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    files: tuple[PracticeFile, ...] = ()
    only_for: str = ""
    upload: Literal["", "user", "bot_id"] = ""
    votes: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    change: int = 0


CHANNELS = (
    PracticeChannel("C0PRACTICE", "practice"),
    PracticeChannel("D0PRACTICE", "CocoAI", "im", user="U0ASKER01"),
    PracticeChannel("D0SECOND", "CocoAI", "im", user="U0ASKER02"),
    PracticeChannel("D0THIRD", "CocoAI", "im", user="U0ASKER04"),
    PracticeChannel("G0PRIVATE", "private", "group"),
    PracticeChannel("C0SHARED", "shared", is_shared=True),
    PracticeChannel("C0OUTSIDE", "outside", is_member=False),
    PracticeChannel("C0ARCHIVED", "archived", is_archived=True),
)
PEOPLE = (
    Person("U0ASKER01", "Asker"),
    Person("U0ASKER02", "Second asker", display_name="", locale="en-US"),
    Person("U0ASKER04", "質問者"),
    Person("U0OTHER01", "Visitor", team="T0OTHER"),
    Person(Installation.user_id, Installation.user, is_bot=True),
)


class Workspace:
    """The channels, people, messages and files, read and written under the lock of `changed`.

    `changed` is notified of each change, `changes` counts them. `removed` lists the deleted messages: the number of
    the change, the channel and the ts.
    """

    def __init__(self, clock: Callable[[], float], address: str = "") -> None:
        """Fill the workspace with `CHANNELS` and `PEOPLE`; `address` is the URL of the server of shared files."""
        self.installation = Installation()
        self.channels = {channel.id: channel for channel in CHANNELS}
        self.people = {person.id: person for person in PEOPLE}
        self.files: dict[str, PracticeFile] = {}
        self.changed = threading.Condition()
        self.changes = 0
        self.removed: list[tuple[int, str, str]] = []
        self.listener: Listener | None = None
        self._clock = clock
        self._address = address
        self._last = 0
        self._messages: dict[tuple[str, str], PracticeMessage] = {}
        self._threads: dict[tuple[str, str], list[str]] = {}

    def post(self, channel: str, user: str, text: str, **more: Any) -> PracticeMessage:
        """Store a new message under a new ts, with the fields in `more`; announce it to `listener`, and return it."""
        with self.changed:
            # The ts is taken under the lock, so that messages are stored in the order of their ts.
            message = self._store(PracticeMessage(channel, self.next_ts(), user, text, **more))
            self._threads.setdefault((channel, message.thread_ts or message.ts), []).append(message.ts)
        self._announce("posted", message)
        return message

    def post_ephemeral(self, channel: str, user: str, only_for: str, text: str, **more: Any) -> PracticeMessage:
        """Store and return a message that one person sees: it is in no thread and no history, and causes no event."""
        with self.changed:
            return self._store(PracticeMessage(channel, self.next_ts(), user, text, only_for=only_for, **more))

    def add_file(self, file: PracticeFile, user: str) -> PracticeFile:
        """Store a file of `user`; return it with its id, new unless it has one, its URL, owner and time of sharing."""
        file_id = file.id or new_id()
        url = private_url(self._address, self.installation.team_id, file_id, file.name)
        added = replace(file, id=file_id, user=user, team=self.people[user].team, created=int(self._clock()))
        added = replace(added, url=url, media_type=safe_media_type(file.media_type))
        with self.changed:
            self.files[file_id] = added
        return added

    def delete_file(self, file_id: str) -> None:
        """Delete a file; its messages keep a tombstone of it, and change. Raise KeyError if there is no such file."""
        with self.changed:
            deleted = self.files[file_id] = replace(self.files[file_id], is_deleted=True, data=b"")
            for message in list(self._messages.values()):
                files = tuple(deleted if file.id == file_id else file for file in message.files)
                if files != message.files:
                    self._announce("changed", self._store(replace(message, files=files)), message)

    def edit(
        self, message: PracticeMessage, text: str, *, marks_edited: bool = True, **changes: Any
    ) -> PracticeMessage:
        """Replace a stored message's text and the fields in `changes`, tell `listener`, and return the new message.

        With `marks_edited` it has the time of the edit, and Slack shows the word "edited"; else it loses it.
        """
        with self.changed:
            edited_ts = f"{int(self._clock())}.000000" if marks_edited else None
            edited = self._store(replace(message, text=text, edited=edited_ts, **changes))
        self._announce("changed", edited, message)
        return edited

    def annotate(self, channel: str, ts: str, **changes: Any) -> None:
        """Change fields of a message without an event, as a vote does; do nothing if there is no such message."""
        with self.changed:
            if message := self.find_any(channel, ts):
                self._store(replace(message, **changes))

    def delete(self, channel: str, ts: str) -> None:
        """Delete a message and, if it is not ephemeral, tell `listener`. Raise KeyError if there is no such message.

        A parent with replies leaves a tombstone, as at Slack, which tells that as a change, and takes it with the last.
        """
        with self.changed:
            message = self.find_any(channel, ts)
            if message is None:
                raise KeyError(ts)
            tombstone = self._bury(message) if len(self.thread(channel, ts)) > 1 and not message.thread_ts else None
            rest = () if tombstone else self._remove(message)
        if tombstone:
            self._announce("changed", tombstone, message)
        elif not message.only_for:
            self._announce("deleted", message)
        if [each.subtype for each in rest] == ["tombstone"]:
            self.delete(channel, rest[0].ts)

    def find(self, channel: str, ts: str) -> PracticeMessage | None:
        """Return a message by its channel and ts, or None if there is none or it is ephemeral."""
        message = self.find_any(channel, ts)
        return message if message and not message.only_for else None

    def find_any(self, channel: str, ts: str) -> PracticeMessage | None:
        """Return a message, ephemeral or not, by its channel and ts, or None if there is none."""
        with self.changed:
            return self._messages.get((channel, ts))

    def messages(self, channel: str) -> tuple[PracticeMessage, ...]:
        """Return a channel's messages, replies too but no ephemeral ones, oldest first."""
        return tuple(message for message in self._all(channel) if not message.only_for)

    def ephemeral_messages(self, channel: str) -> tuple[PracticeMessage, ...]:
        """Return a channel's ephemeral messages, oldest first."""
        return tuple(message for message in self._all(channel) if message.only_for)

    def is_in(self, user: str, channel: str) -> bool:
        """Return True if a user exists and sees a channel: is not in `absent`, and of our team or in a shared one.

        A direct conversation is seen by its `user` and the bot alone.
        """
        person, place = self.people.get(user), self.channels[channel]
        if person is None or user in place.absent:
            return False
        if place.user and not person.is_bot:
            return user == place.user
        return place.is_shared or person.team == self.installation.team_id

    def thread(self, channel: str, ts: str) -> tuple[PracticeMessage, ...]:
        """Return a thread by the ts of any message in it: the parent, then replies by ts; empty if there is none."""
        with self.changed:
            message = self.find(channel, ts)
            root = (message.thread_ts or message.ts) if message else ""
            return tuple(self._messages[channel, each] for each in self._threads.get((channel, root), ()))

    def changed_since(self, change: int) -> tuple[PracticeMessage, ...]:
        """Return all messages that were stored or annotated after the change of this number, ephemeral ones too."""
        with self.changed:
            return tuple(message for message in self._messages.values() if message.change > change)

    def notify(self) -> None:
        """Count a change in `changes`, and wake all threads that wait for one."""
        with self.changed:
            self.changes += 1
            self.changed.notify_all()

    def wait_for(self, predicate: Callable[[], T | None], timeout: float) -> T:
        """Call `predicate` now and on changes; return its first true value. Raise TimeoutError after `timeout` s."""
        with self.changed:
            value = self.changed.wait_for(predicate, timeout)
        if not value:
            raise TimeoutError(f"it did not happen within {timeout} s")
        return value

    def _bury(self, message: PracticeMessage) -> PracticeMessage:
        """Put a tombstone in the place of a message and return it. Needs the lock held."""
        tombstone = replace(message, user="USLACKBOT", text="This message was deleted.", subtype="tombstone")
        bare = replace(tombstone, client_msg_id="", metadata=None, edited=None, reactions={}, files=())
        return self._store(replace(bare, blocks=(), attachments=(), votes={}))

    def _remove(self, message: PracticeMessage) -> tuple[PracticeMessage, ...]:
        """Remove a message, and return what is left of its thread. Needs the lock held."""
        channel, root = message.channel, message.thread_ts or message.ts
        del self._messages[channel, message.ts]
        self.notify()
        self.removed.append((self.changes, channel, message.ts))
        if message.only_for:
            return ()
        self._threads[channel, root].remove(message.ts)
        return self.thread(channel, root)

    def _all(self, channel: str) -> list[PracticeMessage]:
        with self.changed:
            return [message for message in self._messages.values() if message.channel == channel]

    def _announce(self, change: ChangeKind, message: PracticeMessage, before: PracticeMessage | None = None) -> None:
        if self.listener:
            self.listener(change, message, before)

    def _store(self, message: PracticeMessage) -> PracticeMessage:
        """Store a message as a new change, wake waiting threads, return it with its number. Needs the lock held."""
        self.notify()
        numbered = replace(message, change=self.changes)
        self._messages[numbered.channel, numbered.ts] = numbered
        return numbered

    def next_ts(self) -> str:
        """Return a new ts from the current time: epoch seconds with six decimals, greater than every ts before it."""
        # No ts may occur twice, and none may go back, whatever the clock does.
        with self.changed:
            self._last = max(int(self._clock() * 1_000_000), self._last + 1)
            return f"{self._last // 1_000_000}.{self._last % 1_000_000:06d}"
