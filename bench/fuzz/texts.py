"""What comes of a text that a model writes: what Slack is sent while it is written, and its parts when it is whole."""

from __future__ import annotations

import json
from pathlib import Path

from bench.fuzz.check import require
from cocoai.slack.markdown.block_parser import normalize_markdown
from cocoai.slack.markdown.message_layout import Button, Layout, Shown, with_buttons
from tests.slack.markdown.corpus import CASES
from tests.slack.markdown.corpus import ODD as MARKDOWN_ODD

LONGEST_TEXT, SLOW_TEXT = 30_000, 10.0
"""Characters of a model's text, and the seconds of CPU that showing it eight times may take.

One line with thousands of emphases takes 2. Only its own job process is busy with it, so no other question waits.
"""

TEXTS = tuple({"text": text} for text in (*CASES.values(), *MARKDOWN_ODD.values()))


class TextChecker:
    """Checks what comes of a model's text: what Slack is sent while it is written, and its parts when it is whole."""

    kept = 0
    slow = SLOW_TEXT

    def __init__(self, _: Path) -> None:
        self._layouts = [Layout("markdown"), Layout("mrkdwn")]

    def __call__(self, body: bytes) -> str:
        text = written(body)[:LONGEST_TEXT]
        shown = [layout.parts(text) for layout in self._layouts]
        for layout, parts in zip(self._layouts, shown, strict=True):
            require(bool(parts) or not normalize_markdown(text).strip(), "all of it is lost")
            for each in (*parts, *(layout.growing(text[:most], "✍️ …") for most in (10, 1000, len(text)))):
                check_shown(with_buttons(each, [Button("stop", "Stop", "KEY U0ASKER01")]))
        return f"{min(len(shown[0]), 3)} parts"


def check_shown(shown: Shown) -> None:
    """Check Slack's limits: docs.slack.dev/reference/block-kit/blocks, /reference/methods/chat.update."""
    require(bool(shown.text.strip()) and len(shown.text) <= 4000, "a text that Slack does not take")
    require(len(shown.blocks) <= 50, "too many blocks")
    markdown = [block["text"] for block in shown.blocks if block["type"] == "markdown"]
    require(sum(map(len, markdown)) <= 12_000, "too much Markdown")
    sections = [block["text"]["text"] for block in shown.blocks if block["type"] == "section"]
    require(all(0 < len(section) <= 3000 for section in sections), "a section that Slack does not take")
    json.dumps([shown.text, *shown.blocks], ensure_ascii=False).encode()


def written(body: bytes) -> str:
    """Return the text in a mutated payload, or all of it as text if it cannot be read, as from a model's stream."""
    try:
        text = json.loads(body)["text"]
    except (ValueError, RecursionError, LookupError, TypeError):
        text = None
    return text if isinstance(text, str) else body.decode("utf-8", "replace")
