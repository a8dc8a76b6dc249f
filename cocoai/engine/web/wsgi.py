"""The bridge to a WSGI application (PEP 3333): params and a body go in, a whole response comes out.

What the application says is kept until it has said all, so that half a response never passes for a whole one.
flup has such a bridge; this one makes fewer objects, and knows no socket.
"""

from __future__ import annotations

import logging
import sys
from io import BytesIO
from typing import TYPE_CHECKING, Any

from cocoai.engine.web.response import AFTER, After

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from _typeshed import OptExcInfo
    from _typeshed.wsgi import WSGIApplication

ERROR = b"Status: 500 Internal Server Error\r\nContent-Type: text/plain\r\n\r\ninternal error\n"
"""What a client sees of an exception: that there was one."""

_OURS = {"wsgi.version": (1, 0), "wsgi.multithread": False, "wsgi.multiprocess": True, "wsgi.run_once": False}

log = logging.getLogger(__name__)


def environ(params: dict[str, str], body: bytes, after: Callable[[After], None]) -> dict[str, Any]:
    """What the application is given; ours comes after the peer's own params, which may bear any name."""
    made = params | _OURS
    made["wsgi.url_scheme"] = "https" if params.get("HTTPS") in ("on", "1") else "http"
    made["wsgi.input"] = BytesIO(body)
    made["wsgi.errors"] = sys.stderr
    made[AFTER] = after
    return made


def run(application: WSGIApplication, environ: dict[str, Any]) -> bytes:
    """The application's response, head and body. An exception's words go to the operator's log only."""
    said: list[bytes] = []

    def start_response(
        status: str, headers: list[tuple[str, str]], exc_info: OptExcInfo | None = None
    ) -> Callable[[bytes], None]:
        if said and exc_info is None:
            raise RuntimeError("start_response was called twice")
        said[:] = [_head(status, headers)]
        return said.append

    try:
        body = _read(application(environ, start_response))
    except Exception:
        log.exception("request outcome=error")
        return ERROR
    return b"".join((*said, body))


def _read(result: Iterable[bytes]) -> bytes:
    try:
        return b"".join(result)
    finally:
        if hasattr(result, "close"):
            result.close()


def _head(status: str, headers: list[tuple[str, str]]) -> bytes:
    """As CGI has it (RFC 3875, 6.3), which is what a FastCGI responder says."""
    lines = [f"Status: {status}\r\n", *(f"{name}: {value}\r\n" for name, value in headers), "\r\n"]
    return "".join(lines).encode("latin-1")
