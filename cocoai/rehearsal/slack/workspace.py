"""The practice workspace: its channels, people and messages, in memory, and a way to wait for what happens in it.

It knows no HTTP and no signatures; whoever must hear of a change (the delivery of events) is handed in.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeVar

from cocoai.rehearsal.slack.files import PracticeFile, fit, new_id, private_url

Kind = Literal["channel", "group", "im", "mpim"]
Happened = Literal["posted", "changed", "deleted"]
Listener = Callable[[Happened, "Message", "Message | None"], None]
T = TypeVar("T")


@dataclass(frozen=True)
class Installation:
    """The app as it is installed in this workspace."""

    team_id: str = "T0PRACTICE"
    team: str = "Practice"
    user_id: str = "U0COCOAI"
    user: str = "CocoAI"
    bot_id: str = "B0COCOAI"
    app_id: str = "A0COCOAI"


@dataclass(frozen=True)
class Channel:
    """`kind` is Slack's channel_type; `member`: the bot is in it; `shared`: with another organisation.

    `absent`: people of this workspace who are not in it.
    """

    id: str
    name: str
    kind: Kind = "channel"
    member: bool = True
    archived: bool = False
    shared: bool = False
    absent: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Person:
    """Anybody who can write; `team` differs from the workspace's for another organisation's people.

    `display_name` is what they want to be called: None if that is their name, empty if they never said.
    """

    id: str
    name: str
    team: str = Installation.team_id
    bot: bool = False
    display_name: str | None = None


@dataclass(frozen=True)
class Message:
    """One message as it is stored: `text` in Slack's escaped form; `change` numbers the last change to it.

    `thread_ts` is set on replies only. `reactions` maps a name to the users who gave it. `only_for`: the one person who
    sees it (an ephemeral message), else empty.
    """

    channel: str
    ts: str
    user: str
    text: str
    thread_ts: str | None = None
    client_msg_id: str = ""
    subtype: str = ""
    blocks: tuple[Any, ...] = ()
    metadata: Mapping[str, Any] | None = None
    edited: str | None = None
    reactions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    files: tuple[PracticeFile, ...] = ()
    only_for: str = ""
    change: int = 0


CHANNELS = (
    Channel("C0PRACTICE", "practice"),
    Channel("D0PRACTICE", "CocoAI", "im"),
    Channel("G0PRIVATE", "private", "group"),
    Channel("C0SHARED", "shared", shared=True),
    Channel("C0OUTSIDE", "outside", member=False),
    Channel("C0ARCHIVED", "archived", archived=True),
)
PEOPLE = (
    Person("U0ASKER01", "Asker"),
    Person("U0ASKER02", "Second asker", display_name=""),
    Person("U0ASKER04", "質問者"),
    Person("U0OTHER01", "Visitor", team="T0OTHER"),
    Person(Installation.user_id, Installation.user, bot=True),
)


class Workspace:
    """Everything is read and written under one lock; `changed` is notified whenever anything happened."""

    def __init__(self, clock: Callable[[], float], address: str = "") -> None:
        """`address`: where shared files are fetched from."""
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
        self._messages: dict[tuple[str, str], Message] = {}
        self._threads: dict[tuple[str, str], list[str]] = {}

    def post(self, channel: str, user: str, text: str, **more: Any) -> Message:
        """Store a new message under a fresh ts."""
        with self.changed:
            message = self._keep(Message(channel, self.next_ts(), user, text, **more))
            self._threads.setdefault((channel, message.thread_ts or message.ts), []).append(message.ts)
        self._tell("posted", message)
        return message

    def whisper(self, channel: str, user: str, only_for: str, text: str, **more: Any) -> Message:
        """Store a message that one person sees: it is in no thread and no history, and no event tells of it."""
        with self.changed:
            return self._keep(Message(channel, self.next_ts(), user, text, only_for=only_for, **more))

    def keep(self, file: PracticeFile, user: str) -> PracticeFile:
        """Take a file in, under an id and an address of its own."""
        its_id = new_id()
        url = private_url(self._address, self.installation.team_id, its_id, file.name)
        kept = replace(file, id=its_id, media_type=fit(file.media_type), user=user, team=self.people[user].team)
        kept = replace(kept, created=int(self._clock()), url=url)
        with self.changed:
            self.files[its_id] = kept
        return kept

    def delete_file(self, file_id: str) -> None:
        """Take a file away; its messages keep a tombstone, and change. KeyError: there is none."""
        with self.changed:
            gone = self.files[file_id] = replace(self.files[file_id], deleted=True, data=b"")
            for message in list(self._messages.values()):
                files = tuple(gone if file.id == file_id else file for file in message.files)
                if files != message.files:
                    self._tell("changed", self._keep(replace(message, files=files)), message)

    def edit(self, message: Message, text: str, *, shown: bool = True, **changes: Any) -> Message:
        """Replace a stored message's text and whatever else; `shown`: Slack adds the word "edited"."""
        with self.changed:
            at = f"{int(self._clock())}.000000" if shown else None
            edited = self._keep(replace(message, text=text, edited=at, **changes))
        self._tell("changed", edited, message)
        return edited

    def touch(self, channel: str, ts: str, **changes: Any) -> None:
        """Note something about a message that is no event (a reaction, a delivery)."""
        with self.changed:
            message = self.find(channel, ts)
            if message:
                self._keep(replace(message, **changes))

    def delete(self, channel: str, ts: str) -> None:
        """Take a message away; a parent with replies leaves a tombstone, as at Slack. KeyError: there is none."""
        with self.changed:
            message = self.find(channel, ts)
            if message is None:
                raise KeyError(ts)
            if message.thread_ts is None and len(self.thread(channel, ts)) > 1:
                grave = replace(message, user="USLACKBOT", text="This message was deleted.", metadata=None, blocks=())
                self._keep(replace(grave, subtype="tombstone", client_msg_id="", reactions={}, files=()))
            else:
                del self._messages[channel, ts]
                self._threads[channel, message.thread_ts or ts].remove(ts)
                self.note()
                self.removed.append((self.changes, channel, ts))
        self._tell("deleted", message)

    def find(self, channel: str, ts: str) -> Message | None:
        """A message that all can see."""
        message = self.seen(channel, ts)
        return message if message and not message.only_for else None

    def seen(self, channel: str, ts: str) -> Message | None:
        """A message that anybody can see, be it one person only."""
        with self.changed:
            return self._messages.get((channel, ts))

    def messages(self, channel: str) -> tuple[Message, ...]:
        """All of a channel that all can see, replies too, oldest first."""
        return tuple(message for message in self._all(channel) if not message.only_for)

    def whispers(self, channel: str) -> tuple[Message, ...]:
        """What was said there to one person only, oldest first."""
        return tuple(message for message in self._all(channel) if message.only_for)

    def is_in(self, user: str, channel: str) -> bool:
        """Can this person see the channel?"""
        person, place = self.people.get(user), self.channels[channel]
        if person is None or user in place.absent:
            return False
        return place.shared or person.team == self.installation.team_id

    def thread(self, channel: str, ts: str) -> tuple[Message, ...]:
        """The parent and its replies, oldest first, by the ts of any of them; empty when there is no such message."""
        with self.changed:
            found = self.find(channel, ts)
            root = (found.thread_ts or found.ts) if found else ""
            return tuple(self._messages[channel, each] for each in self._threads.get((channel, root), ()))

    def since(self, change: int) -> tuple[Message, ...]:
        """Whatever was stored or touched after that change, what one person only can see too."""
        with self.changed:
            return tuple(message for message in self._messages.values() if message.change > change)

    def note(self) -> None:
        """Something happened: wake whoever waits."""
        with self.changed:
            self.changes += 1
            self.changed.notify_all()

    def wait_for(self, predicate: Callable[[], T | None], timeout: float) -> T:
        """The first true value of `predicate`, looked at after each change. Raises TimeoutError after `timeout` s."""
        with self.changed:
            value = self.changed.wait_for(predicate, timeout)
        if not value:
            raise TimeoutError(f"it did not happen within {timeout} s")
        return value

    def _all(self, channel: str) -> list[Message]:
        with self.changed:
            return [message for message in self._messages.values() if message.channel == channel]

    def _tell(self, happened: Happened, message: Message, before: Message | None = None) -> None:
        if self.listener:
            self.listener(happened, message, before)

    def _keep(self, message: Message) -> Message:
        self.note()
        kept = replace(message, change=self.changes)
        self._messages[kept.channel, kept.ts] = kept
        return kept

    def next_ts(self) -> str:
        """Epoch seconds with six digits, never the same twice, whatever the clock does."""
        with self.changed:
            self._last = max(int(self._clock() * 1_000_000), self._last + 1)
            return f"{self._last // 1_000_000}.{self._last % 1_000_000:06d}"


_CONTROL = re.compile(r"(<(?:[@#!][^<>\n]+|(?:https?://|mailto:|tel:)[^<>\s|]+(?:\|[^<>\n]*)?)>)")
_ADDRESS = re.compile(r"https?://(?:[^\s<>&|、。）」』]|&amp;)*[^\s<>&|、。）」』.,;:!?'\")\]}]")


def stored(text: str) -> str:
    """A program's text as Slack keeps it: stray &, < and > escaped, bare addresses made links, entities left alone."""
    parts = _CONTROL.split(re.sub(r"&(?!(?:amp|lt|gt);)", "&amp;", text))
    return "".join(part if index % 2 else _linked(part) for index, part in enumerate(parts))


def typed(text: str, installation: Installation) -> str:
    """What a person typed, as Slack keeps it: everything escaped, the bot's name behind an @ made a mention."""
    escaped = text.replace("&", "&amp;")
    name = re.escape(installation.user)
    return re.sub(rf"(?i)@{name}(?![A-Za-z0-9_])", f"<@{installation.user_id}>", _linked(escaped))


def _linked(text: str) -> str:
    escaped = text.replace("<", "&lt;").replace(">", "&gt;")
    return _ADDRESS.sub(lambda match: f"<{match.group()}>", escaped)
