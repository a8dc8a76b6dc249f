"""Books for tests: a ledger with room for everything, and one that is no file and keeps nothing."""

from __future__ import annotations

import os

from cocoai.answer import Books
from cocoai.chatgpt.token_ratio import TokenRatio
from cocoai.ledger import database
from cocoai.ledger.caps import Caps
from cocoai.ledger.charge import Bill, OpenHold, PaidCall
from cocoai.ledger.database import SqliteStore
from cocoai.ledger.ledger import Ledger
from cocoai.ledger.money import NANO
from cocoai.ledger.months import Months, read_months
from cocoai.ledger.prices import PriceTable, read_prices
from cocoai.ledger.store import LedgerStore
from cocoai.ledger.tariff import Tariff

MONTHS: Months = read_months("")
PRICES: PriceTable = read_prices()
ROOM = Caps(1000 * NANO)
"""A thousand dollars a month: no test comes near it."""


class NoLedger(Ledger):
    """A ledger that lets every call pass and keeps nothing, for tests of something else."""

    def __init__(self) -> None:
        super().__init__(SqliteStore(database.IN_MEMORY), ROOM, MONTHS)

    def hold(self, call: PaidCall) -> int:
        return 1

    def settle(self, key: str, call: int, bill: Bill) -> None:
        pass

    def open_holds(self, key: str = "") -> list[OpenHold]:
        return []

    def most_reasoning(self, model: str) -> int | None:
        return None


def books(
    folder: str | os.PathLike[str],
    *,
    caps: Caps = ROOM,
    base_url: str = "https://api.openai.com/v1",
    store: LedgerStore | None = None,
) -> Books:
    """Return books with a ledger in `store`, by default in this folder."""
    store = store or SqliteStore(os.path.join(folder, database.FILE))
    ratio = TokenRatio(os.path.join(folder, "calibration.json"))
    return Books(Ledger(store, caps, MONTHS), Tariff(PRICES, base_url), ratio)


def no_books(folder: str | os.PathLike[str] = "/nonexistent") -> Books:
    """Return books without a ledger."""
    ratio = TokenRatio(os.path.join(folder, "calibration.json"))
    return Books(NoLedger(), Tariff(PRICES, "https://api.openai.com/v1"), ratio)
