"""The ledger of a simulated machine: each hold and each settling is durable at once, or has not happened.

That is what SQLite's commits were shown to be: bench/ledger_power. The power may go before and behind each of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cocoai.answer import Books
from cocoai.ledger.charge import Bill, OpenHold, PaidCall
from cocoai.ledger.prices import PriceTable
from cocoai.ledger.tariff import Tariff
from tests.books import NoLedger, no_books
from tests.crash.services import SIZE, Services
from tests.crash.world import BilledRun, DurableCharge, Law

_ENTRY = {"from": "2025-01-01", "in": "0.10", "cached": "0.01", "written": "0.125", "out": "0.50"}
_PICTURES = {"text_in": "5", "text_cached": "1.25", "image_in": "8", "image_cached": "2", "image_out": "30"}
_UNITS = {"from": "2025-01-01", "per_million": {**_PICTURES, "1536x1024 medium": "11000"}}
_BY_UNIT = {
    "gpt-image-2.6-flare": [_UNITS],
    "gpt-transcribe": [{"from": "2025-01-01", "per_million": {"second": "75"}}],
}
TARIFF = Tariff(
    PriceTable({"checked": "", "models": {SIZE.model: [_ENTRY]}, "units": _BY_UNIT}), "https://api.openai.com/v1"
)
RATIO = no_books().ratio


class SimulatedLedger(NoLedger):
    """The ledger, whose charges the outside keeps. There is room for everything."""

    def __init__(self, services: Services) -> None:
        super().__init__()
        self._services = services

    def hold(self, call: PaidCall) -> int:
        self._services.own_step("hold")
        charges = self._services.outside.charges
        number = 1 + sum(1 for each in charges if each.key == call.key)
        self._services.note(charges=(*charges, DurableCharge(call.key, number, call.claim, call.bound)))
        self._services.own_step("held")
        return number

    def settle(self, key: str, call: int, bill: Bill) -> None:
        self._services.own_step("settle")
        charges = [
            each.settled(bill.spent, bill.how) if (each.key, each.call) == (key, call) else each
            for each in self._services.outside.charges
        ]
        self._services.note(charges=tuple(charges))
        self._services.own_step("settled")

    def open_holds(self, key: str = "") -> list[OpenHold]:
        charges = self._services.outside.charges
        return [OpenHold(*each[:4]) for each in charges if each.spent is None and key in ("", each.key)]


def simulated_books(services: Services) -> Books:
    """Return the books of a machine."""
    return Books(SimulatedLedger(services), TARIFF, RATIO, lambda: services.outside.now)


def wrong_charges(charges: Sequence[DurableCharge], bills: Sequence[BilledRun]) -> Iterator[tuple[Law, str]]:
    """Yield each law about money that is broken at some moment."""
    by_call = {(each.key, each.call): each for each in charges}
    if len({run[:2] for run in bills}) < len(bills):
        yield Law.CHARGED, f"{bills} share a charge"
    for run in bills:
        charge = by_call.get(run[:2])
        if charge is None or charge.covers < run.amount or (charge.how == "priced" and charge.covers != run.amount):
            yield Law.CHARGED, f"{run} has {charge}"


def wrong_charges_at_the_end(charges: Sequence[DurableCharge], bills: Sequence[BilledRun]) -> Iterator[tuple[Law, str]]:
    """Yield each law about money that is broken once every job has ended, and the sweep has run."""
    yield from wrong_charges(charges, bills)
    billed = {run[:2] for run in bills}
    for charge in charges:
        if charge.spent is None:
            yield Law.CLOSED, str(charge)
        elif charge.how == "priced" and charge[:2] not in billed:
            yield Law.CHARGED, f"{charge} was never billed"
