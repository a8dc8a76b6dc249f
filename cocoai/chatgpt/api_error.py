"""Complaint: what the API says is wrong, and what the caller should do about it. Pure.

The API's own message is looked at where servers say in words only which parameter they refuse; it never goes further,
since it may quote a key or somebody's text.

Sources: OpenAI's guide to error codes; its specification, ResponseErrorCode, for the codes about images, which its chat
API uses too; the retry policy of OpenAI's own client; what OpenAI and other servers were seen to say.
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
"""No credit: a 429 like the rate limit's, which no waiting mends."""

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
"""An error inside a stream comes without a status; these codes and types say that it will not pass."""

_TOO_LONG = frozenset({"context_length_exceeded", "exceed_context_size_error"})
_FILTERED = frozenset({"content_filter", "content_policy_violation", "moderation_blocked"})
"""A refusal, though no model has spoken it."""

_OURS = {"context_length_exceeded": _TOO_LONG, "refused": _FILTERED}
"""Our names for what the asker can do something about, and the codes and types that mean it."""

_REFUSALS = frozenset({"unsupported_parameter", "unsupported_value", "unknown_parameter"})
_REFUSED_IN_WORDS = re.compile(r"unsupported|not supported|unrecognized|unknown|not permitted|extra_forbidden", re.I)
_WORD = re.compile(r"[A-Za-z0-9_.:-]{1,64}")
_PLACE = re.compile(r"[A-Za-z0-9_.:\[\]-]{1,96}")

_BAD_IMAGES = """
empty_image_file failed_to_download_image image_content_policy_violation image_file_not_found image_file_too_large
image_parse_error image_too_large image_too_small invalid_base64_image invalid_image invalid_image_format
invalid_image_mode invalid_image_url sanitizer_server_error unsupported_image_media_type
"""
_BAD_FILES = "invalid_file unsupported_file"
_BAD_ATTACHMENTS = frozenset(f"{_BAD_IMAGES} {_BAD_FILES}".split())

_CONTENT_PART = re.compile(r"messages\.?\[\d+\]\.content\.?\[\d+\]")
"""Where in a request something attached stands; for a model without eyes OpenAI puts dots before the brackets."""

_ABOUT_AN_ATTACHMENT = re.compile(
    r"image|vision|multimodal|base64|mime type|\bpdf\b|\bfiles?\b|content (part|type)", re.I
)
_NOT_TAKEN = re.compile(r"not support|unsupported", re.I)


@dataclass(frozen=True)
class ApiError:
    """One error of the API; every part may be missing. `status` is 0 where none came with it."""

    status: int
    code: str = ""
    type: str = ""
    param: str = ""
    request_id: str = ""
    retry_after: float | None = None
    words: str = field(default="", repr=False)

    @classmethod
    def in_response(cls, status: int, headers: Mapping[str, str], body: bytes) -> ApiError:
        """Read an HTTP error; `body` may be JSON in any of the shapes in use, or HTML."""
        told = _error_of(body)
        return cls(
            status,
            code=_word(told.get("code")),
            type=_word(told.get("type")),
            param=_word(told.get("param"), _PLACE),
            request_id=request_id(headers),
            retry_after=_retry_after(headers),
            words=body.decode("utf-8", "replace"),
        )

    @classmethod
    def in_stream(cls, told: Any) -> ApiError:
        """Read the `error` of an event; its code may be a number, which then is a status (as OpenRouter's is)."""
        told = told if isinstance(told, dict) else {}
        code = _word(told.get("code"))
        status = int(code) if re.fullmatch(r"[45]\d\d", code) else 0
        return cls(status, code=code, type=_word(told.get("type")), param=_word(told.get("param")))

    def error(self, ours: str = "") -> Temporary | Permanent:
        """What to raise: named by the code, else the type, else the status.

        `ours` is a name for what is known to be final, under which its own stands as `theirs`; some codes tell which.
        """
        nameless = "not_an_api" if self.status // 100 == 2 else str(self.status or "error_in_stream")
        code = self.code or self.type or nameless
        ours = ours or next((name for name, codes in _OURS.items() if {self.code, self.type} & codes), "")
        if ours:
            return self._final(ours, code)
        if self._may_pass():
            return Temporary(
                code,
                source="OpenAI",
                status=self.status,
                request_id=self.request_id,
                retry_after=self.retry_after,
            )
        return self._final(code, self.type)

    def _final(self, code: str, theirs: str) -> Permanent:
        """`theirs` is more evidence, unless it says the same."""
        theirs = theirs if theirs != code else ""
        return Permanent(code, source="OpenAI", status=self.status, request_id=self.request_id, theirs=theirs)

    @property
    def too_long(self) -> bool:
        """Whether the conversation does not fit the model."""
        return self.code in _TOO_LONG or self.type in _TOO_LONG or "maximum context length" in self.words

    @property
    def refuses_attachment(self) -> bool:
        """Whether it is about something attached, of a conversation that had something attached.

        Told by the code, or by the place in the request, or in words alone. A server that cannot take it at all may
        call that its own error (llama.cpp: 500).
        """
        if self.code in _BAD_ATTACHMENTS or self.status == 413:
            return True
        if self.param and not self.param.startswith("messages"):
            return False
        if self.status not in (400, 415, 422) and not (self.status in (500, 501) and _NOT_TAKEN.search(self.words)):
            return False
        return bool(_CONTENT_PART.match(self.param) or _ABOUT_AN_ATTACHMENT.search(self.words))

    def refused_parameter(self, sent: Collection[str]) -> str | None:
        """Which of the parameters `sent` the model will not have, if that is what this is about."""
        if self.status not in (400, 422) or not (self.code in _REFUSALS or _REFUSED_IN_WORDS.search(self.words)):
            return None
        named = [re.split(r"[.\[]", self.param)[0]] if self.param else re.findall(r"\w+", self.words)
        return next((name for name in named if name in sent), None)

    def _may_pass(self) -> bool:
        names = {self.code, self.type}
        if names & EXHAUSTED:
            return False
        if self.status:
            return self.status in (408, 409, 429) or self.status >= 500
        return not names & (_FINAL_IN_STREAM | _BAD_ATTACHMENTS)


def request_id(headers: Mapping[str, str]) -> str:
    """What OpenAI's support asks for; the names of `headers` are in lower case."""
    return _word(headers.get("x-request-id"))


def _error_of(body: bytes) -> dict[str, Any]:
    """The error object: under `error` as OpenAI puts it, or at the top."""
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    inner = told.get("error", told) if isinstance(told, dict) else {}
    return inner if isinstance(inner, dict) else {}


def _word(value: Any, form: re.Pattern[str] = _WORD) -> str:
    """A code fit for a log; whatever else somebody puts there is not repeated."""
    word = str(value) if isinstance(value, (str, int)) else ""
    return word if form.fullmatch(word) else ""


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds, from `retry-after-ms`, else `retry-after`: a number, or a date, counted from the response's own."""
    milliseconds = _number(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return milliseconds / 1000
    value = headers.get("retry-after")
    seconds = _number(value)
    return _between(headers.get("date"), value) if seconds is None else seconds


def _number(value: str | None) -> float | None:
    try:
        number = float(value or "")
    except ValueError:
        return None
    return number if math.isfinite(number) and number >= 0 else None


def _between(earlier: str | None, later: str | None) -> float | None:
    """The other side's clock against itself: ours may be wrong."""
    try:
        gap = parsedate_to_datetime(later or "") - parsedate_to_datetime(earlier or "")
    except (ValueError, TypeError):
        return None
    return max(0.0, gap.total_seconds())
