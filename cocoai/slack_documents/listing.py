"""What is known to be pinned to the channels whose files are documents: kept from one slice of indexing to the next.

It is derived: without it everything is asked for anew. It holds titles, but nothing of what a document says.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from typing import Any

from cocoai.documents.document import SLACK, Document
from cocoai.engine.process.replace_file import CachedFile
from cocoai.json_values import mapping_at, objects_in, text_at

PINS, TABS = "pins", "tabs"
"""The parts of a channel: what is pinned to it, and the canvases that are its tabs."""


@dataclass
class ListedPart:
    """A part of a channel as it was last seen. `problem` is Slack's code if the last look at it failed, else "".

    `is_known`: it has been seen once. Then whatever was known of it, and is not among the documents, is gone.
    """

    documents: list[Document] = field(default_factory=list)
    problem: str = ""
    is_known: bool = False


@dataclass
class ListedChannel:
    """A channel: when it was last looked at (epoch seconds), and the times that its marks had then, by their ids.

    `is_put_off`: that look failed for now. `closed` are the ids of files that Slack did not show us.
    """

    looked_at: float = 0.0
    is_put_off: bool = False
    marks: dict[str, int] = field(default_factory=dict)
    closed: list[str] = field(default_factory=list)
    parts: dict[str, ListedPart] = field(default_factory=dict)

    @property
    def documents(self) -> Iterator[Document]:
        """Return the documents of all parts."""
        return (document for part in self.parts.values() for document in part.documents)


class SlackListing:
    """The channels as they were last seen, and until when Slack asked us to wait. `path` is a file below `var`."""

    def __init__(self, path: str) -> None:
        self._file = CachedFile(path)
        kept: Any = self._file.read_json()
        kept = kept if isinstance(kept, dict) else {}
        self.paused_until = _number(kept, "paused_until")
        self.channels = {
            channel: _channel(channel, told)
            for channel, told in mapping_at(kept, "channels").items()
            if isinstance(told, dict)
        }

    def keep(self) -> None:
        """Write what is known. A full disk is reported where it matters."""
        told = {name: asdict(channel) for name, channel in self.channels.items()}
        with suppress(OSError):
            self._file.write_json({"paused_until": self.paused_until, "channels": told})

    def problems(self) -> dict[str, list[str]]:
        """Return the codes of what could not be looked at, by channel, such as `missing_scope:pins:read`."""
        found = {
            name: list(dict.fromkeys(part.problem for part in channel.parts.values() if part.problem))
            for name, channel in self.channels.items()
        }
        return {name: codes for name, codes in found.items() if codes}


def listing_path(var: str) -> str:
    """Return the path of the listing in `var`."""
    return os.path.join(var, "run", "documents_slack.json")


def forget_listing(var: str) -> None:
    """Remove the listing, which has titles, where no channel's files are documents any more."""
    with suppress(OSError):
        os.unlink(listing_path(var))


def _channel(channel: str, told: Mapping[str, Any]) -> ListedChannel:
    marks = {name: at for name, at in mapping_at(told, "marks").items() if isinstance(at, int)}
    parts = {name: _part(channel, mapping_at(mapping_at(told, "parts"), name)) for name in mapping_at(told, "parts")}
    closed = [str(each) for each in told.get("closed", ())]
    return ListedChannel(_number(told, "looked_at"), told.get("is_put_off") is True, marks, closed, parts)


def _part(channel: str, told: Mapping[str, Any]) -> ListedPart:
    texts = [
        {key: text_at(each, key) for key in ("name", "title", "version", "link")}
        for each in objects_in(told.get("documents"))
    ]
    documents = [Document(source=SLACK, channel=channel, **each) for each in texts if each["name"]]
    return ListedPart(documents, text_at(told, "problem"), told.get("is_known") is True)


def _number(told: Mapping[str, Any], key: str) -> float:
    value = told.get(key)
    return float(value) if isinstance(value, (int, float)) else 0.0
