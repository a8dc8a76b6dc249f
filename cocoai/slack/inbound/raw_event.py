"""Tell from an event's bytes that it is nothing to us, where that is certain: then its JSON is not parsed.

Most that Slack sends is of this kind: our own updates come back, and people talk to one another. The bytes are looked
at behind the signature, and whatever is not plain in them is left to the parser: the outcome is the same, only sooner.
Pure.
"""

from __future__ import annotations

import re

from cocoai.slack_ids import ID, is_ts

_CHANGES = tuple(b'"event":{"type":"message","subtype":"message_%b",' % what for what in (b"changed", b"deleted"))
"""How the event begins, in Slack's JSON, that reports an edited or deleted message. It has no blanks."""

_EVENT = b'"event":'

_BEHIND_EVENT, _WITHIN = b'"authorizations":', 300
"""Where Slack names our own id, whatever people wrote; and bytes before it within which the event ends."""

_END_OF_EVENT = re.compile(
    rb'"channel":"((?!D)%b)","event_ts":"[0-9.]+","channel_type":"(?:channel|group|mpim)"\},"type":"event_callback"'
    % ID.encode()
)
"""How the event of a message ends that is no direct one. No brace opens in it, so these are the event's own keys. An
app_mention has no channel_type."""

_THREAD_TS = b'"thread_ts":'

_MENTION = b'"app_mention"'
"""A value alone can be written so: within a text each quotation mark has a backslash."""


def is_change(body: bytes) -> bool:
    """Check whether an edited or deleted message is reported; False if the JSON must be parsed to know.

    Slack sends each of our updates back so, with the whole text twice.
    """
    # Before the first object inside there are only names and plain values. So the event is the payload's own, and
    # nothing that a person wrote can stand there: within a text each quotation mark has a backslash.
    return body.startswith(_CHANGES, _first_object(body) - len(_EVENT))


def unaddressed_place(body: bytes, own_user: str) -> tuple[str, str] | None:
    """Return the channel and thread_ts of a message that does not mention `own_user`, outside of direct messages.

    The thread_ts is "" for one that is in no thread. None if the JSON must be parsed to know.
    """
    start, end = _first_object(body), body.rfind(_BEHIND_EVENT)
    ending = _END_OF_EVENT.search(body, max(start, end - _WITHIN), end) if end > 0 else None
    if ending is None or not body.startswith(_EVENT, start - len(_EVENT)):
        return None
    # An ASCII character may be escaped, and then nothing that it is in can be found.
    if (body.find(b"\\") >= 0 and b"\\u00" in body) or body.find(own_user.encode(), start, end) >= 0:
        return None
    if body.find(_MENTION, start, end) >= 0:
        return None
    thread_ts = _thread_ts(body, start, end)
    return None if thread_ts is None else (ending[1].decode(), thread_ts)


def _first_object(body: bytes) -> int:
    """Return the index of the first object inside the payload's own; -1 if there is none."""
    return body.find(b"{", 1)


def _thread_ts(body: bytes, start: int, end: int) -> str | None:
    """Return the thread_ts that stands between two indexes; "" if there is none, None if it is odd or one of several.

    Of several, which of them is the event's own only the parser can tell.
    """
    at = body.find(_THREAD_TS, start, end)
    if at < 0:
        return ""
    value = at + len(_THREAD_TS) + 1
    thread_ts = body[value : body.find(b'"', value)].decode("latin-1")
    return thread_ts if is_ts(thread_ts) and body.find(_THREAD_TS, value, end) < 0 else None
