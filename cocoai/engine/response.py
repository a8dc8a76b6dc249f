"""Response: what a handler returns, together with what is to come after it.

A handler never forks and never waits: it says what must follow (`after`), and the engine runs that
once the whole response is with the web server.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
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

    @property
    def status_line(self) -> str:
        """`404 Not Found`: as WSGI wants it."""
        return f"{self.status} {HTTPStatus(self.status).phrase}"

    @property
    def header_list(self) -> list[tuple[str, str]]:
        """The headers, with the body's length and, where none is given, a plain-text type."""
        headers = list(self.headers)
        if self.status in (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED):
            return headers  # PEP 3333's validator refuses a type where there can be no body
        if not any(name.lower() == "content-type" for name, _ in headers):
            headers.append(("Content-Type", "text/plain; charset=utf-8"))
        headers.append(("Content-Length", str(len(self.body))))
        return headers


def line(status: int, text: str, headers: tuple[tuple[str, str], ...] = ()) -> Response:
    """A response of one line of plain text."""
    return Response(status, f"{text}\n".encode(), headers)
