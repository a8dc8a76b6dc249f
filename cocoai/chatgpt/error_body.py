"""Take an error apart, in any of the shapes in which servers send it: its code, its type, and every other name in it.

OpenAI has it under `error`; others send the object itself, a text, a list, or another server's error within theirs
(Azure's `innererror`, LiteLLM's `provider_specific_fields`, OpenRouter's `metadata.raw`). Pure.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

_KEYS = ("error", "errors", "detail")
"""Keys under which the error stands in its body."""

_NAMES = ("code", "type", "status", "error_code", "error_type")
"""Fields that name an error."""

_DEPTH = 6
_MOST_NAMES = 50
_CODE = re.compile(r"[A-Za-z0-9_.:-]{1,64}")
_PARAM = re.compile(r"[A-Za-z0-9_.:\[\]-]{1,96}")


def error_object(value: Any) -> dict[str, Any]:
    """Return the error object in a parsed body, or in the value of its `error`; {} if there is none.

    Of a list it is the first. A text may be JSON once more.
    """
    for _ in range(_DEPTH):
        if isinstance(value, str):
            value = parsed(value)
        if isinstance(value, list) and value:
            value = value[0]
        if not isinstance(value, dict):
            return {}
        inner = next(filter(_may_hold_an_error, map(value.get, _KEYS)), None)
        if inner is None or _has_code(value):
            return value
        value = inner
    return {}


def parsed(text: str | bytes) -> Any:
    """Return the JSON value in `text`; None if it is none."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def fit_for_log(value: Any) -> str:
    """Return `value` as text if it looks like a code, and so is fit for a log; else "".

    Any other text in its place could be somebody's, and is not repeated.
    """
    return _matching(value, _CODE)


def param_of(error: dict[str, Any]) -> str:
    """Return the part of the request that an error object names, such as `messages[0].content`; "" if it names none."""
    return _matching(error.get("param"), _PARAM)


def simple(name: str) -> str:
    """Return a code as it is compared, in lower case and without signs: servers spell the same code in many ways."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def names_in(value: Any) -> frozenset[str]:
    """Return every code, type and status in an error and in the errors within it, as simple() has them."""
    names: set[str] = set()
    for name in _walk(value, _DEPTH):
        names.add(simple(name))
        if len(names) == _MOST_NAMES:
            break
    return frozenset(names)


def _walk(value: Any, depth: int) -> Iterator[str]:
    """Yield the values of all fields that name an error in `value`, at most `depth` levels deep."""
    if isinstance(value, str) and value[:1] in ("{", "["):
        value = parsed(value)
    if depth and isinstance(value, dict):
        yield from filter(None, (fit_for_log(value.get(key)) for key in _NAMES))
        for inner in value.values():
            yield from _walk(inner, depth - 1)
    elif depth and isinstance(value, list):
        for inner in value:
            yield from _walk(inner, depth - 1)


def _may_hold_an_error(value: Any) -> bool:
    return bool(value) and (isinstance(value, (dict, list)) or (isinstance(value, str) and value.startswith("{")))


def _has_code(value: dict[str, Any]) -> bool:
    return bool(fit_for_log(value.get("code")) or fit_for_log(value.get("type")))


def _matching(value: Any, pattern: re.Pattern[str]) -> str:
    text = str(value) if isinstance(value, (str, int)) and not isinstance(value, bool) else ""
    return text if pattern.fullmatch(text) else ""
