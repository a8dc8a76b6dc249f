"""What all methods of OpenAI's API have in common: their address, the key, and the errors of what fails on the way."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from contextlib import suppress
from http.client import InvalidURL
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from cocoai.chatgpt.answer_reader import read_body
from cocoai.chatgpt.api_error import ApiError, request_id
from cocoai.chatgpt.deadlines import Deadlines
from cocoai.engine.client.client import BadHeader, NotSent, ProxyFailed, StreamedResponse
from cocoai.errors import Permanent, Temporary

MAX_ERROR = 64 * 1024
"""Bytes of an error's body after which no more of it is read."""

_CODES = ((ssl.SSLError, "tls_failed"), (ProxyFailed, "proxy_failed"))
"""Exceptions with a code of their own; any other counts as a connection that failed or was lost."""


def method_url(base_url: str, path: str) -> str:
    """Return the URL of the API's method `path` below `base_url`: `https://api.openai.com/v1/chat/completions`.

    Raise `Permanent` if `base_url` is no URL.
    """
    try:
        parts = urlsplit(base_url)
    except ValueError:
        raise Permanent("invalid_base_url", source="OpenAI") from None
    return urlunsplit(parts._replace(path=f"{parts.path.rstrip('/')}{path}"))


def bearer(api_key: str) -> bytes:
    """Return the value of the header Authorization, in bytes: an odd key is then refused by the server."""
    return b"Bearer " + api_key.encode("utf-8", "replace")


def read_error(response: StreamedResponse, deadlines: Deadlines) -> ApiError:
    """Read the error that the response holds, and close the response.

    The body is read up to about MAX_ERROR bytes; one that is cut off, or too slow, is parsed as far as it has come.
    """
    body = bytearray()
    with response, suppress(Temporary):  # a body that is cut off does no harm: the status alone says a lot
        while len(body) <= MAX_ERROR and (chunk := read_body(response.body, deadlines)):
            body += chunk
    return ApiError.from_response(response.status, response.headers, bytes(body))


def error_within(value: Mapping[str, Any], headers: Mapping[str, str]) -> Temporary | Permanent | None:
    """Return the exception for an error that came with status 200, as some gateways send it; None if there is none.

    `value` is the response's JSON.
    """
    if not (error := value.get("error")):
        return None
    failure = ApiError.from_stream(value if error is True else error).to_exception()
    failure.request_id = request_id(headers)
    return failure


def translated(error: Exception, deadlines: Deadlines) -> Temporary | Permanent:
    """Return the `Temporary` or `Permanent` to raise for an exception of the HTTP client.

    An address or a key that cannot be sent is permanent. All else is temporary, and `sent` unless it is `NotSent`. A
    time-out has the code of the deadline that has passed. A `Permanent` of the client is returned as it is.
    """
    if isinstance(error, Permanent):
        return error
    if isinstance(error, (ValueError, InvalidURL)):
        return Permanent("invalid_api_key" if isinstance(error, BadHeader) else "invalid_base_url", source="OpenAI")
    sent = not isinstance(error, NotSent)
    cause = error if sent else error.args[0]
    if isinstance(cause, TimeoutError):
        # A time-out before the request had left is that of the handshake.
        return deadlines.expired() if sent else Temporary("connect_timeout", source="OpenAI")
    code = next(
        (code for kind, code in _CODES if isinstance(cause, kind)), "connection_lost" if sent else "connection_failed"
    )
    return Temporary(code, source="OpenAI", sent=sent)
