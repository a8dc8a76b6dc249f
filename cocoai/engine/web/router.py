"""Router: a handler, or 404, or 405. It is the WSGI application, so it runs under any WSGI server.

What a response wants done after it (`Response.after`) is handed to the server through the environ key
`cocoai.after` where the server offers that (engine/fastcgi does: there it runs once END_REQUEST is sent).
Any other WSGI server runs it as it closes the response, which is as late as WSGI itself can say.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from cocoai.engine.web.request import Request
from cocoai.engine.web.response import AFTER, After, Response, line
from cocoai.errors import Refused

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse

Handler = Callable[[Request], Response]
log = logging.getLogger(__name__)


class Router:
    """`routes` maps a path to its methods, and each method to its handler.

    `refused` is told of each response of 400 and above, by the line of text that its reader sees.
    """

    def __init__(
        self, routes: Mapping[str, Mapping[str, Handler]], *, refused: Callable[[str], None] = lambda _: None
    ) -> None:
        self._routes = routes
        self._refused = refused

    def respond(self, environ: Mapping[str, Any]) -> Response:
        """The response to one request: always a response, whatever the handler does."""
        response = self._handle(environ)
        if response.status >= HTTPStatus.BAD_REQUEST:
            self._refused(response.body.decode("utf-8", "replace").partition("\n")[0])
        return response

    def _handle(self, environ: Mapping[str, Any]) -> Response:
        try:
            handler = self._match(environ.get("PATH_INFO") or "/", environ.get("REQUEST_METHOD", ""))
            return handler if isinstance(handler, Response) else handler(Request.from_environ(environ))
        except Refused as refusal:
            return line(refusal.status, refusal.code)
        except Exception:
            # The trace goes to the operator's log and nowhere else: a web server would keep what it is told.
            log.exception("request outcome=error path=%r", environ.get("PATH_INFO"))
            return line(500, "internal error")

    def _match(self, path: str, method: str) -> Handler | Response:
        methods = self._routes.get(path)
        if methods is None:
            return line(404, "not found")
        return methods.get(method) or line(405, "method not allowed", (("Allow", ", ".join(sorted(methods))),))

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        response = self.respond(environ)
        start_response(response.status_line, [*response.header_lines])
        # Slack checks with GET and POST only, but a HEAD must not carry a body under any server.
        body = b"" if environ.get("REQUEST_METHOD") == "HEAD" else response.body
        if response.after is None:
            return [body]
        take_after = environ.get(AFTER)
        if take_after is None:
            return _Closing(body, response.after)
        take_after(response.after)
        return [body]


class _Closing:
    """The body, then, as the server closes it, what comes after."""

    def __init__(self, body: bytes, after: After) -> None:
        self._body = body
        self._after = after

    def __iter__(self) -> Iterator[bytes]:
        yield self._body

    def close(self) -> None:
        self._after()
