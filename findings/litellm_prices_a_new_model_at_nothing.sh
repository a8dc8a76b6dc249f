#!/bin/sh
# LiteLLM 1.110.2 (PyPI): a model that its price map lacks costs $0.00, if its name looks like one of OpenAI's.
#
# One would guess that `completion_cost` raises for every model without a price, as it does for `gpt-4.9-sol`: "This
# model isn't mapped yet". But the map also holds rules by the shape of a name, so that new models keep their features.
# One of them says that gpt-5 to gpt-9 and o1 to o9 can reason, and with that alone a model counts as known, at 0 for
# each token. `gpt-6.2-sol`, which OpenAI put out on 2026-11-17, costs nothing; nor does a `gpt-6-luna-mini`, which does
# not exist. Without the provider's name they raise.
#
# It matters here because what costs nothing passes every cap, and nothing in the result tells it from a model that is
# free. So an unknown model is held and booked at the dearest price instead (cocoai/ledger/prices.py).
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check --no-compile litellm==1.110.2

# The map that comes with the package, instead of one from outside.
LITELLM_LOCAL_MODEL_COST_MAP=True venv/bin/python - <<'END'
from importlib.metadata import version

import litellm
from litellm import ModelResponse, Usage, completion_cost

litellm.suppress_debug_info = True


def cost(model: str, provider: str | None = "openai") -> str:
    usage = Usage(prompt_tokens=1_000_000, completion_tokens=100_000, total_tokens=1_100_000)
    try:
        return f"${completion_cost(ModelResponse(model=model, usage=usage), custom_llm_provider=provider):.2f}"
    except Exception as error:
        return type(error).__name__


def expect(what: str, expected: str, seen: str) -> None:
    print(f"{what}: {seen}")
    assert expected == seen, f"expected: {expected}"


expect("version", "1.110.2", version("litellm"))
expect("gpt-6-sol", "$5.50", cost("gpt-6-sol"))
expect("gpt-4.9-sol, which does not exist", "ModelNotMappedError", cost("gpt-4.9-sol"))
expect("gpt-6-luna-mini, which does not exist", "$0.00", cost("gpt-6-luna-mini"))
expect("gpt-6.2-sol, which does", "$0.00", cost("gpt-6.2-sol"))
for model in ("gpt-6-luna-mini", "gpt-6.2-sol"):
    expect(f"{model} without the provider", "BadRequestError", cost(model, None))
known = litellm.get_model_info("openai/gpt-6.2-sol")
wanted = ("input_cost_per_token", "output_cost_per_token", "supports_reasoning", "max_tokens")
seen = ", ".join(f"{name} {known[name]}" for name in wanted)
everything = "input_cost_per_token 0, output_cost_per_token 0, supports_reasoning True, max_tokens None"
expect("what it knows of it", everything, seen)
END
