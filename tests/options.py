"""`AnswerOptions` for tests: one language, mrkdwn without blocks, no buttons, unless a test changes a field."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cocoai.answer import AnswerOptions
from cocoai.conversation import Persona
from cocoai.slack.api.identity_cache import IdentityCache
from cocoai.slack.markdown.message_layout import Layout
from cocoai.slack.model.identity import Identity
from cocoai.texts import ENGLISH, Texts, TextsByLanguage

US = Identity("T0PRACTICE", "U0COCOAI", "B0COCOAI")
"""CocoAI's own identity in the practice Slack."""

KIND = Persona("Be kind.", "")


@dataclass(frozen=True)
class FixedPersonas:
    """The same persona for every channel, and `prefixes` as the model prefixes."""

    persona: Persona = KIND
    prefixes: Mapping[str, str] = field(default_factory=dict)

    def for_channel(self, channel: str) -> Persona:
        """Return the persona, whatever the channel."""
        del channel
        return self.persona

    def models(self) -> Mapping[str, str]:
        """Return the models by their prefixes."""
        return self.prefixes


@dataclass(frozen=True)
class FixedWriters:
    """A scoreboard on which `count` replies are being written at any time."""

    count: int = 1

    def busy_jobs(self) -> int:
        """Return the fixed count."""
        return self.count


class FixedIdentity(IdentityCache):
    """An identity cache that returns the given identity without a file or a call of Slack."""

    def __init__(self, identity: Identity = US) -> None:
        super().__init__("/nonexistent", ask=self.known, bound_to="")
        self._known: Identity = identity

    def known(self) -> Identity:
        """Return the given identity."""
        return self._known


def options(words: Texts = ENGLISH, **changes: Any) -> AnswerOptions:
    """Return `AnswerOptions` for tests, in which `changes` replaces fields by name; `words` serve every language."""
    defaults: dict[str, Any] = {
        "phrases": TextsByLanguage({"ja": words, "en": words}, "auto"),
        "layout": Layout("mrkdwn"),
        "personas": FixedPersonas(),
        "model": "gpt-6-luna",
        "round_trips": 5,
        "max_history_tokens": 8000,
        "update_interval": 0.05,
        "writers": FixedWriters(),
    }
    return AnswerOptions(**defaults | changes)
