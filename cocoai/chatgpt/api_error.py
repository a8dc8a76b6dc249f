"""Decide after an error of the chat API whether to try again, to change the request or to give up. Pure.

An error is known by its status, by its codes and types (error_body.py), wherever in it they stand, and where they say
nothing by its words (error_words.py). The words are never passed on, since they may quote a key or somebody's text.

Sources: OpenAI's guide to error codes; its specification, ResponseErrorCode, for the codes about images, which its chat
API uses too; the retry policy of OpenAI's own client; errors that OpenAI and other servers were seen to send.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from cocoai.chatgpt import error_words
from cocoai.chatgpt.error_body import error_object, fit_for_log, names_in, param_of, parsed, simple
from cocoai.chatgpt.retry_after import retry_after
from cocoai.errors import Permanent, Temporary


def _names(text: str) -> frozenset[str]:
    return frozenset(map(simple, text.split()))


_EXHAUSTED = _names(
    "insufficient_quota credit_balance_exhausted organization_spend_limit_exceeded billing_hard_limit_reached "
    "billing_not_active budget_exceeded insufficient_balance insufficient_credits payment_required"
)
"""No credit: a 429 like the rate limit's, but waiting does not help."""

_TOO_LONG = _names("context_length_exceeded exceed_context_size_error context_window_exceeded")
_FILTERED = _names(
    "content_filter content_policy_violation data_inspection_failed moderation_blocked ResponsibleAIPolicyViolation"
)
"""A content filter's refusal; it counts as one, though the model did not write it."""

_MOST_WORDS = 16 * 1024
"""Bytes of an error in which words are searched; what is behind them is an echo of the request."""

_REFUSALS = _names("unsupported_parameter unsupported_value unknown_parameter")

_FINAL = _names("authentication_error invalid_api_key model_not_found permission_error")
"""Codes and types that are permanent whatever the status: gateways pass on another server's error as a 502."""

_FINAL_IN_STREAM = _FINAL | _REFUSALS | _TOO_LONG | _FILTERED | _names("invalid_request_error")
"""Codes and types that are permanent in a stream, where an error comes without a status."""

_GATEWAY_TIMEOUTS = frozenset({408, 504, 524})
"""Statuses of a server that has stopped waiting, perhaps for a model that was at work."""

_NO_ROOM = frozenset({503, 529})
"""Statuses of a server that is overloaded, and so has not begun."""

_BY_WORDS = frozenset({0, 400, 413, 422, 500, 502})
"""Statuses at which words decide whether something is too long; 0 is an error inside a stream, without one."""

_BAD_ATTACHMENTS = _names("""
empty_image_file failed_to_download_image image_content_policy_violation image_file_not_found image_file_too_large
image_parse_error image_too_large image_too_small invalid_base64_image invalid_image invalid_image_format
invalid_image_mode invalid_image_url sanitizer_server_error unsupported_image_media_type invalid_file unsupported_file
""")

_REFUSED_IN_STREAM = (
    _EXHAUSTED
    | _FINAL_IN_STREAM
    | _BAD_ATTACHMENTS
    | _names("overloaded overloaded_error rate_limit_error rate_limit_exceeded server_is_overloaded slow_down")
)
"""Codes and types inside a stream that say that the request was refused, not that its answer failed."""

_CONTENT_PART = re.compile(r"messages\.?\[\d+\]\.content\.?\[\d+\]")
"""The place of an attachment in a request. If the model takes no images, OpenAI puts dots before the brackets."""


