"""Read a request for a chat completion from its JSON, or refuse it with the error that OpenAI gives.

Fields and codes: OpenAI's API reference and its guide to error codes, and what its servers were seen to answer.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cocoai.rehearsal.openai.message_content import ReceivedAttachment, read_content
from cocoai.rehearsal.openai.models import HEARS, SHUTDOWN, efforts, has_cache_breakpoints, reasons
from cocoai.rehearsal.openai.openai_errors import OpenAIApiError, missing, none_of, wrong_type
from cocoai.rehearsal.openai.openai_switches import OpenAISwitches

ROLES = ("developer", "system", "user", "assistant", "tool", "function")
TIERS = ("auto", "default", "flex", "scale", "priority", "fast")
CACHE_MODES = ("implicit", "explicit")
CACHE_TTLS = ("30m",)
MESSAGE_TOKENS = 4
"""Tokens that each message costs besides its content, for its role and its delimiters."""
_PARAMETERS = """
audio frequency_penalty function_call functions logit_bias logprobs max_completion_tokens max_tokens messages metadata
modalities model moderation n parallel_tool_calls prediction presence_penalty prompt_cache_key prompt_cache_options
prompt_cache_retention reasoning_effort response_format safety_identifier seed service_tier stop store stream
stream_options temperature tool_choice tools top_logprobs top_p user verbosity web_search_options
"""
KNOWN = frozenset(_PARAMETERS.split())
"""The parameters of a request; others are refused."""


@dataclass(frozen=True)
class RequestMessage:
    """One message of a request: its text and its attachments. `tokens` estimates how many tokens both take.

    `digest` is the same for messages with the same JSON, attachments included.
    """

    role: str
    text: str
    attached: tuple[ReceivedAttachment, ...] = ()
    tokens: int = 0
    digest: str = ""


@dataclass(frozen=True)
class CompletionRequest:
    """An accepted request. `limit` is the most tokens of the answer, reasoning included (None: no limit).

    `prompt_tokens` are those of the messages. `include_usage` and `obfuscated` are the stream options for a last event
    with the usage, and for padded chunks. `effort` is the reasoning_effort, `none` for a model that does not reason.
    `service_tier` is None if none was set, `cache_key` "" without a prompt_cache_key; `caches` is False if the prompt
    is neither to be read from the cache nor written to it.
    """

    model: str
    messages: tuple[RequestMessage, ...]
    stream: bool
    include_usage: bool
    obfuscated: bool
    limit: int | None
    effort: str
    prompt_tokens: int
    service_tier: str | None = None
    cache_key: str = ""
    caches: bool = True

    @property
    def turns(self) -> tuple[RequestMessage, ...]:
        """Return the messages without the instructions (the roles system and developer)."""
        return tuple(message for message in self.messages if message.role not in ("system", "developer"))

    @property
    def question(self) -> RequestMessage:
        """Return the last message of the user, an empty one if there is none."""
        return question_of(self.turns)

    @property
    def attached(self) -> tuple[ReceivedAttachment, ...]:
        """Return the attachments of all messages, in their order."""
        return tuple(each for message in self.messages for each in message.attached)


def question_of(turns: tuple[RequestMessage, ...]) -> RequestMessage:
    """Return the last message of the user, an empty one if there is none."""
    return next((message for message in reversed(turns) if message.role == "user"), RequestMessage("user", ""))


def parse_json(body: bytes) -> Any:
    """Parse a body as JSON and return its value, or None if it is not JSON."""
    try:
        return json.loads(body)
    except ValueError:
        return None


def read_request(body: Any, switches: OpenAISwitches) -> CompletionRequest:
    """Check a parsed JSON body (None: it was no JSON) and return the request in it.

    Raise `OpenAIApiError` for the first error that is found, as OpenAI does: no JSON object, an unknown parameter or
    model, messages that are not acceptable or too long, a parameter that the model does not support.
    """
    if not isinstance(body, dict):
        raise OpenAIApiError(400, "We could not parse the JSON body of your request.")
    _refuse_parameters(body, switches)
    model = _model(body, switches.gone)
    messages = _messages(body, switches, model)
    _refuse_for_model(model, body)
    options = _stream_options(body)
    tokens = sum(message.tokens + MESSAGE_TOKENS for message in messages)
    _refuse_too_long(tokens, switches.context_tokens)
    return CompletionRequest(
        model,
        messages,
        stream=bool(body.get("stream")) and not switches.ignores_stream,
        include_usage=bool(options.get("include_usage")),
        obfuscated=bool(options.get("include_obfuscation", True)),
        limit=_limit(body),
        effort=body.get("reasoning_effort") or ("medium" if reasons(model) else "none"),
        prompt_tokens=tokens,
        service_tier=_service_tier(body),
        cache_key=_cache_key(body),
        caches=_cache_options(body).get("mode") != "explicit",
    )


def _refuse_parameters(body: Mapping[str, Any], switches: OpenAISwitches) -> None:
    """Raise `OpenAIApiError` for a parameter that OpenAI does not know, or that the switches refuse by name."""
    for name in body:
        if name in switches.refuses_in_words:
            raise OpenAIApiError(400, f"Unrecognized request argument supplied: {name}")
        if name in switches.refuses:
            raise _unsupported(name)
        if name not in KNOWN:
            raise OpenAIApiError(400, f"Unknown parameter: '{name}'.", param=name, code="unknown_parameter")


def _model(body: Mapping[str, Any], gone: frozenset[str]) -> str:
    """Return the model's name. Raise `OpenAIApiError` if it is missing (400), or unknown or among `gone` (404)."""
    model = body.get("model")
    if not isinstance(model, str) or not model:
        raise OpenAIApiError(400, "you must provide a model parameter")
    if model not in SHUTDOWN or model in gone:
        raise OpenAIApiError(
            404, f"The model `{model}` does not exist or you do not have access to it.", code="model_not_found"
        )
    if model in HEARS:
        raise OpenAIApiError(404, "This is not a chat model and thus not supported here.", param="model")
    return model


