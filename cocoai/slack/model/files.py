"""Files that somebody attached to a message, as Slack describes them.

Pure: slack/api/download.py fetches their bytes. Source: docs.slack.dev/reference/objects/file-object.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from cocoai.json_values import encodable, objects_in, text_at
from cocoai.slack.model.attachment_text import attachments_in

LONGEST_NAME = 80
"""Characters of a file's name that are shown."""

_SLACKS = re.compile(r"https://([a-z0-9-]+\.)+slack(-edge)?\.com(:443)?/[!-~]*", re.ASCII | re.IGNORECASE)
_VISIBLE = re.compile(r"[!-~]+")


@dataclass(frozen=True)
class File:
    """One file; what Slack leaves out is empty. `size` is in bytes, 0 if unknown; `name` may be shown to anybody.

    `is_stub`: Slack gave only the id, as it does for another organisation's file; files.info returns the rest.
    """

    id: str
    name: str = ""
    media_type: str = ""
    size: int = 0
    url: str = ""
    is_stub: bool = False

    def facts(self) -> dict[str, Any]:
        """Return the file as a dict for JSON, with a key for each field."""
        return asdict(self)

    @classmethod
    def from_facts(cls, facts: Mapping[str, Any]) -> File:
        """Return the file that `facts()` has written. Raise KeyError for a missing field, TypeError for no mapping."""
        return cls(**{name: facts[name] for name in cls.__dataclass_fields__})


def files_of(message: Mapping[str, Any]) -> tuple[File, ...]:
    """Return the files in the JSON of a message or an event, and in messages forwarded with it; () if it has none.

    Each once. Deleted files (their `mode` is `tombstone`) are left out, and so are entries without an id.
    """
    holders = (message, *attachments_in(message.get("attachments")))
    files = [file_of(entry) for holder in holders for entry in objects_in(holder.get("files")) if _is_file(entry)]
    once: dict[str, File] = {}
    for file in files:
        once.setdefault(file.id, file)
    return tuple(once.values())


def file_of(entry: Mapping[str, Any]) -> File:
    """Return the file that Slack's JSON object describes. Only `id` is required: the rest is empty if missing or odd.

    `name` is the file's name, else its title, made fit to be shown; `url` is the address that serves its bytes.
    """
    size = entry.get("size")
    return File(
        id=_encodable_at(entry, "id"),
        name=_presentable(_encodable_at(entry, "name") or _encodable_at(entry, "title")),
        media_type=_encodable_at(entry, "mimetype"),
        size=size if type(size) is int and size > 0 else 0,
        url=_encodable_at(entry, "url_private_download") or _encodable_at(entry, "url_private"),
        is_stub=entry.get("file_access") == "check_file_info",
    )


def is_at_slack(url: str, api_url: str) -> bool:
    """Return True if `url` may be requested with our token: it is on a host of Slack's, or on the server of `api_url`.

    That is `https://files.slack.com/…`, for instance. An address with a user before the host, another port or plain
    http gives False.
    """
    # The address is matched as it is written, not parsed: two parsers can differ about which host it names.
    own_server = "/".join(api_url.split("/")[:3]) + "/"
    return bool(_SLACKS.fullmatch(url) or (url.startswith(own_server) and _VISIBLE.fullmatch(url)))


def _is_file(entry: Mapping[str, Any]) -> bool:
    # A deleted file stays in its message as a tombstone.
    return bool(text_at(entry, "id")) and entry.get("mode") != "tombstone"


def _presentable(name: str) -> str:
    """Return the name on one line without invisible characters; a long one loses its middle and keeps its ending.

    A name of over 80 characters becomes its first 67, `…`, and its last 12, which have the `.pdf`.
    """
    visible = "".join(filter(str.isprintable, " ".join(name.split())))
    return visible if len(visible) <= LONGEST_NAME else f"{visible[: LONGEST_NAME - 13]}…{visible[-12:]}"


def _encodable_at(entry: Mapping[str, Any], key: str) -> str:
    return encodable(text_at(entry, key))
