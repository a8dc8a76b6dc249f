"""Translates the end of a call to Slack: into Slack's JSON, or into an error that carries Slack's own code.

It sends nothing. Slack reports most refusals as HTTP 200 with `ok: false`; 429 and 5xx come as such, 5xx as HTML.
Sources: docs.slack.dev/apis/web-api, /apis/web-api/rate-limits.
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Callable, Mapping
from http.client import HTTPException, InvalidURL
from typing import Any, ParamSpec, TypeVar

from cocoai.engine.client.client import FullResponse, NotSent, ProxyFailed
from cocoai.errors import CocoAIError, Permanent, Temporary
from cocoai.json_values import text_at

IN_DOUBT = frozenset({"internal_error", "fatal_error", "service_unavailable", "request_timeout", "update_failed"})
"""Slack's codes for trouble of its own, which may have struck after the work was done."""

BUSY = frozenset({"ratelimited", "rate_limited", "message_limit_exceeded", "team_added_to_org"})
"""Slack's codes for "later"; nothing was done. Every other code is permanent."""

DEFAULT_PAUSE = 1.0
"""Seconds to wait after a 429 that does not say how long."""

SHORTEST_PAUSE = 0.1
"""Seconds to wait after any 429, at least."""

_Args = ParamSpec("_Args")
_Result = TypeVar("_Result")

_CODE = re.compile(r"[a-z0-9_]{1,80}")
_SCOPES = re.compile(r"[a-z:.,_]{1,200}")
_SECONDS = re.compile(r"[0-9]{1,6}(\.[0-9]{1,6})?")

_CODES: tuple[tuple[type[Exception], str], ...] = (
    (TimeoutError, "timeout"),
    (ProxyFailed, "proxy"),
    (ssl.SSLError, "tls"),
    (OSError, "connection"),
)
"""Our own codes for a client's exceptions. The first that fits is taken: the others are OSErrors too."""


CLIENT_ERRORS = (OSError, HTTPException, ValueError)
"""What an HTTP client raises: a connection that fails, a broken response, an address or token that cannot be sent."""


def require_ok(response: FullResponse) -> dict[str, Any]:
    """Return the response's JSON if it is `ok`. Raise `Temporary` or `Permanent`; only a 429 sets `retry_after`."""
    status, request_id = response.status, response.headers.get("x-slack-req-id", "")[:80]
    if status == 429:
        raise Temporary(
            "ratelimited", source="Slack", status=status, request_id=request_id, retry_after=_retry_after(response)
        )
    if 400 <= status < 500:
        raise Permanent("refused", source="Slack", status=status, request_id=request_id)
    reply = _json(response) if status == 200 else None
    if reply is None:
        # A 5xx, a redirect, or a page of a server in between: Slack may or may not have done its work.
        raise Temporary("no_response", source="Slack", status=status, request_id=request_id, sent=True)
    if reply.get("ok") is True:
        return reply
    raise _refusal(reply, request_id)


def translate_errors(send: Callable[_Args, _Result], *args: _Args.args, **kwargs: _Args.kwargs) -> _Result:
    """Return what `send`, which uses an HTTP client, returns. Raise `Temporary` or `Permanent` if it fails."""
    try:
        return send(*args, **kwargs)
    except CLIENT_ERRORS as error:
        failure = error_for(error)
    # Raised outside of the handler so that it carries no context: the exception may quote the header with the token.
    raise failure


def error_for(error: Exception) -> CocoAIError:
    """Return the error of our family for a client's exception. Nothing of the exception's text is kept."""
    if isinstance(error, (ValueError, InvalidURL)):
        return Permanent("bad_address_or_token", source="Slack")
    sent = not isinstance(error, NotSent)
    cause = error if sent else error.args[0]
    code = next((code for kind, code in _CODES if isinstance(cause, kind)), "broken_response")
    return Temporary("connect_timeout" if code == "timeout" and not sent else code, source="Slack", sent=sent)


def _json(response: FullResponse) -> dict[str, Any] | None:
    """Return the response's JSON object; None if it holds none."""
    try:
        reply = response.json()
    except (ValueError, RecursionError):
        return None
    return reply if isinstance(reply, dict) else None


def _refusal(reply: Mapping[str, Any], request_id: str) -> CocoAIError:
    """Return the error for a reply that is not `ok`; a missing scope is named in its code."""
    code = _matching_at(reply, "error", _CODE) or "unknown_error"
    if code in BUSY | IN_DOUBT:
        return Temporary(code, source="Slack", status=200, request_id=request_id, sent=code in IN_DOUBT)
    needed = _matching_at(reply, "needed", _SCOPES) if code == "missing_scope" else ""
    return Permanent(f"{code}:{needed}" if needed else code, source="Slack", status=200, request_id=request_id)


def _matching_at(reply: Mapping[str, Any], key: str, shape: re.Pattern[str]) -> str:
    """Return the text under `key` if it has this shape, so that nothing odd gets into an error's code; else ""."""
    text = text_at(reply, key)
    return text if shape.fullmatch(text) else ""


def _retry_after(response: FullResponse) -> float:
    seconds = response.headers.get("retry-after", "")
    return max(float(seconds), SHORTEST_PAUSE) if _SECONDS.fullmatch(seconds) else DEFAULT_PAUSE
