"""What a picture may cost at most, and has cost: by its tokens, at our prices or the operator's own."""

from __future__ import annotations

import pytest

from cocoai.config.value_types import PRICE
from cocoai.ledger.cost import Tokens
from cocoai.ledger.picture_tariff import PictureTokens
from cocoai.ledger.prices import FREE, PICTURE_TOKENS, parse_override, read_prices
from cocoai.ledger.reprice import compare
from cocoai.ledger.store import LedgerStore
from cocoai.ledger.tariff import Tariff
from cocoai.rehearsal.openai.image_models import IMAGE_MODELS, drawn_tokens, picture_price, qualities_of
from tests.ledger.charges import CENT, charge
from tests.ledger.table import TABLE, TODAY

pytestmark = [pytest.mark.pure, pytest.mark.thorough]

OPENAI = "https://api.openai.com/v1"
FLARE = "gpt-image-2.6-flare"
SIZES = {"1024x1024": (1024, 1024), "1536x1024": (1536, 1024), "1024x1536": (1024, 1536)}
EVERY = [(model, quality, size) for model in IMAGE_MODELS for quality in qualities_of(model) for size in SIZES]


@pytest.mark.parametrize(("model", "quality", "size"), EVERY)
def test_no_picture_costs_more_than_its_bound(model: str, quality: str, size: str) -> None:
    """By the practice OpenAI's own figures; nor is the bound far above."""
    found = Tariff(TABLE, OPENAI).pictures.bound(model, f"{size} {quality}", 100, 2000, TODAY)
    assert found is not None

    cost = picture_price(100, 2000, drawn_tokens(model, quality, *SIZES[size]))
    assert cost <= found[0] <= 2 * cost


@pytest.mark.parametrize("model", IMAGE_MODELS)
def test_a_picture_costs_what_its_tokens_cost(model: str) -> None:
    """The charge has the prices, and the tokens of both sides."""
    bill = Tariff(TABLE, OPENAI).pictures.priced(PictureTokens(100, 2000, 433), model=model, at=TODAY)

    assert (picture_price(100, 2000, 433), "priced", 1) == (bill.spent, bill.how, bill.units)
    assert Tokens(2100, 0, 0, 433) == bill.tokens
    assert '"image_out":30000000000' in bill.price


def test_what_was_cached_costs_less() -> None:
    """A quarter, and never more than there is."""
    tariff = Tariff(TABLE, OPENAI).pictures
    cached = PictureTokens(1000, 1000, 0, cached_text=1000, cached_image=2000)

    assert 1250 * 1000 + 2000 * 1000 == tariff.priced(cached, model=FLARE, at=TODAY).spent


def test_a_region_costs_more() -> None:
    """A tenth, as for answers."""
    tokens = PictureTokens(100, 0, 1000)

    usual, european = (Tariff(TABLE, url).pictures for url in (OPENAI, "https://eu.api.openai.com/v1"))
    assert 1.1 * usual.priced(tokens, model=FLARE, at=TODAY).spent == pytest.approx(
        european.priced(tokens, model=FLARE, at=TODAY).spent
    )


@pytest.mark.parametrize(
    ("model", "kind"),
    [
        ("dall-e-3", "1024x1024 low"),
        ("gpt-6-luna", "1024x1024 low"),
        (FLARE, "64x64 low"),
        ("gpt-image-2", "1024x1024 max"),
    ],
)
def test_what_has_no_figure_has_no_bound(model: str, kind: str) -> None:
    """Nobody could say what it may cost."""
    assert Tariff(TABLE, OPENAI).pictures.bound(model, kind, 1, 0, TODAY) is None


def test_the_operator_s_own_price_counts() -> None:
    """Of a model that we know, and of one that we do not: its pictures count as the dearest."""
    own = parse_override("1 / 0.5 / 2 / 1 / 3")
    tariff = Tariff(read_prices({"my-model": own, FLARE: own, "mine": FREE}), "http://127.0.0.1/v1").pictures
    tokens = PictureTokens(1000, 1000, 1000)

    assert [6_000_000, 6_000_000, 0] == [
        tariff.priced(tokens, model=model, at=TODAY).spent for model in ("my-model", FLARE, "mine")
    ]
    bounds = [tariff.bound(model, "1024x1024 medium", 0, 0, TODAY) for model in ("my-model", FLARE, "mine")]
    assert [1767 * 3000 * 3 // 2, 434 * 3000 * 3 // 2, 0] == pytest.approx(
        [each[0] for each in bounds if each], abs=3000
    )


def test_a_price_of_a_picture_is_no_price_of_a_text() -> None:
    """The text model of that name, if there is one, keeps its own; all five classes are read."""
    own = PRICE.parse("5/1.25/8/2/30", "")
    table = read_prices({"gpt-6-luna": own})

    assert TABLE.price("gpt-6-luna", TODAY) == table.price("gpt-6-luna", TODAY)
    assert TABLE.picture_prices(FLARE, TODAY) == own.picture
    assert PICTURE_TOKENS == tuple(own.picture)


@pytest.mark.parametrize("wrong", ["5/1.25/8/2/30/1", "1/2/3", "5/1.25/8/2/x"])
def test_what_is_no_price(wrong: str) -> None:
    """Five numbers, or four, or the word."""
    with pytest.raises(ValueError):  # noqa: PT011 (it has no text)
        PRICE.parse(wrong, "")


def test_a_picture_is_not_repriced_as_a_text(store: LedgerStore) -> None:
    """Its tokens have other classes, of which the ledger does not keep all."""
    charge(store, kind="picture", model=FLARE, spent=CENT)

    assert () == compare(store, "2026-11", TABLE)
