"""Price a month's calls once more."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cocoai.ledger import database
from cocoai.ledger.cost import Tokens, cost
from cocoai.ledger.database import SqliteStore
from cocoai.ledger.prices import Price, PriceTable
from cocoai.ledger.reprice import Repricing, compare, reprice
from cocoai.ledger.store import LedgerStore
from tests.ledger.charges import CENT, DAY, NOON, charge, hold, rows

pytestmark = pytest.mark.pure

MONTH = "2026-11"
ONE, TWO = ({"in": usd, "out": usd, "checked": "2026-11-16", "source": ""} for usd in ("1.00", "2.00"))
PRICES = PriceTable(
    {
        "checked": "2026-11-16",
        "models": {"m": [ONE | {"from": "2026-01-01"}, TWO | {"from": "2026-11-16"}]},
        "units": {},
    }
)
"""A model whose tokens cost a millionth of a dollar each, and twice as much from the 16th on."""

TOKENS = {"model": "m", "prompt": 1000, "output": 100}
OLD = 1100 * 1000
"""Nano-dollars of such a call until the 15th."""


def test_each_call_is_priced_at_its_own_date(store: LedgerStore) -> None:
    """Today's table knows what was valid then."""
    charge(store, **TOKENS)
    charge(store, **TOKENS, at=NOON + DAY)

    assert (Repricing("m", 2, 2, 2 * CENT, 3 * OLD),) == reprice(store, MONTH, PRICES)
    assert [(OLD,), (2 * OLD,)] == rows(store, "spent")


def test_comparing_writes_nothing(tmp_path: Path) -> None:
    """The file stays as it is, byte by byte."""
    path = tmp_path / database.FILE
    charge(str(path), **TOKENS)
    before = path.read_bytes()

    assert (Repricing("m", 1, 1, CENT, OLD),) == compare(SqliteStore(str(path)), MONTH, PRICES)
    assert before == path.read_bytes()


def test_the_row_keeps_the_price_by_which_it_was_computed(store: LedgerStore) -> None:
    """It can be read again."""
    charge(store, **TOKENS)
    reprice(store, MONTH, PRICES)

    [(kept, spent)] = rows(store, "price, spent")
    assert spent == cost(Tokens(1000, output=100), Price.from_text(kept))


@pytest.mark.parametrize("how", ["told", "lost", "refused"])
def test_what_no_price_has_computed_stays(store: LedgerStore, how: str) -> None:
    """What the server told is true; what was lost is the hold; what was refused is nothing."""
    charge(store, **TOKENS, how=how)

    assert () == reprice(store, MONTH, PRICES)
    assert [(CENT, "{}")] == rows(store, "spent, price")


@pytest.mark.parametrize("changes", [{"prompt": None}, {"month": "2026-10"}])
def test_calls_without_tokens_and_other_months_stay(store: LedgerStore, changes: dict[str, Any]) -> None:
    """Pictures and seconds have prices of other kinds."""
    charge(store, **(TOKENS | changes))

    assert () == reprice(store, MONTH, PRICES)
    assert [(CENT,)] == rows(store, "spent")


def test_open_holds_stay(store: LedgerStore) -> None:
    """They are settled by those who made them."""
    hold(store)

    assert () == reprice(store, MONTH, PRICES)
    assert [(None,)] == rows(store, "spent")


def test_a_call_that_costs_the_same_is_not_changed(store: LedgerStore) -> None:
    """It is counted, but keeps its row as it is."""
    charge(store, **TOKENS, spent=OLD)

    assert (Repricing("m", 1, 0, OLD, OLD),) == reprice(store, MONTH, PRICES)
    assert [("{}",)] == rows(store, "price")


def test_a_second_run_changes_nothing(store: LedgerStore) -> None:
    """What was repriced has that price."""
    charge(store, **TOKENS, how="estimated")
    reprice(store, MONTH, PRICES)

    assert (Repricing("m", 1, 0, OLD, OLD),) == reprice(store, MONTH, PRICES)


def test_tier_and_region_count(store: LedgerStore) -> None:
    """The tier is the row's own, the region that of the address."""
    price = replace(PRICES.price("m", NOON), tiers={"fast": 2000}, is_regional=True)
    table = PriceTable({"checked": "2026-11-16", "models": {}, "units": {}}, {"m": price})
    charge(store, **TOKENS, tier="priority")

    [found] = compare(store, MONTH, table, region=1100)
    assert OLD * 2 * 11 // 10 == found.new


def test_without_a_ledger_there_is_nothing_to_price(tmp_path: Path) -> None:
    """No file is made."""
    store = SqliteStore(str(tmp_path / database.FILE))

    assert () == compare(store, MONTH, PRICES) == reprice(store, MONTH, PRICES)
    assert [] == list(tmp_path.iterdir())