def _messages(body: Mapping[str, Any], switches: OpenAISwitches, model: str) -> tuple[RequestMessage, ...]:
    """Return the messages, at least one.

    Raise `OpenAIApiError` if the field is missing, no list or an empty one, or if a message is not acceptable.
    """
    messages = body.get("messages")
    if messages is None:
        raise missing("messages")
    if not isinstance(messages, list):
        raise wrong_type("messages", "an array of objects")
    if not messages:
        raise OpenAIApiError(400, "Invalid 'messages': empty array.", param="messages", code="empty_array")
    return tuple(_message(message, f"messages[{index}]", switches, model) for index, message in enumerate(messages))


def _message(message: Any, where: str, switches: OpenAISwitches, model: str) -> RequestMessage:
    """Return one message; `where` is its place for error messages, as `messages[0]`.

    Raise `OpenAIApiError` if it is no object, or its role or content is not acceptable.
    """
    if not isinstance(message, dict):
        raise wrong_type(where, "an object")
    role = message.get("role")
    if role not in ROLES:
        raise none_of(f"{where}.role", role, ROLES)
    content = read_content(message.get("content"), role, f"{where}.content", switches, model)
    digest = hashlib.sha256(json.dumps(message, sort_keys=True).encode()).hexdigest()
    return RequestMessage(role, content.text, content.attached, content.tokens, digest)


