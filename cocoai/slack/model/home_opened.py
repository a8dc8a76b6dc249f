"""HomeOpened: somebody looks at the app's Home tab, as facts. It must not know what is shown there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

HOME = "home"
"""The kind of a job that fills a person's Home tab."""

EVERY = 10
"""Seconds within which a person's tab is filled once, however often it is opened."""


@dataclass(frozen=True)
class HomeOpened:
    """`user` has opened the Home tab at `at` (whole epoch seconds); `channel` is that person's direct message with us.

    `is_refused`: the person may not address us.
    """

    user: str
    channel: str
    at: int
    is_refused: bool = False

    @property
    def key(self) -> str:
        """Return the text of the job's Key: the same for all openings within EVERY seconds of the clock."""
        ts = f"{self.at // EVERY * EVERY}.000000"
        return f"{self.user}-{ts}-{ts}-{HOME}"

    def facts(self) -> dict[str, Any]:
        """Return the opening as a dict for JSON: the job's first line."""
        return {"kind": HOME, **vars(self)}

    @classmethod
    def from_facts(cls, facts: Mapping[str, Any]) -> HomeOpened:
        """Return the opening that `facts()` has written. Raise KeyError if a fact is missing."""
        return cls(**{name: facts[name] for name in cls.__dataclass_fields__})
