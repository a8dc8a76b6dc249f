"""MonthText: the sentences about a month's money that everybody may read, for the answer to "usage" and the report."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cocoai.answer.money_text import counted, dollars, money, percent, questions, rate_note, short_money
from cocoai.answer.options import MoneyOptions
from cocoai.answer.paid_requests import Books
from cocoai.ledger.summary import MonthSummary, pace, saved, seats_cost
from cocoai.slack.model.plain_text import escaped
from cocoai.texts import Texts


@dataclass(frozen=True)
class MonthText:
    """The sentences about the month of `summary`, in the language of `texts`, by the cap and the prices of `books`."""

    summary: MonthSummary
    texts: Texts
    books: Books
    options: MoneyOptions

    def title(self) -> str:
        """Return the month and what it cost, beside what seats would have cost if these are dearer."""
        usage, names = self.texts.usage, self.texts.month(self.summary.month)
        spent = self._short(self.summary.total)
        if self.options.seat and saved(self.summary, self.options.seat) > 0:
            return usage["report_saved"].format(**names, spent=spent, seats=self._short(self._seats))
        return usage["report"].format(**names, spent=spent)

    def total(self) -> str:
        """Return what was spent, and how much of the cap that is."""
        return self.texts.usage["total"].format(spent=self._money(self.summary.total), **self._of_cap())

    def share(self) -> str:
        """Return how much of the cap was spent, in dollars alone, which are what OpenAI bills."""
        return self.texts.usage["share"].format(spent=dollars(self.summary.total), **self._of_cap())

    def asked(self) -> str:
        """Return how many people asked, how many questions, and what one cost; or that nobody asked."""
        usage, calls = self.texts.usage, self.summary.calls
        if not calls:
            return usage["nothing"]
        people = counted(len(self.summary.people), usage["one_person"], usage["many_people"])
        each = self._money(self.summary.total // calls, is_fine=True)
        return usage["asked"].format(people=people, questions=questions(calls, self.texts), each=each)

    def pace(self, now: float) -> Iterator[str]:
        """Yield what the month will have cost at its end, if it is the one of `now`, in epoch seconds."""
        months = self.books.ledger.months
        if self.summary.month == months.of(now):
            start, end = months.start(self.summary.month), months.start(months.after(now))
            yield self.texts.usage["pace"].format(pace=self._money(pace(self.summary, now, start, end)))

    def compared(self) -> Iterator[str]:
        """Yield what a seat for each who asked would cost, and what is saved, unless the settings compare nothing."""
        if self.options.seat:
            less = saved(self.summary, self.options.seat)
            yield self.texts.usage["saved" if less > 0 else "dearer"].format(
                seat=dollars(self.options.seat), seats=self._money(self._seats), saved=self._money(less)
            )

    def notes(self) -> Iterator[str]:
        """Yield what one must know of the amounts: how many are estimated, whose prices are guessed, rate and taxes."""
        usage = self.texts.usage
        if self.summary.estimated:
            yield usage["estimated"].format(questions=questions(self.summary.estimated, self.texts))
        for model in sorted(filter(self.books.tariff.is_guessed, self.summary.priced_models)):
            yield usage["guessed"].format(model=escaped(model))
        yield rate_note(self.texts, self.options.yen_rate)

    @property
    def _seats(self) -> int:
        return seats_cost(len(self.summary.people), self.options.seat)

    def _of_cap(self) -> dict[str, str]:
        cap = self.books.ledger.caps.team
        return {"cap": dollars(cap), "percent": percent(self.summary.total, cap)}

    def _money(self, nano: int, *, is_fine: bool = False) -> str:
        return money(nano, self.texts, self.options.yen_rate, is_fine=is_fine)

    def _short(self, nano: int) -> str:
        return short_money(nano, self.texts, self.options.yen_rate)
