"""slack/model/footer_block.py: what stands under a reply, as icons and as the buttons in their place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from slack_sdk.models.blocks import ActionsBlock, ContextActionsBlock

from cocoai.rehearsal.slack.block_rules import TOTAL_LIMIT, stored_blocks
from cocoai.slack.markdown.message_layout import Button, Confirm, Layout, Shown, with_buttons
from cocoai.slack.model.footer_block import with_footer
from cocoai.texts import ENGLISH, LANGUAGES, Texts

pytestmark = [pytest.mark.pure, pytest.mark.thorough]

KEY = "C0PRACTICE00-1763822000.000100-1763822000.000100"
ASKER = "U0ASKER01"
ANSWER = ("continue", "again", "delete", "up", "down")


def buttons(*actions: str, texts: Texts = ENGLISH) -> list[Button]:
    """Return the buttons of these actions, as they stand under a reply."""
    sure = {"delete": Confirm("Delete?", "It is gone then.", "No")}
    value = f"{KEY} {ASKER}"
    return [Button(each, texts.buttons[each], value, texts.labels[each], sure.get(each)) for each in actions]


def footer(*actions: str, texts: Texts = ENGLISH) -> list[Mapping[str, Any]]:
    """Return the blocks under the text of a message with these buttons."""
    shown = with_footer(Layout("markdown").parts("so")[0], buttons(*actions, texts=texts), ASKER)
    return list(shown.blocks[1:])


@pytest.mark.parametrize("texts", LANGUAGES.values(), ids=LANGUAGES)
def test_feedback_and_the_bin_are_icons(texts: Texts) -> None:
    """Buttons that ask stand in a row; below it are the thumbs, and the bin, which only the asker sees."""
    row, icons = footer(*ANSWER, texts=texts)
    feedback, bin_icon = icons["elements"]

    assert ["cocoai_continue", "cocoai_again"] == [each["action_id"] for each in row["elements"]]
    assert ("context_actions", "feedback_buttons", "cocoai_feedback") == (
        icons["type"],
        feedback["type"],
        feedback["action_id"],
    )
    for name, action in (("positive_button", "up"), ("negative_button", "down")):
        thumb = feedback[name]
        assert (f"{KEY} {ASKER} {action}", texts.labels[action]) == (thumb["value"], thumb["accessibility_label"])
    assert ("icon_button", "trash", "cocoai_delete", f"{KEY} {ASKER}", [ASKER]) == tuple(
        bin_icon[name] for name in ("type", "icon", "action_id", "value", "visible_to_user_ids")
    )
    assert (texts.buttons["delete"], "Delete?") == (bin_icon["text"]["text"], bin_icon["confirm"]["title"]["text"])


@pytest.mark.parametrize("actions", [ANSWER, ("again", "delete"), ("delete",), ("up", "down")])
@pytest.mark.parametrize("texts", LANGUAGES.values(), ids=LANGUAGES)
def test_slack_takes_the_blocks(actions: tuple[str, ...], texts: Texts) -> None:
    """The practice Slack and slack_sdk's classes take what stands there, and lose nothing of it."""
    blocks = footer(*actions, texts=texts)
    stored_blocks(blocks)
    classes: dict[str, Any] = {"actions": ActionsBlock, "context_actions": ContextActionsBlock}

    for block in blocks:
        made = classes[block["type"]](**{name: value for name, value in block.items() if name != "type"})
        assert block == made.to_dict()


def test_a_full_message_has_room_for_it() -> None:
    """Under the longest part that an answer is cut into, Slack takes it, however long its words are."""
    words = dict.fromkeys(ANSWER, "x" * 400)
    longest = [Button(it, words[it], f"{KEY} {ASKER}", words[it], Confirm(*["y" * 400] * 3)) for it in ANSWER]
    part = max(Layout("markdown").parts("あ" * 30_000), key=lambda each: len(each.blocks[0]["text"]))

    assert len(part.blocks[0]["text"]) < TOTAL_LIMIT
    stored_blocks(with_footer(part, longest, ASKER).blocks)


def test_the_plainer_blocks_are_buttons_in_a_row() -> None:
    """A Slack without icons gets all of them in one row, in their order."""
    shown = with_footer(Layout("markdown").parts("so")[0], buttons(*ANSWER), ASKER)

    assert with_buttons(Layout("markdown").parts("so")[0], buttons(*ANSWER)).blocks == shown.plainer


def test_without_icons_there_is_nothing_plainer() -> None:
    """A message with *Stop* alone, or without buttons, is as with_buttons() makes it."""
    part = Layout("markdown").parts("so")[0]

    assert with_buttons(part, buttons("stop")) == with_footer(part, buttons("stop"), ASKER)
    assert part is with_footer(part, [], ASKER)


@pytest.mark.parametrize("actions", [("again", "delete"), ("delete",)])
def test_a_text_without_blocks_stands_above_the_icons(actions: tuple[str, ...]) -> None:
    """Blocks hide a message's text, so it becomes one."""
    shown = with_footer(Shown("sorry"), buttons(*actions), ASKER)

    assert ["section", *["actions"] * (len(actions) - 1), "context_actions"] == [each["type"] for each in shown.blocks]
    assert ("sorry", "sorry") == (shown.text, shown.blocks[0]["text"]["text"])
