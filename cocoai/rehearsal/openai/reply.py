"""How OpenAI writes an answer down: one JSON object, or a stream of server-sent events, with the faults of a bad day.

Shapes: OpenAI's API reference, the chat completion object and the chat completion chunk object.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from typing import Any

from cocoai.rehearsal.openai.answer import (
    REFUSAL,
    first_tokens,
    goes_on,
    language_of,
    practice_answer,
    rest_of,
    split,
    tokens_of,
)
from cocoai.rehearsal.openai.content import Attached
from cocoai.rehearsal.openai.manner import Fault, Manner
from cocoai.rehearsal.openai.request import Said, Wanted, question_of
from cocoai.rehearsal.server import Gone

KEEP_ALIVE = b": keep-alive\n\n"
KEEP_ALIVE_EVERY = 0.02
"""Seconds; real servers take about fifteen."""

_FINISHES = {"empty": "length", "refusal": "stop", "withheld": "content_filter"}
"""The faults that leave an answer without a word, and how it ends then."""

_THINKING = {"none": 0, "minimal": 4, "low": 16}
_MUCH_THINKING = 64


@dataclass(frozen=True)
class Written:
    """An answer that is ready to be sent; either `text` or `refusal` is empty."""

    id: str
    created: int
    model: str
    text: str
    refusal: str
    finish_reason: str
    usage: dict[str, Any]


def write(wanted: Wanted, manner: Manner, fault: Fault | None, *, number: int, created: int) -> Written:
    """The same for the same request, but for its number and the time."""
    kind = fault.kind if fault else ""
    full = "" if kind in _FINISHES else _rest(wanted.said, manner) or _full(wanted.said, manner)
    refusal = REFUSAL[language_of(wanted.question.text)] if kind == "refusal" else ""
    thinking = _THINKING.get(wanted.effort, _MUCH_THINKING)
    if kind == "empty":
        thinking = wanted.limit or _MUCH_THINKING
    text = full if wanted.limit is None else first_tokens(full, max(0, wanted.limit - thinking))
    usage = _usage(wanted.prompt_tokens, tokens_of(text or refusal), thinking)
    finish_reason = _FINISHES.get(kind, "stop" if text == full else "length")
    return Written(f"chatcmpl-practice{number}", created, wanted.model, text, refusal, finish_reason, usage)


def _full(said: tuple[Said, ...], manner: Manner) -> str:
    """What it would say to the last thing that the user said, if it had no limit."""
    question = question_of(said)
    if manner.answer is not None:
        return manner.answer(question.text) if callable(manner.answer) else manner.answer
    return practice_answer(question.text, len(said), [(_named(each), each.size) for each in question.attached])


def _rest(said: tuple[Said, ...], manner: Manner) -> str:
    """What is left of the last answer, if somebody asks for it; it may have been cut more than once."""
    told, before = "", said
    while len(before) > 2 and before[-2].role == "assistant" and goes_on(before[-1].text):
        told, before = before[-2].text + told, before[:-2]
    return rest_of(_full(before, manner), told) if told else ""


def _named(attached: Attached) -> str:
    """As a PNG, a PDF called plan.pdf, a text."""
    what = attached.kind if attached.kind == "text" else attached.media_type.partition("/")[2].upper()
    return f"{what} {attached.name}".strip()


def _usage(prompt: int, visible: int, thinking: int) -> dict[str, Any]:
    return {
        "prompt_tokens": prompt,
        "completion_tokens": visible + thinking,
        "total_tokens": prompt + visible + thinking,
        "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": thinking,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }


def whole_json(written: Written) -> dict[str, Any]:
    """The chat completion object."""
    message: dict[str, Any] = {
        "role": "assistant",
        "content": None if written.refusal else written.text,
        "refusal": written.refusal or None,
        "annotations": [],
    }
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": written.finish_reason}
    return _frame(written, "chat.completion") | {"choices": [choice], "usage": written.usage}


def _frame(written: Written, kind: str) -> dict[str, Any]:
    frame: dict[str, Any] = {"id": written.id, "object": kind, "created": written.created, "model": written.model}
    return frame | {"service_tier": "default", "system_fingerprint": None}


@dataclass(frozen=True)
class Stream:
    """One answer as events. `pause` waits for some seconds; it raises `Gone` when the server is stopped meanwhile."""

    written: Written
    wanted: Wanted
    manner: Manner
    fault: Fault | None
    pause: Callable[[float], None]

    def events(self) -> Iterator[bytes]:
        """Raises `Gone` where the connection is to be cut."""
        text = self.written.text or self.written.refusal
        pieces = split(text, size=self.manner.piece_size, count=self.manner.pieces)
        strike_at = min(self.fault.after, len(pieces)) if self.fault else -1
        yield from self._wait(self.manner.first_delay)
        yield self._chunk({"role": "assistant", "content": "", "refusal": None})
        for index, piece in enumerate([*pieces, ""]):
            if index == strike_at and (yield from self._strike()):
                return
            yield from self._wait(self.manner.piece_delay if index and piece else 0)
            if piece:
                yield self._chunk({"refusal" if self.written.refusal else "content": piece})
        yield from self._ending()

    def _ending(self) -> Iterator[bytes]:
        yield self._chunk({}, self.written.finish_reason)
        if self.wanted.include_usage:
            yield _event(_frame(self.written, "chat.completion.chunk") | {"choices": [], "usage": self.written.usage})
        if self.manner.says_done:
            yield b"data: [DONE]\n\n"

    def _strike(self) -> Generator[bytes, None, bool]:
        """The fault happens now; True when all is over."""
        match self.fault:
            case Fault("pause", seconds=seconds):
                yield from self._wait(seconds)
            case Fault("cut"):
                raise Gone
            case Fault("error", code=code):
                yield _event(error_in_stream(code))
                return True
            case Fault("unfinished"):
                return True
        return False

    def _chunk(self, delta: dict[str, Any], finish_reason: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
        chunk = _frame(self.written, "chat.completion.chunk") | {"choices": [choice]}
        if self.wanted.include_usage:
            chunk["usage"] = None
        if self.wanted.obfuscated:
            # To hide from a listener how long a word is: the longer the piece, the shorter this.
            chunk["obfuscation"] = "x" * (-len(str(delta)) % 16)
        return _event(chunk)

    def _wait(self, seconds: float) -> Iterator[bytes]:
        step = KEEP_ALIVE_EVERY if self.manner.keep_alives else seconds
        while seconds > 0:
            self.pause(min(seconds, step))
            seconds -= step
            if self.manner.keep_alives:
                yield KEEP_ALIVE


def error_in_stream(code: str | int) -> dict[str, Any]:
    """With a number for a code, as some servers put it; else as OpenAI does."""
    message = "The server had an error while processing your request."
    if isinstance(code, int):
        return {"error": {"message": message, "code": code}}
    return {"error": {"message": message, "type": "server_error", "param": None, "code": code or None}}


def _event(told: dict[str, Any]) -> bytes:
    return b"data: " + json.dumps(told, ensure_ascii=False).encode() + b"\n\n"
