"""Tasks: translate or proofread a message, or summarize its thread, as a reaction has asked for.

What is to be done is known before the words are: the message is read from Slack first, and with it the thread into
which we reply.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, replace

from cocoai.answer.attempt import Attempt
from cocoai.answer.heard import Heard
from cocoai.answer.options import AnswerOptions
from cocoai.answer.prompt import Prompt, PromptBuilder
from cocoai.answer.task_words import ABOUT, summary_request, task_instructions
from cocoai.conversation import Conversation, Turn
from cocoai.errors import Permanent
from cocoai.slack.api.chat import SlackChat
from cocoai.slack.markdown.inline_parser import escape_markdown
from cocoai.slack.model.messages import Message
from cocoai.slack.model.plain_text import plain_text
from cocoai.slack.thread.question_message import message_ts
from cocoai.slack.thread.user_names import UserNames
from cocoai.texts.language_names import language_name

GONE = "message_not_found"
"""Slack's code for a message that is deleted, and for one that we may not see."""


@dataclass
class Tasks:
    """What one process needs to do tasks."""

    options: AnswerOptions
    slack: SlackChat
    prompts: PromptBuilder
    names: UserNames
    _message: tuple[Attempt, Message] | None = None

    def find(self, attempt: Attempt, *, wait: bool = True) -> bool:
        """Find the thread into which we reply, and record it as `located`; return False if there is nothing to do.

        Then the message is gone, or its author's words are kept from the model; the asker is told that, unseen by
        others. Raise `Temporary` or `Permanent` as SlackChat does, StoreError if nothing can be recorded.
        """
        located = attempt.job.last("located")
        if located is None:
            try:
                message, thread_ts = self._read(attempt, wait=wait)
            except Permanent as error:
                if error.code != GONE:
                    raise
                return self._decline(attempt, "gone")
            if message.user != self.prompts.own_user() and self.prompts.is_hidden(attempt.question, message):
                return self._decline(attempt, "hidden")
            attempt.job.record("located", thread_ts=thread_ts)
            attempt.reply_thread = thread_ts
        else:
            attempt.reply_thread = located["thread_ts"]
        return True

    def prompt(self, attempt: Attempt) -> Prompt:
        """Return what the model is shown of a task that was found. Raise as PromptBuilder.build() and find() do."""
        question = attempt.question
        language = self._readers_language(attempt)
        if question.kind == "summarize":
            return self.prompts.build(self._summary(attempt, language), Heard(()))
        known = self._message
        message = known[1] if known and known[0] is attempt else self._read(attempt)[0]
        text = plain_text(message.content, self.prompts.own_user(), self.names.name)
        instructions = task_instructions(question.kind, language_name(question.language), language)
        conversation = Conversation(instructions, (Turn("asker", text),))
        is_elsewhere = attempt.reply_thread != message.ts
        about = " ".join(text.split())[:ABOUT] if is_elsewhere else ""
        model = self.options.model_of(question.channel)
        return Prompt(model, conversation, (), (), is_unreadable=not text.strip(), about=about)

    def forget(self) -> None:
        """Forget the message that was read for the last attempt."""
        self._message = None

    def _read(self, attempt: Attempt, *, wait: bool = True) -> tuple[Message, str]:
        """Return the task's message and its thread's ts, from Slack."""
        question = attempt.question
        message, thread_ts = self.slack.reactions.message(question.channel, message_ts(question), wait=wait)
        self._message = attempt, message
        return message, thread_ts

    def _decline(self, attempt: Attempt, why: str) -> bool:
        """Tell the asker, unseen by others, why nothing is done; a refusal of Slack's is ignored. Return False."""
        question = attempt.question
        with contextlib.suppress(Permanent):
            self.slack.post_ephemeral(question.channel, question.user, attempt.texts.tasks[why], "", wait=False)
        return False

    def _summary(self, attempt: Attempt, language: str) -> Attempt:
        """Return the attempt as one at a question in the thread, which asks for a summary of what was said so far."""
        question = replace(
            attempt.question,
            thread_ts=attempt.reply_thread,
            ts=attempt.question.asked_at,
            again="",
            text=summary_request(language),
        )
        return Attempt(attempt.job, question, attempt.texts, attempt.reply_thread)

    def _readers_language(self, attempt: Attempt) -> str:
        """Return the name of the language in which the asker reads what is no translation."""
        return language_name(self.options.phrases.language(self.names.language(attempt.question.user)))


def as_quotation(about: str) -> str:
    """Return how a reply quotes the beginning of the message that it is about, as Markdown; "" for none."""
    return f"> {escape_markdown(about)}{'…' if len(about) >= ABOUT else ''}" if about else ""
