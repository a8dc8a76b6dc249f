"""What an app wants a message to hold, read from a call's arguments: text, blocks and metadata, refused as Slack does.

Sources: https://docs.slack.dev/reference/methods/chat.postMessage and https://docs.slack.dev/messaging/message-metadata.
"""

from __future__ import annotations

import re
from typing import Any

from cocoai.rehearsal.slack.blocks import admitted
from cocoai.rehearsal.slack.call import ApiError, Arguments

MARKDOWN_LIMIT = 12_000


def content(arguments: Arguments, *, markdown_blocks: bool) -> dict[str, Any]:
    """Text and blocks; at least something must be there."""
    text, markdown = arguments.text("text"), arguments.text("markdown_text")
    blocks = arguments.structure("blocks", "invalid_blocks_format")
    attachments = arguments.structure("attachments", "invalid_attachments")
    if markdown and (text or blocks):
        raise ApiError("markdown_text_conflict")
    if len(markdown) > MARKDOWN_LIMIT:
        raise ApiError("msg_too_long")
    if not isinstance(blocks or [], list) or not all(isinstance(block, dict) for block in blocks or []):
        raise ApiError("invalid_blocks_format")
    if not ((text or markdown).strip() or blocks or attachments):
        raise ApiError("no_text")
    return {"text": text or markdown, "blocks": admitted(blocks or (), markdown=markdown_blocks)}


def metadata(arguments: Arguments) -> dict[str, Any] | None:
    """None: not given; empty: to be cleared."""
    given = arguments.structure("metadata", "invalid_metadata_format")
    if not given:
        return None if given is None else {}
    known = isinstance(given, dict) and set(given) == {"event_type", "event_payload"}
    if not known or not isinstance(given["event_payload"], dict):
        raise ApiError("invalid_metadata_format")
    if not (isinstance(given["event_type"], str) and re.fullmatch(r"[A-Za-z0-9_.]+", given["event_type"])):
        raise ApiError("invalid_metadata_format")
    if not all(_allowed(value) for value in given["event_payload"].values()):
        raise ApiError("invalid_metadata_schema")
    return dict(given)


def _allowed(value: object) -> bool:
    """A string, number or boolean, a flat object, or a list of flat objects; no null, no list of plain values."""
    if isinstance(value, list):
        return all(isinstance(each, dict) and _flat(each) for each in value)
    return _flat(value) if isinstance(value, dict) else isinstance(value, str | int | float)


def _flat(value: dict[str, object]) -> bool:
    return all(isinstance(each, str | int | float) for each in value.values())
