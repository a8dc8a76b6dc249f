"""What goes back to the page, each with the rules for its browser: nothing from elsewhere, nothing inline or kept."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib import resources
from typing import Any
from urllib.parse import quote

from cocoai.rehearsal.server import Outgoing
from cocoai.rehearsal.slack.files import PracticeFile

SCRIPTS = (
    "page",
    "message",
    "clicks",
    "blocks",
    "markdown",
    "inline",
    "mrkdwn",
    "files",
    "box",
    "server",
    "morph",
    "dom",
    "words",
)
FILES = {
    "/": ("page.html", "text/html; charset=utf-8"),
    "/page.css": ("page.css", "text/css; charset=utf-8"),
    "/icon.svg": ("icon.svg", "image/svg+xml"),
    **{f"/{name}.js": (f"{name}.js", "text/javascript; charset=utf-8") for name in SCRIPTS},
}
PICTURES = frozenset({"image/png", "image/jpeg", "image/webp", "image/gif"})
"""What is shown as a picture. Nothing else that people share is opened here: a page in it would be of our origin."""
_GUARD = (
    ("Cache-Control", "no-store"),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Content-Security-Policy", "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"),
)


def as_json(told: Mapping[str, Any]) -> Outgoing:
    return Outgoing(200, json.dumps(told).encode(), (("Content-Type", "application/json"), *_GUARD))


def as_line(status: int, text: str) -> Outgoing:
    return Outgoing(status, f"{text}\n".encode(), (("Content-Type", "text/plain; charset=utf-8"), *_GUARD))


def own_file(path: str) -> Outgoing:
    """One of the page's own files; 404 if there is none."""
    if path not in FILES:
        return as_line(404, "there is nothing here")
    name, content_type = FILES[path]
    body = resources.files(__package__).joinpath(name).read_bytes()
    return Outgoing(200, body, (("Content-Type", content_type), *_GUARD))


def shared_file(file: PracticeFile | None) -> Outgoing:
    """A file that somebody shared: a picture to be looked at, all else to be kept."""
    if file is None or file.deleted:
        return as_line(404, "there is no such file")
    if file.media_type in PICTURES:
        return Outgoing(200, file.data, (("Content-Type", file.media_type), *_GUARD))
    kept = ("Content-Disposition", f"attachment; filename*=UTF-8''{quote(file.name, safe='', errors='replace')}")
    return Outgoing(200, file.data, (("Content-Type", "application/octet-stream"), kept, *_GUARD))
