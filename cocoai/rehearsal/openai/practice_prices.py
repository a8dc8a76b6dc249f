"""What the practice OpenAI charges: its own price list and OpenAI's formula, in whole nano-dollars (10^-9 USD).

It is a second opinion beside CocoAI's own price list and shares nothing with it. Figures: OpenAI's model pages and its
guides to prompt caching and to fast mode, as of 2026-11.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

from cocoai.rehearsal.openai.models import version

LONG_PROMPT = 272_000
"""Tokens; a prompt of more makes the whole request dearer, where the model has a price for long ones."""

_USD_PER_MILLION = {
    "gpt-6-luna": ("0.10", "0.01", "0.125", "0.50"),
    "gpt-6-sol": ("2.00", "0.20", "2.50", "10.00"),
    "gpt-6-astra": ("10.00", "1.00", "12.50", "50.00"),
    "gpt-6.1-terra": ("1.00", "0.05", "1.25", "5.00"),
    "gpt-6.1-sol": ("2.00", "0.10", "2.50", "10.00"),
    "gpt-6.2-sol": ("2.00", "0.10", "2.50", "10.00"),
    "gpt-5.6-luna": ("0.20", "0.02", "0.25", "1.20"),
    "gpt-5.5": ("5.00", "0.50", "0", "30.00"),
    "gpt-5.4-mini": ("0.75", "0.075", "0", "4.50"),
    "gpt-5.1": ("1.25", "0.125", "0", "10.00"),
    "gpt-5-mini": ("0.25", "0.025", "0", "2.00"),
    "gpt-4.1-mini": ("0.40", "0.10", "0", "1.60"),
    "gpt-4o": ("2.50", "1.25", "0", "10.00"),
    "gpt-4o-mini": ("0.15", "0.075", "0", "0.60"),
}
"""USD for a million tokens that are plain, read from the cache, written to it, and generated.

Models before gpt-5.6 report no written tokens, so that their price never matters.
"""
_OTHER = _USD_PER_MILLION["gpt-6-astra"]
"""A model without a price costs what the dearest does."""

_TIER_FACTORS = {"flex": Fraction(1, 2), "priority": Fraction(2)}
_FAST_FACTORS = {
    "gpt-5.5": Fraction(5, 2),
    "gpt-5-mini": Fraction(9, 5),
    "gpt-4.1-mini": Fraction(7, 4),
    "gpt-4o": Fraction(17, 10),
    "gpt-4o-mini": Fraction(5, 3),
}
"""The factors of models whose fast tier does not cost twice what the default one does."""


@dataclass(frozen=True)
class TokenUse:
    """The tokens of one request: `prompt` includes `cached` and `written` ones, `output` the `reasoning` ones."""

    prompt: int
    cached: int = 0
    written: int = 0
    output: int = 0
    reasoning: int = 0

    @property
    def plain(self) -> int:
        """Return the tokens of the prompt that were neither read from the cache nor written to it."""
        return max(0, self.prompt - self.cached - self.written)


def price(model: str, tier: str, use: TokenUse) -> int:
    """Return what these tokens cost in nano-dollars, rounded up; `tier` is the one that answered, as `priority`."""
    plain, cached, written, output = (Fraction(usd) * 1000 for usd in _USD_PER_MILLION.get(model, _OTHER))
    incoming = use.plain * plain + use.cached * cached + use.written * written
    outgoing = use.output * output
    if use.prompt > LONG_PROMPT and _has_long_price(model):
        incoming, outgoing = incoming * 2, outgoing * Fraction(3, 2)
    return math.ceil((incoming + outgoing) * _tier_factor(model, tier))


def _has_long_price(model: str) -> bool:
    """Return True if long prompts cost more: those of gpt-5.4 and newer, but not of its small models."""
    return version(model) >= (5, 4) and model not in ("gpt-5.4-mini", "gpt-5.4-nano")


def _tier_factor(model: str, tier: str) -> Fraction:
    """Return by what the prices of the default tier are multiplied; 1 for a tier without a price of its own."""
    fast = _FAST_FACTORS.get(model) if tier == "priority" else None
    return fast or _TIER_FACTORS.get(tier, Fraction(1))
