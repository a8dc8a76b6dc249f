"""Parse an error of the chat API, and decide whether to try again, to change the request or to give up. Pure.

The API's own message is searched where a server names only in words what it refuses; it is never passed on, since it
may quote a key or somebody's text.

Sources: OpenAI's guide to error codes; its specification, ResponseErrorCode, for the codes about images, which its chat
API uses too; the retry policy of OpenAI's own client; errors that OpenAI and other servers were seen to send.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any

from cocoai.errors import Permanent, Temporary

EXHAUSTED = frozenset({"insufficient_quota", "credit_balance_exhausted", "organization_spend_limit_exceeded"})
"""No credit: a 429 like the rate limit's, but waiting does not help."""

_FINAL_IN_STREAM = frozenset(
    {
        "authentication_error",
        "content_filter",
        "content_policy_violation",
        "context_length_exceeded",
        "invalid_api_key",
        "invalid_request_error",
        "model_not_found",
        "moderation_blocked",
        "permission_error",
    }
)
"""Codes and types that are permanent: an error inside a stream comes without a status."""

_GATEWAY_TIMEOUTS = frozenset({408, 504, 524})
"""Statuses of a server that has stopped waiting, perhaps for a model that was at work."""

_NO_ROOM = frozenset({503, 529})
"""Statuses of a server that is overloaded, and so has not begun."""

_TOO_LONG = frozenset({"context_length_exceeded", "exceed_context_size_error"})
_FILTERED = frozenset({"content_filter", "content_policy_violation", "moderation_blocked"})
"""A content filter's refusal; it counts as one, though the model did not write it."""

_OUR_CODES = {"context_length_exceeded": _TOO_LONG, "refused": _FILTERED}
"""Our codes for errors that the asker can do something about, and the API's codes and types for each."""

_REFUSALS = frozenset({"unsupported_parameter", "unsupported_value", "unknown_parameter"})
_REFUSED_IN_TEXT = re.compile(r"unsupported|not supported|unrecognized|unknown|not permitted|extra_forbidden", re.I)
_CODE = re.compile(r"[A-Za-z0-9_.:-]{1,64}")
_PARAM = re.compile(r"[A-Za-z0-9_.:\[\]-]{1,96}")

_BAD_IMAGES = """
empty_image_file failed_to_download_image image_content_policy_violation image_file_not_found image_file_too_large
image_parse_error image_too_large image_too_small invalid_base64_image invalid_image invalid_image_format
invalid_image_mode invalid_image_url sanitizer_server_error unsupported_image_media_type
"""
_BAD_FILES = "invalid_file unsupported_file"
_BAD_ATTACHMENTS = frozenset(f"{_BAD_IMAGES} {_BAD_FILES}".split())

_REFUSED_IN_STREAM = (
    EXHAUSTED
    | _FINAL_IN_STREAM
    | _BAD_ATTACHMENTS
    | {"overloaded_error", "rate_limit_error", "rate_limit_exceeded", "server_is_overloaded", "slow_down"}
)
"""Codes and types inside a stream that say that the request was refused, not that its answer failed."""

_CONTENT_PART = re.compile(r"messages\.?\[\d+\]\.content\.?\[\d+\]")
"""The place of an attachment in a request. If the model takes no images, OpenAI puts dots before the brackets."""

_ABOUT_AN_ATTACHMENT = re.compile(
    r"image|vision|multimodal|base64|mime type|\bpdf\b|\bfiles?\b|content (part|type)", re.I
)
_NOT_SUPPORTED = re.compile(r"not support|unsupported", re.I)


