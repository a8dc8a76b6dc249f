"""The text that people see of a message, and what must never be visible in one."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from cocoai.rehearsal.slack.gateway import Call
from cocoai.rehearsal.slack.workspace import PracticeMessage as Message

PRIVATE = {
    "a trace": r"Traceback|, line \d+",
    "an exception": r"\b[A-Z]\w*(Error|Exception)\b|\bErrno\b",
    "a key": r"\b[A-Z][A-Z0-9]+-\d+\.\d+",
    "an id": r"\b[ABCDEFGTUW]0[A-Z0-9]{4,}|\breq_\w+|\bchatcmpl-\w+",
    "a secret": r"xox[a-z]-|\bsk-|practice-signing-secret|Bearer ",
    "a status": r"\b[45]\d\d\b",
    "a code": r"\b[a-z]+(_[a-z]+)+\b",
    "OpenAI's own words": r"current quota|server had an error|slow down|API key provided|maximum context length"
    r"|does not exist|safety system|only supported by certain models",
    "an address": r"127\.0\.0\.1|localhost|/(var|tmp|work|home|usr)/",
}
"""Patterns of what may be written to a log, but never to Slack."""


def leaks(text: str) -> list[str]:
    """Return the names of the PRIVATE patterns that match this text; [] if it may be posted."""
    return [name for name, pattern in PRIVATE.items() if re.search(pattern, text)]


def visible_text(message: Message) -> str:
    """Return what people read of a message: its blocks without buttons, or its text if it has no blocks."""
    blocks = [block for block in message.blocks if not block["type"].endswith("actions")]
    return "\n".join(_texts(blocks)) if blocks else message.text


def text_shown_by(call: Call) -> str:
    """Return everything in one call that people can see: its text, and the texts of its blocks.

    The values of buttons and the metadata are invisible.
    """
    blocks = call.arguments.get("blocks") or []
    blocks = json.loads(blocks) if isinstance(blocks, str) else blocks
    return "\n".join([str(call.arguments.get("text", "")), *_texts(blocks)])


def _texts(part: Any) -> Iterator[str]:
    """Yield every text in these blocks, at any depth."""
    if isinstance(part, Mapping):
        for name, inside in part.items():
            if name == "text" and isinstance(inside, str):
                yield inside
            elif name not in ("value", "action_id", "block_id", "visible_to_user_ids"):
                yield from _texts(inside)
    elif isinstance(part, (list, tuple)):
        for inside in part:
            yield from _texts(inside)
