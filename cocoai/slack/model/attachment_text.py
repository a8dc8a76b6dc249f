"""Reads a message's `attachments`: messages that are forwarded or linked, previews of links, alerts, pasted tables.

Each is named for what it is and has its parts in the order in which a person reads them, each once: Slack repeats the
same words in `text`, `blocks`, `message_blocks` and `fallback`. The text is written as Slack writes `text`.
Pure: whatever is odd is passed over, and nesting is read three levels deep.
Source: docs.slack.dev/reference/messaging/attachments; what is not there, from Slack's own SDK (java-slack-sdk).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from cocoai.json_values import mapping_at, objects_in, text_at
from cocoai.slack.model.block_text import named, text_of_blocks
from cocoai.slack.model.plain_text import first_part, without_open_fence
from cocoai.slack.model.rich_text import quoted
from cocoai.slack_ids import is_id

Attachment = Mapping[str, Any]
"""One attachment, as Slack's JSON has it."""

MOST_ATTACHMENTS = 100
"""Attachments of one list that are read; Slack takes no more in a message."""

MOST_DEPTH = 3
"""Levels of messages in messages that are read."""

LONGEST_NAME = 80
"""Characters that are kept of an author's name and of each other part of a heading."""

NO_PREVIEW = "[no preview available]"
"""What Slack writes into `fallback` when it has no words for the attachment."""

NOT_DISPLAYED = "This content can't be displayed."
"""What Slack writes into `text` if an app sent blocks alone."""

_OF_A_MESSAGE = ("is_share", "is_msg_unfurl", "is_reply_unfurl", "is_thread_root_unfurl")
_OF_A_LINK = ("from_url", "original_url", "app_unfurl_url")
_DATE = re.compile(r"\[([^\[\]\n]{1,40})\] ")
"""How the fallback of a message begins: the time at which it was written, as its reader's Slack shows it."""


def texts_of_attachments(attachments: object, depth: int = 1) -> Iterator[str]:
    """Yield the text of each attachment that has one, in order; nothing if `attachments` is no list."""
    for attachment in objects_in(attachments)[:MOST_ATTACHMENTS]:
        if text := _text_of(attachment, depth):
            yield text


def is_message(attachment: Attachment) -> bool:
    """Check whether the attachment is another message: one that is forwarded, or one that a link leads to."""
    return any(attachment.get(key) is True for key in _OF_A_MESSAGE)


def attachments_in(attachments: object, depth: int = 1) -> Iterator[Attachment]:
    """Yield the attachments and those inside them, as deep as they are read."""
    for attachment in objects_in(attachments)[:MOST_ATTACHMENTS]:
        yield attachment
        if depth < MOST_DEPTH:
            yield from attachments_in(_inner(attachment), depth + 1)


def text_of(message: Mapping[str, Any]) -> str:
    """Return the `text` of a message or an attachment; "" if it is blank, or Slack's word that there is none."""
    text = text_at(message, "text")
    return "" if text == NOT_DISPLAYED or text.isspace() else text


def words_of(text: str, blocks: object) -> str:
    """Return what people see of a message with this `text` and these `blocks`: the blocks, if they have words.

    Slack shows `text` only in notifications then; what a person typed stands in both. A text beside blocks without
    words, as a table, stands before them.
    """
    read = text_of_blocks(blocks)
    kinds = {text_at(block, "type") for block in objects_in(blocks)}
    if kinds <= {"rich_text"}:
        # The same words twice, of which one may be cut.
        return max(text, read, key=len)
    return read if kinds & _WORDED else "\n".join(filter(None, (text, read)))


_WORDED = frozenset({"rich_text", "section", "header", "markdown", "card", "container"})
"""Types of blocks that hold a message's words, not something beside them."""


def _text_of(attachment: Attachment, depth: int) -> str:
    """Return the text of one attachment under a heading that names it, quoted; an alert and a table without either."""
    parts = without_open_fence("\n".join(_once(attachment, depth)) or _fallback(attachment))
    if is_message(attachment):
        return "\n".join(filter(None, (_heading(attachment), parts and quoted(parts))))
    if parts and any(map(attachment.get, _OF_A_LINK)):
        return f"[preview of a link]\n{quoted(parts)}"
    return parts


