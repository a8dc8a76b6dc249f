"""Compose an answer and write it as OpenAI does: as one JSON object, or as a stream of server-sent events with faults.

Sources: OpenAI's API reference, the chat completion object and the chat completion chunk object.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, replace
from typing import Any

from cocoai.rehearsal.openai.billing import BillMeter
from cocoai.rehearsal.openai.completion_request import CompletionRequest, RequestMessage, question_of
from cocoai.rehearsal.openai.material_answer import asks_for_words, material_answer, read_material, search_words
from cocoai.rehearsal.openai.message_content import ReceivedAttachment
from cocoai.rehearsal.openai.openai_faults import OpenAIFault
from cocoai.rehearsal.openai.openai_switches import OpenAISwitches
from cocoai.rehearsal.openai.practice_answer import (
    REFUSAL,
    asks_to_continue,
    first_tokens,
    language_of,
    practice_answer,
    rest_of,
    split,
    tokens_of,
)
from cocoai.rehearsal.openai.practice_prices import TokenUse
from cocoai.rehearsal.openai.prompt_cache import UNCACHED, CacheUse
from cocoai.rehearsal.openai.told_cost import answering_tier, usage_json
from cocoai.rehearsal.practice_server import Gone

KEEP_ALIVE = b": keep-alive\n\n"
KEEP_ALIVE_EVERY = 0.02
"""Seconds between two comments; of real servers about 15."""

_FINISHES = {"empty": "length", "refusal": "stop", "withheld": "content_filter", "wordless": "stop"}
"""The finish_reason of each fault that leaves the answer without text; of `withheld` some pieces may come before."""

_REASONING = {"none": 0, "minimal": 4, "low": 16}
_MUCH_REASONING = 64
"""Reasoning tokens of an effort; those that `_REASONING` does not list take `_MUCH_REASONING`."""


@dataclass(frozen=True)
class Completion:
    """An answer that is ready to be sent; `text` or `refusal` is empty, or both are.

    `created` is in epoch seconds; `usage` is OpenAI's usage object, `use` has the same tokens. `tier` is the one that
    answers; `told_tier` is it too, or None if the request set none: then the answer does not name it.
    """

    id: str
    created: int
    model: str
    text: str
    refusal: str
    finish_reason: str
    usage: dict[str, Any]
    use: TokenUse
    tier: str
    told_tier: str | None


def complete(
    request: CompletionRequest,
    switches: OpenAISwitches,
    fault: OpenAIFault | None,
    *,
    number: int,
    created: int,
    cache: CacheUse = UNCACHED,
) -> Completion:
    """Return the answer to a request: always the same, except for `number` (in its id) and `created` (epoch s).

    The request's token limit cuts it (finish_reason `length`). A fault that is in _FINISHES leaves no text; other
    faults change nothing here. `cache` tells how much of the prompt was read from the cache and written to it.
    """
    kind = fault.kind if fault else ""
    if asks_for_words("\n".join(each.text for each in request.messages if each not in request.turns)):
        full = search_words(request.question.text)
    else:
        full = _continuation(request.turns, switches) or _full_answer(request.turns, switches)
    if fault and kind in _FINISHES:
        pieces = split(full, size=switches.piece_size, count=switches.pieces)
        full = "".join(pieces[: fault.after]) if kind == "withheld" else ""
    refusal = REFUSAL[language_of(request.question.text)] if kind == "refusal" else ""
    reasoning = _REASONING.get(request.effort, _MUCH_REASONING)
    if kind == "empty":
        reasoning = request.limit or _MUCH_REASONING
    # Reasoning tokens count against the limit, so that a low one may leave no text at all.
    text = full if request.limit is None else first_tokens(full, max(0, request.limit - reasoning))
    output = tokens_of(text or refusal) + reasoning
    use = TokenUse(request.prompt_tokens, cache.read, cache.written, output, reasoning)
    tier = answering_tier(request.service_tier, switches)
    return Completion(
        id=f"chatcmpl-practice{number}",
        created=created,
        model=request.model,
        text=text,
        refusal=refusal,
        finish_reason=_FINISHES.get(kind, "stop" if text == full else "length"),
        usage=usage_json(request.model, tier, use, switches),
        use=use,
        tier=tier,
        told_tier=tier if request.service_tier else None,
    )


def _full_answer(
    turns: tuple[RequestMessage, ...], switches: OpenAISwitches, continued: RequestMessage | None = None
) -> str:
    """Return the uncut answer to the last question: that of `switches.answer` if set, else the practice answer.

    The passages that it quotes stand under the question, or under the one by which it is `continued`.
    """
    question = question_of(turns)
    asked = read_material(question.text)
    found = material_answer(replace(read_material(continued.text), text=asked.text) if continued else asked)
    if switches.answer is not None:
        return switches.answer(question.text) if callable(switches.answer) else switches.answer
    attached = [(_described(each), each.size) for each in question.attached]
    return practice_answer(asked.text, len(turns), attached, found)


def _continuation(turns: tuple[RequestMessage, ...], switches: OpenAISwitches) -> str:
    """Return the rest of the last answer if the last question asks to continue it.

    Return "" if it does not, if nothing is left, or if what was sent is not the beginning of the practice's answer.
    """
    # An answer may have been cut more than once: join its parts, back to the question that it answers.
    sent, before = "", turns
    while len(before) > 2 and before[-2].role == "assistant" and asks_to_continue(read_material(before[-1].text).text):
        sent, before = before[-2].text + sent, before[:-2]
    return rest_of(_full_answer(before, switches, turns[-1]), sent) if sent else ""


def _described(attached: ReceivedAttachment) -> str:
    """Return what an attachment is, as `PNG`, `PDF plan.pdf` or `text`."""
    what = attached.kind if attached.kind == "text" else attached.media_type.partition("/")[2].upper()
    return f"{what} {attached.name}".strip()


def completion_json(completion: Completion) -> dict[str, Any]:
    """Return the chat completion object of an answer: the body of a response that is not streamed."""
    message: dict[str, Any] = {
        "role": "assistant",
        "content": None if completion.refusal else completion.text,
        "refusal": completion.refusal or None,
        "annotations": [],
    }
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": completion.finish_reason}
    return _frame(completion, "chat.completion") | {"choices": [choice], "usage": completion.usage}


def _frame(completion: Completion, kind: str) -> dict[str, Any]:
    """Return the fields that the completion object and the chunk object share.

    `kind` is the value of the field `object`: `chat.completion` or `chat.completion.chunk`.
    """
    frame: dict[str, Any] = {
        "id": completion.id,
        "object": kind,
        "created": completion.created,
        "model": completion.model,
    }
    if completion.told_tier:
        frame["service_tier"] = completion.told_tier
    return frame | {"system_fingerprint": None}


@dataclass(frozen=True)
class CompletionStream:
    """One answer as a stream of events. `pause` waits, and raises `Gone` if the server is stopped meanwhile.

    `meter` counts what is generated.
    """

    completion: Completion
    request: CompletionRequest
    switches: OpenAISwitches
    fault: OpenAIFault | None
    pause: Callable[[float], None]
    meter: BillMeter

    def events(self) -> Iterator[bytes]:
        """Yield the server-sent events of the answer, after the delays of the switches, with the fault if there is one.

        Raise `Gone` to close the connection: for the fault `cut`, or if the server is stopped.
        """
        text = self.completion.text or self.completion.refusal
        pieces = split(text, size=self.switches.piece_size, count=self.switches.pieces)
        # A fault that is due after more pieces than there are comes after the last one.
        fault_at = min(self.fault.after, len(pieces)) if self.fault else -1
        yield from self._wait(self.switches.first_delay)
        yield self._chunk({"role": "assistant", "content": "", "refusal": None})
        # The empty piece stands for the end, where a fault may come too.
        for index, piece in enumerate([*pieces, ""]):
            if index == fault_at and (yield from self._apply_fault()):
                return
            yield from self._wait(self.switches.piece_delay if index and piece else 0)
            if piece:
                self.meter.add(piece)
                yield self._chunk({"refusal" if self.completion.refusal else "content": piece})
        # Billed before the last events are sent, so that a client that has read them finds the bill complete.
        self.meter.finish()
        yield from self._ending()

    def _ending(self) -> Iterator[bytes]:
        """Yield the last events: the finish_reason, the usage if the request wants it, [DONE] unless switched off."""
        if self.fault is None or self.fault.kind != "unexplained":
            yield self._chunk({}, self.completion.finish_reason)
        if self.request.include_usage or self.switches.usage_cost is not False:
            yield _event(
                _frame(self.completion, "chat.completion.chunk") | {"choices": [], "usage": self.completion.usage}
            )
        if self.switches.says_done:
            yield b"data: [DONE]\n\n"

    def _apply_fault(self) -> Generator[bytes, None, bool]:
        """Let the fault happen, and return True if the stream ends with it (`error`, `unfinished`).

        Yield an error's event, or keep-alive comments of a pause, during which this waits. Raise `Gone` for a cut.
        """
        match self.fault:
            case OpenAIFault("pause", seconds=seconds):
                yield from self._wait(seconds)
            case OpenAIFault("cut"):
                self.meter.cut()
                raise Gone
            case OpenAIFault("error", code=code):
                self.meter.cut()
                yield _event(error_in_stream(code))
                return True
            case OpenAIFault("unfinished"):
                self.meter.cut()
                return True
        return False

    def _chunk(self, delta: dict[str, Any], finish_reason: str | None = None) -> bytes:
        """Return the event of a chunk object: `delta` holds the new piece of the message, {} in the last chunk."""
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
        chunk = _frame(self.completion, "chat.completion.chunk") | {"choices": [choice]}
        if self.request.include_usage:
            chunk["usage"] = None  # OpenAI sends null in every chunk but the last
        if self.request.obfuscated:
            # OpenAI pads each chunk, so that its length on the wire does not show the length of the piece.
            chunk["obfuscation"] = "x" * (-len(str(delta)) % 16)
        return _event(chunk)

    def _wait(self, seconds: float) -> Iterator[bytes]:
        """Wait so many seconds, or not for 0; yield keep-alive comments meanwhile, if they are switched on."""
        step = KEEP_ALIVE_EVERY if self.switches.keep_alives else seconds
        while seconds > 0:
            self.pause(min(seconds, step))
            seconds -= step
            if self.switches.keep_alives:
                yield KEEP_ALIVE


def error_in_stream(code: str | int) -> dict[str, Any]:
    """Return the error object that is sent inside a stream, with this code ("" is sent as null).

    With a number the object has a message and the code only, as some servers send it; else it is OpenAI's.
    """
    message = "The server had an error while processing your request."
    if isinstance(code, int):
        return {"error": {"message": message, "code": code}}
    return {"error": {"message": message, "type": "server_error", "param": None, "code": code or None}}


def _event(data: dict[str, Any]) -> bytes:
    """Return a server-sent event, `data: ...`, with this JSON object."""
    return b"data: " + json.dumps(data, ensure_ascii=False).encode() + b"\n\n"
