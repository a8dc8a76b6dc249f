"""PracticeFile: a shared file, and its JSON as Slack writes it.

Sources: https://docs.slack.dev/reference/objects/file-object and apis/slack-connect.
"""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

SITE = "https://practice.invalid/"
"""The workspace's own address, where people read what links lead to."""

PATH = "/files-pri/"
"""Where the paths of private URLs begin."""

CANVAS = "application/vnd.slack-docs"
"""The media type of a canvas, which is served as HTML."""

MOST_PREVIEWED = 200
"""Characters of a transcript that stand in the file's description."""

_FILE_TYPES: Mapping[str, tuple[str, str]] = {
    "image/png": ("png", "PNG"),
    "image/jpeg": ("jpg", "JPEG"),
    "image/webp": ("webp", "WEBP"),
    "image/gif": ("gif", "GIF"),
    "application/pdf": ("pdf", "PDF"),
    "text/plain": ("text", "Plain Text"),
    "text/html": ("html", "HTML"),
    CANVAS: ("quip", "Canvas"),
    "audio/mp4": ("m4a", "M4A"),
    "video/mp4": ("mp4", "MP4"),
    "audio/webm": ("webm", "WebM"),
    "video/webm": ("webm", "WebM"),
    "audio/mpeg": ("mp3", "MP3"),
    "audio/wav": ("wav", "WAV"),
    "audio/ogg": ("ogg", "Ogg"),
    "audio/flac": ("flac", "FLAC"),
    "image/heic": ("heic", "HEIC"),
}
"""Slack's filetype and pretty_type for a media type."""


@dataclass(frozen=True)
class Transcript:
    """What Slack writes down of a recording, which it has so many seconds after the file was shared."""

    words: str
    delay: float = 0.0
    locale: str = "ja-JP"

    def as_json(self, shared_at: float) -> dict[str, Any]:
        """Return the field `transcription`, as it is now, of a file that was shared at this time."""
        if time.time() < shared_at + self.delay:
            return {"status": "processing"}
        preview = {"content": self.words[:MOST_PREVIEWED], "has_more": len(self.words) > MOST_PREVIEWED}
        return {"status": "complete", "locale": self.locale, "preview": preview}


@dataclass(frozen=True)
class PracticeFile:
    """A shared file. The fields below `data` are filled in when it is shared; `created` is in epoch seconds.

    `url` is its private URL, which needs a token. A deleted file stays in its message as a tombstone. `fields` are
    further fields of its JSON, or others' values. `variants` are what Slack has made of it, by the field that has the
    address, such as `thumb_1024`. A recording may have a `transcript` (voice_clip.py), a canvas may be a tab of the
    channel `tab_of`.
    """

    name: str
    media_type: str
    data: bytes = field(repr=False)
    id: str = ""
    user: str = ""
    team: str = ""
    created: int = 0
    url: str = ""
    is_deleted: bool = False
    fields: Mapping[str, Any] = field(default_factory=dict)
    variants: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    transcript: Transcript | None = None
    tab_of: str = ""


_BY_ENDING = {"jpeg": "image/jpeg", "txt": "text/plain"} | {kind: media for media, (kind, _) in _FILE_TYPES.items()}
"""The media type for the ending of a file's name."""


def media_type_of(name: str) -> str:
    """Return the media type for a file's name by its ending; application/octet-stream for an unknown one."""
    # Slack looks at the bytes too; how is not documented.
    return _BY_ENDING.get(name.rpartition(".")[2].lower(), "application/octet-stream")


def safe_media_type(media_type: str) -> str:
    """Return a media type unchanged if it is safe in a header, as `text/plain`; else application/octet-stream."""
    # The sharer's machine chose it: a line break in it would add a header to the download.
    return media_type if re.fullmatch(r"[\w.+-]+/[\w.+-]+", media_type, re.ASCII) else "application/octet-stream"


def new_id() -> str:
    """Return a random file id in Slack's format, as `F0A1B2C3D4E5`."""
    return f"F0{secrets.token_hex(5).upper()}"


def private_url(base: str, team: str, file: str, name: str) -> str:
    """Return the private URL of a file below the server's URL `base`; `team` and `file` are ids.

    It ends with the name in lower case; as at Slack, characters that a URL would have to escape become `_`.
    """
    safe_name = re.sub(r"[^a-z0-9._-]", "_", name.lower()) or "_"
    return f"{base}{PATH}{team}-{file}/{safe_name}"


def file_json(file: PracticeFile) -> dict[str, Any]:
    """Return a file's JSON as in messages and files.info; for a deleted file only its id and the mode `tombstone`."""
    if file.is_deleted:
        return {"id": file.id, "mode": "tombstone"}
    file_type, pretty_type = _FILE_TYPES.get(file.media_type, ("binary", "Binary"))
    folder, _, name = file.url.rpartition("/")
    written: dict[str, Any] = {"id": file.id, "created": file.created, "timestamp": file.created, "name": file.name}
    written |= {"title": file.name, "mimetype": file.media_type, "filetype": file_type, "pretty_type": pretty_type}
    written |= {"user": file.user, "user_team": file.team, "editable": False, "size": len(file.data), "mode": "hosted"}
    written |= {"is_external": False, "external_type": "", "is_public": True, "public_url_shared": False}
    written |= {"display_as_bot": False, "username": "", "has_rich_preview": False, "file_access": "visible"}
    written |= {"url_private": file.url, "url_private_download": f"{folder}/download/{name}"}
    written["permalink"] = f"{SITE}files/{file.user}/{file.id}/{name}"
    if file.media_type == CANVAS:
        written |= {"mode": "quip", "permalink": f"{SITE}docs/{file.team}/{file.id}"}
    written |= {variant: f"{folder}/{variant}/{name}" for variant in file.variants}
    if file.transcript:
        written["transcription"] = file.transcript.as_json(file.created)
        if written["transcription"]["status"] == "processing":
            del written["vtt"]
    return written | dict(file.fields)


def stub_json(file: PracticeFile) -> dict[str, Any]:
    """Return a file's JSON as in a channel shared with another organisation: the id, without name, type or URL.

    An app gets these from files.info.
    """
    return {"id": file.id, "mode": "file_access", "file_access": "check_file_info"}
