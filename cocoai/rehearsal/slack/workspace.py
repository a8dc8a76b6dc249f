"""The practice workspace: its channels, people and messages, in memory, and a way to wait for what happens in it.

It knows no HTTP and no signatures; whoever must hear of a change (the delivery of events) is handed in.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeVar

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
    """`kind` is Slack's channel_type; `member`: the bot is in it; `shared`: with another organisation."""

    id: str
    name: str
    kind: Kind = "channel"
    member: bool = True
    archived: bool = False
    shared: bool = False


@dataclass(frozen=True)
class Person:
    """Anybody who can write; `team` differs from the workspace's for another organisation's people."""

    id: str
    name: str
    team: str = Installation.team_id
    bot: bool = False


@dataclass(frozen=True)
class Message:
    """One message as it is stored: `text` in Slack's escaped form; `change` numbers the last change to it.

    `thread_ts` is set on replies only. `reactions` maps a name to the users who gave it.
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
    Person("U0ASKER02", "Second asker"),
    Person("U0OTHER01", "Visitor", team="T0OTHER"),
    Person(Installation.user_id, Installation.user, bot=True),
)


class Workspace:
    """Everything is read and written under one lock; `changed` is notified whenever anything happened."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.installation = Installation()
        self.channels = {channel.id: channel for channel in CHANNELS}
        self.people = {person.id: person for person in PEOPLE}
        self.changed = threading.Condition()
        self.changes = 0
        self.removed: list[tuple[int, str, str]] = []
        self.listener: Listener | None = None
        self._clock = clock
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
            message = self._messages[channel, ts]
            if message.thread_ts is None and len(self.thread(channel, ts)) > 1:
                tombstone = replace(message, user="USLACKBOT", text="This message was deleted.", metadata=None)
                self._keep(replace(tombstone, subtype="tombstone", client_msg_id="", reactions={}))
            else:
                del self._messages[channel, ts]
                self._threads[channel, message.thread_ts or ts].remove(ts)
                self.note()
                self.removed.append((self.changes, channel, ts))
        self._tell("deleted", message)

    def find(self, channel: str, ts: str) -> Message | None:
        with self.changed:
            return self._messages.get((channel, ts))

    def messages(self, channel: str) -> tuple[Message, ...]:
        """All of a channel, replies too, oldest first."""
        with self.changed:
            return tuple(message for message in self._messages.values() if message.channel == channel)

    def thread(self, channel: str, ts: str) -> tuple[Message, ...]:
        """The parent and its replies, oldest first, by the ts of any of them; empty when there is no such message."""
        with self.changed:
            found = self.find(channel, ts)
            root = (found.thread_ts or found.ts) if found else ""
            return tuple(self._messages[channel, each] for each in self._threads.get((channel, root), ()))

    def since(self, change: int) -> tuple[Message, ...]:
        """Whatever was stored or touched after that change."""
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
