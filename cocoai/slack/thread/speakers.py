"""Who speaks in the visible part of a thread, and the name that each person in it is shown by, never an id.

Pure: names are looked up by a callable, for no more people than necessary.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Protocol

from cocoai.slack.model.messages import Message, name_of
from cocoai.slack.model.plain_text import Reference, ReferenceKind, references
from cocoai.slack_ids import is_id

MOST_NAMES = 20
"""People whose names are looked up for one question: those who appear last."""

_PERSONS = ("U", "W")
"""First letters of a person's id; a bot's is B."""


def is_bot(message: Message) -> bool:
    """Check whether another app wrote the message: such a message is shown, but is no command."""
    return bool(message.bot_id) or message.subtype == "bot_message"


def speaker(message: Message) -> str:
    """Return the id of the person or bot that wrote the message; `bot NAME` for a bot whose message has a name.

    One bot may speak under several names, and counts as several speakers.
    """
    own_name = message.name if is_bot(message) else ""
    return f"bot {own_name}" if own_name else message.user or message.bot_id


class Names(Protocol):
    """Knows people's names, as UserNames does."""

    def name(self, user: str) -> str:
        """Return the user's name; "" if it is unknown."""


def has_several_speakers(messages: Iterable[Message]) -> bool:
    """Check whether more than one speaker wrote the messages: only then a name stands before each."""
    return len({speaker(message) for message in messages}) > 1


def display_names(messages: Sequence[Message], own_user: str, names: Names, channel: str) -> Mapping[str, str]:
    """Look up a name for each mentioned user, for each speaker if there are several, and for each group and channel.

    Return the names by id (by `speaker` for a speaker); no two people, groups or channels have the same. We are not
    among the mentioned. `names` returns a person's name, "" if it is unknown; it is asked for the last 20
    people only. Where it has none, the label serves that Slack wrote beside the id, else the name is `Person 1` and so
    on, in the order of the thread. Of groups and channels there are labels alone, else they are `Group 1` and
    `Channel 1`, and `channel` itself is `this channel`. Namesakes are numbered too.
    """
    is_named = has_several_speakers(messages)
    shown: list[str] = []
    labels: dict[ReferenceKind, dict[str, str]] = {"user": {}, "group": {}, "channel": {}}
    for message in messages:
        shown += [speaker(message)] if is_named else []
        for kind, named, label in _references(message):
            shown += [named] if kind == "user" and named != own_user else []
            if label or named not in labels[kind]:
                labels[kind][named] = labels[kind].get(named) or name_of(label.lstrip("@#"))
    if labels["channel"].get(channel) == "":
        labels["channel"][channel] = "this channel"
    places = {**_made_unique(labels["group"], "Group"), **_made_unique(labels["channel"], "Channel")}
    return {**places, **_names_of_people(messages, shown, labels["user"], names)}


def _names_of_people(
    messages: Iterable[Message], shown: Sequence[str], labels: Mapping[str, str], names: Names
) -> Mapping[str, str]:
    """Return a name for each of those who are `shown`: the one that is looked up, else the label, else a number.

    The numbers are in the order of the thread. A bot that has a name of its own has that.
    """
    # From the end of the thread, since only MOST_NAMES are looked up.
    looked_up = [user for user in dict.fromkeys(reversed(shown)) if _is_person(user)][:MOST_NAMES]
    found = {**labels, **{user: name for user in looked_up if (name := names.name(user))}}
    found |= {speaker(message): message.name for message in messages if is_bot(message) and message.name}
    return _made_unique({user: found.get(user, "") for user in shown}, "Person")


def _references(message: Message) -> Iterator[Reference]:
    """Yield what the message refers to. In its `text` Slack may name what its blocks have only by id."""
    yield from references(message.text)
    yield from references(message.shown)


def _is_person(user: str) -> bool:
    return is_id(user) and user.startswith(_PERSONS)


def _made_unique(names: Mapping[str, str], unnamed: str) -> Mapping[str, str]:
    """Return the names, each made different from those before it: a second `Ann` becomes `Ann 2`, "" `UNNAMED 1`."""
    unique: dict[str, str] = {}
    taken = {""}
    last_number = dict.fromkeys(names.values(), 1) | {"": 0}
    for user, name in names.items():
        unique[user] = name
        while unique[user] in taken:
            last_number[name] += 1
            unique[user] = f"{name or unnamed} {last_number[name]}"
        taken.add(unique[user])
    return unique
