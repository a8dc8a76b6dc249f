"""Layout: what one message of ours shows, in the format that the settings name: text and blocks within Slack's limits.

Sources: docs.slack.dev/reference/block-kit/blocks, /reference/methods/chat.update (text of at most 4,000 characters).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from cocoai.slack.markdown import to_markdown_block as blocks
from cocoai.slack.markdown import to_mrkdwn
from cocoai.slack.markdown.block_parser import clean, elements
from cocoai.slack.markdown.partial import close_open_markup
from cocoai.slack.markdown.split import MessageLimits, Unit, count_fitting, joined
from cocoai.slack.markdown.to_mrkdwn import harmless, unpinged

MOST_TEXT = 3_900
"""Characters of a message's text, entities counted as they are written; chat.update refuses more than 4,000."""

MOST_SECTION = 2_900
"""Characters of a text that may stand in a section above buttons, which takes 3,000."""

MORE = " …"
"""Stands under a fallback that does not say all that the blocks show."""

Block = Mapping[str, Any]
"""One block of Slack's Block Kit."""


@dataclass(frozen=True)
class Shown:
    """What one message shows. With `blocks`, those are shown, and `text` (mrkdwn) is their fallback."""

    text: str
    blocks: tuple[Block, ...] = ()


@dataclass(frozen=True)
class Button:
    """A button: what it does, what stands on it, the value that comes back, and a question to ask first, if any."""

    action: str
    label: str
    value: str
    confirm: str = ""


class Layout:
    """How an answer is shown: `markdown` in blocks that take it as it is, `mrkdwn` as text for clients without them."""

    def __init__(self, format: str) -> None:  # noqa: A002 (the settings' own word)
        self._is_markdown = format == "markdown"

    def parts(self, markdown: str) -> list[Shown]:
        """The whole answer, message by message; [] only if it is blank."""
        if not self._is_markdown:
            return [Shown(text) for text in to_mrkdwn.parts(markdown, MOST_SECTION)]
        markdown = unpinged(clean(markdown))
        # Markup around nothing is shown as it stands.
        made = blocks.parts(blocks.units(elements(markdown))) or [markdown.strip()[: blocks.MOST]]
        return [_in_block(text, _fallback(text)) for text in made if text]

    def growing(self, markdown: str, mark: str) -> Shown:
        """What there is of the first message while the answer is written, made to read well, and `mark` under it."""
        most = MOST_TEXT if self._is_markdown else MOST_SECTION
        # What is far beyond the first message is not read at all: this is done at every update.
        found = close_open_markup(
            elements(unpinged(clean(markdown[: 2 * (blocks.MOST if self._is_markdown else most)])))
        )
        mark = harmless(mark)
        text = _first(to_mrkdwn.units(found, most), MessageLimits(most - len(mark) - 2))
        under = f"{text}\n\n{mark}".strip()
        if not (self._is_markdown and text.strip()):
            return Shown(under)
        return _in_block(blocks.beginning(blocks.units(found)), under, _context(mark))

    def plain(self, text: str) -> Shown:
        """A fixed text of our own, which is mrkdwn already."""
        text = harmless(clean(text))
        if len(text) > MOST_SECTION:
            text = (text[:MOST_SECTION].rpartition("\n")[0] or text[:MOST_SECTION]) + MORE
        return Shown(text)


def with_buttons(shown: Shown, buttons: Sequence[Button]) -> Shown:
    """The same with buttons under it, if there are any."""
    if not buttons:
        return shown
    above = shown.blocks or (_section(shown.text),)
    return replace(shown, blocks=(*above, {"type": "actions", "elements": [_element(button) for button in buttons]}))


def _in_block(markdown: str, fallback: str, *more: Block) -> Shown:
    return Shown(fallback, ({"type": "markdown", "text": markdown}, *more))


def _fallback(markdown: str) -> str:
    first, *others = to_mrkdwn.parts(markdown, MOST_TEXT)
    return first + MORE if others else first


def _first(units: list[Unit], room: MessageLimits) -> str:
    """As much as one message holds: while a text grows nothing of it is taken back to end it well."""
    return joined(units[: count_fitting(units, room)])


def _section(text: str) -> Block:
    return {"type": "section", "text": _mrkdwn(text), "expand": True}


def _context(text: str) -> Block:
    return {"type": "context", "elements": [_mrkdwn(text)]}


def _mrkdwn(text: str) -> dict[str, Any]:
    # Verbatim: nothing that only looks like a mention becomes one.
    return {"type": "mrkdwn", "text": harmless(text), "verbatim": True}


def _element(button: Button) -> Block:
    made = {
        "type": "button",
        "action_id": f"cocoai_{button.action}",
        "text": _words(button.label, 75),
        "value": button.value,
    }
    return made | {"style": "danger", "confirm": _confirm(button)} if button.confirm else made


def _confirm(button: Button) -> dict[str, Any]:
    return {
        "title": _words(button.label, 100),
        "text": _words(button.confirm, 300),
        "confirm": _words(button.label, 30),
        "deny": _words("✕", 30),
    }


def _words(text: str, most: int) -> dict[str, Any]:
    return {"type": "plain_text", "text": text[:most], "emoji": True}
