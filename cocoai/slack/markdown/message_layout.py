"""Lays out what one message of ours shows, in the format that the settings name: text and blocks within Slack's limits.

Sources: docs.slack.dev/reference/block-kit/blocks (markdown, section, context and actions blocks),
/reference/block-kit/composition-objects/confirmation-dialog-object, /reference/methods/chat.update.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from cocoai.slack.markdown.block_parser import normalize_markdown
from cocoai.slack.markdown.growing_text import GrowingText
from cocoai.slack.markdown.inline_parser import ZWSP
from cocoai.slack.markdown.repairs import repaired_blocks
from cocoai.slack.markdown.split import MessageLimits
from cocoai.slack.markdown.to_markdown_block import MOST_MARKDOWN, markdown_lines, markdown_parts
from cocoai.slack.markdown.to_mrkdwn import break_pings, escape_pings, mrkdwn_messages

MOST_TEXT = 3_900
"""Characters of a message's text, entities counted as they are written; chat.update refuses more than 4,000."""

MOST_SECTION = 2_900
"""Characters of a text that may stand in a section block above buttons, which takes 3,000."""

_ZWSP_AT_DELIMITER = re.compile(f"{ZWSP}(?=[*~])|(?<=[*~]){ZWSP}")

MORE = " …"
"""Ends a text that does not have all that the message, or the one it stands for, has."""

Block = Mapping[str, Any]
"""One block of Slack's Block Kit, as its JSON."""


@dataclass(frozen=True)
class Shown:
    """What one message shows. With `blocks`, Slack shows those, and `text` (mrkdwn) is their fallback.

    `plainer` are blocks that say the same and that every Slack takes, if `blocks` has one that not every Slack does.
    """

    text: str
    blocks: tuple[Block, ...] = ()
    plainer: tuple[Block, ...] = ()


@dataclass(frozen=True)
class Confirm:
    """A dialog before a button's action: its title, its question, and the text of the button that cancels."""

    title: str
    text: str
    cancel: str


@dataclass(frozen=True)
class Button:
    """A button: its action, its text, the value that comes back, and what a screen reader says of it.

    `confirm` is the dialog by which Slack asks before it, if there is one.
    """

    action: str
    text: str
    value: str
    label: str = ""
    confirm: Confirm | None = None


class Layout:
    """Lays out answers and our own texts in one of two formats.

    `format` is `markdown` (Slack's markdown blocks, with mrkdwn as their fallback) or `mrkdwn` (text alone, for clients
    that do not show these blocks).
    """

    def __init__(self, format: str) -> None:  # noqa: A002 (the settings' own word)
        self._is_markdown = format == "markdown"

    def parts(self, markdown: str) -> list[Shown]:
        """Return what each message of a complete answer shows, in order; [] only if the answer is blank."""
        if not self._is_markdown:
            return [Shown(text) for text in mrkdwn_messages(markdown, MOST_SECTION)]
        markdown = break_pings(normalize_markdown(markdown))
        # Markup around nothing is shown as it is written.
        parts = markdown_parts(markdown_lines(repaired_blocks(markdown))) or [markdown.strip()[:MOST_MARKDOWN]]
        return [_in_block(part, _fallback(part)) for part in parts if part]

    def growing(self, markdown: str, status: str) -> Shown:
        """Return what the first message shows of an unfinished answer, as `growing_message` tells."""
        return self.growing_message(status).show(markdown)

    def growing_message(self, status: str) -> GrowingMessage:
        """Return the first message of an answer that is being written, with `status` (mrkdwn) below."""
        return GrowingMessage(escape_pings(status), is_markdown=self._is_markdown)

    def plain(self, text: str) -> Shown:
        """Return a message with a fixed text of our own, which is mrkdwn already, and no blocks.

        Of a text of over 2,900 characters, keep the lines that fit, and ` …`.
        """
        return Shown(_cut(escape_pings(normalize_markdown(text))))


