"""UsageReply: what a person reads who asks in Slack what the answers have cost.

Everybody may know the team's total. What he himself has spent is told to the asker alone, and what each person has
spent to operators alone.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from cocoai.answer.attempt import Attempt
from cocoai.answer.money_text import bullets, money, rate_note
from cocoai.answer.options import AnswerOptions
from cocoai.answer.paid_requests import Books
from cocoai.errors import Permanent
from cocoai.ledger.summary import MonthSummary, pace, read_summary, saved, seats_cost
from cocoai.slack.api.chat import SlackChat
from cocoai.slack.model.plain_text import escaped
from cocoai.slack.thread.user_names import UserNames
from cocoai.texts import Texts


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
        summary = read_summary(self._books.ledger.path, self._books.ledger.months.of(self._clock()), day_of=_on_no_day)
        public = "\n".join(team_lines(summary, attempt.texts, self._books, self._options, self._clock()))
        private = "\n".join(self._private_lines(summary, attempt))
        question = attempt.question
        if question.channel.startswith("D"):
            return f"{public}\n{private}"
        thread_ts = attempt.reply_thread if question.in_thread or attempt.first_message else ""
        try:
            self._slack.post_ephemeral(question.channel, question.user, private, thread_ts)
        except Permanent:
            self._slack.post_direct(question.user, private)  # a channel may take no ephemeral message
        return public

    def _private_lines(self, summary: MonthSummary, attempt: Attempt) -> Iterator[str]:
        """Yield what the asker has spent, and if he is an operator, what each person, channel and model has cost."""
        texts, rate, cap = attempt.texts, self._options.money.yen_rate, self._books.ledger.caps.person
        own = summary.person(attempt.question.user)
        yield texts.usage["own"].format(spent=money(own.spent, texts, rate), questions=own.calls)
        if cap is not None:
            yield texts.usage["own_cap"].format(cap=money(cap, texts, rate))
        if attempt.question.user in self._options.operators:
            groups = (
                ("people", summary.people, self._person),
                ("channels", summary.channels, "<#{}>".format),
                ("models", summary.models, escaped),
            )
            for heading, group, shown in groups:
                if group:
                    yield texts.usage[heading]
                    yield bullets(group, shown, texts, rate)

    def _person(self, user: str) -> str:
        """Return a person's name, or the id if Slack tells none."""
        return escaped(self._names.name(user) or user)


def team_lines(
    summary: MonthSummary, texts: Texts, books: Books, options: AnswerOptions, now: float, *, heading: str = "total"
) -> Iterator[str]:
    """Yield the sentences about a month that everybody may read; `heading` is the text that begins them.

    The pace is left out of a month that is over. `now` is in seconds since the epoch.
    """
    rate, cap, usage = options.money.yen_rate, books.ledger.caps.team, texts.usage
    percent = summary.total * 100 // cap if cap else 0
    yield usage[heading].format(spent=money(summary.total, texts, rate), cap=money(cap, texts, rate), percent=percent)
    if not summary.calls:
        yield usage["nothing"]
        return
    people = len(summary.people)
    yield usage["asked"].format(people=people, questions=summary.calls)
    months = books.ledger.months
    if summary.month == months.of(now):
        start, end = months.start(summary.month), months.start(months.after(now))
        yield usage["pace"].format(pace=money(pace(summary, now, start, end), texts, rate))
    if seat := options.money.seat:
        less = saved(summary, seat)
        yield usage["saved" if less > 0 else "dearer"].format(
            seat=money(seat, texts, rate),
            seats=money(seats_cost(people, seat), texts, rate),
            saved=money(less, texts, rate),
        )
    if summary.estimated:
        yield usage["estimated"].format(n=summary.estimated)
    yield rate_note(texts, rate)


def _on_no_day(_: float) -> str:
    return ""
