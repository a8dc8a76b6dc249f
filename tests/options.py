"""How the tests answer: in one language, in text alone, without buttons, unless they say otherwise."""

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


KIND = Persona("Be kind.", "")


@dataclass(frozen=True)
class FixedPersonas:
    """The same persona in every channel, and these models to choose from."""

    persona: Persona = KIND
    prefixes: Mapping[str, str] = field(default_factory=dict)

    def for_channel(self, channel: str) -> Persona:
        del channel
        return self.persona

    def models(self) -> Mapping[str, str]:
        return self.prefixes


@dataclass(frozen=True)
class FixedWriters:
    """So many replies grow now."""

    count: int = 1

    def busy_jobs(self) -> int:
        return self.count


class FixedIdentity(IdentityCache):
    """Our identity, known without a file and without a call."""

    def __init__(self, identity: Identity = US) -> None:
        super().__init__("/nonexistent", ask=self.known)
        self._known: Identity = identity

    def known(self) -> Identity:
        return self._known


def options(words: Texts = ENGLISH, **changes: Any) -> AnswerOptions:
    """Return AnswerOptions; `changes` are its fields."""
    usual: dict[str, Any] = {
        "phrases": TextsByLanguage({"ja": words, "en": words}, "auto"),
        "layout": Layout("mrkdwn"),
        "personas": FixedPersonas(),
        "model": "gpt-6-luna",
        "round_trips": 5,
        "max_history_tokens": 8000,
        "update_interval": 0.05,
        "writers": FixedWriters(),
    }
    return AnswerOptions(**usual | changes)
