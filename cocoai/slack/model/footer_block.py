"""The footer of a reply: a row of buttons, and below it, as small icons, the feedback and the bin.

A Slack that does not take the icons gets all of them as buttons in the row.
Sources: docs.slack.dev/reference/block-kit/blocks/context-actions-block,
/reference/block-kit/block-elements/feedback-buttons-element, icon-button-element.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from cocoai.slack.markdown.message_layout import Block, Button, Shown, confirm_dialog, plain_text, with_buttons
from cocoai.slack.model.click import FEEDBACK

ICONS = ("up", "down", "delete")
"""The actions that are shown as icons; both of feedback, or none."""


def with_footer(shown: Shown, buttons: Sequence[Button], asker: str) -> Shown:
    """Return `shown` with buttons under it, those of ICONS as icons; the bin is there for the user `asker` alone.

    `plainer` of the result has all of them in a row, in their order.
    """
    icons = {button.action: button for button in buttons if button.action in ICONS}
    plain = with_buttons(shown, buttons)
    if not icons:
        return plain
    row = with_buttons(shown, [button for button in buttons if button.action not in ICONS])
    # Without a row, a message that had no blocks has none yet: the icons stand under its text.
    above = row.blocks or plain.blocks[:-1]
    block = {"type": "context_actions", "elements": list(_elements(icons, asker))}
    return replace(shown, blocks=(*above, block), plainer=plain.blocks)


def _elements(icons: Mapping[str, Button], asker: str) -> Iterator[Block]:
    """Yield the elements of a context_actions block: the feedback first, the bin last."""
    if {"up", "down"} <= icons.keys():
        positive, negative = _feedback(icons["up"]), _feedback(icons["down"])
        yield {
            "type": "feedback_buttons",
            "action_id": f"cocoai_{FEEDBACK}",
            "positive_button": positive,
            "negative_button": negative,
        }
    if "delete" in icons:
        yield _bin(icons["delete"], asker)


def _feedback(button: Button) -> dict[str, Any]:
    """Return one of the two feedback buttons; Slack draws the thumb, and shows its text only beside the pointer."""
    words = button.label or button.text
    return {
        "text": plain_text(words, 75),
        "accessibility_label": words[:75],
        # One action_id for both: only the value tells which was pressed.
        "value": f"{button.value} {button.action}",
    }


def _bin(button: Button, asker: str) -> Block:
    element = {
        "type": "icon_button",
        "icon": "trash",
        "action_id": f"cocoai_{button.action}",
        "text": plain_text(button.text, 75),
        "accessibility_label": (button.label or button.text)[:75],
        "value": button.value,
        "visible_to_user_ids": [asker],
    }
    return element | ({"confirm": confirm_dialog(button, button.confirm)} if button.confirm else {})
