"""The models of the practice OpenAI and their shutdown dates, as of OpenAI's deprecations page in 2026-11.

The parameters that a model accepts depend on its family: the newer reason before they answer, and refuse some older
parameters.
"""

from __future__ import annotations

import re
from typing import Any

from cocoai.rehearsal.openai.image_models import IMAGE_MODELS

SHUTDOWN: dict[str, str | None] = {
    "gpt-6-luna": None,
    "gpt-6-sol": None,
    "gpt-6-astra": None,
    "gpt-6.1-terra": None,
    "gpt-6.1-sol": None,
    "gpt-6.2-sol": None,
    "gpt-5.6-luna": None,
    "gpt-5.5": None,
    "gpt-5.4-mini": None,
    "gpt-5.1": "2027-04-01",
    "gpt-5-mini": "2026-12-11",
    "gpt-4.1-mini": "2027-01-14",
    "gpt-4o": "2027-01-14",
    "gpt-4o-mini": "2027-01-14",
    "gpt-transcribe": None,
    "gpt-4o-transcribe": "2027-02-26",
    "gpt-4o-mini-transcribe": "2027-02-26",
    "whisper-1": "2027-02-26",
}
"""The date on which each model is shut down; None if none is announced."""

HEARS = frozenset({"gpt-transcribe", "gpt-4o-transcribe", "gpt-4o-mini-transcribe", "whisper-1"})
"""The models that hear sounds, and answer nothing else."""

_CREATED = 1790000000
EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh", "max")
_ALWAYS_REASONS = frozenset({"gpt-6-astra", "gpt-6.1-sol", "gpt-6.2-sol"})


def model_json(name: str) -> dict[str, Any]:
    """Return OpenAI's model object, as in GET /v1/models. Raise KeyError if there is no such model."""
    model: dict[str, Any] = {"id": name, "object": "model", "created": _CREATED, "owned_by": "openai"}
    return model | {"shutdown_date": None if name in IMAGE_MODELS else SHUTDOWN[name]}


def reasons(name: str) -> bool:
    """Return True if the model reasons before it answers: the o-series (`o3`), and gpt-5 and newer."""
    return re.match(r"o\d", name) is not None or version(name) >= (5, 0)


def version(name: str) -> tuple[int, int]:
    """Return the version in a model's name, as (5, 6) of `gpt-5.6-luna` and (4, 0) of `gpt-4o`; (0, 0) if none."""
    match = re.match(r"gpt-(\d+)(?:\.(\d+))?", name)
    return (int(match[1]), int(match[2] or 0)) if match else (0, 0)


def has_cache_breakpoints(name: str) -> bool:
    """Return True if the model, gpt-5.6 or newer, writes prompts to the cache up to breakpoints, and charges for it."""
    return version(name) >= (5, 6)


def efforts(name: str) -> tuple[str, ...]:
    """Return the values of reasoning_effort that a model accepts; an empty tuple if it does not reason."""
    if not reasons(name):
        return ()
    return ("minimal", "low", "medium", "high", "xhigh") if name in _ALWAYS_REASONS else EFFORTS
