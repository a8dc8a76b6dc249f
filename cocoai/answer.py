"""From a claimed job to its end: placeholder, thread, model, reply.

Each step leaves a fact in the job before the next one speaks outside, so that a second run, after whatever
ended the first, goes on from there: one placeholder, one answer, one bill. It knows nothing of who asked for
the job to be done, nor of requests.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection
from dataclasses import asdict, dataclass
from typing import Any

from cocoai.chatgpt.chat import ChatGPTChat, Ending
from cocoai.conversation import Conversation
from cocoai.engine.job import LONGEST_DELAY, Fact, Job
from cocoai.engine.spool import Spool
from cocoai.errors import CocoAIError, Permanent, Temporary
from cocoai.slack.chat import SlackChat
from cocoai.slack.events import Question
from cocoai.slack.growing import Growing
from cocoai.slack.history import turns
from cocoai.slack.messages import KINDS, Mark, Message
from cocoai.slack.rendering import parts, plain
from cocoai.words import Words

MOST_ATTEMPTS = 5
"""A question that has killed its process this often is given up at the next claim."""

DELAYS = (5.0, 30.0, 120.0)
"""Seconds before OpenAI is asked again; when they are used up, the asker is told."""

SLACK_AWAY = 24 * 3600.0
"""Seconds of waiting between tries for which an answer is kept for a Slack that cannot be reached."""

LATE = 3600.0
"""Seconds after which a reply says that it is late."""

SETTLE = 2.0
"""Seconds after a claim before what the last process left unrecorded is sought: if it was killed, what it sent may
still be on its way to Slack."""

GONE = frozenset({"message_not_found", "cant_update_message", "edit_window_closed"})
"""Slack's codes for a message of ours that can no longer be changed: it is posted anew."""

