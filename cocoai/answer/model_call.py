"""ModelCall: have the model write an answer, show it in Slack while it grows, and record it in the job."""

from __future__ import annotations

import math
import time
from contextlib import closing
from dataclasses import asdict, dataclass, field
from hashlib import blake2s
from typing import TYPE_CHECKING

from cocoai.answer.attempt import Attempt
from cocoai.answer.ears import Ears
from cocoai.answer.heard import Heard, as_markdown
from cocoai.answer.left_out import note_for_the_asker
from cocoai.answer.paid_requests import Books, PaidRequests
from cocoai.answer.prompt import PromptBuilder
from cocoai.answer.reply import Reply
from cocoai.answer.reply_buttons import CUT
from cocoai.answer.retry import is_wait_told
from cocoai.answer.stops import StopRequests
from cocoai.answer.tasks import Tasks
from cocoai.chatgpt.chat import ChatGPTChat
from cocoai.chatgpt.stream import AnswerPieces, Ending, Interruption
from cocoai.errors import CocoAIError
from cocoai.slack.api.download import LeftOut
from cocoai.slack.api.live_message import LiveMessage
from cocoai.slack.markdown.block_parser import normalize_markdown
from cocoai.slack.model.question import Question
from cocoai.spool.job import Fact
from cocoai.texts import Texts

if TYPE_CHECKING:
    from cocoai.answer.material import Material

STILL_THINKING = 10.0
"""Seconds without a word of the answer after which the asker reads that the model is at work."""

STOPPED = "stopped"
"""The `finish` of an answer that the asker has stopped."""

NOTHING_READ = "nothing_read"
"""The `finish` of an answer to a message of which nothing could be read: the model was not asked."""

SILENT = "silent"
"""The `finish` of an answer to a sound in which nothing is said: the model was not asked."""

TRANSCRIBED = "transcribed"
"""The `finish` of an answer that is the words of a sound themselves, as they are: the model was not asked."""

PICTURE = "picture"
"""The `finish` of an answer that is a picture."""

IN_FILE = "in_file"
"""Stands in answer_text() for TRANSCRIBED if the answer has only the beginning of what is in a file. Not recorded."""


@dataclass(frozen=True)
class _RunningCall:
    """A call of the model. The request is sent when the first of its `pieces` is asked for.

    Only `pieces` holds the conversation, which may be large, and drops it once the request is sent. It is None if there
    is nothing to ask: then `finish` says why, and `text` is the answer. `shown` is how many characters of an earlier
    attempt's answer stand in Slack already. What was `heard`, or what Tasks.quoted() makes of `noted`, is `quoted`
    before the answer.
    """

    heard: Heard
    model: str = ""
    pieces: AnswerPieces | None = None
    left_out: tuple[LeftOut, ...] = ()
    shown: int = 0
    finish: str = NOTHING_READ
    text: str = ""
    quoted: str = ""
    noted: Fact = field(default_factory=dict)


