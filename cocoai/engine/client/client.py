"""A line to a server: requests go out, responses come in, over TLS. What two kinds of it have in common.

`direct.py` is the usual one, the standard library's. `proxied.py` is requests', for those who must use a proxy. Both
follow no redirect, send nothing twice, let the environment have no say, and speak plain http to this machine only.
Both say what went wrong in the same words, for those decide whether somebody is asked, or billed, a second time:

    NotSent           the request had not left whole, because of `args[0]`: nobody can have acted upon it
    TimeoutError      it had left whole, and no response came in time; also from `Body.read`
    another OSError   it had left whole, and the connection broke
    HTTPException     what came is no response
    BadHeader, ValueError, Permanent    the header, or the address, cannot be used
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Protocol, Self

from cocoai import __version__
from cocoai.engine.client.body import Body

USER_AGENT = f"CocoAI/{__version__}"


class NotSent(OSError):
    """`args[0]`: the exception that kept it from being sent."""


class ProxyFailed(OSError):
    """The proxy is not there, or will not."""


class BadHeader(ValueError):
    """A header holds what none can hold."""


@dataclass(frozen=True)
class StreamedResponse:
    """The head of a response, and its body, to be read as it comes. The names of `headers` are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: Body
    close: Callable[[], None]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        self.close()


@dataclass(frozen=True)
class FullResponse:
    """A whole response. The names of `headers` are in lower case."""

    status: int
    headers: Mapping[str, str]
    content: bytes

    def json(self) -> Any:
        """Raises ValueError, RecursionError."""
        return json.loads(self.content)


class PendingResponse(Protocol):
    """A request, on a connection of its own, whose response is still to come. Whoever takes none closes it."""

    def response(self, seconds: float, bell: int | None = None) -> StreamedResponse:
        """Waited for at most `seconds`; the connection is closed behind it.

        Raises `Interrupted` (body.py) if `bell`, a descriptor, can be read before anything has come: it can be
        waited on. Behind a proxy the bell is not heard.
        """
        ...

    def close(self) -> None:
        """Hang up."""
        ...


class HttpClient(Protocol):
    """Of one process and one thread. `timeout`, in seconds: to stand the connection, and to wait for what is next."""

    def post(
        self, url: str, body: bytes, headers: Mapping[str, str | bytes], timeout: tuple[float, float]
    ) -> FullResponse:
        """Send, and read the response; the connection is kept for the next request."""
        ...

    def ask(
        self, url: str, body: bytes, headers: Mapping[str, str | bytes], timeout: tuple[float, float]
    ) -> PendingResponse:
        """Send, and leave the response to be waited for, its body to be read as it comes."""
        ...

    def fetch(self, url: str, headers: Mapping[str, str | bytes], timeout: tuple[float, float]) -> StreamedResponse:
        """GET, and leave the body to be read; the connection is closed behind it. NotSent or not is all one here."""
        ...
