"""Response: what a handler returns, together with what is to come after it.

A handler never forks and never waits: it says what must follow (`after`), and the engine runs that
once the whole response is with the web server.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from http import HTTPStatus

After = Callable[[], None]

AFTER = "cocoai.after"
"""The WSGI environ key under which a server takes an `After`, to be run once the response is out."""


@dataclass(frozen=True)
class Response:
    """`after` takes nothing, returns nothing, and runs only when the client has its answer."""

    status: int
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    after: After | None = None

    # A response that is made once, for all to whom it is given, is written down once.

    @cached_property
    def status_line(self) -> str:
        """`404 Not Found`: as WSGI wants it."""
        return f"{self.status} {HTTPStatus(self.status).phrase}"

    @cached_property
    def header_lines(self) -> tuple[tuple[str, str], ...]:
        """The headers, with the body's length and, where none is given, a plain-text type."""
        if self.status in (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED):
            return self.headers  # PEP 3333's validator refuses a type where there can be no body
        is_typed = any(name.lower() == "content-type" for name, _ in self.headers)
        kind = () if is_typed else (("Content-Type", "text/plain; charset=utf-8"),)
        return (*self.headers, *kind, ("Content-Length", str(len(self.body))))


def line(status: int, text: str, headers: tuple[tuple[str, str], ...] = ()) -> Response:
    """A response of one line of plain text."""
    return Response(status, f"{text}\n".encode(), headers)
