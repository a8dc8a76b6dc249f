"""ledger/cost.py: what a chat completion costs, to the nano-dollar, and the most that it can cost."""

from __future__ import annotations

from decimal import ROUND_CEILING, Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cocoai.ledger.cost import Tokens, bound, cost, is_openai, region_of
from cocoai.ledger.prices import FREE, Price
from tests.ledger.table import DATA, TABLE, TODAY, noon

pytestmark = [pytest.mark.pure, pytest.mark.thorough]

LUNA = TABLE.price("gpt-6-luna", TODAY)
SOL = TABLE.price("gpt-6.2-sol", TODAY)
OLD = TABLE.price("gpt-4o", TODAY)

COUNTS = st.integers(0, 2_000_000)
USAGES = st.builds(Tokens, prompt=COUNTS, cached=COUNTS, written=COUNTS, output=COUNTS, reasoning=COUNTS)
MODELS = st.sampled_from(sorted(DATA["models"]))
TIERS = st.sampled_from(["", "auto", "default", "standard", "flex", "fast", "priority", "ultrafast"])
REGIONS = st.sampled_from([1000, 1100])


def reference(entry: dict[str, Any], tokens: Tokens, tier: str, region: int) -> int:
    """Return nano-dollars by the formula of OpenAI's pages in decimal dollars, straight from an entry's texts."""
    plain, output = Decimal(entry["in"]), Decimal(entry["out"])
    cached, written = (Decimal(entry.get(name, entry["in"])) for name in ("cached", "written"))
    read = min(tokens.cached, tokens.prompt)
    wrote = min(tokens.written, tokens.prompt - read)
    prompt = (tokens.prompt - read - wrote) * plain + read * cached + wrote * written
    answer = tokens.output * output
    if "long_from" in entry and tokens.prompt > entry["long_from"]:
        prompt, answer = prompt * 2, answer * Decimal("1.5")
    factors = {name: Decimal(factor) / 1000 for name, factor in entry.get("tiers", {}).items()}
    known = {**dict.fromkeys(("", "auto", "default", "standard"), Decimal(1)), **factors}
    known.setdefault("priority", factors.get("fast", max([Decimal(1), *factors.values()])))
    dollars = (prompt + answer) / 10**6 * known.get(tier, max([Decimal(1), *factors.values()]))
    if entry.get("regional"):
        dollars *= Decimal(region) / 1000
    return int((dollars * 10**9).to_integral_value(ROUND_CEILING))


@given(MODELS, USAGES, TIERS, REGIONS, st.data())
def test_the_cost_is_that_of_the_reference(
    model: str, tokens: Tokens, tier: str, region: int, data: st.DataObject
) -> None:
    """For every entry of the table, whole numbers give what decimal dollars give, rounded up once."""
    entry = data.draw(st.sampled_from(DATA["models"][model]))
    price = TABLE.price(model, noon(entry["from"]))

    assert reference(entry, tokens, tier, region) == cost(tokens, price, tier=tier, region=region)


@given(MODELS, COUNTS, COUNTS, USAGES, TIERS, REGIONS)
def test_no_cost_is_above_its_bound(
    model: str, prompt: int, output: int, tokens: Tokens, tier: str, region: int
) -> None:
    """Whatever is cached or written, a call with no more tokens than foreseen costs no more than its bound."""
    price = TABLE.price(model, TODAY)
    used = Tokens(min(tokens.prompt, prompt), tokens.cached, tokens.written, min(tokens.output, output))
    is_sent = tier in ("", "auto", "default", "standard")

    assert cost(used, price, tier=tier, region=region) <= bound(
        prompt, output, price, is_tier_sent=is_sent, region=region
    )


def test_a_bound_covers_a_tier_that_the_project_chose() -> None:
    """Without the tier in the request, the project's owner may have chosen a dearer one."""
    assert 3 * bound(1000, 100, SOL, is_tier_sent=True) == bound(1000, 100, SOL, is_tier_sent=False)


def test_a_bound_takes_the_dearest_class_and_the_long_prompt() -> None:
    """All of the prompt may be written to the cache, and one token more than long_from makes the request long."""
    short = bound(272_000, 1000, LUNA, is_tier_sent=True)

    assert 272_000 * 125 + 1000 * 500 == short
    assert (272_001 * 125 * 2 + 1000 * 750) == bound(272_001, 1000, LUNA, is_tier_sent=True)
    assert short * 11 // 10 == bound(272_000, 1000, LUNA, is_tier_sent=True, region=1100)


def test_a_bound_takes_a_cached_price_above_the_plain_one() -> None:
    """An operator may write such a price."""
    assert 5000 == bound(1000, 0, Price(1000_000, 5000_000, 2000_000, 0), is_tier_sent=True)


def test_writing_to_the_cache_replaces_the_input_price() -> None:
    """A written token costs 1.25 times the input, not that on top of it."""
    assert 1000 * 125 == cost(Tokens(1000, written=1000), LUNA)
    assert 5 * LUNA.plain == 4 * LUNA.written


