"""An echo server in place of the pool, for tests of nginx and supervisor: one process over flup's own FastCGI server.

Its listening socket is descriptor 0, as supervisor's fcgi-program passes it, or the path after `--bind`. It answers
each request with the request's variables as JSON. With STAND_IN=crash in the environment it exits at once.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable
from typing import Any

from flup.server.fcgi_base import Connection
from flup.server.fcgi_single import WSGIServer


def application(environ: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
    """Answer 200 with all text variables of the request, the length of its body, and this program's arguments."""
    body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"] or 0))
    variables = {name: value for name, value in environ.items() if isinstance(value, str)}
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps({**variables, "length": len(body), "arguments": sys.argv[1:]}).encode()]


class _Connection(Connection):  # type: ignore[misc]
    """One connection of nginx, which may close it as soon as it has the whole response."""

    def process_input(self) -> None:
        try:
            super().process_input()
        except ConnectionError:  # flup would end the server with it
            raise EOFError from None


class StandIn(WSGIServer):  # type: ignore[misc]
    """flup's server without its signal handlers, which outlives a connection that is closed early."""

    def __init__(self, path: str | None) -> None:
        super().__init__(application, bindAddress=path)
        self._jobClass = _Connection

    # They notice a signal only at the next request.

    def _installSignalHandlers(self) -> None:  # noqa: N802 (flup's name)
        pass

    def _restoreSignalHandlers(self) -> None:  # noqa: N802 (flup's name)
        pass


if __name__ == "__main__":
    if os.environ.get("STAND_IN") == "crash":
        sys.exit("the stand-in was told to crash")
    path = sys.argv[2] if sys.argv[1:2] == ["--bind"] else None
    StandIn(path).run()
