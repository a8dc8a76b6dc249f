"""What is asked, as the API takes it: the JSON of a request, and what is attached within it. Pure.

An attachment of some megabytes is in memory as it came and once more in the request: its base64 is written where it
belongs, a block at a time, and never stands anywhere else.

Sources: OpenAI's API reference, POST /chat/completions; its guides to images and to file inputs, whose examples put the
question behind the files. As files it takes PDFs only here; the words of any other are sent as words.
"""

from __future__ import annotations

import json
from binascii import b2a_base64
from collections.abc import Iterable, Iterator, Mapping
from io import BytesIO
from typing import Any

from cocoai.conversation import Attachment, Conversation, Turn

_ROLES = {"asker": "user", "cocoai": "assistant"}
_BLOCK = 48 * 1024
"""Bytes. Base64 makes four characters of three bytes, so blocks that can be divided by three join without a gap."""

_LAST_VALUE_ENDS = -len(b'"}}')

_encoder = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def request_body(conversation: Conversation, model: str, parameters: Mapping[str, Any]) -> bytes:
    """The whole request; `parameters` are all that is asked for beside the answer itself."""
    body = BytesIO()
    body.write(_json({"model": model, **parameters, "messages": []}).removesuffix(b"]}"))
    body.writelines(_listed(_messages(conversation)))
    body.write(b"]}")
    return body.getvalue()


def _messages(conversation: Conversation) -> Iterator[Iterable[bytes]]:
    if conversation.instructions:
        yield [_json({"role": "system", "content": conversation.instructions})]
    for turn in conversation.turns:
        yield _with_attachments(turn) if turn.attachments else [_json(_said(turn, turn.text))]


def _said(turn: Turn, content: object) -> dict[str, object]:
    return {"role": _ROLES[turn.speaker], "content": content}


def _with_attachments(turn: Turn) -> Iterator[bytes]:
    yield _json(_said(turn, [])).removesuffix(b"]}")
    parts = [_part(attachment) for attachment in turn.attachments]
    if turn.text.strip():
        parts.append([_json({"type": "text", "text": turn.text})])
    yield from _listed(parts)
    yield b"]}"


def _part(attachment: Attachment) -> Iterable[bytes]:
    match attachment.kind:
        case "text":
            return [_json({"type": "text", "text": f"{_name(attachment)}:\n\n{attachment.text}"})]
        case "image":
            told: dict[str, object] = {"type": "image_url", "image_url": {"url": _url(attachment)}}
        case "pdf":
            told = {"type": "file", "file": {"filename": _name(attachment), "file_data": _url(attachment)}}
    return _filled(_json(told), attachment.data)


def _name(attachment: Attachment) -> str:
    """In one line, whatever it holds."""
    return " ".join(attachment.name.split()) or attachment.kind


def _url(attachment: Attachment) -> str:
    """A data URL (RFC 2397) that the data is still to be written into."""
    return f"data:{attachment.media_type};base64,"


def _filled(part: bytes, data: bytes) -> Iterator[bytes]:
    """`part` with `data` at the end of its last value."""
    yield part[:_LAST_VALUE_ENDS]
    view = memoryview(data)
    for start in range(0, len(data), _BLOCK):
        yield b2a_base64(view[start : start + _BLOCK], newline=False)
    yield part[_LAST_VALUE_ENDS:]


def _listed(items: Iterable[Iterable[bytes]]) -> Iterator[bytes]:
    for index, item in enumerate(items):
        if index:
            yield b","
        yield from item


def _json(told: object) -> bytes:
    """Half a surrogate pair, which Slack's JSON can smuggle in, becomes a question mark."""
    return _encoder.encode(told).encode("utf-8", "replace")
