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

from cocoai.chatgpt.api_error import ApiError
from cocoai.errors import CocoAIError, Permanent, Temporary

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

    `model` is the one that answered. `usage` is None where the server did not tell. `estimated` is how many tokens what
    was sent in the end had been thought to be, for calibration.py; 0 where images or PDFs make that a guess.
    """

    finish_reason: str
    model: str
    usage: Usage | None
    refusal: bool = False
    estimated: int = 0


@dataclass(frozen=True)
class Chunk:
    """The news of one event, or of several; what is not mentioned is empty. `done`: the server says that it is."""

    text: str = ""
    refusal: str = ""
    finish_reason: str = ""
    model: str = ""
    usage: Usage | None = None
    done: bool = False


NOTHING = Chunk()
"""For a piece of no bytes: nothing has come, but whoever reads is to look around."""

_DONE = Chunk(done=True)


@dataclass
class StreamState:
    """What has been read of one answer so far."""

    model: str
    estimated: int = 0
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
        return Ending(self.finish_reason, self.model, self.usage, self.refusal, self.estimated)

    def _whole_characters(self, text: str) -> str:
        r"""A server that escapes an emoji as \ud83d\ude00 may send its halves in two chunks."""
        text = self._half + text
        self._half = text[-1:] if "\ud800" <= text[-1:] <= "\udbff" else ""
        whole = text.removesuffix(self._half)
        return whole.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def chunks(pieces: Iterable[bytes]) -> Iterator[Chunk]:
    """What an event stream tells: a chunk for each piece that ends an event, of all the events that it ends.

    An empty piece is passed on as `NOTHING`. Raises `Temporary` for an event that cannot be read, and what the server's
    own error in the stream amounts to; what came before is told first.
    """
    reader = EventReader()
    for piece in pieces:
        yield from _together(reader.feed(piece)) if piece else [NOTHING]
    yield from _together(reader.end())


def _together(payloads: Iterable[str]) -> Iterator[Chunk]:
    told: list[Chunk] = []
    try:
        for payload in payloads:
            told.append(_DONE if payload.strip() == "[DONE]" else _chunk(_json_object(payload)))  # noqa: PERF401
    except CocoAIError:
        yield from _joined(told)
        raise
    yield from _joined(told)


def _joined(told: list[Chunk]) -> Iterator[Chunk]:
    """One chunk of them all, the last word of each kind; none of none."""
    if len(told) < 2:
        yield from told
        return
    yield Chunk(
        text="".join(chunk.text for chunk in told),
        refusal="".join(chunk.refusal for chunk in told),
        finish_reason=_last(chunk.finish_reason for chunk in told),
        model=_last(chunk.model for chunk in told),
        usage=next((chunk.usage for chunk in reversed(told) if chunk.usage), None),
        done=any(chunk.done for chunk in told),
    )


def _last(words: Iterable[str]) -> str:
    return next(filter(None, reversed(list(words))), "")


def whole(pieces: Iterable[bytes]) -> Iterator[Chunk]:
    """The one chunk of a plain JSON answer, which a server sends that does not stream. Otherwise as `chunks`."""
    body = bytearray()
    for piece in pieces:
        body += piece
        _check_size(len(body), MAX_BODY)
        if not piece:
            yield NOTHING
    told = _json_object(bytes(body))
    chunk = _chunk(told)
    if "choices" not in told:
        raise Permanent("no_choices", source="OpenAI")
    yield replace(chunk, done=True)


def events(pieces: Iterable[bytes]) -> Iterator[str]:
    """The data of each event in a stream that is there as a whole."""
    reader = EventReader()
    for piece in pieces:
        yield from reader.feed(piece)
    yield from reader.end()


class EventReader:
    """Takes a stream in, piece by piece, and tells the data of each event that a piece has ended.

    Comments and other fields are left out. Lines are ended by LF, CRLF or CR, and a CRLF may be cut in the middle.
    """

    def __init__(self) -> None:
        self._line = bytearray()
        self._data = bytearray()
        self._after_cr = False

    def feed(self, piece: bytes) -> Iterator[str]:
        """`Permanent` for an event that is too big."""
        if not piece:
            return
        first, *others = _LINE_END.split(piece.removeprefix(b"\n") if self._after_cr else piece)
        self._after_cr = piece.endswith(b"\r")
        self._extend_line(first)
        for other in others:
            yield from self._end_line()
            self._extend_line(other)

    def end(self) -> Iterator[str]:
        """There is no more: an event that the end cuts off still counts."""
        yield from self._end_line()
        yield from self._event()

    def _extend_line(self, more: bytes) -> None:
        self._line += more
        _check_size(len(self._line), MAX_EVENT)

    def _end_line(self) -> Iterator[str]:
        line, self._line = self._line, bytearray()
        if not line:
            yield from self._event()
            return
        name, _, value = line.partition(b":")
        if name == b"data":
            self._data += value.removeprefix(b" ") + b"\n"
            _check_size(len(self._data), MAX_EVENT)

    def _event(self) -> Iterator[str]:
        text = self._data.removesuffix(b"\n").decode("utf-8", "replace")
        self._data.clear()
        if text.strip():
            yield text


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
        raise ApiError.in_stream(told["error"]).error()
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
