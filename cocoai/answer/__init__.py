"""From a claimed job to its end: placeholder, thread, model, reply.

Each step leaves a fact in the job before the next one speaks outside, so that a second run, after whatever
ended the first, goes on from there: one placeholder, one answer, one bill. It knows nothing of who asked for
the job to be done, nor of requests.

    run       one go at one question          reply     what the asker sees in Slack
    asking    what the model sees and says    clicks    the buttons that ask for no answer
    delays    when it is tried again          manner    how the settings want it
"""

from __future__ import annotations

import contextlib
import logging
import os
import time
from collections.abc import Callable
from typing import Any

from cocoai.answer.attempt import Attempt
from cocoai.answer.clicks import ACTIONS, Clicks
from cocoai.answer.options import AnswerOptions
from cocoai.answer.prompt import Asking, worded
from cocoai.answer.reply import Reply
from cocoai.answer.retry import delay, is_slacks_fault
from cocoai.chatgpt.chat import ChatGPTChat
from cocoai.chatgpt.token_ratio import TokenRatio
from cocoai.engine.process.wakeup import WakeupPipe
from cocoai.errors import CocoAIError, Permanent, Temporary
from cocoai.slack.api.chat import SlackChat
from cocoai.slack.inbound.events import Question
from cocoai.slack.inbound.interactions import Click
from cocoai.slack.markdown.to_mrkdwn import plain
from cocoai.slack.thread.user_names import UserNames
from cocoai.spool.job import Fact, Job
from cocoai.spool.spool import Spool
from cocoai.words import Words, command, deep

__all__ = ["AnswerOptions", "Answerer"]

MOST_ATTEMPTS = 5
"""A question that has killed its process this often is given up at the next claim."""

FOR_THE_ASKER = frozenset({"context_length_exceeded", "refused", "attempts", "attachment", "again_gone"})
"""Permanent codes that the asker can do something about; the others are the operator's."""

log = logging.getLogger(__name__)


