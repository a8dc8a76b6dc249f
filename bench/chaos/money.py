"""The money of a chaos run: the product's ledger beside the books of the practice OpenAI.

A charge and a bill have no number in common. So the charges of each question are compared with the requests that were
made for it, and all amounts that the server told with all bills.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from bench.never_over.laws import BY_USAGE, ChargedCall


@dataclass(frozen=True)
class MoneyAccount:
    """What was charged and what was billed once no question is waiting and the sweep has run.

    `bills` are the amounts of the server's bills in nano-dollars, `paid` counts its paid requests by the number of
    their question, `numbers` has the number of each job's question by the job's key, `cap` is that of the month.
    """

    charges: Sequence[ChargedCall]
    bills: Sequence[int]
    paid: Mapping[int, int]
    numbers: Mapping[str, int | None]
    cap: int

    @property
    def figures(self) -> dict[str, object]:
        """Return the figures by their names; those of `how` count charges."""
        hows = Counter(str(charge.how) for charge in self.charges)
        return {
            "requests billed": len(self.bills),
            "billed (nano-dollars)": sum(self.bills),
            "spent by the ledger": self.spent,
            "charges": len(self.charges),
            **{f"of these, {how}": hows[how] for how in ("priced", "estimated", "lost", "refused")},
            "holds open after the sweep": hows["None"],
            "wrong about money": len(self.faults),
        }

    @property
    def spent(self) -> int:
        """Return what all settled charges come to."""
        return sum(charge.spent or 0 for charge in self.charges)

    @property
    def faults(self) -> list[str]:
        """Tell everything that is wrong about the money; [] if nothing is."""
        return [*self._wrong_sums(), *self._wrong_counts()]

    def _wrong_sums(self) -> Iterator[str]:
        billed = sum(self.bills)
        if billed > self.cap:
            yield f"{billed} nano-dollars are billed, and the cap is {self.cap}"
        if billed > self.spent:
            yield f"{billed} nano-dollars are billed, and {self.spent} charged"
        told = Counter(charge.spent for charge in self.charges if charge.how in BY_USAGE)
        for amount, count in (told - Counter[int | None](self.bills)).items():
            yield f"{count} charges of {amount} nano-dollars have no bill"
        yield from (f"open: {charge}" for charge in self.charges if charge.spent is None)

    def _wrong_counts(self) -> Iterator[str]:
        """Tell of which questions the charges are not as many as the paid requests.

        A lost one may never have left, and one that was stopped at once may not have run: its price is estimated.
        """
        made, lost = Counter[int | None](), Counter[int | None]()
        for charge in self.charges:
            number = self.numbers[charge.key]
            made[number] += charge.how != "refused"
            lost[number] += charge.how in ("lost", "estimated")
        for number in [*made, *(number for number in self.paid if number not in made)]:
            paid = 0 if number is None else self.paid.get(number, 0)
            if not 0 <= made[number] - paid <= lost[number]:
                yield f"#{number}: {paid} requests, {made[number]} charges, {lost[number]} of them lost"
