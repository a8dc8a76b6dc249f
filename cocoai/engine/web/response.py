"""The HTTP response that a handler returns, with a function to call once it was sent.

A handler never forks and never waits. It names the function that does so (`after`), and the worker calls that function
once the web server has the whole response. This module must not know how a response is sent.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from http import HTTPStatus

from cocoai.errors import Refused

After = Callable[[], None]
"""A function that is called once the whole response is with the web server."""


@dataclass(frozen=True)
class Response:
    """A response to one request.

    `after`, if there is one, is called once the response was sent, also if the client had gone by then. `counter` names
    the scoreboard's counter of refusals that this response adds to; empty for a response that refuses nothing.
    """

    status: int
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    after: After | None = None
    counter: str = ""

    @cached_property
    def head(self) -> bytes:
        """Return the status line and the headers as a CGI program writes them (RFC 3875, 6.3), with the empty line."""
        # Kept, since one response may be sent to many requests.
        lines = [f"Status: {self.status} {HTTPStatus(self.status).phrase}"]
        lines += [f"{name}: {value}" for name, value in self.all_headers]
        return "\r\n".join([*lines, "", ""]).encode("latin-1")

    @property
    def all_headers(self) -> tuple[tuple[str, str], ...]:
        """Return `headers`, a Content-Type of plain text unless they have one, and Content-Length.

        A response 204 or 304 gets neither.
        """
        if self.status in (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED):
            return self.headers  # these have no body, so neither a type nor a length (RFC 9110, 15.3.5)
        is_typed = any(name.lower() == "content-type" for name, _ in self.headers)
        content_type = () if is_typed else (("Content-Type", "text/plain; charset=utf-8"),)
        return (*self.headers, *content_type, ("Content-Length", str(len(self.body))))


def text_response(status: int, text: str, headers: tuple[tuple[str, str], ...] = (), *, counter: str = "") -> Response:
    """Return a plain-text response whose body is `text` and a line end."""
    return Response(status, f"{text}\n".encode(), headers, counter=counter)


def refusal_response(refusal: Refused) -> Response:
    """Return the response to a refused request: the refusal's line as plain text, its status, headers and counter."""
    return text_response(refusal.status, refusal.line, refusal.headers, counter=refusal.counter)
