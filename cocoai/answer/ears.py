"""Ears: hear the sounds of a question, if it has any. What listens is loaded only then."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from cocoai.answer.attempt import Attempt
from cocoai.answer.heard import Heard
from cocoai.answer.options import AnswerOptions
from cocoai.answer.paid_requests import Books
from cocoai.answer.prompt import PromptBuilder
from cocoai.answer.stops import StopRequests
from cocoai.errors import Permanent
from cocoai.slack.api.chat import SlackChat
from cocoai.slack.model.files import SOUNDS, File
from cocoai.slack.model.messages import Message
from cocoai.slack.model.plain_text import plain_text
from cocoai.slack.model.question import Question
from cocoai.slack.model.talk import Talk, place
from cocoai.slack.thread.user_names import UserNames
from cocoai.spool.job import Fact
from cocoai.spool.spool import Spool
from cocoai.spool.store_error import StoreError
from cocoai.texts import Language, Texts, command

if TYPE_CHECKING:
    from cocoai.chatgpt.transcription import Hints, Transcriber


HEARING = 600.0
"""Seconds more that a job may take where a model listens: what it has heard by then, the next attempt knows."""


def cannot_listen() -> Transcriber:
    """Raise `Permanent`: there is no model that listens."""
    raise Permanent("speech")


def load_what_listens() -> None:
    """Import what a sound needs, so that the processes that are forked later share it: a MiB for each less."""
    import cocoai.answer.hearing
    import cocoai.answer.quotation
    import cocoai.answer.thread_file  # noqa: F401


@dataclass(frozen=True)
class Ears:
    """What one process needs to hear. `listen` makes the connection to the model that listens.

    Below `folder` lie the bytes of a sound on its way. By `stops` an attempt may end early.
    """

    spool: Spool
    options: AnswerOptions
    slack: SlackChat
    books: Books
    prompts: PromptBuilder
    names: UserNames
    listen: Callable[[], Transcriber]
    folder: str
    stops: StopRequests

    def hear(self, attempt: Attempt) -> Heard:
        """Return the files of the question, with the words of its sounds; see Heard.

        Somebody who asks for the words themselves, below a message with sounds, means those.

        Raise `Temporary` or `Permanent` if Slack or OpenAI fails, or nothing may be paid, and StoreError.
        """
        files = self.prompts.files(attempt)
        asks_for_words = command(plain_text(attempt.question.text, self.prompts.own_user())) == "transcribe"
        if asks_for_words and not any(map(_may_be_sound, files)):
            files = (*files, *_newest_sounds(self.prompts.earlier_messages(attempt)))
        if not any(map(_may_be_sound, files)) or self.options.attachments.question_bytes <= 0:
            return Heard(files)
        from cocoai.answer.hearing import Hearing

        hearing = Hearing(self.spool, self.options, self.slack, self.books, self.listen, self.folder, self.stops)
        heard = hearing.hear(attempt, files, lambda: self._hints(attempt))
        return replace(heard, is_wanted_itself=asks_for_words and bool(heard.sounds))

    def quoted(self, sounds: Sequence[Fact], texts: Texts, *, is_told: bool = False) -> str:
        """Return how a reply quotes what was heard, by the facts of an answer; "" for no sounds. See quotation()."""
        if not sounds:
            return ""
        from cocoai.answer.quotation import quotation

        return quotation(sounds, texts, self.options.money.yen_rate, is_told=is_told)

    def language(self, question: Question, sounds: Sequence[Fact]) -> Language:
        """Return the language of a question's words, or if it has none of what was heard; "" if there is neither."""
        heard = "\n".join(sound["text"] for sound in sounds)
        return self.options.language_of(question.sample) or self.options.language_of(heard)

    def _hints(self, attempt: Attempt) -> Hints:
        """Return what a model may expect: the languages of the question, its thread and its asker; names, and words."""
        from cocoai.chatgpt.transcription import Hints

        question = attempt.question
        try:
            talk = Talk.from_facts(self.spool.mark_of(*place(question)) or {})
        except StoreError:
            talk = Talk()
        spoken = (self.options.language_of(question.sample), talk.language, self.names.language(question.user))
        keywords = (*self.options.speech.keywords, *self.prompts.speakers(attempt))
        return Hints(tuple(filter(None, dict.fromkeys(spoken))), keywords)


def _may_be_sound(file: File) -> bool:
    return file.kind in SOUNDS or file.is_stub


def _newest_sounds(messages: Sequence[Message]) -> tuple[File, ...]:
    """Return the sounds of the newest message that has any; () if none has. `messages` are the oldest first."""
    sounds = (tuple(file for file in message.files if file.kind in SOUNDS) for message in reversed(messages))
    return next(filter(None, sounds), ())
