"""AnswerOptions: how to answer, as the settings say. app.py fills it in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from cocoai.conversation import Persona
from cocoai.slack.api.download import AttachmentLimits
from cocoai.slack.api.live_message import Writers
from cocoai.slack.markdown.message_layout import Layout
from cocoai.texts import Texts, TextsByLanguage

_NO_WORDS = re.compile(r"<[^<>]*>|:[a-z0-9_+-]+:")
"""Mentions, links and emoji, which are in no language."""


class PersonaSource(Protocol):
    """The personas as of now: an operator may change them while the pool runs."""

    def for_channel(self, channel: str) -> Persona:
        """Return who answers in this channel."""

    def models(self) -> Mapping[str, str]:
        """Return the models that an asker may choose, by the normalized prefix that chooses each."""


@dataclass(frozen=True)
class AnswerOptions:
    """How to answer. `update_interval` is in seconds, `max_history_tokens` in estimated tokens of the model.

    `writers` counts the replies that grow now: together they share what Slack allows.
    """

    phrases: TextsByLanguage
    layout: Layout
    personas: PersonaSource
    model: str
    round_trips: int
    max_history_tokens: int
    update_interval: float
    writers: Writers
    buttons: bool = False
    attachments: AttachmentLimits = AttachmentLimits()  # noqa: RUF009 (frozen)

    def texts(self, text: str) -> Texts:
        """Return the fixed texts in the language of `text`, which is as Slack writes it."""
        return self.phrases.for_text(_NO_WORDS.sub(" ", text))

    def model_of(self, channel: str) -> str:
        """Return the model that answers in this channel unless the asker chooses another."""
        return self.personas.for_channel(channel).model or self.model