class ModelCall:
    """The calls of the model of one process, one at a time. By `stops` each may end early; each is paid by `books`."""

    def __init__(
        self,
        prompts: PromptBuilder,
        tasks: Tasks,
        chatgpt: ChatGPTChat,
        books: Books,
        stops: StopRequests,
        ears: Ears,
        material: Material | None = None,
    ) -> None:
        self._prompts = prompts
        self._tasks = tasks
        self._ears = ears
        self._material = material
        self._chatgpt = chatgpt
        self._books = books
        self._stops = stops

    def ask(self, attempt: Attempt, reply: Reply, ts: str) -> Fact:
        """Have the model write an answer, show it in the reply, whose first message is `ts`, and record it.

        Return the `answer` fact: `text`, `model`, `finish`, `refusal`, `left_out`, and the `bill` of the paid `call`;
        `heard` if the question had sounds, `about` and `alone` as in Prompt. If the asker requests a stop, it has the
        text written so far, and STOPPED as `finish`; if there is nothing to ask, no text and NOTHING_READ or SILENT,
        and the model is not asked, nor for TRANSCRIBED. If the disk refuses the fact, it is returned all the same.

        Raise `Temporary` or `Permanent` if Slack or OpenAI fails, no further request may be sent (`attempts`) or paid,
        StoreError if the request cannot be recorded.
        """
        requests = PaidRequests(attempt, self._books)
        if self._stops.is_stopped(attempt):
            return self._record_answer(attempt, requests, "", Ending(STOPPED, "", None), _RunningCall(Heard(())))
        call = self._start(attempt, requests, ts)
        if call.pieces is None:
            return self._record_answer(attempt, requests, call.text, Ending(call.finish, call.model, None), call)
        live = reply.live(ts)
        if not attempt.is_first:
            live.shown = call.shown  # what the last attempt had shown stays until there is more
        text, ending = self._read(attempt, requests, call, call.pieces, reply, live)
        return self._record_answer(attempt, requests, text, ending, call)

    def _start(self, attempt: Attempt, requests: PaidRequests, ts: str) -> _RunningCall:
        """Read the thread and build the prompt; return a call that has not been sent yet.

        `ts` is the reply's: what Slack has of it now tells how much an earlier attempt showed.
        """
        is_task = attempt.question.is_about_message
        heard = Heard(()) if is_task else self._ears.hear(attempt)
        if (heard.sounds or heard.left_out) and self._stops.is_stopped(attempt):
            return _RunningCall(heard, finish=STOPPED)  # what was not heard is not to be told: nobody waits for it
        if heard.is_wanted_itself:
            listeners = dict.fromkeys(filter(None, (sound.listener for sound in heard.sounds)))
            model, finish = ", ".join(listeners), TRANSCRIBED if heard.words else SILENT
            return _RunningCall(heard, model, None, heard.left_out, finish=finish, text=heard.words)
        prompt = self._tasks.prompt(attempt) if is_task else self._prompts.build(attempt, heard)
        if prompt.is_unreadable:
            finish = SILENT if heard.is_silent else NOTHING_READ
            return _RunningCall(heard, prompt.model, None, prompt.left_out, finish=finish)
        if self._material is not None:
            prompt = self._material.added(attempt, prompt)
            if self._stops.is_stopped(attempt):
                return _RunningCall(heard, prompt.model, left_out=prompt.left_out, finish=STOPPED)
        pieces = self._chatgpt.reply(
            prompt.conversation,
            model=prompt.model,
            wakeup=self._stops.fd,
            patience=STILL_THINKING,
            cache_key=cache_key(attempt.question),
            recorder=requests,
        )
        standing = [] if is_wait_told(attempt.job) else [each for each in prompt.messages if each.ts == ts]
        shown = max((len(message.text) for message in standing), default=0)
        noted: Fact = {"about": prompt.about} if prompt.about else {}
        noted |= {"alone": True} if prompt.is_alone else {}
        quoted = self._tasks.quoted(attempt, noted) or self._ears.quoted(heard.facts(), attempt.texts)
        return _RunningCall(heard, prompt.model, pieces, prompt.left_out, shown, quoted=quoted, noted=noted)

    def _read(
        self,
        attempt: Attempt,
        requests: PaidRequests,
        call: _RunningCall,
        pieces: AnswerPieces,
        reply: Reply,
        live: LiveMessage,
    ) -> tuple[str, Ending]:
        """Read the answer to its end, or until the asker stops it; show it meanwhile. Return its text and how it ended.

        If it has no text after STILL_THINKING, the reply says so. The usage, if there is any, is learned by the token
        ratio. A stop closes the connection, and an error settles what was paid.
        """
        text, before = "", f"{call.quoted}\n\n" if call.quoted else ""
        thinks_until = time.monotonic() + STILL_THINKING
        try:
            with closing(pieces):
                piece = next(pieces)
                while not isinstance(piece, Ending):
                    text += piece if isinstance(piece, str) else ""
                    if self._stops.is_stopped(attempt, is_interrupted=isinstance(piece, Interruption)):
                        return text, Ending(STOPPED, call.model, None)
                    if not (text or live.shown) and time.monotonic() >= thinks_until:
                        thinks_until = math.inf
                        reply.show_wait(attempt.texts.thinking)
                    live.show(before + text if text else "")
                    piece = pieces.send(live.seconds_to_next())
        except CocoAIError:
            requests.fail(text)
            raise
        if piece.usage is not None and piece.estimated_tokens:
            self._books.ratio.learn(call.model, piece.estimated_tokens, piece.usage)
        return text, piece

    def _record_answer(
        self, attempt: Attempt, requests: PaidRequests, text: str, ending: Ending, call: _RunningCall
    ) -> Fact:
        """Record the `answer` fact, settle its call, and return the fact, even if the disk refuses it.

        `usage` is only in the record.
        """
        answer: Fact = {"text": text, "model": ending.model, "finish": ending.finish_reason}
        answer |= {"refusal": bool(ending.refusal), "left_out": [asdict(each) for each in call.left_out]}
        answer |= {"heard": call.heard.facts()} if call.heard.sounds else {}
        answer |= call.noted
        answer |= requests.facts(text, ending)
        attempt.record("answer", **answer, usage=ending.usage and asdict(ending.usage))
        requests.settle_by(answer)
        return answer


