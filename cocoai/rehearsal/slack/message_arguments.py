"""Read a message's text, blocks and metadata from a call's arguments, and refuse what Slack refuses.

Sources: https://docs.slack.dev/reference/methods/chat.postMessage and https://docs.slack.dev/messaging/message-metadata.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

from cocoai.rehearsal.slack.api_call import Arguments, SlackApiError
from cocoai.rehearsal.slack.block_rules import stored_blocks

MARKDOWN_LIMIT = 12_000
"""Characters of the argument `markdown_text`."""


def text_and_blocks(arguments: Arguments, *, unknown_blocks: Collection[str]) -> dict[str, Any]:
    """Return a message's `text` (or markdown_text) as it was sent, and its `blocks` as Slack stores them.

    Raise `SlackApiError` if there is neither text nor block nor attachment, if markdown_text is too long or comes with
    a text or blocks, or if a block is not acceptable, as those of the types in `unknown_blocks`.
    """
    text, markdown = arguments.text("text"), arguments.text("markdown_text")
    blocks = arguments.structure("blocks", "invalid_blocks_format")
    attachments = arguments.structure("attachments", "invalid_attachments")
    if markdown and (text or blocks):
        raise SlackApiError("markdown_text_conflict")
    if len(markdown) > MARKDOWN_LIMIT:
        raise SlackApiError("msg_too_long")
    if not isinstance(blocks or [], list) or not all(isinstance(block, dict) for block in blocks or []):
        raise SlackApiError("invalid_blocks_format")
    if not ((text or markdown).strip() or blocks or attachments):
        raise SlackApiError("no_text")
    return {"text": text or markdown, "blocks": stored_blocks(blocks or (), unknown=unknown_blocks)}


def metadata(arguments: Arguments) -> dict[str, Any] | None:
    """Return the argument `metadata`: None if it is missing, {} if it is empty, which clears the message's metadata.

    Raise `SlackApiError` if it is no event_type (letters, digits, `_` and `.`) with an event_payload, or the payload
    holds a value that is not allowed.
    """
    value = arguments.structure("metadata", "invalid_metadata_format")
    if not value:
        return None if value is None else {}
    known = isinstance(value, dict) and set(value) == {"event_type", "event_payload"}
    if not known or not isinstance(value["event_payload"], dict):
        raise SlackApiError("invalid_metadata_format")
    if not (isinstance(value["event_type"], str) and re.fullmatch(r"[A-Za-z0-9_.]+", value["event_type"])):
        raise SlackApiError("invalid_metadata_format")
    if not all(_allowed(each) for each in value["event_payload"].values()):
        raise SlackApiError("invalid_metadata_schema")
    return dict(value)


def _allowed(value: object) -> bool:
    """Return True if metadata may hold this value: a string, number or boolean, a flat object, a list of such objects.

    A flat object holds strings, numbers and booleans only. False for null.
    """
    if isinstance(value, list):
        return all(isinstance(each, dict) and _flat(each) for each in value)
    return _flat(value) if isinstance(value, dict) else isinstance(value, str | int | float)


def _flat(value: dict[str, object]) -> bool:
    """Return True if all values of an object are strings, numbers or booleans."""
    return all(isinstance(each, str | int | float) for each in value.values())
