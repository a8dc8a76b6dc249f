"""SlashCommand: a use of our slash command, such as `/cocoai usage`, as facts. It must not know what the words mean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cocoai.slack.model.question import DeclinedFor

COMMAND = "command"
"""The kind of a job that replies to a slash command."""


@dataclass(frozen=True)
class SlashCommand:
    """What `user` typed behind the command in `channel`, and the address by which that person alone is shown a reply.

    `ts` is the second in which Slack signed it, and a number that tells two commands of that second apart. `why` is the
    rule by which the person may not address us there, "" if there is none.
    """

    user: str
    channel: str
    ts: str
    text: str
    response_url: str = field(repr=False)
    why: DeclinedFor = ""

    @property
    def key(self) -> str:
        """Return the text of the job's Key: the same if the request is replayed, and no message's."""
        return f"{self.user}-{self.ts}-{self.ts}-{COMMAND}"

    def facts(self) -> dict[str, Any]:
        """Return the command as a dict for JSON: the job's first line."""
        return {"kind": COMMAND, **vars(self)}

    @classmethod
    def from_facts(cls, facts: Mapping[str, Any]) -> SlashCommand:
        """Return the command that `facts()` has written. Raise KeyError if one is missing."""
        return cls(**{name: facts[name] for name in cls.__dataclass_fields__})
