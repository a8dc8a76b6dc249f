"""Change files after they were shared, make canvases, and tell of that by the events of files.

A canvas is a file whose bytes are HTML; one that is a channel's tab is in no message.
Sources: https://docs.slack.dev/reference/events/file_change, file_deleted, file_unshared, and
https://docs.slack.dev/surfaces/canvases. The JSON of a canvas is as a workspace was seen to send it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Literal

from cocoai.rehearsal.slack.json_shapes import Payload
from cocoai.rehearsal.slack.practice_file import CANVAS, PracticeFile
from cocoai.rehearsal.slack.workspace import Workspace

FileEventKind = Literal["file_change", "file_deleted", "file_unshared"]
Told = Callable[[FileEventKind, PracticeFile, list[str]], None]
"""Is called with what happened, the file, and the channels in which it is or was."""


class FileChanges:
    """Changes the workspace's files; `told` is called after each change."""

    def __init__(self, workspace: Workspace, told: Told, clock: Callable[[], float]) -> None:
        self._workspace = workspace
        self._told = told
        self._clock = clock

    def add_canvas(self, user: str, html: str, title: str, tab_of: str) -> PracticeFile:
        """Store a canvas; in the channel `tab_of` it is a tab, with "" it is in none. Its name is a dash, as seen."""
        # A canvas bears no name of its own, so that its address ends in no ending.
        file = PracticeFile("canvas", CANVAS, html.encode(), fields={"name": "-", "title": title}, tab_of=tab_of)
        return self._workspace.add_file(file, user)

    def change(self, file_id: str, data: bytes, **fields: Any) -> PracticeFile:
        """Replace a file's bytes, and fields of its JSON; tell file_change. Raise KeyError if there is none."""
        with self._workspace.changed:
            old = self._workspace.files[file_id]
            told = {**old.fields, "updated": int(self._clock()), **fields}
            new = replace(old, data=data, fields=told)
            places = self.places(file_id)
            self._replace(old, new)
        self._told("file_change", new, places)
        return new

    def delete(self, file_id: str) -> None:
        """Delete a file, and tell file_deleted. Raise KeyError if there is none."""
        places = self.places(file_id)
        self._workspace.delete_file(file_id)
        self._told("file_deleted", self._workspace.files[file_id], places)

    def unshared(self, files: tuple[PracticeFile, ...], channel: str) -> None:
        """Tell file_unshared of files whose message in a channel was deleted."""
        for file in files:
            self._told("file_unshared", file, [channel])

    def places(self, file_id: str) -> list[str]:
        """Return the ids of the channels in which a file is shown, by a message or as a tab."""
        tab_of = self._workspace.files[file_id].tab_of
        return [
            channel
            for channel in self._workspace.channels
            if channel == tab_of
            or any(file.id == file_id for each in self._workspace.messages(channel) for file in each.files)
        ]

    def _replace(self, old: PracticeFile, new: PracticeFile) -> None:
        """Put a file in the place of another, in its messages too. Needs the lock held."""
        self._workspace.files[new.id] = new
        for channel in self._workspace.channels:
            for message in self._workspace.messages(channel):
                if old.id in (file.id for file in message.files):
                    files = tuple(new if file.id == new.id else file for file in message.files)
                    self._workspace.annotate(channel, message.ts, files=files)
        self._workspace.notify()


def file_event(kind: FileEventKind, file: PracticeFile, channels: list[str], user: str, event_ts: str) -> Payload:
    """Return the event of a file: it has ids alone, and file_change does not say in which channel the file is."""
    event: Payload = {"type": kind, "file_id": file.id, "event_ts": event_ts}
    if kind == "file_deleted":
        return event | {"channel_ids": channels}
    event["file"] = {"id": file.id}
    return event | ({"user_id": user, "channel_id": channels[0]} if kind == "file_unshared" else {})
