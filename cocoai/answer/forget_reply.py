"""ForgetReply: forget what an asker has asked, and say in numbers what that was and what stays.

The numbers are recorded before anything is removed: a second run, after a kill, removes what is left and says the same.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from cocoai.answer.attempt import Attempt
from cocoai.answer.options import AnswerOptions
from cocoai.forgetting import Forgetter
from cocoai.spool.job import Fact
from cocoai.spool.job_words import Whose
from cocoai.spool.spool import Spool

BACKUP_DAYS = 7
"""How many nights' backups are kept by default (backup/command.py)."""

INDEX_PATIENCE = 10.0
"""Seconds to wait while the index is being built. If that takes longer, it is cleared when it is next built."""


class ForgetReply:
    """What forgets for askers, in one process. `folder` is `var`; `clock` gives seconds since the epoch."""

    def __init__(
        self, folder: str, spool: Spool, options: AnswerOptions, clock: Callable[[], float] = time.time
    ) -> None:
        self._options = options
        self._forgetter = Forgetter(
            folder,
            spool,
            options.history(),
            has_history=options.history_days > 0,
            patience=INDEX_PATIENCE,
            clock=clock,
        )

    def answer(self, attempt: Attempt, *, everywhere: bool) -> str:
        """Forget what the asker has asked, in this thread (or direct message) or `everywhere`; return our reply to it.

        Record `forgetting`, with the numbers, before, and `forgot` behind it. Raise StoreError and `HistoryBroken`.
        """
        begun, done = attempt.job.last("forgetting"), attempt.job.last("forgot")
        if begun is None or done is None:
            counts = self._forget(attempt, _whose(attempt, everywhere=everywhere), begun)
        else:
            counts = {**begun, "waiting": done["waiting"]}
        return "\n\n".join(self._said(attempt, counts, everywhere=everywhere))

    def _forget(self, attempt: Attempt, whose: Whose, begun: Fact | None) -> Fact:
        """Forget, and return the numbers: those of the first run, if one was cut off."""
        found = self._forgetter.find(whose)
        if begun is None:
            begun = {"exchanges": found.exchanges}
            attempt.job.record("forgetting", **begun)
        done = self._forgetter.forget(found)
        waiting = len(done.busy) + sum(key != attempt.job.key for key in found.waiting)
        attempt.record("forgot", waiting=waiting, damaged=len(done.damaged), is_late=done.is_index_late)
        return {**begun, "waiting": waiting}

    def _said(self, attempt: Attempt, counts: Fact, *, everywhere: bool) -> Iterator[str]:
        texts, place = attempt.texts.forgotten, "box" if attempt.question.is_in_box else "thread"
        what = ("everywhere" if everywhere else place) if counts["exchanges"] else "nothing"
        yield texts[what].format(n=counts["exchanges"])
        if counts["waiting"]:
            yield texts["waiting"].format(n=counts["waiting"])
        yield texts["stays"].format(days=BACKUP_DAYS)


def _whose(attempt: Attempt, *, everywhere: bool) -> Whose:
    """Return what is to be forgotten: a direct message's own box stands for all of that direct message."""
    question = attempt.question
    if everywhere:
        return Whose(question.user)
    return Whose(question.user, question.channel, "" if question.is_in_box else question.thread_ts)