def test_writing_was_free_before_gpt_5_6() -> None:
    """Where a model has no price for writing, a written token costs what a plain one costs."""
    assert cost(Tokens(1000), OLD) == cost(Tokens(1000, written=1000), OLD)


def test_an_ordinary_question_is_written_to_the_cache() -> None:
    """1,500 tokens in and 400 out on gpt-6-luna cost $0.0003875, 11 % more than without the writing."""
    assert 387_500 == cost(Tokens(1500, written=1500, output=400), LUNA)


def test_without_a_breakpoint_nothing_is_written() -> None:
    """With an explicit cache and no breakpoint, all of the prompt is plain."""
    assert 350_000 == cost(Tokens(1500, output=400), LUNA)


def test_a_growing_thread_reads_what_it_wrote() -> None:
    """In a thread's second turn the first turn is read, and what is new is written; three classes in one prompt."""
    assert 1500 * 10 + 500 * 125 + 3 * 100 + 400 * 500 == cost(Tokens(2003, 1500, 500, 400), LUNA)


@pytest.mark.parametrize(
    ("model", "ratio"),
    [
        ("gpt-6-luna", 0.1),
        ("gpt-6-sol", 0.1),
        ("gpt-5.4", 0.1),
        ("gpt-6.1-sol", 0.05),
        ("gpt-6.1-terra", 0.05),
        ("gpt-6.2-sol", 0.05),
        ("gpt-4.1", 0.25),
        ("gpt-4o", 0.5),
    ],
)
def test_the_cached_price_is_a_price_of_its_own(model: str, ratio: float) -> None:
    """No fixed ratio leads from the input price to the cached one."""
    price = TABLE.price(model, TODAY)

    assert pytest.approx(ratio) == price.cached / price.plain
    assert -(-1000 * price.cached // 10**6) == cost(Tokens(1000, cached=1000), price)


def test_reasoning_is_a_part_of_the_output() -> None:
    """Reasoning tokens are billed once, as output; how many they are changes nothing."""
    assert cost(Tokens(0, output=500), LUNA) == cost(Tokens(0, output=500, reasoning=500), LUNA)
    assert 500 * 500 == cost(Tokens(0, output=500, reasoning=10**6), LUNA)


def test_a_refusal_is_billed_by_its_usage() -> None:
    """The cost depends on the tokens alone, not on how the answer ended: an answer of one token is billed."""
    assert 1000 * 100 + 500 == cost(Tokens(1000, output=1), LUNA)


def test_what_did_not_run_costs_nothing() -> None:
    """Without tokens there is no cost, at any price, tier and region."""
    assert 0 == cost(Tokens(0), SOL, tier="ultrafast", region=1100)


def test_a_free_model_costs_nothing() -> None:
    """A price of zeros makes every call free, and bounds it at nothing."""
    assert 0 == cost(Tokens(10**6, 5, 5, 10**6), FREE, tier="unheard-of", region=1100)
    assert 0 == bound(10**9, 10**9, FREE, is_tier_sent=False, region=1100)


def test_the_cost_is_rounded_up_once() -> None:
    """The sum is rounded, not its parts: three parts of 0.4 nano-dollars cost 2, and one costs 1."""
    price = Price(400_000, 400_000, 400_000, 400_000)

    assert 1 == cost(Tokens(1), price)
    assert 2 == cost(Tokens(2, cached=1, output=1), price)


@pytest.mark.parametrize(("prompt", "is_long"), [(271_999, False), (272_000, False), (272_001, True)])
def test_a_long_prompt_makes_the_whole_request_long(prompt: int, *, is_long: bool) -> None:
    """Above 272,000 tokens, strictly, all of the prompt costs twice as much, and the output 1.5 times."""
    tokens = Tokens(prompt, cached=2000, written=1000, output=10)
    asked, answered = (prompt - 3000) * 100 + 2000 * 10 + 1000 * 125, 10 * 500

    assert (asked * 2 + answered * 3 // 2 if is_long else asked + answered) == cost(tokens, LUNA)


@pytest.mark.parametrize("model", ["gpt-5.4-mini", "gpt-5.4-nano", "gpt-5.2", "gpt-4.1"])
def test_other_models_have_no_long_price(model: str) -> None:
    """A model without a price for long prompts costs the same for each token of any prompt."""
    price = TABLE.price(model, TODAY)

    assert 0 == price.long_from
    assert 2 * cost(Tokens(200_000), price) == cost(Tokens(400_000), price)


@pytest.mark.parametrize("model", ["gpt-5.4", "gpt-5.5", "gpt-5.6-luna", "gpt-6-luna", "gpt-6.1-terra", "gpt-6.2-sol"])
def test_newer_models_have_a_long_price(model: str) -> None:
    """gpt-5.4, 5.5, 5.6 and 6.x cost more above 272,000 tokens."""
    assert 272_000 == TABLE.price(model, TODAY).long_from


@pytest.mark.parametrize("tier", ["default", "auto", "standard", ""])
def test_the_default_tier_costs_the_standard_price(tier: str) -> None:
    """The default tier has several names, and none where the response does not tell it."""
    assert cost(Tokens(1000, output=10), LUNA) == cost(Tokens(1000, output=10), LUNA, tier=tier)


def test_flex_costs_half() -> None:
    """Flex costs half as much, where it is offered."""
    assert 500 * 100 == cost(Tokens(1000), LUNA, tier="flex")


@pytest.mark.parametrize(
    ("model", "factor"),
    [("gpt-6-luna", 2000), ("gpt-6-sol", 2000), ("gpt-5.5", 2500), ("gpt-5.4", 2000), ("gpt-4.1", 1750)],
)
@pytest.mark.parametrize("tier", ["fast", "priority"])
def test_fast_and_priority_are_one_tier(model: str, factor: int, tier: str) -> None:
    """Fast costs twice as much, 2.5 times on gpt-5.5, whichever of its names the response has."""
    price = TABLE.price(model, TODAY)

    assert price.plain * factor // 1000 == cost(Tokens(10**6 // 4), price, tier=tier) * 4


def test_ultrafast_costs_most() -> None:
    """Ultrafast costs three times as much on gpt-6.2-sol, and six times on gpt-6.1-sol."""
    assert 1000 * 2000 * 3 == cost(Tokens(1000), SOL, tier="ultrafast")
    assert 1000 * 2000 * 6 == cost(Tokens(1000), TABLE.price("gpt-6.1-sol", TODAY), tier="ultrafast")


@pytest.mark.parametrize("tier", ["balanced", "scale", "DEFAULT", "batch", "ultrafast "])
def test_an_unknown_tier_costs_as_the_dearest(tier: str) -> None:
    """A tier that the price does not have is billed as the dearest it has; without any, at the standard price."""
    assert cost(Tokens(1000), SOL, tier="ultrafast") == cost(Tokens(1000), SOL, tier=tier)
    assert cost(Tokens(1000), FREE) == cost(Tokens(1000), FREE, tier=tier)
    assert 1000 * 7 == cost(Tokens(1000), Price(7_000_000, 0, 0, 0), tier=tier)


@pytest.mark.parametrize("region", ["us", "eu", "au", "in", "jp"])
def test_a_regional_address_costs_a_tenth_more(region: str) -> None:
    """The address of a region costs 10 % more, for models released since 2026-03-05."""
    factor = region_of(f"https://{region}.api.openai.com/v1")

    assert 1100 == factor
    assert 110_000 == cost(Tokens(1000), LUNA, region=factor)
    assert cost(Tokens(1000), OLD) == cost(Tokens(1000), OLD, region=factor)


@pytest.mark.parametrize("model", sorted(DATA["models"]))
def test_models_since_march_2026_are_regional(model: str) -> None:
    """Exactly the models that came on or after 2026-03-05 have the regional factor."""
    assert (DATA["models"][model][0]["from"] >= "2026-03-05") == TABLE.price(model, TODAY).is_regional


@pytest.mark.parametrize(
    ("url", "is_ours"),
    [
        ("https://api.openai.com/v1", True),
        ("https://API.OpenAI.com", True),
        ("https://api.openai.com:443/v1/", True),
        ("https://uk.api.openai.com/v1", True),
        ("https://api.openai.com.example.com/v1", False),
        ("https://notapi.openai.com/v1", False),
        ("https://us-api.openai.com/v1", False),
        ("https://example.com/us.api.openai.com", False),
        ("https://team.openai.azure.com/openai/v1", False),
        ("http://127.0.0.1:11434/v1", False),
        ("", False),
    ],
)
def test_openai_is_known_by_its_host(url: str, *, is_ours: bool) -> None:
    """OpenAI's own address is known by the whole host, and no such address costs more but those of the five regions."""
    assert is_ours is is_openai(url)
    assert 1000 == region_of(url)


@pytest.mark.parametrize(
    ("odd", "even"),
    [
        (Tokens(100, cached=60, written=60), Tokens(100, 60, 40)),
        (Tokens(100, cached=160, written=60), Tokens(100, 100, 0)),
        (Tokens(100, written=160), Tokens(100, 0, 100)),
        (Tokens(0, cached=10, written=10, output=5), Tokens(0, output=5)),
        (Tokens(-5, -5, -5, -5, -5), Tokens(0)),
        (Tokens(100, output=5, reasoning=50), Tokens(100, output=5, reasoning=50)),
    ],
)
def test_a_usage_that_contradicts_itself_is_made_consistent(odd: Tokens, even: Tokens) -> None:
    """The cached tokens count first, then the written ones, as far as the prompt goes; nothing is negative."""
    assert even == odd.consistent()
    assert cost(even, LUNA) == cost(odd, LUNA)


@given(st.builds(Tokens, *[st.integers(-(10**6), 10**6)] * 5))
def test_any_usage_becomes_consistent(tokens: Tokens) -> None:
    """Whatever a server reports, the three classes of the prompt are not negative, and the cost is neither."""
    usage = tokens.consistent()

    assert min(usage.cached, usage.written, usage.output, usage.prompt - usage.cached - usage.written) >= 0
    assert usage == usage.consistent()
    assert cost(tokens, SOL) >= 0
