"""Asking: what the model is shown of a question, and the answer that it writes, recorded before it is delivered.

It sees the thread as it stands in Slack now, our own earlier answers as they lie in the spool, and what was attached.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator
from dataclasses import asdict, dataclass, replace

from cocoai.answer.attempt import Attempt
from cocoai.answer.options import AnswerOptions
from cocoai.chatgpt.chat import ChatGPTChat, Ending
from cocoai.chatgpt.token_ratio import TokenRatio
from cocoai.conversation import Conversation, Turn
from cocoai.engine.process.wakeup import WakeupPipe
from cocoai.slack.api.chat import SlackChat
from cocoai.slack.api.download import LeftOut, read_files
from cocoai.slack.api.live_message import LiveMessage
from cocoai.slack.inbound.events import Question
from cocoai.slack.markdown.block_parser import clean
from cocoai.slack.markdown.inline_parser import literal
from cocoai.slack.model.messages import Message
from cocoai.slack.thread.history import files_of_question, turns, words_of_question
from cocoai.spool.job import Fact, Key
from cocoai.spool.spool import Spool
from cocoai.words import Words, command, deep

STOPPED = "stopped"
"""The finish of an answer that the asker has stopped."""

GO_ON = "(Go on exactly where your last answer stopped. Repeat nothing of it, and do not announce that you go on.)"
"""Said to the model behind the asker's "continue"."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Asked:
    """What the model was asked. `pieces` are what it writes, and the request leaves with the first of them; they alone
    hold the conversation, which may be large. `left_out` are the files that it does not get.
    """

    model: str
    pieces: Generator[str | Ending, None, None]
    left_out: tuple[LeftOut, ...]
    messages: tuple[Message, ...]
    """The thread as it was read."""


