"""ShortcutJobs: do what was chosen from a message's menu: put the task into the spool, or tell where it stands.

A shortcut's use is a light job of its own time; what it asks for is another one, named by the message and the task. So
a flag and a shortcut for the same language are one answer, whoever was first, and each person is told of it.
"""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

from cocoai.answer.attempt import Attempt
from cocoai.answer.light_job import LightJobHandler, wait_for_question
from cocoai.answer.own_notes import OwnNotes
from cocoai.answer.private_messages import private_messages, whisper
from cocoai.answer.reply_text import ReplyText
from cocoai.errors import Permanent
from cocoai.slack.inbound.access import Author
from cocoai.slack.inbound.reactions import task_question
from cocoai.slack.model.question import Kind, Question
from cocoai.slack.model.shortcut import Shortcut
from cocoai.slack.model.tasks import MessageTask
from cocoai.spool.job import FORGOTTEN, STATES, Fact, Job
from cocoai.spool.key import Key
from cocoai.spool.spool import Spool
from cocoai.spool.store_error import NoSuchJob
from cocoai.texts import Texts
from cocoai.texts.language_names import language_of_locale
from cocoai.troubles.store import NO_TROUBLES, Troubles

MINUTE = 60
"""Seconds to wait that somebody is told of whose limit is full, if it is not known more exactly."""

log = logging.getLogger(__name__)