@dataclass(frozen=True)
class ApiError:
    """One error of the API; every part may be missing.

    `status` is the HTTP status, or 0 if none came with it, as in a stream. `param` is the part of the request that is
    wrong, `retry_after` the wait in seconds that the server asks for, and `text` the whole body of the response.
    `in_stream` is True for an error that came inside a response with status 200.
    """

    status: int
    code: str = ""
    type: str = ""
    param: str = ""
    request_id: str = ""
    retry_after: float | None = None
    text: str = field(default="", repr=False)
    in_stream: bool = False

    @classmethod
    def from_response(cls, status: int, headers: Mapping[str, str], body: bytes) -> ApiError:
        """Parse an HTTP error; `body` may be JSON in any of the shapes in use, or HTML.

        A part that is missing, or not fit for a log, is left empty. Raise nothing.
        """
        payload = _error_of(body)
        return cls(
            status,
            code=_code(payload.get("code")),
            type=_code(payload.get("type")),
            param=_code(payload.get("param"), _PARAM),
            request_id=request_id(headers),
            retry_after=_retry_after(headers),
            text=body.decode("utf-8", "replace"),
        )

    @classmethod
    def from_stream(cls, error: Any) -> ApiError:
        """Parse the value of `error` in a streamed event; all parts are empty if it is no object.

        A `code` of 400 to 599 is taken as the status too, as OpenRouter sends it; else the status is 0.
        """
        payload = error if isinstance(error, dict) else {}
        code = _code(payload.get("code"))
        status = int(code) if re.fullmatch(r"[45]\d\d", code) else 0
        param = _code(payload.get("param"))
        return cls(status, code=code, type=_code(payload.get("type")), param=param, in_stream=True)

    def to_exception(self, our_code: str = "") -> Temporary | Permanent:
        """Return the exception to raise: `Temporary` if the same request may succeed later, else `Permanent`.

        Its code is the API's code, else the API's type, else the status. `our_code` replaces it for an error that the
        caller knows to be permanent; the API's is then kept as `their_code`. If `our_code` is not given, _OUR_CODES has
        one for some errors.
        """
        # Status 200 without an error object is a page from somebody else: a wrong address, or a login page.
        nameless = "not_an_api" if self.status // 100 == 2 else str(self.status or "error_in_stream")
        code = self.code or self.type or nameless
        our_code = our_code or next((ours for ours, codes in _OUR_CODES.items() if {self.code, self.type} & codes), "")
        if our_code:
            return self._permanent(our_code, code)
        if self._may_pass():
            return Temporary(
                code,
                source="OpenAI",
                status=self.status,
                request_id=self.request_id,
                retry_after=self.retry_after,
                sent=self.may_have_run,
            )
        return self._permanent(code, self.type)

    def _permanent(self, code: str, their_code: str) -> Permanent:
        """Return a `Permanent` with both codes; its `their_code` is left empty if both are the same."""
        return Permanent(
            code,
            source="OpenAI",
            status=self.status,
            request_id=self.request_id,
            their_code=their_code if their_code != code else "",
            sent=self.may_have_run,
        )

    @property
    def may_have_run(self) -> bool:
        """Return True if the model may have run for this request, and be billed; False if it was refused before.

        An error status in place of an answer is a refusal, except the time-out of a gateway. An error inside a stream
        is one only if it says so: there is no credit, no room, or something is wrong with the request.
        """
        if not self.in_stream or 400 <= self.status < 500:
            return self.status in _GATEWAY_TIMEOUTS
        # A reasoning model may think for a minute before its first word: a stream without a word may have its price.
        return self.status not in _NO_ROOM and not {self.code, self.type} & _REFUSED_IN_STREAM

    @property
    def is_too_long(self) -> bool:
        """Return True if the API refuses the conversation because it is too long for the model."""
        return self.code in _TOO_LONG or self.type in _TOO_LONG or "maximum context length" in self.text

    @property
    def refuses_attachment(self) -> bool:
        """Return True if the error is about an attachment; only meaningful for a conversation that has attachments.

        The code says so, or the status 413, or the place in the request (`messages[0].content[1]`), or the message
        alone. A server that supports no attachments at all may report that as an error of its own (llama.cpp: 500).
        """
        if self.code in _BAD_ATTACHMENTS or self.status == 413:
            return True
        if self.param and not self.param.startswith("messages"):
            return False
        if self.status not in (400, 415, 422) and not (self.status in (500, 501) and _NOT_SUPPORTED.search(self.text)):
            return False
        return bool(_CONTENT_PART.match(self.param) or _ABOUT_AN_ATTACHMENT.search(self.text))

    def refused_parameter(self, sent: Collection[str]) -> str | None:
        """Return the name in `sent` of the parameter that the model refuses; None if the error is about something else.

        The name is taken from the error's `param`; without one it is the first word of the body that is in `sent`.
        """
        if self.status not in (400, 422) or not (self.code in _REFUSALS or _REFUSED_IN_TEXT.search(self.text)):
            return None
        # `param` may go into detail: stream_options.include_usage, messages[0].role.
        named = [re.split(r"[.\[]", self.param)[0]] if self.param else re.findall(r"\w+", self.text)
        return next((name for name in named if name in sent), None)

    def _may_pass(self) -> bool:
        """Return True if the same request may succeed later, as after a rate limit or a failure of the server.

        Return False if there is no credit. An error without a status may pass, unless its code or type is known to be
        final.
        """
        names = {self.code, self.type}
        if names & EXHAUSTED:
            return False
        if self.status:
            return self.status in (408, 409, 429) or self.status >= 500  # those that OpenAI's own client retries
        return not names & (_FINAL_IN_STREAM | _BAD_ATTACHMENTS)


def request_id(headers: Mapping[str, str]) -> str:
    """Return `x-request-id`, the id that OpenAI's support asks for; "" if there is none that is fit for a log.

    The names of `headers` are in lower case.
    """
    return _code(headers.get("x-request-id"))


def _error_of(body: bytes) -> dict[str, Any]:
    """Return the error object in a JSON body; {} if there is none, or the body is no JSON.

    OpenAI puts it under `error`; without that key the whole body is taken for it.
    """
    try:
        payload = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    inner = payload.get("error", payload) if isinstance(payload, dict) else {}
    return inner if isinstance(inner, dict) else {}


def _code(value: Any, pattern: re.Pattern[str] = _CODE) -> str:
    """Return `value` as text if it matches `pattern`, and so is fit for a log; else "".

    Any other text in its place could be somebody's, and is not repeated.
    """
    code = str(value) if isinstance(value, (str, int)) else ""
    return code if pattern.fullmatch(code) else ""


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds that the server asks to wait: `retry-after-ms`, else `retry-after`; None if neither is valid.

    `retry-after` is a number of seconds, or a date, which is taken relative to the response's own date.
    """
    milliseconds = _number(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return milliseconds / 1000
    value = headers.get("retry-after")
    seconds = _number(value)
    return _between(headers.get("date"), value) if seconds is None else seconds


def _number(value: str | None) -> float | None:
    """Return a header's value as a finite number, 0 or more; None if it is missing or anything else."""
    try:
        number = float(value or "")
    except ValueError:
        return None
    return number if math.isfinite(number) and number >= 0 else None


def _between(earlier: str | None, later: str | None) -> float | None:
    """Return the seconds from one HTTP date to the other, at least 0; None if one of them is missing or no date."""
    # Both are by the server's clock, since ours may be wrong.
    try:
        gap = parsedate_to_datetime(later or "") - parsedate_to_datetime(earlier or "")
    except (ValueError, TypeError):
        return None
    return max(0.0, gap.total_seconds())
