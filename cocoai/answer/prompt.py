"""PromptBuilder: collect what the model is shown for a question.

That is the thread as it stands in Slack now, our own earlier answers as they lie in the spool, and the attachments.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from functools import partial

from cocoai.answer.attempt import Attempt
from cocoai.answer.heard import Heard
from cocoai.answer.history_cut import HistoryLimits, cut
from cocoai.answer.left_out import lines_for_the_model
from cocoai.answer.options import AnswerOptions
from cocoai.answer.standing_instructions import channel_instructions
from cocoai.answer.task_words import with_question
from cocoai.chatgpt.token_ratio import TokenRatio
from cocoai.conversation import Conversation, Turn
from cocoai.slack.api.chat import SlackChat
from cocoai.slack.api.download import LeftOut, read_files
from cocoai.slack.api.identity_cache import IdentityCache
from cocoai.slack.api.thread_reader import ThreadPart, ThreadRead, answers_in
from cocoai.slack.inbound.access import Author
from cocoai.slack.model.files import SOUNDS, File
from cocoai.slack.model.messages import Message, MessageMetadata
from cocoai.slack.model.plain_text import plain_text
from cocoai.slack.model.question import ASK, Question
from cocoai.slack.thread.box import answered, box_start, since_pause
from cocoai.slack.thread.history import may_be_seen, turns
from cocoai.slack.thread.question_message import files_of_question, has_more_than_text, message_ts, question_message
from cocoai.slack.thread.speakers import MOST_NAMES, is_bot
from cocoai.slack.thread.spoken import as_spoken
from cocoai.slack.thread.user_names import UserNames
from cocoai.spool.job import is_forgotten
from cocoai.spool.key import Key
from cocoai.spool.spool import Spool
from cocoai.spool.store_error import StoreError
from cocoai.texts import command, split_model_prefix, starts_over

CONTINUE_INSTRUCTION = (
    "(Go on exactly where your last answer stopped. Repeat nothing of it, and do not announce that you go on.)"
)
"""Added for the model behind the asker's "continue", and all that it is shown of a click on *Go on*."""


@dataclass(frozen=True)
class Prompt:
    """What the model is shown: the `conversation`, whose last turn is the question, and the name of the `model`.

    `left_out` are the attachments that the model does not get, `messages` is the thread as read. `is_unreadable`: there
    are neither words nor attachments for the model. `about` is how the message begins with which the answer deals,
    where the reply is not right below it. `is_alone`: the thread of that message cannot be read. `words` are the
    question's own, with what it quotes, but without what is told beside them.
    """

    model: str
    conversation: Conversation
    left_out: tuple[LeftOut, ...]
    messages: tuple[Message, ...]
    is_unreadable: bool = False
    about: str = ""
    is_alone: bool = False
    words: str = ""


