"""A press of one of our buttons in Slack, as facts. It must not know what the click brings about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Action = Literal["stop", "again", "continue", "delete", "up", "down"]

ACTIONS: tuple[Action, ...] = ("stop", "again", "continue", "delete", "up", "down")
"""The buttons: a button's action_id is `cocoai_ACTION`, and its value is `KEY USER`, the question's key and asker."""

ASKING: frozenset[Action] = frozenset({"again", "continue"})
"""The actions that ask the model: such a click becomes a question."""

FEEDBACK = "feedback"
"""What stands for ACTION in the one action_id that Slack's two feedback buttons share: their values end in the action,
`KEY USER up` or `KEY USER down`."""

FEEDBACK_ACTIONS: frozenset[Action] = frozenset({"up", "down"})
"""The actions of feedback."""


@dataclass(frozen=True)
class Click:
    """One press of a button of ours under the message `message_ts`.

    `key` is the key of the question that the message replies to, `asker` the user who asked it. `user`, of `team`,
    pressed the button at `ts`; a click that Slack sends again has the same `ts`. `reply` is the beginning of the
    message, which is in the asker's language.
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

    @property
    def may_be_in_box(self) -> bool:
        """Return True if the reply may stand in a direct message's own box, in no thread."""
        return self.channel.startswith("D")

    def facts(self) -> dict[str, Any]:
        """Return the click as a dict for JSON: its fields, with `action` under the key `kind` of every job's facts."""
        facts = dict(vars(self))
        return {"kind": facts.pop("action"), **facts}

    @classmethod
    def from_facts(cls, facts: Mapping[str, Any]) -> Click:
        """Return the click that `facts()` has written; `reply` may be missing. Raise KeyError if any other fact is."""
        known = {name: facts[name] for name in cls.__dataclass_fields__ if name not in ("action", "reply")}
        return cls(action=facts["kind"], reply=facts.get("reply", ""), **known)
