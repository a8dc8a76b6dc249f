"""Tell from an event that the files of a channel may have changed which are documents. Pure.

What is pinned or unpinned names its channel. A file that was changed or deleted names only itself, and Slack tells of
every file that we may see: whether it is a document of ours, others know.
Source: docs.slack.dev/reference/events/pin_added, pin_removed, file_change, file_deleted, file_unshared.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from cocoai.json_values import mapping_at, text_at
from cocoai.slack.model.question import DocumentsChanged, Ignored
from cocoai.slack_ids import is_id

PINS = frozenset({"pin_added", "pin_removed"})
FILES = frozenset({"file_change", "file_deleted", "file_unshared"})


def read_document_event(payload: Mapping[str, Any], channels: Collection[str]) -> DocumentsChanged | Ignored | None:
    """Return which of the `channels`, or which file, may have changed by what the payload tells.

    Ignored with a reason for another channel; None if the payload is about something else than pins and files.
    """
    event = mapping_at(payload, "event")
    kind = text_at(event, "type")
    if payload.get("type") != "event_callback" or kind not in PINS | FILES:
        return None
    changed = text_at(event, "channel_id" if kind in PINS else "file_id")
    if not is_id(changed):
        return Ignored("no channel or file, or an odd one")
    is_elsewhere = kind in PINS and changed not in channels
    return Ignored("a pin in another channel") if is_elsewhere else DocumentsChanged(changed)
