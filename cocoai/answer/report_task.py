"""ReportTask: put the job of a month's report, once, on the morning after the month. monthly_report.py does the job."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from cocoai.answer.options import MoneyOptions
from cocoai.ledger.ledger import Ledger
from cocoai.ledger.notices import report_of
from cocoai.slack.model.job_kinds import REPORT
from cocoai.spool.key import Key
from cocoai.spool.spool import Spool

MORNING = 9 * 3600.0
"""Seconds from the beginning of a month to its first report: nobody reads it at midnight."""

LATEST = 7 * 86400.0
"""Seconds from the beginning of a month after which the last one is no longer reported."""


@dataclass(frozen=True)
class ReportTask:
    """The task that puts the job of a month's report, once a month. `clock` gives seconds since the epoch."""

    spool: Spool
    ledger: Ledger
    options: MoneyOptions
    clock: Callable[[], float] = time.time

    def is_wanted(self) -> bool:
        """Check whether a report may be due: there is a channel for it, and the month is hours or a few days old."""
        if not self.options.report_channel:
            return False
        months, now = self.ledger.months, self.clock()
        return MORNING <= now - months.start(months.of(now)) < LATEST

    def run(self) -> bool:
        """Put the job of last month's report, unless it was posted or nobody has asked anything.

        Return True if it is new. Raise `LedgerBroken` or StoreError if the ledger or the spool cannot be used.
        """
        months, now, channel = self.ledger.months, self.clock(), self.options.report_channel
        month, ts = months.before(now), f"{months.start(months.of(now)):.6f}"
        if self.ledger.was_told(report_of(month)) or not self.ledger.has_charges(month):
            return False
        return self.spool.put(Key(channel, ts, ts), {"kind": REPORT, "channel": channel, "month": month})
