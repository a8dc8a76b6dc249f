"""What the model writes, read out of a stream of server-sent events, or of one JSON body.

Pure: bytes come in, however the network cut them, and chunks go out. It knows no sockets and no deadlines.
Tolerant of what servers that speak this API leave out or add; strict about one thing: text is never lost in silence.

Sources: the WHATWG HTML standard, 9.2.6 (event streams); OpenAI's API reference, chat completion chunk.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from cocoai.chatgpt.complaint import Complaint
from cocoai.errors import Permanent, Temporary

MAX_EVENT = 1024 * 1024
MAX_BODY = 4 * MAX_EVENT
"""Bytes; a server gone mad must not fill a small machine."""

_LINE_END = re.compile(rb"\r\n|\r|\n")


@dataclass(frozen=True)
class Usage:
    """What is billed, in tokens; `prompt_tokens` includes the cached, `completion_tokens` the reasoning ones."""

    prompt_tokens: int
    cached_tokens: int
    completion_tokens: int
    reasoning_tokens: int


@dataclass(frozen=True)
class Ending:
    """How the answer ended: `finish_reason` is the API's (`stop`, `length`, `content_filter`), empty if it gave none.

    `model` is the one that answered. `usage` is None where the server did not tell.
    """

    finish_reason: str
    model: str
    usage: Usage | None
    refusal: bool = False


@dataclass(frozen=True)
class Chunk:
    """One event's news; what it does not mention is empty. `done`: the server says that there is nothing more."""

    text: str = ""
    refusal: str = ""
    finish_reason: str = ""
    model: str = ""
    usage: Usage | None = None
    done: bool = False


@dataclass
class Reading:
    """What has been read of one answer so far."""

    model: str
    finish_reason: str = ""
    usage: Usage | None = None
    refusal: bool = False
    begun: bool = False
    done: bool = False
    _half: str = ""

    def take(self, chunk: Chunk) -> str:
        """Note what `chunk` tells, and return the text that it adds: always encodable as UTF-8."""
        self.model = chunk.model or self.model
        self.finish_reason = chunk.finish_reason or self.finish_reason
        self.usage = chunk.usage or self.usage
        self.refusal = self.refusal or bool(chunk.refusal)
        self.begun = self.begun or bool(chunk.text or chunk.refusal)
        self.done = self.done or chunk.done
        return self._whole_characters(chunk.text)

    @property
    def complete(self) -> bool:
        """Whether the answer has been read to its end, whatever the stream still does."""
        return self.done or bool(self.finish_reason)

    def ending(self) -> Ending:
        return Ending(self.finish_reason, self.model, self.usage, self.refusal)

    def _whole_characters(self, text: str) -> str:
        r"""A server that escapes an emoji as \ud83d\ude00 may send its halves in two chunks."""
        text = self._half + text
        self._half = text[-1:] if "\ud800" <= text[-1:] <= "\udbff" else ""
        whole = text.removesuffix(self._half)
        return whole.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def chunks(pieces: Iterable[bytes]) -> Iterator[Chunk]:
    """The chunks of an event stream.

    Raises `Temporary` for an event that cannot be read, and what the server's own error in the stream amounts to.
    """
    for payload in events(pieces):
        yield Chunk(done=True) if payload.strip() == "[DONE]" else _chunk(_json_object(payload))


def whole(pieces: Iterable[bytes]) -> Chunk:
    """The one chunk of a plain JSON answer, which a server sends that does not stream. Raises as `chunks` does."""
    body = bytearray()
    for piece in pieces:
        body += piece
        _check_size(len(body), MAX_BODY)
    told = _json_object(bytes(body))
    chunk = _chunk(told)
    if "choices" not in told:
        raise Permanent("no_choices", source="OpenAI")
    return replace(chunk, done=True)


def events(pieces: Iterable[bytes]) -> Iterator[str]:
    """The data of each event. Comments and other fields are left out; an event that the end cuts off still counts."""
    data = bytearray()
    for line in _lines(pieces):
        name, _, value = line.partition(b":")
        if name == b"data":
            data += value.removeprefix(b" ") + b"\n"
            _check_size(len(data), MAX_EVENT)
        elif not line:
            yield from _event(data)
            data.clear()
    yield from _event(data)


def _event(data: bytearray) -> Iterator[str]:
    text = data.removesuffix(b"\n").decode("utf-8", "replace")
    if text.strip():
        yield text


def _lines(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Lines ended by LF, CRLF or CR, and what is left at the end; a CRLF may be cut in the middle."""
    line = bytearray()
    after_cr = False
    for piece in filter(None, pieces):
        first, *others = _LINE_END.split(piece.removeprefix(b"\n") if after_cr else piece)
        after_cr = piece.endswith(b"\r")
        line += first
        _check_size(len(line), MAX_EVENT)
        for other in others:
            yield bytes(line)
            line[:] = other
            _check_size(len(line), MAX_EVENT)
    yield bytes(line)


def _check_size(size: int, limit: int) -> None:
    if size > limit:
        raise Permanent("answer_too_big", source="OpenAI")


def _json_object(payload: str | bytes) -> dict[str, Any]:
    try:
        return _mapping(json.loads(payload))
    except (ValueError, RecursionError):
        raise Temporary("unreadable_answer", source="OpenAI", sent=True) from None


def _chunk(told: dict[str, Any]) -> Chunk:
    if told.get("error"):
        raise Complaint.in_stream(told["error"]).error()
    choices = told.get("choices")
    choice = _mapping(choices[0]) if isinstance(choices, list) and choices else {}
    said = _mapping(choice.get("delta")) or _mapping(choice.get("message"))
    return Chunk(
        text=_string(said.get("content")),
        refusal=_string(said.get("refusal")),
        finish_reason=_string(choice.get("finish_reason")),
        model=_string(told.get("model")),
        usage=_usage(told.get("usage")),
    )


def _usage(told: Any) -> Usage | None:
    if not isinstance(told, dict):
        return None
    prompt, completion = (_mapping(told.get(f"{side}_tokens_details")) for side in ("prompt", "completion"))
    return Usage(
        prompt_tokens=_count(told.get("prompt_tokens")),
        cached_tokens=_count(prompt.get("cached_tokens")),
        completion_tokens=_count(told.get("completion_tokens")),
        reasoning_tokens=_count(completion.get("reasoning_tokens")),
    )


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _string(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _count(value: Any) -> int:
    return value if isinstance(value, int) and value > 0 else 0
