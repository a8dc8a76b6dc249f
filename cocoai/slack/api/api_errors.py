"""How a call to Slack ended: in what Slack told us, or in an error of our family with Slack's own code as evidence.

It sends nothing. Slack says most of its refusals as HTTP 200 with `ok: false`; 429 and 5xx come as such, 5xx as HTML.
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Callable
from http.client import HTTPException, InvalidURL
from typing import Any, TypeVar

from cocoai.engine.client.client import FullResponse, NotSent, ProxyFailed
from cocoai.errors import CocoAIError, Permanent, Temporary

IN_DOUBT = frozenset({"internal_error", "fatal_error", "service_unavailable", "request_timeout", "update_failed"})
"""Slack's own troubles, which may have struck when the work was done."""

BUSY = frozenset({"ratelimited", "rate_limited", "message_limit_exceeded", "team_added_to_org"})
"""Slack's ways to say later; nothing was done. Every other code is for good."""

DEFAULT_PAUSE = 1.0
SHORTEST_PAUSE = 0.1
"""Seconds to wait after a 429 that does not say how long, and at least."""

_Got = TypeVar("_Got")

_CODE = re.compile(r"[a-z0-9_]{1,80}")
_SCOPES = re.compile(r"[a-z:.,_]{1,200}")
_SECONDS = re.compile(r"[0-9]{1,6}(\.[0-9]{1,6})?")

_TROUBLES: tuple[tuple[type[Exception], str], ...] = (
    (TimeoutError, "timeout"),
    (ProxyFailed, "proxy"),
    (ssl.SSLError, "tls"),
    (OSError, "connection"),
)


def require_ok(response: FullResponse) -> dict[str, Any]:
    """The response's JSON, if it is `ok`. Raises `Temporary` or `Permanent`; only a 429 sets `retry_after`."""
    status, request_id = response.status, response.headers.get("x-slack-req-id", "")[:80]
    if status == 429:
        raise Temporary(
            "ratelimited", source="Slack", status=status, request_id=request_id, retry_after=_retry_after(response)
        )
    if 400 <= status < 500:
        raise Permanent("refused", source="Slack", status=status, request_id=request_id)
    told = _json(response) if status == 200 else None
    if told is None:
        # A 5xx, a redirect, a page of somebody in between: whether Slack did its work nobody knows.
        raise Temporary("no_response", source="Slack", status=status, request_id=request_id, sent=True)
    if told.get("ok") is True:
        return told
    raise _refusal(told, request_id)


def translate_errors(send: Callable[[], _Got]) -> _Got:
    """What `send`, which uses a line, brings. Raises what its failure means, `Temporary` or `Permanent`."""
    try:
        return send()
    except (OSError, HTTPException, ValueError) as error:
        failure = error_for(error)
    # Raised out here so that it carries no context: it may quote the header with the token.
    raise failure


def error_for(error: Exception) -> CocoAIError:
    """What an exception of a line means for the caller; nothing of its text is kept."""
    if isinstance(error, (ValueError, InvalidURL)):
        return Permanent("bad_address_or_token", source="Slack")
    sent = not isinstance(error, NotSent)
    why = error if sent else error.args[0]
    code = next((code for kind, code in _TROUBLES if isinstance(why, kind)), "broken_response")
    return Temporary("connect_timeout" if code == "timeout" and not sent else code, source="Slack", sent=sent)


def _json(response: FullResponse) -> dict[str, Any] | None:
    try:
        told = response.json()
    except (ValueError, RecursionError):
        return None
    return told if isinstance(told, dict) else None


def _refusal(told: dict[str, Any], request_id: str) -> CocoAIError:
    code = _worded(told.get("error"), _CODE) or "unknown_error"
    if code in BUSY | IN_DOUBT:
        return Temporary(code, source="Slack", status=200, request_id=request_id, sent=code in IN_DOUBT)
    needed = _worded(told.get("needed"), _SCOPES) if code == "missing_scope" else ""
    return Permanent(f"{code}:{needed}" if needed else code, source="Slack", status=200, request_id=request_id)


def _worded(value: object, shape: re.Pattern[str]) -> str:
    return value if isinstance(value, str) and shape.fullmatch(value) else ""


def _retry_after(response: FullResponse) -> float:
    told = response.headers.get("retry-after", "")
    return max(float(told), SHORTEST_PAUSE) if _SECONDS.fullmatch(told) else DEFAULT_PAUSE
