"""One family of errors, named for what the caller does next, each carrying its evidence.

Evidence is what an operator needs and nothing else: a code, a status, a request id.
A server's own message is left out on purpose, since it may quote a key or somebody's text.
"""

from __future__ import annotations


class CocoAIError(Exception):
    """Whatever CocoAI knows can go wrong.

    `code` is the other side's own word where it has one (`ratelimited`, `invalid_api_key`), else ours.
    `their_code` is what the other side said where ours stands for many of its words.
    `source` names the other side (`Slack`, `OpenAI`, or empty for ourselves).
    """

    def __init__(
        self, code: str, *, source: str = "", status: int = 0, request_id: str = "", their_code: str = ""
    ) -> None:
        super().__init__(code)
        self.code = code
        self.their_code = their_code
        self.source = source
        self.status = status
        self.request_id = request_id

    def __str__(self) -> str:
        words = [self.source, self.code, self.their_code, str(self.status or ""), self.request_id]
        return " ".join(word for word in words if word)


class Refused(CocoAIError):
    """Whoever sent this gets `status` (4xx) and `code` as one line; nothing is stored."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(code, status=status)


class Temporary(CocoAIError):
    """Try again.

    `retry_after` is the wait in seconds that the other side asked for, if it did.
    `sent` tells that the request had left whole when it failed: its effect, and its bill, are unknown.
    """

    def __init__(
        self,
        code: str,
        *,
        source: str = "",
        status: int = 0,
        request_id: str = "",
        retry_after: float | None = None,
        sent: bool = False,
    ) -> None:
        super().__init__(code, source=source, status=status, request_id=request_id)
        self.retry_after = retry_after
        self.sent = sent


class Permanent(CocoAIError):
    """Trying again would end the same way: tell the asker."""


COUNTERS = (
    "the signature is missing or garbled",
    "the signature is not Slack's",
    "the signature is stale",
    "the body is not JSON",
    "the body is not a form",
    "the body is too big",
    "the body is shorter than its Content-Length",
    "Content-Length is not a number",
    "not found",
    "method not allowed",
    "cannot read it now",
    "cannot keep it now",
    "internal error",
)
"""Every line with which a request is refused, or not kept: the scoreboard counts each by itself."""
