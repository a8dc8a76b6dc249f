"""What the practice OpenAI tells of a request: its usage object and, as some servers do, its cost; and its tier.

Sources: OpenAI's API reference (usage, service_tier); OpenRouter's usage accounting (`usage.cost`); LiteLLM's proxy
(the header `x-litellm-response-cost`).
"""

from __future__ import annotations

from typing import Any

from cocoai.rehearsal.openai.models import has_cache_breakpoints
from cocoai.rehearsal.openai.openai_switches import OpenAISwitches, ToldCost
from cocoai.rehearsal.openai.practice_prices import TokenUse, price


def answering_tier(requested: str | None, switches: OpenAISwitches) -> str:
    """Return the tier that answers a request: `default`, `flex`, `scale` or `priority`, which `fast` is called too.

    `requested` is its service_tier; None and `auto` mean the project's. Fast requests may be downgraded to `default`.
    """
    tier = switches.project_tier if requested in (None, "auto") else requested
    if tier in ("fast", "priority"):
        return "default" if switches.downgrades else "priority"
    return tier or "default"


def usage_json(model: str, tier: str, use: TokenUse, switches: OpenAISwitches) -> dict[str, Any]:
    """Return the usage object of an answer; `cost` is in it if the switch `usage_cost` is on.

    The tokens that were written to the cache are told from gpt-5.6 on.
    """
    written = {"cache_write_tokens": use.written} if has_cache_breakpoints(model) else {}
    usage: dict[str, Any] = {
        "prompt_tokens": use.prompt,
        "completion_tokens": use.output,
        "total_tokens": use.prompt + use.output,
        "prompt_tokens_details": {"cached_tokens": use.cached, **written, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": use.reasoning,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }
    if switches.usage_cost is not False:
        usage["cost"] = _told(switches.usage_cost, price(model, tier, use))
    return usage


def cost_headers(
    model: str, tier: str, use: TokenUse, switches: OpenAISwitches, *, stream: bool
) -> tuple[tuple[str, str], ...]:
    """Return LiteLLM's header with the cost in USD, no header at all if the switch `header_cost` is off.

    The headers of a stream leave before its cost is known, so that it has none, but for a value that the switch sets.
    """
    told = switches.header_cost
    if told is False or (stream and told is True):
        return ()
    return (("x-litellm-response-cost", str(_told(told, price(model, tier, use)))),)


def _told(told: ToldCost, nano_dollars: int) -> float | str:
    """Return the cost that is told: in USD for True, else the value of the switch itself."""
    return nano_dollars / 10**9 if told is True else told
