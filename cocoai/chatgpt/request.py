"""Build the JSON of a request from a conversation and its attachments. Pure.

An attachment of some megabytes is in memory as it came and once more in the request: its base64 is written directly to
its place there, a block at a time, and never exists anywhere else.

Sources: OpenAI's API reference, POST /chat/completions; its guides to images and to file inputs, whose examples put the
question behind the files. This API takes only PDFs as files; the text of any other file is sent as text.
"""

from __future__ import annotations

import json
from binascii import b2a_base64
from collections.abc import Iterable, Iterator, Mapping
from io import BytesIO
from typing import Any

from cocoai.chatgpt.request_size import DETAIL
from cocoai.conversation import Attachment, Conversation, Turn

_ROLES = {"asker": "user", "cocoai": "assistant"}
_BLOCK = 48 * 1024
"""Bytes. Base64 makes four characters of three bytes, so the blocks join without a gap: 3 divides their size."""

_LAST_VALUE_ENDS = -len(b'"}}')
"""Where the last string of a part ends, counted from the part's own end: data is inserted there."""

_encoder = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def request_body(conversation: Conversation, model: str, parameters: Mapping[str, Any]) -> bytes:
    """Return the body of a request as JSON in UTF-8; `parameters` are all others besides `model` and `messages`."""
    body = BytesIO()
    # The list of messages is left open, so that they can be written into it piece by piece.
    body.write(_json({"model": model, **parameters, "messages": []}).removesuffix(b"]}"))
    body.writelines(_separated(_messages(conversation)))
    body.write(b"]}")
    return body.getvalue()


def _messages(conversation: Conversation) -> Iterator[Iterable[bytes]]:
    """Yield each message as the pieces of its JSON: the instructions, if there are any, then the turns."""
    if conversation.instructions:
        yield [_json({"role": "system", "content": conversation.instructions})]
    for turn in conversation.turns:
        yield _with_attachments(turn) if turn.attachments else [_json(_message(turn, turn.text))]


def _message(turn: Turn, content: object) -> dict[str, object]:
    return {"role": _ROLES[turn.speaker], "content": content}


def _with_attachments(turn: Turn) -> Iterator[bytes]:
    """Yield the JSON of a turn with attachments in pieces; its content is a list of the attachments and then the text.

    A blank text is left out.
    """
    yield _json(_message(turn, [])).removesuffix(b"]}")
    parts = [_part(attachment) for attachment in turn.attachments]
    if turn.text.strip():
        parts.append([_json({"type": "text", "text": turn.text})])
    yield from _separated(parts)
    yield b"]}"


def _part(attachment: Attachment) -> Iterable[bytes]:
    """Return the pieces of the JSON of one attachment: a text below its name, or an image or a PDF as a data URL."""
    match attachment.kind:
        case "text":
            text = attachment.text if attachment.text.strip() else "(empty)"
            return [_json({"type": "text", "text": f"{_name(attachment)}:\n\n{text}"})]
        case "image":
            # The URL comes last, since the data is written behind it.
            part: dict[str, object] = {"type": "image_url", "image_url": {"detail": DETAIL, "url": _url(attachment)}}
        case "pdf":
            part = {"type": "file", "file": {"filename": _name(attachment), "file_data": _url(attachment)}}
    return _filled(_json(part), attachment.data)


def _name(attachment: Attachment) -> str:
    """Return the attachment's name on one line, or its kind if it has no name."""
    return " ".join(attachment.name.split()) or attachment.kind


def _url(attachment: Attachment) -> str:
    """Return the start of an attachment's data URL (RFC 2397), without the data: `data:image/png;base64,`."""
    return f"data:{attachment.media_type};base64,"


def _filled(part: bytes, data: bytes) -> Iterator[bytes]:
    """Yield the JSON `part` in pieces, with the base64 of `data` added at the end of its last string."""
    yield part[:_LAST_VALUE_ENDS]
    view = memoryview(data)
    for start in range(0, len(data), _BLOCK):
        yield b2a_base64(view[start : start + _BLOCK], newline=False)
    yield part[_LAST_VALUE_ENDS:]


def _separated(items: Iterable[Iterable[bytes]]) -> Iterator[bytes]:
    """Yield the pieces of all items one after the other, with a comma between two items."""
    for index, item in enumerate(items):
        if index:
            yield b","
        yield from item


def _json(value: object) -> bytes:
    """Return compact JSON in UTF-8; half a surrogate pair, which Slack's JSON may contain, becomes a question mark."""
    return _encoder.encode(value).encode("utf-8", "replace")
