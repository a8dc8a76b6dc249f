"""The practice OpenAI's models that draw: which there are, what each may be asked for, and what a picture costs.

The token figures are one reseller's table of 2026-11, divided by the price of a token: a square is dearer than the
wider sizes. For other sizes they go by the pixels. Prices: OpenAI's model pages, as of 2026-11.
"""

from __future__ import annotations

import math
import re
from fractions import Fraction

IMAGE_MODELS = (
    "gpt-image-2",
    "gpt-image-2.5-flare",
    "gpt-image-2.5-sunburst",
    "gpt-image-2.6-flare",
    "gpt-image-2.6-sunburst",
)
"""Those that draw today. Since 2026-12-01 there is none before gpt-image-2."""

QUALITIES = ("low", "medium", "high")
FINER_QUALITIES = ("low", "medium", "high", "xhigh", "max")
"""The qualities from gpt-image-2.5 on."""

TEXT_IN, IMAGE_IN, IMAGE_OUT = Fraction(5000), Fraction(8000), Fraction(30_000)
"""Nano-dollars for one token of the prompt, of the pictures sent, and of the picture drawn."""

_TOKENS = {"low": (200, 166), "medium": (1766, 1366), "high": (7033, 5500)}
_FINER_TOKENS = {
    "low": (200, 166),
    "medium": (433, 366),
    "high": (1766, 1366),
    "xhigh": (3133, 2433),
    "max": (7033, 5500),
}
"""The tokens of a picture of 1024x1024, and of 1536x1024 or 1024x1536, by its quality."""

_SQUARE, _WIDE = 1024 * 1024, 1536 * 1024


def version_of(model: str) -> tuple[int, int]:
    """Return the version in a model's name, as (2, 6) of `gpt-image-2.6-flare`."""
    match = re.match(r"gpt-image-(\d+)(?:\.(\d+))?", model)
    return (int(match[1]), int(match[2] or 0)) if match else (0, 0)


def qualities_of(model: str) -> tuple[str, ...]:
    """Return the qualities that a model knows, besides `auto`."""
    return FINER_QUALITIES if version_of(model) >= (2, 5) else QUALITIES


def drawn_tokens(model: str, quality: str, width: int, height: int) -> int:
    """Return the tokens of a picture that this model draws."""
    square, wide = (_FINER_TOKENS if version_of(model) >= (2, 5) else _TOKENS)[quality]
    pixels = width * height
    if width == height:
        return max(1, square * pixels // _SQUARE)
    return max(1, wide * pixels // _WIDE)


def picture_price(text_tokens: int, image_tokens: int, drawn: int) -> int:
    """Return what a picture costs in nano-dollars, rounded up."""
    return math.ceil(text_tokens * TEXT_IN + image_tokens * IMAGE_IN + drawn * IMAGE_OUT)
