"""Where the files of Slack's channels are documents: what workers do with the events that tell of them.

Nothing else is imported where there are none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from cocoai import config
from cocoai.slack.model.question import DocumentsChanged, Ignored

ReadEvent = Callable[[Mapping[str, Any]], DocumentsChanged | Ignored | None]
"""Tells what a payload says of documents; None if it is about something else."""

NoteChange = Callable[[str], bool]
"""Notes that a channel or file with this id has changed; False if that is no concern of ours. May raise OSError."""


def event_reader(settings: config.Settings) -> ReadEvent | None:
    """Return what reads the events of documents in Slack; None where there are none."""
    if not settings.documents.channels:
        return None
    from cocoai.slack.inbound.document_events import read_document_event

    return partial(read_document_event, channels=settings.documents.channels)


def change_note(settings: config.Settings) -> NoteChange | None:
    """Return what notes that documents in Slack have changed; None where there are none."""
    if not settings.documents.channels:
        return None
    from cocoai.slack_documents.marks import note_change

    return partial(note_change, settings.paths.var)
