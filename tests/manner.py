"""How the tests answer: in one language, in text alone, without buttons, unless they say otherwise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cocoai.answer import AnswerOptions
from cocoai.slack.markdown.message_layout import Layout
from cocoai.words import ENGLISH, Phrasebook, Words


@dataclass(frozen=True)
class Persona:
    """The same in every channel."""

    instructions: str = "Be kind."
    model: str = ""


def manner(words: Words = ENGLISH, **changes: Any) -> AnswerOptions:
    """A Manner; `changes` are its fields."""
    usual: dict[str, Any] = {
        "phrases": Phrasebook({"ja": words, "en": words}, "auto"),
        "layout": Layout("mrkdwn"),
        "persona": lambda _: Persona(),
        "model": "gpt-6-luna",
        "round_trips": 5,
        "max_history_tokens": 8000,
        "update_interval": 0.05,
    }
    return AnswerOptions(**usual | changes)