class Answerer:
    """Answers jobs, one at a time, in a process of its own.

    `outside` makes the two connections anew: what a parent process has open must not be used in a child.
    In `folder` lies what is remembered between questions: people's names, and how the model counts.
    """

    reply: type[Reply] = Reply

    def __init__(
        self,
        spool: Spool,
        manner: AnswerOptions,
        *,
        outside: Callable[[], tuple[SlackChat, ChatGPTChat]],
        own_user: Callable[[], str],
        folder: str,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._spool = spool
        self._manner = manner
        self._outside = outside
        self._own_user = own_user
        self._folder = folder
        self._clock = clock
        self._sleep = sleep

    def begin(self, bell: WakeupPipe | None = None) -> None:
        """First of all in each process. The bell rings when somebody wants an answer to end."""
        self._slack, chatgpt = self._outside()
        self._clicks = Clicks(self._spool, self._manner, self._slack, self._own_user)
        self._asking = Asking(
            self._spool,
            self._manner,
            self._slack,
            chatgpt,
            own_user=self._own_user,
            names=UserNames(os.path.join(self._folder, "people"), self._slack.name).name,
            calibration=TokenRatio(os.path.join(self._folder, "calibration.json")),
            bell=bell,
        )

    def post_placeholder(self, job: Job) -> None:
        """As the usher: let the asker see that the question was heard."""
        if _is_click(job):
            job.record("placeholder", ts="")  # nobody waits for words
        else:
            self._see_to(job, lambda run: self._replying(run).placeholder())

    def answer(self, job: Job) -> None:
        """See to the end of a claimed job: it is finished, failed, or has a time to be tried again."""
        if _is_click(job):
            self._see_to_click(job)
        else:
            self._see_to(job, self._answer)

    def _see_to(self, job: Job, act: Callable[[Attempt], Any]) -> None:
        try:
            question = Question.from_facts(job.question)
        except (KeyError, TypeError):
            log.exception("answer key=%s outcome=unreadable", job.key)
            self._fail_unread(job)
            return
        run = Attempt(job, question, self._manner.words(question.text or question.reply))
        self._try(job, lambda: act(run), lambda error: self._meet(run, error))

    def _see_to_click(self, job: Job) -> None:
        try:
            click = Click.from_facts(job.question)
        except (KeyError, TypeError):
            log.exception("click key=%s outcome=unreadable", job.key)
            self._fail_unread(job)
            return
        self._try(job, lambda: self._obey(job, click), lambda error: self._meet_at_click(job, error))

    def _try(self, job: Job, act: Callable[[], Any], meet: Callable[[CocoAIError], None]) -> None:
        """Act, and meet whatever goes wrong."""
        try:
            try:
                act()
            except (Temporary, Permanent) as error:
                meet(error)
        except OSError:
            # Not even the next time to try could be kept. The job is free again with us, and the tick comes back.
            log.exception("answer key=%s outcome=not-kept", job.key)
        except Exception:
            log.exception("answer key=%s outcome=bug", job.key)
            meet(Temporary("bug"))

    def _obey(self, job: Job, click: Click) -> None:
        if job.attempt > MOST_ATTEMPTS:
            raise Permanent("attempts")
        self._clicks.handle(click)
        with contextlib.suppress(OSError):  # a full disk: it is done all the same
            job.record("obeyed")
        self._spool.finish(job)
        log.info("click key=%s outcome=%s", job.key, click.action)

    def _answer(self, run: Attempt) -> None:
        job = run.job
        error = job.last("error")
        if error is not None:
            self._tell(run, error)
        elif job.attempt > MOST_ATTEMPTS:
            raise Permanent("attempts")
        elif note := self._note(run):
            self._replying(run).say(note, "note")
            self._finish(run, "noted")
        else:
            reply = self._replying(run)
            ts = reply.placeholder()
            answer = job.last("answer") or self._ask(run, reply, ts)
            reply.deliver(ts, worded(answer, run))
            self._finish(run, "answered")

    def _note(self, run: Attempt) -> str:
        """What is said to a question that is none: nothing but a mention, or one of our commands. Else empty.

        Of a word that asks for another model with nothing behind it there is no more to answer.
        """
        question, words = run.question, run.words
        text = self._text(question)
        is_empty = not deep(text, self._manner.deep())[1]
        if question.again or (is_empty and self._asking.has_files(run)):
            return ""
        notes: dict[str, Callable[[], str]] = {
            "help": lambda: self._help(words),
            "reset": lambda: words.started_over,
            "model": lambda: words.model.format(model=self._model(question)),
        }
        said = "help" if is_empty else command(text)
        return notes[said]() if said in notes else ""

    def _help(self, words: Words) -> str:
        manner = self._manner
        return words.help_with(manner.deep(), files=manner.attachments.question_bytes > 0, buttons=manner.buttons)

    def _model(self, question: Question) -> str:
        return self._manner.persona(question.channel).model or self._manner.model

    def _ask(self, run: Attempt, reply: Reply, ts: str) -> Fact:
        return self._asking.ask(run, reply.growing(ts), ts)

    def _replying(self, run: Attempt) -> Reply:
        return self.reply(run, self._slack, self._manner, self._own_user, clock=self._clock, sleep=self._sleep)

    def _text(self, question: Question) -> str:
        return plain(question.text, self._own_user())

    # ends

    def _finish(self, run: Attempt, outcome: str) -> None:
        self._spool.finish(run.job)
        log.info("answer key=%s outcome=%s attempt=%d ms=%d", run.job.key, outcome, run.job.attempt, run.ms)

    def _fail_unread(self, job: Job) -> None:
        """Not written by us, or by another version: nobody can be told, and nobody else must wait for it."""
        self._spool.fail(job, "unreadable")

    def _meet(self, run: Attempt, error: CocoAIError) -> None:
        if isinstance(error, Temporary):
            self._postpone(run, error)
        else:
            self._give_up(run, error.code if error.code in FOR_THE_ASKER else "operator", error)

    def _meet_at_click(self, job: Job, error: CocoAIError) -> None:
        """Whoever clicked sees that nothing happened, and clicks again: only what passes is tried again."""
        seconds = delay(job, error) if isinstance(error, Temporary) else None
        if seconds is None:
            log.error("click key=%s outcome=failed reason=%s", job.key, error)
            self._spool.fail(job, str(error))
        elif isinstance(error, Temporary):
            self._put_off(job, error, seconds)

    def _postpone(self, run: Attempt, error: Temporary) -> None:
        """Give the job a time to be tried again, or give it up."""
        seconds = delay(run.job, error)
        if seconds is not None:
            self._put_off(run.job, error, seconds)
        elif is_slacks_fault(error):
            log.error("answer key=%s outcome=failed reason=%s", run.job.key, error)
            self._spool.fail(run.job, str(error))
        else:
            self._give_up(run, "busy" if error.source == "OpenAI" else "", error)

    def _put_off(self, job: Job, error: Temporary, seconds: float) -> None:
        log.warning("answer key=%s outcome=postponed seconds=%d reason=%s", job.key, seconds, error)
        retry_at = self._clock() + seconds
        job.record("retry", retry_at=retry_at, why=str(error), free=is_slacks_fault(error), sent=error.sent)

    def _give_up(self, run: Attempt, code: str, error: CocoAIError) -> None:
        """Tell the asker (`code` names the words), then fail the job; what cannot even be said is in the log."""
        log.error("answer key=%s outcome=giving-up reason=%s", run.job.key, error)
        run.record("error", code=code, reason=str(error))
        try:
            self._tell(run, {"code": code, "reason": str(error)})
        except Temporary as away:
            self._postpone(run, away)
        except Permanent as unsayable:
            log.error("answer key=%s outcome=failed-untold reason=%s", run.job.key, unsayable)  # noqa: TRY400
            self._spool.fail(run.job, str(error))

    def _tell(self, run: Attempt, error: Fact) -> None:
        self._replying(run).say(run.words.sorry_for(error["code"]), "error")
        self._spool.fail(run.job, error["reason"])
        log.info("answer key=%s outcome=told-that-it-failed ms=%d", run.job.key, run.ms)


def _is_click(job: Job) -> bool:
    return job.question.get("kind") in ACTIONS
