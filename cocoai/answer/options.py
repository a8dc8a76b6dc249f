"""Manner: how to answer, as the settings say. The roof fills it in."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from cocoai.slack.api.download import AttachmentLimits
from cocoai.slack.markdown.message_layout import Layout
from cocoai.words import Phrasebook, Words

_NO_WORDS = re.compile(r"<[^<>]*>|:[a-z0-9_+-]+:")
"""Mentions, links and emoji are in nobody's language."""


class Persona(Protocol):
    """Who answers in a channel: the standing orders, and the model; none means the settings' one."""

    @property
    def instructions(self) -> str: ...

    @property
    def model(self) -> str: ...


@dataclass(frozen=True)
class AnswerOptions:
    """How to answer. `update_interval` in seconds; `deep` maps a word before a colon to the model that it asks for.

    `persona` tells who answers in a channel; it is asked anew for each question. `writers` tells how many replies are
    being written now, this one included: they share what Slack allows.
    """

    phrases: Phrasebook
    layout: Layout
    persona: Callable[[str], Persona]
    model: str
    round_trips: int
    max_history_tokens: int
    update_interval: float
    deep: Callable[[], Mapping[str, str]] = dict
    buttons: bool = False
    attachments: AttachmentLimits = AttachmentLimits()  # noqa: RUF009 (frozen)
    writers: Callable[[], int] = lambda: 1

    def words(self, text: str) -> Words:
        """The fixed texts for whoever has written `text`, as Slack tells it."""
        return self.phrases.for_text(_NO_WORDS.sub(" ", text))