def _once(attachment: Attachment, depth: int) -> Iterator[str]:
    """Yield the parts of an attachment in order, without those whose words stand on a line of the body too."""
    body = words_of(text_of(attachment), _blocks(attachment)).strip()
    seen = {"", *body.split("\n")}
    yield from _unseen(_above(attachment), seen)
    if body:
        yield body
    yield from _unseen(_below(attachment, depth), seen)


def _unseen(parts: Iterable[str], seen: set[str]) -> Iterator[str]:
    """Yield the parts that are not in `seen`, and add them to it."""
    for part in map(str.strip, parts):
        if part not in seen:
            seen.add(part)
            yield part


def _above(attachment: Attachment) -> Iterator[str]:
    """Yield what stands above the body: pretext, service, author and title; of a message its heading says who wrote."""
    yield text_at(attachment, "pretext")
    if not is_message(attachment):
        yield text_at(attachment, "service_name")
        yield text_at(attachment, "author_name")
    title, link = text_at(attachment, "title"), text_at(attachment, "title_link")
    # The link that a preview is of stands in the message already.
    is_said = not link or not title or link in map(attachment.get, _OF_A_LINK)
    yield title if is_said else f"{title} ({link})"


def _below(attachment: Attachment, depth: int) -> Iterator[str]:
    """Yield what stands below the body: fields, messages in it, the picture or video, the footer."""
    for field in objects_in(attachment.get("fields"))[:MOST_ATTACHMENTS]:
        yield ": ".join(filter(None, (text_at(field, "title"), text_at(field, "value"))))
    if depth < MOST_DEPTH:
        yield from texts_of_attachments(_inner(attachment), depth + 1)
    if attachment.get("video_html") or attachment.get("video_url"):
        yield named("video", "")
    elif text_at(attachment, "image_url"):
        yield named("image", "")
    if not is_message(attachment):
        yield text_at(attachment, "footer")


def _fallback(attachment: Attachment) -> str:
    fallback = text_at(attachment, "fallback").strip()
    return "" if fallback == NO_PREVIEW else fallback


def _heading(attachment: Attachment) -> str:
    """Return `[forwarded message from NAME, DATE, Posted in #CHANNEL]`, with as much of that as is known."""
    kind = "forwarded message" if attachment.get("is_share") is True else "linked message"
    author = text_at(attachment, "author_name") or text_at(attachment, "author_subname") or _author_id(attachment)
    date = _DATE.match(text_at(attachment, "fallback"))
    channel = text_at(attachment, "channel_name")
    place = text_at(attachment, "footer") or (f"in #{channel}" if channel and not is_id(channel) else "")
    parts = (author, date[1] if date else "", place)
    author, *others = (first_part(" ".join(part.split()), LONGEST_NAME) for part in parts)
    return f"[{', '.join(filter(None, (f'{kind} from {author}' if author else kind, *others)))}]"


def _author_id(attachment: Attachment) -> str:
    author = attachment.get("author_id")
    return f"<@{author}>" if is_id(author) else ""


def _blocks(attachment: Attachment) -> list[object]:
    """Return the attachment's blocks, and those of the messages in its `message_blocks`, which may be the same."""
    lists: list[list[Attachment]] = []
    for source in (attachment, *_messages(attachment)):
        if (blocks := objects_in(source.get("blocks"))) not in lists:
            lists.append(blocks)
    return [block for blocks in lists for block in blocks]


def _inner(attachment: Attachment) -> list[object]:
    """Return the attachments of an attachment, and of the messages in its `message_blocks`."""
    return [each for source in (attachment, *_messages(attachment)) for each in objects_in(source.get("attachments"))]


def _messages(attachment: Attachment) -> Iterable[Attachment]:
    entries = objects_in(attachment.get("message_blocks"))[:MOST_ATTACHMENTS]
    return [mapping_at(entry, "message") for entry in entries]
