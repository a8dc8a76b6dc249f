"""Caps: how much may be spent in a month, and the errors of a call that does not fit under them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cocoai.errors import Permanent, Temporary
from cocoai.ledger.charge import Payer

TEAM = "team"
"""The scope of the cap of all together; those of a person and a channel are `person ID` and `channel ID`."""

HALF = 50
"""Percent of the team's cap at which the operators hear of it."""

ALL = 100
"""Percent of a cap at which nothing more is paid."""

HELD_DELAY = 5.0
"""Seconds until a call is tried again that only the open holds of others, or a full disk, keep from being made."""


@dataclass(frozen=True)
class Scope:
    """One cap, in nano-dollars, and whose charges count: those with `value` in `column`, all of them for ""."""

    name: str
    cap: int
    column: str = ""
    value: str = ""


@dataclass(frozen=True)
class Caps:
    """The most that may be spent in a month, in nano-dollars: by all, by each person, by each channel (None: any sum).

    At `warn_at` percent of a cap people are warned.
    """

    team: int
    person: int | None = None
    channel: int | None = None
    warn_at: int = 80

    def scopes(self, payer: Payer) -> Iterator[Scope]:
        """Yield the caps under which a call of this payer must fit."""
        yield Scope(TEAM, self.team)
        if self.person is not None:
            yield Scope(f"person {payer.person}", self.person, "person", payer.person)
        if self.channel is not None:
            yield Scope(f"channel {payer.channel}", self.channel, "channel", payer.channel)

    def thresholds(self, scope: Scope) -> tuple[int, ...]:
        """Return the percentages of a cap at which somebody is told, in their order."""
        return tuple(sorted({*((HALF,) if scope.name == TEAM else ()), self.warn_at, ALL}))


class OverBudget(Permanent):
    """A call that does not fit under a cap, by what is spent: nothing is sent.

    The code is `budget_team`, `budget_person` or `budget_channel`, or `budget_off` for a cap of 0. `again` is the month
    in which more may be spent, such as `2027-01`.
    """

    def __init__(self, scope: Scope, again: str) -> None:
        super().__init__(f"budget_{scope.name.split()[0] if scope.cap else 'off'}", source="ledger")
        self.again = again


class OverAllowance(Permanent):
    """A call for which this person has had too much of its kind within a day: nothing is sent."""

    def __init__(self) -> None:
        super().__init__("allowance", source="ledger")


class PayLater(Temporary):
    """A call that cannot be paid now, but soon; `final` is the error to end with if that takes too long."""

    def __init__(self, code: str, final: Permanent) -> None:
        super().__init__(code, source="ledger", retry_after=HELD_DELAY)
        self.final = final


class BudgetHeld(PayLater):
    """A call that does not fit under a cap as long as other calls, which are under way, hold what they may cost."""

    final: OverBudget

    def __init__(self, scope: Scope, again: str) -> None:
        super().__init__("budget_held", OverBudget(scope, again))
