#!/bin/sh
# openai-cost-calculator 1.3.0 (PyPI): a response that says "service_tier": "priority" is priced as a standard one.
#
# One would guess that a calculator that has a price for each tier, and takes a whole response to price it, reads the
# tier that the response names, as it reads the model; or that it tells what it assumed, as its manual promises for
# whatever affects the price. `estimate_response_cost` does neither: it says half of what a priority call costs, and
# twice what a flex one does. Handing the response's own tier on helps for these two, and raises for "default", which is
# what an ordinary response says: its name for that is "standard".
#
# It matters here because the owner of a project at OpenAI can make priority the default of every request: then only the
# response tells that all costs double. So the tier is read from the response, and one without a price counts as the
# dearest (cocoai/ledger/cost.py).
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check openai-cost-calculator==1.3.0

venv/bin/python - <<'END'
from importlib.metadata import version

from openai_cost_calculator import PricingError, estimate_response_cost


def cost(tier: str, **options: str) -> str:
    response = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1_796_000_000,
        "model": "gpt-6-luna",
        "service_tier": tier,
        "choices": [{"index": 0, "message": {"role": "assistant", "content": "Paris."}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 100_000, "completion_tokens": 1000, "total_tokens": 101_000},
    }
    try:
        found = estimate_response_cost(response, provider="openai", **options)
    except PricingError as error:
        return type(error).__name__
    return f"${found.total.normalize()}, assumed: {', '.join(found.assumptions) or 'nothing'}"


def expect(what: str, expected: str, seen: str) -> None:
    print(f"{what}: {seen}")
    assert expected == seen, f"expected: {expected}"


expect("version", "1.3.0", version("openai-cost-calculator"))
for tier in ("default", "flex", "priority"):
    expect(f"a response of the tier {tier}", "$0.0105, assumed: nothing", cost(tier))
expect("flex, handed on", "$0.00525, assumed: nothing", cost("flex", service_tier="flex"))
expect("priority, handed on", "$0.021, assumed: nothing", cost("priority", service_tier="priority"))
expect("default, handed on", "PricingUnavailableError", cost("default", service_tier="default"))
expect("standard, handed on", "$0.0105, assumed: nothing", cost("default", service_tier="standard"))
END
