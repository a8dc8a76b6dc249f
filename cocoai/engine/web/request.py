"""Request: what a handler is given. It reads the WSGI environ once and forgets it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from cocoai.errors import Refused

MAX_BODY = 512 * 1024
"""Bytes; nginx's client_max_body_size says the same (etc/nginx/cocoai.locations)."""

LONGEST_LENGTH = 12
"""Digits of a Content-Length that is worth reading as a number."""


class Headers(Mapping[str, str]):
    """The headers in a WSGI environ, by lower-case names with hyphens: a handler wants two of a dozen."""

    def __init__(self, environ: Mapping[str, Any]) -> None:
        self._environ = environ

    def __getitem__(self, name: str) -> str:
        value: str = self._environ[_key(name)]
        return value

    def __iter__(self) -> Iterator[str]:
        names = {key[5:].replace("_", "-").lower(): None for key in self._environ if key.startswith("HTTP_")}
        return (name for name in names | {"content-type": None} if self._environ.get(_key(name)) is not None)

    def __len__(self) -> int:
        return sum(1 for _ in self)


@lru_cache(64)
def _key(name: str) -> str:
    """Where a header stands; CGI has the type under a name of its own (RFC 3875, 4.1.3)."""
    return "CONTENT_TYPE" if name == "content-type" else "HTTP_" + name.upper().replace("-", "_")


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
        return cls(environ["REQUEST_METHOD"], environ.get("PATH_INFO") or "/", Headers(environ), _body(environ))


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
