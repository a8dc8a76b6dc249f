"""The operator's own texts in place of ours: each text has a key, the same in both languages.

A text that stands by itself has its field's name; those of a group have the group's before them: `button_stop`,
`why_too_big`, `sorry_busy`, and `sorry` for whatever has no text of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from typing import Any

from cocoai.words.words import Words

GROUPS = {"more": "help", "why": "why", "buttons": "button", "sorry": "sorry"}
"""The fields that hold several texts, and what their keys begin with."""

LONGEST = 3000
"""Characters of a text: what one block of Slack's bears. A button bears 75, and its question 300."""

_PLACEHOLDER = re.compile(r"\{(\w+)\}")


def texts(words: Words) -> dict[str, str]:
    """Every text under its key."""
    return {key: text for field, value in asdict(words).items() for key, text in _keyed(field, value)}


def overridden(words: Words, given: Mapping[str, str]) -> Words:
    """The same words but for what is `given`, by key."""
    fields: dict[str, Any] = {
        field: {code: given.get(_key(field, code), text) for code, text in value.items()}
        if isinstance(value, dict)
        else given.get(field, value)
        for field, value in asdict(words).items()
    }
    return replace(words, **fields)


def placeholders(text: str) -> tuple[str, ...]:
    """What stands in braces in it, in alphabetical order: `{name}`, `{why}`."""
    return tuple(sorted({found[0] for found in _PLACEHOLDER.finditer(text)}))


def fits(text: str, wanted: tuple[str, ...], most: int) -> bool:
    """Has `text` the `wanted` placeholders, no other brace, and at most `most` characters?"""
    has_others = re.search(r"[{}]", _PLACEHOLDER.sub("", text))
    return placeholders(text) == wanted and not has_others and len(text) <= most


def longest(key: str) -> int:
    """How many characters the text of this key may have."""
    if key == "button_delete_confirm":
        return 300
    return 75 if key.startswith("button_") else LONGEST


def _keyed(field: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        yield from ((_key(field, code), text) for code, text in value.items())
    else:
        yield field, value


def _key(field: str, code: str) -> str:
    return f"{GROUPS[field]}_{code}".rstrip("_")
