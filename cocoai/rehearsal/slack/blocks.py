"""Blocks as Slack takes them: what may stand in a message, how much of it, and how they are kept.

Source: https://docs.slack.dev/reference/block-kit, the pages of blocks, buttons and confirmation dialogs. What is not
rehearsed (menus, videos, inputs, charts) is refused as Slack refuses what it does not know.
"""

from __future__ import annotations

import secrets
import string
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from cocoai.rehearsal.slack.call import ApiError
from cocoai.rehearsal.slack.grammar import Rule, anything, choice, fault, flag, items, kinds, thing, words

Block = Mapping[str, Any]

MOST = 50
MARKDOWN_LIMIT = 12_000
"""Characters of all markdown blocks of one message."""
TOGETHER = 13_200
"""Characters of all texts in a message with markdown blocks, measured by others: slackapi/bolt-js issue 2509."""


def _texts(most: int) -> dict[str, Rule]:
    return {
        "plain_text": thing({"text": words(most)}, {"emoji": flag}),
        "mrkdwn": thing({"text": words(most)}, {"verbatim": flag}),
    }


def _text(most: int) -> Rule:
    return kinds(**_texts(most))


def _plain(most: int) -> Rule:
    return kinds(plain_text=_texts(most)["plain_text"])


def _block(required: Mapping[str, Rule], optional: Mapping[str, Rule] | None = None) -> Rule:
    return thing(required, {"block_id": words(255), **(optional or {})})


_STYLE = choice("primary", "danger")
_CONFIRM = thing(
    {"title": _plain(100), "text": _text(300), "confirm": _plain(30), "deny": _plain(30)}, {"style": _STYLE}
)
_BUTTON = thing(
    {"text": _plain(75)},
    {
        "action_id": words(255),
        "url": words(3_000),
        "value": words(2_000),
        "style": _STYLE,
        "confirm": _CONFIRM,
        "accessibility_label": words(75),
    },
)
_PICTURE = {"image_url": words(3_000), "slack_file": anything}
_IMAGE = thing({"alt_text": words(2_000)}, _PICTURE)
_CELL = kinds(raw_text=thing({"text": words(3_000)}), rich_text=_block({"elements": anything}))

_ANY = kinds(
    markdown=_block({"text": words(MARKDOWN_LIMIT)}),
    section=_block(
        {},
        {
            "text": _text(3_000),
            "fields": items(_text(2_000), 10),
            "accessory": kinds(button=_BUTTON, image=_IMAGE),
            "expand": flag,
        },
    ),
    actions=_block({"elements": items(kinds(button=_BUTTON), 25)}),
    context=_block({"elements": items(kinds(image=_IMAGE, **_texts(3_000)), 10)}),
    divider=_block({}),
    header=_block({"text": _plain(150)}),
    image=_block({"alt_text": words(2_000)}, {"title": _plain(2_000), **_PICTURE}),
    rich_text=_block({"elements": anything}),
    table=_block({"rows": items(items(_CELL, 20), 100)}, {"column_settings": anything}),
)


def admitted(blocks: Sequence[Any], *, markdown: bool = True) -> tuple[Block, ...]:
    """The blocks as Slack keeps them, each with an id; `markdown`: are markdown blocks known? Raises ApiError."""
    faults = [*_too_many(blocks), *(each for index, block in enumerate(blocks) for each in _of_one(block, index))]
    if not markdown:
        strange = [index for index, block in enumerate(blocks) if block.get("type") == "markdown"]
        faults += [fault("unsupported type: markdown", f"/blocks/{index}/type") for index in strange]
    if faults:
        raise _refusal("invalid_blocks", faults)
    _measure(blocks)
    return tuple(_kept(block) for block in blocks)


def _too_many(blocks: Sequence[Any]) -> Iterator[str]:
    if len(blocks) > MOST:
        yield fault(f"no more than {MOST} items allowed", "/blocks")
    yield from _twice((block.get("block_id") for block in blocks), "block_id", "/blocks")


def _of_one(block: Block, index: int) -> Iterator[str]:
    at = f"/blocks/{index}"
    yield from _ANY(block, at)
    elements = block.get("elements")
    if block.get("type") == "actions" and isinstance(elements, list):
        named = (each.get("action_id") for each in elements if isinstance(each, dict))
        yield from _twice(named, "action_id", f"{at}/elements")
    if block.get("type") == "section" and not block.keys() & {"text", "fields"}:
        yield fault("must define either `text` or `fields`", at)
    if block.get("type") == "image" and not block.keys() & {"image_url", "slack_file"}:
        yield fault("must define either `image_url` or `slack_file`", at)


def _twice(names: Iterable[object], field: str, at: str) -> Iterator[str]:
    counted = Counter(name for name in names if isinstance(name, str))
    yield from (fault(f"`{field}` {name} is not unique", at) for name, times in counted.items() if times > 1)


def _measure(blocks: Sequence[Block]) -> None:
    """What holds for all blocks together. Raises ApiError."""
    written = sum(len(block["text"]) for block in blocks if block["type"] == "markdown")
    if written > MARKDOWN_LIMIT or (written and sum(map(_characters, blocks)) > TOGETHER):
        raise ApiError("msg_blocks_too_long")
    if sum(block["type"] == "table" for block in blocks) > 1:
        raise _refusal("invalid_attachments", [fault("only_one_table_allowed", "/blocks")])


def _characters(value: Any) -> int:
    """Of all texts in it, however deep."""
    if isinstance(value, str):
        return len(value)
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return sum(map(_characters, inside))


def _kept(block: Block) -> Block:
    """With what Slack adds: an id of its own for a block and for a button, the defaults of texts."""
    given = dict(block)
    if block["type"] == "markdown":
        given.pop("block_id", None)  # Slack ignores it
    return {"type": block["type"], "block_id": _new_id(), **_completed(given)}


def _completed(value: Any) -> Any:
    if isinstance(value, list):
        return [_completed(each) for each in value]
    if not isinstance(value, dict):
        return value
    added: dict[str, Any] = {"plain_text": {"emoji": True}, "mrkdwn": {"verbatim": False}}.get(
        str(value.get("type")), {}
    )
    if value.get("type") == "button" and "action_id" not in value:
        added = {"action_id": _new_id()}
    return added | {name: _completed(each) for name, each in value.items()}


def _new_id() -> str:
    return "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(5))


def _refusal(code: str, faults: Sequence[str]) -> ApiError:
    messages = [f"[ERROR] {each}" for each in faults]
    return ApiError(code, errors=list(faults), response_metadata={"messages": messages})
