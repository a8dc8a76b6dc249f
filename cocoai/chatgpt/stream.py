"""Parse what the model writes: a stream of server-sent events, or one JSON body, becomes chunks of an answer.

Pure: bytes come in, however the network cut them, and chunks go out. It knows no sockets and no deadlines.
It tolerates what other servers that speak this API leave out or add, but it never drops text silently.

Source: OpenAI's API reference, chat completion chunk.
"""

from __future__ import annotations

import json
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from cocoai.chatgpt.api_error import ApiError
from cocoai.chatgpt.event_stream import MAX_EVENT, EventReader, check_size
from cocoai.errors import CocoAIError, Permanent, Temporary

MAX_BODY = 4 * MAX_EVENT
"""The most bytes of a single JSON body."""

MOST_PER_TOKEN = 16
"""Characters of an answer for each token that it may have, four times as many as English has: some servers keep no
limit."""


@dataclass(frozen=True)
class Usage:
    """What is billed, in tokens; `prompt_tokens` includes the cached, `completion_tokens` the reasoning ones."""

    prompt_tokens: int
    cached_tokens: int
    completion_tokens: int
    reasoning_tokens: int


@dataclass(frozen=True)
class Ending:
    """How an answer ended: `finish_reason` is the API's (`stop`, `length`, `content_filter`), empty if it gave none.

    `model` is the one that answered. `usage` is None if the server sent none. `refusal` is True if the model declined
    to answer. `estimated_tokens` is the estimate of the conversation as it was sent in the end, for token_ratio.py; 0
    if images or PDFs make an estimate useless.
    """

    finish_reason: str
    model: str
    usage: Usage | None
    refusal: bool = False
    estimated_tokens: int = 0


@dataclass(frozen=True)
class Interruption:
    """The event that no text has come, but that the reader of an answer may look at something else; see INTERRUPTED."""


INTERRUPTED = Interruption()
"""Yielded between pieces of text when the wake-up descriptor has ended a wait, or when the next wait may be long."""

AnswerPieces = Generator[str | Interruption | Ending, float | None, None]
"""Pieces of an answer's text as they arrive, with INTERRUPTED between them, and exactly one `Ending`, the last.

Its reader may `send` a number of seconds: for so long it needs no further text, so that more of it can be gathered.
"""


@dataclass(frozen=True)
class Chunk:
    """The parts of an answer that one or several events bring; those that they do not mention are empty.

    `is_done` means that the server has said that nothing follows.
    """

    text: str = ""
    refusal: str = ""
    finish_reason: str = ""
    model: str = ""
    usage: Usage | None = None
    is_done: bool = False


_DONE = Chunk(is_done=True)


@dataclass
class StreamState:
    """What has been read of one answer so far.

    `has_begun` is True once a text or a refusal has come, `is_done` once the server has said that nothing follows.
    `room` is how many characters may still come: an answer that is longer ends as cut (`length`), whatever follows.
    """

    model: str
    estimated_tokens: int = 0
    finish_reason: str = ""
    usage: Usage | None = None
    is_refusal: bool = False
    has_begun: bool = False
    is_done: bool = False
    room: float = float("inf")
    _half: str = ""

    def take(self, chunk: Chunk) -> str:
        """Take in a chunk; return the text that it adds, "" if it adds none.

        The text can always be encoded as UTF-8.
        """
        self.model = chunk.model or self.model
        self.finish_reason = chunk.finish_reason or self.finish_reason
        self.usage = chunk.usage or self.usage
        self.is_refusal = self.is_refusal or bool(chunk.refusal)
        # The text of a refusal is written, and billed, like any other.
        self.has_begun = self.has_begun or bool(chunk.text or chunk.refusal)
        self.is_done = self.is_done or chunk.is_done
        text = self._whole_characters(chunk.text)
        self.room -= len(text) + len(chunk.refusal)
        if self.room < 0:
            self.finish_reason, self.is_done = "length", True
            text = text[: max(0, len(text) + int(self.room))]
        return text

    @property
    def is_complete(self) -> bool:
        """Return True if there is a finish reason, or the server says that it is done: no further text will come."""
        return self.is_done or bool(self.finish_reason)

    def ending(self) -> Ending:
        """Return the `Ending` made of what has been read."""
        return Ending(self.finish_reason, self.model, self.usage, self.is_refusal, self.estimated_tokens)

    def _whole_characters(self, text: str) -> str:
        """Return `text` with the two halves of each surrogate pair joined to one character.

        The first half of a pair at its end is kept for the next chunk; half a pair elsewhere becomes U+FFFD.
        """
        # A server that escapes an emoji as \ud83d\ude00 may send its halves in two chunks.
        text = self._half + text
        self._half = text[-1:] if "\ud800" <= text[-1:] <= "\udbff" else ""
        whole = text.removesuffix(self._half)
        return whole.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