FOR_THE_ASKER = frozenset({"context_length_exceeded", "attempts"})
"""Permanent codes that the asker can do something about; the others are the operator's."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Manner:
    """How to answer: what the settings say of it. Times in seconds."""

    words: Words
    instructions: str
    round_trips: int
    max_history_tokens: int
    update_interval: float


class Answerer:
    """Answers jobs, one at a time, in a process of its own.

    `outside` makes the two connections anew: what a parent process has open must not be used in a child.
    """

    def __init__(
        self,
        spool: Spool,
        manner: Manner,
        *,
        outside: Callable[[], tuple[SlackChat, ChatGPTChat]],
        own_user: Callable[[], str],
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._spool = spool
        self._manner = manner
        self._outside = outside
        self._own_user = own_user
        self._clock = clock
        self._sleep = sleep

    def begin(self) -> None:
        """First of all in each process."""
        self._slack, self._chatgpt = self._outside()

    def welcome(self, job: Job) -> None:
        """As the usher: let the asker see that the question was heard."""
        self._see_to(job, self._placeholder)

    def answer(self, job: Job) -> None:
        """See to the end of a claimed job: it is finished, failed, or has a time to be tried again."""
        self._see_to(job, self._answer)

    def _see_to(self, job: Job, act: Callable[[Run], Any]) -> None:
        try:
            run = Run(job, Question.from_facts(job.question), time.monotonic())
        except (KeyError, TypeError):
            # Not written by us, or by another version: nobody can be told, and nobody else must wait for it.
            log.exception("answer key=%s outcome=unreadable", job.key)
            self._spool.fail(job, "unreadable")
            return
        try:
            try:
                act(run)
            except Temporary as error:
                self._postpone(run, error)
            except Permanent as error:
                self._give_up(run, error.code if error.code in FOR_THE_ASKER else "operator", error)
        except OSError:
            # Not even the next time to try could be kept. The job is free again with us, and the tick comes back.
            log.exception("answer key=%s outcome=not-kept", job.key)
        except Exception:
            log.exception("answer key=%s outcome=bug", job.key)
            self._postpone(run, Temporary("bug"))

    def _answer(self, run: Run) -> None:
        job = run.job
        error = job.last("error")
        if error is not None:
            self._tell(run, error)
        elif job.attempt > MOST_ATTEMPTS:
            raise Permanent("attempts")
        elif not plain(run.question.text, self._own_user()):
            self._say(run, self._manner.words.help, "note")
            self._finish(run, "helped")
        else:
            ts = self._placeholder(run)
            answer = job.last("answer") or self._ask(run, ts)
            self._deliver(run, ts, answer["text"])
            self._finish(run, "answered")

    # what the asker sees

    def _placeholder(self, run: Run) -> str:
        """The ts of the message that will become the reply; posted if there is none yet."""
        return run.first_message or self._post_first(run, self._manner.words.placeholder, "placeholder")

    def _say(self, run: Run, text: str, kind: str) -> None:
        """Put a text of ours where the reply would be."""
        if run.first_message:
            self._change(run, run.first_message, text, kind)
        else:
            self._post_first(run, text, kind)

    def _post_first(self, run: Run, text: str, kind: str) -> str:
        question = run.question
        ts = self._sought(run)
        if ts and kind != "placeholder":
            self._change(run, ts, text, kind)
        ts = ts or self._slack.post(question.channel, text, question.thread_ts, run.mark(kind))
        self._record(run, "placeholder", ts=ts)
        return ts

    def _change(self, run: Run, ts: str, text: str, kind: str) -> None:
        try:
            self._slack.update(run.question.channel, ts, text, run.mark(kind))
        except Permanent as error:
            if error.code not in GONE:
                raise
            # Somebody has deleted it: what we have to say is said in a new message, which may be there already.
            asked = run.question
            found = self._sought(run, (kind,))
            new = found or self._slack.post(asked.channel, text, asked.thread_ts, run.mark(kind))
            self._record(run, "placeholder", ts=new)

    def _sought(self, run: Run, kinds: Collection[str] = KINDS, n: int = 1) -> str | None:
        """The ts of what somebody before us has posted without being able to record it."""
        if not run.job.was_visited:
            return None
        self._sleep(run.unsettled)
        question = run.question
        return self._slack.find(question.channel, question.thread_ts, question.key, kinds, n)

    def _deliver(self, run: Run, ts: str, text: str) -> None:
        """The whole answer: the first part in the placeholder's place, the others behind it, each once."""
        first, *others = parts(text)
        if self._clock() - float(run.question.ts) > LATE:
            first = f"{self._manner.words.late}\n{first}"
        self._change(run, ts, first, "answer")
        posted = {fact["n"] for fact in run.job.facts("part")}
        for n, part in enumerate(others, 2):
            if n not in posted and not self._post_part(run, part, n):
                return

    def _post_part(self, run: Run, text: str, n: int) -> bool:
        question = run.question
        ts = self._sought(run, n=n) or self._slack.post(question.channel, text, question.thread_ts, run.mark("part", n))
        return self._record(run, "part", n=n, ts=ts)

    # the model

    def _ask(self, run: Run, ts: str) -> Fact:
        """Have the model write, letting the reply grow; returns the `answer` fact, recorded before it is delivered."""
        question = run.question
        messages = self._thread(run)
        said = turns(messages, question, self._own_user())
        conversation = Conversation(self._manner.instructions, said).recent(self._manner.round_trips)
        growing = Growing(self._slack, question.channel, ts, run.mark("placeholder"), self._manner.update_interval)
        if run.job.attempt > 1:
            # What the last attempt had shown stays until there is more.
            growing.shown = max((len(message.text) for message in messages if message.ts == ts), default=0)
        text, ending = "", Ending("", "", None)
        shown = conversation.within(self._manner.max_history_tokens)
        for piece in self._chatgpt.reply(shown, spare=growing.spare):
            if isinstance(piece, Ending):
                ending = piece
            else:
                text += piece
                growing.show(text)
        answer: Fact = {"text": self._worded(text, ending), "model": ending.model, "finish": ending.finish_reason}
        self._record(run, "answer", **answer, usage=ending.usage and asdict(ending.usage))
        return answer

    def _thread(self, run: Run) -> tuple[Message, ...]:
        """The thread so far. Before a question that opens one nothing was said, nor by us at a first attempt."""
        question = run.question
        if not question.in_thread and run.job.attempt == 1:
            return ()
        return self._slack.thread(question.channel, question.thread_ts)

    def _worded(self, text: str, ending: Ending) -> str:
        """What the asker reads: never nothing, and never a cut without a word."""
        words = self._manner.words
        if not text.strip():
            return words.refused if ending.refusal or ending.finish_reason == "content_filter" else words.empty
        return f"{text}\n\n{words.cut}" if ending.finish_reason == "length" else text

    # ends

    def _finish(self, run: Run, outcome: str) -> None:
        self._spool.finish(run.job)
        log.info("answer key=%s outcome=%s attempt=%d ms=%d", run.job.key, outcome, run.job.attempt, run.ms)

    def _postpone(self, run: Run, error: Temporary) -> None:
        """Give the job a time to be tried again, or give it up."""
        free = error.source == "Slack"
        delay = self._slack_delay(run, error) if free else self._delay(run, error)
        if delay is None and free:
            log.error("answer key=%s outcome=failed reason=%s", run.job.key, error)
            self._spool.fail(run.job, str(error))
        elif delay is None:
            self._give_up(run, "busy" if error.source == "OpenAI" else "", error)
        else:
            log.warning("answer key=%s outcome=postponed seconds=%d reason=%s", run.job.key, delay, error)
            run.job.record("retry", retry_at=self._clock() + delay, why=str(error), free=free, sent=error.sent)

    def _delay(self, run: Run, error: Temporary) -> float | None:
        retries = [fact for fact in run.job.facts("retry") if not fact["free"]]
        # A request that had left whole may have been billed: it is paid twice at most.
        if len(retries) >= len(DELAYS) or (error.sent and any(fact["sent"] for fact in retries)):
            return None
        delay = max(DELAYS[len(retries)], error.retry_after or 0.0)
        return delay if delay <= LONGEST_DELAY else None

    def _slack_delay(self, run: Run, error: Temporary) -> float | None:
        retries = [fact for fact in run.job.facts("retry") if fact["free"]]
        # Each wait as it was meant, not as the clock tells it afterwards: that may have jumped.
        if sum(fact["retry_at"] - fact["at"] for fact in retries) > SLACK_AWAY:
            return None
        return min(LONGEST_DELAY, max(error.retry_after or 0.0, DELAYS[0] * 2.0 ** min(len(retries), 6)))

    def _give_up(self, run: Run, code: str, error: CocoAIError) -> None:
        """Tell the asker (`code` names the words), then fail the job; what cannot even be said is in the log."""
        log.error("answer key=%s outcome=giving-up reason=%s", run.job.key, error)
        self._record(run, "error", code=code, reason=str(error))
        try:
            self._tell(run, {"code": code, "reason": str(error)})
        except Temporary as away:
            self._postpone(run, away)
        except Permanent as unsayable:
            log.error("answer key=%s outcome=failed-untold reason=%s", run.job.key, unsayable)  # noqa: TRY400
            self._spool.fail(run.job, str(error))

    def _tell(self, run: Run, error: Fact) -> None:
        self._say(run, self._manner.words.sorry_for(error["code"]), "error")
        self._spool.fail(run.job, error["reason"])
        log.info("answer key=%s outcome=told-that-it-failed ms=%d", run.job.key, run.ms)

    def _record(self, run: Run, fact: str, **values: Any) -> bool:
        """Record a fact; False if the disk will not have it, for what is harmless to say again goes on without."""
        if fact == "placeholder":
            run.first_message = values["ts"]
        try:
            run.job.record(fact, **values)
        except OSError:
            log.exception("answer key=%s outcome=fact-not-kept fact=%s", run.job.key, fact)
            return False
        return True


class Run:
    """One run at one job: the job, its question, and the message that is or will be its reply."""

    def __init__(self, job: Job, question: Question, began: float) -> None:
        self.job = job
        self.question = question
        self._began = began
        placeholder = job.last("placeholder")
        self.first_message: str = placeholder["ts"] if placeholder else ""
        before = [line.get("fact") for line in job.lines[1:-1]]
        # Who was not killed has left word; an usher posts nothing but the placeholder.
        self._is_heir = bool(before) and before[-1] != "retry" and before[-2:] != ["visit", "placeholder"]

    @property
    def ms(self) -> float:
        """Milliseconds since this run began."""
        return (time.monotonic() - self._began) * 1000

    @property
    def unsettled(self) -> float:
        """Seconds for which a message of our predecessor's may still arrive."""
        return max(0.0, SETTLE - self.ms / 1000) if self._is_heir else 0.0

    def mark(self, kind: str, n: int = 1) -> Mark:
        """What a message of this job bears."""
        return Mark(self.question.key, kind, n)
