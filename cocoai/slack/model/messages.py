"""Message: one message of a thread as Slack tells it; Mark: what a message of ours bears, so that it is found again.

Pure: it reads what Slack's JSON holds, and passes over whatever is odd.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from cocoai.slack.model.block_text import text_of_blocks
from cocoai.slack.model.files import File, files_of

EVENT_TYPE = "cocoai"
KINDS = ("placeholder", "answer", "part", "note", "error")

MOST_OF_A_NAME = 40
"""Characters of somebody's name that are kept."""

_TS = re.compile(r"[0-9]{1,12}\.[0-9]{1,8}")


@dataclass(frozen=True)
class MessageMetadata:
    """What a message of ours bears: the question's key, what it is to that (one of KINDS), which part of the reply.

    `again`: the ts of the message that was asked once more, if the question was that.
    """

    key: str
    kind: str
    n: int = 1
    again: str = ""

    def payload(self) -> dict[str, Any]:
        """The mark as a message's metadata bears it."""
        return {name: value for name, value in asdict(self).items() if name != "again" or value}


@dataclass(frozen=True)
class Message:
    """One message of a thread as Slack tells it; `text` still has its entities. What Slack leaves out is empty.

    `name` is a bot's own; people's are asked for with users.info.
    """

    ts: str
    user: str
    bot_id: str
    text: str
    mark: MessageMetadata | None
    subtype: str
    name: str = ""
    files: tuple[File, ...] = ()


def is_ts(value: object) -> bool:
    """Has `value` the shape of a message's ts?"""
    return isinstance(value, str) and _TS.fullmatch(value) is not None


def message_of(told: object) -> Message | None:
    """One entry of conversations.replies; None if it has not even a ts."""
    if not isinstance(told, dict) or not is_ts(told.get("ts")):
        return None
    words = {name: text_at(told, name) for name in ("ts", "user", "bot_id", "text", "subtype")}
    mark = _mark(told.get("metadata"))
    words["text"] = _said(told, is_ours=mark is not None)
    return Message(**words, mark=mark, name=_bot_name(told), files=files_of(told))


def text_at(told: Mapping[str, Any], name: str) -> str:
    """The text under this name; empty if there is none."""
    value = told.get(name)
    return value if isinstance(value, str) else ""


def name_of(told: str) -> str:
    """A name as one short line of characters that any file and any socket takes; empty if nothing is left of it."""
    read = told.encode("utf-8", "replace").decode("utf-8").replace("&lt;", "<").replace("&gt;", ">")
    seen = "".join(character if character.isprintable() else " " for character in read.replace("&amp;", "&"))
    return " ".join(seen.split())[:MOST_OF_A_NAME].strip()


def _mark(metadata: object) -> MessageMetadata | None:
    """The mark in a message's metadata; None for other apps' metadata and for anything odd."""
    if not isinstance(metadata, dict) or metadata.get("event_type") != EVENT_TYPE:
        return None
    payload = metadata.get("event_payload")
    if not isinstance(payload, dict) or payload.get("kind") not in KINDS or type(payload.get("n")) is not int:
        return None
    again = text_at(payload, "again")
    return MessageMetadata(text_at(payload, "key"), payload["kind"], payload["n"], again if is_ts(again) else "")


def _said(told: Mapping[str, Any], *, is_ours: bool) -> str:
    """The text, else what blocks or legacy attachments say. In a message of ours `text` may be cut: blocks have all."""
    text = text_at(told, "text")
    if is_ours:
        return max(text, text_of_blocks(told.get("blocks")), key=len)
    return text or text_of_blocks(told.get("blocks")) or _attached_text(told)


def _bot_name(told: Mapping[str, Any]) -> str:
    profile = told.get("bot_profile")
    return name_of(text_at(told, "username") or (text_at(profile, "name") if isinstance(profile, dict) else ""))


def _attached_text(told: Mapping[str, Any]) -> str:
    """Many bots say all they have to say in legacy attachments, whose `fallback` is their plain text."""
    attached = told.get("attachments")
    each = [one for one in attached if isinstance(one, dict)] if isinstance(attached, list) else []
    return "\n".join(filter(None, map(_attached, each)))


def _attached(one: Mapping[str, Any]) -> str:
    return text_of_blocks(one.get("blocks")) or text_at(one, "fallback") or text_at(one, "text")
