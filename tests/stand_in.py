"""A pool for the tests of what stands around it: one process over flup's stock server, which tells what it was asked.

Started with the listening socket on descriptor 0, as supervisor's fcgi-program does, or with a socket's path to bind.
It answers with the request as JSON; STAND_IN=crash in the environment ends it at once.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable
from typing import Any

from flup.server.fcgi_single import WSGIServer


def application(environ: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
    """200 and everything that was given."""
    body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"] or 0))
    told = {name: text for name, text in environ.items() if isinstance(text, str)}
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps({**told, "length": len(body), "arguments": sys.argv[1:]}).encode()]


class StandIn(WSGIServer):  # type: ignore[misc]
    """Without flup's signal handlers, which do not see a signal while nothing is asked."""

    def _installSignalHandlers(self) -> None:  # noqa: N802 (flup's name)
        pass

    def _restoreSignalHandlers(self) -> None:  # noqa: N802 (flup's name)
        pass


if __name__ == "__main__":
    if os.environ.get("STAND_IN") == "crash":
        sys.exit("the stand-in was told to crash")
    path = sys.argv[2] if sys.argv[1:2] == ["--bind"] else None
    StandIn(application, bindAddress=path).run()
