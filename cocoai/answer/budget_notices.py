"""BudgetNotices: tell people, once a month, how much of a cap is used up.

The ledger writes a notice in the transaction in which the sum came to a threshold; whoever finds it untold tells it,
and notes that behind. So it is told once, and twice at most if a process dies in between.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from cocoai.answer.attempt import Attempt
from cocoai.answer.money_text import money
from cocoai.answer.options import AnswerOptions
from cocoai.answer.paid_requests import Books
from cocoai.errors import CocoAIError
from cocoai.ledger.caps import ALL, HALF, TEAM
from cocoai.ledger.notices import Notice
from cocoai.slack.api.chat import SlackChat
from cocoai.slack.thread.user_names import UserNames
from cocoai.texts import Texts

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class BudgetNotices:
    """The notices that one process tells.

    The operators hear of the team's and the channels' caps, and each asker of his own; whoever asks as the sum comes to
    the warning hears of it beside his answer.
    """

    books: Books
    options: AnswerOptions
    slack: SlackChat
    names: UserNames

    def tell(self, notices: Iterable[Notice], attempt: Attempt | None = None) -> None:
        """Tell these notices, which this process has taken; note of each that it was told.

        `attempt` is the one at whose question they were written, None for notices that another process has left. What
        could not be told is only logged: it is told later. Raise `LedgerBroken` if the ledger cannot be written.
        """
        for notice in notices:
            log.warning("budget month=%s scope=%s threshold=%d%%", *notice)
            if self._tell(notice, attempt):
                self.books.ledger.note_told(notice)

    def _tell(self, notice: Notice, attempt: Attempt | None) -> bool:
        """Tell everybody whom a notice concerns; return False if there is somebody, and nobody could be told."""
        told = [self._is_sent(user, notice, attempt) for user in self._people(notice, attempt)]
        if notice.scope == TEAM and notice.threshold == ALL and (channel := self.options.money.report_channel):
            # A person's id and a channel's are one to chat.postMessage.
            told.append(self._is_direct_sent(channel, notice, self.options.texts_in("")))
        return any(told) or not told

    def _people(self, notice: Notice, attempt: Attempt | None) -> Iterator[str]:
        """Yield the people who are told: those whom it concerns, and whoever asks now, unless only half is used up."""
        kind, _, value = notice.scope.partition(" ")
        people = {value} if kind == "person" else set(self.options.operators)
        if attempt is not None and kind != "person" and HALF < notice.threshold < ALL:
            people.add(attempt.question.user)
        yield from sorted(people)

    def _is_sent(self, user: str, notice: Notice, attempt: Attempt | None) -> bool:
        """Tell one person: the asker privately beside his answer, others directly. Return False after an error."""
        if attempt is None or user != attempt.question.user:
            return self._is_direct_sent(user, notice, self.options.texts_in(self.names.language(user)))
        channel, text = attempt.question.channel, self._text(notice, attempt.texts)
        try:
            self.slack.post_ephemeral(channel, user, text, attempt.ephemeral_thread, wait=False)
        except CocoAIError as error:
            log.warning("budget outcome=not-told reason=%s", error)
            return False
        return True

    def _is_direct_sent(self, user: str, notice: Notice, texts: Texts) -> bool:
        try:
            self.slack.post_direct(user, self._text(notice, texts))
        except CocoAIError as error:
            log.warning("budget outcome=not-told reason=%s", error)
            return False
        return True

    def _text(self, notice: Notice, texts: Texts) -> str:
        """Return the sentence of a notice. Raise LedgerBroken if the sum cannot be read."""
        kind, _, value = notice.scope.partition(" ")
        ledger, percent = self.books.ledger, notice.threshold
        if percent >= ALL and kind != "channel":
            return texts.error_text(f"budget_{kind}", ledger.months.after(ledger.months.start(notice.month)))
        if kind == TEAM:
            rate = self.options.money.yen_rate
            spent, cap = money(ledger.spent(notice.month), texts, rate), money(ledger.caps.team, texts, rate)
            return texts.usage["half"].format(percent=percent, spent=spent, cap=cap)
        return texts.usage[f"warn_{kind}"].format(percent=percent, channel=f"<#{value}>")
