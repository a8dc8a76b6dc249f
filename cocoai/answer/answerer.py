"""Answerer: run the steps of a claimed job in their order, until it is finished, failed or put off."""

from __future__ import annotations

import contextlib
import logging
import os
import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from cocoai.answer.attempt import Attempt
from cocoai.answer.ears import Ears, cannot_listen
from cocoai.answer.failures import (
    MAX_ATTEMPTS,
    MOST_CLAIMS,
    AnswerFailures,
    handled,
    put_off_by_disk,
    read_or_fail,
)
from cocoai.answer.light_jobs import LightJobs
from cocoai.answer.material_source import new_material
from cocoai.answer.model_call import ModelCall
from cocoai.answer.options import AnswerOptions
from cocoai.answer.own_notes import OwnNotes
from cocoai.answer.paid_requests import Books
from cocoai.answer.pictures import Pictures, cannot_draw, is_drawn
from cocoai.answer.prompt import PromptBuilder
from cocoai.answer.reply import Reply
from cocoai.answer.reply_text import ReplyText
from cocoai.answer.shortcut_reply import new_reply
from cocoai.answer.stops import StopRequests
from cocoai.answer.tasks import Tasks
from cocoai.chatgpt.chat import ChatGPTChat
from cocoai.engine.process.wakeup import WakeupPipe
from cocoai.errors import Permanent, Temporary
from cocoai.slack.api.block_fallback import BlockFallback
from cocoai.slack.api.chat import SlackChat
from cocoai.slack.api.identity_cache import IdentityCache
from cocoai.slack.markdown.text_cache import forget_texts
from cocoai.slack.model.question import Question
from cocoai.slack.model.talk import Talk, ends_with_question, note_talk, place
from cocoai.slack.thread.user_names import UserNames
from cocoai.spool.job import SHUT_OUT, Fact, Job
from cocoai.spool.spool import Spool
from cocoai.spool.store_error import StoreError
from cocoai.texts import Texts
from cocoai.troubles.store import NO_TROUBLES, Troubles
from cocoai.troubles.watch import OPENAI

if TYPE_CHECKING:
    from cocoai.chatgpt.pictures import ChatGPTPictures
    from cocoai.chatgpt.transcription import Transcriber

log = logging.getLogger(__name__)


