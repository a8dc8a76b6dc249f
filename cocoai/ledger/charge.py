"""Charge: one paid call as the ledger keeps it: who is behind it, the most that it can cost, and what it has cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import astuple, dataclass
from typing import Any, Literal

from cocoai.ledger.cost import Tokens

How = Literal["told", "priced", "estimated", "lost", "refused"]
"""How a cost is known: told by the server, price times its usage, price times our estimate, not at all (then it is the
whole hold), or nothing was paid, since the call was refused or never left."""


@dataclass(frozen=True)
class Payer:
    """For whom a call is made: Slack's team, the channel, and the person who asked."""

    team: str
    channel: str
    person: str


@dataclass(frozen=True)
class PaidCall:
    """A call that is about to be made for the job `key`, in its attempt `claim`.

    `kind` is what is called, such as `chat`. `bound` is the most that it can cost, in nano-dollars; `price` is the
    price by which that was computed, as the charge keeps it. Of a call that is not billed by tokens, `units` are those
    that it can have at most, and `most_a_day` those of all calls of this kind by this person in 24 hours, 0 for any
    number.
    """

    key: str
    claim: int
    payer: Payer
    kind: str
    model: str
    bound: int
    price: str
    units: int | None = None
    most_a_day: int = 0


@dataclass(frozen=True)
class Bill:
    """What a call has cost, in nano-dollars, and how that is known.

    `model` and `tier` are those that answered, "" if that is not known. `tokens` are None if nothing was counted.
    `units` are those of a call that is not billed by tokens, None for as many as were held.
    """

    spent: int
    how: How
    model: str = ""
    tier: str = ""
    tokens: Tokens | None = None
    units: int | None = None
    price: str = ""

    def as_fact(self) -> dict[str, Any]:
        """Return the bill as a job's fact keeps it, from which `from_fact` makes it again."""
        return {**vars(self), "tokens": self.tokens and astuple(self.tokens)}

    @classmethod
    def from_fact(cls, fact: Mapping[str, Any]) -> Bill:
        """Return the bill that as_fact() has written. Raise KeyError, TypeError or ValueError if it is none."""
        tokens = fact["tokens"]
        spent = int(fact["spent"])
        names = ("how", "model", "tier", "units", "price")
        return cls(spent, **{name: fact[name] for name in names}, tokens=Tokens(*tokens) if tokens else None)


NOTHING_PAID = Bill(0, "refused")
"""The bill of a call that the server refused before it ran, or that never left."""


@dataclass(frozen=True)
class OpenHold:
    """A charge that is not settled: the job's key, the call's number, the attempt that made it, and what it holds."""

    key: str
    call: int
    claim: int
    held: int

    def lost(self) -> Bill:
        """Return the bill of a call of which nobody knows how it ended: the whole hold, as it may be billed."""
        return Bill(self.held, "lost")
