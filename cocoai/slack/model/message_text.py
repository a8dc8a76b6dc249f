"""Reads a message's words out of its JSON: those that its author typed, and all that a person sees in it.

The two differ where something is quoted, attached or pasted. Only the author's own words are a command, a mention or a
model's prefix; the model is shown everything.
Pure: whatever is odd is passed over. For an ordinary message nothing is done but to look.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from cocoai.json_values import objects_in
from cocoai.slack.model.attachment_text import text_of, texts_of_attachments, words_of
from cocoai.slack.model.block_text import text_of_blocks, texts_of_blocks
from cocoai.slack.model.plain_text import first_part, mentions, without_open_fence, written_mentions
from cocoai.slack.model.rich_text import rich_mentions

MOST_SHOWN = 40_000
"""Characters of a message with something attached that are kept: as many as Slack's longest text has."""

CUT = "[the rest of this message is left out: it is too long]"

_LABEL = re.compile(r"\|[^<>|]*+>")


def own_text(message: Mapping[str, Any]) -> str:
    """Return what the author typed, as Slack writes it: `text`, or if that is empty, the text of rich_text blocks.

    `message` is the JSON of a message or an event. Return "" if nothing was typed, as in a forwarded message.
    """
    return text_of(message) or text_of_blocks(_typed(message.get("blocks")))


def shown_text(message: Mapping[str, Any]) -> str:
    """Return all that people see in a message, as Slack writes text; "" if that is no more than `own_text` has.

    A text of over MOST_SHOWN characters is cut, and says so.
    """
    blocks, attachments = message.get("blocks"), message.get("attachments")
    has_only_typed = len(_typed(blocks)) == len(objects_in(blocks))
    if has_only_typed and not attachments:
        return ""
    own = own_text(message)
    words = own if has_only_typed else _words(message)
    shown = _bounded(_each_once(words, blocks, attachments))
    return "" if _unlabelled(shown) == _unlabelled(own) else shown


def addressed(message: Mapping[str, Any]) -> frozenset[str]:
    """Return the ids of the users and groups that the author mentions: outside code, and not in what is quoted."""
    text = own_text(message)
    if "<" not in text:
        return frozenset()
    # The blocks tell code for sure: a backtick in `text` may be one that was typed as such.
    outside, in_code = rich_mentions(message.get("blocks"))
    return outside | mentions(text) - in_code


def written_anywhere(message: Mapping[str, Any]) -> frozenset[str]:
    """Return the ids of all users and groups whose mention is written in the message, in code and quotations too."""
    return written_mentions(f"{own_text(message)}\n{shown_text(message)}")


def _typed(blocks: object) -> list[Mapping[str, Any]]:
    return [block for block in objects_in(blocks) if block.get("type") == "rich_text"]


def _words(message: Mapping[str, Any]) -> str:
    """Return the words in `text` and blocks of which some are no rich_text. What a person typed is never left out."""
    text, blocks = text_of(message), message.get("blocks")
    words = words_of(text, blocks)
    # An app's `text` is a shorter form for notifications, a person's is what that person wrote.
    is_left_out = not (message.get("bot_id") or _typed(blocks) or _letters(text) in _letters(words))
    return f"{text}\n{words}" if is_left_out else words


def _each_once(words: str, blocks: object, attachments: object) -> Iterator[str]:
    """Yield the words, then the text of each attachment that is not already among these, the blocks or before it."""
    yield without_open_fence(words)
    seen = {words.strip(), *(texts_of_blocks(blocks) if attachments else ())}
    for text in texts_of_attachments(attachments):
        if text not in seen:
            seen.add(text)
            yield text


def _bounded(texts: Iterable[str]) -> str:
    """Return the texts with empty lines between them, cut to MOST_SHOWN characters, with CUT behind it if it is cut."""
    kept: list[str] = []
    room = MOST_SHOWN
    for text in filter(None, texts):
        if len(text) > room:
            return "\n\n".join((*kept, f"{first_part(text, room)}\n{CUT}"))
        kept.append(text)
        room -= len(text)
    return "\n\n".join(kept)


def _unlabelled(text: str) -> str:
    """Return the text without labels, which Slack writes in `text` but not in blocks, and without space around it."""
    return _LABEL.sub(">", text).strip()


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, _unlabelled(text)))
