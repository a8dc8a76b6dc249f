"""Tasks: translate or proofread a message, summarize its thread, or answer a question about it.

A reaction or a shortcut has asked for it, not a message to us. What is to be done is known before the words are: a
shortcut has brought them, for a reaction the message is read from Slack first, and with it the thread into which we
reply.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from cocoai.answer.aside import is_unreadable
from cocoai.answer.attempt import Attempt
from cocoai.answer.heard import Heard
from cocoai.answer.light_job import wait_for_question
from cocoai.answer.options import AnswerOptions
from cocoai.answer.private_messages import private_messages, whisper
from cocoai.answer.prompt import Prompt, PromptBuilder
from cocoai.answer.task_words import (
    ABOUT,
    as_quotation,
    ask_quotation,
    ask_request,
    summary_request,
    task_instructions,
)
from cocoai.conversation import Conversation, Turn
from cocoai.errors import Permanent
from cocoai.slack.api.chat import SlackChat
from cocoai.slack.model.files import SOUNDS
from cocoai.slack.model.kept_message import DELETED, message_from, thread_of
from cocoai.slack.model.messages import Message
from cocoai.slack.model.plain_text import escaped, plain_text
from cocoai.slack.model.question import ASK
from cocoai.slack.thread.question_message import message_ts
from cocoai.slack.thread.user_names import UserNames
from cocoai.spool.job import Fact
from cocoai.spool.key import Key
from cocoai.spool.spool import Spool
from cocoai.spool.store_error import NoSuchJob
from cocoai.texts import split_model_prefix
from cocoai.texts.language_names import language_name

GONE = "message_not_found"
"""Slack's code for a message that is deleted, and for one that we may not see."""


ON_WORDS = frozenset({"translate", "proofread"})
"""The tasks that are about a message's own words, and about no thread."""

Found = Literal["found", "nothing", "waits"]
"""What becomes of a task: its message is found, there is nothing to do, or that is still being written."""


