"""A thread's messages as Slack describes them, and the metadata by which we find our own messages again.

Pure: it reads what Slack's JSON holds, and passes over whatever is odd. It must not call Slack.
Source: docs.slack.dev/reference/methods/conversations.replies, docs.slack.dev/messaging/message-metadata.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any

from cocoai.json_values import encodable, mapping_at, objects_in, text_at
from cocoai.slack.model.block_text import text_of_blocks
from cocoai.slack.model.files import File, files_of
from cocoai.slack.model.message_text import own_text, shown_text
from cocoai.slack.model.plain_text import unescaped
from cocoai.slack_ids import is_id, is_ts

EVENT_TYPE = "cocoai"
"""The `event_type` of our metadata, which tells it from other apps'."""

KINDS = ("placeholder", "answer", "part", "note", "error", "report")
"""What a message of ours may be to the question that it replies to."""

MOST_OF_A_NAME = 40
"""Characters of a person's or a bot's name that are kept."""


@dataclass(frozen=True)
class MessageMetadata:
    """Our own metadata of one message: the question's key, the kind of message (one of KINDS), the part's number.

    `again` is the ts of the message that was asked once more, if the question was that; else empty.
    """

    key: str
    kind: str
    n: int = 1
    again: str = ""

    def payload(self) -> dict[str, Any]:
        """Return the fields as a message's `event_payload` in Slack's JSON, without `again` if it is empty."""
        return {name: value for name, value in asdict(self).items() if name != "again" or value}


@dataclass(frozen=True)
class Message:
    """One message of a thread, as Slack writes text: with its entities. What Slack leaves out is empty.

    `text` is what its author typed. `shown` is all that people see where that is more: what the message quotes, or has
    pasted or attached; else empty.
    `metadata` is None unless it is ours. `name` is a bot's own name; a person's has to be asked for with users.info.
    `teams` are the author's, as `teams_of` reads them. `has_replies`: it opens a thread in which somebody has replied.
    """

    ts: str
    user: str
    bot_id: str
    text: str
    metadata: MessageMetadata | None
    subtype: str
    name: str = ""
    files: tuple[File, ...] = ()
    teams: frozenset[str] = frozenset()
    shown: str = ""
    has_replies: bool = False

    @property
    def content(self) -> str:
        """Return all that people see in the message: `shown`, or if that is empty, `text`."""
        return self.shown or self.text


def message_of(entry: object) -> Message | None:
    """Return the message in one entry of conversations.replies; None if the entry is no object or has no valid `ts`."""
    if not isinstance(entry, dict) or not is_ts(entry.get("ts")):
        return None
    texts = {name: text_at(entry, name) for name in ("ts", "user", "bot_id", "subtype")}
    texts["user"] = texts["user"] or _uploader(entry)
    metadata = _read_metadata(entry.get("metadata"))
    if metadata is None:
        texts |= {"text": own_text(entry), "shown": shown_text(entry)}
    else:
        texts["text"] = _our_text(entry)
    name, files, teams = _bot_name(entry), files_of(entry), teams_of(entry)
    has_replies = bool(entry.get("reply_count"))
    return Message(**texts, metadata=metadata, name=name, files=files, teams=teams, has_replies=has_replies)


def teams_of(entry: Mapping[str, Any]) -> frozenset[str]:
    """Return the ids of all teams and enterprises that a message names as its author's; none if it names none."""
    named = [entry.get(key) for key in ("user_team", "source_team", "team")]
    named.append(mapping_at(entry, "bot_profile").get("team_id"))
    return _team_set(tuple(filter(is_id, named)))


@lru_cache(maxsize=64)
def _team_set(teams: tuple[str, ...]) -> frozenset[str]:
    # A thread's people are of few teams: without the cache each of its messages would hold a set of its own.
    return frozenset(teams)


def name_of(name: str) -> str:
    """Return a person's or bot's name on one line of at most 40 characters; "" if nothing is left.

    Slack's `&lt;`, `&gt;` and `&amp;` are unescaped, invisible characters become spaces, and lone surrogates, which
    no file and no socket takes, become `?`.
    """
    visible = "".join(character if character.isprintable() else " " for character in unescaped(encodable(name)))
    return " ".join(visible.split())[:MOST_OF_A_NAME].strip()


def _read_metadata(metadata: object) -> MessageMetadata | None:
    """Return our metadata from a message's `metadata`; None if that is missing or another app's.

    None also if its kind is none of KINDS, or if the part's number is no whole number.
    """
    if not isinstance(metadata, dict) or metadata.get("event_type") != EVENT_TYPE:
        return None
    payload = mapping_at(metadata, "event_payload")
    # `type(...) is int`: a bool is an int too, but no part's number.
    if payload.get("kind") not in KINDS or type(payload.get("n")) is not int:
        return None
    again = payload.get("again")
    return MessageMetadata(text_at(payload, "key"), payload["kind"], payload["n"], again if is_ts(again) else "")


def _our_text(entry: Mapping[str, Any]) -> str:
    """Return the text of a message of ours: the longer of `text` and the text of its blocks."""
    # `text` may be a cut fallback, while the blocks hold the whole part.
    return max(text_at(entry, "text"), text_of_blocks(entry.get("blocks")), key=len)


def _uploader(entry: Mapping[str, Any]) -> str:
    """Return the user who uploaded a message's files; "" if it has none, or does not tell.

    Of a file that a bot has uploaded, Slack may name the bot_id alone as the message's author.
    """
    users = {text_at(file, "user") for file in objects_in(entry.get("files"))}
    return users.pop() if len(users) == 1 else ""


def _bot_name(entry: Mapping[str, Any]) -> str:
    return name_of(text_at(entry, "username") or text_at(mapping_at(entry, "bot_profile"), "name"))
