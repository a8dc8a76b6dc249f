"""Translates the outcome of a call to Slack: into Slack's JSON, or into an error that carries Slack's own code.

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

BLOCKS_REFUSED = frozenset(
    {"invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long", "block_mismatch", "msg_too_long"}
)
"""Slack's codes for blocks that it refuses, or refuses with so long a fallback: the same is said in text alone."""

NO_PERMISSION_ANYWHERE = "no_permission_anywhere"
"""Our code for Slack's `no_permission` where it concerns no channel: a direct message met it too."""

SHUT_OUT = frozenset(
    {
        "account_inactive",
        "accesslimited",
        "bad_address_or_token",
        "ekm_access_denied",
        "invalid_auth",
        NO_PERMISSION_ANYWHERE,
        "not_allowed_token_type",
        "not_authed",
        "org_login_required",
        "refused",
        "team_access_not_granted",
        "token_expired",
        "token_revoked",
        "two_factor_setup_required",
        "unknown_method",
    }
)
"""Codes, Slack's and ours, of errors that come whatever we post, until an operator mends something: a token that is
dead or another kind's, an address that is not the Web API's. Sources: docs.slack.dev/reference/methods."""

OF_ONE_REQUEST = frozenset({400, 413, 414, 422, 431})
"""Statuses of a `refused` that say something of this request alone, such as its size: another one may be taken."""

WRITE_SCOPE = "missing_scope:chat:write"
"""How the code begins if the app may post nothing."""

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


def is_shut_out(error: CocoAIError) -> bool:
    """Check whether Slack takes nothing of ours until an operator mends something: a token, a scope or an address."""
    if error.source != "Slack" or not isinstance(error, Permanent) or error.status in OF_ONE_REQUEST:
        return False
    return error.code in SHUT_OUT or error.code.startswith(WRITE_SCOPE)


def require_ok(response: FullResponse) -> dict[str, Any]:
    """Return the response's JSON object if it says `ok: true`; else raise an error with Slack's code.

    Raise `Temporary` with `retry_after` in seconds for a 429, and without it for a code in BUSY. Raise `Temporary` with
    `sent` if Slack may have done its work: for a code in IN_DOUBT, a 5xx, a redirect, or a 200 without a JSON object.
    Raise `Permanent` for any other code and any other 4xx.
    """
    status, request_id = response.status, response.headers.get("x-slack-req-id", "")[:80]
    if status == 429:
        raise Temporary(
            "ratelimited", source="Slack", status=status, request_id=request_id, retry_after=_retry_after(response)
        )
    if 400 <= status < 500:
        raise Permanent("refused", source="Slack", status=status, request_id=request_id)
    return require_ok_reply(_json(response) if status == 200 else None, status, response.headers)


def require_ok_reply(reply: dict[str, Any] | None, status: int, headers: Mapping[str, str]) -> dict[str, Any]:
    """Return `reply`, the JSON object of a response with this status and these headers, if it says `ok: true`.

    Raise as `require_ok` does; None stands for a response without a JSON object.
    """
    request_id = headers.get("x-slack-req-id", "")[:80]
    if reply is None:
        # A 5xx, a redirect, or a page of a server in between: Slack may or may not have done its work.
        raise Temporary("no_response", source="Slack", status=status, request_id=request_id, sent=True)
    if reply.get("ok") is True:
        return reply
    raise _refusal(reply, request_id)


def translate_errors(send: Callable[_Args, _Result], *args: _Args.args, **kwargs: _Args.kwargs) -> _Result:
    """Call `send`, which uses an HTTP client, with the arguments, and return its result.

    Raise the `Temporary` or `Permanent` of `error_for` instead of an HTTP client's exception (one of CLIENT_ERRORS).
    """
    try:
        return send(*args, **kwargs)
    except CLIENT_ERRORS as error:
        failure = error_for(error)
    # Raised outside of the handler so that it carries no context: the exception may quote the header with the token.
    try:
        raise failure
    finally:
        del failure  # it refers to this frame, and the two would keep the connection until a collection


def error_for(error: Exception) -> CocoAIError:
    """Return our own error for a client's exception, without any of its text, which may quote the token.

    It is `Permanent` for an address or token that cannot be sent. Else it is `Temporary` with one of our _CODES, such
    as `timeout`, or `broken_response`, and with `sent` unless the exception is a `NotSent`.
    """
    if isinstance(error, (ValueError, InvalidURL)):
        return Permanent("bad_address_or_token", source="Slack")
    sent = not isinstance(error, NotSent)
    cause = error if sent else error.args[0]
    code = next((code for kind, code in _CODES if isinstance(cause, kind)), "broken_response")
    return Temporary("connect_timeout" if code == "timeout" and not sent else code, source="Slack", sent=sent)


def _json(response: FullResponse) -> dict[str, Any] | None:
    """Return the response's JSON object; None if its content is no JSON, or no object."""
    try:
        reply = response.json()
    except (ValueError, RecursionError):
        return None
    return reply if isinstance(reply, dict) else None


def _refusal(reply: Mapping[str, Any], request_id: str) -> CocoAIError:
    """Return the error for a reply with `ok: false`: `Temporary` if its code is in BUSY or IN_DOUBT, else `Permanent`.

    A missing scope is named in the code, as in `missing_scope:files:read`. An odd code becomes `unknown_error`.
    """
    code = _matching_at(reply, "error", _CODE) or "unknown_error"
    if code in BUSY | IN_DOUBT:
        return Temporary(code, source="Slack", status=200, request_id=request_id, sent=code in IN_DOUBT)
    needed = _matching_at(reply, "needed", _SCOPES) if code == "missing_scope" else ""
    return Permanent(f"{code}:{needed}" if needed else code, source="Slack", status=200, request_id=request_id)


def _matching_at(reply: Mapping[str, Any], key: str, shape: re.Pattern[str]) -> str:
    """Return the text under `key` if all of it matches `shape`; else "". So nothing odd gets into an error's code."""
    text = text_at(reply, key)
    return text if shape.fullmatch(text) else ""


def _retry_after(response: FullResponse) -> float:
    """Return the seconds in the header Retry-After, 0.1 at least; 1.0 if there is no such header, or an odd one."""
    seconds = response.headers.get("retry-after", "")
    return max(float(seconds), SHORTEST_PAUSE) if _SECONDS.fullmatch(seconds) else DEFAULT_PAUSE
