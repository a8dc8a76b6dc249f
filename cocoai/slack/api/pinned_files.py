"""PinnedFiles: tells what is pinned to a channel and which canvases are its tabs. Each look is two calls, or few more.

Slack pins messages; a file is pinned with the message that shows it. It pushes no more of a canvas than an id: each is
asked for by files.info, and so are files of other organisations. Nothing waits for a rate limit.
Sources: docs.slack.dev/reference/methods/pins.list, /conversations.info, /files.info. `properties.tabs` is documented
by example alone; of some channels `properties.canvas` names the canvas, of most only the tabs do.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cocoai.errors import Permanent
from cocoai.json_values import encodable, mapping_at, objects_in, text_at
from cocoai.slack.api.calls import SlackCalls
from cocoai.slack.model.files import File, file_entries, file_of
from cocoai.slack.model.messages import Message, message_of, name_of
from cocoai.slack_ids import is_id

_ADDRESS = re.compile(r"https://[!-;=?-{}~]{1,2000}")
"""An address without what would end a link of Slack's: `>` and `|`."""

_TELLING = ("size", "timestamp", "updated", "edit_timestamp", "mode", "mimetype", "name", "title", "file_access")
"""What tells one version of a file from the next, as far as Slack tells it; of a canvas often the size alone."""

_NO_TITLES = ("", "-", "Untitled")
"""What Slack calls a canvas to which nobody has given a title."""


@dataclass(frozen=True)
class PinnedFile:
    """A file that is pinned, or a canvas that is a tab. `title` is "" if it has none, `link` an address for people.

    `problem` says why it cannot be read: `hidden` (Slack's free plan shows it to nobody any more), `foreign` (it is not
    at Slack, as a document of Google's), `no_leave` (it is not shown to us).
    """

    file: File
    title: str
    link: str
    version: str
    problem: str = ""


@dataclass(frozen=True)
class PinnedMessage:
    """A pinned message that has words. `link` is its address for people."""

    message: Message
    link: str
    version: str


@dataclass(frozen=True)
class PinnedFiles:
    """One process's look at what is pinned. Each method raises `Temporary` or `Permanent` with Slack's own code."""

    calls: SlackCalls

    def pins(self, channel: str) -> tuple[list[PinnedFile], list[PinnedMessage]]:
        """Return the files in the messages that are pinned to a channel, each once, and those messages that have words.

        That is one call, and one for each file that is another organisation's. Pictures are left out.
        """
        items = objects_in(self.calls.call("pins.list", {"channel": channel}, wait=False).get("items"))
        messages = [mapping_at(item, "message") for item in items]
        entries = [entry for message in messages for entry in file_entries(message)]
        entries += [mapping_at(item, "file") for item in items if mapping_at(item, "file")]  # pinned before 2018
        files = {text_at(entry, "id"): entry for entry in reversed(entries) if is_id(entry.get("id"))}
        found = [self._described(entry) for entry in files.values() if entry.get("mode") != "tombstone"]
        return [each for each in found if each and not _is_picture(each.file)], list(_with_words(messages))

    def canvases(self, channel: str) -> tuple[list[PinnedFile], str]:
        """Return the canvases that are tabs of a channel, and the channel's name, "" if Slack tells none.

        That is one call, and one for each canvas.
        """
        told = mapping_at(self.calls.call("conversations.info", {"channel": channel}, wait=False), "channel")
        found = [self._asked(file_id) for file_id in dict.fromkeys(_tabs(mapping_at(told, "properties")))]
        return [each for each in found if each], name_of(text_at(told, "name"))

    def file(self, file_id: str) -> PinnedFile | None:
        """Return a file as files.info describes it; None if it is gone."""
        info = self.calls.call("files.info", {"file": file_id}, wait=False).get("file")
        if not isinstance(info, dict) or info.get("mode") == "tombstone":
            return None
        return _pinned_file({**info, "id": file_id})

    def _described(self, entry: Mapping[str, Any]) -> PinnedFile | None:
        """Return a file of a message; None if it is gone."""
        if entry.get("file_access") == "check_file_info":
            return self._asked(text_at(entry, "id"))
        return _pinned_file(entry)

    def _asked(self, file_id: str) -> PinnedFile | None:
        """Return a file as files.info describes it, None if it was deleted. One that is not for us has a problem."""
        try:
            return self.file(file_id)
        except Permanent as error:
            # Whatever is wrong with it, the others are listed.
            return None if error.code == "file_deleted" else PinnedFile(File(file_id), "", "", "no_leave", "no_leave")


def _pinned_file(entry: Mapping[str, Any]) -> PinnedFile:
    told = [entry.get(key) for key in _TELLING] + [mapping_at(entry, "transcription").get("status")]
    return PinnedFile(file_of(entry), name_of_file(entry), _link(entry), _digest(told), _problem(entry))


def _link(entry: Mapping[str, Any]) -> str:
    """Return the address at which people read something; "" if Slack tells none that can stand in a message."""
    link = text_at(entry, "permalink")
    return link if _ADDRESS.fullmatch(link) else ""


def name_of_file(entry: Mapping[str, Any]) -> str:
    """Return the title of a file's JSON, else its name, on one line; "" if it has none."""
    told = (printable(text_at(entry, key))[:200] for key in ("title", "name"))
    return next((each for each in told if each not in _NO_TITLES), "")


def printable(text: str) -> str:
    """Return a text on one line, without invisible characters."""
    return "".join(filter(str.isprintable, " ".join(encodable(text).split())))


def _problem(entry: Mapping[str, Any]) -> str:
    if entry.get("mode") == "hidden_by_limit":
        return "hidden"
    if entry.get("is_external") is True or entry.get("mode") == "external":
        return "foreign"
    return "no_leave" if entry.get("file_access") in ("access_denied", "file_not_found") else ""


def _with_words(messages: list[Mapping[str, Any]]) -> Iterator[PinnedMessage]:
    for entry in messages:
        message = message_of(entry)
        if message and message.content.strip():
            yield PinnedMessage(message, _link(entry), _digest([message.content]))


def _tabs(properties: Mapping[str, Any]) -> Iterator[str]:
    """Yield the ids of the canvases that a conversation's properties name."""
    named = [mapping_at(properties, "canvas")] if mapping_at(properties, "canvas").get("is_empty") is not True else []
    named += [mapping_at(tab, "data") for tab in objects_in(properties.get("tabs")) if tab.get("type") == "canvas"]
    yield from (text_at(each, "file_id") for each in named if is_id(each.get("file_id")))


def _is_picture(file: File) -> bool:
    return file.media_type.startswith("image/")


def _digest(told: object) -> str:
    return hashlib.blake2b(json.dumps(told, sort_keys=True).encode(), digest_size=8).hexdigest()