class StreamParser:
    """Parses a streamed answer. All events that one piece of it completes become one chunk.

    An event that cannot be read, or the server's own error in the stream, raises `Temporary` or `Permanent`; the chunk
    of the events before it is yielded first.
    """

    def __init__(self) -> None:
        self._events = EventReader()

    def feed(self, piece: bytes) -> Iterator[Chunk]:
        """Yield the chunk of the events that `piece` completes; nothing if it completes none."""
        return _parse_events(self._events.feed(piece))

    def end(self) -> Iterator[Chunk]:
        """Yield the chunk of the last event, if the end of the stream cut it off; else nothing."""
        return _parse_events(self._events.end())


class SingleBodyParser:
    """Parses an answer that is one JSON body: some servers do not stream. Raises as `StreamParser` does."""

    def __init__(self) -> None:
        self._body = bytearray()

    def feed(self, piece: bytes) -> Iterator[Chunk]:
        """Keep a piece of the body, and yield nothing yet. Raise `Permanent` if the body is bigger than MAX_BODY."""
        self._body += piece
        check_size(len(self._body), MAX_BODY)
        return iter(())

    def end(self) -> Iterator[Chunk]:
        """Yield one chunk for the whole body. Raise `Permanent` if it is JSON without `choices`."""
        payload = _parse_object(bytes(self._body))
        chunk = _parse_chunk(payload)
        if "choices" not in payload:
            raise Permanent("no_choices", source="OpenAI", sent=True)
        yield replace(chunk, is_done=True)


def _parse_events(payloads: Iterable[str]) -> Iterator[Chunk]:
    """Yield one chunk for all events, given as their data; nothing if there are none.

    If one event is an error, or cannot be read, yield the chunk of those before it, then raise the error.
    """
    parsed: list[Chunk] = []
    try:
        for payload in payloads:
            parsed.append(_parse_event(payload))  # noqa: PERF401 (an error must not lose the others)
    except CocoAIError:
        yield from _join(parsed)
        raise
    yield from _join(parsed)


def _parse_event(payload: str) -> Chunk:
    return _DONE if payload.strip() == "[DONE]" else _parse_chunk(_parse_object(payload))


def _join(parsed: list[Chunk]) -> Iterator[Chunk]:
    """Join chunks into one and yield it; yield nothing if there are none.

    Texts are put in a row; of each other part the last value that is not empty stays.
    """
    if len(parsed) < 2:
        yield from parsed
        return
    yield Chunk(
        text="".join(chunk.text for chunk in parsed),
        refusal="".join(chunk.refusal for chunk in parsed),
        finish_reason=_last(chunk.finish_reason for chunk in parsed),
        model=_last(chunk.model for chunk in parsed),
        usage=next((chunk.usage for chunk in reversed(parsed) if chunk.usage), None),
        is_done=any(chunk.is_done for chunk in parsed),
    )


def _last(values: Iterable[str]) -> str:
    """Return the last value that is not empty, or "" if all are."""
    return next(filter(None, reversed(list(values))), "")


def _parse_object(payload: str | bytes) -> dict[str, Any]:
    """Parse JSON and return the object in it, or {} if it is another kind of value.

    Raise `Temporary` (`unreadable_answer`) if it is not JSON.
    """
    try:
        return _mapping(json.loads(payload))
    except (ValueError, RecursionError):
        raise Temporary("unreadable_answer", source="OpenAI", sent=True) from None


def _parse_chunk(payload: dict[str, Any]) -> Chunk:
    """Return what a streamed event, or a single body, has of each part of a `Chunk`; only its first choice is read.

    If it has an `error`, raise that as `Temporary` or `Permanent`.
    """
    if payload.get("error"):
        raise ApiError.from_stream(payload["error"]).to_exception()
    choices = payload.get("choices")
    choice = _mapping(choices[0]) if isinstance(choices, list) and choices else {}
    # A streamed event has a delta, a single body a message.
    message = _mapping(choice.get("delta")) or _mapping(choice.get("message"))
    return Chunk(
        text=_string(message.get("content")),
        refusal=_string(message.get("refusal")),
        finish_reason=_string(choice.get("finish_reason")),
        model=_string(payload.get("model")),
        usage=_parse_usage(payload.get("usage")),
    )


def _parse_usage(value: Any) -> Usage | None:
    """Return the billed tokens, with 0 for each count that is missing or odd; None if `value` is no object."""
    if not isinstance(value, dict):
        return None
    prompt, completion = (_mapping(value.get(f"{side}_tokens_details")) for side in ("prompt", "completion"))
    return Usage(
        prompt_tokens=_count(value.get("prompt_tokens")),
        cached_tokens=_count(prompt.get("cached_tokens")),
        completion_tokens=_count(value.get("completion_tokens")),
        reasoning_tokens=_count(completion.get("reasoning_tokens")),
    )


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _string(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _count(value: Any) -> int:
    return value if isinstance(value, int) and value > 0 else 0
