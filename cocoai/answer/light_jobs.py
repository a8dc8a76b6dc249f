"""LightJobs: choose what does a job that needs no model, by the job's kind."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from cocoai.answer.clicks import ACTIONS, Clicks
from cocoai.answer.declined import DeclinedQuestions
from cocoai.answer.light_job import LightJobHandler
from cocoai.answer.limited import LimitedQuestions
from cocoai.answer.own_notes import OwnNotes
from cocoai.answer.reply_text import ReplyText
from cocoai.answer.thanks import ThanksReactions
from cocoai.slack.model.home_opened import HOME, HomeOpened
from cocoai.slack.model.job_kinds import REPORT
from cocoai.slack.model.question import DECLINED, SHORTCUT
from cocoai.slack.model.slash_command import COMMAND, SlashCommand
from cocoai.spool.admission import LIMITED
from cocoai.spool.spool import Spool
from cocoai.troubles.store import NO_TROUBLES, Troubles


class LightJobs:
    """The handlers of one process, with the connection and ledger of its `notes`; `reply_text` words its answers."""

    def __init__(
        self,
        spool: Spool,
        notes: OwnNotes,
        reply_text: ReplyText,
        *,
        troubles: Troubles = NO_TROUBLES,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._spool = spool
        self._notes = notes
        self._reply_text = reply_text
        self._troubles = troubles
        self._clock = clock
        options, slack = notes.options, notes.slack
        self._made: dict[str, LightJobHandler[Any]] = {
            **dict.fromkeys(ACTIONS, Clicks(spool, options, slack, notes.identity, troubles=troubles, clock=clock)),
            LIMITED: LimitedQuestions(spool, options, slack, troubles=troubles, clock=clock),
            DECLINED: DeclinedQuestions(spool, options, slack, clock=clock),
            "thanks": ThanksReactions(spool, slack, clock=clock),
        }

    def handler(self, kind: str | None) -> LightJobHandler[Any] | None:
        """Return what does jobs of this kind without a model; None if they are questions."""
        if kind in (COMMAND, HOME, SHORTCUT, REPORT) and kind not in self._made:
            self._made[kind] = self._rare(kind)
        return self._made.get(kind or "")

    def _rare(self, kind: str) -> LightJobHandler[Any]:
        """Return a new handler of jobs that most processes never have: it is imported only here."""
        common: dict[str, Any] = {"troubles": self._troubles, "clock": self._clock}
        if kind == COMMAND:
            from cocoai.answer.command_replies import CommandReplies

            return CommandReplies(self._spool, SlashCommand.from_facts, self._notes, **common)
        if kind == HOME:
            from cocoai.answer.home_views import HomeViews

            return HomeViews(self._spool, HomeOpened.from_facts, self._notes, **common)
        if kind == SHORTCUT:
            from cocoai.answer.shortcut_jobs import ShortcutJobs

            return ShortcutJobs(self._spool, self._notes, self._reply_text, **common)
        from cocoai.answer.monthly_report import MonthlyReport

        notes = self._notes
        return MonthlyReport(self._spool, notes.options, notes.slack, notes.books, notes.names, **common)
