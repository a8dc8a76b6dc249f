"""The cost of one chat completion, in nano-dollars: what it was by its usage, and the most that it can be.

A prompt's tokens are of three classes, each billed once: plain, read from the cache, written to it. Reasoning is a part
of the output. Source: OpenAI's guides to prompt caching, priority processing and data residency, and its models' pages.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import urlsplit

from cocoai.ledger.prices import Price

_MILLION = 10**6
_THOUSAND = 1000

_STANDARD_TIERS = frozenset(("", "default", "auto", "standard"))
"""Names of the tier whose factor is 1; "" where a response names none."""

_SAME_TIER = {"priority": "fast"}
"""OpenAI's older names: a response says `priority` though the request said `fast`."""

_OPENAI = "api.openai.com"
_REGIONAL = re.compile(r"(us|eu|au|in|jp)\.api\.openai\.com")
_REGIONAL_FACTOR = 1100


class _LongFactors(NamedTuple):
    """Twice the factor of each side of a request, so that both are whole."""

    prompt: int
    output: int


_SHORT, _LONG = _LongFactors(2, 2), _LongFactors(4, 3)
"""A long request costs twice as much for its prompt and 1.5 times as much for its output: all of it."""


@dataclass(frozen=True)
class Tokens:
    """The tokens of one call as billed: `prompt` includes the cached and the written, `output` the reasoning ones."""

    prompt: int
    cached: int = 0
    written: int = 0
    output: int = 0
    reasoning: int = 0

    def consistent(self) -> Tokens:
        """Return these counts without contradictions, as some servers report them.

        No count is below 0, and `cached` and `written` fit into `prompt`: the cached ones first. `reasoning` may stay
        above `output`: it only informs, and has no price.
        """
        prompt = max(0, self.prompt)
        cached = min(max(0, self.cached), prompt)
        written = min(max(0, self.written), prompt - cached)
        return Tokens(prompt, cached, written, max(0, self.output), max(0, self.reasoning))


def cost(tokens: Tokens, price: Price, *, tier: str = "default", region: int = _THOUSAND) -> int:
    """Return the cost of a call in nano-dollars, rounded up.

    `tier` is the service tier of the response; a name that the price does not have is billed as its dearest tier.
    `region` is the factor of the address, in thousandths (`region_of`), which counts if the price is regional.
    """
    usage = tokens.consistent()
    plain = usage.prompt - usage.cached - usage.written
    prompt = plain * price.plain + usage.cached * price.cached + usage.written * price.written
    is_long = _is_long(usage.prompt, price)
    return _total(
        prompt, usage.output * price.output, is_long=is_long, factors=(_tier_factor(tier, price), _at(region, price))
    )


def bound(prompt_tokens: int, max_output: int, price: Price, *, is_tier_sent: bool, region: int = _THOUSAND) -> int:
    """Return the most that a call can cost, in nano-dollars, with at most so many tokens in its prompt and output.

    Every token of the prompt may be of the dearest class. `is_tier_sent` is True if the request names the default tier;
    otherwise the call may be billed as the dearest one.
    """
    # The project's owner at OpenAI chooses the tier of requests that name none.
    tier = _THOUSAND if is_tier_sent else _dearest_factor(price)
    prompt = prompt_tokens * max(price.plain, price.cached, price.written)
    is_long = _is_long(prompt_tokens, price)
    return _total(prompt, max_output * price.output, is_long=is_long, factors=(tier, _at(region, price)))


def region_of(base_url: str) -> int:
    """Return the factor of an address in thousandths: 1100 if it keeps the data in one region, 1000 otherwise."""
    return _REGIONAL_FACTOR if _REGIONAL.fullmatch(_host(base_url)) else _THOUSAND


def is_openai(base_url: str) -> bool:
    """Return True if the address is OpenAI's own, in any region; another server may only look like it."""
    host = _host(base_url)
    return host == _OPENAI or host.endswith(f".{_OPENAI}")


def _total(prompt: int, output: int, *, is_long: bool, factors: tuple[int, int]) -> int:
    """Return nano-dollars, rounded up once, of both sides in nano-dollars per million, with factors in thousandths."""
    times = _LONG if is_long else _SHORT
    tier, region = factors
    product = (prompt * times.prompt + output * times.output) * tier * region
    return -(-product // (2 * _THOUSAND * _THOUSAND * _MILLION))


def _is_long(prompt_tokens: int, price: Price) -> bool:
    return 0 < price.long_from < prompt_tokens


def _tier_factor(tier: str, price: Price) -> int:
    """Return the factor of a tier in thousandths; the dearest one if the price does not have it."""
    if tier in _STANDARD_TIERS:
        return _THOUSAND
    return price.tiers.get(_SAME_TIER.get(tier, tier), _dearest_factor(price))


def _dearest_factor(price: Price) -> int:
    return max((_THOUSAND, *price.tiers.values()))


def _at(region: int, price: Price) -> int:
    """Return the region's factor where the price has one."""
    return region if price.is_regional else _THOUSAND


def _host(base_url: str) -> str:
    """Return the host of an URL in lower case; "" if it has none."""
    return urlsplit(base_url).hostname or ""
