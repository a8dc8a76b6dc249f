"""File: what somebody attached to a message, as Slack tells of it. Pure; download.py fetches what is in it.

Source: docs.slack.dev/reference/objects/file-object.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

LONGEST_NAME = 80

_SLACKS = re.compile(r"https://([a-z0-9-]+\.)+slack(-edge)?\.com(:443)?/[!-~]*", re.ASCII | re.IGNORECASE)
_VISIBLE = re.compile(r"[!-~]+")


@dataclass(frozen=True)
class File:
    """One file; what Slack leaves out is empty. `size` in bytes, 0 if it is not told; `name` may be shown to anybody.

    Of another organisation's file Slack tells only the id: `is_stub`, and files.info knows the rest.
    """

    id: str
    name: str = ""
    media_type: str = ""
    size: int = 0
    url: str = ""
    is_stub: bool = False

    def facts(self) -> dict[str, Any]:
        """The file as JSON takes it."""
        return asdict(self)

    @classmethod
    def from_facts(cls, facts: Mapping[str, Any]) -> File:
        """The reverse. Raises TypeError, KeyError for what `facts` did not write."""
        return cls(**{name: facts[name] for name in cls.__dataclass_fields__})


def files_of(message: Mapping[str, Any]) -> tuple[File, ...]:
    """The files of a message or an event; anything odd among them is passed over."""
    files = message.get("files")
    return tuple(file_of(told) for told in files if _is_file(told)) if isinstance(files, list) else ()


def file_of(told: Mapping[str, Any]) -> File:
    """One file object, of which only the id is sure to be there."""
    size = told.get("size")
    return File(
        id=_word(told, "id"),
        name=_presentable(_word(told, "name") or _word(told, "title")),
        media_type=_word(told, "mimetype"),
        size=size if type(size) is int and size > 0 else 0,
        url=_word(told, "url_private_download") or _word(told, "url_private"),
        is_stub=told.get("file_access") == "check_file_info",
    )


def is_at_slack(url: str, api_url: str) -> bool:
    """Is it an address of Slack's own, or of the server that `api_url` names? Only those may see the token.

    It is read as it is written, so no two parsers can differ: no user before the host, no other port, no plain http.
    """
    its_server = "/".join(api_url.split("/")[:3]) + "/"
    return bool(_SLACKS.fullmatch(url) or (url.startswith(its_server) and _VISIBLE.fullmatch(url)))


def _is_file(told: object) -> bool:
    # What was deleted stays in the message, as a tombstone.
    return isinstance(told, dict) and bool(_word(told, "id")) and told.get("mode") != "tombstone"


def _presentable(name: str) -> str:
    """The name in one line, nothing in it that cannot be seen; of a long one the middle is left out."""
    seen = "".join(filter(str.isprintable, " ".join(name.split())))
    return seen if len(seen) <= LONGEST_NAME else f"{seen[: LONGEST_NAME - 13]}…{seen[-12:]}"


def _word(told: Mapping[str, Any], name: str) -> str:
    """Text that any file and any socket takes: JSON can name half a surrogate pair."""
    value = told.get(name)
    return value.encode("utf-8", "replace").decode("utf-8") if isinstance(value, str) else ""