class Asking:
    """Asks the model, in one process. `names` tells what people are called; `own_user` who we are."""

    def __init__(
        self,
        spool: Spool,
        manner: AnswerOptions,
        slack: SlackChat,
        chatgpt: ChatGPTChat,
        *,
        own_user: Callable[[], str],
        names: Callable[[str], str],
        calibration: TokenRatio,
        bell: WakeupPipe | None,
    ) -> None:
        self._spool = spool
        self._manner = manner
        self._slack = slack
        self._chatgpt = chatgpt
        self._own_user = own_user
        self._names = names
        self._calibration = calibration
        self._bell = bell

    def ask(self, run: Attempt, growing: LiveMessage, ts: str) -> Fact:
        """Have the model write, letting the reply at `ts` grow; returns the `answer` fact, which is recorded."""
        if self._spool.is_stop_requested(run.job.key):
            return self._keep(run, "", Ending(STOPPED, "", None), ())
        asked = self._asked(run, growing)
        if run.job.attempt > 1:
            # What the last attempt had shown stays until there is more.
            growing.shown = max((len(message.text) for message in asked.messages if message.ts == ts), default=0)
        text, ending = self._written(run, asked, growing)
        return self._keep(run, text, ending, asked.left_out)

    def has_files(self, run: Attempt) -> bool:
        """Was something attached to the question? A copy of it may not tell; then Slack is asked."""
        question = run.question
        return bool(question.files or (question.is_bare and files_of_question(self._thread(run), question)))

    # what it is shown

    def _asked(self, run: Attempt, growing: LiveMessage) -> Asked:
        question = run.question
        messages = self._thread(run)
        files = files_of_question(messages, question)
        attachments, left_out = read_files(self._slack, files, self._manner.attachments)
        *before, last = self._turns(messages, question)
        goes_on = any(turn.speaker == "cocoai" for turn in before)
        wanted, last = self._addressed(last, words_of_question(messages, question, self._own_user()), goes_on=goes_on)
        persona = self._manner.persona(question.channel)
        model = wanted or persona.model or self._manner.model
        conversation = Conversation(persona.instructions, (*before, replace(last, attachments=attachments)))
        bell = self._bell.fd if self._bell else None
        pieces = self._chatgpt.reply(self._seen(conversation, model), model=model, spare=growing.spare, bell=bell)
        return Asked(model, pieces, left_out, messages)

    def _turns(self, messages: tuple[Message, ...], question: Question) -> tuple[Turn, ...]:
        return turns(messages, question, self._own_user(), said=self._said, names=self._names, is_reset=_is_reset)

    def _seen(self, conversation: Conversation, model: str) -> Conversation:
        """As much of it as the settings allow."""
        recent = conversation.recent(self._manner.round_trips)
        return recent.within(self._manner.max_history_tokens, self._calibration.ratio(model))

    def _thread(self, run: Attempt) -> tuple[Message, ...]:
        """The thread so far. Before a question that opens one nothing was said, nor by us at a first attempt."""
        question = run.question
        if question.in_thread or question.is_bare or question.again or run.job.attempt > 1:
            return self._slack.thread(question.channel, question.thread_ts)
        return ()

    def _said(self, key: str) -> str | None:
        """Our whole answer to an earlier question, if it is kept still."""
        try:
            facts = self._spool.peek("done", Key.parse(key))
        except (OSError, ValueError):
            return None
        answers = [fact for fact in facts if fact.get("fact") == "answer"]
        return str(answers[-1]["text"]) if answers else None

    def _addressed(self, asked: Turn, text: str, *, goes_on: bool) -> tuple[str, Turn]:
        """The model that the asker wants, if his own words say so, and what he asked without that.

        In `asked` his name may stand before his words (`text`), and that may be such a word too.
        """
        if goes_on and command(text) == "continue":
            return "", replace(asked, text=f"{asked.text}\n\n{GO_ON}")
        model, rest = deep(text, self._manner.deep())
        word = text.removesuffix(rest)
        return model, replace(asked, text=asked.text.replace(word, "", 1)) if model else asked

    # what it writes

    def _written(self, run: Attempt, asked: Asked, growing: LiveMessage) -> tuple[str, Ending]:
        """All that it writes, or until the asker has had enough."""
        text, ending = "", Ending("", asked.model, None)
        for piece in asked.pieces:
            if isinstance(piece, Ending):
                ending = piece
            elif self._is_stopped(run, was_rung=not piece):
                asked.pieces.close()
                return text + piece, Ending(STOPPED, asked.model, None)
            else:
                text += piece
                growing.show(text)
        if ending.usage is not None and ending.estimated:
            self._calibration.learn(asked.model, ending.estimated, ending.usage)
        return text, ending

    def _is_stopped(self, run: Attempt, *, was_rung: bool) -> bool:
        """The bell may not have been heard, or not have rung: the wish itself is looked for at every piece."""
        if self._bell and was_rung:
            self._bell.drain()
        return self._spool.is_stop_requested(run.job.key)

    def _keep(self, run: Attempt, text: str, ending: Ending, left_out: tuple[LeftOut, ...]) -> Fact:
        answer: Fact = {"text": text, "model": ending.model, "finish": ending.finish_reason}
        answer |= {"refusal": bool(ending.refusal), "left_out": [asdict(each) for each in left_out]}
        run.record("answer", **answer, usage=ending.usage and asdict(ending.usage))
        return answer


def worded(answer: Fact, run: Attempt) -> str:
    """What the asker reads: never nothing, never a cut or a file left out without a word."""
    if "left_out" not in answer:  # an earlier version recorded it in the asker's words
        return str(answer["text"])
    words = run.words
    finish = answer["finish"]
    notes = {"length": words.cut, STOPPED: words.stopped}
    if clean(answer["text"]).strip():
        said = [answer["text"], notes.get(finish, "")]
    elif finish == STOPPED:
        said = [words.stopped]
    else:
        said = [words.refused if answer.get("refusal") or finish == "content_filter" else words.empty]
    left_out = [_left_out(words, **each) for each in answer["left_out"]]
    return "\n\n".join(filter(None, (*said, "\n".join(left_out))))


def _left_out(words: Words, name: str, why: str) -> str:
    text = words.left_out if name else words.left_out_unnamed
    return text.format(name=literal(name), why=words.why[why])


def _is_reset(text: str) -> bool:
    return command(text) == "reset"