def cache_key(question: Question) -> str:
    """Return the key under which OpenAI finds what it has cached of a thread, or of a direct message's own box.

    It tells nothing about Slack.
    """
    thread = "" if question.is_in_box else question.thread_ts  # all lines of a box are one conversation
    return blake2s(f"{question.channel}-{thread}".encode(), digest_size=16).hexdigest()


def answer_text(
    answer: Fact, texts: Texts, cost: str = "", heard: str = "", sources: str = "", *, has_buttons: bool = False
) -> str:
    """Return what the asker reads of an `answer` fact, as Markdown: the model's text and our notes below it.

    Above it stands the quotation of what was `heard`, "" for none. If it `has_buttons`, a note names *Go on*.

    Notes say that the answer was cut off, stopped or may not be whole, or that a file has all of it, and which
    attachments were left out and why. If
    the model wrote nothing, a sentence says instead that it was stopped, refused, only thought, wrote nothing, or had
    nothing to read: the result is never empty. Below the text stands the line of its `sources`, and the note `cost`
    comes last, "" for none of them.
    """
    if "left_out" not in answer:  # an earlier version recorded the text as the asker reads it
        return str(answer["text"])
    finish = answer["finish"]
    if normalize_markdown(answer["text"]).strip():
        cut = (texts.cut_button, texts.unfinished_button) if has_buttons else (texts.cut, texts.unfinished)
        notes = {reason: text.format(button=texts.buttons["continue"]) for reason, text in zip(CUT, cut, strict=True)}
        notes |= {STOPPED: texts.stopped, "content_filter": texts.filtered, IN_FILE: texts.speech["in_file"]}
        text = as_markdown(answer["text"]) if finish in (TRANSCRIBED, IN_FILE) else answer["text"]
        paragraphs = [text, sources, notes.get(finish, "")]
    elif finish in (STOPPED, NOTHING_READ, SILENT):
        own = {STOPPED: texts.stopped, NOTHING_READ: texts.nothing_read, SILENT: texts.speech["silent"]}
        paragraphs = [own[finish]]
    elif answer.get("refusal") or finish == "content_filter":
        paragraphs = [texts.refused]
    else:
        paragraphs = [texts.empty if finish == "length" else texts.nothing]
    return "\n\n".join(filter(None, (heard, *paragraphs, note_for_the_asker(_untold(answer), texts), cost)))


def _untold(answer: Fact) -> list[Fact]:
    """Return the files that were left out, but for the sounds whose silence the answer tells already."""
    is_told = answer["finish"] == SILENT
    return [each for each in answer["left_out"] if not (is_told and each["why"] == "silent")]
