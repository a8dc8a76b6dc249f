"""What a person sees of a message, and what nobody may ever see in one."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from cocoai.rehearsal.slack.gateway import Call
from cocoai.rehearsal.slack.workspace import PracticeMessage as Message

OURS_ALONE = {
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
"""What may stand in a log, and never in Slack."""


def betrayals(text: str) -> list[str]:
    """What of ours alone stands in this text."""
    return [what for what, pattern in OURS_ALONE.items() if re.search(pattern, text)]


def read(message: Message) -> str:
    """What people read of a message: its blocks, the buttons aside; its text where it has none."""
    blocks = [block for block in message.blocks if block["type"] != "actions"]
    return "\n".join(_words(blocks)) if blocks else message.text


def buttons(message: Message) -> list[str]:
    """What stands on its buttons."""
    elements = [each for block in message.blocks if block["type"] == "actions" for each in block["elements"]]
    return [str(button["text"]["text"]) for button in elements]


def shown(call: Call) -> str:
    """All words of one call that anybody can see: the text, and what the blocks show. Values and marks are unseen."""
    blocks = call.arguments.get("blocks") or []
    blocks = json.loads(blocks) if isinstance(blocks, str) else blocks
    return "\n".join([str(call.arguments.get("text", "")), *_words(blocks)])


def _words(part: Any) -> Iterator[str]:
    """Every text in these blocks, however deep."""
    if isinstance(part, Mapping):
        for name, inside in part.items():
            if name == "text" and isinstance(inside, str):
                yield inside
            elif name not in ("value", "action_id", "block_id"):
                yield from _words(inside)
    elif isinstance(part, (list, tuple)):
        for inside in part:
            yield from _words(inside)
