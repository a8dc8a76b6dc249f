"""What OpenAI makes of a request for a chat completion: it understands it, or says in its own shape what is wrong.

Shapes and codes: OpenAI's API reference and its guide to error codes, and what its servers were seen to answer.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cocoai.rehearsal.openai.content import Attached, read_content
from cocoai.rehearsal.openai.errors import ApiError, missing, none_of, wrong_type
from cocoai.rehearsal.openai.manner import Manner
from cocoai.rehearsal.openai.models import SHUTDOWN, efforts, thinks

ROLES = ("developer", "system", "user", "assistant", "tool", "function")
_PARAMETERS = """
audio frequency_penalty function_call functions logit_bias logprobs max_completion_tokens max_tokens messages metadata
modalities model moderation n parallel_tool_calls prediction presence_penalty prompt_cache_key prompt_cache_options
prompt_cache_retention reasoning_effort response_format safety_identifier seed service_tier stop store stream
stream_options temperature tool_choice tools top_logprobs top_p user verbosity web_search_options
"""
KNOWN = frozenset(_PARAMETERS.split())


@dataclass(frozen=True)
class Said:
    """One message: what was said, and what was attached to it. `tokens` are those of both."""

    role: str
    text: str
    attached: tuple[Attached, ...] = ()
    tokens: int = 0


@dataclass(frozen=True)
class Wanted:
    """A request that was understood. `limit` counts the thinking too; `prompt_tokens` are those of the messages."""

    model: str
    messages: tuple[Said, ...]
    stream: bool
    include_usage: bool
    obfuscated: bool
    limit: int | None
    effort: str
    prompt_tokens: int

    @property
    def said(self) -> tuple[Said, ...]:
        """The messages without the instructions."""
        return tuple(message for message in self.messages if message.role not in ("system", "developer"))

    @property
    def question(self) -> Said:
        """The last thing that the user said."""
        return question_of(self.said)

    @property
    def attached(self) -> tuple[Attached, ...]:
        """All that was attached, in all messages."""
        return tuple(each for message in self.messages for each in message.attached)


def question_of(said: tuple[Said, ...]) -> Said:
    """The last thing that the user said; empty if it was nothing."""
    return next((message for message in reversed(said) if message.role == "user"), Said("user", ""))


def parsed(body: bytes) -> Any:
    """The JSON of a body, or None."""
    try:
        return json.loads(body)
    except ValueError:
        return None


def understood(told: Any, manner: Manner) -> Wanted:
    """Raises `ApiError` as OpenAI would; the first fault that is found is the one that is told."""
    if not isinstance(told, dict):
        raise ApiError(400, "We could not parse the JSON body of your request.")
    _refuse_parameters(told, manner)
    model = _model(told)
    messages = _messages(told, manner)
    _refuse_for_model(model, told)
    options = _stream_options(told)
    tokens = sum(said.tokens + 4 for said in messages)
    _refuse_too_long(tokens, manner.context_tokens)
    return Wanted(
        model,
        messages,
        stream=bool(told.get("stream")) and not manner.ignores_stream,
        include_usage=bool(options.get("include_usage")),
        obfuscated=bool(options.get("include_obfuscation", True)),
        limit=_limit(told),
        effort=told.get("reasoning_effort") or ("medium" if thinks(model) else "none"),
        prompt_tokens=tokens,
    )


def _refuse_parameters(told: Mapping[str, Any], manner: Manner) -> None:
    for name in told:
        if name in manner.refuses_in_words:
            raise ApiError(400, f"Unrecognized request argument supplied: {name}")
        if name in manner.refuses:
            raise _unsupported(name)
        if name not in KNOWN:
            raise ApiError(400, f"Unknown parameter: '{name}'.", param=name, code="unknown_parameter")


def _model(told: Mapping[str, Any]) -> str:
    model = told.get("model")
    if not isinstance(model, str) or not model:
        raise ApiError(400, "you must provide a model parameter")
    if model not in SHUTDOWN:
        raise ApiError(
            404, f"The model `{model}` does not exist or you do not have access to it.", code="model_not_found"
        )
    return model


def _messages(told: Mapping[str, Any], manner: Manner) -> tuple[Said, ...]:
    messages = told.get("messages")
    if messages is None:
        raise missing("messages")
    if not isinstance(messages, list):
        raise wrong_type("messages", "an array of objects")
    if not messages:
        raise ApiError(400, "Invalid 'messages': empty array.", param="messages", code="empty_array")
    return tuple(_message(message, f"messages[{index}]", manner) for index, message in enumerate(messages))


def _message(message: Any, where: str, manner: Manner) -> Said:
    if not isinstance(message, dict):
        raise wrong_type(where, "an object")
    role = message.get("role")
    if role not in ROLES:
        raise none_of(f"{where}.role", role, ROLES)
    content = read_content(message.get("content"), role, f"{where}.content", manner)
    return Said(role, content.text, content.attached, content.tokens)


def _refuse_for_model(model: str, told: Mapping[str, Any]) -> None:
    effort = told.get("reasoning_effort")
    if effort is not None and not thinks(model):
        raise ApiError(400, "Unrecognized request argument supplied: reasoning_effort")
    if effort is not None and effort not in efforts(model):
        raise _unsupported_value("reasoning_effort", effort, f"Supported values are: {', '.join(efforts(model))}.")
    if not thinks(model):
        return
    if told.get("max_tokens") is not None:
        raise _unsupported("max_tokens", " Use 'max_completion_tokens' instead.")
    if told.get("stop") is not None:
        raise _unsupported("stop")
    for name in ("temperature", "top_p"):
        if effort != "none" and told.get(name) not in (None, 1):
            raise _unsupported_value(name, told[name], "Only the default (1) value is supported.")


def _stream_options(told: Mapping[str, Any]) -> Mapping[str, Any]:
    options = told.get("stream_options")
    if options is None:
        return {}
    if not told.get("stream"):
        problem = "The 'stream_options' parameter is only allowed when 'stream' is enabled."
        raise ApiError(400, problem, param="stream_options")
    if not isinstance(options, dict):
        raise wrong_type("stream_options", "an object")
    return options


def _limit(told: Mapping[str, Any]) -> int | None:
    for name in ("max_completion_tokens", "max_tokens"):
        limit = told.get(name)
        if limit is None:
            continue
        if not isinstance(limit, int):
            raise wrong_type(name, "an integer")
        if limit < 1:
            problem = f"Invalid '{name}': integer below minimum value."
            raise ApiError(400, problem, param=name, code="integer_below_min_value")
        return limit
    return None


def _refuse_too_long(tokens: int, allowed: int) -> None:
    if tokens > allowed:
        problem = f"This model's maximum context length is {allowed} tokens, your messages resulted in {tokens} tokens."
        raise ApiError(400, problem, param="messages", code="context_length_exceeded")


def _unsupported(name: str, more: str = "") -> ApiError:
    problem = f"Unsupported parameter: '{name}' is not supported with this model.{more}"
    return ApiError(400, problem, param=name, code="unsupported_parameter")


def _unsupported_value(name: str, value: Any, more: str) -> ApiError:
    problem = f"Unsupported value: '{name}' does not support {value!r} with this model. {more}"
    return ApiError(400, problem, param=name, code="unsupported_value")
