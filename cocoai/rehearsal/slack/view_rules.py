"""Validate a view, a modal or a Home tab, as Slack does, and complete it as Slack stores it.

Sources: https://docs.slack.dev/reference/views/modal-views, home-tab-views, the pages of the blocks (each names the
surfaces on which it may stand), and slack_sdk 3.48.0, which alone says that there must be a block. The wording of the
errors is that of refusals which people have reported.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from cocoai.rehearsal.slack.api_call import SlackApiError
from cocoai.rehearsal.slack.block_rules import BLOCKS, Block, block_errors, completed_blocks, plain_text
from cocoai.rehearsal.slack.data_block_rules import data_block_errors
from cocoai.rehearsal.slack.json_shapes import Payload
from cocoai.rehearsal.slack.schema import Rule, anything, boolean, by_type, error_line, record, text

MOST_BLOCKS = 100
"""Blocks of one view."""
MOST_BYTES = 250_000
"""Bytes of a view as JSON."""

_ID = text(255, least=0)
_COMMON: Mapping[str, Rule] = {"private_metadata": text(3_000, least=0), "callback_id": _ID, "external_id": _ID}
_VIEWS: Mapping[str, Rule] = {
    "modal": record(
        {"title": plain_text(24), "blocks": anything},
        {
            **_COMMON,
            "close": plain_text(24),
            "submit": plain_text(24),
            "clear_on_close": boolean,
            "notify_on_close": boolean,
        },
    ),
    "home": record({"blocks": anything}, _COMMON),
}

_BLOCK_KINDS: Mapping[str, tuple[str, ...]] = {
    # Of these alone the pages name the modal; that it takes the other new ones is said nowhere.
    "modal": ("actions", "context", "divider", "header", "image", "input", "rich_text", "section"),
    "home": (
        "actions",
        "context",
        "data_table",
        "divider",
        "header",
        "image",
        "input",
        "rich_text",
        "section",
        "table",
    ),
}
"""The blocks that each kind of view takes, of those that are known here."""


def stored_view(view: Any, kind: str) -> Payload:
    """Check a view that must be of this kind, `modal` or `home`; return it with what Slack adds to its blocks.

    Raise `SlackApiError` if Slack would refuse it: invalid_arguments with a line for each error, or view_too_large.
    """
    errors = list(_errors(view, kind))
    if errors:
        messages = [f"[ERROR] {each}" for each in errors]
        raise SlackApiError("invalid_arguments", response_metadata={"messages": messages})
    if len(json.dumps(view, ensure_ascii=False).encode()) > MOST_BYTES:
        raise SlackApiError("view_too_large")
    return {**view, "blocks": list(completed_blocks(view["blocks"]))}


def inputs(view: Mapping[str, Any]) -> Iterator[Block]:
    """Yield the input blocks of a stored view."""
    yield from (block for block in view["blocks"] if block["type"] == "input")


def _errors(view: Any, kind: str) -> Iterator[str]:
    """Yield a line for each error of a view; the first says only that it has some."""
    errors = list(by_type(**{kind: _VIEWS[kind]})(view, "/view"))
    if errors:
        yield error_line("failed to match all allowed schemas", "/view")
        yield from errors
    elif problem := _list_error(view["blocks"]):
        yield error_line(problem, "/view/blocks")
    else:
        yield from _block_errors(view, kind)


def _list_error(blocks: Any) -> str:
    """Return what is wrong with a list of blocks as such, or "" if it is one that has some."""
    if not isinstance(blocks, list) or not all(isinstance(block, dict) for block in blocks):
        return "must be an array"
    return "" if blocks else "no fewer than 1 items allowed"


def _block_errors(view: Mapping[str, Any], kind: str) -> Iterator[str]:
    """Yield the errors of a view's blocks; if each alone has none, those that they have together."""
    rule, blocks = by_type(**{each: BLOCKS[each] for each in _BLOCK_KINDS[kind]}), view["blocks"]
    errors = list(block_errors(blocks, rule, MOST_BLOCKS, "/view/blocks"))
    yield from errors or data_block_errors(blocks)
    if kind == "modal" and "submit" not in view:
        for index, block in enumerate(blocks):
            if block.get("type") == "input":
                yield error_line("must define `submit` to use an `input` block", f"/view/blocks/{index}/input")
