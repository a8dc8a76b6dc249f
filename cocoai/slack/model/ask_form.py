"""The form in which somebody types a question about a message: its parts, and what it carries of the message. Pure.

Source: docs.slack.dev/surfaces/modals, docs.slack.dev/reference/views/modal-views.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from cocoai.slack.model.kept_message import beginning, thread_of
from cocoai.slack.model.question import ASK
from cocoai.slack.model.shortcut import PREFIX, Shortcut

CALLBACK_ID = f"{PREFIX}{ASK}"
BLOCK_ID, ACTION_ID = "question", "text"
"""The names of the form, and of its only field, by which what was typed is found again."""

LONGEST_QUESTION = 2000
"""Characters that can be typed into the form."""

MOST_METADATA = 3000
"""Characters of a view's `private_metadata` that Slack takes."""

_MOST_WORDS = 1500
"""Characters of the message that the form carries, at most: they serve where we cannot read the message."""


def form_metadata(shortcut: Shortcut) -> str:
    """Return what a form carries to its submission, unseen: the place, the message as far as it fits, and the way back.

    It is JSON with `channel`, `thread_ts`, `message_ts`, `message` (as kept_message() has it) and `response_url`.
    """
    message = shortcut.message or {}
    place = {"channel": shortcut.channel, "message_ts": shortcut.message_ts}
    place |= {"thread_ts": thread_of(message) or shortcut.message_ts, "response_url": shortcut.response_url}
    most = _MOST_WORDS
    while len(text := _json({**place, "message": beginning(message, most)})) > MOST_METADATA and most:
        most //= 2
    return text if len(text) <= MOST_METADATA else _json(place)


def read_metadata(text: str) -> Mapping[str, Any]:
    """Return what form_metadata() has written; {} if it is something else."""
    try:
        carried = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return carried if isinstance(carried, dict) else {}


def _json(carried: Mapping[str, Any]) -> str:
    return json.dumps(carried, ensure_ascii=False, separators=(",", ":"))
