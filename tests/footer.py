"""What can be pressed under a reply in the practice Slack: buttons in a row, and icons."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypedDict

from cocoai.rehearsal.slack.workspace import PracticeMessage as Message


class Pressed(TypedDict):
    """The arguments of `PracticeSlack.click` that say which button of a message is pressed."""

    action: str
    value: str


def actions(message: Message) -> list[str]:
    """Return the actions of all that can be pressed under a message, in their order, such as `again` and `up`."""
    return [action for action, _ in _pressable(message)]


def pressing(message: Message, action: str) -> Pressed:
    """Return the arguments by which an action under a message is pressed.

    Raise ValueError if the message has none of this action.
    """
    for found, element in _pressable(message):
        if found == action:
            return {"action": element["action_id"], "value": element["value"]}
    raise ValueError(f"{action} cannot be pressed under {message.ts}")


def labels(message: Message) -> list[str]:
    """Return what each of them says to people, in the order of `actions`."""
    return [str(element["text"]["text"]) for _, element in _pressable(message)]


def _pressable(message: Message) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the action and the JSON of each button and icon; of feedback, each of the two with the pair's action_id."""
    for block in message.blocks:
        for element in block["elements"] if block["type"] in ("actions", "context_actions") else ():
            if element["type"] == "feedback_buttons":
                for name in ("positive_button", "negative_button"):
                    half = element | element[name]
                    assert "cocoai_feedback" == half["action_id"]
                    yield half["value"].rpartition(" ")[2], half
            else:
                yield element["action_id"].removeprefix("cocoai_"), element
