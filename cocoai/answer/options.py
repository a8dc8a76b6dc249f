"""AnswerOptions: the settings that say how to answer, in the form that answer/ uses. app.py fills it in."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from cocoai.conversation import Persona
from cocoai.slack.api.download import AttachmentLimits
from cocoai.slack.api.live_message import Writers
from cocoai.slack.inbound.access import DEFAULT_ACCESS, AccessRules
from cocoai.slack.markdown.message_layout import Layout
from cocoai.slack.model.question import Question
from cocoai.slack.model.tasks import MessageTask
from cocoai.texts import Language, Texts, TextsByLanguage, language_of

if TYPE_CHECKING:
    from cocoai.documents.access import ReaderRules
    from cocoai.documents.history import History

_NO_WORDS = re.compile(r"<[^<>]*>|:[a-z0-9_+-]+:")
"""Mentions, links and emoji, which are in no language."""


class PersonaSource(Protocol):
    """The personas (instructions and model of each channel) as of now: an operator may change them at any time."""

    def for_channel(self, channel: str) -> Persona:
        """Return the persona that answers in the channel with this id."""

    def models(self) -> Mapping[str, str]:
        """Return the models that an asker may choose by a prefix such as `deep:`, by the normalized word (`deep`)."""


@dataclass(frozen=True)
class MoneyOptions:
    """How money is shown. Amounts are nano-dollars.

    `seat` is what a month elsewhere costs for each person, 0 to compare with nothing. `yen_rate` is a dollar's price in
    1/1000 yen, 0 to show dollars alone. With `shows_cost` each answer says what it cost. `report_channel` gets each
    month's report, "" for none. `zone` is the name of the time zone, "" for the machine's.
    """

    seat: int = 0
    yen_rate: int = 0
    shows_cost: bool = False
    report_channel: str = ""
    zone: str = ""


@dataclass(frozen=True)
class SpeechOptions:
    """How sounds are heard: `use` is `off`, `slack` (its own transcripts) or `model` (where Slack has none, a model).

    `keywords` are words that the model may expect. It hears `minutes_a_day` of each person's sounds, 0 for any number.
    """

    use: str = "slack"
    model: str = "gpt-transcribe"
    keywords: tuple[str, ...] = ()
    minutes_a_day: int = 0


@dataclass(frozen=True)
class ImageOptions:
    """How pictures are drawn: by which model, in which `size`, `quality` and `form`, such as `jpeg`.

    A person gets `per_person_a_day` in 24 hours, 0 for any number.
    """

    model: str
    size: str
    quality: str
    form: str
    per_person_a_day: int = 0


@dataclass(frozen=True)
class DocumentOptions:
    """What answers rest on: the passages in the index at `path`, by the `rules` of where they may be shown.

    The model is shown at most `max_tokens` of them. There are `documents`, a `history` of earlier answers, or both.
    """

    path: str
    rules: ReaderRules
    max_tokens: int = 3000
    documents: bool = True
    history: bool = False

    def instructions(self) -> str:
        """Return how answers are to rest on passages, for the model."""
        from cocoai.answer.material_words import instructions  # not where there are no documents

        return instructions(documents=self.documents, history=self.history)


def nowhere() -> History:
    """Return a history in which nothing is kept."""
    from cocoai.documents.file_history import IN_MEMORY, FileHistory

    return FileHistory(IN_MEMORY)


@dataclass(frozen=True)
class AnswerOptions:
    """How to answer, for all channels and askers.

    `model` answers where the persona names none. The model is shown `round_trips` earlier exchanges or up to twice as
    many, of at most `max_history_tokens` tokens by the model's count (history_cut.py). A growing reply is updated every
    `update_interval` seconds; `writers` counts the replies that grow now, as together they share what Slack allows. By
    the rules of `access` the words of people who may not address us are kept from the model. The users `operators` may
    stop any answer. What is asked in a direct message's own box is answered where `dm_replies` says: in the `thread`
    under it, or in the `box`.
    `follow_ups`: in a thread where we were asked before, a line may need no mention. Without `images` none is drawn.
    `reactions` are the emoji under a message that ask for something. Questions and answers are kept for `history_days`
    in what `history` returns, which is asked in the process that needs it.
    """

    phrases: TextsByLanguage
    layout: Layout
    personas: PersonaSource
    model: str
    round_trips: int
    max_history_tokens: int
    update_interval: float
    writers: Writers
    access: AccessRules = DEFAULT_ACCESS
    buttons: bool = False
    dm_replies: str = "thread"
    follow_ups: bool = True
    operators: Collection[str] = frozenset()
    attachments: AttachmentLimits = AttachmentLimits()  # noqa: RUF009 (frozen)
    money: MoneyOptions = MoneyOptions()
    speech: SpeechOptions = SpeechOptions()
    images: ImageOptions | None = None
    history_days: int = 0
    history: Callable[[], History] = nowhere
    documents: DocumentOptions | None = None
    reactions: Mapping[str, MessageTask] = field(default_factory=dict)

    def texts(self, text: str) -> Texts:
        """Return the fixed texts in the language of `text`, or in the one that the settings name.

        `text` may have Slack's entities and emoji, such as `<@U12>` and `:wave:`: they do not count.
        """
        return self.texts_in(self.language_of(text))

    def language_of(self, text: str) -> Language:
        """Return the language of `text`, which is as in texts(); "" if it has no words."""
        return language_of(_NO_WORDS.sub(" ", text))

    def texts_in(self, language: str) -> Texts:
        """Return the fixed texts in this language, in Japanese for "", or in the one that the settings name."""
        return self.phrases.in_language(language)

    def reply_thread(self, question: Question) -> str:
        """Return the ts of the thread into which a question is answered; "" for a direct message's own box."""
        return "" if self.dm_replies == "box" and question.is_in_box else question.thread_ts

    def model_of(self, channel: str) -> str:
        """Return the name of the model that answers in this channel unless the asker chooses another by a prefix."""
        return self.personas.for_channel(channel).model or self.model
