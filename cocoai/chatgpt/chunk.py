"""Chunk: what one event of a stream, or one whole body, has of an answer, wherever in its JSON that stands. Pure.

OpenAI streams a `delta` of text. Others send a list of parts, the `text` of older APIs, or a `message`; thoughts stand
in fields of their own, and errors in many shapes. What is no answer is left out, but text never is.

Sources: OpenAI's API reference, chat completion chunk; streams of Mistral, DeepSeek, OpenRouter, vLLM and LiteLLM.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, NamedTuple

from cocoai.chatgpt.api_error import ApiError
from cocoai.json_values import mapping_at, number_at, text_at

MOST_TOKENS = 10**12
"""Tokens of one answer; a count beyond that is no count, and could not even be divided as a float."""

MOST_COST = 10**6
"""USD of one answer; a cost beyond that is no cost."""


@dataclass(frozen=True)
class Usage:
    """What is billed, in tokens.

    `prompt_tokens` includes those read from the cache and those written into it, `completion_tokens` the reasoning
    ones. `cost` is what the server says that the call cost, in USD; None if it says nothing.
    """

    prompt_tokens: int
    cached_tokens: int
    completion_tokens: int
    reasoning_tokens: int
    cache_write_tokens: int = 0
    cost: float | None = None


class Chunk(NamedTuple):
    """The parts of an answer that one or several events bring; those that they do not mention are empty.

    `message` is the text of a `message`, which may repeat what was streamed. `has_thought` means that the model showed
    that it is at work without writing, `is_done` that the server has said that nothing follows.
    """

    text: str = ""
    message: str = ""
    refusal: str = ""
    has_thought: bool = False
    finish_reason: str = ""
    model: str = ""
    tier: str = ""
    usage: Usage | None = None
    is_done: bool = False
    error: ApiError | None = None

    @property
    def is_error(self) -> bool:
        """Return True if there is an error and nothing else: the answer has not begun."""
        return self.error is not None and self == Chunk(error=self.error)


DONE = Chunk(is_done=True)

_SIGNS_OF_LIFE = ("reasoning_content", "reasoning", "reasoning_details", "thinking", "thinking_blocks", "tool_calls")
"""Fields beside `content` that show that the model is at work: its thoughts as they come, and calls of tools."""

_TEXT_PARTS = ("text", "output_text")
"""Types of a part that is text of the answer; a part of another type is a thought, a picture or a call."""

_ERROR = re.compile(r"error|exception|fail|\b[45]\d\d$", re.IGNORECASE)
"""A type or a status that makes an error of the message beside it."""


def parse_chunk(payload: dict[str, Any]) -> Chunk:
    """Return what a streamed event, or a single body, has of each part of a `Chunk`; only its first choice is read."""
    choices = payload.get("choices")
    first = choices[0] if isinstance(choices, list) and choices else None
    choice: dict[str, Any] = first if isinstance(first, dict) else {}
    error = payload.get("error") or choice.get("error") or (None if choice else _error_without_a_key(payload))
    error = payload if error is True else error
    delta, usage = choice.get("delta"), payload.get("usage")
    text, refusal, has_thought = _parse_content(delta) if delta else ("", "", False)
    message = ""
    if not text and choice:
        text = text_at(choice, "text")
        if not text and (other := choice.get("message")):
            message, of_message, is_thinking = _parse_content(other)
            refusal, has_thought = refusal or of_message, has_thought or is_thinking
    if error:
        # It counts, whatever else its event says: some have a finish reason too.
        return Chunk(text, message, refusal, has_thought, error=ApiError.from_stream(error))
    reason = choice.get("finish_reason")
    return Chunk(
        text,
        message,
        refusal,
        has_thought,
        reason if reason and isinstance(reason, str) and reason != "null" else "",
        text_at(payload, "model"),
        text_at(payload, "service_tier"),
        _parse_usage(usage) if usage else None,
    )


def _parse_content(message: Any) -> tuple[str, str, bool]:
    """Return the text and the refusal in a `delta` or a `message`, and True if it has thoughts; all empty for others.

    The content is a text, or a list of parts.
    """
    if not isinstance(message, dict):
        return "", "", False
    content, refusal = message.get("content"), text_at(message, "refusal")
    if content and isinstance(content, str):
        return content, refusal, False
    has_thought = any(map(message.get, _SIGNS_OF_LIFE))
    if not content or not isinstance(content, (list, dict)):
        return "", refusal, has_thought
    parts = [part if isinstance(part, dict) else {"text": part} for part in _listed(content)]
    text = "".join(map(_text_of, parts))
    refusal += "".join(text_at(part, "refusal") for part in parts)
    return text, refusal, has_thought or not (text or refusal)


def _text_of(part: dict[str, Any]) -> str:
    """Return the text of a part, "" if it is none of the answer; some servers put it one level deeper, in `value`."""
    if (part.get("type") or "text") not in _TEXT_PARTS or part.get("thought"):
        return ""
    text = part.get("text")
    return text_at(text, "value") if isinstance(text, dict) else text_at(part, "text")


def _error_without_a_key(payload: dict[str, Any]) -> Any:
    """Return the error that an event or a body without choices is, though it is not under the key `error`; else None.

    It may stand under another key, or be the object itself.
    """
    if payload.get("object") == "error" or payload.get("type") == "error":
        return payload
    if "choices" in payload:
        return None
    kind = f"{payload.get('type')} {payload.get('status')}"
    has_name = payload.get("code") not in (None, "", "0", "200", 0, 200) or _ERROR.search(kind)
    is_error = has_name and isinstance(payload.get("message"), str)
    return payload.get("errors") or payload.get("detail") or (payload if is_error else None)


def _parse_usage(value: Any) -> Usage | None:
    """Return the billed tokens, with 0 for each count that is missing or odd; None if `value` is no object."""
    if not isinstance(value, dict):
        return None
    prompt, completion = (mapping_at(value, f"{side}_tokens_details") for side in ("prompt", "completion"))
    return Usage(
        prompt_tokens=number_at(value, "prompt_tokens", MOST_TOKENS),
        cached_tokens=number_at(prompt, "cached_tokens", MOST_TOKENS),
        completion_tokens=number_at(value, "completion_tokens", MOST_TOKENS),
        reasoning_tokens=number_at(completion, "reasoning_tokens", MOST_TOKENS),
        cache_write_tokens=number_at(prompt, "cache_write_tokens", MOST_TOKENS),
        cost=cost_in(value.get("cost")),
    )


def cost_in(value: Any) -> float | None:
    """Return a cost in USD; None if `value` is no number from 0 to MOST_COST: -1 and NaN were seen from gateways."""
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return float(value) if is_number and 0 <= value <= MOST_COST else None


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