class GrowingMessage:
    """The first message of an answer while it is written, in Markdown or in mrkdwn, with `status` below."""

    def __init__(self, status: str, *, is_markdown: bool) -> None:
        most = MOST_TEXT if is_markdown else MOST_SECTION
        self._status = status
        self._context = context(status) if is_markdown else {}
        # What is far beyond the first message is not even parsed.
        self._text = GrowingText(
            2 * (MOST_MARKDOWN if is_markdown else most),
            most,
            MessageLimits(most - len(status) - len("\n\n")),
            is_markdown=is_markdown,
        )
        self._is_markdown = is_markdown

    def show(self, markdown: str) -> Shown:
        """Return what the message shows of an unfinished answer.

        Open markup is closed for the moment. What goes into a second message is not shown. If there is nothing to show
        yet, return the status alone. An answer that goes on where the last one ended is laid out faster.
        """
        mrkdwn, part = self._text.render(markdown)
        text_and_status = f"{mrkdwn}\n\n{self._status}".strip()
        if not (self._is_markdown and mrkdwn.strip()):
            return Shown(text_and_status)
        return _in_block(part, text_and_status, self._context)


def with_buttons(shown: Shown, buttons: Sequence[Button]) -> Shown:
    """Return `shown` with a row of buttons under it; unchanged if there are no buttons.

    A message without blocks gets its text as a block, since buttons stand in one.
    """
    if not buttons:
        return shown
    above = shown.blocks or (section(shown.text),)
    return replace(shown, blocks=(*above, {"type": "actions", "elements": [_button(button) for button in buttons]}))


def _in_block(markdown: str, fallback: str, *more: Block) -> Shown:
    return Shown(fallback, ({"type": "markdown", "text": markdown}, *more))


def _fallback(markdown: str) -> str:
    """Return the text (mrkdwn) that clients without markdown blocks show, ending in ` …` if it is cut."""
    # What makes CommonMark see a delimiter would hide it from Slack.
    first, *others = mrkdwn_messages(_ZWSP_AT_DELIMITER.sub("", markdown), MOST_TEXT, is_repaired=True)
    return first + MORE if others else first


# Blocks, and the objects in them


def section(text: str) -> Block:
    """Return a section block with a text (mrkdwn, not blank), without pings; one too long is cut, and ends in ` …`."""
    # Expanded: else Slack hides most of a long text behind "See more".
    return {"type": "section", "text": _mrkdwn(_cut(escape_pings(text))), "expand": True}


def header(text: str) -> Block:
    """Return a header block with a text on one line, not blank, of which 150 characters are kept."""
    return {"type": "header", "text": plain_text(" ".join(text.split()), 150)}


def context(text: str) -> Block:
    """Return a context block, which is small and grey, with a text as `section` takes it."""
    return {"type": "context", "elements": [_mrkdwn(_cut(escape_pings(text)))]}


def _cut(text: str) -> str:
    """Return the lines of `text` that fit into MOST_SECTION, and ` …` if that is not all of it."""
    if len(text) <= MOST_SECTION:
        return text
    return (text[:MOST_SECTION].rpartition("\n")[0] or text[:MOST_SECTION]) + MORE


def _mrkdwn(text: str) -> dict[str, Any]:
    # Verbatim: nothing that only looks like a mention becomes one.
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def _button(button: Button) -> Block:
    """Return a button as Slack's JSON; one with a `confirm` is red, and Slack asks that first."""
    element = {
        "type": "button",
        "action_id": f"cocoai_{button.action}",
        "text": plain_text(button.text, 75),
        "value": button.value,
    }
    element |= {"accessibility_label": button.label[:75]} if button.label else {}
    return (
        element | {"style": "danger", "confirm": confirm_dialog(button, button.confirm)} if button.confirm else element
    )


def confirm_dialog(button: Button, confirm: Confirm) -> dict[str, Any]:
    """Return the confirmation dialog of this button as Slack's JSON, with its texts cut to Slack's limits."""
    return {
        "title": plain_text(confirm.title, 100),
        "text": plain_text(confirm.text, 300),
        "confirm": plain_text(button.text, 30),
        "deny": plain_text(confirm.cancel, 30),
    }


def plain_text(text: str, most: int) -> dict[str, Any]:
    """Return a plain_text object with at most `most` characters of `text`."""
    return {"type": "plain_text", "text": text[:most], "emoji": True}