def _refuse_for_model(model: str, body: Mapping[str, Any]) -> None:
    """Raise `OpenAIApiError` for a parameter or a value that this model does not support.

    A reasoning_effort is for reasoning models, which take no max_tokens and no stop; unless the effort is `none`, they
    take no temperature and no top_p but 1. prompt_cache_options are for gpt-5.6 and newer.
    """
    if body.get("prompt_cache_options") is not None and not has_cache_breakpoints(model):
        raise _unsupported("prompt_cache_options")
    effort = body.get("reasoning_effort")
    if effort is not None and not reasons(model):
        raise OpenAIApiError(400, "Unrecognized request argument supplied: reasoning_effort")
    if effort is not None and effort not in efforts(model):
        raise _unsupported_value("reasoning_effort", effort, f"Supported values are: {', '.join(efforts(model))}.")
    if not reasons(model):
        return
    if body.get("max_tokens") is not None:
        raise _unsupported("max_tokens", " Use 'max_completion_tokens' instead.")
    if body.get("stop") is not None:
        raise _unsupported("stop")
    for name in ("temperature", "top_p"):
        # Without reasoning a newer model accepts these as the older ones do.
        if effort != "none" and body.get(name) not in (None, 1):
            raise _unsupported_value(name, body[name], "Only the default (1) value is supported.")


def _stream_options(body: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return `stream_options`, {} if there are none.

    Raise `OpenAIApiError` if they are no object, or the request asks for no stream.
    """
    options = body.get("stream_options")
    if options is None:
        return {}
    if not body.get("stream"):
        problem = "The 'stream_options' parameter is only allowed when 'stream' is enabled."
        raise OpenAIApiError(400, problem, param="stream_options")
    if not isinstance(options, dict):
        raise wrong_type("stream_options", "an object")
    return options


def _service_tier(body: Mapping[str, Any]) -> str | None:
    """Return the service_tier, None if there is none. Raise `OpenAIApiError` if it is not one of `TIERS`."""
    tier = body.get("service_tier")
    if tier is not None and tier not in TIERS:
        raise none_of("service_tier", tier, TIERS)
    return tier


def _cache_key(body: Mapping[str, Any]) -> str:
    """Return the prompt_cache_key, "" if there is none. Raise `OpenAIApiError` if it is no string."""
    key = body.get("prompt_cache_key")
    if key is not None and not isinstance(key, str):
        raise wrong_type("prompt_cache_key", "a string")
    return key or ""


def _cache_options(body: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return `prompt_cache_options`, {} if there are none.

    Raise `OpenAIApiError` if they are no object, or have another mode or lifetime than there are.
    """
    options = body.get("prompt_cache_options")
    if options is None:
        return {}
    if not isinstance(options, dict):
        raise wrong_type("prompt_cache_options", "an object")
    for name, known in (("mode", CACHE_MODES), ("ttl", CACHE_TTLS)):
        if options.get(name) is not None and options[name] not in known:
            raise none_of(f"prompt_cache_options.{name}", options[name], known)
    return options


def _limit(body: Mapping[str, Any]) -> int | None:
    """Return the most tokens of the answer: max_completion_tokens, else max_tokens, else None for no limit.

    Raise `OpenAIApiError` if it is no integer, or below 1.
    """
    for name in ("max_completion_tokens", "max_tokens"):
        limit = body.get(name)
        if limit is None:
            continue
        if not isinstance(limit, int):
            raise wrong_type(name, "an integer")
        if limit < 1:
            problem = f"Invalid '{name}': integer below minimum value."
            raise OpenAIApiError(400, problem, param=name, code="integer_below_min_value")
        return limit
    return None


def _refuse_too_long(tokens: int, allowed: int) -> None:
    """Raise `OpenAIApiError` (context_length_exceeded) if the messages have more tokens than allowed."""
    if tokens > allowed:
        problem = f"This model's maximum context length is {allowed} tokens, your messages resulted in {tokens} tokens."
        raise OpenAIApiError(400, problem, param="messages", code="context_length_exceeded")


def _unsupported(name: str, more: str = "") -> OpenAIApiError:
    problem = f"Unsupported parameter: '{name}' is not supported with this model.{more}"
    return OpenAIApiError(400, problem, param=name, code="unsupported_parameter")


def _unsupported_value(name: str, value: Any, more: str) -> OpenAIApiError:
    problem = f"Unsupported value: '{name}' does not support {value!r} with this model. {more}"
    return OpenAIApiError(400, problem, param=name, code="unsupported_value")
