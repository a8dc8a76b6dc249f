"""Price a month's calls once more, by the prices that are known now for the days on which the calls were made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cocoai.ledger.cost import Tokens, cost
from cocoai.ledger.prices import PriceTable
from cocoai.ledger.store import LedgerStore, Statements
from cocoai.ledger.summary import ChargeRow, read_charges

BY_PRICE = ("priced", "estimated")
"""The charges that a price can correct. The others are what the server told, the whole hold, or nothing."""

CHAT = ("chat", "wording", "searching")
"""The kinds of charges whose tokens have the classes that are kept with them; a picture's have others."""


@dataclass(frozen=True)
class Repricing:
    """What the calls of one model come to, in nano-dollars: by the ledger (`old`), and by the prices (`new`).

    `changed` of the `calls` would cost something else.
    """

    model: str
    calls: int
    changed: int
    old: int
    new: int


@dataclass(frozen=True)
class _NewPrice:
    charge: ChargeRow
    spent: int
    price: str

    @property
    def is_change(self) -> bool:
        return self.spent != self.charge.spent


def compare(store: LedgerStore, month: str, prices: PriceTable, *, region: int = 1000) -> tuple[Repricing, ...]:
    """Return what repricing a month would change, by model in the order of their names. Nothing is written.

    Only calls whose cost was computed from tokens are priced. `region` is the factor of the server's address in
    thousandths. Raise `LedgerBroken` if the ledger cannot be read.
    """
    return _by_model(_new_prices(read_charges(store, month), prices, region))


def reprice(store: LedgerStore, month: str, prices: PriceTable, *, region: int = 1000) -> tuple[Repricing, ...]:
    """Write the new cost and price of each call that `compare` finds changed; return what `compare` would.

    Raise `LedgerBroken` if the ledger cannot be written: then nothing is changed.
    """
    new = _new_prices(read_charges(store, month), prices, region)
    changed = [each for each in new if each.is_change]

    def run(statements: Statements) -> None:
        for each in changed:
            # A charge whose sum another process has changed meanwhile is left alone.
            query = "UPDATE charge SET spent = ?, price = ? WHERE id = ? AND spent = ?"
            statements.execute(query, (each.spent, each.price, each.charge.id, each.charge.spent))

    if changed:
        store.write(run)
    return _by_model(new)


def _new_prices(charges: Sequence[ChargeRow], prices: PriceTable, region: int) -> list[_NewPrice]:
    """Return the new cost of each charge of chat that has tokens and was computed from a price."""
    new = []
    for charge in charges:
        if charge.kind in CHAT and charge.how in BY_PRICE and charge.prompt is not None:
            price = prices.price(charge.model, charge.at)
            counts = (charge.prompt, charge.cached, charge.written, charge.output, charge.reasoning)
            tokens = Tokens(*(count or 0 for count in counts))
            new.append(_NewPrice(charge, cost(tokens, price, tier=charge.tier, region=region), price.as_text()))
    return new


def _by_model(new: Sequence[_NewPrice]) -> tuple[Repricing, ...]:
    found = []
    for model in sorted({each.charge.model for each in new}):
        of_model = [each for each in new if each.charge.model == model]
        changed = sum(each.is_change for each in of_model)
        old = sum(each.charge.spent or 0 for each in of_model)
        found.append(Repricing(model, len(of_model), changed, old, sum(each.spent for each in of_model)))
    return tuple(found)
