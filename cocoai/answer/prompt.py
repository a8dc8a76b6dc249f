"""PromptBuilder: what the model is shown of a question.

That is the thread as it stands in Slack now, our own earlier answers as they lie in the spool, and the attachments.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from cocoai.answer.attempt import Attempt
from cocoai.answer.options import AnswerOptions
from cocoai.chatgpt.token_ratio import TokenRatio
from cocoai.conversation import Conversation, Turn
from cocoai.slack.api.chat import SlackChat
from cocoai.slack.api.download import LeftOut, read_files
from cocoai.slack.api.identity_cache import IdentityCache
from cocoai.slack.model.messages import Message
from cocoai.slack.thread.history import files_of_question, text_of_question, turns
from cocoai.slack.thread.user_names import UserNames
from cocoai.spool.key import Key
from cocoai.spool.spool import Spool
from cocoai.spool.store_error import StoreError
from cocoai.texts import command, split_model_prefix

CONTINUE_INSTRUCTION = (
    "(Go on exactly where your last answer stopped. Repeat nothing of it, and do not announce that you go on.)"
)
"""Added for the model behind the asker's "continue"."""


@dataclass(frozen=True)
class Prompt:
    """What the model is shown: the `conversation`, with the last turn being the question, and the `model` asked.

    `left_out` are the attachments that the model does not get; `messages` is the thread as it was read.
    """

    model: str
    conversation: Conversation
    left_out: tuple[LeftOut, ...]
    messages: tuple[Message, ...]


class PromptBuilder:
    """Builds prompts in one process, from Slack's thread and the spool's earlier answers."""

    def __init__(
        self,
        spool: Spool,
        options: AnswerOptions,
        slack: SlackChat,
        identity: IdentityCache,
        names: UserNames,
        ratio: TokenRatio,
    ) -> None:
        self._spool = spool
        self._options = options
        self._slack = slack
        self._identity = identity
        self._names = names
        self._ratio = ratio

    def build(self, attempt: Attempt) -> Prompt:
        """Read the thread and the attachments, and return the prompt.

        Raise `Temporary` or `Permanent` if Slack does not give them.
        """
        question = attempt.question
        own_user = self._identity.user_id()
        messages = self._thread(attempt)
        files = files_of_question(messages, question)
        attachments, left_out = read_files(self._slack, files, self._options.attachments)
        *before, last = turns(
            messages,
            question,
            own_user,
            kept_answer=self._earlier_answer,
            names=self._names,
            is_reset=_is_reset,
        )
        text = text_of_question(messages, question, own_user)
        chosen, last = self._split_command(last, text, is_continued=any(turn.speaker == "cocoai" for turn in before))
        model = chosen or self._options.model_of(question.channel)
        instructions = self._options.personas.for_channel(question.channel).instructions
        conversation = Conversation(instructions, (*before, replace(last, attachments=attachments)))
        return Prompt(model, self._within_limits(conversation, model), left_out, messages)

    def has_files(self, attempt: Attempt) -> bool:
        """Check whether files are attached to the question.

        An app_mention copy of a message may leave them out: then the thread is read from Slack.
        """
        question = attempt.question
        return bool(question.files or (question.is_bare and files_of_question(self._thread(attempt), question)))

    def _within_limits(self, conversation: Conversation, model: str) -> Conversation:
        recent = conversation.recent(self._options.round_trips)
        return recent.within(self._options.max_history_tokens, self._ratio.ratio(model))

    def _thread(self, attempt: Attempt) -> tuple[Message, ...]:
        """Return the thread so far; empty for a question that opens its thread, at the first attempt."""
        question = attempt.question
        if question.in_thread or question.is_bare or question.again or attempt.job.attempt > 1:
            return self._slack.thread(question.channel, question.thread_ts)
        return ()

    def _earlier_answer(self, key: str) -> str | None:
        """Return our whole answer to an earlier question; None if the spool no longer keeps it."""
        try:
            facts = self._spool.peek("done", Key.parse(key))
        except (StoreError, ValueError):
            return None
        answers = [fact for fact in facts if fact.get("fact") == "answer"]
        return str(answers[-1]["text"]) if answers else None

    def _split_command(self, last: Turn, text: str, *, is_continued: bool) -> tuple[str, Turn]:
        """Return the model that the asker chose by a prefix ("" for none), and the turn without that prefix.

        `text` is the asker's own words. In `last` the asker's name may stand before them, and a name may look like
        a prefix, so only the words decide. "continue" behind an answer of ours gets CONTINUE_INSTRUCTION.
        """
        if is_continued and command(text) == "continue":
            return "", replace(last, text=f"{last.text}\n\n{CONTINUE_INSTRUCTION}")
        model, rest = split_model_prefix(text, self._options.personas.models())
        prefix = text.removesuffix(rest)
        return model, replace(last, text=last.text.replace(prefix, "", 1)) if model else last


def _is_reset(text: str) -> bool:
    return command(text) == "reset"