class PromptBuilder:
    """The builder of all prompts of one process, from Slack's threads and the spool's earlier answers.

    `clock` gives seconds since the epoch: the model is told the date.
    """

    def __init__(
        self,
        spool: Spool,
        options: AnswerOptions,
        slack: SlackChat,
        identity: IdentityCache,
        names: UserNames,
        ratio: TokenRatio,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._spool = spool
        self._options = options
        self._slack = slack
        self._identity = identity
        self._names = names
        self._ratio = ratio
        self._clock = clock
        self._last: tuple[Attempt, ThreadRead] | None = None

    def files(self, attempt: Attempt) -> tuple[File, ...]:
        """Return the files of the question's message. Raise `Temporary` or `Permanent` if Slack does not give it."""
        return files_of_question(self._thread(attempt).messages, attempt.question)

    def earlier_messages(self, attempt: Attempt) -> list[Message]:
        """Return the messages before the question's whose words the model may be shown, oldest first; see files()."""
        asked = float(message_ts(attempt.question))
        return [each for each in self._visible_messages(attempt) if float(each.ts) < asked]

    def own_user(self) -> str:
        """Return our own user's id."""
        return self._identity.user_id()

    def earlier_answer(self, key: str) -> str | None:
        """Return the model's whole text in answer to the question `key`, from the spool.

        Return None if the job is not in done/, has no answer, was forgotten, or `key` is odd: then Slack's has to do.
        """
        try:
            facts = self._spool.peek("done", Key.parse(key))
        except (StoreError, ValueError):
            return None
        answers = [fact for fact in facts if fact.get("fact") == "answer"]
        is_there = answers and not is_forgotten(facts)
        return with_question(facts[0], str(answers[-1]["text"])) if is_there else None

    def speakers(self, attempt: Attempt) -> Iterator[str]:
        """Yield the names of the people in the thread who may address us, and the asker's: the last 20."""
        users = [each.user for each in self._visible_messages(attempt) if not is_bot(each)]
        found = dict.fromkeys((*users[::-1], attempt.question.user))
        found.pop(self._identity.user_id(), None)
        yield from filter(None, map(self._names.name, list(found)[:MOST_NAMES]))

    def build(self, attempt: Attempt, heard: Heard) -> Prompt:
        """Read the thread and download the attachments from Slack, and return the prompt, cut to the settings' limits.

        The question's files are those of `heard`. Attachments that cannot be used are in its `left_out`. Raise
        `Temporary` or `Permanent` if Slack does not give the thread, `Temporary` while it does not give an attachment,
        and `Permanent` `again_gone` or `continue_gone` if a question that is asked once more, or the answer that is
        gone on with, is no longer there.
        """
        question = attempt.question
        own_user = self._identity.user_id()
        thread = self._thread(attempt)
        asked = question_message(thread.messages, question, own_user)
        spoken = as_spoken(replace(asked, files=heard.files), own_user)
        messages = tuple(self._with_sounds(question, own_user, each) for each in thread.messages if each.ts != asked.ts)
        messages = (*messages, replace(spoken, files=()))
        attachments, unread = read_files(self._slack, spoken.files, self._options.attachments, self._names.name)
        left_out = (*unread, *heard.left_out)
        *before, last = turns(
            messages,
            question,
            own_user,
            kept_answer=self.earlier_answer,
            names=self._names,
            is_reset=starts_over,
            is_hidden=partial(self.is_hidden, question),
        )
        text, models = plain_text(spoken.text, own_user), self._options.personas.models()
        if question.continues:
            # By the model that began it, and with the files that it was asked about.
            chosen, last = split_model_prefix(text, models)[0], replace(last, text=CONTINUE_INSTRUCTION)
        else:
            is_continued = any(turn.speaker == "cocoai" for turn in before)
            chosen, last = self._split_command(last, text, is_continued=is_continued)
        model = chosen or self._options.model_of(question.channel)
        words = split_model_prefix(text, models)[1].strip()
        is_unreadable = not (attachments or words or spoken.shown or question.continues)
        lines = "\n".join(filter(None, (last.text, *lines_for_the_model(left_out))))
        turns_shown = (*before, replace(last, text=lines, attachments=attachments))
        conversation = Conversation(self.instructions(question.channel), turns_shown)
        # A summary is of all that was said, as far as the model may be shown it.
        round_trips = len(turns_shown) if question.is_task else self._options.round_trips
        limits = HistoryLimits(round_trips, self._options.max_history_tokens, self._ratio.ratio(model))
        shown = cut(conversation, limits, thread.answers)
        words = plain_text(spoken.shown, own_user) or words
        return Prompt(model, shown, left_out, thread.messages, is_unreadable, words=words)

    def has_files(self, attempt: Attempt) -> bool:
        """Check whether the question's message has more than text: files, or something quoted, pasted or attached.

        An app_mention copy of a message may leave them out: then the thread is read from Slack, which may raise
        `Temporary` or `Permanent`.
        """
        question = attempt.question
        return has_more_than_text((), question) or (
            question.is_bare and has_more_than_text(self._thread(attempt).messages, question)
        )

    def has_others(self, attempt: Attempt) -> bool:
        """Check whether another person than the asker has written in the thread, as far as this attempt has read it."""
        if self._last is None or self._last[0] is not attempt:
            return attempt.question.kind == ASK  # the message that it is about is somebody's
        us = ("", self._identity.user_id(), attempt.question.user)
        return any(message.user not in us and not is_bot(message) for message in self._last[1].messages)

    def forget(self) -> None:
        """Forget the thread that was read for the last attempt."""
        self._last = None

    def _visible_messages(self, attempt: Attempt) -> list[Message]:
        """Return the messages of the thread whose words the model may be shown. Raise as files() does."""
        thread = self._thread(attempt).messages
        own_user = self._identity.user_id()
        return [each for each in thread if each.user == own_user or not self.is_hidden(attempt.question, each)]

    def _with_sounds(self, question: Question, own_user: str, message: Message) -> Message:
        """Return an earlier message with what was heard in its sounds, as it was when that was the question."""
        if message.user == own_user or not any(file.kind in SOUNDS for file in message.files):
            return message
        if self._options.speech.use == "off":
            return replace(message, files=tuple(replace(file, text="") for file in message.files))
        from cocoai.answer.recorded_sounds import with_recorded_sounds

        thread_ts = "" if question.is_in_box else question.thread_ts
        return as_spoken(with_recorded_sounds(self._spool, question.channel, thread_ts, message), own_user)

    def instructions(self, channel: str) -> str:
        """Return the instructions for a channel, completed by what holds for every answer today."""
        return channel_instructions(self._options, channel, time.localtime(self._clock()))

    def _thread(self, attempt: Attempt) -> ThreadRead:
        """Return what `_read_thread` does, which is called once for an attempt."""
        if self._last is None or self._last[0] is not attempt:
            self._last = attempt, self._read_thread(attempt)
        return self._last[1]

    def _read_thread(self, attempt: Attempt) -> ThreadRead:
        """Read from Slack what the question can see of its thread, oldest message first; of that what fits the limits.

        Return an empty one without a call if there is nothing to read: at the first attempt at a question that opens
        its thread and came with its files.
        """
        question = attempt.question
        if question.is_in_box:
            box = self._read_box(question)
            return ThreadRead(box, answers_in(box))
        if not (question.in_thread or question.is_bare or question.again or not attempt.is_first):
            return ThreadRead()
        return self._read_part(question)

    def _read_part(self, question: Question) -> ThreadRead:
        """Read from Slack what the question can see of its thread, of that what fits the limits."""
        # By the ratio of the channel's model: which one a prefix asks for is known only when the message is read.
        ratio = self._ratio.ratio(self._options.model_of(question.channel))
        tokens = self._options.max_history_tokens / min(1.0, ratio)
        until = Key.parse(question.continues).ts if question.continues else message_ts(question)
        part = ThreadPart(until, tokens, partial(may_be_seen, question=question))
        return self._slack.read_thread(question.channel, question.thread_ts, part)

    def _read_box(self, question: Question) -> tuple[Message, ...]:
        """Read the last half hour of a direct message's own box, or up to an hour: its lines are one conversation.

        Where we reply in threads, our answers are none of these messages: those that still stand are added from the
        spool, each behind its question.
        """
        # Up to now: an answer to an earlier line may have been posted after this one was written.
        asked = float(message_ts(question))
        messages = since_pause(self._slack.box(question.channel, box_start(asked)), asked)
        if question.continues not in ("", *answered(messages)):
            # The answer stands in the thread, perhaps not as the first there.
            known = {message.ts for message in messages}
            messages += tuple(each for each in self._read_part(question).messages if each.ts not in known)
        known = answered(messages)
        return tuple(each for message in messages for each in self._with_answer(question.channel, message, known))

    def _with_answer(self, channel: str, message: Message, known: Collection[str]) -> Iterator[Message]:
        """Yield a message of a box, and our answer to it if it stands in the thread under it."""
        yield message
        key = f"{channel}-{message.ts}-{message.ts}"
        if message.has_replies and key not in known and (text := self.earlier_answer(key)) is not None:
            # A ts of its own, between the message's and the next.
            ts = f"{message.ts}1"
            yield Message(ts, self._identity.user_id(), "", text, MessageMetadata(key, "answer"), "")

    def is_hidden(self, question: Question, message: Message) -> bool:
        """Check whether somebody wrote this earlier message whose words are kept from the model, by the settings."""
        author = Author(
            user=message.user,
            channel=question.channel,
            teams=message.teams,
            is_direct=question.channel.startswith("D"),
            may_be_external=question.may_be_shared,
            is_app=is_bot(message),
        )
        return self._options.access.hides(author, self._identity.known())

    def _split_command(self, last: Turn, text: str, *, is_continued: bool) -> tuple[str, Turn]:
        """Return the model that the asker chose by a prefix such as `deep:` ("" for none), and the turn without it.

        `text` is the asker's own words. In `last` the asker's name may stand before them, and a name may look like
        a prefix, so only the words decide. If the text is the command "continue" and `is_continued` (an answer of ours
        stands before it), CONTINUE_INSTRUCTION is added to the turn.
        """
        if is_continued and command(text) == "continue":
            return "", replace(last, text=f"{last.text}\n\n{CONTINUE_INSTRUCTION}")
        model, rest = split_model_prefix(text, self._options.personas.models())
        # The words as a whole: what stands before them may have the same prefix. With names in it the turn may differ.
        old, new = (text, rest) if text in last.text else (text.removesuffix(rest), "")
        return model, replace(last, text=last.text.replace(old, new, 1)) if model else last