class ShortcutJobs(LightJobHandler[Shortcut]):
    """An object that ends jobs of the kind SHORTCUT, with the connection of this process's `notes`."""

    def __init__(
        self,
        spool: Spool,
        notes: OwnNotes,
        reply_text: ReplyText,
        *,
        troubles: Troubles = NO_TROUBLES,
        clock: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(spool, Shortcut.from_facts, troubles=troubles, clock=clock)
        self._notes = notes
        self._options, self._slack, self._names = notes.options, notes.slack, notes.names
        self._reply_text = reply_text

    def _run(self, job: Job, content: Shortcut) -> None:
        """Do it, and finish the job unless it waits."""
        if outcome := self._obey(job, content):
            self._spool.finish(job)
            log.info("shortcut key=%s outcome=%s", job.key, outcome)

    def _obey(self, job: Job, shortcut: Shortcut) -> str:
        """Put the task into the spool, or tell why not, or where it stands; return what was done, "" if the job waits.

        Raise `Temporary` or `Permanent` if Slack fails, StoreError if the disk does.
        """
        if shortcut.why:
            return self._tell(job, shortcut, _why_not(shortcut.why, self._texts(shortcut)), shortcut.why)
        if not self._is_ours(shortcut):
            return self._tell(job, shortcut, self._texts(shortcut).declined["person"], "person")
        question = self._question(job, shortcut)
        if self._spool.put(Key.parse(question.key), question.facts()):
            return "put"
        try:
            state, lines = self._spool.find(self._newest(Key.parse(question.key)))
        except NoSuchJob:  # what is known is that its user was told to wait
            words = self._texts(shortcut).too_many.format(seconds=MINUTE)
            return self._tell(job, shortcut, words, "limited")
        first: Mapping[str, Any] = lines[0] if lines else {}
        if (first.get("asked_at"), first.get("user")) == (shortcut.ts, shortcut.user):
            return "put"  # by an earlier attempt, which was killed right behind it
        return self._tell_where(job, shortcut, question, state, lines)

    def _is_ours(self, shortcut: Shortcut) -> bool:
        """Check whether whoever has used the shortcut may: of whom Slack has told no team, it is asked for one."""
        access = self._options.access
        if shortcut.team or access.external_users:
            return True
        teams = frozenset({self._slack.user_team(shortcut.user)} - {""})
        is_direct = shortcut.channel.startswith("D")
        author = Author(shortcut.user, shortcut.channel, teams, is_direct=is_direct, may_be_external=True)
        return not access.refusal(author, self._notes.identity.known())

    def _tell_where(self, job: Job, shortcut: Shortcut, question: Question, state: str, lines: Sequence[Fact]) -> str:
        """Tell where the same task stands that somebody has asked for before; return as _obey() does.

        One that has failed, had nothing to do, or whose reply was deleted, is put anew. What only the other person has
        seen is shown to this one, too, and nothing is paid for it.
        """
        facts = {line["fact"]: line for line in lines[1:] if "fact" in line}
        answer, is_waiting = facts.get("answer"), state == "ready"
        is_kept = state == "done" and answer and FORGOTTEN not in facts
        is_done = is_kept and ("private" in facts or self._stands(facts, lines[0]))
        if not (is_waiting or is_done):
            again = replace(question, ts=shortcut.ts, again=shortcut.message_ts)
            self._spool.put(Key.parse(again.key), again.facts())
            return "put-anew"
        if is_waiting and ("private" in facts or "placeholder" not in facts):
            wait_for_question(job, self._clock())  # it is not known yet where it will be answered
            return ""
        if "private" in facts and answer:
            self._show(job, shortcut, Question.from_facts(lines[0]), answer)
            return "shown-again"
        texts = self._texts(shortcut)
        return self._tell(job, shortcut, texts.pending if is_waiting else self._done(texts), "known")

    def _newest(self, key: Key) -> Key:
        """Return the key of the newest job of this task: it may have been asked for once more."""
        known = (each for state in STATES for each in self._spool.keys(state))
        same = [each for each in known if (each.thread, each.trigger) == (key.thread, key.trigger)]
        return max(same, key=lambda each: each.age, default=key)

    def _stands(self, facts: Mapping[str, Fact], asked: Fact) -> bool:
        """Check whether our reply to that job still stands in its thread; True if Slack does not tell."""
        question = Question.from_facts(asked)
        thread_ts = str(facts.get("located", {}).get("thread_ts") or question.thread_ts)
        with contextlib.suppress(Permanent):
            own_user = self._notes.identity.user_id()
            found = self._slack.find(question.channel, thread_ts, question.key, own_user=own_user, wait=False)
            return found is not None
        return True

    def _question(self, job: Job, shortcut: Shortcut) -> Question:
        """Return the task as a question, the same at each attempt: the language into which is translated is recorded.

        It is that of the person's Slack.
        """
        language = ""
        if shortcut.task == "translate":
            chosen = job.last("chosen")
            language = chosen["language"] if chosen else self._own_language(shortcut.user)
            if chosen is None:
                job.record("chosen", language=language)
        place = (shortcut.channel, shortcut.message_ts, shortcut.user, shortcut.ts)
        task = MessageTask(cast(Kind, shortcut.task), language)
        question = task_question(task, *place, may_be_shared=True, team=shortcut.team)
        return replace(question, message=shortcut.message, response_url=shortcut.response_url)

    def _own_language(self, user: str) -> str:
        """Return the code of the language in which a person uses Slack; if that is unknown, of our own texts."""
        return language_of_locale(self._names.locale(user)) or self._options.phrases.language("")

    def _show(self, job: Job, shortcut: Shortcut, asked: Question, answer: Fact) -> None:
        """Show the answer of another job to this person."""
        texts = self._texts(shortcut)
        text = self._reply_text.of(Attempt(job, asked, texts, ""), answer, as_text=True)
        layout = self._options.layout
        private_messages(job, self._slack, shortcut).show(layout.parts(f"{text}\n\n{texts.tasks['private']}"))

    def _tell(self, job: Job, shortcut: Shortcut, text: str, outcome: str) -> str:
        """Show the person a word of ours, unseen by others; a refusal of Slack's is ignored. Return `outcome`."""
        try:
            whisper(private_messages(job, self._slack, shortcut), shortcut.channel, text)
        except Permanent as refusal:
            log.warning("shortcut key=%s outcome=untold reason=%s", job.key, refusal)
        return outcome

    def _done(self, texts: Texts) -> str:
        """Return the word that the task is done already."""
        if not self._options.buttons:
            return texts.tasks["done"]
        return texts.tasks["done_button"].format(button=texts.buttons["again"])

    def _texts(self, shortcut: Shortcut) -> Texts:
        return self._options.texts_in(self._names.language(shortcut.user))


def _why_not(why: str, texts: Texts) -> str:
    """Return the word for somebody whose shortcut is not obeyed."""
    return texts.declined.get(why) or texts.ask[why]
