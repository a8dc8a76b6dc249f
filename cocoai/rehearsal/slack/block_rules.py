"""Validate the blocks of a message as Slack does, and complete them as Slack stores them; a view's rules build on it.

Source: https://docs.slack.dev/reference/block-kit, the pages of blocks, buttons and confirmation dialogs, and slack_sdk
3.48.0, which alone says that at most ten people may see an icon. Elements that no message of the bot needs (menus,
videos) are refused in the way Slack refuses unknown types.
"""

from __future__ import annotations

import secrets
import string
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from cocoai.rehearsal.slack.api_call import SlackApiError
from cocoai.rehearsal.slack.data_block_rules import CHART, DATA_TABLE, data_block_errors
from cocoai.rehearsal.slack.schema import (
    Rule,
    anything,
    array,
    boolean,
    by_type,
    choice,
    duplicates,
    error_line,
    record,
    text,
    whole,
)

Block = Mapping[str, Any]

MOST_BLOCKS = 50
"""Blocks of one message."""
MARKDOWN_LIMIT = 12_000
"""Characters of all markdown blocks of one message."""
TOTAL_LIMIT = 13_200
"""Characters of all texts in a message with markdown blocks; measured, not documented: slackapi/bolt-js issue 2509."""
PRESSABLE = frozenset({"button", "feedback_buttons", "icon_button"})
"""The types of the elements that people press."""
_ACTIVE = PRESSABLE | {"plain_text_input"}
"""The types of the elements that have an action_id."""


def _text_objects(most: int) -> dict[str, Rule]:
    """Return the rules for text objects of 1 to `most` characters, by their type: `plain_text` and `mrkdwn`."""
    return {
        "plain_text": record({"text": text(most)}, {"emoji": boolean}),
        "mrkdwn": record({"text": text(most)}, {"verbatim": boolean}),
    }


def _text_object(most: int) -> Rule:
    return by_type(**_text_objects(most))


def plain_text(most: int) -> Rule:
    """Return the rule for a plain_text object of 1 to `most` characters."""
    return by_type(plain_text=_text_objects(most)["plain_text"])


def _block(required: Mapping[str, Rule], optional: Mapping[str, Rule] | None = None) -> Rule:
    """Return the rule for a block with these fields and no others, but a `type` and a `block_id`."""
    return record(required, {"block_id": text(255), **(optional or {})})


_STYLE = choice("primary", "danger")
_CONFIRM = record(
    {"title": plain_text(100), "text": _text_object(300), "confirm": plain_text(30), "deny": plain_text(30)},
    {"style": _STYLE},
)
_BUTTON = record(
    {"text": plain_text(75)},
    {
        "action_id": text(255),
        "url": text(3_000),
        "value": text(2_000),
        "style": _STYLE,
        "confirm": _CONFIRM,
        "accessibility_label": text(75),
    },
)
_FEEDBACK_BUTTON = record({"text": plain_text(75), "value": text(2_000)}, {"accessibility_label": text(75)})
_CONTEXT_ELEMENT = by_type(
    feedback_buttons=record(
        {"positive_button": _FEEDBACK_BUTTON, "negative_button": _FEEDBACK_BUTTON}, {"action_id": text(255)}
    ),
    # The length of its text is not documented: that of other buttons' is taken.
    icon_button=record(
        {"icon": choice("trash"), "text": plain_text(75)},
        {
            "action_id": text(255),
            "value": text(2_000),
            "confirm": _CONFIRM,
            "accessibility_label": text(75),
            "visible_to_user_ids": array(text(255), 10),
        },
    ),
)
_IMAGE_SOURCE = {"image_url": text(3_000), "slack_file": anything}
_IMAGE = record({"alt_text": text(2_000)}, _IMAGE_SOURCE)
_CELL = by_type(raw_text=record({"text": text(3_000)}), rich_text=_block({"elements": anything}))

_INPUT = by_type(
    plain_text_input=record(
        {},
        {
            "action_id": text(255),
            "initial_value": text(3_000),
            "multiline": boolean,
            "min_length": whole(0, 3_000),
            "max_length": whole(1, 3_000),
            "focus_on_load": boolean,
            "dispatch_action_config": anything,
            "placeholder": plain_text(150),
        },
    )
)

BLOCKS: Mapping[str, Rule] = {
    "input": _block(
        {"label": plain_text(2_000), "element": _INPUT},
        {"hint": plain_text(2_000), "optional": boolean, "dispatch_action": boolean},
    ),
    "markdown": _block({"text": text(MARKDOWN_LIMIT)}),
    "section": _block(
        {},
        {
            "text": _text_object(3_000),
            "fields": array(_text_object(2_000), 10),
            "accessory": by_type(button=_BUTTON, image=_IMAGE),
            "expand": boolean,
        },
    ),
    "actions": _block({"elements": array(by_type(button=_BUTTON), 25)}),
    "context_actions": _block({"elements": array(_CONTEXT_ELEMENT, 5)}),
    "context": _block({"elements": array(by_type(image=_IMAGE, **_text_objects(3_000)), 10)}),
    "divider": _block({}),
    "header": _block({"text": plain_text(150)}),
    "image": _block({"alt_text": text(2_000)}, {"title": plain_text(2_000), **_IMAGE_SOURCE}),
    "rich_text": _block({"elements": anything}),
    "table": _block({"rows": array(array(_CELL, 20), 100)}, {"column_settings": anything}),
    "data_table": DATA_TABLE,
    "data_visualization": CHART,
}
"""The rule of each type of block, wherever it may stand."""

