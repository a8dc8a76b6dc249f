"""The errors that CocoAI raises on purpose, named for what the caller does next.

`Refused` goes back to the client that sent the request, `Temporary` is tried again, `Permanent` is reported to the
asker. Each carries what an operator needs and nothing else: a code, a status, a request id. A server's own message is
left out on purpose, since it may quote a key or somebody's text.
"""

from __future__ import annotations

from collections.abc import Iterable


class CocoAIError(Exception):
    """Any failure that CocoAI expects and has a name for.

    `code` is the other server's error code where it has one (`ratelimited`, `invalid_api_key`), else our own.
    `their_code` is the other server's code where `code` is ours and stands for many of theirs.
    `source` names the other server (`Slack`, `OpenAI`), and is empty for ourselves.
    `status` is the HTTP status, 0 if there was none; `request_id` is the id that the other server gave the request.
    `sent` is True if the whole request had left when the call failed: its effect, and its bill, are unknown.
    """

    def __init__(
        self,
        code: str,
        *,
        source: str = "",
        status: int = 0,
        request_id: str = "",
        their_code: str = "",
        sent: bool = False,
    ) -> None:
        super().__init__(code)
        self.code = code
        self.their_code = their_code
        self.source = source
        self.status = status
        self.request_id = request_id
        self.sent = sent

    def __str__(self) -> str:
        """Return what is known of source, codes, status and request id, such as `OpenAI rate_limited 429 req_1`."""
        words = [self.source, self.code, self.their_code, str(self.status or ""), self.request_id]
        return " ".join(word for word in words if word)


class Temporary(CocoAIError):
    """A failure after which the call is tried again.

    `retry_after` is the wait in seconds that the other server asked for, None if it asked for none.
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
        super().__init__(code, source=source, status=status, request_id=request_id, sent=sent)
        self.retry_after = retry_after


class Permanent(CocoAIError):
    """A failure that would come again: the call is not tried again, and the asker is told."""


class Refused(CocoAIError):
    """A request that is not accepted: the client that sent it gets a response with `status` and `line`.

    Each subclass is one reason. It stands in `REFUSALS`, or `cocoai status` counts it as `other`.
    """

    status: int
    """The response's HTTP status, 400 or above."""

    line: str
    """The response's body, one line without its newline."""

    counter: str
    """The name under which the scoreboard counts this refusal, and `cocoai status` shows it."""

    headers: tuple[tuple[str, str], ...] = ()
    """Headers that this status needs, beside those of every response."""

    def __init__(self) -> None:
        super().__init__(self.line, status=self.status)


class MissingSignature(Refused):
    """A signature header is missing, empty or not ASCII."""

    status = 401
    line = counter = "the signature is missing or garbled"


class WrongSignature(Refused):
    """The body was not signed with our secret."""

    status = 401
    line = counter = "the signature is not Slack's"


class StaleSignature(Refused):
    """The request was signed too long ago, or in the future."""

    status = 401
    line = counter = "the signature is stale"


class BodyNotJSON(Refused):
    """The body, or the form's field that should hold JSON, does not."""

    status = 400
    line = counter = "the body is not JSON"


class BodyNotForm(Refused):
    """The body is not a form with the one field that is expected."""

    status = 400
    line = counter = "the body is not a form"


class BodyTooBig(Refused):
    """The Content-Length is above the limit."""

    status = 413
    line = counter = "the body is too big"


class BodyCutShort(Refused):
    """Fewer bytes arrived than the Content-Length says."""

    status = 400
    line = counter = "the body is shorter than its Content-Length"


class LengthNotNumber(Refused):
    """The Content-Length has other characters than digits."""

    status = 400
    line = counter = "Content-Length is not a number"


class ClickNotAllowed(Refused):
    """Somebody who may not address us pressed a button: Slack shows them that it did not work."""

    status = 403
    line = counter = "a click that is not allowed"


class PathNotFound(Refused):
    """No handler has this path."""

    status = 404
    line = counter = "not found"


class MethodNotAllowed(Refused):
    """The path has handlers, but none for this method; `allowed` are the methods that it has one for."""

    status = 405
    line = counter = "method not allowed"

    def __init__(self, allowed: Iterable[str]) -> None:
        super().__init__()
        self.headers = (("Allow", ", ".join(sorted(allowed))),)  # must be there: RFC 9110, 15.5.6


class CannotRead(Refused):
    """The disk failed when we looked something up: the client should send the request again."""

    status = 503
    line = counter = "cannot read it now"


class CannotKeep(Refused):
    """The disk failed when we wrote: the request is not accepted, and the client should send it again."""

    status = 503
    line = counter = "cannot keep it now"


class IdentityUnknown(Refused):
    """A button was pressed before we know our own ids: Slack shows the person that it did not work."""

    status = 503
    line = counter = "our own identity is not known yet"


class InternalError(Refused):
    """A handler raised an exception that it should not: a bug."""

    status = 500
    line = counter = "internal error"


REFUSALS: tuple[type[Refused], ...] = (
    MissingSignature,
    WrongSignature,
    StaleSignature,
    BodyNotJSON,
    BodyNotForm,
    BodyTooBig,
    BodyCutShort,
    LengthNotNumber,
    PathNotFound,
    MethodNotAllowed,
    CannotRead,
    CannotKeep,
    InternalError,
    ClickNotAllowed,
    IdentityUnknown,
)
"""Every refusal, in the order of their counters."""

COUNTERS = tuple(refusal.counter for refusal in REFUSALS)
"""The names of the scoreboard's counters of refusals, in the order in which a row has them."""
