"""A message as a job keeps it that was asked for about it: what Slack told of it in the very request.

So the job works where we cannot read, and with the words as they stood when somebody chose the message. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cocoai.json_values import encodable, objects_in, text_at
from cocoai.slack.model.files import File
from cocoai.slack.model.messages import Message, message_of
from cocoai.slack.model.plain_text import first_part
from cocoai.slack_ids import is_id, is_ts

DELETED = "tombstone"
"""The subtype of what Slack leaves of a deleted message that has replies."""

_TEXTS = ("ts", "user", "bot_id", "text", "subtype", "name", "shown")


def kept_message(entry: object, ts: str) -> dict[str, Any] | None:
    """Return as facts the message `ts` in Slack's JSON, with the `thread_ts` that it stands in, its own if in none.

    Return None if the JSON is none of a message, or of another one.
    """
    message = message_of(entry)
    if message is None or message.ts != ts:
        return None
    thread_ts = text_at(entry, "thread_ts") if isinstance(entry, dict) else ""
    texts = {name: encodable(getattr(message, name)) for name in _TEXTS}
    facts: dict[str, Any] = {name: text for name, text in texts.items() if text}
    facts |= {"teams": sorted(message.teams)} if message.teams else {}
    facts |= {"files": [file.facts() for file in message.files]} if message.files else {}
    return {**facts, "thread_ts": thread_ts if is_ts(thread_ts) else ts}


def message_from(facts: Mapping[str, Any]) -> Message:
    """Return the message of such facts; what is missing or odd in them is empty."""
    texts: dict[str, Any] = {name: text_at(facts, name) for name in _TEXTS}
    named = facts.get("teams")
    teams = frozenset(filter(is_id, named if isinstance(named, list) else ()))
    files = tuple(File.from_facts(each) for each in objects_in(facts.get("files")))
    return Message(**texts, metadata=None, files=files, teams=teams)


def thread_of(facts: Mapping[str, Any]) -> str:
    """Return the ts of the thread's first message, by such facts."""
    return text_at(facts, "thread_ts") or text_at(facts, "ts")


def beginning(facts: Mapping[str, Any], most: int) -> dict[str, Any]:
    """Return such facts without files and with at most `most` characters of all that people see in the message."""
    words = text_at(facts, "shown") or text_at(facts, "text")
    short = {name: value for name, value in facts.items() if name not in ("files", "shown", "text")}
    return {**short, "text": first_part(words, most)} if words else short