_MESSAGE_BLOCK = by_type(**{kind: rule for kind, rule in BLOCKS.items() if kind != "input"})


def stored_blocks(blocks: Sequence[Any], *, unknown: Collection[str] = ()) -> tuple[Block, ...]:
    """Check the blocks of a message and return them as Slack stores them, each with an id.

    Raise `SlackApiError` if Slack would refuse them: it lists every error of every block, or says that they are too
    long together. Blocks of a type in `unknown` are refused, as by a Slack that does not know or show them.
    """
    errors = [*block_errors(blocks, _MESSAGE_BLOCK, MOST_BLOCKS), *_unknown_errors(blocks, unknown)]
    # Only now: what is counted in the blocks relies on their shape.
    errors = errors or list(data_block_errors(blocks))
    if errors:
        raise _refusal("invalid_blocks", errors)
    _check_totals(blocks)
    return completed_blocks(blocks)


def completed_blocks(blocks: Sequence[Block]) -> tuple[Block, ...]:
    """Return valid blocks as Slack stores them, each with an id."""
    return tuple(_completed_block(block) for block in blocks)


def block_errors(blocks: Sequence[Any], rule: Rule, most: int, at: str = "/blocks") -> Iterator[str]:
    """Yield a line for each error of a list of at most `most` blocks, each of which must follow the rule.

    `at` is the JSON pointer to the list.
    """
    if len(blocks) > most:
        yield error_line(f"no more than {most} items allowed", at)
    yield from duplicates((block.get("block_id") for block in blocks), "block_id", at)
    for index, block in enumerate(blocks):
        yield from _block_errors(block, rule, f"{at}/{index}")


def _unknown_errors(blocks: Sequence[Any], unknown: Collection[str]) -> Iterator[str]:
    """Yield a line for each block of a type in `unknown`."""
    for index, block in enumerate(blocks):
        kind = block.get("type")
        if isinstance(kind, str) and kind in unknown:
            yield error_line(f"unsupported type: {kind}", f"/blocks/{index}/type")


def _block_errors(block: Block, rule: Rule, at: str) -> Iterator[str]:
    """Yield a line for each error of one block, at the JSON pointer `at`.

    Check the rule of its type, and also what no field shows alone: action_ids that occur twice, a section with neither
    text nor fields, an image with neither image_url nor slack_file.
    """
    yield from rule(block, at)
    elements = block.get("elements")
    if block.get("type") in ("actions", "context_actions") and isinstance(elements, list):
        action_ids = (each.get("action_id") for each in elements if isinstance(each, dict))
        yield from duplicates(action_ids, "action_id", f"{at}/elements")
    if block.get("type") == "section" and not block.keys() & {"text", "fields"}:
        yield error_line("must define either `text` or `fields`", at)
    if block.get("type") == "image" and not block.keys() & {"image_url", "slack_file"}:
        yield error_line("must define either `image_url` or `slack_file`", at)


def _check_totals(blocks: Sequence[Block]) -> None:
    """Check the limits that hold for all blocks of a message together.

    Raise `SlackApiError` if the markdown blocks have over `MARKDOWN_LIMIT` characters, if a message with one has over
    `TOTAL_LIMIT` in all its strings, or if there are two tables.
    """
    markdown = sum(len(block["text"]) for block in blocks if block["type"] == "markdown")
    if markdown > MARKDOWN_LIMIT or (markdown and sum(map(_characters, blocks)) > TOTAL_LIMIT):
        raise SlackApiError("msg_blocks_too_long")
    # Slack refuses a second table under this code, though it is no attachment.
    if sum(block["type"] == "table" for block in blocks) > 1:
        raise _refusal("invalid_attachments", [error_line("only_one_table_allowed", "/blocks")])


def _characters(value: Any) -> int:
    """Count the characters of all strings in a JSON value, at any depth."""
    if isinstance(value, str):
        return len(value)
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return sum(map(_characters, inside))


def _completed_block(block: Block) -> Block:
    """Return a block with what Slack adds: a random id if it has none, its buttons' action_ids, defaults of its texts.

    A markdown block gets a new id in any case.
    """
    fields = dict(block)
    if block["type"] == "markdown":
        fields.pop("block_id", None)  # Slack ignores the id that a markdown block came with
    return {"type": block["type"], "block_id": _new_id(), **_completed(fields)}


def _completed(value: Any) -> Any:
    """Return a JSON value with missing fields filled in at any depth.

    They are `emoji` of a plain_text, `verbatim` of an mrkdwn text, and a new `action_id` of what is pressed or filled.
    """
    if isinstance(value, list):
        return [_completed(each) for each in value]
    if not isinstance(value, dict):
        return value
    added: dict[str, Any] = {"plain_text": {"emoji": True}, "mrkdwn": {"verbatim": False}}.get(
        str(value.get("type")), {}
    )
    if value.get("type") in _ACTIVE and "action_id" not in value:
        added = {"action_id": _new_id()}
    return added | {name: _completed(each) for name, each in value.items()}


def _new_id() -> str:
    return "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(5))


def _refusal(code: str, errors: Sequence[str]) -> SlackApiError:
    """Return the error `code` with its lines where Slack lists them: in `errors` and in `response_metadata`."""
    messages = [f"[ERROR] {each}" for each in errors]
    return SlackApiError(code, errors=list(errors), response_metadata={"messages": messages})