class Answerer:
    """An object that answers claimed jobs, one at a time, in the process that made it.

    `slack` and `chatgpt` are connections of this process's own: what a parent has open must not be used in a child.
    `listen` makes the connection to the model that hears sounds, `draw` that to the models that draw. What is paid
    goes through `books`. In `folder` lies what is remembered between questions: people's names. What is wrong for an
    operator is noted in `troubles`. The `wakeup` pipe becomes readable when somebody asks for a stop. `clock` gives
    seconds since the epoch, `sleep` waits for a number of seconds.
    """

    def __init__(
        self,
        spool: Spool,
        options: AnswerOptions,
        slack: SlackChat,
        chatgpt: ChatGPTChat,
        *,
        books: Books,
        identity: IdentityCache,
        folder: str,
        listen: Callable[[], Transcriber] = cannot_listen,
        draw: Callable[[], ChatGPTPictures] = cannot_draw,
        wakeup: WakeupPipe | None = None,
        troubles: Troubles = NO_TROUBLES,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        names = UserNames(os.path.join(folder, "people"), slack.user_name, slack.user_locale)
        self._spool = spool
        self._options = options
        self._slack = slack
        self._names = names
        self._troubles = troubles
        self._books = books
        self._prompts = PromptBuilder(spool, options, slack, identity, names, books.ratio, clock=clock)
        self._notes = OwnNotes(options, slack, books, identity, names, self._prompts, clock, folder, spool)
        self._stops = StopRequests(spool, options, slack, wakeup)
        self._ears = Ears(spool, options, slack, books, self._prompts, names, listen, folder, self._stops)
        self._tasks = Tasks(spool, options, slack, self._prompts, names, clock)
        material = new_material(spool, options, self._prompts, chatgpt, books, self._stops)
        self._model = ModelCall(self._prompts, self._tasks, chatgpt, books, self._stops, self._ears, material)
        self._pictures = Pictures(spool, options, slack, chatgpt, books, self._prompts, self._stops, draw, sleep)
        self._reply_text = ReplyText(options, slack, self._ears, self._tasks, sleep)
        self._light = LightJobs(spool, self._notes, self._reply_text, troubles=troubles, clock=clock)
        self._new_reply = partial(
            new_reply, slack=slack, options=options, identity=identity, known=BlockFallback(), clock=clock, sleep=sleep
        )
        self._clock = clock

    def rest(self) -> None:
        """Forget what was read and written for the last question."""
        self._prompts.forget()
        self._tasks.forget()
        forget_texts()

    def tell_notices(self) -> None:
        """Tell people the notices of the ledger that nobody has told."""
        self._tell_notices(None)

    def post_placeholder(self, job: Job) -> float:
        """Post the placeholder of a claimed question and record it, unless that was done before. Return 0.0.

        While Slack takes no message in the channel (a 429), record `unposted` and return the seconds until it does. A
        question whose reply is complete gets none: the `placeholder` fact has an empty ts. Other errors are dealt with
        as in answer().
        """
        if job.last("delivered"):
            with put_off_by_disk(job, self._clock):
                job.record("placeholder", ts="")
        elif (attempt := self._attempt(job)) is not None:
            return self._try_to_post_placeholder(attempt)
        return 0.0

    def _try_to_post_placeholder(self, attempt: Attempt) -> float:
        """Post the placeholder without waiting for Slack; return as post_placeholder() does."""
        reply = self._reply(attempt)
        with handled(attempt.job, self._failures(attempt, reply), self._clock):
            try:
                if self._is_found(attempt, wait=False):
                    reply.post_placeholder(wait=False)
            except Temporary as error:
                if error.code != "ratelimited" or not error.retry_after:
                    raise
                attempt.record("unposted", why=error.code)
                return error.retry_after
        return 0.0

    def answer(self, job: Job) -> None:
        """Run one attempt at a claimed job. Steps that an earlier attempt has recorded are not repeated.

        The job ends in done/ or failed/, or with a `retry` fact, the time to try again. Errors of the attempt are not
        raised: see handled().
        """
        if light := self._light.handler(job.kind):
            light.handle(job)
            return
        attempt = self._attempt(job)
        if attempt is None:
            return
        reply = self._reply(attempt)
        failures = self._failures(attempt, reply)
        if not attempt.is_first:
            self._books.settle_earlier(job)
        with handled(job, failures, self._clock):
            if self._waits_on(attempt) or not self._is_found(attempt) or self._is_over(attempt, reply, failures):
                return
            ts = reply.post_placeholder()
            answer = job.last("answer") or self._ask(attempt, reply, ts)
            if language := self._ears.language(attempt.question, answer.get("heard", ())):
                attempt.texts = self._options.texts_in(language)
            # What kills its process again and again may be the blocks, or a file.
            as_text = job.attempt > MAX_ATTEMPTS
            if reply.deliver(ts, partial(self._reply_text.of, attempt, answer), as_text=as_text):
                attempt.record("delivered")
            self._note_answer(attempt, answer)
            self._finish(attempt, "answered")
        if self._books.ledger.has_untold:
            self._tell_notices(attempt)

    def _is_found(self, attempt: Attempt, *, wait: bool = True) -> bool:
        """Find the message of a task; return False if it waits, or is in vain: then finish it. True for a question."""
        found = self._tasks.find(attempt, wait=wait)
        if found == "nothing":
            self._finish(attempt, "nothing-to-do")
        return found == "found"

    def _tell_notices(self, attempt: Attempt | None) -> None:
        """Tell people of the budget: the notices written at this attempt, or for None those that are untold."""
        with self._books.logged("budget"):
            if notices := self._books.ledger.take_notices():
                from cocoai.answer.budget_notices import BudgetNotices

                BudgetNotices(self._books, self._options, self._slack, self._names).tell(notices, attempt)

    def _waits_on(self, attempt: Attempt) -> bool:
        """Put the job off until the time that it had, and return True, if a stop request has ended its wait in vain.

        That is a request of somebody who may not stop it, who is told. Raise StoreError if that cannot be recorded.
        """
        job = attempt.job
        if job.is_due() or self._stops.is_stopped(attempt):
            return False
        refused, last = list(self._stops.refused(job)), job.last("retry") or {}
        marks = {SHUT_OUT: last[SHUT_OUT]} if SHUT_OUT in last else {}  # it waits for the same as before
        job.record("retry", retry_at=job.retry_at, why="stop refused", free=True, sent=False, refused=refused, **marks)
        return True

    def _is_over(self, attempt: Attempt, reply: Reply, failures: AnswerFailures) -> bool:
        """End the job, and return True, if the model has nothing to write and no answer is to be delivered.

        That is: after an earlier attempt has said all, or given up; and if we answer by ourselves. Raise `Permanent`
        `attempts` if these are used up.
        """
        job = attempt.job
        if job.last("delivered"):
            self._finish(attempt, "moved")
        elif attempt.has_answer:  # whatever else an earlier attempt has recorded
            if job.attempt > MOST_CLAIMS:
                raise Permanent("attempts")
            return False
        elif error := job.last("error"):
            failures.report(error)
        elif job.attempt > (MOST_CLAIMS if is_drawn(job) else MAX_ATTEMPTS):
            raise Permanent("attempts")
        elif note := self._notes.note(attempt):
            reply.replace_with(note, "note")
            attempt.record("delivered")
            self._finish(attempt, "noted")
        else:
            return False
        return True

    def _attempt(self, job: Job) -> Attempt | None:
        """Return a new attempt at the job. If its question cannot be read, move the job to failed/ and return None."""
        question = read_or_fail(job, Question.from_facts, self._spool, self._clock)
        if question is None:
            return None
        return Attempt(job, question, self._texts(question), self._options.reply_thread(question))

    def _texts(self, question: Question) -> Texts:
        """Return the fixed texts in the language of the question.

        One without words, such as a picture alone, has its thread's language, else that of its asker's Slack.
        """
        language: str = self._options.language_of(question.sample)
        if not language:
            with contextlib.suppress(StoreError):
                language = Talk.from_facts(self._spool.mark_of(*place(question)) or {}).language
        return self._options.texts_in(language or self._names.language(question.user))

    def _reply(self, attempt: Attempt) -> Reply:
        return self._new_reply(attempt)

    def _failures(self, attempt: Attempt, reply: Reply) -> AnswerFailures:
        return AnswerFailures(self._spool, attempt, reply, troubles=self._troubles, clock=self._clock)

    def _ask(self, attempt: Attempt, reply: Reply, ts: str) -> Fact:
        answer = self._pictures.answer(attempt, reply) or self._model.ask(attempt, reply, ts)
        if answer["bill"] is not None:  # a model was asked
            self._troubles.over(OPENAI)
        return answer

    def _finish(self, attempt: Attempt, outcome: str) -> None:
        """Move the attempt's job to done/, and log `outcome`, such as `answered`; `moved` if all was said before."""
        self._spool.finish(attempt.job)
        log.info("answer key=%s outcome=%s attempt=%d ms=%d", attempt.job.key, outcome, attempt.job.attempt, attempt.ms)

    def _note_answer(self, attempt: Attempt, answer: Fact) -> None:
        """Note in the thread's mark that we have answered, whether we ask back, and whether others have spoken there.

        By that a worker tells to whom the next line without a mention is put. A task is no talk with us.
        """
        if attempt.question.is_task:
            return
        asks, has_others = ends_with_question(answer["text"]), self._prompts.has_others(attempt)
        language = self._ears.language(attempt.question, answer.get("heard", ()))
        note_talk(
            self._spool,
            *place(attempt.question),
            lambda talk: talk.answered(asks=asks, has_others=has_others, language=language),
        )
