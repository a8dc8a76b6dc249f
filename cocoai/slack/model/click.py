"""Click: a button of ours that somebody pressed, as facts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Action = Literal["stop", "again", "delete", "up", "down"]


ACTIONS: tuple[Action, ...] = ("stop", "again", "delete", "up", "down")
"""Each is a button's action_id behind `cocoai_`; the button's value is `KEY USER`: the question, and who asked it."""


@dataclass(frozen=True)
class Click:
    """A button of ours that somebody has clicked, under the message `message_ts`.

    `key` is that of the question to which the message replies, and `asker` whose it is; `user`, of `team`, has clicked,
    at `ts`: a click that is sent again has the same. `reply` is how that message begins: it is in the asker's language.
    """

    action: Action
    channel: str
    thread_ts: str
    message_ts: str
    key: str
    asker: str
    user: str
    team: str
    ts: str
    reply: str = ""

    def facts(self) -> dict[str, Any]:
        """The click as JSON takes it; its `kind` tells it from a question's facts."""
        facts = dict(vars(self))
        return {"kind": facts.pop("action"), **facts}

    @classmethod
    def from_facts(cls, facts: Mapping[str, Any]) -> Click:
        """The reverse. Raises KeyError for what `facts` did not write."""
        known = {name: facts[name] for name in cls.__dataclass_fields__ if name not in ("action", "reply")}
        return cls(action=facts["kind"], reply=facts.get("reply", ""), **known)
