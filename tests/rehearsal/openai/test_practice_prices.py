"""The practice OpenAI's prices: four classes of tokens, tiers and long prompts, in whole nano-dollars."""

from __future__ import annotations

import pytest

from cocoai.rehearsal.openai.models import HEARS, SHUTDOWN
from cocoai.rehearsal.openai.practice_prices import TokenUse, price

pytestmark = [pytest.mark.pure, pytest.mark.thorough]


@pytest.mark.parametrize(
    ("model", "tier", "use", "dollars"),
    [
        ("gpt-6-luna", "default", TokenUse(1500, written=1500, output=400), 0.000_387_5),
        ("gpt-6-luna", "default", TokenUse(1500, output=400), 0.000_350),
        ("gpt-6-luna", "priority", TokenUse(1500, output=400), 0.000_700),
        ("gpt-6-luna", "flex", TokenUse(1500, output=400), 0.000_175),
        ("gpt-6-luna", "scale", TokenUse(1500, output=400), 0.000_350),
        ("gpt-6-luna", "default", TokenUse(10_000, cached=8000, written=1000, output=100, reasoning=60), 0.000_355),
        ("gpt-5.5", "priority", TokenUse(1000, output=100), 0.02),
        ("gpt-4o", "priority", TokenUse(1000, output=100), 0.005_95),
        ("gpt-6-luna", "default", TokenUse(272_000, output=1000), 0.0277),
        ("gpt-6-luna", "default", TokenUse(272_001, output=1000), 0.055_150_2),
        ("gpt-6-luna", "default", TokenUse(300_000, cached=200_000, written=100_000, output=1000), 0.029_75),
        ("gpt-5.4-mini", "default", TokenUse(300_000), 0.225),
        ("gpt-4o", "default", TokenUse(2000, cached=1024), 0.003_72),
        ("gpt-7-unheard-of", "default", TokenUse(1000, output=1000), 0.06),
    ],
)
def test_price(model: str, tier: str, use: TokenUse, dollars: float) -> None:
    """Each token is billed once, in its class; a prompt above 272,000 tokens makes the whole request dearer."""
    assert round(dollars * 10**9) == price(model, tier, use)


def test_rounding_up() -> None:
    """Half a nano-dollar is rounded up, once for the request: 62.5 for a written token at the flex tier."""
    one, two = (price("gpt-6-luna", "flex", TokenUse(n, written=n)) for n in (1, 2))

    assert (63, 125) == (one, two)


@pytest.mark.parametrize("model", sorted(SHUTDOWN.keys() - HEARS))
def test_every_model_has_a_price_of_its_own(model: str) -> None:
    """No model that answers costs what an unknown one does, but the dearest."""
    unknown = price("gpt-7-unheard-of", "default", TokenUse(1000, output=1000))

    assert (model == "gpt-6-astra") is (unknown == price(model, "default", TokenUse(1000, output=1000)))
