"""MonthlyReport: post what a month has cost into the channel that the settings name, on the morning after it.

It is a job, so that it is posted once: its key is made of the channel and the first second of the new month, so that
putting it again, from any machine, is a duplicate. That it was posted stands in the ledger, too, for the days on which
the job is kept no longer.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from cocoai.answer.light_job import LightJobHandler
from cocoai.answer.month_figures import MonthFigures
from cocoai.answer.month_text import MonthText
from cocoai.answer.options import AnswerOptions
from cocoai.answer.paid_requests import Books
from cocoai.errors import Permanent, Temporary
from cocoai.ledger.calendar import read_calendar
from cocoai.ledger.ledger import Ledger
from cocoai.ledger.notices import report_of
from cocoai.ledger.summary import MonthSummary, read_summary
from cocoai.slack.api.block_fallback import post_with_blocks
from cocoai.slack.api.chat import SlackChat
from cocoai.slack.markdown.message_layout import context, header, section
from cocoai.slack.model.messages import MessageMetadata
from cocoai.slack.model.plain_text import unescaped
from cocoai.slack.thread.user_names import UserNames
from cocoai.spool.job import Job
from cocoai.spool.spool import Spool
from cocoai.texts import Texts
from cocoai.troubles.store import NO_TROUBLES, Troubles

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Report:
    """What the first line of a report's job holds: the channel, and the month such as `2026-11`."""

    channel: str
    month: str


class MonthlyReport(LightJobHandler[_Report]):
    """An object that does jobs of the kind REPORT: it posts the month in words, as a chart and as a table."""

    def __init__(
        self,
        spool: Spool,
        options: AnswerOptions,
        slack: SlackChat,
        books: Books,
        names: UserNames,
        *,
        troubles: Troubles = NO_TROUBLES,
        clock: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(spool, _report_of_facts, troubles=troubles, clock=clock)
        self._options = options
        self._slack = slack
        self._books = books
        self._names = names

    def _run(self, job: Job, content: _Report) -> None:
        """Post the report unless an earlier attempt has, note in the ledger that it was posted, and finish the job."""
        if job.last("posted") is None and not self._was_posted(job):
            self._post(job, content)
        self._books.ledger.note_told(report_of(content.month))
        self._spool.finish(job)
        log.info("report key=%s outcome=posted", job.key)

    def _was_posted(self, job: Job) -> bool:
        """Check whether an earlier attempt may have posted the report: then it is sought in the channel.

        Where we may not read the channel it counts as posted: it is not posted twice.
        """
        if len(job.facts("posting")) <= len(job.facts("unposted")):
            return False
        try:
            return self._slack.find(job.key.channel, "", str(job.key), ("report",), wait=False) is not None
        except Permanent as refusal:
            log.warning("report key=%s outcome=not-sought reason=%s", job.key, refusal)
            return True

    def _post(self, job: Job, report: _Report) -> None:
        """Post the report, between two facts that tell whether it may have been posted. Raise what Slack raises."""
        texts = self._texts()
        summary = _read(self._books.ledger, report.month, self._options.money.zone)
        month = MonthText(summary, texts, self._books, self._options.money)
        lines, notes = [*month.compared(), month.asked(), month.share()], "\n".join(month.notes())
        figures = MonthFigures(summary, texts, self._options.money.yen_rate)
        blocks = [header(unescaped(month.title())), section("\n".join(lines)), *figures.blocks(), context(notes)]
        job.record("posting")
        try:
            ts = post_with_blocks(
                self._slack,
                report.channel,
                "\n".join((month.title(), *lines, notes)),
                blocks,
                metadata=MessageMetadata(str(job.key), "report"),
                wait=False,
            )
        except (Temporary, Permanent) as error:
            if not error.sent:
                job.record("unposted", why=error.code)
            raise
        job.record("posted", ts=ts)

    def _texts(self) -> Texts:
        """Return the texts in the language of the first operator, as nobody has asked; in the settings' without one."""
        first = min(self._options.operators, default="")
        return self._options.texts_in(self._names.language(first) if first else "")


def _report_of_facts(facts: Mapping[str, Any]) -> _Report:
    """Return the report in a job's first line. Raise KeyError if that is none."""
    return _Report(facts["channel"], facts["month"])


def _read(ledger: Ledger, month: str, zone: str = "") -> MonthSummary:
    return read_summary(ledger.store, month, day_of=read_calendar(zone).day)
