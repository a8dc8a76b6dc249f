"""Put the operator's texts in place of ours. Each text has a key, the same in both languages.

The key of a single text is its field's name. A text of a group has the group's name before its own: `button_stop`,
`why_too_big`, `sorry_busy`; `sorry` alone is the text for every error that has none of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from typing import Any

from cocoai.texts.texts import Texts

GROUPS = {
    "more": "help",
    "forgotten": "forgotten",
    "declined": "declined",
    "troubles": "trouble",
    "why": "why",
    "speech": "speech",
    "pictures": "picture",
    "documents": "document",
    "tasks": "task",
    "home": "home",
    "ask": "ask",
    "waits": "wait",
    "usage": "usage",
    "buttons": "button",
    "labels": "label",
    "sorry": "sorry",
}
"""The fields that hold several texts, and what their keys begin with."""

LONGEST = 3000
"""The most characters of a text: the limit of one block in Slack. A button holds 75, and so does its label."""

LONGEST_OF = {
    "button_delete_title": 100,
    "button_delete_confirm": 300,
    "button_cancel": 30,
    "ask_title": 24,
    "ask_send": 24,
    "ask_close": 24,
    "ask_label": 2000,
    "ask_hint": 150,
}
"""The most characters of the texts of a confirmation dialog, and of a form."""

_PLACEHOLDER = re.compile(r"\{(\w+)\}")


def by_key(texts: Texts) -> dict[str, str]:
    """Return every text of a language under its key: `placeholder`, `button_stop`, `sorry`."""
    return {key: text for field, value in asdict(texts).items() for key, text in _keyed(field, value)}


def overridden(texts: Texts, own: Mapping[str, str]) -> Texts:
    """Return a copy of `texts` in which the texts of `own`, by key, take the place of those with the same key."""
    fields: dict[str, Any] = {
        field: {code: own.get(_key(field, code), text) for code, text in value.items()}
        if isinstance(value, dict)
        else own.get(field, value)
        for field, value in asdict(texts).items()
    }
    return replace(texts, **fields)


def placeholders(text: str) -> tuple[str, ...]:
    """Return the placeholders in `text`, braces included, each once, in alphabetical order: `{name}`, `{why}`."""
    return tuple(sorted({found[0] for found in _PLACEHOLDER.finditer(text)}))


def fits(text: str, wanted: tuple[str, ...], most: int) -> bool:
    """Check whether `text` has exactly the `wanted` placeholders, no other brace, and at most `most` characters."""
    has_others = re.search(r"[{}]", _PLACEHOLDER.sub("", text))
    return placeholders(text) == wanted and not has_others and len(text) <= most


def longest(key: str) -> int:
    """Return how many characters the text of this key may have in Slack: fewer on a button than in a message."""
    if key in LONGEST_OF:
        return LONGEST_OF[key]
    return 75 if key.startswith(("button_", "label_")) else LONGEST


def _keyed(field: str, value: Any) -> Iterator[tuple[str, str]]:
    """Yield the key and the text of a field: one pair for a single text, one for each text of a group."""
    if isinstance(value, dict):
        yield from ((_key(field, code), text) for code, text in value.items())
    else:
        yield field, value


def _key(field: str, code: str) -> str:
    """Return the key of a text in a group: `button_stop`; for the empty code the group's name alone: `sorry`."""
    return f"{GROUPS[field]}_{code}".rstrip("_")
