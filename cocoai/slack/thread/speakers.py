"""Who speaks in what is seen of a thread, and what everybody in it is called: told apart by name, never by id.

Pure: `names` is handed in, and asked for no more people than it takes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence

from cocoai.slack.model.messages import Message

MOST_NAMES = 20
"""People whose names are asked for at one question: those who were seen last."""

_MENTION = re.compile(r"<@([A-Z0-9]{2,24})[|>]")
_PERSON = re.compile(r"[UW][A-Z0-9]{1,23}")


def is_bot(message: Message) -> bool:
    """Another app's message: it says what it has to say, but commands nobody."""
    return bool(message.bot_id) or message.subtype == "bot_message"


def speaker(message: Message) -> str:
    """Who said it: a person's id. One bot may speak under several names, and counts as several."""
    own_name = message.name if is_bot(message) else ""
    return f"bot {own_name}" if own_name else message.user or message.bot_id


def has_several_speakers(seen: Iterable[Message]) -> bool:
    """Does more than one speak? Only then a name stands before each message."""
    return len({speaker(message) for message in seen}) > 1


def display_names(seen: Sequence[Message], own_user: str, names: Callable[[str], str]) -> Mapping[str, str]:
    """What everybody who is mentioned is called, and each speaker, if there are several.

    Whose name is not known is `Person 1` and so on, in the order of the thread; namesakes are numbered too.
    """
    several = has_several_speakers(seen)
    everybody: list[str] = []
    for message in seen:
        everybody += [speaker(message)] if several else []
        everybody += [who for who in _MENTION.findall(message.text) if who != own_user]
    asked = [who for who in dict.fromkeys(reversed(everybody)) if _PERSON.fullmatch(who)][:MOST_NAMES]
    known = {who: names(who) for who in asked}
    known |= {speaker(message): message.name for message in seen if is_bot(message) and message.name}
    return _apart({who: known.get(who, "") for who in everybody})


def _apart(known: Mapping[str, str]) -> Mapping[str, str]:
    """Everybody under a name that nobody else has."""
    apart: dict[str, str] = {}
    taken = {""}
    last = dict.fromkeys(known.values(), 1) | {"": 0}
    for who, name in known.items():
        apart[who] = name
        while apart[who] in taken:
            last[name] += 1
            apart[who] = f"{name or 'Person'} {last[name]}"
        taken.add(apart[who])
    return apart
