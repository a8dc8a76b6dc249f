"""OwnNotes: what CocoAI replies by itself, without a model: to `help`, `forget this`, `find …`, and to no words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cocoai.answer.attempt import Attempt
from cocoai.answer.options import AnswerOptions
from cocoai.answer.paid_requests import Books
from cocoai.answer.prompt import PromptBuilder
from cocoai.slack.api.chat import SlackChat
from cocoai.slack.api.identity_cache import IdentityCache
from cocoai.slack.model.plain_text import plain_text
from cocoai.slack.model.tasks import example
from cocoai.slack.thread.user_names import UserNames
from cocoai.spool.spool import Spool
from cocoai.texts import Texts, command, split_model_prefix

if TYPE_CHECKING:
    from cocoai.answer.usage_reply import UsageReply


@dataclass(frozen=True)
class OwnNotes:
    """The replies of one process that no model writes. `clock` gives epoch seconds; `folder` is `var`.

    In `spool` lie earlier answers.
    """

    options: AnswerOptions
    slack: SlackChat
    books: Books
    identity: IdentityCache
    names: UserNames
    prompts: PromptBuilder
    clock: Callable[[], float]
    folder: str
    spool: Spool

    def note(self, attempt: Attempt) -> str:
        """Return what we reply with by ourselves: to a mention without words, and to a command but `continue`.

        Return "" if the model is to answer: for any other text, for files without words, for a task, and for a question
        that is asked once more. A model prefix with nothing behind it (`deep:`) counts as no words.
        """
        question = attempt.question
        text = plain_text(question.text, self.identity.user_id())
        is_empty = not split_model_prefix(text, self.options.personas.models())[1]
        if question.again or question.is_about_message or (is_empty and self.prompts.has_files(attempt)):
            return ""
        if self.options.documents and not is_empty and (note := self._of_documents(attempt, text)):
            return note
        match "help" if is_empty else command(text):
            case "help":
                return self.help(attempt.texts)
            case "reset":
                return attempt.texts.started_over
            case "forget_all" if not self.options.history_days:
                return attempt.texts.started_over  # as these words were always understood where nothing is kept
            case "forget" | "forget_all" | "forget_me" as wanted:
                return self.forget(attempt, everywhere=wanted != "forget")
            case "usage":
                return self.usage().answer(attempt)
            case "model":
                return self.model(attempt.texts, question.channel)
        return ""

    def _of_documents(self, attempt: Attempt, text: str) -> str:
        """Return the passages that the text asks for: of the last answer, or with words; "" if it is no command."""
        from cocoai.texts.search_requests import search_request

        is_about_last, words = command(text) == "sources", search_request(text)
        if self.options.documents is None or not (is_about_last or words):
            return ""
        from cocoai.answer.material_notes import MaterialNotes

        notes = MaterialNotes(self.options.documents, self.spool, self.prompts)
        return notes.sources(attempt) if is_about_last else notes.list(attempt, words)

    def language(self, user: str) -> str:
        """Return the language in which a person uses Slack: `ja` or `en`, "" if that is unknown."""
        return self.names.language(user)

    def usage(self) -> UsageReply:
        """Return what tells people their own usage and the team's."""
        from cocoai.answer.usage_reply import UsageReply  # most processes never need it

        return UsageReply(self.books, self.options, self.slack, self.names, clock=self.clock)

    def forget(self, attempt: Attempt, *, everywhere: bool) -> str:
        """Forget what the asker has asked, in this thread or `everywhere`, and return what is to be said of it."""
        from cocoai.answer.forget_reply import ForgetReply  # most processes never need it

        return ForgetReply(self.folder, self.spool, self.options, self.clock).answer(attempt, everywhere=everywhere)

    def model(self, texts: Texts, channel: str) -> str:
        """Return which model answers in a channel."""
        return texts.model.format(model=self.options.model_of(channel))

    def help(self, texts: Texts) -> str:
        """Return what can be asked of CocoAI, by what is switched on."""
        options = self.options
        return texts.help_text(
            options.personas.models(),
            follow_ups=options.follow_ups,
            files=options.attachments.question_bytes > 0,
            buttons=options.buttons,
            pictures=options.images is not None,
            documents=options.documents is not None and options.documents.documents,
            history=options.documents is not None and options.documents.history,
            translate=example("translate", options.reactions),
            summarize=example("summarize", options.reactions),
        )
