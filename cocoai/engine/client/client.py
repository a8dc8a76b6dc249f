"""The interface of an HTTP client over TLS: its methods, its responses and its errors.

`direct.py` is the usual client, on the standard library. `proxied.py` is built on requests, for networks that need a
proxy. Both follow no redirect, send nothing twice, ignore the environment, and speak plain http to this machine only.
Both raise the same errors, since a caller decides by them whether a request may be sent, and billed, a second time:

    NotSent           the request had not left completely, because of `args[0]`: nobody can have acted on it
    TimeoutError      it had left completely, and no response came in time; `Body.read` raises it too
    another OSError   it had left completely, and the connection broke
    HTTPException     the bytes that came back are no HTTP response
    BadHeader, ValueError, Permanent    the header, or the address, cannot be used
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Protocol, Self

from cocoai import __version__
from cocoai.engine.client.body import Body
from cocoai.engine.client.file_body import FileBody

USER_AGENT = f"CocoAI/{__version__}"

RequestHeaders = Mapping[str, str | bytes]


class RequestBlocks(Protocol):
    """A request body that is too long to be in memory: its length in bytes, and its blocks, each read when it is sent.

    If reading one fails, the request counts as one that did not leave completely.
    """

    def __len__(self) -> int:
        """Return the bytes of all blocks together."""
        ...

    def __iter__(self) -> Iterator[bytes]:
        """Yield the blocks, once."""
        ...


class NotSent(OSError):
    """The request did not leave completely; `args[0]` is the exception that prevented it."""


class ProxyFailed(OSError):
    """The proxy cannot be reached, or refuses."""


class BadHeader(ValueError):
    """A header has a character that HTTP does not allow."""


@dataclass(frozen=True)
class StreamedResponse:
    """The head of a response, and its body, to be read as it arrives.

    The names of `headers` are in lower case. `close` closes the connection; at the end of a `with` block the response
    calls it.
    """

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
    """A complete response. The names of `headers` are in lower case."""

    status: int
    headers: Mapping[str, str]
    content: bytes

    def json(self) -> Any:
        """Return the content as a JSON value. Raise ValueError if it is none, RecursionError if it nests too deeply."""
        return json.loads(self.content)


class PendingResponse(Protocol):
    """A request on a connection of its own, whose response is still to come.

    A caller that takes no response must `close` it.
    """

    def response(self, seconds: float, wakeup: int | None = None, patience: float = math.inf) -> StreamedResponse:
        """Wait at most `seconds` for the response to begin and return it, its body unread.

        The connection is closed after it. Raise `Interrupted` (body.py) if `wakeup`, a descriptor, becomes readable
        before the response begins, or after `patience` seconds: then this can be called again. Raise TimeoutError after
        `seconds`. A client behind a proxy ignores `wakeup` and `patience`, and sends the request only now.
        """
        ...

    def close(self) -> None:
        """Close the connection without a response; the server may still act on the request."""
        ...


class HttpClient(Protocol):
    """A client for one process and one thread.

    `timeout` is two numbers of seconds: to establish the connection, and to wait for the next data. The errors of each
    method stand at the top of this module. An error status, such as 404, is a response like any other.
    """

    def post(self, url: str, body: bytes, headers: RequestHeaders, timeout: tuple[float, float]) -> FullResponse:
        """Send a POST, wait for the complete response and return it; the connection is kept for the next `post`.

        A body of over MOST_WHOLE bytes (body.py) is a ConnectionError.
        """
        ...

    def post_unread(
        self, url: str, body: bytes, headers: RequestHeaders, timeout: tuple[float, float]
    ) -> StreamedResponse:
        """Send a POST as `post` does, and return the response with its body unread: it may be of any length.

        Close it before the next call of this client. The connection is kept if the body was read to its end by then. A
        client behind a proxy closes it.
        """
        ...

    def post_streamed(
        self, url: str, body: bytes | RequestBlocks, headers: RequestHeaders, timeout: tuple[float, float]
    ) -> PendingResponse:
        """Send a POST on a connection of its own and return the pending response, without waiting for the server.

        A client behind a proxy sends the request only when the response is asked for.
        """
        ...

    def post_file(
        self, url: str, body: FileBody, headers: RequestHeaders, timeout: tuple[float, float]
    ) -> FullResponse:
        """Send a POST with a file as its body, wait for the complete response and return it.

        The connection is closed after it. A file that cannot be read, or ends early, is `NotSent`.
        """
        ...

    def get(self, url: str, headers: RequestHeaders, timeout: tuple[float, float]) -> StreamedResponse:
        """Send a GET and return the response with its body unread; the connection is closed after it.

        The error for a request that did not leave may be `NotSent` or another, as a GET can be repeated.
        """
        ...
