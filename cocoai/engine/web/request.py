"""The HTTP request that a handler gets. It is built from FastCGI's params, and knows neither FastCGI nor a socket."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from cocoai.errors import BodyCutShort, BodyTooBig, LengthNotNumber

MAX_BODY = 1024 * 1024
"""Bytes of a request's body; nginx's client_max_body_size has the same value (etc/nginx/cocoai.locations)."""

MAX_LENGTH_DIGITS = 12
"""Digits of a Content-Length that is read as a number. A longer one is above MAX_BODY, and int() has a limit."""

_CGI_NAMES = {"content-type": "CONTENT_TYPE", "content-length": "CONTENT_LENGTH"}
"""The two headers that CGI passes under names of their own (RFC 3875, 4.1.2 and 4.1.3)."""


class Headers(Mapping[str, str]):
    """The request's headers, read from the CGI params by lower-case name: `x-request-id` for `HTTP_X_REQUEST_ID`.

    It is a view of the params, since a handler reads two headers of a dozen.
    """

    def __init__(self, params: Mapping[str, str]) -> None:
        self._params = params

    def __getitem__(self, name: str) -> str:
        return self._params[_param(name)]

    def get(self, name: str, default: Any = None) -> Any:
        """Return the header of this name; `default` if the request has none."""
        return self._params.get(_param(name), default)  # Mapping's own raises and catches a KeyError

    def __iter__(self) -> Iterator[str]:
        names = {param[5:].replace("_", "-").lower(): None for param in self._params if param.startswith("HTTP_")}
        return (name for name in names | dict.fromkeys(_CGI_NAMES) if _param(name) in self._params)

    def __len__(self) -> int:
        return sum(1 for _ in self)


@lru_cache(64)
def _param(name: str) -> str:
    """Return the name of the CGI param that holds the header `name`: `HTTP_X_REQUEST_ID` for `x-request-id`."""
    return _CGI_NAMES.get(name) or "HTTP_" + name.upper().replace("-", "_")


class Request(NamedTuple):
    """One HTTP request; header names are lower-case, with hyphens."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes = b""

    @classmethod
    def from_params(cls, params: Mapping[str, str], body: bytes) -> Request:
        """Build a request from the CGI params and the input, which becomes its body.

        The body is not compared with Content-Length yet: see `with_checked_body`. A missing path is `/`, a missing
        method empty.
        """
        return cls(params.get("REQUEST_METHOD", ""), params.get("PATH_INFO") or "/", Headers(params), body)

    def with_checked_body(self) -> Request:
        """Return this request with its body cut to Content-Length; without that header the body becomes empty.

        Raise `LengthNotNumber` if Content-Length is not only digits, `BodyTooBig` if it is above MAX_BODY, and
        `BodyCutShort` if the body is shorter.
        """
        length = _parse_length(self.headers.get("content-length") or "0")
        if length == len(self.body):
            return self
        if length > len(self.body):
            raise BodyCutShort
        return self._replace(body=self.body[:length])


def _parse_length(declared: str) -> int:
    """Return the number in a Content-Length. Raise `LengthNotNumber`, or `BodyTooBig` if it is above MAX_BODY."""
    # Only the digits of HTTP are a length (RFC 9110, 8.6): int() would take more than these.
    if not (declared.isascii() and declared.isdigit()):
        raise LengthNotNumber
    if len(declared) > MAX_LENGTH_DIGITS or int(declared) > MAX_BODY:
        raise BodyTooBig
    return int(declared)
