"""Request: what a handler is given. It reads the WSGI environ once and forgets it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cocoai.errors import Refused

MAX_BODY = 512 * 1024
"""Bytes; nginx's client_max_body_size says the same (etc/nginx/cocoai.locations)."""

LONGEST_LENGTH = 12
"""Digits of a Content-Length that is worth reading as a number."""


@dataclass(frozen=True)
class Request:
    """One HTTP request; header names are lower-case, with hyphens, as in `x-slack-signature`."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes = b""

    @classmethod
    def from_environ(cls, environ: Mapping[str, Any]) -> Request:
        """Read a WSGI environ (PEP 3333). Raises `Refused` 400 or 413 for a length that is wrong or too big."""
        headers = {
            name[5:].replace("_", "-").lower(): value for name, value in environ.items() if name.startswith("HTTP_")
        }
        if environ.get("CONTENT_TYPE"):  # CGI has it under a name of its own
            headers["content-type"] = environ["CONTENT_TYPE"]
        return cls(environ["REQUEST_METHOD"], environ.get("PATH_INFO") or "/", headers, _body(environ))


def _body(environ: Mapping[str, Any]) -> bytes:
    declared = environ.get("CONTENT_LENGTH") or "0"
    if not (declared.isascii() and declared.isdigit()):
        raise Refused(400, "Content-Length is not a number")
    # A number of thousands of digits is more than int() takes.
    length = int(declared) if len(declared) <= LONGEST_LENGTH else MAX_BODY + 1
    if length > MAX_BODY:
        raise Refused(413, "the body is too big")
    body: bytes = environ["wsgi.input"].read(length) if length else b""
    if len(body) != length:
        raise Refused(400, "the body is shorter than its Content-Length")
    return body
