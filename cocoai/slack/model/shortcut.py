"""What somebody has chosen from a message's menu (a message shortcut of Slack's), as facts. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, get_args

from cocoai.slack.model.question import SHORTCUT
from cocoai.spool.key import Key

ShortcutTask = Literal["translate", "summarize", "proofread", "ask"]
"""What the shortcuts do with a message or its thread; `ask` opens a form in which a question about it is typed."""

SHORTCUTS: frozenset[str] = frozenset(get_args(ShortcutTask))
"""The shortcuts: the callback_id of each is `cocoai_TASK`."""

FormTrouble = Literal["busy", "form"]
"""Why no form is shown: too many are being opened at once, or Slack has refused this one."""

PREFIX = "cocoai_"
"""How the callback_id of each of our shortcuts begins, and that of the form."""


@dataclass(frozen=True)
class Shortcut:
    """One use of a shortcut of ours on the message `message_ts`, by `user`, of `team`, at `ts`, a time of its own.

    `message` is what Slack told of the message, as kept_message() has it; None if that is nothing. With `response_url`
    the user can be told something unseen by others, also where we are no member; with `trigger_id` a form can be shown,
    for 3 seconds. `why` is why it is not obeyed: of DeclinedFor or FormTrouble; "" if it is.
    """

    task: ShortcutTask
    channel: str
    message_ts: str
    message: Mapping[str, Any] | None
    user: str
    team: str
    ts: str
    response_url: str = field(repr=False)
    trigger_id: str = field(default="", repr=False)
    why: str = ""

    @property
    def key(self) -> Key:
        """Return the key of the light job that obeys it, or tells why not: of its own time, so each use has one."""
        return Key(self.channel, self.message_ts, self.ts, f"{SHORTCUT}_{self.task}")

    def refused(self, why: str) -> Shortcut:
        """Return the shortcut as one that is not obeyed, and why."""
        return replace(self, why=why)

    def facts(self) -> dict[str, Any]:
        """Return the job's first line. A trigger_id is dead before anybody could read it."""
        facts = {name: value for name, value in vars(self).items() if name != "trigger_id"}
        # Before the message, whose author is a `user`, too: of a job that waits only the beginning is read.
        return {"kind": SHORTCUT, "user": self.user, **facts}

    @classmethod
    def from_facts(cls, facts: Mapping[str, Any]) -> Shortcut:
        """Return the shortcut that `facts()` has written. Raise KeyError if a fact is missing."""
        return cls(**{name: facts[name] for name in cls.__dataclass_fields__ if name != "trigger_id"})
