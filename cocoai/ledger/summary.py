"""Read what a month has cost: in all, and by person, channel, model and day.

Nothing is kept between two readings: each sums up the charges themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from cocoai.ledger.store import PATIENCE, LedgerStore, Row, Statements

SOURCES = ("told", "priced", "estimated", "lost", "refused")
"""How a settled charge is known, as the ledger has it."""

DAY = 86_400
"""Seconds of a day, the least part of a month from which a pace is computed."""


_IS_QUESTION = "kind NOT IN ('speech', 'wording', 'searching')"
"""Which charges are of a question: what was heard, or worded for a picture or a search, belongs to one.

It is none of its own.
"""

_BY_GROUP = (
    f"SELECT person, channel, model, how, count(*), sum({_IS_QUESTION}), sum(spent), sum(held)"  # noqa: S608 (ours)
    " FROM charge WHERE month = ? GROUP BY person, channel, model, how"
)
"""The sums of a month's charges; `how` and the spent sum are null for open holds."""

_BY_TIME = (
    f"SELECT at - at % 900, sum(spent), sum({_IS_QUESTION}),"  # noqa: S608 (ours)
    f" sum(how IN ('estimated', 'lost') AND {_IS_QUESTION}) FROM charge"
    " WHERE month = ? AND how <> 'refused' GROUP BY 1"
)
"""The sums of a month's settled charges by quarters of an hour, at which the days of all zones begin."""


class _Group(NamedTuple):
    """A row of `_BY_GROUP`."""

    person: str
    channel: str
    model: str
    how: str | None
    calls: int
    questions: int
    spent: int | None
    held: int

    @property
    def sums(self) -> tuple[int, int, int]:
        """Return nano-dollars, questions, and how many of these are estimated."""
        return self._with(self.questions)

    @property
    def model_sums(self) -> tuple[int, int, int]:
        """Return nano-dollars, calls, and how many of these are estimated."""
        return self._with(self.calls)

    def _with(self, number: int) -> tuple[int, int, int]:
        return self.spent or 0, number, number if self.how in ("estimated", "lost") else 0


class ChargeRow(NamedTuple):
    """A charge as the ledger keeps it, without its job's key; see database.py. Money is in nano-dollars."""

    id: int
    at: int
    month: str
    team: str
    channel: str
    person: str
    kind: str
    model: str
    tier: str
    prompt: int | None
    cached: int | None
    written: int | None
    output: int | None
    reasoning: int | None
    units: int | None
    held: int
    spent: int | None
    how: str | None
    price: str


@dataclass(frozen=True)
class Spending:
    """What one person, channel, model or day has cost: nano-dollars `spent`, by so many `calls`, one for each question.

    What a model has heard for a question counts as a call of that model alone. Of the calls, `estimated` were booked
    without a usage that the server told: estimated or lost. The name of a forgotten person is empty.
    """

    name: str
    spent: int = 0
    calls: int = 0
    estimated: int = 0


def _no_sources() -> dict[str, int]:
    return dict.fromkeys(SOURCES, 0)


@dataclass(frozen=True)
class MonthSummary:
    """What a month has cost in nano-dollars: `total`, and what its `open_holds` hold beside that, `held`.

    People, channels and models come dearest first, days in their order; only those that have calls. Calls that were
    refused are counted in `sources` alone, which has the number of settled charges by how their cost is known.
    `priced_models` are those whose cost, or hold, comes from a price: nobody told it.
    """

    month: str
    total: int = 0
    held: int = 0
    open_holds: int = 0
    people: tuple[Spending, ...] = ()
    channels: tuple[Spending, ...] = ()
    models: tuple[Spending, ...] = ()
    days: tuple[Spending, ...] = ()
    sources: Mapping[str, int] = field(default_factory=_no_sources)
    priced_models: frozenset[str] = frozenset()

    @property
    def calls(self) -> int:
        """Return how many calls were paid for, those without a price included."""
        return sum(day.calls for day in self.days)

    @property
    def estimated(self) -> int:
        """Return how many calls were booked as estimated or lost."""
        return self.sources["estimated"] + self.sources["lost"]

    def person(self, user: str) -> Spending:
        """Return what a person has cost; all numbers are 0 for one without calls."""
        return next((each for each in self.people if each.name == user), Spending(user))


