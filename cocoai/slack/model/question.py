"""What Slack posted, as facts: a question, a challenge, or an event that is ignored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, Field, dataclass, fields
from typing import Any, Literal

Kind = Literal["mention", "direct", "follow_up", "again"]


@dataclass(frozen=True)
class Challenge:
    """Slack asks whether this address is ours: the answer is 200 and `text`."""

    text: str


@dataclass(frozen=True)
class Ignored:
    """An event that we leave alone; the reason is ours and safe in a log."""

    reason: str


@dataclass(frozen=True)
class Question:
    """An event we answer. `text` is as Slack wrote it, entities and all; `event_time` is in seconds.

    `thread_ts` is `ts` for a message that opens its thread. `user` and `team` are the asker's.
    `files` are as files.File writes them down. `is_bare`: told in a copy that may leave files out (app_mention).
    `again`: the ts of the message that is asked once more, where that is not this one; `reply` is how our reply to it
    begins, where its own text is not known any more.
    """

    kind: Kind
    channel: str
    thread_ts: str
    ts: str
    user: str
    team: str
    text: str
    event_id: str
    event_time: int
    files: tuple[Mapping[str, Any], ...] = ()
    is_bare: bool = False
    again: str = ""
    reply: str = ""

    @property
    def key(self) -> str:
        """`CHANNEL-THREAD_TS-TS`, the same for every copy of the message, and safe as a file's name."""
        return f"{self.channel}-{self.thread_ts}-{self.ts}"

    @property
    def in_thread(self) -> bool:
        """Was it asked inside a thread, rather than opening one?"""
        return self.thread_ts != self.ts

    def facts(self) -> dict[str, Any]:
        """The question as JSON takes it."""
        return {**vars(self), "files": list(self.files)}

    @classmethod
    def from_facts(cls, facts: Mapping[str, Any]) -> Question:
        """The reverse; facts that a later version added are passed over, and those that an earlier one did not know
        have their defaults. Raises KeyError if one is missing that there always was.
        """
        known = {field.name: facts[field.name] for field in fields(cls) if field.name in facts or _is_old(field)}
        return cls(**known | {"files": tuple(facts.get("files", ()))})


def _is_old(field: Field[Any]) -> bool:
    return field.default is MISSING
