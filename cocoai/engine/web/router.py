"""The router: it calls the handler for a request's path and method, and turns refusals into responses.

It knows no server: a request goes in, a response comes out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from cocoai.engine.web.request import Request
from cocoai.engine.web.response import Response, refusal_response
from cocoai.errors import MethodNotAllowed, PathNotFound, Refused

Handler = Callable[[Request], Response]
"""A function or object that responds to a request. It may raise any `Refused`."""


class Router:
    """The handlers of an application. `routes` maps each path to its methods, and each method to its handler."""

    def __init__(self, routes: Mapping[str, Mapping[str, Handler]]) -> None:
        self._routes = routes

    def respond(self, request: Request) -> Response:
        """Call the handler of the request's path and method and return its response, or a refusal's.

        Refused are an unknown path (404), a method that the path does not have (405), a Content-Length that is no
        number, too big or more than has arrived, and what the handler refuses by raising a `Refused`. Any other
        exception of a handler passes through.
        """
        try:
            handler = self._find_handler(request)
            return handler(request.with_checked_body())
        except Refused as refusal:
            return refusal_response(refusal)

    def _find_handler(self, request: Request) -> Handler:
        """Return the handler of the request.

        Raise `PathNotFound` if its path has no handler at all, `MethodNotAllowed` if it has handlers for other methods
        only.
        """
        methods = self._routes.get(request.path)
        if methods is None:
            raise PathNotFound
        handler = methods.get(request.method)
        if handler is None:
            raise MethodNotAllowed(methods)
        return handler
