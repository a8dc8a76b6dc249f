"""Events as OpenAI sends them, and helpers that read a body without a network: for the pure tests of chatgpt/."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from cocoai.chatgpt.chunk import Chunk, Usage
from cocoai.chatgpt.stream import Ending, StreamState
from cocoai.chatgpt.stream_parser import AnswerParser, SingleBodyParser, StreamParser
from cocoai.errors import CocoAIError

MODEL = "gpt-6-luna"
USAGE = {
    "prompt_tokens": 30,
    "completion_tokens": 12,
    "total_tokens": 42,
    "prompt_tokens_details": {"cached_tokens": 20},
    "completion_tokens_details": {"reasoning_tokens": 5},
}
TOKENS = Usage(prompt_tokens=30, cached_tokens=20, completion_tokens=12, reasoning_tokens=5)


def delta(content: object, finish_reason: str | None = None, **more: Any) -> str:
    """Return an event with a piece of text, as OpenAI sends it: one line of JSON."""
    choice = {"index": 0, "delta": {"content": content}, "finish_reason": finish_reason}
    return json.dumps({"model": "gpt-6", "choices": [choice], "usage": None, **more}, ensure_ascii=False)


def choice(finish_reason: str | None = None, **parts: Any) -> str:
    """Return an event whose only choice has these parts, such as `delta`, `message` or `text`."""
    return json.dumps({"choices": [{"index": 0, "finish_reason": finish_reason, **parts}]}, ensure_ascii=False)


def stream_of(*payloads: str, end: str = "\n") -> bytes:
    """Return the bytes of a stream of these events."""
    return "".join(f"data: {payload}{end}{end}" for payload in payloads).encode()


def parsed(parser: AnswerParser | StreamParser | SingleBodyParser, pieces: Iterable[bytes]) -> Iterator[Chunk]:
    """Yield what the parser makes of the pieces."""
    for piece in pieces:
        yield from parser.feed(piece)
    yield from parser.end()


def outcome(pieces: Iterable[bytes]) -> tuple[str, Ending | None, str]:
    """Return the text before an error, the ending, and the error's class and evidence.

    The ending is None without an answer that is complete, the error "" if there is none.
    """
    state, texts, failure, ending = StreamState(MODEL), [""], "", None
    try:
        for chunk in parsed(AnswerParser(), pieces):
            texts.append(state.take(chunk))
            if state.error:
                raise state.error.to_exception()
            if state.is_done:
                break
    except CocoAIError as error:
        failure = f"{type(error).__name__} {error}"
    if state.is_complete:
        texts.append(state.rest())
        try:
            ending, failure = state.ending(), ""
        except CocoAIError as error:
            failure = f"{type(error).__name__} {error}"
    return "".join(texts), ending, failure


def read(pieces: Iterable[bytes]) -> tuple[str, Ending | None]:
    """Return the text of a body, and its ending if it is complete; there must be no error."""
    text, ending, failure = outcome(pieces)

    assert "" == failure
    return text, ending
