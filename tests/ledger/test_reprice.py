"""Price a month's calls once more."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cocoai.ledger import database
from cocoai.ledger.cost import Tokens, cost
from cocoai.ledger.prices import Price, PriceTable
from cocoai.ledger.reprice import Repricing, compare, reprice
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


@pytest.fixture
def path(tmp_path: Path) -> str:
    """Return the path of a ledger that is not made yet."""
    return str(tmp_path / database.FILE)


def test_each_call_is_priced_at_its_own_date(path: str) -> None:
    """Today's table knows what was valid then."""
    charge(path, **TOKENS)
    charge(path, **TOKENS, at=NOON + DAY)

    assert (Repricing("m", 2, 2, 2 * CENT, 3 * OLD),) == reprice(path, MONTH, PRICES)
    assert [(OLD,), (2 * OLD,)] == rows(path, "spent")


def test_comparing_writes_nothing(path: str) -> None:
    """The file stays as it is, byte by byte."""
    charge(path, **TOKENS)
    before = Path(path).read_bytes()

    assert (Repricing("m", 1, 1, CENT, OLD),) == compare(path, MONTH, PRICES)
    assert before == Path(path).read_bytes()


def test_the_row_keeps_the_price_by_which_it_was_computed(path: str) -> None:
    """It can be read again."""
    charge(path, **TOKENS)
    reprice(path, MONTH, PRICES)

    [(kept, spent)] = rows(path, "price, spent")
    assert spent == cost(Tokens(1000, output=100), Price.from_text(kept))


@pytest.mark.parametrize("how", ["told", "lost", "refused"])
def test_what_no_price_has_computed_stays(path: str, how: str) -> None:
    """What the server told is true; what was lost is the hold; what was refused is nothing."""
    charge(path, **TOKENS, how=how)

    assert () == reprice(path, MONTH, PRICES)
    assert [(CENT, "{}")] == rows(path, "spent, price")


@pytest.mark.parametrize("changes", [{"prompt": None}, {"month": "2026-10"}])
def test_calls_without_tokens_and_other_months_stay(path: str, changes: dict[str, Any]) -> None:
    """Pictures and seconds have prices of other kinds."""
    charge(path, **(TOKENS | changes))

    assert () == reprice(path, MONTH, PRICES)
    assert [(CENT,)] == rows(path, "spent")


def test_open_holds_stay(path: str) -> None:
    """They are settled by those who made them."""
    hold(path)

    assert () == reprice(path, MONTH, PRICES)
    assert [(None,)] == rows(path, "spent")


def test_a_call_that_costs_the_same_is_not_changed(path: str) -> None:
    """It is counted, but keeps its row as it is."""
    charge(path, **TOKENS, spent=OLD)

    assert (Repricing("m", 1, 0, OLD, OLD),) == reprice(path, MONTH, PRICES)
    assert [("{}",)] == rows(path, "price")


def test_a_second_run_changes_nothing(path: str) -> None:
    """What was repriced has that price."""
    charge(path, **TOKENS, how="estimated")
    reprice(path, MONTH, PRICES)

    assert (Repricing("m", 1, 0, OLD, OLD),) == reprice(path, MONTH, PRICES)


def test_tier_and_region_count(path: str) -> None:
    """The tier is the row's own, the region that of the address."""
    price = replace(PRICES.price("m", NOON), tiers={"fast": 2000}, is_regional=True)
    table = PriceTable({"checked": "2026-11-16", "models": {}, "units": {}}, {"m": price})
    charge(path, **TOKENS, tier="priority")

    [found] = compare(path, MONTH, table, region=1100)
    assert OLD * 2 * 11 // 10 == found.new


def test_without_a_ledger_there_is_nothing_to_price(path: str) -> None:
    """No file is made."""
    assert () == compare(path, MONTH, PRICES) == reprice(path, MONTH, PRICES)
    assert not Path(path).exists()
