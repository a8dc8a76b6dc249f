"""The responses of the practice OpenAI that are no completions: JSON, the list of models, and those of faults."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from cocoai.rehearsal.openai.image_models import IMAGE_MODELS
from cocoai.rehearsal.openai.message_content import ReceivedAttachment
from cocoai.rehearsal.openai.models import SHUTDOWN, model_json
from cocoai.rehearsal.openai.openai_errors import OpenAIApiError
from cocoai.rehearsal.openai.openai_faults import OpenAIFault
from cocoai.rehearsal.openai.openai_switches import OpenAISwitches
from cocoai.rehearsal.practice_server import Outgoing

JSON = (("Content-Type", "application/json"),)
EVENT_STREAM = (("Content-Type", "text/event-stream; charset=utf-8"),)

_BAD_GATEWAY = b"<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"


@dataclass(frozen=True)
class OpenAIReply:
    """The response to one request, sent after `silence` seconds. `outgoing` None closes the connection without one.

    `body` is recorded in place of the request's body, if that is no JSON.
    """

    outcome: str
    outgoing: Outgoing | None
    silence: float = 0.0
    attached: tuple[ReceivedAttachment, ...] = ()
    body: Any = None


def api_json(value: Any, status: int = 200, headers: tuple[tuple[str, str], ...] = ()) -> Outgoing:
    """Return a response with a JSON value, this status and further headers."""
    return Outgoing(status, json.dumps(value, ensure_ascii=False).encode(), (*JSON, *headers))


def model_or_404(name: str, switches: OpenAISwitches) -> dict[str, Any]:
    """Return the model object. Raise `OpenAIApiError` (404) if there is no such model."""
    if (name not in SHUTDOWN and name not in IMAGE_MODELS) or name in switches.gone:
        raise OpenAIApiError(404, f"The model '{name}' does not exist", param="model", code="model_not_found")
    model = model_json(name)
    return model | {"shutdown_date": switches.shutdown_dates.get(name, model["shutdown_date"])}


def model_list(switches: OpenAISwitches) -> dict[str, Any]:
    """Return the list of all models that there are."""
    names = [name for name in (*SHUTDOWN, *IMAGE_MODELS) if name not in switches.gone]
    return {"object": "list", "data": [model_or_404(name, switches) for name in names]}


def front_page(status: int) -> OpenAIReply:
    """Return a page in HTML, as what stands between a client and OpenAI sends it."""
    headers = (("Content-Type", "text/html; charset=utf-8"),)
    return OpenAIReply("page", Outgoing(status, b"<!DOCTYPE html><html><body><h1>Welcome</h1></body></html>", headers))


def _error(status: int, message: str, kind: str, code: str | None, *headers: tuple[str, str]) -> OpenAIReply:
    """Return the response with OpenAI's error object of the type `kind`; its outcome is the code, else the type."""
    body = {"error": {"message": message, "type": kind, "param": None, "code": code}}
    return OpenAIReply(code or kind, api_json(body, status, headers))


def _rate_limited(fault: OpenAIFault) -> OpenAIReply:
    headers = (("Retry-After", f"{fault.seconds:g}"), ("x-ratelimit-remaining-requests", "0"))
    return _error(429, "Rate limit reached for requests.", "requests", "rate_limit_exceeded", *headers)


def no_credit(fault: OpenAIFault) -> OpenAIReply:
    """Return the response of an account without money: 429 insufficient_quota, or the fault's code in its place."""
    message = "You exceeded your current quota, please check your plan and billing details."
    return _error(429, message, "insufficient_quota", str(fault.code or "insufficient_quota"))


def _filtered(fault: OpenAIFault) -> OpenAIReply:
    message = "Your request was rejected as a result of our safety system."
    return _error(400, message, "invalid_request_error", str(fault.code or "content_policy_violation"))


def _bad_key(_: OpenAIFault) -> OpenAIReply:
    return _error(401, "Incorrect API key provided.", "invalid_request_error", "invalid_api_key")


def server_error(_: OpenAIFault) -> OpenAIReply:
    """Return the response of a server that failed: 500."""
    return _error(500, "The server had an error.", "server_error", None)


def _overloaded(_: OpenAIFault) -> OpenAIReply:
    return _error(503, "Please slow down.", "service_unavailable_error", "server_is_overloaded")


def _broken(_: OpenAIFault) -> OpenAIReply:
    return OpenAIReply("broken", Outgoing(502, _BAD_GATEWAY, (("Content-Type", "text/html"),)))


def _gone(_: OpenAIFault) -> OpenAIReply:
    return OpenAIReply("gone", None)


INSTEAD: dict[str, Callable[[OpenAIFault], OpenAIReply]] = {
    "rate limited": _rate_limited,
    "no credit": no_credit,
    "bad key": _bad_key,
    "filtered": _filtered,
    "server error": server_error,
    "overloaded": _overloaded,
    "broken": _broken,
    "gone": _gone,
}
"""The faults that take the place of the completion: each returns the response."""