def _on_no_day(_: float) -> str:
    return ""


def read_summary(
    store: LedgerStore, month: str, *, day_of: Callable[[float], str] = _on_no_day, patience: float = PATIENCE
) -> MonthSummary:
    """Return what a month such as `2026-11` has cost, by the ledger in `store`; zeros if there is no ledger yet.

    `day_of` returns the day of a time in epoch seconds; without it all calls are of one day, "". Other processes'
    transactions are waited for, up to `patience` seconds. Raise `LedgerBroken` if the ledger cannot be read.
    """

    def run(statements: Statements) -> tuple[list[Row], list[Row]]:
        return statements.rows(_BY_GROUP, (month,)), statements.rows(_BY_TIME, (month,))

    groups, times = store.read(run, patience=patience, at_one_moment=True)
    days = [(day_of(at), int(spent), int(calls), int(estimated)) for at, spent, calls, estimated in times]
    return _summarize(month, [_group(row) for row in groups], days)


def _group(row: Row) -> _Group:
    person, channel, model, how, calls, questions, spent, held = row
    cost = None if spent is None else int(spent)
    return _Group(person, channel, model, how, int(calls), int(questions), cost, int(held))


def read_charges(store: LedgerStore, month: str) -> list[ChargeRow]:
    """Return a month's charges in the order in which they were held. Raise `LedgerBroken` if they cannot be read."""
    columns = ", ".join(ChargeRow._fields)
    query = f"SELECT {columns} FROM charge WHERE month = ? ORDER BY id"  # noqa: S608 (names of ours)
    return [ChargeRow(*row) for row in store.read(lambda statements: statements.rows(query, (month,)))]


def _summarize(month: str, groups: Sequence[_Group], days: Sequence[tuple[str, int, int, int]]) -> MonthSummary:
    """Return the sums of a month's charges, from those of its groups, and from those of parts of its days."""
    made = [group for group in groups if group.how not in (None, "refused")]
    open_groups = [group for group in groups if group.how is None]
    sources = _no_sources()
    for group in groups:
        if group.how is not None:
            sources[group.how] = sources.get(group.how, 0) + group.calls
    return MonthSummary(
        month,
        total=sum(group.spent or 0 for group in groups),
        held=sum(group.held for group in open_groups),
        open_holds=sum(group.calls for group in open_groups),
        people=_dearest_first((group.person, *group.sums) for group in made),
        channels=_dearest_first((group.channel, *group.sums) for group in made),
        models=_dearest_first((group.model, *group.model_sums) for group in made),
        days=tuple(_added(days)),
        sources=sources,
        priced_models=frozenset(group.model for group in groups if group.how not in ("told", "refused")),
    )


def _added(sums: Iterable[tuple[str, int, int, int]]) -> list[Spending]:
    """Return one Spending for each name, in the order of the names, with what all sums of that name come to."""
    added: dict[str, list[int]] = {}
    for name, *numbers in sums:
        added[name] = [old + more for old, more in zip(added.get(name, (0, 0, 0)), numbers, strict=True)]
    return [Spending(name, *numbers) for name, numbers in sorted(added.items())]


def _dearest_first(sums: Iterable[tuple[str, int, int, int]]) -> tuple[Spending, ...]:
    return tuple(sorted(_added(sums), key=_cheapness))


def _cheapness(spending: Spending) -> int:
    return -spending.spent


def pace(summary: MonthSummary, now: float, start: float, end: float) -> int:
    """Return the nano-dollars that the month will have cost at its end, if it goes on as it has until `now`.

    `start` and `end` are the month's first second and that of the next one. What was spent counts as a whole day's
    until the first day is over: an hour's would be multiplied by 700. A month that is over has cost what was spent.
    """
    length = int(end - start)
    elapsed = min(max(int(now - start), DAY), length)
    return summary.total * length // elapsed


def seats_cost(people: int, seat: int) -> int:
    """Return the nano-dollars that `people` seats cost in a month, at `seat` nano-dollars each."""
    return people * seat


def saved(summary: MonthSummary, seat: int) -> int:
    """Return the nano-dollars by which the month was cheaper than a seat for each who asked; negative if dearer."""
    return seats_cost(len(summary.people), seat) - summary.total
