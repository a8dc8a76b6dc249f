"""UsageReply: what a person reads who asks in Slack what the answers have cost.

Everybody may know the team's total. What he himself has spent is told to the asker alone, and what each person has
spent to operators alone.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial

from cocoai.answer.attempt import Attempt
from cocoai.answer.money_text import bullets, dollars, money, percent, questions
from cocoai.answer.month_text import MonthText
from cocoai.answer.options import AnswerOptions
from cocoai.answer.paid_requests import Books
from cocoai.errors import Permanent
from cocoai.ledger.summary import MonthSummary, Spending, read_summary
from cocoai.slack.api.chat import SlackChat
from cocoai.slack.model.plain_text import escaped
from cocoai.slack.thread.user_names import UserNames
from cocoai.texts import Texts

DIRECT = "direct"
"""Stands for all direct messages among the ids of channels."""


class UsageReply:
    """The replies about money of one process, by the ledger of `books`. `clock` gives seconds since the epoch."""

    def __init__(
        self,
        books: Books,
        options: AnswerOptions,
        slack: SlackChat,
        names: UserNames,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._books = books
        self._options = options
        self._slack = slack
        self._names = names
        self._clock = clock

    def answer(self, attempt: Attempt) -> str:
        """Tell the asker privately what is for him alone, and return what everybody in the thread may read.

        In a direct message everything is returned. Raise `Temporary` if Slack is in trouble, `LedgerBroken` if the
        ledger cannot be read.
        """
        summary, question = self.summary(), attempt.question
        public = "\n".join(self._public_lines(summary, attempt.texts))
        private = "\n".join(self._private_lines(summary, question.user, attempt.texts))
        if question.channel.startswith("D"):
            return f"{public}\n{private}"
        try:
            self._slack.post_ephemeral(question.channel, question.user, private, attempt.ephemeral_thread)
        except Permanent:
            self._slack.post_direct(question.user, private)  # a channel may take no ephemeral message
        return public

    def whole(self, user: str, texts: Texts) -> str:
        """Return what everybody may read and what is for `user` alone. Raise as answer() does."""
        summary = self.summary()
        return "\n".join((*self._public_lines(summary, texts), *self._private_lines(summary, user, texts)))

    def summary(self) -> MonthSummary:
        """Return what this month has cost so far. Raise `LedgerBroken` if the ledger cannot be read."""
        return read_summary(self._books.ledger.store, self._books.ledger.months.of(self._clock()))

    def month(self, summary: MonthSummary, texts: Texts) -> MonthText:
        """Return the sentences about a month that everybody may read."""
        return MonthText(summary, texts, self._books, self._options.money)

    def own(self, summary: MonthSummary, user: str, texts: Texts) -> Iterator[str]:
        """Yield what a person has spent, how much of a seat that is, and the person's own cap, where there are such."""
        rate, cap, seat = self._options.money.yen_rate, self._books.ledger.caps.person, self._options.money.seat
        own = summary.person(user)
        yield texts.usage["own"].format(spent=money(own.spent, texts, rate), questions=questions(own.calls, texts))
        if seat:
            yield texts.usage["own_seat"].format(percent=percent(own.spent, seat), seat=dollars(seat))
        if cap is not None:
            yield texts.usage["own_cap"].format(cap=money(cap, texts, rate))

    def _public_lines(self, summary: MonthSummary, texts: Texts) -> Iterator[str]:
        """Yield what the team has spent, the pace, and what seats would cost; less if nobody has asked anything."""
        month = self.month(summary, texts)
        yield month.total()
        yield month.asked()
        if summary.calls:
            yield from month.pace(self._clock())
            yield from month.compared()
            yield from month.notes()

    def _private_lines(self, summary: MonthSummary, user: str, texts: Texts) -> Iterator[str]:
        """Yield what the asker has spent, and if he is an operator, what each person, channel and model has cost."""
        yield from self.own(summary, user, texts)
        if user in self._options.operators:
            groups = (
                ("people", summary.people, self._person),
                ("channels", _by_place(summary.channels), partial(_place, texts)),
                ("models", summary.models, escaped),
            )
            for heading, group, shown in groups:
                if group:
                    yield texts.usage[heading]
                    yield bullets(group, shown, texts, self._options.money.yen_rate)

    def _person(self, user: str) -> str:
        """Return a person's name, or the id if Slack tells none."""
        return escaped(self._names.name(user) or user)


def _by_place(channels: Sequence[Spending]) -> list[Spending]:
    """Return the channels, dearest first, with one row named DIRECT for all direct messages: these have no names."""
    direct = [each for each in channels if each.name.startswith("D") or not each.name]
    rows = [each for each in channels if each not in direct]
    if direct:
        rows.append(Spending(DIRECT, sum(each.spent for each in direct), sum(each.calls for each in direct)))
    return sorted(rows, key=lambda row: -row.spent)


def _place(texts: Texts, channel: str) -> str:
    """Return the reference to a channel, which Slack shows by its name, or what direct messages are called."""
    return texts.usage["direct"] if channel == DIRECT else f"<#{channel}>"