@dataclass
class Tasks:
    """What one process needs to do tasks. `clock` gives seconds since the epoch."""

    spool: Spool
    options: AnswerOptions
    slack: SlackChat
    prompts: PromptBuilder
    names: UserNames
    clock: Callable[[], float] = time.time
    _message: tuple[Attempt, Message] | None = None

    def find(self, attempt: Attempt, *, wait: bool = True) -> Found:
        """Find the thread into which we reply, and record it as `located`; or return that there is nothing to do.

        Then the message is gone, its author's words are kept from the model, or it has none; the asker is told that,
        unseen by others. An answer of ours is waited for until it is whole. Return `found`, and do nothing, for a
        question that is about no other message. Raise `Temporary` or `Permanent` as SlackChat does, StoreError if
        nothing can be recorded.
        """
        if not attempt.question.is_about_message:
            return "found"
        located = attempt.job.last("located")
        if located is None:
            if (waited := _waited_for(attempt)) and self._waits(attempt, waited):
                return "waits"
            try:
                message, thread_ts = self._read(attempt, wait=wait)
            except Permanent as error:
                if error.code != GONE:
                    raise
                return self._decline(attempt, "gone")
            if self._is_hidden(attempt, message):
                return self._decline(attempt, "hidden")
            if attempt.question.kind in ON_WORDS and not self._words(message).strip():
                return self._decline(attempt, "wordless")
            if (key := self._being_written(message)) and self._waits(attempt, key):
                return "waits"
            attempt.job.record("located", thread_ts=thread_ts)
            attempt.reply_thread = thread_ts
        else:
            attempt.reply_thread = located["thread_ts"]
        return "found"

    def prompt(self, attempt: Attempt) -> Prompt:
        """Return what the model is shown of a task that was found. Raise as PromptBuilder.build() and find() do.

        Where the thread of what a shortcut has brought cannot be read, it is the message alone.
        """
        question = attempt.question
        try:
            if question.kind == "summarize":
                return self.prompts.build(self._summary(attempt), Heard(()))
            if question.kind == ASK:
                return self._asked(attempt)
        except Permanent as refusal:
            if question.message is None or not is_unreadable(refusal):
                raise
            return replace(self._of_message(attempt), is_alone=True)
        return self._of_message(attempt)

    def quoted(self, attempt: Attempt, answer: Fact) -> str:
        """Return what stands before the answer, as Markdown: what was asked, or how the message begins; "" for nothing.

        `answer` is the `answer` fact, of which `about` and `alone` count.
        """
        question = attempt.question
        above = [as_quotation(answer.get("about", ""))]
        if question.kind == ASK:
            # Nobody else has seen what was typed.
            typed = plain_text(question.text, None)
            above = [ask_quotation(self.names.name(question.user), typed)]
        above += [attempt.texts.tasks["alone"]] if answer.get("alone") else []
        return "\n\n".join(filter(None, above))

    def forget(self) -> None:
        """Forget the message that was read for the last attempt."""
        self._message = None

    def _read(self, attempt: Attempt, *, wait: bool = True) -> tuple[Message, str]:
        """Return the task's message and its thread's ts: as the shortcut has brought them, else from Slack."""
        question = attempt.question
        if question.message is not None:
            message, thread_ts = message_from(question.message), thread_of(question.message)
            # It had not been written yet when the shortcut was used.
            if (waited := _waited_for(attempt)) and (answer := self.prompts.earlier_answer(str(waited))):
                message = replace(message, text=escaped(answer), shown="")
        else:
            message, thread_ts = self.slack.reactions.message(question.channel, message_ts(question), wait=wait)
        if message.subtype == DELETED:
            raise Permanent(GONE, source="Slack")
        self._message = attempt, message
        return message, thread_ts

    def _known(self, attempt: Attempt) -> Message:
        """Return the task's message, which is read once for an attempt."""
        return self._message[1] if self._message and self._message[0] is attempt else self._read(attempt)[0]

    def _is_hidden(self, attempt: Attempt, message: Message) -> bool:
        """Check whether the message is of somebody whose words are kept from the model, by the settings."""
        question = attempt.question
        # Whether the channel is shared a shortcut does not tell, but whoever has used it was found to be ours.
        if message.user in (self.prompts.own_user(), question.user):
            return False
        if question.message is not None and message.user and not message.teams:
            # Not every message in a shortcut's request names its author's team.
            with contextlib.suppress(Permanent):
                message = replace(message, teams=frozenset({self.slack.user_team(message.user)} - {""}))
        return self.prompts.is_hidden(question, message)

    def _being_written(self, message: Message) -> Key | None:
        """Return the key of the question whose answer begins with this message, if that has not ended; else None."""
        if message.user != self.prompts.own_user():
            return None
        for key in self.spool.keys("ready"):
            with contextlib.suppress(NoSuchJob):
                facts = self.spool.peek("ready", key)
                if any((fact.get("fact"), fact.get("ts")) == ("placeholder", message.ts) for fact in facts):
                    return key
        return None

    def _waits(self, attempt: Attempt, key: Key) -> bool:
        """Put the task off if the question with this key has not ended; return True if it was."""
        with contextlib.suppress(NoSuchJob):
            self.spool.peek("ready", key)
            wait_for_question(attempt.job, self.clock(), of=str(key))
            return True
        return False

    def _decline(self, attempt: Attempt, why: str) -> Found:
        """Tell the asker, unseen by others, why nothing is done; a refusal of Slack's is ignored."""
        with contextlib.suppress(Permanent):
            messages = private_messages(attempt.job, self.slack, attempt.question)
            whisper(messages, attempt.question.channel, attempt.texts.tasks[why])
        return "nothing"

    def _of_message(self, attempt: Attempt) -> Prompt:
        """Return what the model is shown if that is the message alone."""
        question, message = attempt.question, self._known(attempt)
        text = self._words(message)
        model, instructions = self.options.model_of(question.channel), self.prompts.instructions(question.channel)
        if question.kind == ASK:
            request = plain_text(self._request(attempt, message), self.prompts.own_user())
            chosen, text = split_model_prefix(request, self.options.personas.models())
            model = chosen or model
        else:
            target = language_name(question.language)
            instructions = task_instructions(question.kind, target, self._readers_language(attempt))
        is_elsewhere = attempt.reply_thread != message.ts
        about = " ".join(text.split())[:ABOUT] if is_elsewhere and question.kind != ASK else ""
        conversation = Conversation(instructions, (Turn("asker", text),))
        return Prompt(model, conversation, (), (), is_unreadable=not text.strip(), about=about)

    def _summary(self, attempt: Attempt) -> Attempt:
        """Return the attempt as one at a question in the thread, which asks for a summary of what was said so far."""
        return self._in_thread(attempt, summary_request(self._readers_language(attempt)))

    def _asked(self, attempt: Attempt) -> Prompt:
        """Return what the model is shown of a question about a message: the thread so far, and which message it is."""
        asked = self._in_thread(attempt, "")
        before = self.prompts.earlier_messages(asked)
        ts = message_ts(attempt.question)
        message = next((each for each in before if each.ts == ts), None) or self._known(attempt)
        # In the thread as it was just read: for another attempt it would be read again.
        asked.question = replace(asked.question, text=self._request(attempt, message))
        return self.prompts.build(asked, Heard(tuple(file for file in message.files if file.kind not in SOUNDS)))

    def _in_thread(self, attempt: Attempt, text: str) -> Attempt:
        """Return the attempt as one at a question with this text, which was asked in the thread when ours was."""
        at = attempt.question.asked_at
        question = replace(attempt.question, thread_ts=attempt.reply_thread, ts=at, again="", text=text)
        return Attempt(attempt.job, question, attempt.texts, attempt.reply_thread)

    def _request(self, attempt: Attempt, message: Message) -> str:
        """Return the asker's question for the model, as Slack writes text, and the message that it is about."""
        name = self.names.name(message.user) or message.name
        return attempt.question.text + escaped(ask_request(name, self._words(message)))

    def _words(self, message: Message) -> str:
        return plain_text(message.content, self.prompts.own_user(), self.names.name)

    def _readers_language(self, attempt: Attempt) -> str:
        """Return the name of the language in which the asker reads what is no translation."""
        return language_name(self.options.phrases.language(self.names.language(attempt.question.user)))


def _waited_for(attempt: Attempt) -> Key | None:
    """Return the key of the question for whose answer the task was put off; None if it was not."""
    keys = [retry["of"] for retry in attempt.job.facts("retry") if "of" in retry]
    return Key.parse(keys[-1]) if keys else None
