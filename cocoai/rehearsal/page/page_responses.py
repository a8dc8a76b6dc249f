"""Build the HTTP responses that the page's browser gets: JSON, a line of text, the page's own files, shared files.

Each has the headers that restrict the browser: nothing from other origins, no inline scripts and no caching.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib import resources
from typing import Any
from urllib.parse import quote

from cocoai.rehearsal.practice_server import Outgoing
from cocoai.rehearsal.slack.practice_file import PracticeFile

SCRIPTS = (
    "page",
    "press_button",
    "asker",
    "message_list",
    "message",
    "message_actions",
    "notification",
    "reactions",
    "emoji",
    "menu",
    "dialogs",
    "clicks",
    "context_actions",
    "attachments",
    "blocks",
    "chart",
    "markdown",
    "inline",
    "mrkdwn",
    "box",
    "typing",
    "home",
    "modal",
    "inputs",
    "files",
    "recorder",
    "file_list",
    "file_types",
    "pasted_table",
    "server",
    "morph",
    "dom",
    "texts",
)
PAGE_FILES = {
    "/": ("page.html", "text/html; charset=utf-8"),
    "/page.css": ("page.css", "text/css; charset=utf-8"),
    "/icon.svg": ("icon.svg", "image/svg+xml"),
    **{f"/{name}.js": (f"{name}.js", "text/javascript; charset=utf-8") for name in SCRIPTS},
}
"""The name and the content type of the page's own files, by path."""
IMAGE_TYPES = frozenset({"image/png", "image/jpeg", "image/webp", "image/gif"})
"""The shared files that are shown. Others are only offered for download: an HTML file would run in our origin."""
SOUND_TYPES = frozenset(
    {"audio/mp4", "audio/mpeg", "audio/webm", "audio/wav", "audio/x-wav", "audio/ogg", "audio/flac"}
)
"""The shared files that are played. A clip is, too, whatever its type."""

_SECURITY_HEADERS = (
    ("Cache-Control", "no-store"),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Content-Security-Policy", "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"),
)


def json_response(value: Mapping[str, Any]) -> Outgoing:
    """Return a response with status 200 and a JSON object."""
    return Outgoing(200, json.dumps(value).encode(), (("Content-Type", "application/json"), *_SECURITY_HEADERS))


def text_response(status: int, text: str) -> Outgoing:
    """Return a response with one line of plain text."""
    return Outgoing(status, f"{text}\n".encode(), (("Content-Type", "text/plain; charset=utf-8"), *_SECURITY_HEADERS))


def page_file(path: str) -> Outgoing:
    """Return the response with the page's own file at a URL path (`PAGE_FILES`), or a 404 if there is none."""
    if path not in PAGE_FILES:
        return text_response(404, "there is nothing here")
    name, content_type = PAGE_FILES[path]
    body = resources.files(__package__).joinpath(name).read_bytes()
    return Outgoing(200, body, (("Content-Type", content_type), *_SECURITY_HEADERS))


def is_sound(file: PracticeFile) -> bool:
    """Check whether the page plays a file: one of SOUND_TYPES, or a voice clip that is called a video."""
    is_clip = file.fields.get("subtype") == "slack_audio" and file.media_type in ("video/mp4", "video/webm")
    return is_clip or file.media_type in SOUND_TYPES


def shared_file(file: PracticeFile | None) -> Outgoing:
    """Return the response with a shared file; a 404 if it is None or deleted.

    An image (`IMAGE_TYPES`) or a sound keeps its type, so that the browser shows or plays it; any other file is sent as
    a download.
    """
    if file is None or file.is_deleted:
        return text_response(404, "there is no such file")
    # SVG is not among them: it may hold scripts.
    if file.media_type in IMAGE_TYPES or is_sound(file):
        return Outgoing(200, file.data, (("Content-Type", file.media_type), *_SECURITY_HEADERS))
    disposition = ("Content-Disposition", f"attachment; filename*=UTF-8''{quote(file.name, safe='', errors='replace')}")
    return Outgoing(200, file.data, (("Content-Type", "application/octet-stream"), disposition, *_SECURITY_HEADERS))
