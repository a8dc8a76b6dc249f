"""Take values out of parsed JSON from another server: each has the wanted type, or is empty.

Slack's and OpenAI's JSON is read leniently: a field of another type counts as a missing one. Nothing here raises.
It must not know whose JSON it is.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any


def text_at(mapping: Mapping[str, Any], key: str) -> str:
    """Return the string under `key`; "" if there is none, or a value of another type."""
    value = mapping.get(key)
    return value if isinstance(value, str) else ""


def mapping_at(mapping: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """Return the JSON object under `key`; {} if there is none, or a value of another type."""
    value = mapping.get(key)
    return value if isinstance(value, dict) else {}


def number_at(mapping: Mapping[str, Any], key: str, most: float = math.inf) -> int:
    """Return the whole number under `key`; 0 if there is none, or if it is negative or above `most`."""
    value = mapping.get(key)
    return value if type(value) is int and 0 <= value <= most else 0


def objects_in(value: object) -> list[Mapping[str, Any]]:
    """Return the JSON objects in the list `value`, in order; other items are left out. [] if `value` is no list."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def encodable(text: str) -> str:
    """Return `text` with `?` for each lone surrogate, which JSON can name but no file and no socket takes."""
    return text.encode("utf-8", "replace").decode("utf-8")
