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
from cocoai.answer.options import AnswerOptions
from cocoai.answer.paid_requests import Books
from cocoai.answer.usage_reply import team_lines
from cocoai.errors import Permanent, Temporary
from cocoai.ledger.calendar import days_of, read_calendar
from cocoai.ledger.ledger import Ledger
from cocoai.ledger.money import NANO, usd
from cocoai.ledger.notices import report_of
from cocoai.ledger.summary import MonthSummary, read_summary
from cocoai.slack.api.block_fallback import post_with_blocks
from cocoai.slack.api.chat import SlackChat
from cocoai.slack.markdown.message_layout import Block, header, section
from cocoai.slack.model.chart_block import TableNumber, bar_chart, data_table
from cocoai.slack.model.messages import MessageMetadata
from cocoai.slack.model.plain_text import escaped
from cocoai.slack.thread.user_names import UserNames
from cocoai.spool.job import Job
from cocoai.spool.spool import Spool
from cocoai.texts import Texts

DAYS_IN_BAR = 2
"""Days that one bar of the chart shows: a month has more than the 20 bars that Slack allows."""

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
        clock: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(spool, _report_of_facts, clock=clock)
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
        text = self._words(summary, texts)
        blocks = [header(_title(report.month, texts)), section(text), *_figures(summary, texts)]
        job.record("posting")
        try:
            ts = post_with_blocks(
                self._slack,
                report.channel,
                f"{_title(report.month, texts)}\n{text}",
                blocks,
                metadata=MessageMetadata(str(job.key), "report"),
                wait=False,
            )
        except (Temporary, Permanent) as error:
            if not error.sent:
                job.record("unposted", why=error.code)
            raise
        job.record("posted", ts=ts)

    def _words(self, summary: MonthSummary, texts: Texts) -> str:
        lines = team_lines(summary, texts, self._books, self._options, self._clock(), heading="reported")
        return "\n".join(lines)

    def _texts(self) -> Texts:
        """Return the texts in the language of the first operator, as nobody has asked; in the settings' without one."""
        first = min(self._options.operators, default="")
        return self._options.texts_in(self._names.language(first) if first else "")


def _report_of_facts(facts: Mapping[str, Any]) -> _Report:
    """Return the report in a job's first line. Raise KeyError if that is none."""
    return _Report(facts["channel"], facts["month"])


def _read(ledger: Ledger, month: str, zone: str = "") -> MonthSummary:
    return read_summary(ledger.path, month, day_of=read_calendar(zone).day)


def _title(month: str, texts: Texts) -> str:
    year, _, number = month.partition("-")
    return texts.usage["report"].format(year=year, month=int(number))


def _figures(summary: MonthSummary, texts: Texts) -> list[Block]:
    """Return the chart of the days and the table of the models."""
    by_day = {day.name: day.spent for day in summary.days}
    days = days_of(summary.month)
    starts = range(0, len(days), DAYS_IN_BAR)
    spent = [sum(by_day.get(day, 0) for day in days[start : start + DAYS_IN_BAR]) / NANO for start in starts]
    labels = [_span(days[start : start + DAYS_IN_BAR]) for start in starts]
    usage = texts.usage
    axes = {"x_label": usage["day"], "y_label": usage["dollars"]}
    chart = bar_chart(usage["days"], [(usage["dollars"], spent)], labels, **axes)
    rows = [
        (
            escaped(each.name),
            TableNumber(each.calls, f"{each.calls:,}"),
            TableNumber(each.spent / NANO, usd(each.spent)),
        )
        for each in summary.models
    ]
    names = (usage["model"], usage["questions"], usage["dollars"])
    return [chart, data_table(usage["models"], names, rows)]


def _span(days: tuple[str, ...]) -> str:
    """Return the label of a bar, by the days in it: `1–2`, or `31` for one day."""
    first, last = int(days[0][-2:]), int(days[-1][-2:])
    return f"{first}–{last}" if first < last else str(first)