@dataclass(frozen=True)
class ApiError:
    """One error of the API; every part may be missing.

    `status` is the HTTP status, or 0 if none came with it, as in a stream. `param` is the part of the request that is
    wrong, `retry_after` the wait in seconds that the server asks for. `names` are all its codes and types, those of the
    errors within it included, and `text` are its words: both are for decisions alone.
    `in_stream` is True for an error that came inside a response with status 200.
    """

    status: int
    code: str = ""
    type: str = ""
    param: str = ""
    request_id: str = ""
    retry_after: float | None = None
    names: frozenset[str] = field(default=frozenset(), repr=False)
    text: str = field(default="", repr=False)
    in_stream: bool = False

    @classmethod
    def from_response(cls, status: int, headers: Mapping[str, str], body: bytes) -> ApiError:
        """Parse an HTTP error; `body` may be JSON in any of the shapes in use, or HTML.

        A part that is missing, or not fit for a log, is left empty. Raise nothing.
        """
        value = parsed(body)
        error = error_object(value)
        return cls(
            status,
            code=fit_for_log(error.get("code")),
            type=fit_for_log(error.get("type")),
            param=param_of(error),
            request_id=request_id(headers),
            retry_after=retry_after(headers),
            names=names_in(value),
            text=body[:_MOST_WORDS].decode("utf-8", "replace"),
        )

    @classmethod
    def from_stream(cls, value: Any) -> ApiError:
        """Parse an error inside a stream: an object, or a text, which may be JSON.

        A `code` or a `status` of 400 to 599 is taken as the status too, as OpenRouter sends it; else the status is 0.
        """
        error = error_object(value)
        code = fit_for_log(error.get("code"))
        numbers = (code, fit_for_log(error.get("status")), fit_for_log(error.get("status_code")))
        return cls(
            next((int(number) for number in numbers if re.fullmatch(r"[45]\d\d", number)), 0),
            code=code,
            type=fit_for_log(error.get("type")),
            param=param_of(error),
            names=names_in(value),
            text=(value if isinstance(value, str) else repr(value))[:_MOST_WORDS],
            in_stream=True,
        )

    def to_exception(self, our_code: str = "") -> Temporary | Permanent:
        """Return the exception to raise: `Temporary` if the same request may succeed later, else `Permanent`.

        Its code is the API's code, else the API's type, else the status. `our_code` replaces it for an error that the
        caller knows to be permanent; the API's is then kept as `their_code`. Without it, an error that is too long, or
        refused by a filter, or one of missing credit that only words tell, has a code of ours all the same.
        """
        our_code = our_code or self._our_code()
        if our_code:
            return self._permanent(our_code, self._code)
        if self._may_pass():
            return Temporary(
                self._code,
                source="OpenAI",
                status=self.status,
                request_id=self.request_id,
                retry_after=self.retry_after,
                sent=self.may_have_run,
            )
        return self._permanent(self._code, self.type)

    @property
    def _code(self) -> str:
        """Return the API's code, else its type, else the status; a code that only repeats the status counts as none."""
        # Status 200 without an error object is a page from somebody else: a wrong address, or a login page.
        nameless = "not_an_api" if self.status // 100 == 2 else str(self.status or "error_in_stream")
        code = self.code if self.code != str(self.status) else ""
        return code or self.type or nameless

    def _our_code(self) -> str:
        """Return our code for what the asker can do something about, or what only words tell; "" for other errors."""
        if self.is_too_long:
            return "context_length_exceeded"
        if self.is_filtered:
            return "refused"
        return "insufficient_quota" if self._is_exhausted and not self.names & _EXHAUSTED else ""

    def _permanent(self, code: str, their_code: str) -> Permanent:
        """Return a `Permanent` with both codes; its `their_code` is left empty if it says nothing new."""
        return Permanent(
            code,
            source="OpenAI",
            status=self.status,
            request_id=self.request_id,
            their_code=their_code if their_code not in (code, str(self.status)) else "",
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
        return not (self.status in _NO_ROOM or self.names & _REFUSED_IN_STREAM or self._our_code())

    @cached_property
    def is_too_long(self) -> bool:
        """Return True if the API refuses the conversation because it is too long for the model."""
        if self.names & _TOO_LONG or ("stringabovemaxlength" in self.names and self.param.startswith("messages")):
            return True
        if self.status in (413, 429) and error_words.TOO_LONG_AT_ONCE.search(self.text):
            return True
        return self.status in _BY_WORDS and bool(error_words.TOO_LONG.search(self.text))

    @property
    def wants_a_lower_limit(self) -> bool:
        """Return True if the room for the answer alone is too much, however short the conversation is."""
        return bool(error_words.ANSWER_TOO_LONG.search(self.text))

    @property
    def counts_the_answer(self) -> bool:
        """Return True if the words of an error that is too long speak of the room for the answer too."""
        return bool(error_words.COUNTS_THE_ANSWER.search(self.text))

    @property
    def refused_form(self) -> str:
        """Return which form of the messages the model refuses: `neighbours`, `system` or ""."""
        if self.status not in (0, 400, 422, 500):
            return ""
        if error_words.WANTS_ALTERNATION.search(self.text):
            return "neighbours"
        return "system" if error_words.WANTS_NO_SYSTEM.search(self.text) else ""

    @cached_property
    def is_filtered(self) -> bool:
        """Return True if a content filter will not have the question."""
        if self.names & _FILTERED:
            return True
        return self.status in (0, 400, 403, 422, 451) and bool(error_words.FILTERED.search(self.text))

    @cached_property
    def _is_exhausted(self) -> bool:
        """Return True if there is no credit; a limit of the moment in the same words is none."""
        if self.names & _EXHAUSTED:
            return True
        is_told = self.status in (0, 400, 402, 403, 429) and error_words.NO_CREDIT.search(self.text)
        return bool(is_told) and not error_words.PASSES.search(self.text)

    @property
    def is_about_access(self) -> bool:
        """Return True if there is no credit, or the key or the model cannot be used, whatever is asked of it."""
        return self._is_exhausted or bool(self.names & _FINAL)

    @property
    def refuses_attachment(self) -> bool:
        """Return True if the error is about an attachment; only meaningful for a conversation that has attachments.

        The code says so, or the status 413, or the place in the request (`messages[0].content[1]`), or the message
        alone. A server that supports no attachments at all may report that as an error of its own (llama.cpp: 500).
        """
        if self.names & _BAD_ATTACHMENTS or self.status == 413:
            return True
        is_about_a_part = error_words.A_PART_IS_REFUSED.search(self.text)
        if self.param and not (self.param.startswith("messages") or is_about_a_part):
            return False
        is_refused = self.status in (400, 415, 422) or (self.in_stream and not self.status)
        if not is_refused and not (self.status in (500, 501) and error_words.NOT_SUPPORTED.search(self.text)):
            return False
        return bool(_CONTENT_PART.match(self.param) or error_words.ABOUT_AN_ATTACHMENT.search(self.text))

    def refused_parameter(self, sent: Collection[str]) -> str | None:
        """Return the name in `sent` of the parameter that the model refuses; None if the error is about something else.

        The name is taken from the error's `param`; without one it is the first word of the body that is in `sent`.
        """
        if self.status not in (0, 400, 422):
            return None
        if not (self.names & _REFUSALS or error_words.REFUSES_A_PARAMETER.search(self.text)):
            return None
        # `param` may go into detail: stream_options.include_usage, messages[0].role, body.reasoning_effort.
        named = (
            [re.split(r"[.\[]", self.param.removeprefix("body."))[0]] if self.param else re.findall(r"\w+", self.text)
        )
        return next((name for name in named if name in sent), None)

    def _may_pass(self) -> bool:
        """Return True if the same request may succeed later, as after a rate limit or a failure of the server.

        Return False if there is no credit, or if the code or type is known to be final; more of them are in a stream,
        where an error has no status.
        """
        if self._is_exhausted or self.names & _FINAL:
            return False
        if self.status:
            return self.status in (408, 409, 429) or self.status >= 500  # those that OpenAI's own client retries
        return not self.names & (_FINAL_IN_STREAM | _BAD_ATTACHMENTS)


def request_id(headers: Mapping[str, str]) -> str:
    """Return `x-request-id`, the id that OpenAI's support asks for; "" if there is none that is fit for a log.

    The names of `headers` are in lower case.
    """
    return fit_for_log(headers.get("x-request-id"))
