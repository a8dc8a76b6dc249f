"""PracticeFile: a file that somebody shares, and what Slack tells of one.

Sources: https://docs.slack.dev/reference/objects/file-object and apis/slack-connect.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

PATH = "/files-pri/"

_KINDS: Mapping[str, tuple[str, str]] = {
    "image/png": ("png", "PNG"),
    "image/jpeg": ("jpg", "JPEG"),
    "image/webp": ("webp", "WEBP"),
    "image/gif": ("gif", "GIF"),
    "application/pdf": ("pdf", "PDF"),
    "text/plain": ("text", "Plain Text"),
    "text/html": ("html", "HTML"),
}


@dataclass(frozen=True)
class PracticeFile:
    """A file as somebody shares it. What stands below `data` Slack gives it then; `created` in epoch seconds.

    `url` is the private address, which wants a token. A deleted one stays in its message as a tombstone.
    """

    name: str
    media_type: str
    data: bytes = field(repr=False)
    id: str = ""
    user: str = ""
    team: str = ""
    created: int = 0
    url: str = ""
    deleted: bool = False


def fit(media_type: str) -> str:
    """What the sharer's machine called it, if it can stand in a header."""
    return media_type if re.fullmatch(r"[\w.+-]+/[\w.+-]+", media_type, re.ASCII) else "application/octet-stream"


def new_id() -> str:
    return f"F0{secrets.token_hex(5).upper()}"


def private_url(base: str, team: str, file: str, name: str) -> str:
    """The address of a file; in it the name is worn down to what any address bears, as at Slack."""
    worn = re.sub(r"[^a-z0-9._-]", "_", name.lower()) or "_"
    return f"{base}{PATH}{team}-{file}/{worn}"


def file_json(file: PracticeFile) -> dict[str, Any]:
    """A file as messages and files.info show it."""
    if file.deleted:
        return {"id": file.id, "mode": "tombstone"}
    kind, pretty = _KINDS.get(file.media_type, ("binary", "Binary"))
    folder, _, name = file.url.rpartition("/")
    told: dict[str, Any] = {"id": file.id, "created": file.created, "timestamp": file.created, "name": file.name}
    told |= {"title": file.name, "mimetype": file.media_type, "filetype": kind, "pretty_type": pretty}
    told |= {"user": file.user, "user_team": file.team, "editable": False, "size": len(file.data), "mode": "hosted"}
    told |= {"is_external": False, "external_type": "", "is_public": True, "public_url_shared": False}
    told |= {"display_as_bot": False, "username": "", "has_rich_preview": False, "file_access": "visible"}
    return told | {"url_private": file.url, "url_private_download": f"{folder}/download/{name}"}


def stub_json(file: PracticeFile) -> dict[str, Any]:
    """All that a message in a shared channel tells of a file; files.info tells the rest."""
    return {"id": file.id, "mode": "file_access", "file_access": "check_file_info"}
