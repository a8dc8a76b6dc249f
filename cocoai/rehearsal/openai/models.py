"""The models that this OpenAI has, with the days on which they end, as OpenAI's deprecations page stood in 2026-11.

What a model accepts depends on its family: the newer ones think before they speak, and refuse the older parameters.
"""

from __future__ import annotations

import re
from typing import Any

SHUTDOWN: dict[str, str | None] = {
    "gpt-6-luna": None,
    "gpt-6-sol": None,
    "gpt-6-astra": None,
    "gpt-6.1-terra": None,
    "gpt-6.1-sol": None,
    "gpt-5.6-luna": None,
    "gpt-5.5": None,
    "gpt-5.4-mini": None,
    "gpt-5.1": "2027-04-01",
    "gpt-5-mini": "2026-12-11",
    "gpt-4.1-mini": "2027-01-14",
    "gpt-4o": "2027-01-14",
    "gpt-4o-mini": "2027-01-14",
}

_CREATED = 1790000000
_ALWAYS_THINKS = frozenset({"gpt-6-astra", "gpt-6.1-sol"})


def model_json(name: str) -> dict[str, Any]:
    """A model object of GET /v1/models."""
    told: dict[str, Any] = {"id": name, "object": "model", "created": _CREATED, "owned_by": "openai"}
    return told | {"shutdown_date": SHUTDOWN[name]}


def thinks(name: str) -> bool:
    """Whether it is of gpt-5's kind or newer (or of the o-series)."""
    family = re.match(r"gpt-(\d+)|o\d", name)
    return bool(family) and int((family and family[1]) or 5) >= 5


def efforts(name: str) -> tuple[str, ...]:
    """The values of reasoning_effort that it takes."""
    if not thinks(name):
        return ()
    return ("minimal", "low", "medium", "high", "xhigh") if name in _ALWAYS_THINKS else EFFORTS


EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh", "max")
